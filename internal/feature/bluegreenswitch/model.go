package bluegreenswitch

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
)

// model is the resource as Terraform knows it.
type model struct {
	checkset.Gate

	ID              types.String   `tfsdk:"id"`
	Active          types.String   `tfsdk:"active"`
	Region          types.String   `tfsdk:"region"`
	Routes          types.Map      `tfsdk:"routes"`
	Strategy        types.Object   `tfsdk:"strategy"`
	OnFailure       types.String   `tfsdk:"on_failure"`
	MaxRecoveryTime types.String   `tfsdk:"max_recovery_time"`
	SnapshotID      types.String   `tfsdk:"snapshot_id"`
	Guard           types.Object   `tfsdk:"guard"`
	Report          types.Object   `tfsdk:"report"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`

	Live                     types.Object  `tfsdk:"live"`
	Status                   types.String  `tfsdk:"status"`
	SwitchedAt               types.String  `tfsdk:"switched_at"`
	LastSwitchSeconds        types.Float64 `tfsdk:"last_switch_seconds"`
	EstimatedRecoverySeconds types.Int64   `tfsdk:"estimated_recovery_seconds"`
}

type strategyModel struct {
	Type          types.String `tfsdk:"type"`
	Steps         types.List   `tfsdk:"steps"`
	Interval      types.String `tfsdk:"interval"`
	Bake          types.String `tfsdk:"bake"`
	Drain         types.String `tfsdk:"drain"`
	CheckInterval types.String `tfsdk:"check_interval"`
}

// toStrategy returns the strategy, which is all at once where none is configured; known is false while some of it is
// not known. What is wrong with it is reported at its attribute.
func (m *model) toStrategy(ctx context.Context, diags *diag.Diagnostics) (strategy traffic.Strategy, known bool) {
	strategy.Type = traffic.AllAtOnce
	if m.Strategy.IsNull() {
		return strategy, true
	}
	if m.Strategy.IsUnknown() {
		return strategy, false
	}
	var configured strategyModel
	diags.Append(m.Strategy.As(ctx, &configured, basetypes.ObjectAsOptions{})...)
	if diags.HasError() || configured.Type.IsUnknown() || configured.Steps.IsUnknown() {
		return strategy, false
	}
	if !configured.Type.IsNull() {
		strategy.Type = traffic.StrategyType(configured.Type.ValueString())
	}
	known = true
	for _, element := range configured.Steps.Elements() {
		step, ok := element.(types.Int64)
		if !ok || step.IsUnknown() {
			return strategy, false
		}
		strategy.Steps = append(strategy.Steps, int(min(max(step.ValueInt64(), -1), 1000)))
	}
	for text, into := range map[*types.String]*time.Duration{
		&configured.Interval: &strategy.Interval, &configured.Bake: &strategy.Bake, &configured.Drain: &strategy.Drain,
		&configured.CheckInterval: &strategy.CheckInterval,
	} {
		d, isKnown := durationOf(*text)
		*into = d
		known = known && isKnown
	}
	var wrong *traffic.StrategyError
	if err := strategy.Validate(); errors.As(err, &wrong) {
		wordStrategy(diags, wrong, `write for example { type = "canary", steps = [10, 50], interval = "1m", bake = "5m" }.`)
	}
	return strategy, known
}

// maxRecovery is the deadline of a revert.
func (m *model) maxRecovery() time.Duration {
	if d, _ := durationOf(m.MaxRecoveryTime); d > 0 {
		return d
	}
	var diags diag.Diagnostics // what is wrong with the routes is said elsewhere
	d, _ := durationOf(types.StringValue(defaultRecovery(routesOf(m.Routes, &diags))))
	return d
}

func (m *model) active() traffic.Colour { return traffic.Colour(m.Active.ValueString()) }

// liveObject is the value of live.
func liveObject(weights traffic.Weights) types.Object {
	return types.ObjectValueMust(liveType, map[string]attr.Value{
		"blue": types.Int64Value(int64(weights.Blue)), "green": types.Int64Value(int64(weights.Green)),
	})
}

// setEstimate sets the recovery estimate, rounded up.
func (m *model) setEstimate(estimate traffic.Estimate) {
	m.EstimatedRecoverySeconds = types.Int64Value(int64(math.Ceil(estimate.Total().Seconds())))
}

// fromSuccess sets the outputs after a switch that reached its end.
func (m *model) fromSuccess(outcome traffic.Outcome) {
	m.Live = liveObject(traffic.Worst(outcome.Live, m.active()))
	m.Status = types.StringValue(string(outcome.Status))
	if outcome.Moved {
		m.SwitchedAt = types.StringValue(outcome.StartedAt.Add(outcome.Duration).UTC().Format(time.RFC3339))
		m.LastSwitchSeconds = types.Float64Value(math.Round(outcome.Duration.Seconds()*1000) / 1000)
		return
	}
	if m.SwitchedAt.IsUnknown() {
		m.SwitchedAt = types.StringNull()
	}
	if m.LastSwitchSeconds.IsUnknown() {
		m.LastSwitchSeconds = types.Float64Null()
	}
}

// fromFailure sets, on a prior state whose configuration stays, what is live after a switch that failed.
func (m *model) fromFailure(outcome traffic.Outcome) {
	if len(outcome.Live) > 0 {
		m.Live = liveObject(traffic.Worst(outcome.Live, m.active()))
	}
	if outcome.Status != "" {
		m.Status = types.StringValue(string(outcome.Status))
	}
}
