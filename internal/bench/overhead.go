package main

import (
	"cmp"
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
	return b.idling(ctx, "empty", binary)
}

// emptyBesideAWS is one that does nothing either, but has our AWS SDK in it and is as large as we are: Terraform starts a provider three
// times for a plan, the SDK fills its tables at each start, and Terraform reads the whole file for its checksum.
func (b *bench) emptyBesideAWS(ctx context.Context, size int64) (*workspace.Workspace, error) {
	binary := filepath.Join(b.dir, "empty-provider-with-aws")
	if err := built(ctx, binary, "./internal/bench/empty", "-tags=aws"); err != nil {
		return nil, err
	}
	if least, err := fileSize(binary); err != nil || least > size {
		return nil, cmp.Or(err, fmt.Errorf("a provider that does nothing has %d bytes, more than ours", least))
	}
	if err := os.Truncate(binary, size); err != nil { // which makes it longer; a program may have anything behind it
		return nil, err
	}
	return b.idling(ctx, "empty-with-aws", binary)
}

// idling is a workspace with a provider that does nothing.
func (b *bench) idling(ctx context.Context, name, binary string) (*workspace.Workspace, error) {
	w, err := workspace.New(ctx, workspace.Options{Dir: filepath.Join(b.dir, name), Root: ".", Provider: binary})
	if err != nil {
		return nil, err
	}
	if err := w.Write("main.tf", nothingConfig); err != nil {
		return nil, err
	}
	return w, w.Init(ctx)
}

// built builds a program as a release is built.
func built(ctx context.Context, target, folder string, more ...string) error {
	args := append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", target}, more...)
	build := exec.CommandContext(ctx, "go", append(args, folder)...) //nolint:gosec // our own words
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", folder, err, out)
	}
	return nil
}

// plans are how long a plan takes at best.
type plans struct{ ours, besideAWS, empty time.Duration }

// planTimes compares plans with our idle resource, with a provider that does nothing, and with one that does nothing but has the SDK in
// it; they are planned in turns, because a machine is not equally busy all the time.
func (b *bench) planTimes(ctx context.Context, ours, besideAWS, empty *workspace.Workspace) (plans, error) {
	quickest := [3]time.Duration{time.Hour, time.Hour, time.Hour}
	for range 2*b.runs + 1 {
		for i, w := range []*workspace.Workspace{ours, besideAWS, empty} {
			began := time.Now()
			ended, err := w.Plan(ctx)
			if err == nil && ended.Exit != 0 {
				err = fmt.Errorf("plan ended with %d:\n%s", ended.Exit, ended.Output)
			}
			if err != nil {
				return plans{}, err
			}
			quickest[i] = min(quickest[i], time.Since(began))
		}
	}
	return plans{quickest[0], quickest[1], quickest[2]}, nil
}

// overheadRow is what a plan takes more than one with a provider that does nothing. Where the SDK and our size alone take more than was
// promised, the row says so, and we are held to be near them.
func overheadRow(took plans) row {
	ours, least := took.ours-took.empty, took.besideAWS-took.empty
	r := row{
		What: "a plan, less one with an empty provider", Ours: ms(ours), Limit: ms(planLimit), Exceeded: ours > planLimit,
		Beside: "a plan with a provider that has one resource and does nothing: " + ms(took.empty),
		Bound:  "that provider with our AWS SDK in it, as large as ours: " + ms(least) + " (" + ratio(ours, least) + ")",
	}
	if planOfLimit*float64(least) > float64(planLimit) {
		r.Limit += fmt.Sprintf("; the SDK leaves no room for it: at most %.2g of the limit", planOfLimit)
		r.Exceeded = float64(ours) > planOfLimit*float64(least)
	}
	return r
}
