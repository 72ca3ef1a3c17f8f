package checkset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

type targetGroupModel struct {
	ARN        types.String `tfsdk:"arn"`
	MinHealthy types.Int64  `tfsdk:"min_healthy"`
}

func targetGroupKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Counts the healthy targets of a load balancer's target group; passes when there are enough. The load balancer's own health checks decide: see that one or more listeners use the group. " +
			"Needs `elasticloadbalancing:DescribeTargetHealth`.",
		Attributes: map[string]schema.Attribute{
			"arn":         schema.StringAttribute{Required: true, Validators: []validator.String{targetGroupARN}, MarkdownDescription: "ARN of the target group."},
			"min_healthy": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)}, MarkdownDescription: "Least number of healthy targets. Default `1`."},
		},
	}
	return kind{
		name: "target_group", attribute: attribute,
		build: func(ctx context.Context, object types.Object, _ path.Path, deps Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[targetGroupModel](ctx, object, attribute, diags)
			return &probe.TargetGroup{
				Client: func(ctx context.Context) (probe.TargetGroupAPI, error) { return deps.Data.AWS.ELBV2(ctx, deps.Region) },
				ARN:    model.ARN.ValueString(), MinHealthy: toInt(model.MinHealthy, 1),
			}
		},
	}
}
