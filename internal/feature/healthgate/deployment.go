package healthgate

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// closing bounds what is done after the verdict, even when Terraform was interrupted meanwhile.
const closing = 30 * time.Second

// judge runs the checks, closes the deployment and tells the sinks. ok is false when nothing ran. unhealthy tells
// whether the gate was so before.
func (r *healthGate) judge(ctx context.Context, config *resourceModel, unhealthy bool, diags *diag.Diagnostics) (result gate.Result, out outputs, ok bool) {
	r.data.Applying.Store(true)
	c := circumstances{deployment: config.DeploymentID.ValueString(), unhealthy: unhealthy}
	if c.deployment != "" {
		history, known := r.knows(ctx, c.deployment, diags)
		if !known {
			return result, out, false
		}
		c.unhealthy = c.unhealthy || failedBefore(history)
	}
	result, out, ok = config.run(ctx, r.data, c.deployment, gate.Options{}, diags)
	if !ok {
		return result, out, false
	}
	c.interrupted = context.Cause(ctx) != nil // then nothing was decided, and the deployment stays open
	events := []event{completed(r.data.Clock.Now(), result, c)}
	if c.deployment != "" && !c.interrupted {
		after, cancel := r.data.Clock.WithTimeout(context.WithoutCancel(ctx), closing)
		r.close(after, c.deployment, result, diags)
		cancel()
		events = append(events, ended(r.data.Clock.Now(), result, c))
	}
	tell(ctx, r.data, events, diags)
	return result, out, true
}

// failedBefore tells whether the last deployment that was judged, this one included, failed or was rolled back.
func failedBefore(history ledger.History) bool {
	for _, deployment := range slices.Backward(history.Deployments) {
		switch deployment.Status {
		case ledger.Failed, ledger.RolledBack:
			return true
		case ledger.Succeeded:
			return false
		case ledger.Open, ledger.Abandoned: // they say nothing
		}
	}
	return false
}

// knows returns the history with the deployment, and says so where the ledger has none.
func (r *healthGate) knows(ctx context.Context, id string, diags *diag.Diagnostics) (history ledger.History, known bool) {
	book, err := r.ledger(ctx)
	if err == nil {
		name, _, _ := strings.Cut(id, "/")
		history, err = book.History(ctx, name)
		for _, deployment := range history.Deployments {
			if deployment.ID == id {
				return history, true
			}
		}
	}
	m := tfdiag.Message{Summary: "Ledger not readable", Happened: "The ledger of deployment " + id + " could not be read", Err: err, Next: "check store of the provider block."}
	if err == nil {
		m = tfdiag.Message{
			Summary: "Unknown deployment", Happened: "The ledger in this provider's store has no deployment " + id + ".",
			Next: "give the id of a reliability_deployment_snapshot that uses the same store.",
		}
	}
	tfdiag.ErrorAt(diags, path.Root("deployment_id"), m)
	return ledger.History{}, false
}

func (r *healthGate) ledger(ctx context.Context) (*ledger.Ledger, error) {
	kept, err := r.data.OpenStore(ctx)
	if err != nil {
		return nil, err
	}
	return ledger.New(kept, r.data.Clock), nil
}

// close writes the verdict down. Where it cannot, the apply fails, so that the next one does it again: a deployment that
// looks open is never the last good one.
func (r *healthGate) close(ctx context.Context, id string, result gate.Result, diags *diag.Diagnostics) {
	status, reason := ledger.Succeeded, ""
	if result.Verdict != gate.Passed {
		status, reason = ledger.Failed, "health gate "+string(result.Verdict)+": "+strings.Join(result.Blocking(), ", ")
	}
	book, err := r.ledger(ctx)
	if err == nil {
		err = book.Close(ctx, id, status, reason)
	}
	if err != nil {
		tfdiag.ErrorAt(diags, path.Root("deployment_id"), tfdiag.Message{
			Summary: "Deployment not closed", Happened: "The verdict is " + string(result.Verdict) + ", but it could not be written into the ledger of " + id, Err: err,
			Live: liveAfterGate, Next: "check store of the provider block, then apply again: the checks run again.",
		})
	}
}
