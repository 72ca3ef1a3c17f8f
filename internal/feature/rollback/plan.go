package rollback

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// ValidateConfig reports what is wrong whatever AWS says.
func (r *rollbackResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.Verify.IsNull() || m.Verify.IsUnknown() {
		return
	}
	var g checkset.Gate
	resp.Diagnostics.Append(m.Verify.As(ctx, &g, basetypes.ObjectAsOptions{})...)
	if !resp.Diagnostics.HasError() {
		g.Validate(ctx, path.Root("verify"), &resp.Diagnostics)
	}
}

// previewTime is how long a plan looks at what a rollback would do.
const previewTime = time.Minute

// ModifyPlan says what a rollback that is certain to run would do, and refuses one that cannot.
func (r *rollbackResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || r.data == nil || !req.State.Raw.IsNull() && req.Plan.Raw.Equal(req.State.Raw) {
		return
	}
	var m model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.When.IsUnknown() {
		return
	}
	if !m.When.ValueBool() {
		m.fromNothing()
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
		return
	}
	if m.SnapshotID.IsUnknown() || m.Targets.IsUnknown() || m.Region.IsUnknown() || m.Cleanup.IsUnknown() {
		return
	}
	r.preview(ctx, &m, &resp.Diagnostics)
}

func (r *rollbackResource) preview(ctx context.Context, m *model, diags *diag.Diagnostics) {
	ctx, cancel := r.data.Clock.WithTimeout(ctx, previewTime)
	defer cancel()
	request, ok := newRequest(ctx, r.data, m.SnapshotID.ValueString(), m.Region.ValueString(), m.Reason.ValueString(), diags)
	if !ok || request.nothing != "" {
		return
	}
	request.Targets, request.Cleanup = namesOf(ctx, m.Targets, diags), cleanupOf(ctx, m.Cleanup, diags)
	plan, err := restore.Preview(ctx, request.Request)
	if err != nil {
		wordPreview(diags, request.SnapshotID, err)
		return
	}
	changes := plan.Changes()
	if len(changes) > 0 {
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "This apply rolls back",
			Happened: fmt.Sprintf("As things are now, %d change(s) put everything back to snapshot %s, in about %s:\n%s", things(changes), request.SnapshotID, about(plan.Estimate),
				describe(restore.Result{Changes: changes})),
			Next: "nothing, if that is what you want; else set when = false.",
		})
	}
	r.refuseSlow(m, request, plan, diags)
	for name, err := range plan.Unrestorable() {
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "A target cannot be put back wholly", Happened: fmt.Sprintf("The target %q", name), Err: err, Next: "the rollback puts back what it can, and ends in an error.",
		})
	}
}

// refuseSlow reports a rollback that cannot end in its time. In the middle of an apply it is a warning: a refusal there would
// leave a bad release as it is, while a rollback that is given up half-way has put something back.
func (r *rollbackResource) refuseSlow(m *model, request asked, plan restore.Plan, diags *diag.Diagnostics) {
	limit := m.maxRecovery()
	if limit <= 0 || plan.Recovery <= limit {
		return
	}
	var parts []string
	for _, part := range plan.Parts() {
		line := fmt.Sprintf("  - %s (%s, %d change(s)): %s", part.Target, part.Kind, part.Changes, about(part.Takes))
		if len(part.After) > 0 {
			line += ", after " + strings.Join(part.After, " and ")
		}
		parts = append(parts, line)
	}
	message := tfdiag.Message{
		Summary: "The rollback cannot end in its time",
		Happened: fmt.Sprintf("To put everything back to snapshot %s takes about %s, and max_recovery_time is %s. Targets go side by side, except where one waits for another:\n%s",
			request.SnapshotID, about(plan.Recovery), limit, strings.Join(parts, "\n")),
		Live: "what the release left behind; nothing was changed.",
		Next: fmt.Sprintf("set max_recovery_time to %s or more, or name in targets only those that have to be back sooner and roll the others back afterwards.", about(plan.Recovery)),
	}
	if r.data.Applying.Load() {
		message.Live = "what the release left behind. The rollback is begun all the same, and given up when its time is over."
		tfdiag.WarningAt(diags, path.Root("max_recovery_time"), message)
		return
	}
	tfdiag.ErrorAt(diags, path.Root("max_recovery_time"), message)
}

// about rounds an estimate up to what a person would say.
func about(d time.Duration) time.Duration {
	return max(time.Second, (d + time.Second - 1).Truncate(time.Second))
}

// wordPreview reports why there is no preview.
func wordPreview(diags *diag.Diagnostics, id string, err error) {
	if !isSnapshotError(err) {
		tfdiag.Error(diags, tfdiag.Message{Summary: "The rollback cannot be previewed", Happened: id, Err: err, Live: "nothing was changed."})
		return
	}
	wordRefusal(diags, id, err)
}

// isSnapshotError tells that an error is about the snapshot or what was asked of it, not about the store.
func isSnapshotError(err error) bool {
	var corrupt *snapshot.CorruptError
	var elsewhere *restore.ElsewhereError
	var unknown *restore.UnknownTargetError
	return errors.As(err, &corrupt) || errors.As(err, &elsewhere) || errors.As(err, &unknown) || errors.Is(err, store.ErrNotFound) || errors.Is(err, snapshot.ErrName)
}
