package leastprivilege_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/leastprivilege"
)

func guide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", "least-privilege.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTheGuidePrintsEveryPolicy: each document once, and none that is not there.
func TestTheGuidePrintsEveryPolicy(t *testing.T) {
	read, err := leastprivilege.Read()
	if err != nil || len(read) == 0 {
		t.Fatalf("%d policies, error %v", len(read), err)
	}
	var printed []string
	for _, match := range regexp.MustCompile(`codefile "json" "examples/policies/([^"]+)\.json"`).FindAllStringSubmatch(guide(t), -1) {
		printed = append(printed, match[1])
	}
	for name := range read {
		if count := len(slices.DeleteFunc(slices.Clone(printed), func(other string) bool { return other != name })); count != 1 {
			t.Errorf("%s is printed %d times (scripts/policies-guide)", name, count)
		}
	}
	for _, name := range printed {
		if _, ok := read[name]; !ok {
			t.Errorf("%s is printed and does not exist", name)
		}
	}
}

// withoutResources are the actions for which the Service Authorization Reference names no type of resource, so that a statement can only give
// them on "*": https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var withoutResources = []string{
	"autoscaling:Describe*", "cloudfront:CreateContinuousDeploymentPolicy", "cloudfront:GetKeyGroup", "cloudfront:List*", "cloudtrail:LookupEvents", "cloudwatch:GetMetricData",
	"cloudwatch:PutMetricData", "config:*", "dynamodb:ListTables", "ec2:Describe*", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition", "elasticloadbalancing:Describe*", "iam:List*", "iam:GetAccountAuthorizationDetails",
	"kms:ListAliases", "lambda:ListEventSourceMappings", "lambda:ListFunctions", "pricing:GetProducts", "rds:DescribeDBProxies", "route53:ListHostedZones", "s3:CreateJob", "s3:ListAllMyBuckets",
	"secretsmanager:ListSecrets", "sns:ListSubscriptions", "sns:ListTopics", "sqs:ListQueues", "ssm:DescribeParameters",
}

// TestNothingIsGivenOnEverything that could be given on less.
func TestNothingIsGivenOnEverything(t *testing.T) {
	read, err := leastprivilege.Read()
	if err != nil {
		t.Fatal(err)
	}
	for name, policy := range read {
		for _, statement := range policy.Statement {
			for _, action := range statement.Action {
				if strings.Contains(action, "*") {
					t.Errorf("%s gives %s", name, action)
				}
				if statement.Resource == "*" && !slices.ContainsFunc(withoutResources, func(pattern string) bool {
					prefix, star := strings.CutSuffix(pattern, "*")
					return action == pattern || star && strings.HasPrefix(action, prefix)
				}) {
					t.Errorf("%s gives %s on everything", name, action)
				}
			}
		}
	}
}

// services are how the SDK calls the services of the facades.
var services = map[string]string{
	"APIGateway": "API Gateway", "APIGatewayV2": "ApiGatewayV2", "AutoScaling": "Auto Scaling", "CloudFront": "CloudFront", "CloudFrontKeyValueStore": "CloudFront KeyValueStore",
	"CloudTrail": "CloudTrail", "CloudWatch": "CloudWatch", "CloudWatchLogs": "CloudWatch Logs", "ConfigService": "Config Service", "DynamoDB": "DynamoDB", "EC2": "EC2", "ECS": "ECS",
	"ELBV2": "Elastic Load Balancing v2", "EventBridge": "EventBridge", "IAM": "IAM", "KMS": "KMS", "Lambda": "Lambda", "Pricing": "Pricing", "RDS": "RDS", "Route53": "Route 53", "S3": "S3",
	"S3Control": "S3 Control", "SNS": "SNS", "SQS": "SQS", "SSM": "SSM", "Scheduler": "Scheduler", "SecretsManager": "Secrets Manager",
}

// TestEveryCallIsDocumented: each call that the provider can make is in a policy, or its action is named by the guide.
func TestEveryCallIsDocumented(t *testing.T) {
	read, err := leastprivilege.Read()
	if err != nil {
		t.Fatal(err)
	}
	text := guide(t)
	given := map[string]bool{}
	for _, policy := range read {
		for _, action := range policy.Actions() {
			given[action] = true
		}
	}
	calls := facadeCalls(t)
	if len(calls) < 100 {
		t.Fatalf("only %d calls were found in internal/awsapi", len(calls))
	}
	for _, action := range calls {
		if !given[action] && !strings.Contains(text, "`"+action+"`") {
			t.Errorf("%s is in no policy, and the guide does not name it", action)
		}
	}
}

// facadeCalls are the actions of the facades' methods.
func facadeCalls(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "awsapi", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			method, ok := declared.(*ast.FuncDecl)
			if !ok || method.Recv == nil || !method.Name.IsExported() || method.Type.Params.NumFields() != 3 {
				continue
			}
			pointer, ok := method.Recv.List[0].Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			receiver, ok := pointer.X.(*ast.Ident)
			if !ok || services[receiver.Name] == "" {
				continue
			}
			action := awsapi.Failure{Service: services[receiver.Name], Operation: method.Name.Name}.Permission()
			if action == "" {
				t.Errorf("what %s.%s needs is not known", receiver.Name, method.Name.Name)
			}
			actions = append(actions, action)
		}
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}
