package checkset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

type iamModel struct {
	PrincipalARN types.String `tfsdk:"principal_arn"`
	Actions      types.Set    `tfsdk:"actions"`
	Resources    types.Set    `tfsdk:"resources"`
}

func iamKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Asks IAM what a principal may do; passes when its policies allow all actions on all resources, so that a permission that is missing stops a deployment before it starts. " +
			"Needs `iam:SimulatePrincipalPolicy`. Policies of the resources themselves (of a bucket, of a key) are not part of the simulation, and neither are conditions whose values only a real call has.",
		Attributes: map[string]schema.Attribute{
			"principal_arn": schema.StringAttribute{Required: true, Validators: []validator.String{principalARN}, MarkdownDescription: "ARN of the role, user or group."},
			"actions": schema.SetAttribute{
				Required: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(iamAction)},
				MarkdownDescription: "Actions, such as `\"lambda:UpdateAlias\"`. Wildcards are not simulated.",
			},
			"resources": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(stringvalidator.LengthBetween(1, 2048))},
				MarkdownDescription: "ARNs of what they act on. Default `[\"*\"]`, which a policy for certain resources does not allow.",
			},
		},
	}
	return kind{
		name: "iam", attribute: attribute,
		build: func(ctx context.Context, object types.Object, _ path.Path, deps Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[iamModel](ctx, object, attribute, diags)
			return &probe.IAM{
				Client:    func(ctx context.Context) (probe.IAMAPI, error) { return deps.Data.AWS.IAM(ctx, deps.Region) },
				Principal: model.PrincipalARN.ValueString(), Actions: configured.Strings(ctx, model.Actions, diags), Resources: configured.Strings(ctx, model.Resources, diags),
			}
		},
	}
}
