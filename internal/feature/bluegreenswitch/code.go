package bluegreenswitch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/targetset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// code is what became of the snapshot of a switch that failed.
type code struct {
	id     string
	tried  bool // only once traffic is back where it was
	result restore.Result
	err    error
}

// snapshotID is the configured snapshot; empty for none.
func (m *model) snapshotID() string { return m.SnapshotID.ValueString() }

// checkSnapshot refuses a snapshot that could not be restored when the switch fails.
func (r *switchResource) checkSnapshot(ctx context.Context, plan *model, diags *diag.Diagnostics) {
	id := plan.snapshotID()
	if id == "" {
		return
	}
	name, version, err := snapshot.ParseID(id)
	if err == nil {
		var kept store.Store
		if kept, err = r.data.OpenStore(ctx); err == nil {
			_, err = snapshot.Load(ctx, kept, name, version)
		}
	}
	if err == nil {
		return
	}
	if name, selected, ok := strings.Cut(id, "/"); ok && (selected == "last_good" || selected == "latest") {
		tfdiag.ErrorAt(diags, path.Root("snapshot_id"), tfdiag.Message{
			Summary: "A switch takes one certain snapshot", Happened: fmt.Sprintf("%q is another snapshot after each release, and a switch must know beforehand what it puts back and whose deployment it judges.", id),
			Next: fmt.Sprintf("write snapshot_id = reliability_deployment_snapshot.%s.id, or look it up: data \"reliability_deployment\" \"%s\" { name = %q, select = %q } and its id.", name, name, name, selected),
		})
		return
	}
	tfdiag.ErrorAt(diags, path.Root("snapshot_id"), tfdiag.Message{
		Summary: "The snapshot cannot be used", Happened: fmt.Sprintf("%q could not be restored if the switch failed", id), Err: err,
		Next: "set snapshot_id to the id of a reliability_deployment_snapshot in the same store, such as \"web/000012\".",
	})
}

// settle looks after the deployment once the switch has ended: after a failure whose traffic is back where it was, the
// snapshot is restored and the deployment is rolled back; any other failure closes it as failed; a success closes it as
// succeeded if nobody has judged it yet, or only a switch that failed. A switch that moved nothing, or never began, judges nothing,
// but one that found all at its place takes back what a failed one said.
func (r *switchResource) settle(ctx context.Context, plan *model, kept store.Store, done *run, diags *diag.Diagnostics) {
	id := plan.snapshotID()
	if id == "" || done.outcome.Status == "" {
		return
	}
	ctx, cancel := r.data.Clock.WithTimeout(context.WithoutCancel(ctx), plan.maxRecovery()+time.Minute)
	defer cancel()
	book := ledger.New(kept, r.data.Clock)
	var err error
	switch {
	case done.err == nil && !done.outcome.Moved:
		err = book.SwitchArrived(ctx, id, "traffic is at "+plan.Active.ValueString())
	case done.err == nil:
		err = book.SwitchSucceeded(ctx, id, "traffic was switched to "+plan.Active.ValueString())
	case done.outcome.Status != traffic.StatusReverted:
		done.code = code{id: id}
		err = book.SwitchFailed(ctx, id, "the switch to "+plan.Active.ValueString()+" failed: "+done.err.Error())
	default:
		done.code = r.putBack(ctx, plan, kept, done.err)
		for _, warning := range done.code.result.Warnings {
			tfdiag.Warning(diags, tfdiag.Message{Summary: "The restore was not recorded everywhere", Happened: warning})
		}
		reason := "the switch to " + plan.Active.ValueString() + " failed: " + done.err.Error()
		if done.code.err != nil {
			err = book.SwitchFailed(ctx, id, reason)
		} else {
			err = book.RollBackWithin(ctx, id, reason, done.outcome.Recovery+done.code.result.Recovery, plan.maxRecovery())
		}
	}
	if err != nil {
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "The deployment was not judged", Happened: fmt.Sprintf("What became of deployment %s was not written down", id), Err: err,
			Next: "nothing that is live is affected; its history shows it as it was.",
		})
	}
}

// putBack restores the snapshot.
func (r *switchResource) putBack(ctx context.Context, plan *model, kept store.Store, cause error) code {
	account, err := r.data.AWS.AccountID(ctx)
	if err != nil {
		account = "" // the restore itself tells what of AWS does not answer
	}
	result, err := restore.Run(ctx, restore.Request{
		Store: kept, Services: targetset.Services(r.data), SnapshotID: plan.snapshotID(), Reason: "the switch failed: " + cause.Error(),
		AccountID: account, Timeout: plan.maxRecovery(), Clock: r.data.Clock, Log: configured.Logger(ctx), Sink: r.data.Sink, Holder: holder(),
	})
	return code{id: plan.snapshotID(), tried: true, result: result, err: err}
}

// restored tells whether the code is as the snapshot holds it, and its release in quarantine.
func (c code) restored() bool { return c.tried && c.err == nil }

// live says what became of the code; empty without a snapshot.
func (c code) live() string {
	var incomplete *restore.IncompleteError
	switch {
	case c.id == "":
		return ""
	case !c.tried:
		return fmt.Sprintf(" The snapshot %s was not restored, because traffic is not back where it was.", c.id)
	case errors.As(c.err, &incomplete):
		return fmt.Sprintf(" The snapshot %s was restored in part only.", c.id)
	case c.err != nil:
		return fmt.Sprintf(" The snapshot %s was not restored.", c.id)
	case c.result.Status == restore.NotNeeded:
		return fmt.Sprintf(" The code is as in snapshot %s already.", c.id)
	default:
		return fmt.Sprintf(" The snapshot %s was restored in %s (changes: %d).", c.id, c.result.Recovery.Round(time.Millisecond), len(c.result.Changes))
	}
}
