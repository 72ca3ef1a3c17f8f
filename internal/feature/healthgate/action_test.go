package healthgate_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// actionsFrom is the first Terraform whose actions are of use: 1.14.0 starts after_* too early.
var actionsFrom = tfversion.SkipBelow(version.Must(version.NewVersion("1.14.1")))

const newerClient = "TF_ACC_TERRAFORM_1_14_PATH"

func checkedAfter(t *testing.T, s *site, trigger, more string) string {
	t.Helper()
	return acctest.ProviderBlock(t) + fmt.Sprintf(`
resource "terraform_data" "release" {
  input = %q
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.reliability_health_check.site]
    }
  }
}
action "reliability_health_check" "site" {
  config {
    checks      = { site = { http = { url = %q, expect = { json = { "json.status" = "ok" } } } } }
    max_retries = 1
    retry_delay = "1ms"
    %s
  }
}
`, trigger, s.URL, more)
}

// TestAccHealthCheckAction_basic: the action runs the checks when a resource triggers it, and fails the apply.
func TestAccHealthCheckAction_basic(t *testing.T) {
	acctest.Emulator(t)
	s := serve(t)
	file := filepath.Join(t.TempDir(), "health.json")
	asked := func(want int64) func() {
		return func() {
			if got := s.asked.Load(); got != want {
				t.Errorf("the site was asked %d times, not %d", got, want)
			}
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(), TerraformVersionChecks: []tfversion.TerraformVersionCheck{actionsFrom},
		Steps: []resource.TestStep{
			{Config: checkedAfter(t, s, "1", fmt.Sprintf("report = { json = %q }", file)), PostApplyFunc: asked(1)},
			{Config: checkedAfter(t, s, "1", ""), PostApplyFunc: asked(1)},
			{
				PreConfig: func() {
					if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), `"healthy": true`) {
						t.Errorf("the report: %v\n%s", err, text)
					}
					s.status.Store(http.StatusInternalServerError)
				},
				Config:      checkedAfter(t, s, "2", ""),
				ExpectError: regexp.MustCompile(`(?s)Health checks failed.*site \(http\) failed after 2 attempts.*this\s+action\s+changes\s+nothing.*invoke\s+it\s+again`),
			},
			// Recorded, it is a warning. The update that failed before is not repeated, so that it needs another one.
			{Config: checkedAfter(t, s, "3", `on_failure = "record"`), PostApplyFunc: asked(5)},
		},
	})
}

// TestAccHealthCheckAction_badInput: what a gate refuses at plan, the action refuses too.
func TestAccHealthCheckAction_badInput(t *testing.T) {
	acctest.Emulator(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(), TerraformVersionChecks: []tfversion.TerraformVersionCheck{actionsFrom},
		Steps: []resource.TestStep{{
			Config: acctest.ProviderBlock(t) + `
action "reliability_health_check" "site" {
  config {
    checks        = { a = { http = { url = "http://127.0.0.1:1" }, tcp = { address = "127.0.0.1:1" } } }
    timeout       = "1s"
    initial_delay = "5s"
  }
}
`, PlanOnly: true, ExpectError: regexp.MustCompile(`(?s)Two kinds in one check.*No time for a check`),
		}},
	})
}

// TestAccHealthCheckAction_byHand_basic: invoked by hand, each check has its line as it ends, each attempt that failed a
// short one; a value that is marked sensitive is not shown.
func TestAccHealthCheckAction_byHand_basic(t *testing.T) {
	acctest.Emulator(t)
	client := os.Getenv(newerClient)
	if client == "" {
		t.Skipf("%s names no Terraform 1.14.1 or newer", newerClient)
	}
	s := serve(t)
	w, err := workspace.New(t.Context(), workspace.Options{Dir: t.TempDir(), Root: "../../..", Terraform: client})
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}
variable "key" {
  sensitive = true
  default   = "s3cr3t"
}
action "reliability_health_check" "by_hand" {
  config {
    checks = {
      site  = { http = { url = %q, sensitive_headers = { "X-Api-Key" = var.key } } }
      port  = { tcp = { address = "127.0.0.1:1" }, advisory = true }
      after = { tcp = { address = "127.0.0.1:1" }, needs = ["port"], advisory = true }
    }
    max_retries = 1
    retry_delay = "1ms"
  }
}
`, s.URL)
	if err := w.Write("main.tf", text); err != nil {
		t.Fatal(err)
	}
	if err := w.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	invoke := func(exit int, want ...string) {
		t.Helper()
		ended, err := w.Apply(t.Context(), "-invoke=action.reliability_health_check.by_hand")
		if err != nil {
			t.Fatal(err)
		}
		if ended.Exit != exit {
			t.Errorf("exit %d, not %d", ended.Exit, exit)
		}
		for _, line := range want {
			if !regexp.MustCompile(line).MatchString(ended.Output) {
				t.Errorf("no line like %q", line)
			}
		}
		if strings.Contains(ended.Output, "s3cr3t") || strings.Contains(ended.Output, "hunter2") {
			t.Error("a secret is shown")
		}
		if t.Failed() {
			t.Fatal(ended.Output)
		}
	}
	invoke(0, `: site \(http\): passed after 1 attempt, \d+ ms\n`, `: port: attempt 2: connect to 127.0.0.1:1`, `: port \(tcp\): error after 2 attempts, \d+ ms \(advisory\)\n`,
		`: after \(tcp\): skipped: it needs "port" \(error\), which did not pass \(advisory\)\n`, `: verdict: passed, after `)
	if s.key.Load() != "s3cr3t" {
		t.Errorf("the server got the header %q", s.key.Load())
	}
	s.status.Store(http.StatusServiceUnavailable)
	invoke(1, `: site: attempt 1: .*status 503 instead of 200-299`, `: site \(http\): failed after 2 attempts`, `: verdict: failed`, `Error: Health checks failed`)
}
