//go:build !windows

package scenario

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// TestAccTheGuardOfAKilledProviderPutsTrafficBack: kill -9 of Terraform and the provider at 10 %, as when the machine is
// gone. EventBridge Scheduler puts traffic back by itself, and the next plan and apply know what happened. And Terraform
// that is told to end (SIGINT, SIGTERM) moves traffic back itself.
func TestAccTheGuardOfAKilledProviderPutsTrafficBack(t *testing.T) {
	n := newNames(t)
	ctx, e := t.Context(), acctest.Emulator(t)
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: e.Env(), Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	n.must(err)
	n.must(w.Write("main.tf", fmt.Sprintf(`
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

variable "active" { type = string }

variable "interval" { type = string }

resource "reliability_blue_green_switch" "www" {
  active   = var.active
  strategy = { type = "canary", steps = [10], interval = var.interval }
  guard    = { schedule_role_arn = "arn:aws:iam::123456789012:role/switch-guard" }
  routes = {
    www = { route53 = {
      zone_id = %q, name = "www.killed.example", type = "A"
      blue = { set_identifier = "blue" }, green = { set_identifier = "green" }
    } }
  }
}
`, n.zone)))
	n.must(w.Init(ctx))
	apply := func(active string) {
		t.Helper()
		if result, err := w.Apply(ctx, "-var=active="+active, "-var=interval=0s"); err != nil || result.Exit != 0 {
			t.Fatalf("%v\n%s", err, result.Output)
		}
	}
	var out bytes.Buffer
	under := func() (terraform *exec.Cmd, provider int) {
		t.Helper()
		terraform = w.Command(ctx, "apply", "-auto-approve", "-input=false", "-no-color", "-var=active=green", "-var=interval=10m")
		out.Reset()
		terraform.Stdout, terraform.Stderr = &out, &out
		n.must(terraform.Start())
		until(t, "green gets its first share", func() bool { return n.green() == 10 })
		return terraform, providerPID(t, filepath.Join(w.Dir, ".reliability"))
	}
	apply("blue")

	for _, told := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		terraform, provider := under()
		n.must(terraform.Process.Signal(told))
		if err := terraform.Wait(); err == nil {
			t.Errorf("after %s the apply ended well", told)
		}
		w.Printed(out.String(), "apply, ended by a signal")
		if green := n.green(); green != 0 {
			t.Errorf("after %s green has %d", told, green)
		}
		until(t, "the provider exits", func() bool { return ended(provider) })
		if fired, err := e.FireSchedules(ctx, time.Now().Add(time.Hour)); fired != 0 || err != nil {
			t.Errorf("after %s a guard was left: %d, %v", told, fired, err)
		}
	}

	terraform, provider := under()
	n.must(terraform.Process.Kill())
	n.must(syscall.Kill(provider, syscall.SIGKILL))
	_ = terraform.Wait() // it was killed
	w.Printed(out.String(), "apply, killed")
	until(t, "the provider is gone", func() bool { return ended(provider) })
	if green := n.green(); green != 10 {
		t.Fatalf("green has %d, and nobody is left to move it", green)
	}
	if fired, err := e.FireSchedules(ctx, time.Now()); fired != 0 || err != nil {
		t.Errorf("fired at once: %d, %v", fired, err)
	}
	if fired, err := e.FireSchedules(ctx, time.Now().Add(6*time.Minute)); fired != 1 || err != nil {
		t.Errorf("fired %d, %v", fired, err)
	}
	if green := n.green(); green != 0 {
		t.Errorf("after the guard green has %d", green)
	}
	n.must(os.RemoveAll(filepath.Join(w.Dir, ".terraform.tfstate.lock.info"))) // what a killed Terraform leaves
	result, err := w.Plan(ctx, "-var=active=green", "-var=interval=0s")
	if err != nil || !strings.Contains(result.Output, `"interrupted"`) {
		t.Errorf("the plan does not show it: %v\n%s", err, result.Output)
	}
	apply("green")
	if green := n.green(); green != 100 {
		t.Errorf("green has %d", green)
	}
	if fired, err := e.FireSchedules(ctx, time.Now().Add(time.Hour)); fired != 0 || err != nil {
		t.Errorf("a guard was left: %d, %v", fired, err)
	}
}
