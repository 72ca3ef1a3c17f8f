package checkset

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

type metricModel struct {
	Namespace  types.String  `tfsdk:"namespace"`
	MetricName types.String  `tfsdk:"metric_name"`
	Statistic  types.String  `tfsdk:"statistic"`
	Period     types.String  `tfsdk:"period"`
	Comparison types.String  `tfsdk:"comparison"`
	Threshold  types.Float64 `tfsdk:"threshold"`
	Dimensions types.Map     `tfsdk:"dimensions"`
	MinSamples types.Int64   `tfsdk:"min_samples"`
}

// maxDimensions: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Metric.html
const maxDimensions = 30

func metricKind() kind {
	short := []validator.String{stringvalidator.LengthBetween(1, 255)}
	attribute := schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Reads a CloudWatch metric over the period that ends now; passes when there are enough samples and the comparison holds. Without enough samples it is inconclusive, which blocks: " +
			"no data is not healthy. Needs `cloudwatch:GetMetricData`.",
		Attributes: map[string]schema.Attribute{
			"namespace":   schema.StringAttribute{Required: true, Validators: short, MarkdownDescription: "Namespace, such as `\"AWS/ApplicationELB\"`."},
			"metric_name": schema.StringAttribute{Required: true, Validators: short, MarkdownDescription: "Name of the metric."},
			"statistic": schema.StringAttribute{
				Required: true, Validators: []validator.String{statistic},
				MarkdownDescription: "`Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount`, a percentile such as `p99` or `p99.9`, or another statistic of CloudWatch (`tm99`, `IQM`, `PR(:300)`).",
			},
			"period": schema.StringAttribute{
				Required: true, Validators: []validator.String{metricPeriod},
				MarkdownDescription: "How far back, such as `\"5m\"`: 1, 5, 10, 20 or 30 seconds, or whole minutes up to a day. AWS services publish with some minutes' delay, so that a shorter period may stay without data.",
			},
			"comparison": schema.StringAttribute{
				Required: true, Validators: []validator.String{comparison},
				MarkdownDescription: "How the statistic must stand to `threshold` to be healthy: `\"<\"`, `\"<=\"`, `\">\"`, `\">=\"`, or `LessThanThreshold`, `LessThanOrEqualToThreshold`, `GreaterThanThreshold`, `GreaterThanOrEqualToThreshold`.",
			},
			"threshold": schema.Float64Attribute{Required: true, MarkdownDescription: "What the statistic is compared with, in the metric's unit."},
			"dimensions": schema.MapAttribute{
				Optional: true, ElementType: types.StringType, Validators: []validator.Map{mapvalidator.SizeAtMost(maxDimensions), mapvalidator.KeysAre(short...), mapvalidator.ValueStringsAre(stringvalidator.LengthBetween(1, 1024))},
				MarkdownDescription: "Dimensions, all that the metric has: CloudWatch takes a metric with other dimensions for another one.",
			},
			"min_samples": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)}, MarkdownDescription: "Least number of samples in the period (the statistic `SampleCount`). Default `1`."},
		},
	}
	return kind{
		name: "metric", attribute: attribute,
		build: func(ctx context.Context, object types.Object, at path.Path, deps Deps, diags *diag.Diagnostics) probe.Probe {
			model := decode[metricModel](ctx, object, attribute, diags)
			check := &probe.Metric{
				Client:    func(ctx context.Context) (probe.MetricAPI, error) { return deps.Data.AWS.CloudWatch(ctx, deps.Region) },
				Namespace: model.Namespace.ValueString(), MetricName: model.MetricName.ValueString(), Threshold: model.Threshold.ValueFloat64(),
				Dimensions: configured.StringMap(ctx, model.Dimensions, diags), MinSamples: toInt(model.MinSamples, 1),
			}
			var err error
			check.Statistic, err = probe.ParseStatistic(model.Statistic.ValueString())
			invalid(diags, at.AtName("statistic"), err)
			check.Period, err = probe.ParsePeriod(model.Period.ValueString())
			invalid(diags, at.AtName("period"), err)
			check.Comparison, err = probe.ParseComparison(model.Comparison.ValueString())
			invalid(diags, at.AtName("comparison"), err)
			return check
		},
	}
}
