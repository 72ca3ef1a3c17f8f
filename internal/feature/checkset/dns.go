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
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

type dnsModel struct {
	Name       types.String `tfsdk:"name"`
	Type       types.String `tfsdk:"type"`
	Resolver   types.String `tfsdk:"resolver"`
	Expect     types.Set    `tfsdk:"expect"`
	MinAnswers types.Int64  `tfsdk:"min_answers"`
}

func dnsKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: "Asks a resolver for a name; passes when the answer holds.",
		Attributes: map[string]schema.Attribute{
			"name":     schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 255)}, MarkdownDescription: "Full domain name."},
			"type":     schema.StringAttribute{Optional: true, Validators: []validator.String{dnsType}, MarkdownDescription: "Record type. Default `\"A\"`."},
			"resolver": schema.StringAttribute{Optional: true, Validators: []validator.String{resolver}, MarkdownDescription: "Address of the resolver, with port where it is not 53. Default: the machine's."},
			"expect": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, Validators: atLeastOne,
				MarkdownDescription: "The whole set of answers, such as `[\"192.0.2.1\"]` or `[\"10 mail.example.com\"]`. Default: any.",
			},
			"min_answers": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)}, MarkdownDescription: "Least number of answers of the type. Default `1`."},
		},
	}
	return kind{
		name: "dns", attribute: attribute,
		build: func(ctx context.Context, object types.Object, at path.Path, _ Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[dnsModel](ctx, object, attribute, diags)
			check := &probe.DNS{Domain: model.Name.ValueString(), Expect: configured.Strings(ctx, model.Expect, diags), MinAnswers: toInt(model.MinAnswers, 1)}
			var err error
			if text := model.Type.ValueString(); text != "" {
				check.Type, err = probe.ParseDNSType(text)
				invalid(diags, at.AtName("type"), err)
			}
			if text := model.Resolver.ValueString(); text != "" {
				check.Resolver, err = probe.ParseResolver(text)
				invalid(diags, at.AtName("resolver"), err)
			}
			return check
		},
	}
}
