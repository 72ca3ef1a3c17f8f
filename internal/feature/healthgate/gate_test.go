package healthgate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

func TestMain(m *testing.M) { acctest.Main(m, "health/", "notices/", "store/", "snapshot/") }

const name = "reliability_health_gate.test"

// site answers with a status of the test's choice and counts.
type site struct {
	*httptest.Server
	status atomic.Int64
	asked  atomic.Int64
	key    atomic.Value
}

func serve(t *testing.T) *site {
	t.Helper()
	s := &site{}
	s.status.Store(http.StatusOK)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if key := r.Header.Get("X-Api-Key"); key != "" {
			s.key.Store(key)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(int(s.status.Load()))
		fmt.Fprint(w, `{"status":"ok","secret":"hunter2"}`)
	}))
	t.Cleanup(s.Close)
	return s
}

func config(t *testing.T, s *site, more string) string {
	t.Helper()
	return acctest.ProviderBlock(t) + fmt.Sprintf(`
resource "reliability_health_gate" "test" {
  checks      = { site = { http = { url = "%s/health", expect = { json = { "json.status" = "ok" } } } } }
  max_retries = 1
  retry_delay = "1ms"
  %s
}
`, s.URL, more)
}

func healthy(want bool) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(name, tfjsonpath.New("healthy"), knownvalue.Bool(want))
}

func does(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(name, action)}}
}

// TestAccHealthGate_basic: passes, fails with the prior inputs kept, asks to be run again, and passes once mended.
func TestAccHealthGate_basic(t *testing.T) {
	acctest.Emulator(t)
	s := serve(t)
	id := statecheck.CompareValue(same{})
	v1, v2 := config(t, s, `triggers = { release = "v1" }`), config(t, s, `triggers = { release = "v2" }`)
	var before int64
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{
			Config: v1, ConfigPlanChecks: does(plancheck.ResourceActionCreate),
			ConfigStateChecks: []statecheck.StateCheck{
				healthy(true), id.AddStateValue(name, tfjsonpath.New("id")),
				statecheck.ExpectKnownValue(name, tfjsonpath.New("verdict"), knownvalue.StringExact("passed")),
				statecheck.ExpectKnownValue(name, tfjsonpath.New("failed_checks"), knownvalue.SetExact(nil)),
				statecheck.ExpectKnownValue(name, tfjsonpath.New("results").AtMapKey("site"), knownvalue.ObjectExact(map[string]knownvalue.Check{
					"status": knownvalue.StringExact("passed"), "reason": knownvalue.StringExact(""), "attempts": knownvalue.Int64Exact(1),
					"latency_ms": knownvalue.NotNull(), "advisory": knownvalue.Bool(false),
				})),
				statecheck.ExpectKnownValue(name, tfjsonpath.New("started_at"), knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT`))),
				statecheck.ExpectKnownValue(name, tfjsonpath.New("report_json"), knownvalue.StringRegexp(regexp.MustCompile(`"version": 1`))),
			},
		},
		{
			PreConfig: func() { before = s.asked.Load() }, RefreshState: true,
			Check: func(*terraform.State) error {
				if now := s.asked.Load(); now != before {
					return fmt.Errorf("refresh and plan probed %d times", now-before)
				}
				return nil
			},
		},
		{
			PreConfig: func() { s.status.Store(http.StatusServiceUnavailable) },
			Config:    v2, ExpectError: regexp.MustCompile(`(?s)Health checks failed.*site \(http\) failed after 2 attempts.*status\s+503 instead of\s+200-299.*What to do`),
		},
		{
			// The prior inputs are kept, and taking the change back does not make it look healthy.
			Config: v1, PlanOnly: true, ExpectNonEmptyPlan: true,
		},
		{
			RefreshState: true, ExpectNonEmptyPlan: true,
			Check: resource.ComposeTestCheckFunc(
				resource.TestCheckResourceAttr(name, "healthy", "false"), resource.TestCheckResourceAttr(name, "triggers.release", "v1"),
				resource.TestCheckResourceAttr(name, "verdict", "failed"), resource.TestCheckResourceAttr(name, "failed_checks.0", "site"),
			),
		},
		{Config: v1, ExpectError: regexp.MustCompile("Health checks failed")},
		{
			PreConfig: func() { s.status.Store(http.StatusOK) },
			Config:    v2,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(name, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(name, tfjsonpath.New("healthy"), knownvalue.Bool(true)),
			}},
			ConfigStateChecks: []statecheck.StateCheck{healthy(true), id.AddStateValue(name, tfjsonpath.New("id"))},
		},
	}})
}

// TestAccHealthGate_createFails: nothing is saved, and the next apply creates.
func TestAccHealthGate_createFails(t *testing.T) {
	acctest.Emulator(t)
	s := serve(t)
	s.status.Store(http.StatusInternalServerError)
	text := config(t, s, "")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: text, ExpectError: regexp.MustCompile("Health checks failed")},
		{
			PreConfig: func() { s.status.Store(http.StatusOK) },
			Config:    text, ConfigPlanChecks: does(plancheck.ResourceActionCreate), ConfigStateChecks: []statecheck.StateCheck{healthy(true)},
		},
	}})
}

// TestAccHealthGate_record: a failure is written down, and each plan proposes another run until it is healthy.
func TestAccHealthGate_record(t *testing.T) {
	acctest.Emulator(t)
	s := serve(t)
	s.status.Store(http.StatusInternalServerError)
	text := config(t, s, `on_failure = "record"`)
	unknown := resource.ConfigPlanChecks{
		PreApply:             []plancheck.PlanCheck{plancheck.ExpectUnknownValue(name, tfjsonpath.New("healthy"))},
		PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectResourceAction(name, plancheck.ResourceActionUpdate)},
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: text, ConfigPlanChecks: unknown, ExpectNonEmptyPlan: true, ConfigStateChecks: []statecheck.StateCheck{healthy(false)}},
		{Config: text, ConfigPlanChecks: unknown, ExpectNonEmptyPlan: true, ConfigStateChecks: []statecheck.StateCheck{healthy(false)}},
		{PreConfig: func() { s.status.Store(http.StatusOK) }, Config: text, ConfigStateChecks: []statecheck.StateCheck{healthy(true)}},
	}})
}

// TestAccHealthGate_everyApply: each plan proposes a run, and nothing that depends on it changes.
func TestAccHealthGate_everyApply(t *testing.T) {
	acctest.Emulator(t)
	s := serve(t)
	text := config(t, s, `run = "every_apply"`) + `
resource "terraform_data" "after" {
  input            = reliability_health_gate.test.healthy
  triggers_replace = reliability_health_gate.test.id
}
`
	again := resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction(name, plancheck.ResourceActionUpdate),
		plancheck.ExpectResourceAction("terraform_data.after", plancheck.ResourceActionNoop),
	}}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: text, ConfigPlanChecks: again, ExpectNonEmptyPlan: true},
		{Config: text, ConfigPlanChecks: again, ExpectNonEmptyPlan: true, Check: func(*terraform.State) error {
			if s.asked.Load() != 2 {
				return fmt.Errorf("two applies asked %d times", s.asked.Load())
			}
			return nil
		}},
	}})
}

// TestAccHealthGate_secrets: write-only headers reach the server and no state; no body is anywhere; the report is a file.
func TestAccHealthGate_secrets(t *testing.T) {
	acctest.Emulator(t)
	s := serve(t)
	file := filepath.Join(t.TempDir(), "out", "health.json")
	text := acctest.ProviderBlock(t) + fmt.Sprintf(`
resource "reliability_health_gate" "test" {
  checks = {
    site = { http = { url = %q, headers_wo = { "X-Api-Key" = "s3cr3t" }, wo_version = 1 } }
    note = { advisory = true, http = { url = %q, sensitive_headers = { "X-Other" = "s3cr3t" }, expect = { body_contains = "nowhere" } } }
  }
  max_retries = 0
  report      = { json = %q, junit = %q, markdown = %q, html = "/dev/null/no/folder.html" }
}
`, s.URL, s.URL, file, file+".xml", file+".md")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
		Config: text,
		ConfigStateChecks: []statecheck.StateCheck{
			healthy(true),
			statecheck.ExpectKnownValue(name, tfjsonpath.New("checks").AtMapKey("site").AtMapKey("http").AtMapKey("headers_wo"), knownvalue.Null()),
			statecheck.ExpectKnownValue(name, tfjsonpath.New("results").AtMapKey("note").AtMapKey("status"), knownvalue.StringExact("failed")),
			statecheck.ExpectKnownValue(name, tfjsonpath.New("failed_checks"), knownvalue.SetExact(nil)),
		},
		Check: func(*terraform.State) error {
			if s.key.Load() != "s3cr3t" {
				return fmt.Errorf("the server got the header %q", s.key.Load())
			}
			var data []byte
			for _, suffix := range []string{"", ".xml", ".md"} {
				one, err := os.ReadFile(file + suffix)
				if err != nil {
					return err
				}
				data = append(data, one...)
			}
			if regexp.MustCompile("s3cr3t|hunter2").Match(data) {
				return fmt.Errorf("the report holds a secret:\n%s", data)
			}
			return nil
		},
	}}})
}

// same compares that values stay equal.
type same struct{}

func (same) CompareValues(values ...any) error {
	for _, value := range values[1:] {
		if value != values[0] {
			return fmt.Errorf("%v is not %v", value, values[0])
		}
	}
	return nil
}
