package drift

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var (
	_ action.ActionWithConfigure      = (*publishAction)(nil)
	_ action.ActionWithValidateConfig = (*publishAction)(nil)
)

type publishAction struct{ data *configured.Data }

type publishModel struct {
	ReportJSON types.String `tfsdk:"report_json"`
}

// NewAction returns the action reliability_drift_publish.
func NewAction() action.Action { return &publishAction{} }

// Metadata names the type.
func (a *publishAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_drift_publish"
}

// Schema describes the attribute.
func (a *publishAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Tells people and CloudWatch what `reliability_drift` found, when it is invoked by hand or on a schedule (`terraform apply -invoke=action.reliability_drift_publish.NAME`) or by a trigger of a resource: " +
			"the metrics TotalDrift, CriticalDrift, MajorDrift, MinorDrift and, where it is known, DriftCostImpact to where `metrics` of the provider block says, and what is critical to where `notify` says. It is what " +
			"`publish = true` does, without a plan that tells anybody. It changes nothing and saves nothing. What cannot be sent fails the invocation. Needs Terraform 1.14.1 or newer.",
		Attributes: map[string]schema.Attribute{
			"report_json": schema.StringAttribute{Required: true, MarkdownDescription: "What was found: `report_json` of the data source `reliability_drift`, or the content of its `report.json`. The data source must not " +
				"stop the run: without `fail_on`, or with an override."},
		},
	}
}

// Configure takes what the provider block says.
func (a *publishAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	a.data = configured.From(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig refuses what is no report.
func (a *publishAction) ValidateConfig(ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse) {
	var config publishModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() && !config.ReportJSON.IsUnknown() && !config.ReportJSON.IsNull() {
		config.parse(&resp.Diagnostics)
	}
}

// Invoke sends.
func (a *publishAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config publishModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || a.data == nil {
		return
	}
	result := config.parse(&resp.Diagnostics)
	if result == nil {
		return
	}
	if sinks, ok := a.data.Sink.(notify.Sinks); ok && len(sinks) == 0 {
		tfdiag.Error(&resp.Diagnostics, tfdiag.Message{
			Summary: "There is nobody to tell", Happened: "the provider block names neither metrics nor notify, so that nothing was sent.", Next: "set metrics, notify or both in the provider block.",
		})
		return
	}
	if result.Started.IsZero() {
		result.Started = a.data.Clock.Now()
	}
	event := eventOf(result)
	ctx, cancel := a.data.Clock.WithTimeout(ctx, publishing)
	defer cancel()
	if err := a.data.Sink.Send(ctx, event); err != nil {
		tfdiag.Error(&resp.Diagnostics, tfdiag.Message{
			Summary: "Not everybody was told", Happened: "a metric or a notice of the drift could not be sent", Err: err, Live: "what was sent before stays sent; nothing else was changed.",
			Next: "check metrics and notify of the provider block, then invoke it again.",
		})
		return
	}
	resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf("%s; sent %d metrics", event.Subject, len(event.Metrics))})
}

func (m publishModel) parse(diags *diag.Diagnostics) *engine.Result {
	result, err := engine.ParseReport(m.ReportJSON.ValueString())
	if err != nil {
		errorAt(diags, path.Root("report_json"), tfdiag.Message{
			Summary: "Not a drift report", Happened: "nothing was sent", Err: err, Next: "hand over report_json of the data source reliability_drift.",
		})
	}
	return result
}
