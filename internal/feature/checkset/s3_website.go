package checkset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

type s3WebsiteModel struct {
	Bucket types.String `tfsdk:"bucket"`
	Paths  types.List   `tfsdk:"paths"`
	URL    types.String `tfsdk:"url"`
}

func s3WebsiteKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Asks the website of an S3 bucket for pages, as a browser does; passes when the index and each path are served with a status of 200-299. An error document is not. " +
			"The website endpoint of the Region is used, over HTTP; it needs no permissions, only a bucket that the public may read.",
		Attributes: map[string]schema.Attribute{
			"bucket": schema.StringAttribute{Required: true, Validators: []validator.String{bucketName}, MarkdownDescription: "Name of the bucket."},
			"paths":  pathsAttribute("Paths of pages beside the index. Default `[\"/\"]`, which is the index."),
			"url":    urlAttribute("Address of the site, when it is not the website endpoint of the bucket in the Region of this resource."),
		},
	}
	return kind{
		name: "s3_website", attribute: attribute,
		build: func(ctx context.Context, object types.Object, at path.Path, deps Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[s3WebsiteModel](ctx, object, attribute, diags)
			return &probe.S3Website{
				Bucket: model.Bucket.ValueString(), Paths: toPaths(ctx, model.Paths, at.AtName("paths"), diags), URL: toURL(model.URL, at.AtName("url"), diags),
				Region: func(ctx context.Context) (string, error) { return deps.Data.AWS.Region(ctx, deps.Region) },
			}
		},
	}
}

// pathsAttribute and urlAttribute are those of the kinds that ask AWS for pages.
func pathsAttribute(description string) schema.ListAttribute {
	return schema.ListAttribute{Optional: true, ElementType: types.StringType, Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.ValueStringsAre(pagePath)}, MarkdownDescription: description}
}

func urlAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Validators: []validator.String{httpURL},
		MarkdownDescription: description + " A private name or a test host; paths are taken below it.",
	}
}

// toPaths converts `paths`; null is the path "/".
func toPaths(ctx context.Context, paths types.List, at path.Path, diags *diag.Diagnostics) []string {
	if paths.IsNull() {
		return []string{"/"}
	}
	found := configured.Strings(ctx, paths, diags)
	for i, one := range found {
		invalid(diags, at.AtListIndex(i), probe.ParsePath(one))
	}
	return found
}
