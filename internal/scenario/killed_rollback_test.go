//go:build !windows

package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// rollsBack writes the configuration of a snapshot, or of the small root module with which a pipeline rolls back.
func (s *stack) rollsBack(folder, resource string) {
	s.t.Helper()
	err := s.Write("main.tf", fmt.Sprintf(`
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

provider "reliability" {
  s3_use_path_style = true
  store             = { local = { path = %q } }
}

variable "active" { # of every stack
  type    = string
  default = ""
}

%s
`, folder, resource))
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestAccARollbackIsKilled: kill -9 of Terraform and the provider in the middle of a rollback, beside a call that puts something back:
// before it gets to AWS, or after it took effect. The next apply, at once, puts back what is left, the ledger says rolled back, and
// nothing is left to do.
func TestAccARollbackIsKilled(t *testing.T) {
	acctest.Emulator(t)
	provider := newStack(t, "").Provider // built once
	s := newStack(t, provider)
	initialised := false
	for name, death := range map[string]struct {
		fault emulator.Fault
		late  bool
	}{
		"before traffic is back":   {emulator.Fault{Service: "route53", Operation: "ChangeResourceRecordSets"}, false},
		"after the alias is back":  {emulator.Fault{Service: "lambda", Operation: "UpdateAlias"}, true},
		"before the last deletion": {emulator.Fault{Service: "s3", Operation: "DeleteObjects"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			for _, file := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
				_ = os.Remove(filepath.Join(s.Dir, file)) // of the death before
			}
			world, folder := targettest.New(t, acctest.Unique(t)), filepath.Join(t.TempDir(), "store")
			s.rollsBack(folder, fmt.Sprintf("resource \"reliability_deployment_snapshot\" \"web\" {\n  name    = %q\n  release = \"v2\"\n  %s\n}\n", world.Name, world.Targets()))
			if !initialised {
				if err := s.Init(t.Context()); err != nil {
					t.Fatal(err)
				}
				initialised = true
			}
			s.apply("", 0)
			world.Release(2)
			kept, err := store.OpenLocal(folder)
			if err != nil {
				t.Fatal(err)
			}
			status := func() string {
				t.Helper()
				history, err := ledger.New(kept, clock.System{}).History(t.Context(), world.Name)
				latest, _ := history.Latest()
				if err != nil || len(history.Deployments) != 1 {
					t.Fatalf("%v: %+v", err, history)
				}
				return string(latest.Status)
			}
			s.rollsBack(folder, fmt.Sprintf("resource \"reliability_rollback\" \"web\" {\n  snapshot_id = \"%s/open\"\n  reason      = \"killed\"\n  cleanup     = { new_objects = true }\n}\n"+
				"removed {\n  from = reliability_deployment_snapshot.web\n  lifecycle { destroy = false }\n}\n", world.Name))
			s.killed("", death.fault, death.late)
			if got := status(); got != "open" {
				t.Fatalf("killed, and the ledger says %s", got)
			}
			if out := s.apply("", 1); !strings.Contains(out, "The release was rolled back") {
				t.Errorf("the next apply:\n%s", out)
			}
			if live := world.Live(); live != "alias 1, index one, blue 100 green 0, new false" {
				t.Errorf("live: %s", live)
			}
			if got := status(); got != "rolled_back" {
				t.Errorf("the ledger says %s", got)
			}
			if holder, err := journal.New(kept, clock.System{}, "").Holder(t.Context(), restore.LeaseOf(world.Name)); holder != nil || err != nil {
				t.Errorf("the lease is left: %v, %v", holder, err)
			}
			s.apply("", 0) // nothing is open
			if plan := s.plan(""); !strings.Contains(plan, "No changes.") {
				t.Errorf("the second plan is not empty:\n%s", plan)
			}
		})
	}
}
