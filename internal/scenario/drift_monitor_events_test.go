package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// assertStarts holds the pattern of the rule against events as CloudTrail writes them.
func assertStarts(ctx context.Context, t *testing.T, e *emulator.Emulator, pattern string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "cloudtrail.json"))
	if err != nil {
		t.Fatal(err)
	}
	var events []struct {
		Name   string
		Starts bool
		Event  json.RawMessage
	}
	if err := json.Unmarshal(content, &events); err != nil {
		t.Fatal(err)
	}
	client := eventbridge.NewFromConfig(e.AWSConfig())
	for _, event := range events {
		text := string(event.Event)
		out, err := client.TestEventPattern(ctx, &eventbridge.TestEventPatternInput{Event: &text, EventPattern: &pattern})
		if err != nil || out.Result != event.Starts {
			t.Errorf("%s: %v, %v", event.Name, out, err)
		}
	}
}

// trails are the services, as CloudTrail calls them, through which a resource that data.reliability_drift reads is changed.
var trails = []struct{ types, service string }{
	{`^aws_api`, "apigateway"},
	{`^aws_(vpc|subnet|security_group|route$|route_table|internet_gateway|nat_gateway|network_acl|instance$|ebs_|launch_template)`, "ec2"},
	{`^aws_autoscaling_`, "autoscaling"},
	{`^aws_cloudfront_`, "cloudfront"},
	{`^aws_cloudwatch_log_`, "logs"},
	{`^aws_cloudwatch_metric_`, "monitoring"},
	{`^aws_(db|rds)_`, "rds"},
	{`^aws_lb`, "elasticloadbalancing"},
	{`^aws_(dynamodb|ecs|iam|kms|lambda|route53|s3|secretsmanager|sns|sqs|ssm)_`, ""}, // their own name
}

// iamNames are the actions that are not called as the call is: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
var iamNames = map[string]string{
	"s3:GetBucketEncryption": "s3:GetEncryptionConfiguration", "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
	"s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock", "s3:ListBuckets": "s3:ListAllMyBuckets",
}

// TestLooksMayReadWhatDriftReads: the role of a look may do each call that a reader makes, and no service is forgotten.
func TestLooksMayReadWhatDriftReads(t *testing.T) {
	t.Parallel()
	policy, err := os.ReadFile(filepath.Join(root, "examples", "modules", "drift-monitor", "permissions.tf"))
	if err != nil {
		t.Fatal(err)
	}
	services := []struct{ file, prefix string }{
		{"apigateway", ""},
		{"autoscaling", "autoscaling"},
		{"cloudfront", "cloudfront"},
		{"cloudwatchlogs", "logs"},
		{"cloudwatch", "cloudwatch"},
		{"dynamodb", "dynamodb"},
		{"ec2", "ec2"},
		{"ecs", "ecs"},
		{"elbv2", "elasticloadbalancing"},
		{"iam", "iam"},
		{"kms", "kms"},
		{"lambda", "lambda"},
		{"rds", "rds"},
		{"route53", "route53"},
		{"s3", "s3"},
		{"secretsmanager", "secretsmanager"},
		{"sns", "sns"},
		{"sqs", "sqs"},
		{"ssm", "ssm"},
	}
	folder := filepath.Join(root, "internal", "engine", "drift", "live")
	calls, made := 0, regexp.MustCompile(`client\.((?:Get|List|Describe)\w+)`)
	for _, service := range services {
		names, err := filepath.Glob(filepath.Join(folder, service.file+"*.go"))
		if err != nil || len(names) == 0 {
			t.Fatalf("there is no reader of %s: %v", service.file, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") || service.prefix == "" || service.file == "cloudwatch" && strings.Contains(name, "cloudwatchlogs") {
				continue // all of API Gateway is read by apigateway:GET
			}
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range made.FindAllSubmatch(content, -1) {
				calls++
				action := service.prefix + ":" + string(call[1])
				if renamed, ok := iamNames[action]; ok {
					action = renamed
				}
				every := service.prefix + ":Describe*"
				if !bytes.Contains(policy, []byte(`"`+action+`"`)) && (!bytes.Contains(policy, []byte(`"`+every+`"`)) || !strings.HasPrefix(action, strings.TrimSuffix(every, "*"))) {
					t.Errorf("%s: the role of a look lacks %s", filepath.Base(name), action)
				}
			}
		}
	}
	if calls < 40 {
		t.Errorf("only %d calls were found", calls)
	}
}

// TestMonitorHearsOfWhatDriftReads: a write to any type that the data source reads starts a look, unless somebody names fewer services.
func TestMonitorHearsOfWhatDriftReads(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(root, "examples", "modules", "drift-monitor", "variables.tf"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)variable "services".*?default = \[(.*?)\]`).FindSubmatch(content)
	if block == nil {
		t.Fatal("there are no services")
	}
	var watched []string
	for _, name := range regexp.MustCompile(`"([a-z0-9]+)"`).FindAllSubmatch(block[1], -1) {
		watched = append(watched, string(name[1]))
	}
	read := 0
	for _, reader := range live.Readers(new(awsapi.Clients)) {
		for _, spec := range reader.Types() {
			read++
			index := slices.IndexFunc(trails, func(trail struct{ types, service string }) bool {
				return regexp.MustCompile(trail.types).MatchString(spec.Type)
			})
			if index < 0 {
				t.Errorf("through which service is %s changed?", spec.Type)
				continue
			}
			service := trails[index].service
			if service == "" {
				service = regexp.MustCompile(trails[index].types).FindStringSubmatch(spec.Type)[1]
			}
			if !slices.Contains(watched, service) {
				t.Errorf("%s is read, and %s is not watched", spec.Type, service)
			}
		}
	}
	if read < 50 {
		t.Errorf("only %d types are read", read)
	}
}
