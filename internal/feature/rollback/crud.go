package rollback

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Create rolls back when it is asked to. An apply that ends red saves nothing, whether the rollback was done or not: a
// saved resource would be tainted. The next apply creates it again, looks at what is live, does what is left, and where
// nothing is left it ends green with status not_needed.
func (r *rollbackResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m, config model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.roll(ctx, &m, config.Verify, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Update rolls back when it is asked to. A rollback that was done is saved with the new inputs, though the apply ends
// red: the same inputs do not ask for it again. One that was not done, not wholly, or not verified keeps the prior
// inputs with its status, so that the next plan proposes it again.
func (r *rollbackResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, config, prior model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	if resp.Diagnostics.HasError() {
		return
	}
	done := r.roll(ctx, &m, config.Verify, &resp.Diagnostics)
	saving := context.WithoutCancel(ctx)
	switch {
	case done:
		resp.Diagnostics.Append(resp.State.Set(saving, &m)...)
	case !m.Status.IsUnknown():
		prior.Executed, prior.Status, prior.Changes, prior.RecoverySeconds = m.Executed, m.Status, m.Changes, m.RecoverySeconds
		resp.Diagnostics.Append(resp.State.Set(saving, &prior)...)
	}
}

// Read keeps what the last rollback did: it is history, not something live.
func (r *rollbackResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Delete changes nothing.
func (r *rollbackResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {
}

// roll does what m asks for and fills in what came of it. done says that nothing is left to do; diags may hold an error
// nevertheless (on_complete).
func (r *rollbackResource) roll(ctx context.Context, m *model, verify types.Object, diags *diag.Diagnostics) (done bool) {
	r.data.Applying.Store(true)
	if !m.When.ValueBool() {
		m.fromNothing()
		return true
	}
	checks, policy := verification(ctx, r.data, m.Region.ValueString(), verify, diags)
	w := work{data: r.data, targets: namesOf(ctx, m.Targets, diags), cleanup: cleanupOf(ctx, m.Cleanup, diags), limit: m.maxRecovery(), checks: checks, policy: policy, report: m.Report, accepted: m.OnComplete.ValueString() == onCompleteOK}
	if diags.HasError() {
		return false
	}
	end := w.do(ctx, m.SnapshotID.ValueString(), m.Region.ValueString(), m.Reason.ValueString(), diags)
	switch {
	case end.nothing:
		m.fromNothing()
	case end.ran:
		m.fromResult(end.result)
	}
	if end.done && end.undone && m.OnComplete.ValueString() != onCompleteOK {
		end.red(diags)
	}
	return end.done
}
