package checkset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

type tlsModel struct {
	Address          types.String `tfsdk:"address"`
	ServerName       types.String `tfsdk:"server_name"`
	MinDaysRemaining types.Int64  `tfsdk:"min_days_remaining"`
	CAPEM            types.String `tfsdk:"ca_pem"`
}

const defaultMinDays = 14

func tlsKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Makes a TLS connection; passes when the server's certificate verifies, is for the name, and neither it nor a certificate above it expires soon. " +
			"Its days are in the report as `days_remaining`.",
		Attributes: map[string]schema.Attribute{
			"address":     schema.StringAttribute{Required: true, Validators: []validator.String{address}, MarkdownDescription: "`host:port`."},
			"server_name": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 253)}, MarkdownDescription: "Name that the server is asked for and the certificate must be for. Default: the host of `address`."},
			"min_days_remaining": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(0, 3650)}, MarkdownDescription: "Days for which the certificates must hold yet. `0` asks only that they hold now. Default `14`.",
			},
			"ca_pem": schema.StringAttribute{Optional: true, MarkdownDescription: "Certificates, in PEM, to trust instead of the machine's."},
		},
	}
	return kind{
		name: "tls", attribute: attribute,
		validate: func(ctx context.Context, object types.Object, at path.Path, diags *diag.Diagnostics) {
			trusted(decode[tlsModel](ctx, object, attribute, diags).CAPEM, at.AtName("ca_pem"), diags)
		},
		build: func(ctx context.Context, object types.Object, at path.Path, _ Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[tlsModel](ctx, object, attribute, diags)
			return &probe.TLS{
				Address: model.Address.ValueString(), ServerName: model.ServerName.ValueString(), MinDays: toInt(model.MinDaysRemaining, defaultMinDays),
				Roots: trusted(model.CAPEM, at.AtName("ca_pem"), diags),
			}
		},
	}
}
