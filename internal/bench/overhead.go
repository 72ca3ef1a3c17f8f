package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

const nothingConfig = `
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

resource "reliability_nothing" "idle" {}
`

// planOverhead is what a plan with our idle resource takes more than one with a provider that does nothing; the two are planned in
// turns, because a machine is not equally busy all the time.
func (b *bench) planOverhead(ctx context.Context, ours *workspace.Workspace) (overhead, empty time.Duration, err error) {
	binary := filepath.Join(b.dir, "empty-provider")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "./internal/bench/empty") //nolint:gosec // our own words
	if out, err := build.CombinedOutput(); err != nil {
		return 0, 0, fmt.Errorf("build the empty provider: %w\n%s", err, out)
	}
	other, err := workspace.New(ctx, workspace.Options{Dir: filepath.Join(b.dir, "empty"), Root: ".", Provider: binary})
	if err != nil {
		return 0, 0, err
	}
	if err := other.Write("main.tf", nothingConfig); err != nil {
		return 0, 0, err
	}
	if err := other.Init(ctx); err != nil {
		return 0, 0, err
	}
	plan := func(w *workspace.Workspace) (time.Duration, error) {
		began := time.Now()
		ended, err := w.Plan(ctx)
		if err == nil && ended.Exit != 0 {
			err = fmt.Errorf("plan ended with %d:\n%s", ended.Exit, ended.Output)
		}
		return time.Since(began), err
	}
	quickest := [2]time.Duration{time.Hour, time.Hour}
	for range 2*b.runs + 1 {
		for i, w := range []*workspace.Workspace{ours, other} {
			took, err := plan(w)
			if err != nil {
				return 0, 0, err
			}
			quickest[i] = min(quickest[i], took)
		}
	}
	return quickest[0] - quickest[1], quickest[1], nil
}
