package drift

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

func dataSourceSchema() schema.Schema {
	attributes := inputs()
	maps.Copy(attributes, outputs())
	return schema.Schema{
		MarkdownDescription: "Compares a Terraform state with what is really in AWS, read in batches, and says for every difference how bad it is, why, and what to do " +
			"about it. It runs at plan, and with `fail_on` it stops the plan.\n\n" +
			"Each resource of the state ends in exactly one of four ways: in sync, changed, deleted (a complete listing does not hold it *and* asking for it by itself is " +
			"answered with \"not found\"), or unverified (access denied, throttled, not reached). Unverified is never clean.\n\n" +
			"Read: `aws_vpc`, `aws_security_group` (inline rules together with `aws_security_group_rule`, `aws_vpc_security_group_ingress_rule` and " +
			"`aws_vpc_security_group_egress_rule` of the same state), `aws_lambda_function`, `aws_db_instance`. Other types are counted in `skipped`. Changes that AWS has " +
			"pending, values that change by themselves, and a function's code are not drift. A function's reserved concurrency and image are not read.\n\n" +
			"Set the environment variable `RELIABILITY_DRIFT_OVERRIDE` to a reason to let one blocked plan through, such as the one that puts things right: the plan then carries a warning " +
			"with that reason.",
		Attributes: attributes,
	}
}

func notBlank() validator.String { return stringvalidator.LengthAtLeast(1) }

func textList(description string) schema.ListAttribute {
	return schema.ListAttribute{
		Optional: true, ElementType: types.StringType, MarkdownDescription: description,
		Validators: []validator.List{listvalidator.ValueStringsAre(notBlank()), tfdiag.NoNulls{}},
	}
}

func inputs() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"state": schema.SingleNestedAttribute{
			Required: true, Validators: []validator.Object{tfdiag.ExactlyOne("path", "json")}, MarkdownDescription: "The state to compare with AWS, format version 4; exactly one of its attributes. It is only read.",
			Attributes: map[string]schema.Attribute{
				"path": schema.StringAttribute{
					Optional: true, MarkdownDescription: "A state file, relative to the working directory.",
					Validators: []validator.String{notBlank()},
				},
				"json": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "The state itself, as `terraform state pull` prints it. It is not saved in the state of this configuration."},
			},
		},
		"types":         textList("Resource types to look at; `*` and `?` match any characters (default: all that can be read). Standalone security group rules follow their group."),
		"exclude_types": textList("Resource types to leave out; `*` and `?` match any characters."),
		"regions":       textList("AWS Regions to look at (default: all that the state names). Resources elsewhere are counted in `skipped`."),
		"region": schema.StringAttribute{
			Optional: true, Validators: []validator.String{notBlank()},
			MarkdownDescription: "AWS Region of resources whose own Region the state does not tell (default: the provider's).",
		},
		"ignore": ignoreAttribute(),
		"rules":  rulesAttribute(),
		"fail_on": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.OneOf("critical", "major", "minor", "none")},
			MarkdownDescription: "Stop the plan with an error when there is drift of this category or worse: `critical`, `major`, `minor`, or `none` (the default).",
		},
		"fail_on_unverified": schema.BoolAttribute{
			Optional: true, MarkdownDescription: "Stop the plan when a resource could not be verified (default: true once `fail_on` is set to anything but `none`).",
		},
		"parallelism": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(1, 256)}, MarkdownDescription: "How many AWS calls run at once, 1 to 256 (default: 16).",
		},
		"report": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "Files to write, at every read and also when the plan is stopped.",
			Attributes: map[string]schema.Attribute{
				"json": schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Path of a JSON file: `report_json` with start, duration and number of AWS calls."},
			},
		},
	}
}

func ignoreAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		Optional: true,
		MarkdownDescription: "Drift to live with. An entry covers what all of its `address`, `type` and `attribute` match (at least one of them); `*` and `?` match any characters, square brackets " +
			"are themselves. Without `attribute` it covers the whole resource, its deletion too.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"address":   schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Address in the state, such as `module.web.aws_security_group.*`."},
			"type":      schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Resource type."},
			"attribute": schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Attribute, as `path` of a change writes it; covers what lies below it, so `tags` covers every tag."},
			"reason":    schema.StringAttribute{Required: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Why, for whoever reads this next."},
			"expires": schema.StringAttribute{
				Optional: true, MarkdownDescription: "When it no longer counts: a date, its last day (UTC), such as `2030-12-31`, or an RFC 3339 time (default: never). An expired entry is a warning.",
			},
		}},
	}
}

func rulesAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Categories of your own. The first entry that matches decides, before the built-in rules.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"type":      schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Resource type; `*` and `?` match any characters (default: all)."},
			"attribute": schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Attribute, as `path` of a change writes it; `*` and `?` match any characters (default: all, and deletion too)."},
			"category": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.OneOf("critical", "major", "minor")}, MarkdownDescription: "`critical`, `major` or `minor`.",
			},
		}},
	}
}
