package drift

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
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
			"Read in batches: " + readTypes() + ". What stands as a resource of its own in the state (rules, routes, policies, attachments) is judged together with what it belongs to. Other types are " +
			"counted in `skipped`; `source = \"refresh\"` covers them. Changes that AWS has pending, values that change by themselves, what a scaling policy owns, and a function's code are not drift.\n\n" +
			"Set the environment variable `RELIABILITY_DRIFT_OVERRIDE` to a reason to let one blocked plan through, such as the one that puts things right: the plan then carries a warning " +
			"with that reason.",
		Attributes: attributes,
	}
}

// readTypes names every type that is read, for people.
func readTypes() string {
	var names []string
	for name := range engine.Specs(live.Readers(nil)) {
		names = append(names, "`"+name+"`")
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// aDuration is a positive duration in seconds, minutes and hours.
var aDuration = regexp.MustCompile(`^([1-9]\d*[hms])+$`)

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
			Required: true, Validators: []validator.Object{tfdiag.ExactlyOne("path", "s3", "working_dir", "json")},
			MarkdownDescription: "The state to compare with AWS; exactly one of its attributes. Format version 4, or what `terraform show -json` prints of a state. It is only read, and no lock is taken.",
			Attributes: map[string]schema.Attribute{
				"path": schema.StringAttribute{
					Optional: true, MarkdownDescription: "A state file, relative to the working directory.",
					Validators: []validator.String{notBlank()},
				},
				"s3": schema.SingleNestedAttribute{
					Optional: true, MarkdownDescription: "An object that Terraform's S3 backend keeps.",
					Attributes: map[string]schema.Attribute{
						"bucket":     schema.StringAttribute{Required: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Bucket."},
						"key":        schema.StringAttribute{Required: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Key; with workspaces, `env:/WORKSPACE/KEY`."},
						"region":     schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "AWS Region of the bucket (default: the provider's)."},
						"version_id": schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Version of the object (default: the current one)."},
					},
				},
				"working_dir": schema.StringAttribute{
					Optional: true, Validators: []validator.String{notBlank()},
					MarkdownDescription: "A directory in which `terraform init` has run, with any backend: its state is pulled with `terraform state pull`. Required by `source = \"refresh\"`.",
				},
				"json": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "The state itself, as `terraform state pull` prints it. It is not saved in the state of this configuration."},
			},
		},
		"source":     sourceAttribute(),
		"aggregator": aggregatorAttribute(),
		"terraform": schema.StringAttribute{
			Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Program to run for `working_dir`: a name on PATH or a path, of Terraform or OpenTofu (default: `terraform`, or `tofu` where that initialised it).",
		},
		"timeout": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.RegexMatches(aDuration, `a duration is numbers with units, such as "30m" or "1h30m"`)}, MarkdownDescription: "When to give up, such as `30m` (default: `15m`). A Terraform that runs is then ended.",
		},
		"accounts": schema.ListNestedAttribute{
			Optional: true, Validators: []validator.List{tfdiag.NoNulls{}}, MarkdownDescription: "Roles through which resources of other AWS accounts are read. Resources of an account that is neither here nor the provider's own are unverified.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				// Both are needed, and checked by validateAccount: see reason of ignore.
				"account_id":  schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^\d{12}$`), "an account id is 12 digits")}, MarkdownDescription: "AWS account id. Every entry needs one."},
				"role_arn":    schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Role to assume with the provider's credentials. Every entry needs one."},
				"external_id": schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "External id that the role asks for."},
			}},
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
		"cost": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "Where prices come from. Without it, only from a table that is part of the provider: on-demand prices of EC2 instances (Linux, shared tenancy) in us-east-1, as published on 2024-07-10; nothing else has a price then. " +
				"With `cost = {}`, the AWS Price List API is asked first (`pricing:GetProducts`), and the table where that has no answer.",
			Attributes: map[string]schema.Attribute{
				"enabled": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether costs are looked for at all (default: true)."},
				"offline": schema.BoolAttribute{Optional: true, MarkdownDescription: "Only the table, and no calls of the Price List API and CloudWatch (default: false). Prices that were asked for are kept for a week in `terraform-provider-reliability/prices` of the user's cache folder; " +
					"delete that folder to ask anew. A newer table comes with a newer provider."},
			},
		},
		"attribution": schema.BoolAttribute{
			Optional: true, MarkdownDescription: "Look in CloudTrail for who made critical and major changes (default: false; `cloudtrail:LookupEvents`). CloudTrail takes two requests a second: it ends after a minute, worst items first. " +
				"Terraform's own calls and failed ones are left out. What was found, or that nothing was, is in `attribution` of each item.",
		},
		"unmanaged": schema.ListAttribute{
			Optional: true, ElementType: types.StringType, Validators: []validator.List{listvalidator.ValueStringsAre(notBlank()), tfdiag.NoNulls{}},
			MarkdownDescription: "Types of which everything in AWS is compared with the state: what the state does not manage becomes an item of kind `unmanaged`. Left out is what AWS makes by itself, such as the default VPC and what is in it, and service-linked roles.",
		},
		"publish": schema.BoolAttribute{
			Optional: true, MarkdownDescription: "Send metrics and, when something is critical, notices to where `metrics` and `notify` of the provider block say, at every read (default: false: a plan tells nobody).",
		},
		"report": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "Files to write, at every read and also when the plan is stopped. Missing folders are made.",
			Attributes: map[string]schema.Attribute{
				"json":     reportFile("a JSON file: `report_json` with start, duration and number of AWS calls"),
				"sarif":    reportFile("a SARIF 2.1.0 file, for code scanning: a rule for each category and attribute"),
				"junit":    reportFile("a JUnit XML file: a failure for each resource that differs, an error for each that could not be verified"),
				"markdown": reportFile("a Markdown file, for a pull request"),
				"html":     reportFile("an HTML file that needs nothing from outside"),
				"config_dir": schema.StringAttribute{
					Optional: true, Validators: []validator.String{notBlank()},
					MarkdownDescription: "Folder of the configuration whose state is compared, for the files and lines in `sarif` (default: `state.working_dir`, or the folder of `state.path` if it holds `*.tf` files). Modules in its folders are followed. " +
						"Paths are relative to the root of the repository. What is not found there is shown where that configuration begins; without any, at the block of this data source.",
				},
			},
		},
	}
}

func reportFile(what string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Path of " + what + "."}
}

func ignoreAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		Optional: true, Validators: []validator.List{tfdiag.NoNulls{}},
		MarkdownDescription: "Drift to live with. An entry covers what all of its `address`, `type` and `attribute` match (at least one of them); `*` and `?` match any characters, square brackets " +
			"are themselves. Without `attribute` it covers the whole resource, its deletion too.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"address":   schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Address in the state, such as `module.web.aws_security_group.*`."},
			"type":      schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Resource type."},
			"attribute": schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Attribute, as `path` of a change writes it; covers what lies below it, so `tags` covers every tag."},
			// Needed, and checked by validateIgnore: the framework asks for what is required even of an entry that is not known yet.
			"reason": schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Why, for whoever reads this next. Every entry needs one."},
			"expires": schema.StringAttribute{
				Optional: true, MarkdownDescription: "When it no longer counts: a date, its last day (UTC), such as `2030-12-31`, or an RFC 3339 time (default: never). An expired entry is a warning.",
			},
		}},
	}
}

func rulesAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		Optional: true, Validators: []validator.List{tfdiag.NoNulls{}},
		MarkdownDescription: "Categories of your own. The first entry that matches decides, before the built-in rules.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"type":      schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Resource type; `*` and `?` match any characters (default: all)."},
			"attribute": schema.StringAttribute{Optional: true, Validators: []validator.String{notBlank()}, MarkdownDescription: "Attribute, as `path` of a change writes it; `*` and `?` match any characters (default: all, and deletion too)."},
			// Needed, and checked by validateRule: see reason of ignore.
			"category": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.OneOf("critical", "major", "minor")}, MarkdownDescription: "`critical`, `major` or `minor`. Every entry needs one.",
			},
		}},
	}
}
