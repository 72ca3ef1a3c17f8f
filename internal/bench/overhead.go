package main

import (
	"context"
	"fmt"
	"os"
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

// emptyProvider is a workspace with a provider that does nothing: no provider is smaller or starts sooner.
func (b *bench) emptyProvider(ctx context.Context) (*workspace.Workspace, error) {
	binary := filepath.Join(b.dir, "empty-provider")
	if err := built(ctx, binary, "./internal/bench/empty"); err != nil {
		return nil, err
	}
	w, err := workspace.New(ctx, workspace.Options{Dir: filepath.Join(b.dir, "empty"), Root: ".", Provider: binary})
	if err != nil {
		return nil, err
	}
	if err := w.Write("main.tf", nothingConfig); err != nil {
		return nil, err
	}
	return w, w.Init(ctx)
}

// built builds a program as a release is built.
func built(ctx context.Context, target, folder string) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", target, folder) //nolint:gosec // our own words
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", folder, err, out)
	}
	return nil
}

// planOverhead is what a plan with our idle resource takes more than one with a provider that does nothing; the two are planned in
// turns, because a machine is not equally busy all the time.
func (b *bench) planOverhead(ctx context.Context, ours, other *workspace.Workspace) (overhead, empty time.Duration, err error) {
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
