package deployment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/targetset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// ValidateConfig reports what is wrong whatever AWS says.
func (r *snapshotResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	targetset.Validate(m.Targets, &resp.Diagnostics)
}

// ModifyPlan refuses a release in quarantine, and finds at plan what would make the capture fail.
func (r *snapshotResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || r.data == nil {
		return
	}
	var m model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	unchanged := !req.State.Raw.IsNull() && req.Plan.Raw.Equal(req.State.Raw)
	opened := targetset.OpenStore(ctx, r.data, &resp.Diagnostics)
	if opened == nil {
		return
	}
	if !m.Name.IsUnknown() {
		history, err := ledger.New(opened, r.data.Clock).History(ctx, m.Name.ValueString())
		if err != nil {
			targetset.WordStore(&resp.Diagnostics, "The plan needs the ledger", err)
			return
		}
		refuseQuarantined(&m, history, &resp.Diagnostics)
		warnOverdue(history, r.data.Clock.Now(), unchanged, &resp.Diagnostics)
	}
	if unchanged || resp.Diagnostics.HasError() {
		return
	}
	if checker, ok := opened.(store.WriteChecker); ok {
		if err := checker.CheckWritable(ctx); err != nil {
			targetset.WordStore(&resp.Diagnostics, "A snapshot could not be kept", err)
			return
		}
	}
	r.checkTargets(ctx, &m, &resp.Diagnostics)
}

// checkTime is how long a plan spends on looking at the targets; what it has not found out by then shows at apply.
const checkTime = 30 * time.Second

// checkTargets reports targets that exist and could not be put back. One that does not exist is no error yet: this very
// apply may create it.
func (r *snapshotResource) checkTargets(ctx context.Context, m *model, diags *diag.Diagnostics) {
	if m.Region.IsUnknown() {
		return
	}
	ctx, cancel := r.data.Clock.WithTimeout(ctx, checkTime)
	defer cancel()
	region, err := r.data.AWS.Region(ctx, m.Region.ValueString())
	if err != nil {
		return // the apply says it; a plan of targets that do not exist yet needs no AWS
	}
	specs, _ := targetset.Specs(ctx, m.Targets, region, diags)
	for name, target := range r.bind(ctx, specs, diags) {
		checker, ok := target.Service.(service.Checker)
		if !ok {
			continue
		}
		if err := checker.Check(ctx); errors.Is(err, service.ErrUnrestorable) {
			targetset.WordCapture(diags, name, target.Spec, err)
		}
	}
}

// refuseQuarantined reports a release that was rolled back.
func refuseQuarantined(m *model, history ledger.History, diags *diag.Diagnostics) {
	if m.Release.IsUnknown() || m.AllowRedeploy.ValueBool() {
		return
	}
	q, yes := history.Quarantined(m.Release.ValueString())
	if !yes {
		return
	}
	tfdiag.ErrorAt(diags, path.Root("release"), tfdiag.Message{
		Summary: "The release was rolled back",
		Happened: fmt.Sprintf("The release %q of %s was rolled back at %s (deployment %s): %s", q.Release, history.Name, q.At.UTC().Format(time.RFC3339), q.Deployment,
			orElse(q.Reason, "no reason was given")),
		Live: "what was there before it.",
		Next: "deploy another release; or set allow_redeploy = true to deploy this one again. A destroy plans first and meets this too: terraform destroy -refresh=false goes past it.",
	})
}

// warnOverdue reports a deployment that nobody has judged in its time.
func warnOverdue(history ledger.History, now time.Time, unchanged bool, diags *diag.Diagnostics) {
	latest, ok := history.Latest()
	if !ok || !latest.Overdue(now) {
		return
	}
	deadline, _ := latest.Deadline()
	m := tfdiag.Message{
		Summary: "A deployment is overdue",
		Happened: fmt.Sprintf("The deployment %s (release %q) was opened at %s and should have been judged by %s. Nobody has.", latest.ID, latest.Release,
			latest.StartedAt.UTC().Format(time.RFC3339), deadline.UTC().Format(time.RFC3339)),
		Live: "whatever its apply left behind.",
		Next: fmt.Sprintf("roll it back (reliability_rollback with snapshot_id = \"%s/open\"), or let a health gate with its deployment_id judge it.", history.Name),
	}
	if !unchanged {
		m.Next += " Applied as it is, this plan opens the next deployment, and that one is abandoned: what it left behind is then taken for good."
	}
	tfdiag.Warning(diags, m)
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
