package drift

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func count(description string) schema.Attribute {
	return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
}

func text(description string) schema.Attribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func lines(description string) schema.Attribute {
	return schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
}

func outputs() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"items":    itemsAttribute(),
		"total":    count("How many resources differ: the length of `items`."),
		"critical": count("How many of them are critical: access was opened or cut off, protection is off, it moved, or it is gone."),
		"major":    count("How many of them are major: it behaves, performs or costs differently."),
		"minor":    count("How many of them are minor: it is described, watched or kept differently."),
		"ignored":  count("How many changes and deletions `ignore` covers."),
		"checked":  count("How many resource instances of the state were read and compared."),
		"unverified": count(
			"How many could not be read, or not completely. They are never clean."),
		"unverified_resources": schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: "The resources that could not be read, or not completely, by address.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"address": text("Address in the state."),
				"type":    text("Resource type."),
				"id":      text("Id in the state."),
				"region":  text("AWS Region."),
				"reason":  text("What could not be read, and why."),
			}},
		},
		"skipped": schema.MapNestedAttribute{
			Computed: true, MarkdownDescription: "Resources of the state that were not looked at, by type: no reader knows the type, `types`, `exclude_types` or `regions` leave it out, it waits to be destroyed, or it is a piece (a rule, a route, a policy) of something that is not in this state.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"count":  count("How many."),
				"reason": text("Why."),
			}},
		},
		"coverage_percent": schema.Float64Attribute{Computed: true, MarkdownDescription: "`checked` in percent of all managed resource instances of the state and, with `unmanaged`, of what nothing manages, rounded down to a tenth."},
		"monthly_cost_delta": schema.Float64Attribute{
			Computed: true, MarkdownDescription: "What all the items cost a month more (or, below zero, less) than the state says, in US dollars, as far as prices are known; null when none is.",
		},
		"cost_complete": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether `monthly_cost_delta` covers every item."},
		"blocked": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether `fail_on` would have stopped the plan. True is only seen when `RELIABILITY_DRIFT_OVERRIDE` let it through; otherwise the plan ends with an error.",
		},
		"state_serial": count("Serial number of the state that was compared."),
		"report_json":  text("All of it as JSON, schema `version` 1. The same world gives the same text. Sensitive values are not in it."),
		"duration_ms":  count("How long the comparison took, in milliseconds. Differs at every read."),
		"api_calls":    count("How many AWS calls it took, retries not counted; those that another look of the same plan made for both are counted in each."),
	}
}

func itemsAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		Computed: true, MarkdownDescription: "The resources that differ, worst first, then by address.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"address":    text("Address in the state."),
			"type":       text("Resource type."),
			"id":         text("Id in the state."),
			"region":     text("AWS Region."),
			"account_id": text("AWS account, where the state tells it."),
			"kind":       text("`changed`, `deleted` or `unmanaged`."),
			"category":   text("`critical`, `major` or `minor`: that of the worst change."),
			"reason":     text("Why, in words."),
			"changes": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "What differs, worst first; empty for a deletion.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"path":     text("Attribute, such as `memory_size` or `tags.Name`. Each security group rule is a change of `ingress` or `egress`."),
					"expected": text("Value in the state; null when there is none. Lists are JSON. Values that the state marks as sensitive, and a function's environment, read `(sensitive value)`."),
					"actual":   text("Value in AWS, likewise."),
					"category": text("`critical`, `major` or `minor`."),
					"reason":   text("Why, in words."),
				}},
			},
			"monthly_cost_delta": schema.Float64Attribute{
				Computed:            true,
				MarkdownDescription: "What it costs a month more than the state says, in US dollars: price of what is live less price of what is in the state, without what is used (traffic, requests). Null where no price is known, never 0 for want of one.",
			},
			"cost_basis": text("What `monthly_cost_delta` rests on: `price_list` (the Price List API), `offline_table` (at least one price is of the provider's own table: see `price_date`), `no_priced_attribute` (nothing that has a price differs: 0), " +
				"`per_million_invocations_of_1s` (a function of which CloudWatch has no calls: the figure is for a million calls of one second each a month, and in no sum), or `unknown` (no price: null)."),
			"price_date":    text("Day of the oldest price in it: with `price_list` when AWS published it, with `offline_table` that of the table; null without one."),
			"recorded_at":   text("With `source = \"config\"`: when AWS Config recorded what is compared, RFC 3339. Null where AWS was read."),
			"changed_by":    text("Who made the newest change that CloudTrail has: ARN of the caller; null when nobody looked or none was found: `attribution` says which."),
			"changed_at":    text("When, RFC 3339."),
			"changed_event": text("Which call it was, such as `AuthorizeSecurityGroupIngress`."),
			"changed_from":  text("Address or service that it came from."),
			"attribution": text("How it was found, or why it was not: no event by this name in CloudTrail's 90 days, the time was up, or CloudTrail could not be asked. Null when nobody looked: `attribution` is off, or the item is minor or unmanaged. " +
				"\"None found\" is not \"nobody\": some services log no resource name, and an event may take 15 minutes to appear."),
			"remediation": lines("Shell commands that put AWS back as the configuration says, for the directory of the drifted configuration. A rule that was added to a security group whose rules are resources of their own is revoked with the AWS CLI: an apply " +
				"would not remove it. `terraform apply -target` also puts back what the target depends on. They begin with `tofu` where the state's providers come from OpenTofu's registry."),
			"reconciliation": lines("Shell commands that make the state agree with AWS instead, without changing AWS; lines that begin with `#` tell what the configuration needs, and `configuration` has it as HCL. What was deleted and has been made anew by hand, " +
				"under the same name, is told when `unmanaged` names its type: its commands then import that."),
			"configuration": text("HCL to paste into the configuration so that it says what is live: attributes and blocks that stand for those of the same name, under comments that name the resource block that they belong into and tell what cannot be " +
				"pasted. For a deletion a `removed` block, for something unmanaged an `import` block. Null when the commands of `reconciliation` are all."),
		}},
	}
}
