package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

const (
	driftCalls = 1.5 // of the fewest
	// driftOfLimit is how near a look must come to the fewest calls alone where these leave no room for what was promised beside a refresh.
	driftOfLimit = 1.25
	driftMemory  = 100_000_000
)

// driftSizes are how many resources a state has, and how many times faster than a refresh we promised to be.
var driftSizes = []struct{ resources, faster int }{{200, 0}, {1000, 10}, {5000, 20}}

const driftConfig = `
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

data "reliability_drift" "all" {
  state   = { path = "drift.tfstate" }
  fail_on = "minor"
  report  = { json = "drift.json" }
}
`

// driftBesideConfig holds no resources: a refresh reads what the state holds, and a configuration would only cost time.
const driftBesideConfig = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
  skip_credentials_validation = true
}
`

// driftRows measure a plan that looks for drift in states of many resources, none of which has any.
func driftRows(ctx context.Context, b *bench) ([]row, error) {
	var rows []row
	for _, size := range driftSizes {
		measured, err := b.driftOf(ctx, size.resources, size.faster)
		if err != nil {
			return nil, fmt.Errorf("%d resources: %w", size.resources, err)
		}
		rows = append(rows, measured...)
	}
	return rows, nil
}

// look is what one look for drift took.
type look struct {
	wall, processor time.Duration
	memory          int64
	calls           int
}

func (b *bench) driftOf(ctx context.Context, size, faster int) ([]row, error) {
	e, err := emulator.Start(ctx, emulator.Options{})
	if err != nil {
		return nil, err
	}
	defer e.Close() //nolint:errcheck // the process ends
	world, err := seeded(ctx, e, size)
	if err != nil {
		return nil, err
	}
	w, err := b.driftWorkspace(ctx, e, world, fmt.Sprint("drift", size))
	if err != nil {
		return nil, err
	}
	ours, err := b.ourLook(ctx, e, w, world)
	if err != nil {
		return nil, err
	}
	floor, err := rawReads(ctx, e, world)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("a plan that looks for drift in %d resources", size)
	rows := []row{
		{
			What: fmt.Sprintf("%s (%s)", what, world.mix), Ours: ms(ours.wall), Bound: fmt.Sprintf("the fewest calls alone, 16 at a time: %s (%s)", ms(floor), ratio(ours.wall, floor)),
		},
		{What: "processor time of it, Terraform's included", Ours: ms(ours.processor)},
		{What: "resident memory of it", Ours: mb(ours.memory), Limit: mb(driftMemory), Exceeded: ours.memory >= driftMemory},
		{
			What: "AWS calls of it", Ours: fmt.Sprint(ours.calls), Bound: fmt.Sprintf("with the largest pages: %d (%s)", world.fewest, ratio(ours.calls, world.fewest)),
			Limit: fmt.Sprintf("%.0f, %g x the fewest", driftCalls*float64(world.fewest), driftCalls), Exceeded: float64(ours.calls) > driftCalls*float64(world.fewest),
		},
	}
	if faster > 0 {
		rows[0].Limit = fmt.Sprintf("%d x faster", faster)
	}
	refresh, err := b.besideRefresh(ctx, rows, w, e, world.state, ours)
	if err == nil && refresh > 0 && faster > 0 {
		promise(&rows[0], ours.wall, refresh, floor, faster)
	}
	return rows, err
}

// promise holds a look to so many times the speed of a refresh. Where the fewest calls alone take longer than that, no look can keep it, and
// what counts is how near it comes to them.
func promise(row *row, ours, refresh, floor time.Duration, faster int) {
	if floor*time.Duration(faster) <= refresh {
		row.Exceeded = ours*time.Duration(faster) > refresh
		return
	}
	limit := time.Duration(driftOfLimit * float64(floor))
	row.Limit += fmt.Sprintf(", for which the emulator is too slow: its fewest calls alone are %.1f x faster; so at most %g x these, %s", float64(refresh)/float64(floor), driftOfLimit, ms(limit))
	row.Exceeded = ours > limit
}

func (b *bench) driftWorkspace(ctx context.Context, e *emulator.Emulator, world *world, name string) (*workspace.Workspace, error) {
	w, err := workspace.New(ctx, workspace.Options{Dir: filepath.Join(b.dir, name), Root: ".", Env: e.Env()})
	if err != nil {
		return nil, err
	}
	if err := w.Write("main.tf", driftConfig); err != nil {
		return nil, err
	}
	if err := w.Write("drift.tfstate", world.state); err != nil {
		return nil, err
	}
	return w, w.Init(ctx)
}

func (b *bench) ourLook(ctx context.Context, e *emulator.Emulator, w *workspace.Workspace, world *world) (ours look, err error) {
	ours.wall, err = b.median(func() (time.Duration, error) {
		e.ResetCalls()
		used, err := children()
		if err != nil {
			return 0, err
		}
		began := time.Now()
		ended, err := w.Plan(ctx)
		spent := time.Since(began)
		if ours.calls = max(ours.calls, len(e.Calls())); err == nil && ended.Exit != 0 {
			err = fmt.Errorf("plan ended with %d:\n%s", ended.Exit, ended.Output)
		}
		if err != nil {
			return 0, err
		}
		after, err := children()
		if err != nil {
			return 0, err
		}
		ours.processor = after - used
		return spent, inSync(filepath.Join(w.Dir, "drift.json"), world.resources)
	})
	if err != nil {
		return ours, err
	}
	ours.memory, err = watched(ctx, w, w.Provider, "plan", "-no-color", "-input=false") // by itself: looking at processes takes time
	return ours, err
}

// children is the processor time of all processes that were started and have ended so far, and of theirs.
func children() (time.Duration, error) {
	var used syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), err
}

// inSync fails unless the report says that everything was read and nothing differs: else nothing was measured.
func inSync(file string, resources int) error {
	data, err := os.ReadFile(file) //nolint:gosec // our own report
	if err != nil {
		return err
	}
	var found struct {
		Summary struct {
			Total, Unverified, Checked int
		} `json:"summary"`
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return err
	}
	if s := found.Summary; s.Total != 0 || s.Unverified != 0 || s.Checked != resources {
		return fmt.Errorf("%d resources were compared, %d differ, %d are unverified: this is no measurement", s.Checked, s.Total, s.Unverified)
	}
	return nil
}

// besideRefresh plans the same state with hashicorp/aws and -refresh-only, once, and returns how long that took: from seconds to minutes.
func (b *bench) besideRefresh(ctx context.Context, rows []row, ours *workspace.Workspace, e *emulator.Emulator, state string, took look) (time.Duration, error) {
	if b.mirror == "" {
		rows[0].Beside = "hashicorp/aws is in no filesystem mirror of this machine"
		return 0, nil
	}
	w, err := workspace.New(ctx, workspace.Options{Dir: ours.Dir + "-refresh", Root: ".", Env: e.Env(), Mirror: b.mirror, Provider: ours.Provider})
	if err != nil {
		return 0, err
	}
	if err := w.Write("main.tf", driftBesideConfig); err != nil {
		return 0, err
	}
	if err := w.Write("terraform.tfstate", state); err != nil {
		return 0, err
	}
	if err := w.Init(ctx); err != nil {
		return 0, err
	}
	aws, err := awsIn(b.mirror)
	if err != nil {
		return 0, err
	}
	e.ResetCalls()
	used, err := children()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	memory, err := watched(ctx, w, aws, "plan", "-refresh-only", "-lock=false", "-no-color", "-input=false")
	theirs := look{wall: time.Since(began), memory: memory, calls: len(e.Calls())}
	if err != nil {
		return 0, fmt.Errorf("plan -refresh-only: %w", err)
	}
	after, err := children()
	if err != nil {
		return 0, err
	}
	theirs.processor = after - used
	const name = "terraform plan -refresh-only with hashicorp/aws: "
	rows[0].Beside, rows[0].Ratio = name+ms(theirs.wall), ratio(took.wall, theirs.wall)
	rows[1].Beside, rows[1].Ratio = name+ms(theirs.processor), ratio(took.processor, theirs.processor)
	rows[2].Beside, rows[2].Ratio = name+mb(theirs.memory), ratio(took.memory, theirs.memory)
	rows[3].Beside, rows[3].Ratio = name+fmt.Sprint(theirs.calls), ratio(took.calls, theirs.calls)
	return theirs.wall, nil
}
