package drift

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

var _ function.Function = (*reportFunction)(nil)

// NewReportFunction returns provider::reliability::drift_report.
func NewReportFunction() function.Function { return &reportFunction{} }

type reportFunction struct{}

// Metadata names the function.
func (*reportFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "drift_report"
}

// Definition describes it.
func (*reportFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "The drift that a plan tells",
		MarkdownDescription: "Returns the drift that `terraform show -json` tells of a saved plan (best one of `terraform plan -refresh-only`), in the form of `items` of the data source `reliability_drift`, with " +
			"the same categories, reasons and commands. It asks no AWS, and knows the drift of every provider: what the data source does not read is compared attribute by attribute. " +
			"Sensitive values read `(sensitive value)`.",
		Parameters: []function.Parameter{function.StringParameter{
			Name: "plan_json", MarkdownDescription: "What `terraform show -json PLANFILE` prints.",
		}},
		Return: function.ListReturn{ElementType: types.ObjectType{AttrTypes: itemType()}},
	}
}

// Run compares.
func (*reportFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = function.ConcatFuncErrors(resp.Error, req.Arguments.Get(ctx, &text)); resp.Error != nil {
		return
	}
	found, err := engine.FromPlan(ctx, text, engine.Specs(live.Readers(nil)))
	if err != nil {
		var problem *engine.PlanError
		if errors.As(err, &problem) {
			resp.Error = function.NewArgumentFuncError(0, "Not a plan: "+problem.Error()+".\n\nWhat to do: hand over what `terraform show -json PLANFILE` prints of a saved plan") // Terraform ends the sentence
			return
		}
		resp.Error = function.NewFuncError("The plan could not be compared: " + err.Error())
		return
	}
	items := make([]itemModel, 0, len(found))
	for _, item := range found {
		items = append(items, itemFrom(item))
	}
	resp.Error = function.ConcatFuncErrors(resp.Error, resp.Result.Set(ctx, items))
}

// itemType is the type of one of items, as the data source has it.
func itemType() map[string]attr.Type {
	text := types.StringType
	change := types.ObjectType{AttrTypes: map[string]attr.Type{"path": text, "expected": text, "actual": text, "category": text, "reason": text}}
	lines := types.ListType{ElemType: text}
	return map[string]attr.Type{
		"address": text, "type": text, "id": text, "region": text, "account_id": text, "kind": text, "category": text, "reason": text,
		"changes": types.ListType{ElemType: change}, "monthly_cost_delta": types.Float64Type, "cost_basis": text,
		"price_date": text, "recorded_at": text, "changed_by": text, "changed_at": text, "changed_event": text, "changed_from": text, "attribution": text, "remediation": lines, "reconciliation": lines, "configuration": text,
	}
}
