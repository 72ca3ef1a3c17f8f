package scenario

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// emulated is the provider block of hashicorp/aws against the emulator, whose address lies in the environment.
const emulated = `
provider "aws" {
  s3_use_path_style       = true
  skip_metadata_api_check = true
  skip_region_validation  = true
  max_retries             = 1
}
`

// besideAWS is a workspace in which hashicorp/aws can be had too; the test is skipped where it cannot.
func besideAWS(ctx context.Context, t *testing.T, e *emulator.Emulator) *workspace.Workspace {
	t.Helper()
	mirror := workspace.AWSMirror()
	if mirror == "" {
		t.Skip("hashicorp/aws is in no filesystem mirror of this machine; RELIABILITY_AWS_MIRROR can name one")
	}
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: e.Env(), Mirror: mirror, Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// must runs the client and ends the test unless it exits with want.
func must(t *testing.T, want int) func(workspace.Result, error) string {
	return func(ended workspace.Result, err error) string {
		t.Helper()
		if err != nil || ended.Exit != want {
			t.Fatalf("%v, exit %d, not %d:\n%s", err, ended.Exit, want, ended.Output)
		}
		return ended.Output
	}
}

// TestAccModuleMonitoring: the module is applied, shows and watches only what the provider sends, and leaves nothing.
func TestAccModuleMonitoring(t *testing.T) {
	e := acctest.Emulator(t)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	w := besideAWS(ctx, t, e)
	if err := w.Copy(filepath.Join(root, "examples", "modules", "monitoring"), "*.tf"); err != nil {
		t.Fatal(err)
	}
	if err := w.Write("emulated.tf", emulated); err != nil {
		t.Fatal(err)
	}
	if err := w.Init(ctx); err != nil {
		t.Fatal(err)
	}
	w.Vars = []string{
		`-var=name=watch`, `-var=deployments=["shop","pay"]`, `-var=switches={www="route53,Z0123456789EXAMPLE,www.shop.example.,A"}`, `-var=dimensions={Environment="prod"}`, `-var=log_groups=["/aws/codebuild/shop-web"]`,
		`-var=subscriptions={oncall={protocol="sqs",endpoint="arn:aws:sqs:eu-west-1:123456789012:oncall"}}`,
	}
	must(t, 0)(w.Apply(ctx))
	if out := must(t, 0)(w.Plan(ctx)); !strings.Contains(out, "No changes.") {
		t.Errorf("the second plan is not empty:\n%s", out)
	}

	client := cloudwatch.NewFromConfig(e.AWSConfig(), func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
	dashboard, err := client.GetDashboard(ctx, &cloudwatch.GetDashboardInput{DashboardName: aws.String("watch-deployments")})
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(aws.ToString(dashboard.DashboardBody))
	assertDashboard(t, body)
	assertShown(t, body)
	alarms, err := client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String("watch-")})
	if err != nil || len(alarms.MetricAlarms) != 8 {
		t.Fatalf("%d alarms, not 8: %v", len(alarms.MetricAlarms), err)
	}
	for _, alarm := range alarms.MetricAlarms {
		assertWatched(t, alarm)
	}

	must(t, 0)(w.Destroy(ctx))
	left, err := client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String("watch-")})
	if err != nil || len(left.MetricAlarms) != 0 {
		t.Errorf("%d alarms are left: %v", len(left.MetricAlarms), err)
	}

	// The module's own tests, as whoever copies it runs them.
	if err := os.CopyFS(filepath.Join(w.Dir, "tests"), os.DirFS(filepath.Join(root, "examples", "modules", "monitoring", "tests"))); err != nil {
		t.Fatal(err)
	}
	if out := must(t, 0)(w.Run(ctx, "test", "-no-color")); !strings.Contains(out, "8 passed, 0 failed") {
		t.Errorf("not all of the module's tests ran:\n%s", out)
	}
}

// sent finds the metric of a name among those that the provider sends.
func sent(name string) (notify.MetricKind, bool) {
	all := notify.Catalogue()
	index := slices.IndexFunc(all, func(kind notify.MetricKind) bool { return kind.Name == name })
	if index < 0 {
		return notify.MetricKind{}, false
	}
	return all[index], true
}

// assertSent: the provider sends this metric in this namespace with these dimensions, beside those of the provider block.
func assertSent(t *testing.T, where, namespace, name string, dimensions map[string]string) {
	t.Helper()
	kind, known := sent(name)
	if !known {
		t.Errorf("%s: the provider sends no metric %s", where, name)
		return
	}
	want := "Custom/DeploymentHealth"
	if kind.Drift {
		want = "Custom/AdvancedInfrastructureDrift"
	}
	if namespace != want || dimensions["Environment"] != "prod" {
		t.Errorf("%s: %s lies in %s with %v", where, name, namespace, dimensions)
	}
	var own []string
	for key := range dimensions {
		if key != "Environment" {
			own = append(own, key)
		}
	}
	if len(own) > 1 || kind.Drift && len(own) > 0 || !kind.Drift && (len(own) == 0 || !kind.Splits(own[0])) {
		t.Errorf("%s: the provider sends %s without the dimensions %v", where, name, own)
	}
}

func assertWatched(t *testing.T, alarm types.MetricAlarm) {
	t.Helper()
	dimensions := map[string]string{}
	for _, dimension := range alarm.Dimensions {
		dimensions[aws.ToString(dimension.Name)] = aws.ToString(dimension.Value)
	}
	assertSent(t, aws.ToString(alarm.AlarmName), aws.ToString(alarm.Namespace), aws.ToString(alarm.MetricName), dimensions)
	if len(alarm.AlarmActions) != 1 || !strings.HasSuffix(alarm.AlarmActions[0], ":watch-deployments") {
		t.Errorf("%s tells %v", aws.ToString(alarm.AlarmName), alarm.AlarmActions)
	}
}

// assertDashboard holds a dashboard against AWS's documented structure.
func assertDashboard(t *testing.T, body []byte) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("testdata", "dashboard.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("the dashboard is not what AWS documents: %v", err)
	}
}

// assertShown: no widget lies over another or beyond the page, every metric is one that is sent, and an expression uses only ids that are there.
func assertShown(t *testing.T, body []byte) {
	t.Helper()
	var dashboard struct {
		Widgets []struct {
			X, Y, Width, Height int
			Properties          struct {
				Title   string
				Metrics [][]any
			}
		}
	}
	if err := json.Unmarshal(body, &dashboard); err != nil {
		t.Fatal(err)
	}
	taken, shown := map[[2]int]string{}, 0
	for _, widget := range dashboard.Widgets {
		for x := widget.X; x < widget.X+widget.Width; x++ {
			for y := widget.Y; y < widget.Y+widget.Height; y++ {
				if other, ok := taken[[2]int{x, y}]; ok || x >= 24 {
					t.Fatalf("%q lies over %q or beyond the page", widget.Properties.Title, other)
				}
				taken[[2]int{x, y}] = widget.Properties.Title
			}
		}
		for _, metric := range widget.Properties.Metrics {
			words := make([]string, 0, len(metric))
			for _, part := range metric {
				if word, ok := part.(string); ok {
					words = append(words, word)
				}
			}
			if len(words) == 0 {
				continue // an expression
			}
			dimensions := map[string]string{}
			for i := 2; i+1 < len(words); i += 2 {
				dimensions[words[i]] = words[i+1]
			}
			assertSent(t, widget.Properties.Title, words[0], words[1], dimensions)
			shown++
		}
	}
	if shown < 15 {
		t.Errorf("only %d metrics are shown", shown)
	}
}
