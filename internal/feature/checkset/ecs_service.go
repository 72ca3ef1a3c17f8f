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

type ecsServiceModel struct {
	Cluster types.String `tfsdk:"cluster"`
	Service types.String `tfsdk:"service"`
}

func ecsServiceKind() kind {
	given := []validator.String{stringvalidator.LengthAtLeast(1)}
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Looks at an ECS service; passes when its rollout is complete and as many tasks run as are desired. A rollout that failed, was stopped, or was rolled back by the deployment circuit breaker, an alarm or hand fails at once: " +
			"what runs then is not what was deployed. Needs `ecs:DescribeServices`, and `ecs:ListServiceDeployments` where a rollback is possible.",
		Attributes: map[string]schema.Attribute{
			"cluster": schema.StringAttribute{Required: true, Validators: given, MarkdownDescription: "Name or ARN of the cluster."},
			"service": schema.StringAttribute{Required: true, Validators: given, MarkdownDescription: "Name or ARN of the service."},
		},
	}
	return kind{
		name: "ecs_service", attribute: attribute,
		build: func(ctx context.Context, object types.Object, _ path.Path, deps Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[ecsServiceModel](ctx, object, attribute, diags)
			return &probe.ECSService{
				Client:  func(ctx context.Context) (probe.ECSAPI, error) { return deps.Data.AWS.ECS(ctx, deps.Region) },
				Cluster: model.Cluster.ValueString(), Service: model.Service.ValueString(),
			}
		},
	}
}
