package checkset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

type apiGatewayModel struct {
	APIID            types.String `tfsdk:"api_id"`
	Stage            types.String `tfsdk:"stage"`
	Path             types.String `tfsdk:"path"`
	Method           types.String `tfsdk:"method"`
	Headers          types.Map    `tfsdk:"headers"`
	SensitiveHeaders types.Map    `tfsdk:"sensitive_headers"`
	Body             types.String `tfsdk:"body"`
	CORSOrigin       types.String `tfsdk:"cors_origin"`
	Expect           types.Object `tfsdk:"expect"`
	URL              types.String `tfsdk:"url"`
}

func apiGatewayKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Looks at a stage of a REST or HTTP API of API Gateway and calls it; passes when the stage exists, the call holds, and, with `cors_origin`, a browser would let a page make it. " +
			"Needs `apigateway:GET` on the stage.",
		Attributes: map[string]schema.Attribute{
			"api_id": schema.StringAttribute{Required: true, Validators: []validator.String{apiID}, MarkdownDescription: "Id of the API."},
			"stage":  schema.StringAttribute{Required: true, Validators: []validator.String{stageName}, MarkdownDescription: "Name of the stage; `$default` for that of an HTTP API, which is not part of the address."},
			"path":   schema.StringAttribute{Optional: true, Validators: []validator.String{pagePath}, MarkdownDescription: "Path below the stage, maybe with a query. Default `\"/\"`."},
			"method": schema.StringAttribute{Optional: true, Validators: []validator.String{httpMethod}, MarkdownDescription: "Default `\"GET\"`."},
			"headers": schema.MapAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.Map{headerName}, MarkdownDescription: "Request headers.",
			},
			"sensitive_headers": schema.MapAttribute{
				Optional: true, Sensitive: true, ElementType: types.StringType, Validators: []validator.Map{headerName},
				MarkdownDescription: "Request headers that no output, report or log shows, such as `X-Api-Key`. They are in the state.",
			},
			"body":        schema.StringAttribute{Optional: true, MarkdownDescription: "Request body, sent anew at each attempt; JSON is sent as `application/json` unless a header says otherwise."},
			"cors_origin": schema.StringAttribute{Optional: true, Validators: []validator.String{pageOrigin}, MarkdownDescription: "Origin of a page that makes the call, such as `\"https://www.example.com\"`: the preflight (`OPTIONS`) must allow it, and so must the answer."},
			"expect":      expectAttribute(probe.HTTPDialect),
			"url":         urlAttribute("Address of the stage, when it is not `https://{api_id}.execute-api.{region}.amazonaws.com/{stage}`: that of a custom domain, say."),
		},
	}
	return kind{
		name: "api_gateway", attribute: attribute,
		build: func(ctx context.Context, object types.Object, at path.Path, deps Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[apiGatewayModel](ctx, object, attribute, diags)
			return &probe.APIGateway{
				REST:   func(ctx context.Context) (probe.RESTAPI, error) { return deps.Data.AWS.APIGateway(ctx, deps.Region) },
				HTTP:   func(ctx context.Context) (probe.HTTPAPI, error) { return deps.Data.AWS.APIGatewayV2(ctx, deps.Region) },
				Region: func(ctx context.Context) (string, error) { return deps.Data.AWS.Region(ctx, deps.Region) },
				API:    model.APIID.ValueString(), Stage: model.Stage.ValueString(), Path: model.Path.ValueString(), Method: model.Method.ValueString(),
				Headers: configured.StringMap(ctx, model.Headers, diags), SensitiveHeaders: configured.StringMap(ctx, model.SensitiveHeaders, diags), Body: model.Body.ValueString(),
				CORSOrigin: model.CORSOrigin.ValueString(), Expect: toExpect(ctx, model.Expect, probe.HTTPDialect, at.AtName("expect"), diags),
				URL: toURL(model.URL, at.AtName("url"), diags),
			}
		},
	}
}
