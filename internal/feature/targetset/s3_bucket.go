package targetset

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

type s3BucketConfig struct {
	Bucket  string   `json:"bucket"`
	Prefix  *string  `json:"prefix"`
	Exclude []string `json:"exclude"`
}

type s3BucketModel struct {
	Bucket  types.String `tfsdk:"bucket"`
	Prefix  types.String `tfsdk:"prefix"`
	Exclude types.Set    `tfsdk:"exclude"`
}

var s3Bucket = kind{
	name: "s3_bucket",
	attribute: schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "The objects of a bucket with versioning: which version of each is current. Nothing is copied at the capture. A rollback copies the old version over " +
			"the current one, which stays as a version, and takes delete markers away. Objects over 5 GiB and archived ones are reported in `warnings`.",
		Attributes: map[string]schema.Attribute{
			"bucket": required("Name of the bucket. Versioning has to be enabled."),
			"prefix": schema.StringAttribute{Optional: true, MarkdownDescription: "Only objects whose key starts with this. Default: all."},
			"exclude": schema.SetAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Patterns of whole keys to leave out: `**` is anything, `*` anything but a slash, `?` one character that is no slash.",
				Validators:          []validator.Set{setvalidator.ValueStringsAre(stringvalidator.LengthBetween(1, 1024)), tfdiag.NoNulls{}},
			},
		},
	},
	config: func(ctx context.Context, object types.Object) (any, diag.Diagnostics) {
		var m s3BucketModel
		diags := object.As(ctx, &m, basetypes.ObjectAsOptions{})
		c := s3BucketConfig{Bucket: m.Bucket.ValueString(), Prefix: m.Prefix.ValueStringPointer()}
		if !m.Exclude.IsNull() {
			diags.Append(m.Exclude.ElementsAs(ctx, &c.Exclude, false)...)
		}
		return c, diags
	},
	object: func(raw json.RawMessage) (map[string]attr.Value, error) {
		var c s3BucketConfig
		if err := json.Unmarshal(raw, &c); err != nil {
			return nil, err
		}
		exclude := types.SetNull(types.StringType)
		if c.Exclude != nil {
			elements := make([]attr.Value, 0, len(c.Exclude))
			for _, pattern := range c.Exclude {
				elements = append(elements, types.StringValue(pattern))
			}
			exclude = basetypes.NewSetValueMust(types.StringType, elements)
		}
		return map[string]attr.Value{"bucket": types.StringValue(c.Bucket), "prefix": types.StringPointerValue(c.Prefix), "exclude": exclude}, nil
	},
	service: func(ctx context.Context, data *configured.Data, region string, raw json.RawMessage) (service.Service, error) {
		var c s3BucketConfig
		if err := json.Unmarshal(raw, &c); err != nil {
			return nil, err
		}
		client, err := data.AWS.S3(ctx, region)
		if err != nil {
			return nil, err
		}
		var prefix string
		if c.Prefix != nil {
			prefix = *c.Prefix
		}
		return service.NewS3Bucket(client, c.Bucket, prefix, c.Exclude, service.S3Options{})
	},
}
