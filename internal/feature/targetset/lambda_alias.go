package targetset

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

type lambdaAliasConfig struct {
	FunctionName string `json:"function_name"`
	Name         string `json:"name"`
	Publish      *bool  `json:"publish,omitempty"`
}

type lambdaAliasModel struct {
	FunctionName types.String `tfsdk:"function_name"`
	Name         types.String `tfsdk:"name"`
	Publish      types.Bool   `tfsdk:"publish"`
}

var lambdaAlias = kind{
	name: "lambda_alias",
	attribute: schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "A Lambda alias: the version it points to, its routing weights, and the provisioned concurrency of the alias and of the versions that it serves. An alias on `$LATEST` is refused, because what it serves " +
			"changes without it, unless `publish` is set. Neither code nor environment variables are kept.",
		Attributes: map[string]schema.Attribute{
			"function_name": required("Name or ARN of the function."),
			"name":          required("Name of the alias."),
			"publish": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Publish a version first when the alias points to `$LATEST`. The alias stays on `$LATEST`; a rollback points it to that version, unless `$LATEST` is still the same. Default: false.",
			},
		},
	},
	config: func(ctx context.Context, object types.Object) (any, diag.Diagnostics) {
		var m lambdaAliasModel
		diags := object.As(ctx, &m, basetypes.ObjectAsOptions{})
		return lambdaAliasConfig{FunctionName: m.FunctionName.ValueString(), Name: m.Name.ValueString(), Publish: m.Publish.ValueBoolPointer()}, diags
	},
	object: func(raw json.RawMessage) (map[string]attr.Value, error) {
		var c lambdaAliasConfig
		err := json.Unmarshal(raw, &c)
		return map[string]attr.Value{
			"function_name": types.StringValue(c.FunctionName), "name": types.StringValue(c.Name), "publish": types.BoolPointerValue(c.Publish),
		}, err
	},
	service: func(ctx context.Context, data *configured.Data, region string, raw json.RawMessage) (service.Service, error) {
		var c lambdaAliasConfig
		if err := json.Unmarshal(raw, &c); err != nil {
			return nil, err
		}
		client, err := data.AWS.Lambda(ctx, region)
		if err != nil {
			return nil, err
		}
		return service.NewLambdaAlias(client, c.FunctionName, c.Name, service.AliasOptions{Clock: data.Clock, Publish: c.Publish != nil && *c.Publish}), nil
	},
}

func required(description string) schema.StringAttribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: description, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}}
}
