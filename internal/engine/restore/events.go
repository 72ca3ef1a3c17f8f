package restore

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
)

func (r Request) triggered(m snapshot.Manifest, plan Plan) notify.Event {
	return notify.Event{
		Kind: notify.RollbackTriggered, At: r.Clock.Now(), Subject: subject(fmt.Sprintf("Rollback of %s to %s triggered", m.Name, m.ID())),
		Detail: map[string]any{"snapshot": m.ID(), "reason": r.Reason, "changes": things(plan.Changes()), "targets": len(plan.Targets), "holder": r.Holder},
		Labels: map[string]string{"Deployment": m.Name}, Attributes: map[string]string{"outcome": "started"},
		Metrics: []notify.Metric{notify.MetricRollbackTriggered.Of(1)},
	}
}

// mostTargets keeps a message short: a topic takes 256 KiB, and a person reads less.
const mostTargets = 100

func (r Request) completed(result Result) notify.Event {
	m := result.Snapshot
	success := 0.0
	if result.Status == Restored || result.Status == NotNeeded {
		success = 1
	}
	targets := map[string]any{}
	left := []string{}
	for _, name := range slices.Sorted(maps.Keys(result.Targets)) {
		status := result.Targets[name].Status
		if status == Partial || status == Failed {
			left = append(left, name)
		}
		if len(targets) < mostTargets {
			targets[name] = string(status)
		}
	}
	kind := notify.RollbackCompleted
	switch result.Status {
	case Partial:
		kind = notify.RollbackPartial
	case Failed:
		kind = notify.RollbackFailed
	case Restored, NotNeeded:
	}
	return notify.Event{
		Kind: kind, At: r.Clock.Now(), Subject: subject(fmt.Sprintf("Rollback of %s to %s: %s", m.Name, m.ID(), result.Status)),
		Detail: map[string]any{"snapshot": m.ID(), "reason": r.Reason, "status": string(result.Status), "targets": targets, "left": left[:min(len(left), mostTargets)], "recovery_seconds": result.Recovery.Seconds()},
		Labels: map[string]string{"Deployment": m.Name}, Attributes: map[string]string{"outcome": string(result.Status)},
		Metrics: []notify.Metric{
			notify.MetricRollbackSuccess.Of(success),
			notify.MetricRecoveryTime.Of(result.Recovery.Seconds()),
		},
	}
}

// subject cuts a line to what an SNS subject may hold.
func subject(line string) string { return line[:min(len(line), 100)] }

// tell delivers event; what a sink does not take is a warning.
func (r Request) tell(ctx context.Context, event notify.Event) []string {
	final, cancel := r.final(ctx)
	defer cancel()
	if err := r.Sink.Send(final, event); err != nil {
		return []string{fmt.Sprintf("the notice %s was not delivered: %v", event.Kind, err)}
	}
	return nil
}
