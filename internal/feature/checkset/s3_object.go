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

type s3ObjectModel struct {
	Bucket      types.String `tfsdk:"bucket"`
	Key         types.String `tfsdk:"key"`
	ContentType types.String `tfsdk:"content_type"`
	ETag        types.String `tfsdk:"etag"`
	MinBytes    types.Int64  `tfsdk:"min_bytes"`
	MaxAge      types.String `tfsdk:"max_age"`
}

func s3ObjectKind() kind {
	attribute := schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Looks at an object in S3; passes when it is there and matches. Needs `s3:GetObject`, and `s3:ListBucket` to tell an object that does not exist from one that must not be read.",
		Attributes: map[string]schema.Attribute{
			"bucket": schema.StringAttribute{Required: true, Validators: []validator.String{bucketName}, MarkdownDescription: "Name of the bucket, or ARN of an access point."},
			"key":    schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 1024)}, MarkdownDescription: "Key of the object."},
			"content_type": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Media type, such as `\"text/html\"`. With parameters (`\"text/html; charset=utf-8\"`) they must match too.",
			},
			"etag":      schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}, MarkdownDescription: "ETag, with quotes or without, such as `aws_s3_object.index.etag`."},
			"min_bytes": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.AtLeast(0)}, MarkdownDescription: "Least size in bytes."},
			"max_age":   schema.StringAttribute{Optional: true, Validators: []validator.String{positiveDuration}, MarkdownDescription: "Longest time since the object was last changed, such as `\"24h\"`."},
		},
	}
	return kind{
		name: "s3_object", attribute: attribute,
		build: func(ctx context.Context, object types.Object, at path.Path, deps Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[s3ObjectModel](ctx, object, attribute, diags)
			return &probe.S3Object{
				Client: func(ctx context.Context) (probe.S3ObjectAPI, error) { return deps.Data.AWS.S3(ctx, deps.Region) },
				Bucket: model.Bucket.ValueString(), Key: model.Key.ValueString(), ContentType: model.ContentType.ValueString(), ETag: model.ETag.ValueString(),
				MinBytes: model.MinBytes.ValueInt64(), MaxAge: toDuration(model.MaxAge, 0, at.AtName("max_age"), diags),
			}
		},
	}
}
