package restore

import (
	"context"
	"fmt"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
)

func (r Request) triggered(m snapshot.Manifest, plan Plan) notify.Event {
	return notify.Event{
		Kind: notify.RollbackTriggered, At: r.Clock.Now(), Subject: subject(fmt.Sprintf("Rollback of %s to %s triggered", m.Name, m.ID())),
		Detail:  map[string]any{"snapshot": m.ID(), "reason": r.Reason, "changes": len(plan.Changes()), "targets": len(plan.Targets), "holder": r.Holder},
		Labels:  map[string]string{"Deployment": m.Name},
		Metrics: []notify.Metric{notify.MetricRollbackTriggered.Of(1)},
	}
}

func (r Request) completed(result Result) notify.Event {
	m := result.Snapshot
	success := 0.0
	if result.Status == Restored || result.Status == NotNeeded {
		success = 1
	}
	targets := make(map[string]any, len(result.Targets))
	for name, target := range result.Targets {
		targets[name] = string(target.Status)
	}
	return notify.Event{
		Kind: notify.RollbackCompleted, At: r.Clock.Now(), Subject: subject(fmt.Sprintf("Rollback of %s to %s: %s", m.Name, m.ID(), result.Status)),
		Detail: map[string]any{"snapshot": m.ID(), "reason": r.Reason, "status": string(result.Status), "targets": targets, "recovery_seconds": result.Recovery.Seconds()},
		Labels: map[string]string{"Deployment": m.Name},
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

// tellAside delivers event while the work goes on: nobody waits for a notice before traffic is back. The channel gives
// the warnings.
func (r Request) tellAside(ctx context.Context, event notify.Event) <-chan []string {
	told := make(chan []string, 1)
	go func() { told <- r.tell(ctx, event) }() // owner: Run reads the channel
	return told
}
