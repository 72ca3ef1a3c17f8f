package healthgate

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasource "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/reportset"
)

// What the user may choose, and the texts that resource and data source share.
const (
	onFailureError  = "error"
	onFailureRecord = "record"
	runOnChange     = "on_change"
	runEveryApply   = "every_apply"

	regionText = "AWS Region of the checks that ask AWS. Default: the provider's."
	reportText = "Files that the result is written to as well, whole or not at all. One that cannot be written is a warning."

	healthyText    = "Whether the verdict is `\"passed\"`."
	verdictText    = "`\"passed\"`, `\"failed\"`, or `\"inconclusive\"` where it could not be found out, which is never healthy."
	failedText     = "Names of the checks that stood in the way: run, not passed, not advisory."
	resultsText    = "How each check ended, by name."
	reportJSONText = "The versioned JSON document with the evidence of each attempt. It holds no header values and no bodies."
	startedText    = "When the last run began, RFC 3339."
	durationText   = "How long it took, in milliseconds."
)

var (
	onFailureValidators = []validator.String{stringvalidator.OneOf(onFailureError, onFailureRecord)}
	notEmpty            = []validator.String{stringvalidator.LengthAtLeast(1)}
)

// resultTypes are the members of each of `results`.
var resultTypes = map[string]attr.Type{
	"status": types.StringType, "reason": types.StringType, "attempts": types.Int64Type, "latency_ms": types.Int64Type, "advisory": types.BoolType,
}

var resultTexts = map[string]string{
	"status":     "`passed`, `failed`, `error` (no usable answer), `inconclusive`, `timed_out` or `skipped`.",
	"reason":     "Why, in words; empty where it passed.",
	"attempts":   "Attempts made.",
	"latency_ms": "Milliseconds that the last attempt took.",
	"advisory":   "Whether it was only advisory.",
}

var reports = reportset.Texts{Whole: reportText, Files: map[string]string{
	"json":     "Path of the JSON document, the same as `report_json`.",
	"junit":    "Path of a JUnit XML file, a test case a check, as CI systems read it. An advisory check that did not pass is skipped there.",
	"markdown": "Path of a Markdown table, for a pull request or a build summary.",
	"html":     "Path of a self-contained HTML page.",
}}

func resourceSchema() schema.Schema {
	attributes := checkset.Attributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}, MarkdownDescription: "Stays the same for the life of the gate.",
		},
		"triggers": schema.MapAttribute{
			Optional: true, ElementType: types.StringType, MarkdownDescription: "Any values; the gate runs again, in place, when one changes. Name here what is deployed.",
		},
		"run": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.OneOf(runOnChange, runEveryApply)},
			MarkdownDescription: "`\"on_change\"` (default): when an argument changes, and for as long as it is unhealthy. `\"every_apply\"`: each plan proposes another run.",
		},
		"deployment_id": schema.StringAttribute{
			Optional: true, Validators: notEmpty,
			MarkdownDescription: "`id` of a `reliability_deployment_snapshot`: the verdict closes that deployment in the ledger as succeeded or failed, and tells the provider's metrics and notifications.",
		},
		"on_failure": schema.StringAttribute{
			Optional: true, Validators: onFailureValidators,
			MarkdownDescription: "`\"error\"` (default): the apply fails. `\"record\"`: it goes on, `healthy` is false, and each plan proposes another run until it is healthy.",
		},
		"region":        schema.StringAttribute{Optional: true, Validators: notEmpty, MarkdownDescription: regionText},
		"report":        reports.Resource(),
		"healthy":       schema.BoolAttribute{Computed: true, MarkdownDescription: healthyText},
		"verdict":       schema.StringAttribute{Computed: true, MarkdownDescription: verdictText},
		"failed_checks": schema.SetAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: failedText},
		"results": schema.MapNestedAttribute{
			Computed: true, MarkdownDescription: resultsText, NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"status":     schema.StringAttribute{Computed: true, MarkdownDescription: resultTexts["status"]},
				"reason":     schema.StringAttribute{Computed: true, MarkdownDescription: resultTexts["reason"]},
				"attempts":   schema.Int64Attribute{Computed: true, MarkdownDescription: resultTexts["attempts"]},
				"latency_ms": schema.Int64Attribute{Computed: true, MarkdownDescription: resultTexts["latency_ms"]},
				"advisory":   schema.BoolAttribute{Computed: true, MarkdownDescription: resultTexts["advisory"]},
			}},
		},
		"report_json": schema.StringAttribute{Computed: true, MarkdownDescription: reportJSONText},
		"started_at":  schema.StringAttribute{Computed: true, MarkdownDescription: startedText},
		"duration_ms": schema.Int64Attribute{Computed: true, MarkdownDescription: durationText},
	})
	return schema.Schema{
		MarkdownDescription: "Blocks an apply until what was deployed is proven healthy. It runs when it is created and, in place, whenever an argument or `triggers` changes; refresh never probes. " +
			"A failed run ends the apply in an error and is repeated by the next one: the gate is never tainted and never forgotten.",
		Attributes: attributes,
	}
}

func dataSourceSchema() datasource.Schema {
	attributes := checkset.DataSourceAttributes()
	maps.Copy(attributes, map[string]datasource.Attribute{
		"on_failure": datasource.StringAttribute{
			Optional: true, Validators: onFailureValidators, MarkdownDescription: "`\"error\"` (default): the plan fails. `\"record\"`: it goes on, and `healthy` is false.",
		},
		"region":        datasource.StringAttribute{Optional: true, Validators: notEmpty, MarkdownDescription: regionText},
		"report":        reports.DataSource(),
		"healthy":       datasource.BoolAttribute{Computed: true, MarkdownDescription: healthyText},
		"verdict":       datasource.StringAttribute{Computed: true, MarkdownDescription: verdictText},
		"failed_checks": datasource.SetAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: failedText},
		"results": datasource.MapNestedAttribute{
			Computed: true, MarkdownDescription: resultsText, NestedObject: datasource.NestedAttributeObject{Attributes: map[string]datasource.Attribute{
				"status":     datasource.StringAttribute{Computed: true, MarkdownDescription: resultTexts["status"]},
				"reason":     datasource.StringAttribute{Computed: true, MarkdownDescription: resultTexts["reason"]},
				"attempts":   datasource.Int64Attribute{Computed: true, MarkdownDescription: resultTexts["attempts"]},
				"latency_ms": datasource.Int64Attribute{Computed: true, MarkdownDescription: resultTexts["latency_ms"]},
				"advisory":   datasource.BoolAttribute{Computed: true, MarkdownDescription: resultTexts["advisory"]},
			}},
		},
		"report_json": datasource.StringAttribute{Computed: true, MarkdownDescription: reportJSONText},
		"started_at":  datasource.StringAttribute{Computed: true, MarkdownDescription: startedText + " It changes at every read: using it in a resource plans a change each time."},
		"duration_ms": datasource.Int64Attribute{Computed: true, MarkdownDescription: durationText},
	})
	return datasource.Schema{
		MarkdownDescription: "Runs health checks while Terraform plans, so that an unhealthy system blocks the plan. With pending changes in its `depends_on` Terraform reads it during apply instead. " +
			"A failing read also blocks `destroy`; `terraform destroy -refresh=false` goes past it.",
		Attributes: attributes,
	}
}
