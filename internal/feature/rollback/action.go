package rollback

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var (
	_ action.ActionWithConfigure      = (*rollbackAction)(nil)
	_ action.ActionWithValidateConfig = (*rollbackAction)(nil)
)

type rollbackAction struct{ data *configured.Data }

// NewAction returns the action reliability_rollback.
func NewAction() action.Action { return &rollbackAction{} }

type actionModel struct {
	SnapshotID      types.String `tfsdk:"snapshot_id"`
	Reason          types.String `tfsdk:"reason"`
	Targets         types.Set    `tfsdk:"targets"`
	Verify          types.Object `tfsdk:"verify"`
	MaxRecoveryTime types.String `tfsdk:"max_recovery_time"`
	Cleanup         types.Object `tfsdk:"cleanup"`
	Region          types.String `tfsdk:"region"`
	Report          types.Object `tfsdk:"report"`
}

func (a *rollbackAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_rollback"
}

func (a *rollbackAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	a.data = configured.From(req.ProviderData, &resp.Diagnostics)
}

func (a *rollbackAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Rolls back by hand (`terraform apply -invoke=action.reliability_rollback.NAME`), with a line of progress for each target. It does what the resource `reliability_rollback` does, saves nothing in the " +
			"state, and ends well when everything is back and `verify` passes, or when there was nothing to put back. Needs Terraform 1.14.1 or newer; with an older one, use the resource and `terraform apply -replace`.",
		Attributes: map[string]schema.Attribute{
			"snapshot_id": schema.StringAttribute{Required: true, MarkdownDescription: snapshotDescription, Validators: []validator.String{snapshotValidator{}}},
			"reason":      schema.StringAttribute{Optional: true, MarkdownDescription: "Why, for the ledger, the journal and the notices."},
			"targets": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, MarkdownDescription: targetsDescription, Validators: []validator.Set{setvalidator.SizeAtLeast(1), tfdiag.NoNulls{}},
			},
			"verify": schema.SingleNestedAttribute{
				Optional: true, Attributes: checkset.ActionAttributes(), MarkdownDescription: "Checks that have to hold once everything is back, as in `reliability_health_gate`. When they do not, the invocation fails.",
			},
			"max_recovery_time": schema.StringAttribute{
				Optional: true, Validators: []validator.String{durationValidator{}}, MarkdownDescription: "How long the rollback may take before it is given up, without `verify`. Default `5m`. What was put back by then stays.",
			},
			"cleanup": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: cleanupDescription,
				Attributes: flags(func(text string) schema.Attribute {
					return schema.BoolAttribute{Optional: true, MarkdownDescription: text}
				}),
			},
			"report": reports.Action(),
			"region": schema.StringAttribute{Optional: true, MarkdownDescription: "AWS Region of the snapshot. Default: that of the provider block. A snapshot of another Region or account is refused."},
		},
	}
}

// ValidateConfig reports what is wrong with the checks whatever AWS says.
func (a *rollbackAction) ValidateConfig(ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse) {
	var m actionModel
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

// Invoke rolls back and tells of each target as it comes along.
func (a *rollbackAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var m actionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	checks, policy := verification(ctx, a.data, m.Region.ValueString(), m.Verify, &resp.Diagnostics)
	say := func(text string) { resp.SendProgress(action.InvokeProgressEvent{Message: text}) }
	lines := newProgress(say)
	w := work{
		data: a.data, targets: namesOf(ctx, m.Targets, &resp.Diagnostics), cleanup: cleanupOf(ctx, m.Cleanup, &resp.Diagnostics), checks: checks, policy: policy,
		observe: func(moment restore.Moment) { lines.add(describeMoment(moment)) }, verifying: func() { lines.add("verifying: running the checks") },
		report: m.Report, accepted: true,
		gate: gate.Options{Ended: func(c gate.CheckResult) { lines.add(fmt.Sprintf("%s (%s): %s", c.Name, c.Kind, c.Status)) }},
	}
	limit, err := time.ParseDuration(m.MaxRecoveryTime.ValueString())
	if err == nil { // else null: a validator has seen the rest
		w.limit = limit
	}
	if resp.Diagnostics.HasError() {
		lines.close()
		return
	}
	e := w.do(ctx, m.SnapshotID.ValueString(), m.Region.ValueString(), m.Reason.ValueString(), &resp.Diagnostics)
	switch {
	case e.nothing:
		lines.add("nothing to roll back: no deployment is open or failed")
	case e.ran:
		lines.add(fmt.Sprintf("%s: snapshot %s, %d change(s), %.1f s", e.result.Status, e.request.SnapshotID, things(e.result.Changes), e.result.Recovery.Seconds()))
	}
	lines.close()
}

func describeMoment(m restore.Moment) string {
	switch m.Stage {
	case restore.Begun:
		return fmt.Sprintf("%s: putting back, %d change(s)", m.Target, m.Changes)
	case restore.Done:
		return m.Target + ": changed, to be read back once every target is"
	case restore.Checked:
		return m.Target + ": back, and read back"
	case restore.Cleaned:
		return fmt.Sprintf("%s: cleaned up, %d thing(s)", m.Target, m.Changes)
	default:
		return m.Target + ": not done: " + tfdiag.Words(m.Err)
	}
}

// progress hands lines to Terraform in order, without making the rollback wait for it.
type progress struct {
	lines chan string
	done  chan struct{}
}

// waitingLines are held back while Terraform is slow to take them; what exceeds them is left out.
const waitingLines = 4096

func newProgress(say func(string)) *progress {
	p := &progress{lines: make(chan string, waitingLines), done: make(chan struct{})}
	go func() { // owner: close waits for it
		defer close(p.done)
		for line := range p.lines {
			say(line)
		}
	}()
	return p
}

func (p *progress) add(line string) {
	select {
	case p.lines <- line:
	default:
	}
}

// close returns when every line was handed over; nothing may be added after it.
func (p *progress) close() {
	close(p.lines)
	<-p.done
}
