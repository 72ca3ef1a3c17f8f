package scenario

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// monitor is an account in which the module drift-monitor is applied, and watches its own state.
type monitor struct {
	t         *testing.T
	e         *emulator.Emulator
	w         *workspace.Workspace
	states    string // the bucket of the state
	queue     string // which hears the topic
	resources map[string]map[string]any
	since     time.Time
}

const monitorState = "network/terraform.tfstate"

// TestAccModuleDriftMonitor: the module is applied; its rule hears what it should, its state machine debounces, its build looks with no more
// than its role allows; and nothing is left of it.
func TestAccModuleDriftMonitor(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	m := newMonitor(ctx, t)
	rule := m.resource("aws_cloudwatch_event_rule.writes")
	pattern, _ := rule["event_pattern"].(string)
	assertStarts(ctx, t, m.e, pattern)
	definition, _ := m.resource("aws_sfn_state_machine.this")["definition"].(string)
	testMachine(t, definition)
	m.assertAlarms(ctx)
	t.Run("looks", func(t *testing.T) { testLooks(ctx, t, m) })
	m.forwards(ctx)
	must(t, 0)(m.w.Destroy(ctx))
	if left := m.alarms(ctx); len(left) != 0 {
		t.Errorf("%d alarms are left", len(left))
	}
	if out := must(t, 0)(m.w.Run(ctx, "test", "-no-color")); !strings.Contains(out, "9 passed, 0 failed") {
		t.Errorf("not all of the module's tests ran:\n%s", out)
	}
}

// forwards applies forward/, which hears in another Region what the monitor's rule hears in its own, and destroys it.
func (m *monitor) forwards(ctx context.Context) {
	m.t.Helper()
	w, err := workspace.New(ctx, workspace.Options{Dir: m.t.TempDir(), Root: root, Env: m.e.Env(), Mirror: workspace.AWSMirror(), Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH"), Provider: m.w.Provider})
	if err != nil {
		m.t.Fatal(err)
	}
	if err := w.Copy(filepath.Join(root, "examples", "modules", "drift-monitor", "forward"), "*.tf"); err != nil {
		m.t.Fatal(err)
	}
	pattern := m.text("aws_cloudwatch_event_rule.writes", "event_pattern")
	variables := ok[[]byte](m.t)(json.Marshal(map[string]string{"name": "patrol", "to_region": "eu-west-1", "event_pattern": pattern}))
	for name, content := range map[string]string{"emulated.tf": emulated, "terraform.tfvars.json": string(variables)} {
		if err := w.Write(name, content); err != nil {
			m.t.Fatal(err)
		}
	}
	if err := w.Init(ctx); err != nil {
		m.t.Fatal(err)
	}
	must(m.t, 0)(w.Apply(ctx))
	if out := must(m.t, 0)(w.Plan(ctx)); !strings.Contains(out, "No changes.") {
		m.t.Errorf("the second plan is not empty:\n%s", out)
	}
	rule := ok[*eventbridge.DescribeRuleOutput](m.t)(eventbridge.NewFromConfig(m.e.AWSConfig()).DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("patrol-drift-forward")}))
	assertStarts(ctx, m.t, m.e, aws.ToString(rule.EventPattern))
	must(m.t, 0)(w.Destroy(ctx))
}

func newMonitor(ctx context.Context, t *testing.T) *monitor {
	t.Helper()
	e := acctest.Emulator(t)
	m := &monitor{t: t, e: e, w: besideAWS(ctx, t, e), states: acctest.Unique(t), since: time.Now().Add(-time.Minute)}
	storage := s3.NewFromConfig(e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	ok[*s3.CreateBucketOutput](t)(storage.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &m.states}))
	m.queue = aws.ToString(ok[*sqs.CreateQueueOutput](t)(sqs.NewFromConfig(e.AWSConfig()).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &m.states})).QueueUrl)
	if err := os.CopyFS(m.w.Dir, os.DirFS(filepath.Join(root, "examples", "modules", "drift-monitor"))); err != nil {
		t.Fatal(err)
	}
	variables := map[string]any{
		"name": "patrol", "dimensions": map[string]string{"Environment": "prod"}, "force_destroy": true, "cost": false,
		"state":         map[string]string{"bucket": m.states, "key": monitorState, "region": emulator.Region},
		"pipelines":     map[string]any{"shop": map[string]string{"project_name": shopPipeline, "role_arn": pipelineRole}},
		"subscriptions": map[string]any{"oncall": map[string]string{"protocol": "sqs", "endpoint": "arn:aws:sqs:" + emulator.Region + ":" + emulator.AccountID + ":" + m.states}},
	}
	if os.Getenv("RELIABILITY_PROOF") == "" {
		variables["report_retention_days"] = nil // hashicorp/aws waits a minute for a bucket's lifecycle
	}
	encoded, err := json.Marshal(variables)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"emulated.tf": emulated, "terraform.tfvars.json": string(encoded)} {
		if err := m.w.Write(name, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.w.Init(ctx); err != nil {
		t.Fatal(err)
	}
	must(t, 0)(m.w.Apply(ctx))
	if out := must(t, 0)(m.w.Plan(ctx)); !strings.Contains(out, "No changes.") {
		t.Errorf("the second plan is not empty:\n%s", out)
	}
	m.read(ctx)
	return m
}

// read reads what was applied.
func (m *monitor) read(ctx context.Context) {
	m.t.Helper()
	var shown struct {
		Values struct {
			Root struct {
				Resources []struct {
					Address string
					Values  map[string]any
				}
			} `json:"root_module"`
		}
	}
	if err := json.Unmarshal([]byte(must(m.t, 0)(m.w.Run(ctx, "show", "-json"))), &shown); err != nil {
		m.t.Fatal(err)
	}
	m.resources = map[string]map[string]any{}
	for _, resource := range shown.Values.Root.Resources {
		m.resources[resource.Address] = resource.Values
	}
}

func (m *monitor) resource(address string) map[string]any {
	m.t.Helper()
	found, ok := m.resources[address]
	if !ok {
		m.t.Fatalf("the module has no %s", address)
	}
	return found
}

func (m *monitor) text(address, attribute string) string {
	m.t.Helper()
	text, ok := m.resource(address)[attribute].(string)
	if !ok {
		m.t.Fatalf("%s has no %s", address, attribute)
	}
	return text
}

func (m *monitor) cloudWatch() *cloudwatch.Client {
	return cloudwatch.NewFromConfig(m.e.AWSConfig(), func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
}

// alarms are the alarms of the module, by name; the value is the metric with its namespace.
func (m *monitor) alarms(ctx context.Context) map[string]string {
	m.t.Helper()
	out := ok[*cloudwatch.DescribeAlarmsOutput](m.t)(m.cloudWatch().DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String("patrol-drift-")}))
	found := map[string]string{}
	for _, alarm := range out.MetricAlarms {
		found[aws.ToString(alarm.AlarmName)] = aws.ToString(alarm.Namespace) + " " + aws.ToString(alarm.MetricName)
		if len(alarm.AlarmActions) != 1 || alarm.AlarmActions[0] != m.text("aws_sns_topic.this", "arn") {
			m.t.Errorf("%s tells %v", aws.ToString(alarm.AlarmName), alarm.AlarmActions)
		}
	}
	return found
}

// assertAlarms: what the provider does not send is one of the metrics that AWS documents:
// https://docs.aws.amazon.com/codebuild/latest/userguide/cloudwatch_metrics-codebuild.html,
// https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html,
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html.
func (m *monitor) assertAlarms(ctx context.Context) {
	m.t.Helper()
	alarms := m.alarms(ctx)
	for name, metric := range map[string]string{
		"unlooked": "Custom/AdvancedInfrastructureDrift TotalDrift", "red": "AWS/CodeBuild FailedBuilds", "failed": "AWS/States ExecutionsFailed",
		"timed-out": "AWS/States ExecutionsTimedOut", "undelivered": "AWS/Events FailedInvocations",
	} {
		if alarms["patrol-drift-"+name] != metric {
			m.t.Errorf("the alarm %s watches %q, not %s", name, alarms["patrol-drift-"+name], metric)
		}
	}
	assertSent(m.t, "unlooked", "Custom/AdvancedInfrastructureDrift", "TotalDrift", map[string]string{"Environment": "prod"})
}
