package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

const (
	// leverLatency is put before every answer, so that what waits for AWS shows beside what the machine does.
	leverLatency = 300 * time.Millisecond
	leverRuns    = 3
	// besideSlowest is what targets side by side may take, in terms of the slowest of them alone.
	besideSlowest = 1.2
	leverOverhead = time.Second
)

const leverConfig = `
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

variable "back" {}
variable "targets" { type = list(string) }

resource "reliability_deployment_snapshot" "release" {
  name    = "levers"
  release = "v1"
  targets = {
%s  }
}

resource "reliability_rollback" "release" {
  snapshot_id       = reliability_deployment_snapshot.release.id
  targets           = var.targets
  when              = var.back
  on_complete       = "ok"
  max_recovery_time = "1h"
}

output "recovered" {
  value = reliability_rollback.release.recovery_seconds
}
`

// leverRows measure rollbacks of several small targets: five side by side beside the slowest of them alone, and what a
// rollback adds to the time in which AWS is asked.
func leverRows(ctx context.Context, b *bench) ([]row, error) {
	e, err := emulator.Start(ctx, emulator.Options{})
	if err != nil {
		return nil, err
	}
	defer e.Close() //nolint:errcheck // the process ends
	levers, err := newLevers(ctx, e)
	if err != nil {
		return nil, err
	}
	w, err := workspace.New(ctx, workspace.Options{Dir: filepath.Join(b.dir, "levers"), Root: ".", Env: e.Env()})
	if err != nil {
		return nil, err
	}
	if err := w.Write("main.tf", fmt.Sprintf(leverConfig, block(levers))); err != nil {
		return nil, err
	}
	if err := w.Init(ctx); err != nil {
		return nil, err
	}
	r := leverRun{w: w, emulator: e, levers: levers}
	if err := r.capture(ctx); err != nil {
		return nil, err
	}
	together, err := r.together(ctx)
	if err != nil {
		return nil, err
	}
	added, err := r.added(ctx)
	return []row{together, added}, err
}

// leverRun is a snapshot of levers and what rolls back to it.
type leverRun struct {
	w        *workspace.Workspace
	emulator *emulator.Emulator
	levers   map[string]lever
}

// capture takes the snapshot.
func (r leverRun) capture(ctx context.Context) error {
	ended, err := r.w.Apply(ctx, "-var=back=false", `-var=targets=["alias"]`)
	return failed(ended, err)
}

func failed(ended workspace.Result, err error) error {
	if err == nil && ended.Exit != 0 {
		err = fmt.Errorf("terraform ended with %d:\n%s", ended.Exit, ended.Output)
	}
	return err
}

// back spoils targets, rolls them back and returns how long that took by its own account, without the plan before it, and
// for how much of it a call was under way. Only the rollback is slowed down.
func (r leverRun) back(ctx context.Context, targets ...string) (took, asking time.Duration, err error) {
	for _, target := range targets {
		if err := r.levers[target].breaks(ctx); err != nil {
			return 0, 0, fmt.Errorf("spoil %s: %w", target, err)
		}
	}
	ended, err := r.w.Plan(ctx, "-var=back=true", `-var=targets=["`+strings.Join(targets, `","`)+`"]`, "-replace=reliability_rollback.release", "-out=back.tfplan")
	if err := failed(ended, err); err != nil {
		return 0, 0, err
	}
	calls := watchCalls(r.emulator)
	defer calls.stop()
	ended, err = r.w.Run(ctx, "apply", "-no-color", "-input=false", "back.tfplan")
	if err := failed(ended, err); err != nil {
		return 0, 0, err
	}
	if took, err = recovery(ended.Output); err != nil {
		return 0, 0, err
	}
	return took, calls.underWay(took), nil
}

// together rolls five targets back, and each of them alone, and then the five and the slowest in turns, of which the least
// counts: the machine may be busy, the engine is not.
func (r leverRun) together(ctx context.Context) (row, error) {
	five := []string{"alias", "bucket", "parameter", "record", "rule"}
	alone := map[string]time.Duration{}
	measure := func(targets ...string) (time.Duration, error) {
		took, _, err := r.back(ctx, targets...)
		return took, err
	}
	all, err := measure(five...)
	for _, one := range five {
		if err == nil {
			alone[one], err = measure(one)
		}
	}
	slowest := slices.MaxFunc(five, func(x, y string) int { return cmp.Compare(alone[x], alone[y]) })
	for range leverRuns - 1 {
		for _, targets := range [][]string{five, {slowest}} {
			var took time.Duration
			if err == nil {
				took, err = measure(targets...)
			}
			if len(targets) == 1 {
				alone[slowest] = min(alone[slowest], took)
			} else {
				all = min(all, took)
			}
		}
	}
	if err != nil {
		return row{}, err
	}
	limit := time.Duration(besideSlowest * float64(alone[slowest]))
	var sum time.Duration
	for _, took := range alone {
		sum += took
	}
	together := besides(fmt.Sprintf("a rollback of five targets (%s; %s latency a call)", strings.Join(five, ", "), ms(leverLatency)), all, limit, alone[slowest],
		fmt.Sprintf("one after another %s; the slowest alone, the %s", ms(sum), slowest))
	together.Bound = "the slowest alone: " + ms(alone[slowest]) + " (" + ratio(all, alone[slowest]) + ")"
	return together, nil
}

// added rolls back an alias, a stage and a record, and counts the time of the rollback in which no call was under way.
func (r leverRun) added(ctx context.Context) (row, error) {
	three := []string{"alias", "stage", "record"}
	var whole, asking time.Duration
	for range leverRuns {
		took, under, err := r.back(ctx, three...)
		if err != nil {
			return row{}, err
		}
		if whole == 0 || took-under < whole-asking {
			whole, asking = took, under
		}
	}
	added := besides("a rollback of an alias, a stage and a record (the stage after the alias)", whole, asking+leverOverhead, asking, "the time in which a call to AWS was under way")
	added.Bound = "the calls to AWS: " + ms(asking) + " (" + ratio(whole, asking) + ")"
	return added, nil
}

// recovery reads how long a rollback took from what Terraform said.
func recovery(said string) (time.Duration, error) {
	found := recovered.FindStringSubmatch(said)
	if found == nil {
		return 0, fmt.Errorf("the rollback did not say how long it took:\n%s", said)
	}
	return time.ParseDuration(found[1] + "s")
}

// span is one call while it was under way.
type span struct{ from, to time.Time }

// watchedCalls notes when calls began and ended, and slows them down.
type watchedCalls struct {
	stop  func()
	mu    sync.Mutex
	spans []span
}

func watchCalls(e *emulator.Emulator) *watchedCalls {
	w := &watchedCalls{}
	w.stop = e.Inject(emulator.Fault{Latency: leverLatency, HookLate: func(call emulator.Call) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.spans = append(w.spans, span{call.At, time.Now()})
	}})
	return w
}

// underWay returns for how much of the last while, up to the end of the last call, at least one call was under way. A
// rollback ends with the call that reads the last target back.
func (w *watchedCalls) underWay(last time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortFunc(w.spans, func(x, y span) int { return x.from.Compare(y.from) })
	var end, reached time.Time
	for _, s := range w.spans {
		if s.to.After(end) {
			end = s.to
		}
	}
	reached = end.Add(-last)
	var sum time.Duration
	for _, s := range w.spans {
		if s.from.Before(reached) {
			s.from = reached
		}
		if s.to.After(s.from) {
			sum, reached = sum+s.to.Sub(s.from), s.to
		}
	}
	return sum
}
