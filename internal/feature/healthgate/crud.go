package healthgate

import (
	"context"
	"crypto/rand"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

const liveAfterGate = "what was deployed before this gate; the gate itself changes nothing, and what depends on it was not touched."

// Create saves nothing when the checks do not pass: the next apply then simply creates again, where a saved state would be
// tainted and replaced.
func (r *healthGate) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan, config resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	result, out, ok := r.judge(ctx, &config, false, &resp.Diagnostics)
	if !ok {
		return
	}
	if result.Verdict != gate.Passed {
		if !plan.records() || context.Cause(ctx) != nil {
			tfdiag.Error(&resp.Diagnostics, message(ctx, result, liveAfterGate))
			return
		}
		tfdiag.Warning(&resp.Diagnostics, message(ctx, result, liveAfterGate))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	plan.outputs, plan.ID = out, types.StringValue("gate-"+rand.Text())
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Read never probes: what the last run found stands until an apply runs the checks again.
func (r *healthGate) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Update saves the inputs of before when the checks do not pass, with healthy = false and the new evidence: the changed
// inputs were not proven, so the next plan shows them again and proposes another run, and one that takes them back is
// not taken for "no changes".
func (r *healthGate) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, config, prior resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	if resp.Diagnostics.HasError() {
		return
	}
	result, out, ok := r.judge(ctx, &config, !prior.Healthy.ValueBool(), &resp.Diagnostics)
	if !ok {
		return
	}
	if result.Verdict != gate.Passed {
		if !plan.records() || context.Cause(ctx) != nil {
			tfdiag.Error(&resp.Diagnostics, message(ctx, result, liveAfterGate))
		} else {
			tfdiag.Warning(&resp.Diagnostics, message(ctx, result, liveAfterGate))
		}
	}
	saved := plan
	if resp.Diagnostics.HasError() {
		saved = prior
		out.Healthy = types.BoolValue(false)
	}
	saved.outputs, saved.ID = out, prior.ID
	resp.Diagnostics.Append(resp.State.Set(ctx, &saved)...)
}

// Delete forgets the gate; there is nothing to undo.
func (r *healthGate) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
