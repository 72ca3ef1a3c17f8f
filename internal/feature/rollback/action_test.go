package rollback_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

const newerClient = "TF_ACC_TERRAFORM_1_14_PATH"

const required = "terraform {\n  required_providers {\n    reliability = { source = \"project3-ls/reliability\" }\n  }\n}\n"

// at is a workspace of the real binaries.
func at(t *testing.T, terraform, config string) (run func(exit int, want []string, arguments ...string)) {
	t.Helper()
	w, err := workspace.New(t.Context(), workspace.Options{Dir: t.TempDir(), Root: "../../..", Terraform: terraform, Env: acctest.Emulator(t).Env()})
	if err == nil {
		err = w.Write("main.tf", required+config)
	}
	if err == nil {
		err = w.Init(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return func(exit int, want []string, arguments ...string) {
		t.Helper()
		ended, err := w.Apply(t.Context(), arguments...)
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
		if t.Failed() {
			t.Fatal(ended.Output)
		}
	}
}

// TestAccRollbackAction_byHand_basic: invoked by hand, each target has its lines; a second time there is nothing to do.
func TestAccRollbackAction_byHand_basic(t *testing.T) {
	acctest.Emulator(t)
	client := os.Getenv(newerClient)
	if client == "" {
		t.Skipf("%s names no Terraform 1.14.1 or newer", newerClient)
	}
	s, folder := newScene(t, "by-action"), filepath.Join(t.TempDir(), "reports")
	alive := acctest.Emulator(t).URL()[len("http://"):]
	run := at(t, client, s.snapshot("v2")+fmt.Sprintf(`
action "reliability_rollback" "web" {
  config {
    snapshot_id = "by-action/open"
    reason      = "customers cannot pay"
    cleanup     = { lambda_versions = true, new_objects = true }
    verify      = { checks = { door = { tcp = { address = %q } } } }
    %s
  }
}
`, alive, reporting(folder)))
	invoke := "-invoke=action.reliability_rollback.web"
	run(0, []string{`1 added`})
	s.release()
	run(0, []string{
		`: dns: putting back, 2 change\(s\)`, `: code: back, and read back`, `: site: cleaned up, 1 thing`, `: code: cleaned up, 1 thing`, `: verifying: running the checks`, `: door \(tcp\): passed`,
		`: restored: snapshot by-action/000001, 6 change\(s\), `,
	}, invoke)
	s.expectLive(before)
	s.expectLedger("rolled_back")
	written := expectReports(t, folder, report.Rollback{Status: "restored", Snapshot: "by-action/000001", Reason: "customers cannot pay", Undone: true, Accepted: true, BudgetMS: 300_000}, 3)
	if code := written.Targets["code"]; code.Things != 2 || written.Verify == nil || !written.Verify.Healthy {
		t.Errorf("the report holds no clean-up of the code, or no checks: %+v, %+v", code, written.Verify)
	}
	if got := s.latest(); got.Reason != "customers cannot pay" {
		t.Errorf("reason %q", got.Reason)
	}
	run(0, []string{`: nothing to roll back: no deployment is open or failed`}, invoke)
	expectReports(t, folder, report.Rollback{Status: "not_needed", Reason: "the latest deployment by-action/000001 is rolled_back", Accepted: true, BudgetMS: 300_000}, 0)
}

// TestAccRollbackByReplace: on a client without actions, -replace of the resource does it again.
func TestAccRollbackByReplace(t *testing.T) {
	acctest.Emulator(t)
	s := newScene(t, "by-replace")
	run := at(t, "terraform", s.provider()+`
resource "reliability_rollback" "web" {
  snapshot_id = "by-replace/last_good"
  reason      = "customers cannot pay"
  on_complete = "ok"
}
`)
	taken := at(t, "terraform", s.snapshot("v1"))
	taken(0, []string{`1 added`})
	s.judge(1, ledger.Succeeded)
	run(0, []string{`1 added`})
	s.release()
	run(0, []string{`This apply rolls back`, `1 added, 0 changed, 1 destroyed`}, "-replace=reliability_rollback.web")
	s.expectLive(back)
	s.expectLedger("rolled_back")
}
