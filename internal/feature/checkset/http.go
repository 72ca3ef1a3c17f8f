package checkset

import (
	"context"
	"crypto/tls"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// writeOnlyVersion is the attribute whose change says that write-only values have changed.
const writeOnlyVersion = "wo_version"

type httpModel struct {
	URL                types.String `tfsdk:"url"`
	Method             types.String `tfsdk:"method"`
	Headers            types.Map    `tfsdk:"headers"`
	SensitiveHeaders   types.Map    `tfsdk:"sensitive_headers"`
	HeadersWO          types.Map    `tfsdk:"headers_wo"`
	WOVersion          types.Int64  `tfsdk:"wo_version"`
	Body               types.String `tfsdk:"body"`
	FollowRedirects    types.Bool   `tfsdk:"follow_redirects"`
	CAPEM              types.String `tfsdk:"ca_pem"`
	ClientCertPEM      types.String `tfsdk:"client_cert_pem"`
	ClientKeyPEM       types.String `tfsdk:"client_key_pem"`
	InsecureSkipVerify types.Bool   `tfsdk:"insecure_skip_verify"`
	ConnectTo          types.String `tfsdk:"connect_to"`
	Expect             types.Object `tfsdk:"expect"`
}

func httpKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: "Makes an HTTP request; passes when every expectation holds. Proxies are taken from the environment.",
		Attributes: map[string]schema.Attribute{
			"url":     schema.StringAttribute{Required: true, Validators: []validator.String{httpURL}, MarkdownDescription: "Absolute http or https URL."},
			"method":  schema.StringAttribute{Optional: true, Validators: []validator.String{httpMethod}, MarkdownDescription: "Default `\"GET\"`."},
			"headers": schema.MapAttribute{Optional: true, ElementType: types.StringType, Validators: []validator.Map{headerName}, MarkdownDescription: "Request headers; `Host` may be one."},
			"sensitive_headers": schema.MapAttribute{
				Optional: true, Sensitive: true, ElementType: types.StringType, Validators: []validator.Map{headerName},
				MarkdownDescription: "Request headers that no output, report or log shows and that are dropped on a redirect to another host. They are in the state; `headers_wo` is not.",
			},
			"headers_wo": schema.MapAttribute{
				Optional: true, WriteOnly: true, ElementType: types.StringType, Validators: []validator.Map{headerName},
				MarkdownDescription: "Like `sensitive_headers`, but never in a plan or state (Terraform 1.11 or newer). Change `" + writeOnlyVersion + "` to have a change of it noticed.",
			},
			writeOnlyVersion: schema.Int64Attribute{Optional: true, MarkdownDescription: "Any number; another one says that `headers_wo` has changed."},
			"body":           schema.StringAttribute{Optional: true, MarkdownDescription: "Request body, sent anew at each attempt."},
			"follow_redirects": schema.BoolAttribute{
				Optional: true, MarkdownDescription: "Follow up to 10 redirects. Credentials do not go along to another host; a request with a body or client certificate does not go there at all. Default `true`.",
			},
			"ca_pem": schema.StringAttribute{Optional: true, MarkdownDescription: "Certificates, in PEM, to trust instead of the machine's."},
			"client_cert_pem": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.AlsoRequires(path.MatchRelative().AtParent().AtName("client_key_pem"))}, MarkdownDescription: "Client certificate, in PEM.",
			},
			"client_key_pem": schema.StringAttribute{
				Optional: true, Sensitive: true, Validators: []validator.String{stringvalidator.AlsoRequires(path.MatchRelative().AtParent().AtName("client_cert_pem"))},
				MarkdownDescription: "Its private key, in PEM.",
			},
			"insecure_skip_verify": schema.BoolAttribute{Optional: true, MarkdownDescription: "Do not verify the server's certificate. Default `false`."},
			"connect_to": schema.StringAttribute{
				Optional: true, Validators: []validator.String{address},
				MarkdownDescription: "`ip:port` to connect to instead of the URL's host, whose name is still used for Host and TLS: to check one side before DNS points to it.",
			},
			"expect": expectAttribute(probe.HTTPDialect),
		},
	}
	return kind{
		name: "http", attribute: attribute,
		validate: func(ctx context.Context, object types.Object, at path.Path, diags *diag.Diagnostics) {
			model := decode[httpModel](ctx, object, attribute, diags)
			model.validateTrust(at, diags)
		},
		build: func(ctx context.Context, object types.Object, at path.Path, _ Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[httpModel](ctx, object, attribute, diags)
			address, err := probe.ParseURL(model.URL.ValueString())
			invalid(diags, at.AtName("url"), err)
			request := model.request(ctx, at, diags)
			request.URL = address
			return &request
		},
	}
}

// request is everything but the URL.
func (m *httpModel) request(ctx context.Context, at path.Path, diags *diag.Diagnostics) probe.HTTP {
	secret := configured.StringMap(ctx, m.SensitiveHeaders, diags)
	if secret == nil {
		secret = map[string]string{}
	}
	maps.Copy(secret, configured.StringMap(ctx, m.HeadersWO, diags))
	return probe.HTTP{
		Method: m.Method.ValueString(), Headers: configured.StringMap(ctx, m.Headers, diags), SensitiveHeaders: secret,
		Body: m.Body.ValueString(), FollowRedirects: toBool(m.FollowRedirects, true), TLS: m.trust(at, diags),
		ConnectTo: m.ConnectTo.ValueString(), Expect: toExpect(ctx, m.Expect, probe.HTTPDialect, at.AtName("expect"), diags),
	}
}

// validateTrust reports certificates that are none, where all of them are known.
func (m *httpModel) validateTrust(at path.Path, diags *diag.Diagnostics) {
	if !diags.HasError() && !m.CAPEM.IsUnknown() && !m.ClientCertPEM.IsUnknown() && !m.ClientKeyPEM.IsUnknown() {
		m.trust(at, diags)
	}
}

// trust reports at the attribute whose text is wrong.
func (m *httpModel) trust(at path.Path, diags *diag.Diagnostics) *tls.Config {
	config, err := probe.ParseTLS(m.CAPEM.ValueString(), m.ClientCertPEM.ValueString(), m.ClientKeyPEM.ValueString(), m.InsecureSkipVerify.ValueBool())
	if err != nil {
		name := "client_cert_pem"
		if _, caErr := probe.ParseTLS(m.CAPEM.ValueString(), "", "", false); caErr != nil {
			name = "ca_pem"
		}
		wrong(diags, at.AtName(name), tfdiag.Message{Summary: "Invalid PEM", Err: err, Next: "give the text of a PEM file, for example with file(\"ca.pem\")."})
	}
	return config
}
