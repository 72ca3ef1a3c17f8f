package checkset

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

type expectModel struct {
	Status       types.List   `tfsdk:"status"`
	BodyContains types.String `tfsdk:"body_contains"`
	BodyMatches  types.String `tfsdk:"body_matches"`
	Header       types.Map    `tfsdk:"header"`
	JSON         types.Map    `tfsdk:"json"`
	Success      types.String `tfsdk:"success"`
	Failure      types.String `tfsdk:"failure"`
	MaxLatency   types.String `tfsdk:"max_latency"`
}

// expectAttribute is `expect` of the kinds that get an HTTP-like answer.
func expectAttribute(dialect probe.Dialect) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: "What the answer must hold, all of it, judged afresh at each attempt. No reason, report or log shows the answer itself.",
		Attributes: map[string]schema.Attribute{
			"status": schema.ListAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.ValueStringsAre(statusRange)},
				MarkdownDescription: "Statuses and ranges of them, such as `[\"200-299\", \"304\"]`. Default `[\"200-299\"]`.",
			},
			"body_contains": schema.StringAttribute{Optional: true, MarkdownDescription: "Text in the body, of which the first MiB is read."},
			"body_matches": schema.StringAttribute{
				Optional: true, Validators: []validator.String{regularExpression}, MarkdownDescription: "Regular expression (RE2) that matches somewhere in the body.",
			},
			"header": schema.MapAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.Map{headerName}, MarkdownDescription: "Headers with their whole values; names in any case.",
			},
			"json": schema.MapAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.Map{expression(dialect)},
				MarkdownDescription: "Expressions with their results as text, such as `{ \"json.status\" = \"ok\" }`; numbers as they are written, `\"true\"`, `\"false\"`, `\"null\"`.",
			},
			"success": schema.StringAttribute{
				Optional: true, Validators: []validator.String{condition(dialect)}, MarkdownDescription: "Expression that must be true, such as `\"json.queue < 100\"`.",
			},
			"failure": schema.StringAttribute{
				Optional: true, Validators: []validator.String{condition(dialect)}, MarkdownDescription: "Expression that, when true, fails the check at once without further attempts.",
			},
			"max_latency": schema.StringAttribute{
				Optional: true, Validators: []validator.String{positiveDuration}, MarkdownDescription: "Longest time from the start of the attempt to the end of the body, such as `\"500ms\"`.",
			},
		},
	}
}

// toExpect converts `expect`; null expects a status of 200-299.
func toExpect(ctx context.Context, object types.Object, dialect probe.Dialect, at path.Path, diags *diag.Diagnostics) probe.Expect {
	var expect probe.Expect
	if object.IsNull() {
		return expect
	}
	var model expectModel
	diags.Append(object.As(ctx, &model, basetypes.ObjectAsOptions{})...)
	if diags.HasError() {
		return expect
	}
	for _, element := range configured.Strings(ctx, model.Status, diags) {
		parsed, err := probe.ParseStatusRange(element)
		invalid(diags, at.AtName("status"), err)
		expect.Status = append(expect.Status, parsed)
	}
	expect.BodyContains = model.BodyContains.ValueString()
	if pattern := model.BodyMatches.ValueString(); pattern != "" {
		compiled, err := regexp.Compile(pattern)
		invalid(diags, at.AtName("body_matches"), err)
		expect.BodyMatches = compiled
	}
	expect.Header = configured.StringMap(ctx, model.Header, diags)
	results := configured.StringMap(ctx, model.JSON, diags)
	for _, key := range slices.Sorted(maps.Keys(results)) {
		compiled, err := probe.CompileExpression(key, dialect)
		invalid(diags, at.AtName("json").AtMapKey(key), err)
		expect.JSON = append(expect.JSON, probe.JSONExpectation{Expression: compiled, Want: results[key]})
	}
	expect.Success = toCondition(model.Success, dialect, at.AtName("success"), diags)
	expect.Failure = toCondition(model.Failure, dialect, at.AtName("failure"), diags)
	expect.MaxLatency = toDuration(model.MaxLatency, 0, at.AtName("max_latency"), diags)
	return expect
}

func toCondition(text types.String, dialect probe.Dialect, at path.Path, diags *diag.Diagnostics) *probe.Expression {
	if text.IsNull() {
		return nil
	}
	compiled, err := probe.CompileCondition(text.ValueString(), dialect)
	invalid(diags, at, err)
	return compiled
}

// invalid reports a value that only now is known and wrong.
func invalid(diags *diag.Diagnostics, at path.Path, err error) {
	if err != nil {
		wrong(diags, at, tfdiag.Message{Summary: "Invalid check", Err: err, Next: "correct the value that this attribute gets, then apply again."})
	}
}
