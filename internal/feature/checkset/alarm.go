package checkset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

type alarmModel struct {
	Names                 types.Set  `tfsdk:"names"`
	AllowInsufficientData types.Bool `tfsdk:"allow_insufficient_data"`
}

func alarmKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: "Reads CloudWatch alarms; passes when all are OK. Needs `cloudwatch:DescribeAlarms`.",
		Attributes: map[string]schema.Attribute{
			"names": schema.SetAttribute{Required: true, ElementType: types.StringType, Validators: atLeastOne, MarkdownDescription: "Names of metric or composite alarms. One that does not exist is an error."},
			"allow_insufficient_data": schema.BoolAttribute{
				Optional: true, MarkdownDescription: "Take an alarm without enough data for OK. Otherwise it is inconclusive, and blocks. Default `false`.",
			},
		},
	}
	return kind{
		name: "alarm", attribute: attribute,
		build: func(ctx context.Context, object types.Object, _ path.Path, deps Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[alarmModel](ctx, object, attribute, diags)
			return &probe.Alarm{
				Client: func(ctx context.Context) (probe.AlarmAPI, error) { return deps.Data.AWS.CloudWatch(ctx, deps.Region) },
				Names:  configured.Strings(ctx, model.Names, diags), AllowInsufficientData: model.AllowInsufficientData.ValueBool(),
			}
		},
	}
}
