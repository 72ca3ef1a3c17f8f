package healthgate

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
)

// inputs are what resource and data source both take.
type inputs struct {
	checkset.Gate
	OnFailure types.String `tfsdk:"on_failure"`
	Region    types.String `tfsdk:"region"`
	Report    types.Object `tfsdk:"report"`
}

// outputs are what a run found.
type outputs struct {
	Healthy      types.Bool   `tfsdk:"healthy"`
	Verdict      types.String `tfsdk:"verdict"`
	FailedChecks types.Set    `tfsdk:"failed_checks"`
	Results      types.Map    `tfsdk:"results"`
	ReportJSON   types.String `tfsdk:"report_json"`
	StartedAt    types.String `tfsdk:"started_at"`
	DurationMS   types.Int64  `tfsdk:"duration_ms"`
}

type resourceModel struct {
	inputs
	outputs
	ID           types.String `tfsdk:"id"`
	Triggers     types.Map    `tfsdk:"triggers"`
	Run          types.String `tfsdk:"run"`
	DeploymentID types.String `tfsdk:"deployment_id"`
}

type dataSourceModel struct {
	inputs
	outputs
}

// records tells whether a failure is written down rather than an error.
func (in *inputs) records() bool { return in.OnFailure.ValueString() == onFailureRecord }

// expected are the outputs before a run: unknown, but for what must be so when the apply goes through.
func (in *inputs) expected() outputs {
	out := outputs{
		Healthy: types.BoolUnknown(), Verdict: types.StringUnknown(), FailedChecks: types.SetUnknown(types.StringType),
		Results: types.MapUnknown(types.ObjectType{AttrTypes: resultTypes}), ReportJSON: types.StringUnknown(),
		StartedAt: types.StringUnknown(), DurationMS: types.Int64Unknown(),
	}
	if !in.OnFailure.IsUnknown() && !in.records() {
		out.Healthy, out.Verdict = types.BoolValue(true), types.StringValue(string(gate.Passed))
	}
	return out
}

// fromResult converts what a run found.
func fromResult(ctx context.Context, result gate.Result, document report.Health, diags *diag.Diagnostics) outputs {
	results := make(map[string]attr.Value, len(result.Checks))
	for name, check := range result.Checks {
		object, more := types.ObjectValue(resultTypes, map[string]attr.Value{
			"status": types.StringValue(string(check.Status)), "reason": types.StringValue(check.Reason), "attempts": types.Int64Value(int64(len(check.Attempts))),
			"latency_ms": types.Int64Value(check.Latency.Milliseconds()), "advisory": types.BoolValue(check.Advisory),
		})
		diags.Append(more...)
		results[name] = object
	}
	table, more := types.MapValue(types.ObjectType{AttrTypes: resultTypes}, results)
	diags.Append(more...)
	failed, more := types.SetValueFrom(ctx, types.StringType, append([]string{}, result.Blocking()...))
	diags.Append(more...)
	text, err := document.JSON()
	if err != nil {
		diags.AddError("Unexpected report", "The result cannot be written as JSON: "+err.Error()+". This is a bug in the provider; please report it.")
	}
	return outputs{
		Healthy: types.BoolValue(result.Verdict == gate.Passed), Verdict: types.StringValue(string(result.Verdict)), FailedChecks: failed, Results: table,
		ReportJSON: types.StringValue(string(text)), StartedAt: types.StringValue(result.StartedAt.UTC().Format(time.RFC3339)),
		DurationMS: types.Int64Value(result.Duration.Milliseconds()),
	}
}
