package drift_test

import (
	"context"
	"encoding/json"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
)

// settings is a stack of its own: a parameter group, and a queue whose policy is another resource.
func settings(t *testing.T) (s *stack, queues *sqs.Client, url, policy string) {
	t.Helper()
	e := acctest.Emulator(t)
	s = &stack{t: t, emulator: e, name: "settings", rds: rds.NewFromConfig(e.AWSConfig())}
	ctx := s.context()
	must[*rds.CreateDBParameterGroupOutput](s)(s.rds.CreateDBParameterGroup(ctx, &rds.CreateDBParameterGroupInput{
		DBParameterGroupName: &s.name, DBParameterGroupFamily: aws.String("postgres16"), Description: aws.String("how to log"),
	}))
	t.Cleanup(func() {
		must[*rds.DeleteDBParameterGroupOutput](s)(s.rds.DeleteDBParameterGroup(s.context(), &rds.DeleteDBParameterGroupInput{DBParameterGroupName: &s.name}))
	})
	s.setParameter("log_min_duration_statement", "250")
	queues = sqs.NewFromConfig(e.AWSConfig())
	url = *must[*sqs.CreateQueueOutput](s)(queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("settings")})).QueueUrl
	policy = `{"Version":"2012-10-17","Statement":[{"Sid":"in","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:123456789012:settings"}]}`
	setPolicy(s, queues, url, policy)
	one := func(kind string, attributes map[string]any) any {
		return map[string]any{
			"mode": "managed", "type": kind, "name": "test", "provider": `provider["registry.terraform.io/hashicorp/aws"]`,
			"instances": []any{map[string]any{"schema_version": 0, "attributes": attributes}},
		}
	}
	s.state = map[string]any{"version": 4, "serial": 1, "lineage": "x", "resources": []any{
		one("aws_db_parameter_group", map[string]any{
			"id": s.name, "name": s.name, "arn": "arn:aws:rds:us-east-1:123456789012:pg:" + s.name, "tags_all": map[string]any{},
			"parameter": []any{map[string]any{"name": "log_min_duration_statement", "value": "250", "apply_method": "immediate"}},
		}),
		one("aws_sqs_queue", map[string]any{
			"id": url, "url": url, "arn": "arn:aws:sqs:us-east-1:123456789012:settings", "name": "settings", "visibility_timeout_seconds": 30, "policy": "", "tags_all": map[string]any{},
		}),
		one("aws_sqs_queue_policy", map[string]any{"id": url, "queue_url": url, "policy": policy}),
	}}
	return s, queues, url, policy
}

func (s *stack) setParameter(name, value string) {
	s.t.Helper()
	must[*rds.ModifyDBParameterGroupOutput](s)(s.rds.ModifyDBParameterGroup(s.context(), &rds.ModifyDBParameterGroupInput{DBParameterGroupName: &s.name, Parameters: []rdstypes.Parameter{
		{ParameterName: &name, ParameterValue: &value, ApplyMethod: rdstypes.ApplyMethodImmediate, Source: aws.String("user")},
	}}))
}

func setPolicy(s *stack, queues *sqs.Client, url, policy string) {
	s.t.Helper()
	must[*sqs.SetQueueAttributesOutput](s)(queues.SetQueueAttributes(s.context(), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"Policy": policy}}))
}

// TestAccSettings: a parameter and a policy of a queue that somebody changed are found, each by itself, and nothing else is.
func TestAccSettings(t *testing.T) {
	s, queues, url, policy := settings(t)
	clean := func() {
		t.Helper()
		if result := s.detect(); len(result.Items) != 0 || len(result.Unverified) != 0 || result.Checked != 3 {
			t.Fatalf("checked %d, items %+v, unverified %+v", result.Checked, result.Items, result.Unverified)
		}
	}
	clean()
	s.setParameter("log_min_duration_statement", "1000")
	s.onlyAt("aws_db_parameter_group.test", "parameter.log_min_duration_statement.value", engine.Major)
	s.setParameter("log_min_duration_statement", "250")
	clean()
	var open map[string]any
	must[any](s)(nil, json.Unmarshal([]byte(policy), &open))
	open["Statement"].([]any)[0].(map[string]any)["Principal"] = "*"
	setPolicy(s, queues, url, string(must[[]byte](s)(json.Marshal(open))))
	s.onlyAt("aws_sqs_queue.test", "policy", engine.Critical)
	setPolicy(s, queues, url, policy)
	clean()
	must[*sqs.DeleteQueueOutput](s)(queues.DeleteQueue(context.WithoutCancel(s.context()), &sqs.DeleteQueueInput{QueueUrl: &url}))
	if result := s.detect(); len(result.Items) == 0 || result.Items[0].Kind != engine.Deleted || result.Items[0].Address != "aws_sqs_queue.test" {
		t.Errorf("the queue is gone: %+v, unverified %+v", result.Items, result.Unverified)
	}
}

// onlyAt fails unless exactly one item with one change is found.
func (s *stack) onlyAt(address, path string, category engine.Category) {
	s.t.Helper()
	result := s.detect()
	if len(result.Items) != 1 || len(result.Unverified) != 0 {
		s.t.Fatalf("items %+v, unverified %+v", result.Items, result.Unverified)
	}
	for _, item := range result.Items {
		if string(item.Address) != address || item.Category != category || item.Changes[0].Path != path {
			s.t.Errorf("got %s %s %s, want %s %s %s", item.Address, item.Category, item.Changes[0].Path, address, category, path)
		}
	}
}

// TestAccEntriesOfAVariable: entries that are not known while the configuration is validated are judged when they are.
func TestAccEntriesOfAVariable(t *testing.T) {
	acctest.Emulator(t)
	text := func(more string) string {
		return acctest.ProviderBlock(t) + `
resource "terraform_data" "ignore" { input = { type = "aws_vpc", address = null, attribute = null, reason = "test", expires = null } }
resource "terraform_data" "rule" { input = { type = "aws_vpc", attribute = null, category = "minor" } }
resource "terraform_data" "account" { input = { account_id = "222222222222", role_arn = "arn:aws:iam::222222222222:role/reader", external_id = null } }
resource "terraform_data" "lacking" { input = { type = "aws_vpc", address = null, attribute = null, reason = null, expires = null, category = null, account_id = "222222222222", role_arn = null, external_id = null } }
data "reliability_drift" "test" {
  state = { json = jsonencode({ version = 4, serial = 3, lineage = "x", resources = [] }) }
  ` + more + `
}
`
	}
	step := func(more, fails string) resource.TestStep {
		return resource.TestStep{Config: text(more), ExpectError: regexp.MustCompile(fails)}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			step(`ignore = [{ type = "aws_vpc" }]`, `(?s)Ignore entry has no reason.*ignore\[0\]\.reason`),
			step(`rules = [{ type = "aws_vpc" }]`, `(?s)Rule has no category.*rules\[0\]\.category`),
			step(`accounts = [{ account_id = "222222222222" }]`, `(?s)Account is not complete.*accounts\[0\]\.role_arn`),
			step(`rules = [null]`, `Null among values`),
			step(`types = ["aws_security_group_rule"]`, `(?s)Type is compared with its owner.*write aws_security_group`),
			step(`ignore = [terraform_data.lacking.output]`, `Ignore entry has no reason`),
			step(`rules = [terraform_data.lacking.output]`, `Rule has no category`),
			step(`accounts = [terraform_data.lacking.output]`, `Account is not complete`),
			{Config: text(`
  ignore   = [terraform_data.ignore.output]
  rules    = [terraform_data.rule.output]
  accounts = [terraform_data.account.output]
  types    = ["aws_security_group", "aws_security_group_rule"]`)},
		},
	})
}
