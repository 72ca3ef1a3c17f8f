package checkset

import (
	"context"
	"crypto/tls"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

type corsModel struct {
	URL              types.String `tfsdk:"url"`
	Origin           types.String `tfsdk:"origin"`
	Method           types.String `tfsdk:"method"`
	RequestHeaders   types.Set    `tfsdk:"request_headers"`
	Headers          types.Map    `tfsdk:"headers"`
	SensitiveHeaders types.Map    `tfsdk:"sensitive_headers"`
	Body             types.String `tfsdk:"body"`
	Credentials      types.Bool   `tfsdk:"credentials"`
	CAPEM            types.String `tfsdk:"ca_pem"`
	ConnectTo        types.String `tfsdk:"connect_to"`
}

func corsKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Asks as a browser does for a page of another origin; passes when the preflight allows origin, method and headers, as the [Fetch standard](https://fetch.spec.whatwg.org/#http-cors-protocol) " +
			"judges them, and the call itself allows the origin too and is answered with a status of 200-399. The methods GET, HEAD and POST need no permission of the preflight.",
		Attributes: map[string]schema.Attribute{
			"url":    schema.StringAttribute{Required: true, Validators: []validator.String{httpURL}, MarkdownDescription: "Absolute http or https URL."},
			"origin": schema.StringAttribute{Required: true, Validators: []validator.String{pageOrigin}, MarkdownDescription: "Origin of the page, such as `\"https://www.example.com\"`."},
			"method": schema.StringAttribute{Optional: true, Validators: []validator.String{httpMethod}, MarkdownDescription: "Method of the call. Default `\"GET\"`."},
			"request_headers": schema.SetAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.ValueStringsAre(headerName)},
				MarkdownDescription: "Names of headers that the page sets and the preflight must allow, such as `[\"content-type\", \"authorization\"]`; those in `headers` and `sensitive_headers` are asked for anyway.",
			},
			"headers": schema.MapAttribute{Optional: true, ElementType: types.StringType, Validators: []validator.Map{headerName}, MarkdownDescription: "Headers of the call itself."},
			"sensitive_headers": schema.MapAttribute{
				Optional: true, Sensitive: true, ElementType: types.StringType, Validators: []validator.Map{headerName},
				MarkdownDescription: "Headers of the call itself that no output, report or log shows. They are in the state.",
			},
			"body":        schema.StringAttribute{Optional: true, MarkdownDescription: "Body of the call itself."},
			"credentials": schema.BoolAttribute{Optional: true, MarkdownDescription: "The page sends cookies: then `*` allows nothing, and `Access-Control-Allow-Credentials` must be `true`. Default `false`."},
			"ca_pem":      schema.StringAttribute{Optional: true, MarkdownDescription: "Certificates, in PEM, to trust instead of the machine's."},
			"connect_to":  schema.StringAttribute{Optional: true, Validators: []validator.String{address}, MarkdownDescription: "`ip:port` to connect to instead of the URL's host, as in `http`."},
		},
	}
	return kind{
		name: "cors", attribute: attribute,
		validate: func(ctx context.Context, object types.Object, at path.Path, diags *diag.Diagnostics) {
			trusted(decode[corsModel](ctx, object, attribute, diags).CAPEM, at.AtName("ca_pem"), diags)
		},
		build: func(ctx context.Context, object types.Object, at path.Path, _ Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[corsModel](ctx, object, attribute, diags)
			address, err := probe.ParseURL(model.URL.ValueString())
			invalid(diags, at.AtName("url"), err)
			page, err := probe.ParseOrigin(model.Origin.ValueString())
			invalid(diags, at.AtName("origin"), err)
			return &probe.CORS{
				URL: address, Origin: page, Method: model.Method.ValueString(), RequestHeaders: configured.Strings(ctx, model.RequestHeaders, diags),
				Headers: configured.StringMap(ctx, model.Headers, diags), SensitiveHeaders: configured.StringMap(ctx, model.SensitiveHeaders, diags), Body: model.Body.ValueString(),
				Credentials: model.Credentials.ValueBool(), TLS: trusted(model.CAPEM, at.AtName("ca_pem"), diags), ConnectTo: model.ConnectTo.ValueString(),
			}
		},
	}
}

// trusted are the certificates of a `ca_pem`; nil are the machine's.
func trusted(pem types.String, at path.Path, diags *diag.Diagnostics) *tls.Config {
	config, err := probe.ParseTLS(pem.ValueString(), "", "", false)
	if err != nil {
		tfdiag.ErrorAt(diags, at, tfdiag.Message{Summary: "Invalid PEM", Err: err, Next: "give the text of a PEM file, for example with file(\"ca.pem\")."})
	}
	return config
}
