package bluegreenswitch

import (
	"context"
	"math"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

// stepFailures is how many failed attempts in a row call a target bad while it has traffic, unless failure_threshold
// says otherwise. Before the first step nobody is hurt by waiting, and the checks have all their retries.
const stepFailures = 3

func gateAttributes() map[string]schema.Attribute {
	attributes := checkset.GateAttributes()
	checks := checkset.Attribute()
	checks.Required, checks.Optional = false, true
	checks.MarkdownDescription += "\n\nThey judge the colour that traffic goes to, so address that colour: before the first step, at each step as soon as its change is live, again and again until the step " +
		"ends, and through the bake. Without any, only failing calls and deadlines move traffic back."
	attributes["checks"] = checks
	if threshold, ok := attributes["failure_threshold"].(schema.Int64Attribute); ok {
		threshold.MarkdownDescription = "Failed attempts in a row that make a check fail early. Default: all attempts (`max_retries` + 1) before the first step, at most 3 while the target has traffic."
		attributes["failure_threshold"] = threshold
	}
	if delay, ok := attributes["initial_delay"].(schema.StringAttribute); ok {
		delay.MarkdownDescription = "Wait before the checks that come before the first step. Default `\"0s\"`."
		attributes["initial_delay"] = delay
	}
	return attributes
}

// checked tells whether there are checks.
func (m *model) checked() bool { return len(m.Checks.Elements()) > 0 }

// policies are the gate's policy before the first step, and while the target has traffic. known is false while some
// attribute of it is not known.
func (m *model) policies(ctx context.Context, data *configured.Data) (before, during gate.Policy, known bool) {
	alone := m.Gate
	alone.Checks = types.MapNull(m.Checks.ElementType(ctx))
	_, before, diags := alone.Build(ctx, path.Empty(), checkset.Deps{Data: data, Region: m.Region.ValueString()})
	known = !diags.HasError()
	for _, attribute := range []interface{ IsUnknown() bool }{
		m.Timeout, m.MaxRetries, m.RetryDelay, m.Backoff, m.FailureThreshold, m.Checks,
	} {
		known = known && !attribute.IsUnknown()
	}
	during = before
	during.InitialDelay = 0
	if m.FailureThreshold.IsNull() {
		during.FailureThreshold = min(stepFailures, before.MaxRetries+1)
	}
	return before, during, known
}

// patience is how long the checks go on after the first failed attempt until they call a target with traffic bad: the
// waits between the attempts, without the attempts themselves.
func (m *model) patience(ctx context.Context, data *configured.Data) (patience time.Duration, known bool) {
	_, policy, known := m.policies(ctx, data)
	delay := float64(policy.RetryDelay)
	for range min(policy.FailureThreshold, policy.MaxRetries+1) - 1 {
		patience += time.Duration(math.Min(delay, float64(policy.MaxDelay)))
		delay *= policy.Multiplier
	}
	return min(patience, policy.Timeout), known
}

// toCheck returns what judges the target; nil without checks. config holds what is write-only.
func (m *model) toCheck(ctx context.Context, data *configured.Data, config *model, diags *diag.Diagnostics) func(context.Context, traffic.Stage) gate.Result {
	if !m.checked() {
		return nil
	}
	checks, _, more := config.Build(ctx, path.Empty(), checkset.Deps{Data: data, Region: m.Region.ValueString()})
	diags.Append(more...)
	before, during, _ := m.policies(ctx, data)
	options := gate.Options{Clock: data.Clock, Log: configured.Logger(ctx)}
	return func(ctx context.Context, stage traffic.Stage) gate.Result {
		if stage.Phase == traffic.Before {
			return gate.Run(ctx, checks, before, options)
		}
		return gate.Run(ctx, checks, during, options)
	}
}
