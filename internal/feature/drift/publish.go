package drift

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/price"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// publishing bounds how long telling people may take.
const publishing = 30 * time.Second

// cost is where prices come from, or nil.
func (d *dataSource) cost(ctx context.Context, object types.Object, diags *diag.Diagnostics) *engine.Cost {
	if object.IsNull() {
		return &engine.Cost{Prices: price.Table{}}
	}
	var cost costModel
	diags.Append(object.As(ctx, &cost, asOptions)...)
	switch {
	case !cost.Enabled.IsNull() && !cost.Enabled.ValueBool():
		return nil
	case cost.Offline.ValueBool():
		return &engine.Cost{Prices: price.Table{}}
	}
	list := price.List{Client: func(ctx context.Context) (price.API, error) { return d.provider.AWS.Pricing(ctx, price.APIRegion) }}
	return &engine.Cost{
		Prices: price.Sources{&price.Cache{Source: list, Dir: price.DefaultDir(), Clock: d.provider.Clock}, price.Table{}},
		Duration: func(ctx context.Context, region, function string) (float64, bool, error) {
			client, err := d.provider.AWS.CloudWatch(ctx, region)
			if err != nil {
				return 0, false, err
			}
			return engine.RecordedDuration(ctx, client, function, d.provider.Clock.Now())
		},
	}
}

// publish sends the metrics, and tells people when something is critical. What could not be sent is a warning.
func publish(ctx context.Context, data *configured.Data, result *engine.Result, diags *diag.Diagnostics) {
	ctx, cancel := data.Clock.WithTimeout(context.WithoutCancel(ctx), publishing)
	defer cancel()
	if err := data.Sink.Send(ctx, eventOf(result)); err != nil {
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "Nobody was told", Happened: "The comparison is done, but a metric or notification could not be sent", Err: err,
			Next: "check metrics and notify of the provider block; what was found stands.",
		})
	}
}

// eventOf is what is told of a look: its counts, and of the critical items what and why.
func eventOf(result *engine.Result) notify.Event {
	critical, major, minor := result.Count(engine.Critical), result.Count(engine.Major), result.Count(engine.Minor)
	event := notify.Event{
		Kind: notify.DriftMeasured, At: result.Started.Add(result.Duration),
		Subject: fmt.Sprintf("Drift: %d critical, %d major, %d minor", critical, major, minor),
		Detail: map[string]any{
			"total": len(result.Items), "critical": critical, "major": major, "minor": minor, "unverified": len(result.Unverified),
			"coverage_percent": result.CoveragePercent(), "monthly_cost_delta": result.MonthlyCostDelta, "cost_complete": result.CostComplete,
		},
		Metrics: []notify.Metric{
			notify.MetricTotalDrift.Of(float64(len(result.Items))), notify.MetricCriticalDrift.Of(float64(critical)),
			notify.MetricMajorDrift.Of(float64(major)), notify.MetricMinorDrift.Of(float64(minor)),
		},
	}
	if result.MonthlyCostDelta != nil {
		event.Metrics = append(event.Metrics, notify.MetricDriftCostImpact.Of(*result.MonthlyCostDelta))
	}
	if critical == 0 {
		return event
	}
	event.Kind, event.Attributes = notify.DriftFound, map[string]string{"category": string(engine.Critical)}
	var worst []map[string]string
	for _, item := range result.AtLeast(engine.Critical) {
		if len(worst) == shownItems {
			break
		}
		worst = append(worst, map[string]string{"address": string(item.Address), "id": item.ID, "region": item.Region, "kind": string(item.Kind), "reason": item.Reason})
	}
	event.Detail["worst"] = worst
	return event
}
