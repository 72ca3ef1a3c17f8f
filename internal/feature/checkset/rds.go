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
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

type rdsModel struct {
	DBInstanceIdentifier types.String `tfsdk:"db_instance_identifier"`
	DBClusterIdentifier  types.String `tfsdk:"db_cluster_identifier"`
}

func rdsKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true, Validators: []validator.Object{tfdiag.ExactlyOne("db_instance_identifier", "db_cluster_identifier")},
		MarkdownDescription: "Looks at an RDS or Aurora database; passes when its status is `available`. Needs `rds:DescribeDBInstances`, or `rds:DescribeDBClusters` for a cluster. " +
			"Whether anybody can connect is for `database` to say.",
		Attributes: map[string]schema.Attribute{
			"db_instance_identifier": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}, MarkdownDescription: "Identifier of a DB instance.",
			},
			"db_cluster_identifier": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}, MarkdownDescription: "Identifier of a DB cluster.",
			},
		},
	}
	return kind{
		name: "rds", attribute: attribute,
		build: func(ctx context.Context, object types.Object, _ path.Path, deps Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[rdsModel](ctx, object, attribute, diags)
			return &probe.RDS{
				Client:   func(ctx context.Context) (probe.RDSAPI, error) { return deps.Data.AWS.RDS(ctx, deps.Region) },
				Instance: model.DBInstanceIdentifier.ValueString(), Cluster: model.DBClusterIdentifier.ValueString(),
			}
		},
	}
}
