package checkset

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/float64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	datasource "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Attribute is `checks` of a resource: required; a caller may make it optional instead. Its headers_wo is in req.Config
// only, never in a plan or a state: read the checks that are to run from there.
func Attribute() schema.MapNestedAttribute {
	check := map[string]schema.Attribute{
		"advisory": schema.BoolAttribute{
			Optional: true, MarkdownDescription: "Report the check, but let it block nothing. Default `false`.",
		},
		"timeout": schema.StringAttribute{
			Optional: true, Validators: []validator.String{positiveDuration},
			MarkdownDescription: "Time that one attempt may take, such as `\"10s\"` (the default). The gate's own `timeout` still ends everything.",
		},
		"needs": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "Names of checks that must pass first; otherwise this one is skipped and says why. A blocking check that was skipped is not proven healthy and blocks.",
		},
	}
	for _, kind := range kinds {
		check[kind.name] = kind.attribute
	}
	check = allTyped(check)
	object := objectOf(check)
	return schema.MapNestedAttribute{
		Required:     true,
		Validators:   []validator.Map{mapvalidator.SizeAtLeast(1), mapvalidator.KeysAre(stringvalidator.LengthAtLeast(1))},
		CustomType:   types.MapType{ElemType: object},
		NestedObject: schema.NestedAttributeObject{Attributes: check, CustomType: object},
		MarkdownDescription: "What is checked: a map of a name of your choice to exactly one kind of check. Expressions are [expr-lang](https://expr-lang.org/docs/language-definition) over " +
			"`status`, `headers`, `body`, `json` and `latency_ms` (for `lambda` also `payload`); an unknown name is an error at plan, a field that an answer lacks is a failed attempt (allow it with `?.` or `??`). " +
			"Secrets belong into the attributes that are sensitive or write-only: addresses, names and what is expected of an answer appear in reasons and reports.",
	}
}

// GateAttributes are the attributes of a gate beside `checks`, all optional, for a resource or a nested object of one.
func GateAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"timeout": schema.StringAttribute{
			Optional: true, Validators: []validator.String{positiveDuration},
			MarkdownDescription: "Time for all checks together, which always wins: what has not passed by then is timed out. Default: `health.timeout` of the provider block, else `HEALTH_CHECK_TIMEOUT` (seconds), else `\"5m\"`.",
		},
		"max_retries": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(0, 10000)},
			MarkdownDescription: "How often a check is tried again after an attempt that did not pass. Default: `health.max_retries` of the provider block, else `MAX_RETRIES`, else `5`.",
		},
		"retry_delay": schema.StringAttribute{
			Optional: true, Validators: []validator.String{duration},
			MarkdownDescription: "Wait before the first retry. Default: `health.retry_delay` of the provider block, else `RETRY_DELAY` (seconds), else `\"10s\"`.",
		},
		"backoff": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "How the wait grows from retry to retry.",
			Attributes: map[string]schema.Attribute{
				"multiplier": schema.Float64Attribute{
					Optional: true, Validators: []validator.Float64{float64validator.Between(1, 100)},
					MarkdownDescription: "Factor from one wait to the next, from 1. Default `2`.",
				},
				"max_delay": schema.StringAttribute{
					Optional: true, Validators: []validator.String{positiveDuration}, MarkdownDescription: "Longest wait. Default `\"60s\"`.",
				},
				"jitter": schema.Float64Attribute{
					Optional: true, Validators: []validator.Float64{float64validator.Between(0, 1)},
					MarkdownDescription: "Share by which each wait is drawn longer or shorter, so that many gates do not knock in step. Default `0.2`.",
				},
			},
		},
		"initial_delay": schema.StringAttribute{
			Optional: true, Validators: []validator.String{duration}, MarkdownDescription: "Wait before the first attempts. Default `\"0s\"`.",
		},
		"success_threshold": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(1, 10000)},
			MarkdownDescription: "Passes in a row that make a check pass. They cost no retries. Default `1`.",
		},
		"failure_threshold": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(1, 10000)},
			MarkdownDescription: "Failed attempts in a row that end a check early. Default: `max_retries` + 1, which ends none early.",
		},
		"max_failed_checks": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.AtLeast(0)},
			MarkdownDescription: "Blocking checks that may fail while the whole passes. Default `0`.",
		},
		"parallelism": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.AtLeast(0)}, MarkdownDescription: "Checks at a time; `0`, the default, means all.",
		},
		"fail_fast": schema.BoolAttribute{
			Optional: true, MarkdownDescription: "End the other checks as soon as the whole cannot pass any more. Default `false`.",
		},
		"on_inconclusive": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.OneOf(onInconclusiveFail, onInconclusivePass)},
			MarkdownDescription: "What becomes of a check that, after all its attempts, had nothing to measure (a metric without data, an alarm in `INSUFFICIENT_DATA`): `\"fail\"` (default): it blocks, and the " +
				"verdict is inconclusive. `\"pass\"`: it counts as passed and is reported as inconclusive. A run that was interrupted or ran out of time never passes.",
		},
	}
}

// Attributes are `checks` and GateAttributes.
func Attributes() map[string]schema.Attribute {
	attributes := GateAttributes()
	attributes["checks"] = Attribute()
	return attributes
}

// DataSourceAttributes are the same for a data source, which has no write-only attributes.
func DataSourceAttributes() map[string]datasource.Attribute {
	converted := map[string]datasource.Attribute{}
	maps.Copy(converted, forDataSource(Attributes()))
	return converted
}

var atLeastOne = []validator.Set{setvalidator.SizeAtLeast(1)}
