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

type cloudfrontModel struct {
	DistributionID types.String `tfsdk:"distribution_id"`
	Paths          types.List   `tfsdk:"paths"`
	URL            types.String `tfsdk:"url"`
}

func cloudfrontKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Looks at a CloudFront distribution and asks it for pages; passes when it is enabled, its last change is deployed everywhere, and each path is served with a status of 200-299. " +
			"A deployment takes some minutes: give the gate a `timeout` and `max_retries` to match. Needs `cloudfront:GetDistribution`.",
		Attributes: map[string]schema.Attribute{
			"distribution_id": schema.StringAttribute{Required: true, Validators: []validator.String{distributionID}, MarkdownDescription: "Id of the distribution."},
			"paths":           pathsAttribute("Paths of pages. Default `[\"/\"]`."),
			"url":             urlAttribute("Address to ask, when it is not the distribution's own name (`https://d111111abcdef8.cloudfront.net`)."),
		},
	}
	return kind{
		name: "cloudfront", attribute: attribute,
		build: func(ctx context.Context, object types.Object, at path.Path, deps Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[cloudfrontModel](ctx, object, attribute, diags)
			return &probe.CloudFront{
				Client: func(ctx context.Context) (probe.CloudFrontAPI, error) {
					return deps.Data.AWS.CloudFront(ctx, deps.Region)
				},
				ID: model.DistributionID.ValueString(), Paths: toPaths(ctx, model.Paths, at.AtName("paths"), diags), URL: toURL(model.URL, at.AtName("url"), diags),
			}
		},
	}
}
