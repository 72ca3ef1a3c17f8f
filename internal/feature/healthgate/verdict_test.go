package healthgate_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// TestAccHealthGate_inconclusive: it blocks, unless the user says that it passes; what fails beside it still blocks.
func TestAccHealthGate_inconclusive(t *testing.T) {
	e := acctest.Emulator(t)
	s := serve(t)
	alarm := acctest.Unique(t)
	client := cloudwatch.NewFromConfig(e.AWSConfig(), func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
	if _, err := client.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String(alarm), Namespace: aws.String("App"), MetricName: aws.String("Errors"), Statistic: cwtypes.StatisticSum, Period: aws.Int32(60),
		EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{
		AlarmName: aws.String(alarm), StateValue: cwtypes.StateValueInsufficientData, StateReason: aws.String("a test"),
	}); err != nil {
		t.Fatal(err)
	}
	checks := fmt.Sprintf(`
    errors = { alarm = { names = [%q] } }
    site   = { http = { url = %q }, needs = ["errors"] }
`, alarm, s.URL)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: gateOf(t, checks, ""), ExpectError: regexp.MustCompile(`(?s)errors \(alarm\) inconclusive after 1 attempt`)},
		{
			Config: gateOf(t, checks, `on_inconclusive = "pass"`),
			ConfigStateChecks: []statecheck.StateCheck{
				healthy(true),
				statecheck.ExpectKnownValue(name, tfjsonpath.New("results").AtMapKey("errors").AtMapKey("status"), knownvalue.StringExact("inconclusive")),
				statecheck.ExpectKnownValue(name, tfjsonpath.New("results").AtMapKey("site").AtMapKey("status"), knownvalue.StringExact("passed")),
				statecheck.ExpectKnownValue(name, tfjsonpath.New("failed_checks"), knownvalue.SetExact(nil)),
				statecheck.ExpectKnownValue(name, tfjsonpath.New("report_json"), knownvalue.StringRegexp(regexp.MustCompile(`"excused": true`))),
			},
		},
		{
			PreConfig: func() { s.status.Store(http.StatusTeapot) },
			Config:    gateOf(t, checks, `on_inconclusive = "pass"`+"\ntriggers = { a = \"b\" }"), ExpectError: regexp.MustCompile(`(?s)1 of 2 checks.*site \(http\) failed`),
		},
	}})
}

// TestAccHealth_checkBlock: below a check block the data source only warns; the apply goes through.
func TestAccHealth_checkBlock(t *testing.T) {
	acctest.Emulator(t)
	s := serve(t)
	s.status.Store(http.StatusInternalServerError)
	marker := filepath.Join(t.TempDir(), "health.json")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
		Config: acctest.ProviderBlock(t) + fmt.Sprintf(`
check "site" {
  data "reliability_health" "test" {
    checks      = { site = { http = { url = %q } } }
    max_retries = 0
    report      = { json = %q }
  }
  assert {
    condition     = data.reliability_health.test.healthy
    error_message = "the site is not healthy"
  }
}
resource "terraform_data" "deployed" {
  input = "yes"
}
`, s.URL, marker),
		ExpectNonEmptyPlan: true, // Terraform plans to read it again at each apply
		Check: func(*terraform.State) error {
			if text, err := os.ReadFile(marker); err != nil || !strings.Contains(string(text), `"verdict": "failed"`) {
				return fmt.Errorf("the checks did not run: %w, %s", err, text)
			}
			return nil
		},
	}}})
}

// TestAccHealth_deferred: with pending changes in its depends_on Terraform reads the data source during apply, as its
// documentation says; then a failure ends the apply, after the change.
func TestAccHealth_deferred(t *testing.T) {
	acctest.Emulator(t)
	s := serve(t)
	text := func(release string) string {
		return acctest.ProviderBlock(t) + fmt.Sprintf(`
resource "terraform_data" "release" {
  input = %q
}
data "reliability_health" "test" {
  checks      = { site = { http = { url = %q } } }
  max_retries = 0
  depends_on  = [terraform_data.release]
}
`, release, s.URL)
	}
	asked := func(want int64) func(*terraform.State) error {
		return func(*terraform.State) error {
			if got := s.asked.Load(); got < want {
				return fmt.Errorf("asked %d times", got)
			}
			return nil
		}
	}
	deferred := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("data.reliability_health.test", plancheck.ResourceActionRead)}}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: text("1"), ConfigPlanChecks: deferred, Check: asked(1)},
		{PreConfig: func() { s.status.Store(http.StatusInternalServerError) }, Config: text("2"), ExpectError: regexp.MustCompile("(?s)Error running apply.*Health checks failed")},
		{PreConfig: func() { s.status.Store(http.StatusOK) }, Config: text("2"), Check: resource.TestCheckResourceAttr("terraform_data.release", "output", "2")},
	}})
}
