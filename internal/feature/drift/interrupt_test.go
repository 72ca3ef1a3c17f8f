package drift_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

const required = "terraform {\n  required_providers {\n    reliability = { source = \"project3-ls/reliability\" }\n  }\n}\n"

// realBinaries is a workspace with the built provider and the client on PATH.
func realBinaries(s *stack, config string) *workspace.Workspace {
	s.t.Helper()
	w := must[*workspace.Workspace](s)(workspace.New(s.t.Context(), workspace.Options{Dir: s.t.TempDir(), Root: "../../..", Env: s.emulator.Env()}))
	must[any](s)(nil, w.Write("main.tf", required+config))
	must[any](s)(nil, w.Init(s.t.Context()))
	return w
}

// TestAccInterruptEndsTheChild: Ctrl-C of a plan whose refresh runs another Terraform ends that one too.
func TestAccInterruptEndsTheChild(t *testing.T) {
	s := newStack(t, "interrupt")
	terraform := must[string](s)(exec.LookPath("terraform"))
	dir := t.TempDir()
	started := filepath.Join(dir, "started")
	must[any](s)(nil, syscall.Mkfifo(started, 0o600))
	// A Terraform that knows its version, and plans for ten minutes.
	program := filepath.Join(dir, "slow")
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" != version ] || exec %q \"$@\"\necho $$ >%q\nexec sleep 600\n", terraform, started)
	must[any](s)(nil, os.WriteFile(program, []byte(script), 0o700))
	w := realBinaries(s, fmt.Sprintf("data \"reliability_drift\" \"test\" {\n  state     = { working_dir = %q }\n  source    = \"refresh\"\n  terraform = %q\n}\n", applied(t, drifting), program))

	ctx, interrupt := context.WithTimeout(t.Context(), 3*time.Minute)
	defer interrupt()
	pid := make(chan string, 1)
	go func() { // ends when the child has started, or with the test's process
		text, _ := os.ReadFile(started)
		pid <- strings.TrimSpace(string(text))
	}()
	command := w.Command(ctx, "plan", "-no-color", "-input=false")
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	must[any](s)(nil, command.Start())
	var child int
	select {
	case text := <-pid:
		child = must[int](s)(strconv.Atoi(text))
	case <-ctx.Done():
	}
	interrupt() // the workspace interrupts the client, and nothing but it
	if err := command.Wait(); err == nil || child == 0 {
		t.Fatalf("child %d; the interrupted plan ended with %v", child, err)
	}
	w.Printed(out.String(), "plan, interrupted")
	if err := syscall.Kill(child, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the child is still there: %v", err)
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
}

// TestAccCheckBlockOnlyWarns: in a check block, a gate that would stop the plan is a warning, and the plan ends well.
func TestAccCheckBlockOnlyWarns(t *testing.T) {
	s := newStack(t, "check")
	s.allow(s.group, "tcp", 22, ec2types.IpPermission{IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}})
	w := realBinaries(s, fmt.Sprintf(`
check "drift" {
  data "reliability_drift" "test" {
    state   = { path = %q }
    fail_on = "critical"
  }
  assert {
    condition     = data.reliability_drift.test.total == 0
    error_message = "there is drift"
  }
}
`, s.file()))
	for _, run := range []func(context.Context, ...string) (workspace.Result, error){w.Plan, w.Apply} {
		ended := must[workspace.Result](s)(run(t.Context()))
		if ended.Exit != 0 || !regexp.MustCompile(`Warning: Infrastructure has drifted`).MatchString(ended.Output) || strings.Contains(ended.Output, "Error: ") {
			t.Errorf("exit %d\n%s", ended.Exit, ended.Output)
		}
	}
	// Without a gate, what the assertion says is the warning.
	text := string(must[[]byte](s)(os.ReadFile(filepath.Join(w.Dir, "main.tf"))))
	must[any](s)(nil, w.Write("main.tf", strings.Replace(text, `    fail_on = "critical"`, "", 1)))
	if ended := must[workspace.Result](s)(w.Plan(t.Context())); ended.Exit != 0 || !strings.Contains(ended.Output, "there is drift") {
		t.Errorf("exit %d\n%s", ended.Exit, ended.Output)
	}
}
