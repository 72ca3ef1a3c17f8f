package proof

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// The engines are called here in the order and with the words of the features that call them: snapshot, then the code
// itself, then the gate, then the switch, and after a failed apply the rollback to NAME/open. A state like Terraform's
// remembers what is done.

// subject is what is deployed.
const subject = "web"

// tfstate is what Terraform would remember: only what was done.
type tfstate struct {
	release  int            // of the snapshot
	snapshot string         // its id
	passed   string         // the snapshot whose gate passed
	active   traffic.Colour // of the switch
}

// errGate is a gate that did not pass.
var errGate = errors.New("the gate did not pass")

// releaseName is what the ledger calls a release.
func releaseName(release int) string { return fmt.Sprintf("r%d", release) }

// apply brings out a release and moves traffic to a colour.
func (a *actor) apply(ctx context.Context, state *tfstate, release int, to traffic.Colour) error {
	if len(a.code) > 0 {
		if err := a.takeSnapshot(ctx, state, release); err != nil {
			return fmt.Errorf("snapshot: %w", err)
		}
		for i, each := range a.code {
			live, err := each.shows(context.WithoutCancel(ctx))
			if err != nil {
				return err
			}
			if live == release {
				continue
			}
			if err := a.call(ctx, fmt.Sprintf("deploy %s", a.plan.code[i]), func() error { return each.deploy(context.WithoutCancel(ctx), release) }); err != nil {
				return fmt.Errorf("deploy: %w", err)
			}
		}
		if err := a.runGate(ctx, state, release); err != nil {
			return err
		}
	}
	return a.move(ctx, state, to)
}

// takeSnapshot is the snapshot resource: it captures when the release is another one.
func (a *actor) takeSnapshot(ctx context.Context, state *tfstate, release int) error {
	if state.snapshot != "" && state.release == release {
		return nil
	}
	book := ledger.New(a, clock.System{})
	history, err := book.History(ctx, subject)
	if err != nil {
		return err
	}
	if _, quarantined := history.Quarantined(releaseName(release)); quarantined {
		return fmt.Errorf("release %d is in quarantine", release)
	}
	request := snapshot.Request{Store: a, Clock: clock.System{}, Name: subject, Release: releaseName(release), Targets: map[string]snapshot.Target{}}
	if latest, ok := history.Latest(); ok {
		request.After = latest.Version
	}
	for i, each := range a.code {
		bound, err := each.service(a.config(a.key(), a))
		if err != nil {
			return err
		}
		spec, err := service.NewSpec(a.plan.code[i], "us-east-1", map[string]int{"code": i})
		if err != nil {
			return err
		}
		request.Targets[a.plan.code[i]] = snapshot.Target{Spec: spec, Service: bound}
	}
	kept, err := snapshot.Capture(ctx, request)
	if err != nil {
		return err
	}
	a.committed(kept)
	if _, err := book.Open(ctx, kept.ID(), kept.Release); err != nil {
		return err
	}
	state.snapshot, state.release, state.passed = kept.ID(), release, ""
	if _, err := snapshot.Prune(ctx, a, subject, snapshot.Retention{KeepLast: 10}, time.Now()); err == nil {
		_, _ = snapshot.Collect(ctx, a, subject, time.Now())
	}
	return nil
}

// sees is a probe of the release, or of green.
type sees func() probe.Observation

func (s sees) Name() string                              { return "seen" }
func (s sees) Probe(_ context.Context) probe.Observation { return s() }

var (
	passing = probe.Observation{Status: probe.Pass}
	failing = probe.Observation{Status: probe.Fail, Reason: "it is broken"}
)

// runGate is the gate with deployment_id.
func (a *actor) runGate(ctx context.Context, state *tfstate, release int) error {
	if state.passed == state.snapshot {
		return nil
	}
	stumbles := a.plan.stumble
	result := gate.Run(ctx, []gate.Check{{Name: "code", Probe: sees(func() probe.Observation {
		bad := release == 2 && a.plan.fate == failsGate
		if stumbles--; bad || (release == 2 && stumbles >= 0) {
			return failing
		}
		return passing
	})}}, a.plan.policy, gate.Options{Clock: clock.System{}, Random: func() float64 { return 0.5 }})
	if context.Cause(ctx) != nil {
		return context.Cause(ctx)
	}
	status, reason := ledger.Succeeded, ""
	if result.Verdict != gate.Passed {
		status, reason = ledger.Failed, "health gate "+string(result.Verdict)
	} else {
		a.judged(state.snapshot)
	}
	after, cancel := clock.System{}.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := ledger.New(a, clock.System{}).Close(after, state.snapshot, status, reason); err != nil {
		return err
	}
	if result.Verdict != gate.Passed {
		return errGate
	}
	state.passed = state.snapshot
	return nil
}

// move is the switch with snapshot_id.
func (a *actor) move(ctx context.Context, state *tfstate, to traffic.Colour) error {
	a.unseen()
	request := traffic.Request{
		To: to, Home: state.active, Strategy: a.plan.strategy, OnFailure: traffic.OnFailureRevert, MaxRecovery: maxRecovery,
		Check: func(ctx context.Context, _ traffic.Stage) gate.Result {
			return gate.Run(ctx, []gate.Check{{Name: "target", Probe: sees(func() probe.Observation { return a.observe(to) })}}, a.plan.policy, gate.Options{Clock: clock.System{}, Random: func() float64 { return 0.5 }})
		},
	}
	if a.plan.hold {
		request.OnFailure = traffic.OnFailureHold
	}
	if a.plan.guard > 0 {
		request.Guard = &traffic.Guard{RoleARN: "arn:aws:iam::123456789012:role/guard", After: a.plan.guard}
	}
	for _, route := range a.routes {
		request.Routes = append(request.Routes, traffic.Route{Key: route.key, Router: route.target.router(a.config(a.key(), a))})
	}
	a.switching(a, true)
	outcome, err := traffic.Switch(ctx, request, traffic.Options{
		Journal: journal.New(a, clock.System{}, a.name), Sink: notify.Sinks{}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Subject: "simulated",
		Scheduler: func(context.Context) (traffic.SchedulerAPI, error) {
			return scheduler.NewFromConfig(a.config(a.key(), a)), nil
		},
	})
	a.switching(a, false)
	a.note("%s: switch to %s ended %q with %v", a.name, to, outcome.Status, err)
	a.checkOutcome(a, outcome, err)
	a.settle(ctx, state, to, outcome, err)
	if a.died() {
		return errKilled // whatever it found out, it tells nobody
	}
	if err == nil {
		state.active = to
	}
	return err
}

// settle is what the switch does about the deployment of its snapshot_id.
func (a *actor) settle(ctx context.Context, state *tfstate, to traffic.Colour, outcome traffic.Outcome, failure error) {
	if state.snapshot == "" || outcome.Status == "" {
		return
	}
	ctx, cancel := clock.System{}.WithTimeout(context.WithoutCancel(ctx), maxRecovery+time.Minute)
	defer cancel()
	book := ledger.New(a, clock.System{})
	switch {
	case failure == nil && !outcome.Moved:
		_ = book.SwitchArrived(ctx, state.snapshot, "traffic is there")
	case failure == nil:
		_ = book.SwitchSucceeded(ctx, state.snapshot, "traffic was switched")
	case outcome.Status != traffic.StatusReverted:
		_ = book.SwitchFailed(ctx, state.snapshot, "the switch failed")
	default:
		result, err := restore.Run(ctx, a.restoring(state.snapshot))
		a.note("%s: restore ended %q with %v", a.name, result.Status, err)
		if err != nil {
			_ = book.SwitchFailed(ctx, state.snapshot, "the switch failed")
			return
		}
		_ = book.RollBack(ctx, state.snapshot, "the switch to "+string(to)+" failed", outcome.Recovery+result.Recovery)
	}
}

// restoring is a rollback to a snapshot.
func (a *actor) restoring(id string) restore.Request {
	return restore.Request{
		Store: a, SnapshotID: id, Clock: clock.System{}, Holder: a.name, Reason: "simulated",
		Services: func(_ context.Context, spec service.Spec) (service.Service, error) {
			return a.code[slices.Index(a.plan.code, spec.Kind)].service(a.config(a.key(), a))
		},
	}
}

// rollback is the step of a pipeline after a failed apply: to NAME/open.
func (a *actor) rollback(ctx context.Context) error {
	book := ledger.New(a, clock.System{})
	history, err := book.History(ctx, subject)
	if err != nil {
		return err
	}
	if _, open := history.Uncommitted(); !open {
		return nil
	}
	id, err := history.RestorePoint()
	if err != nil {
		return err
	}
	result, err := restore.Run(ctx, a.restoring(id))
	a.note("%s: rollback to %s ended %q with %v", a.name, id, result.Status, err)
	if err != nil {
		return err
	}
	ctx, cancel := clock.System{}.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if history, err = book.History(ctx, subject); err != nil {
		return err
	}
	latest, _ := history.Latest()
	resumed := result.Earlier != nil && (result.Snapshot.ID() == latest.ID || !result.Earlier.Before(latest.StartedAt))
	if result.Status == restore.Restored || latest.Status == ledger.Failed || (latest.Status == ledger.Open && resumed) {
		return book.RollBack(ctx, id, "simulated", result.Recovery)
	}
	if latest.Status == ledger.Open {
		return book.Close(ctx, latest.ID, ledger.Abandoned, "a rollback found nothing of it to put back")
	}
	return nil
}

// config is a configuration of a caller whose calls go over client.
func (d *deployed) config(key string, client aws.HTTPClient) aws.Config {
	return (&world{emulator: d.emulator}).config(key, client)
}

// live tells the releases of the code and the shares of the routes, for the trace.
func (d *deployed) live(ctx context.Context) string {
	var parts []string
	for _, route := range d.routes {
		served, err := route.target.serves(ctx)
		parts = append(parts, fmt.Sprintf("%s %s %v", route.key, served, err))
	}
	for i, each := range d.code {
		release, err := each.shows(ctx)
		parts = append(parts, fmt.Sprintf("%s release %d %v", d.plan.code[i], release, err))
	}
	return strings.Join(parts, "; ")
}
