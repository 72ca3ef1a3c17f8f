package leastprivilege_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// reference is what AWS's Service Authorization Reference says of each action that a document gives: the ARNs of the types of resources that it
// can be limited to, and none for an action that is given on "*" only. Left out are what no call here names: the datasets of CloudWatch, and
// API Gateway's own types besides APIs. It was taken from the machine-readable reference, as of September 2026:
// https://docs.aws.amazon.com/service-authorization/latest/reference/service-reference.html. What API Gateway lists for HTTP APIs is that of
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html.
func reference(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	var known map[string][]string
	if err := json.Unmarshal(text, &known); err != nil {
		t.Fatal(err)
	}
	return known
}

// beyond are statements that the reference has not.
var beyond = map[string]string{
	// The reference names no type, and the service's own guide says to give it on all log groups:
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html
	"logs:DescribeLogGroups": "arn:${Partition}:logs:${Region}:${Account}:log-group:*",
	// The resource is the path of the call:
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-create-and-manage-apis.html
	"apigateway:GET": "arn:${Partition}:apigateway:${Region}::/restapis/${RestApiId}/stages/${StageName}/exports/${ExportType}",
}

// qualified are the versions and aliases of functions, which the reference has as types of their own and Lambda's guide lists for these
// actions: https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
var qualified = []string{"lambda:InvokeFunction", "lambda:GetFunctionConfiguration", "lambda:GetPolicy", "lambda:DeleteFunction"}

// TestEachStatementIsAsTheReferenceHasIt: each action exists, is given on a type of resource that it can be limited to, and on everything
// only where it can be limited to none.
func TestEachStatementIsAsTheReferenceHasIt(t *testing.T) {
	read, err := leastprivilege.Read()
	if err != nil {
		t.Fatal(err)
	}
	known := reference(t)
	names := regexp.MustCompile(`\$\{(\w+)\}`)
	narrowed := func(arn string) string {
		return names.ReplaceAllStringFunc(arn, func(name string) string {
			if slices.Contains([]string{"${Partition}", "${Region}", "${Account}"}, name) {
				return name
			}
			return "*"
		})
	}
	for name, policy := range read {
		for _, statement := range policy.Statement {
			for _, action := range statement.Action {
				types, ok := known[action]
				if slices.Contains(qualified, action) {
					types = append(types, types[0]+":${Version}", types[0]+":${Alias}")
				}
				fits := func(arn string) bool {
					return arn == statement.Resource || narrowed(arn) == narrowed(statement.Resource)
				}
				switch {
				case !ok:
					t.Errorf("%s gives %s, which testdata/reference.json has not", name, action)
				case statement.Resource == "*" && len(types) > 0:
					t.Errorf("%s gives %s on everything, and not on %s", name, action, types)
				case statement.Resource != "*" && !slices.ContainsFunc(types, fits) && beyond[action] != statement.Resource:
					t.Errorf("%s gives %s on %s, and the reference has %s", name, action, statement.Resource, types)
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

// TestEveryCallIsDocumented: each call that the provider can make is in a document. Facades have no other methods than calls, so that a new
// one fails here until a scenario makes it.
func TestEveryCallIsDocumented(t *testing.T) {
	read, err := leastprivilege.Read()
	if err != nil {
		t.Fatal(err)
	}
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
		if !given[action] {
			t.Errorf("%s is in no document below examples/policies", action)
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
			if !ok || slices.Contains([]string{"Clients", "STS"}, receiver.Name) { // whom the caller is needs no permission
				continue
			}
			if services[receiver.Name] == "" {
				t.Errorf("the service of %s.%s is not known here", receiver.Name, method.Name.Name)
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
