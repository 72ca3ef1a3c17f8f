package bluegreenswitch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// slowRecovery is max_recovery_time with a route whose changes CloudFront propagates: three times what AWS generally takes.
const slowRecovery = "15m"

// defaultRecovery is max_recovery_time where it is left out: as long as the slowest route needs.
func defaultRecovery(routes []route) string {
	longest := defaultMaxRecovery
	for _, route := range routes {
		if route.kind.maxRecovery != "" {
			longest = route.kind.maxRecovery
		}
	}
	return longest
}

// recoveryRemedy says what to do about an estimate that is longer than max_recovery_time: only what makes a difference.
func recoveryRemedy(estimate traffic.Estimate, routes []route) string {
	var remedies []string
	if slices.ContainsFunc(routes, func(r route) bool { return r.kind.name == route53Kind.name }) {
		remedies = append(remedies, "lower the TTL of the records")
	}
	if estimate.Detection > 0 {
		remedies = append(remedies, "let the checks decide sooner (max_retries, retry_delay, failure_threshold, check_interval of the strategy)")
	}
	longer := fmt.Sprintf("raise max_recovery_time to at least %s", estimate.Total())
	if slow := defaultRecovery(routes); slow != defaultMaxRecovery {
		longer += fmt.Sprintf(" (left out, it is %s with a route whose changes CloudFront propagates)", slow)
	}
	if len(remedies) == 0 {
		return longer + "."
	}
	return strings.Join(remedies, ", ") + ", or " + longer + "."
}

// planRecovery fills in max_recovery_time where the configuration leaves it out, and tells whether that changed the plan.
func (m *model) planRecovery(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) (filled bool) {
	var configured types.String
	diags.Append(config.GetAttribute(ctx, path.Root("max_recovery_time"), &configured)...)
	if !configured.IsNull() {
		return false
	}
	before := m.MaxRecoveryTime
	m.MaxRecoveryTime = types.StringUnknown()
	if !m.Routes.IsUnknown() {
		m.MaxRecoveryTime = types.StringValue(defaultRecovery(routesOf(m.Routes, diags)))
	}
	return !m.MaxRecoveryTime.Equal(before)
}

// checkSteps reports a strategy with a step that the route cannot do.
func (r route) checkSteps(strategy traffic.Strategy, diags *diag.Diagnostics) {
	if r.kind.largestStep == nil {
		return
	}
	var wrong *traffic.StrategyError
	if errors.As(strategy.Within(*r.kind.largestStep, fmt.Sprintf("the route %q (%s)", r.key, r.kind.name)), &wrong) {
		remedy := `leave strategy out, or write { type = "all_at_once" }.`
		if *r.kind.largestStep > 0 {
			remedy = fmt.Sprintf(`write for example { type = "canary", steps = [%d] }.`, *r.kind.largestStep)
		}
		wordStrategy(diags, wrong, remedy)
	}
}

// wordStrategy words what is wrong with a strategy.
func wordStrategy(diags *diag.Diagnostics, wrong *traffic.StrategyError, remedy string) {
	at := path.Root("strategy").AtName(wrong.Field)
	if wrong.Index >= 0 {
		at = at.AtListIndex(wrong.Index)
	}
	tfdiag.ErrorAt(diags, at, tfdiag.Message{Summary: "Invalid strategy", Happened: wrong.Problem + ".", Next: remedy})
}
