package healthgate

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// ValidateConfig reports what single attributes cannot see.
func (r *healthGate) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config resourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		config.Validate(ctx, path.Empty(), &resp.Diagnostics)
	}
}

// ModifyPlan proposes a run when the configuration changes, for as long as the gate is unhealthy, and at every apply
// where that is asked. What the run must find for the apply to go through is planned as known, so that nothing that
// depends on it changes for no reason; id never changes.
func (r *healthGate) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() { // destroy
		return
	}
	var plan resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !req.State.Raw.IsNull() {
		var state resourceModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if resp.Diagnostics.HasError() {
			return
		}
		if req.Plan.Raw.Equal(req.State.Raw) && state.Healthy.ValueBool() && plan.Run.ValueString() != runEveryApply {
			return
		}
		plan.ID = state.ID
	}
	if r.data != nil && !plan.DeploymentID.IsNull() && !plan.DeploymentID.IsUnknown() {
		r.knows(ctx, plan.DeploymentID.ValueString(), &resp.Diagnostics)
	}
	plan.outputs = plan.expected()
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}
