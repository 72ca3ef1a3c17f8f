package targetset

import (
	"context"
	"encoding/json"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
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
	// Batch is left out where it is not set, so that older manifests and newer ones are alike.
	Batch *s3BatchConfig `json:"batch_operations,omitempty"`
}

type s3BatchConfig struct {
	RoleARN   string `json:"role_arn"`
	Bucket    string `json:"bucket"`
	Threshold *int64 `json:"threshold,omitempty"`
}

type s3BucketModel struct {
	Bucket  types.String `tfsdk:"bucket"`
	Prefix  types.String `tfsdk:"prefix"`
	Exclude types.Set    `tfsdk:"exclude"`
	Batch   types.Object `tfsdk:"batch_operations"`
}

type s3BatchModel struct {
	RoleARN   types.String `tfsdk:"role_arn"`
	Bucket    types.String `tfsdk:"bucket"`
	Threshold types.Int64  `tfsdk:"threshold"`
}

var s3BatchTypes = map[string]attr.Type{"role_arn": types.StringType, "bucket": types.StringType, "threshold": types.Int64Type}

// roleARN: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`)

// batchPrefix is where manifests and reports are put in their bucket.
const batchPrefix = "reliability-batch-operations/"

var s3Bucket = kind{
	name: "s3_bucket",
	attribute: schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "The objects of a bucket with versioning: which version of each is current. Nothing is copied at the capture. A rollback copies the old version over " +
			"the current one, which stays as a version, and takes delete markers away. Metadata, content headers, storage class, KMS key and object lock of the old version are kept, and the " +
			"tags that it has by then. Archived objects, and lifecycle rules that expire or archive old versions, are reported in `warnings`.",
		Attributes: map[string]schema.Attribute{
			"bucket": required("Name of the bucket. Versioning has to be enabled."),
			"prefix": schema.StringAttribute{Optional: true, MarkdownDescription: "Only objects whose key starts with this. Default: all."},
			"exclude": schema.SetAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Patterns of whole keys to leave out: `**` is anything, `*` anything but a slash, `?` one character that is no slash.",
				Validators:          []validator.Set{setvalidator.ValueStringsAre(stringvalidator.LengthBetween(1, 1024)), tfdiag.NoNulls{}},
			},
			"batch_operations": s3BatchAttribute,
		},
	},
	config: func(ctx context.Context, object types.Object) (any, diag.Diagnostics) {
		var m s3BucketModel
		diags := object.As(ctx, &m, basetypes.ObjectAsOptions{})
		c := s3BucketConfig{Bucket: m.Bucket.ValueString(), Prefix: m.Prefix.ValueStringPointer()}
		if !m.Exclude.IsNull() {
			diags.Append(m.Exclude.ElementsAs(ctx, &c.Exclude, false)...)
		}
		if !m.Batch.IsNull() {
			var batch s3BatchModel
			diags.Append(m.Batch.As(ctx, &batch, basetypes.ObjectAsOptions{})...)
			c.Batch = &s3BatchConfig{RoleARN: batch.RoleARN.ValueString(), Bucket: batch.Bucket.ValueString(), Threshold: batch.Threshold.ValueInt64Pointer()}
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
		batch := types.ObjectNull(s3BatchTypes)
		if c.Batch != nil {
			batch = basetypes.NewObjectValueMust(s3BatchTypes, map[string]attr.Value{
				"role_arn": types.StringValue(c.Batch.RoleARN), "bucket": types.StringValue(c.Batch.Bucket), "threshold": types.Int64PointerValue(c.Batch.Threshold),
			})
		}
		return map[string]attr.Value{"bucket": types.StringValue(c.Bucket), "prefix": types.StringPointerValue(c.Prefix), "exclude": exclude, "batch_operations": batch}, nil
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
		batch, err := c.Batch.engine(ctx, data, region)
		if err != nil {
			return nil, err
		}
		notes := storeNotes{data: data, folder: notesFolder("s3_bucket", region, c.Bucket)}
		return service.NewS3Bucket(client, c.Bucket, prefix, c.Exclude, service.S3Options{Batch: batch, Notes: notes})
	},
}

var s3BatchAttribute = schema.SingleNestedAttribute{
	Optional: true,
	MarkdownDescription: "Lets S3 Batch Operations do the copies of a rollback that changes very many objects. Without it, they are done from the machine that runs Terraform, about 150 a second. " +
		"Delete markers and objects over 5 GiB are always done from there. The copies of a job keep metadata, tags and storage class, and take the bucket's default encryption and object lock. " +
		"A job that cannot be made does not stop a rollback: its copies are done from the machine that runs Terraform then. It is captured with the snapshot.",
	Attributes: map[string]schema.Attribute{
		"role_arn": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.RegexMatches(roleARN, "must be the ARN of a role (arn:aws:iam::123456789012:role/name)")},
			MarkdownDescription: "ARN of the role that S3 Batch Operations acts as. It reads the manifest and writes the report in `bucket`, and reads versions and writes objects in the captured bucket " +
				"(`s3:GetObject`, `s3:GetObjectVersion`, `s3:GetObjectVersionTagging`, `s3:PutObject`, `s3:PutObjectTagging`). Who runs Terraform needs `s3:CreateJob`, `s3:DescribeJob`, `s3:UpdateJobStatus` and `iam:PassRole`.",
		},
		"bucket": required("Bucket of the same Region for manifests and reports, under `" + batchPrefix + "`; a lifecycle rule may expire them."),
		"threshold": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "Rollbacks that change more objects than this are handed over. Default `100000`.",
		},
	},
}

// engine returns what hands restores over. Without configuration it only warns of buckets that would need it.
func (c *s3BatchConfig) engine(ctx context.Context, data *configured.Data, region string) (*service.S3Batch, error) {
	if c == nil {
		return nil, nil
	}
	control, err := data.AWS.S3Control(ctx, region)
	if err != nil {
		return nil, err
	}
	batch := &service.S3Batch{Control: control, RoleARN: c.RoleARN, Bucket: c.Bucket, Prefix: batchPrefix, Clock: data.Clock, Log: configured.Logger(ctx)}
	if c.Threshold != nil {
		batch.Threshold = int(*c.Threshold)
	}
	return batch, nil
}
