package checkset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

type lambdaModel struct {
	FunctionName types.String `tfsdk:"function_name"`
	Qualifier    types.String `tfsdk:"qualifier"`
	Payload      types.String `tfsdk:"payload"`
	Expect       types.Object `tfsdk:"expect"`
	MaxDuration  types.String `tfsdk:"max_duration"`
}

func lambdaKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Invokes a Lambda function and waits for its answer; passes when it did not fail and the answer holds. In `expect`, `body` is the payload as text, `payload` and `json` are it decoded, " +
			"and `status` is its `statusCode` where it has one, else that of the invocation. Needs `lambda:InvokeFunction`.",
		Attributes: map[string]schema.Attribute{
			"function_name": schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}, MarkdownDescription: "Name or ARN of the function."},
			"qualifier":     schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 128)}, MarkdownDescription: "Version or alias. Default `$LATEST`."},
			"payload":       schema.StringAttribute{Optional: true, Validators: []validator.String{jsonText}, MarkdownDescription: "JSON that the function gets."},
			"expect":        expectAttribute(probe.LambdaDialect),
			"max_duration":  schema.StringAttribute{Optional: true, Validators: []validator.String{positiveDuration}, MarkdownDescription: "Longest time from the call to the answer, such as `\"3s\"`."},
		},
	}
	return kind{
		name: "lambda", attribute: attribute,
		build: func(ctx context.Context, object types.Object, at path.Path, deps Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[lambdaModel](ctx, object, attribute, diags)
			return &probe.Lambda{
				Client:   func(ctx context.Context) (probe.LambdaAPI, error) { return deps.Data.AWS.Lambda(ctx, deps.Region) },
				Function: model.FunctionName.ValueString(), Qualifier: model.Qualifier.ValueString(), Payload: model.Payload.ValueString(),
				Expect:      toExpect(ctx, model.Expect, probe.LambdaDialect, at.AtName("expect"), diags),
				MaxDuration: toDuration(model.MaxDuration, 0, at.AtName("max_duration"), diags),
			}
		},
	}
}
