package checkset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

type tcpModel struct {
	Address types.String `tfsdk:"address"`
	Send    types.String `tfsdk:"send"`
	Expect  types.String `tfsdk:"expect"`
}

func tcpKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: "Connects over TCP; passes when it does, and answers where that is asked.",
		Attributes: map[string]schema.Attribute{
			"address": schema.StringAttribute{Required: true, Validators: []validator.String{address}, MarkdownDescription: "`host:port`."},
			"send":    schema.StringAttribute{Optional: true, MarkdownDescription: "Text to send once connected, such as `\"PING\\r\\n\"`."},
			"expect":  schema.StringAttribute{Optional: true, MarkdownDescription: "Text that must appear in the answer."},
		},
	}
	return kind{
		name: "tcp", attribute: attribute,
		build: func(ctx context.Context, object types.Object, _ path.Path, _ Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[tcpModel](ctx, object, attribute, diags)
			return &probe.TCP{Address: model.Address.ValueString(), Send: model.Send.ValueString(), Expect: model.Expect.ValueString()}
		},
	}
}
