package checkset

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

// Gate is what the user typed into Attributes. A feature's model embeds it.
type Gate struct {
	Checks           types.Map    `tfsdk:"checks"`
	Timeout          types.String `tfsdk:"timeout"`
	MaxRetries       types.Int64  `tfsdk:"max_retries"`
	RetryDelay       types.String `tfsdk:"retry_delay"`
	Backoff          types.Object `tfsdk:"backoff"`
	InitialDelay     types.String `tfsdk:"initial_delay"`
	SuccessThreshold types.Int64  `tfsdk:"success_threshold"`
	FailureThreshold types.Int64  `tfsdk:"failure_threshold"`
	MaxFailedChecks  types.Int64  `tfsdk:"max_failed_checks"`
	Parallelism      types.Int64  `tfsdk:"parallelism"`
	FailFast         types.Bool   `tfsdk:"fail_fast"`
	OnInconclusive   types.String `tfsdk:"on_inconclusive"`
}

type backoffModel struct {
	Multiplier types.Float64 `tfsdk:"multiplier"`
	MaxDelay   types.String  `tfsdk:"max_delay"`
	Jitter     types.Float64 `tfsdk:"jitter"`
}

// Deps is what building checks needs.
type Deps struct {
	Data   *configured.Data
	Region string // the resource's own; "" means the provider's
}

const (
	defaultJitter     = 0.2
	defaultMultiplier = gate.DefaultMultiplier
	defaultMaxDelay   = gate.DefaultMaxDelay

	onInconclusiveFail = "fail"
	onInconclusivePass = "pass"
)

// Build returns the checks and the policy, defaults filled in from the provider block. at is where the attributes are:
// path.Empty() for the root of a resource. Everything must be known, as it is at apply; what is wrong nevertheless is
// reported with its path. Nothing is contacted: clients are made at the first attempt.
func (g *Gate) Build(ctx context.Context, at path.Path, deps Deps) ([]gate.Check, gate.Policy, diag.Diagnostics) {
	var diags diag.Diagnostics
	policy := g.policy(ctx, at, deps.Data.Health, &diags)
	var checks []gate.Check
	elements := g.Checks.Elements()
	for _, name := range slices.Sorted(maps.Keys(elements)) {
		object, ok := elements[name].(types.Object)
		if !ok {
			continue
		}
		if check, ok := toCheck(ctx, name, object, at.AtName("checks").AtMapKey(name), deps, &diags); ok {
			checks = append(checks, check)
		}
	}
	return checks, policy, diags
}

func toCheck(ctx context.Context, name string, object types.Object, at path.Path, deps Deps, diags *diag.Diagnostics) (gate.Check, bool) {
	attributes := object.Attributes()
	check := gate.Check{Name: name}
	if advisory, ok := attributes["advisory"].(types.Bool); ok {
		check.Advisory = advisory.ValueBool()
	}
	if timeout, ok := attributes["timeout"].(types.String); ok {
		check.Timeout = toDuration(timeout, gate.DefaultAttemptTimeout, at.AtName("timeout"), diags)
	}
	if needs, ok := attributes["needs"].(types.Set); ok {
		check.Needs = configured.Strings(ctx, needs, diags)
	}
	for _, kind := range kinds {
		chosen, ok := attributes[kind.name].(types.Object)
		if ok && !chosen.IsNull() {
			check.Probe = kind.build(ctx, chosen, at.AtName(kind.name), deps, diags)
		}
	}
	return check, check.Probe != nil && !diags.HasError()
}

func (g *Gate) policy(ctx context.Context, at path.Path, health configured.Health, diags *diag.Diagnostics) gate.Policy {
	backoff := g.backoff(ctx, diags)
	policy := gate.Policy{
		Timeout:          toDuration(g.Timeout, health.Timeout, at.AtName("timeout"), diags),
		MaxRetries:       toInt(g.MaxRetries, health.MaxRetries),
		RetryDelay:       toDuration(g.RetryDelay, health.RetryDelay, at.AtName("retry_delay"), diags),
		Multiplier:       toFloat(backoff.Multiplier, defaultMultiplier),
		MaxDelay:         toDuration(backoff.MaxDelay, defaultMaxDelay, at.AtName("backoff").AtName("max_delay"), diags),
		Jitter:           toFloat(backoff.Jitter, defaultJitter),
		InitialDelay:     toDuration(g.InitialDelay, 0, at.AtName("initial_delay"), diags),
		SuccessThreshold: toInt(g.SuccessThreshold, 1),
		FailureThreshold: toInt(g.FailureThreshold, 0),
		MaxFailedChecks:  toInt(g.MaxFailedChecks, 0),
		Parallelism:      toInt(g.Parallelism, 0),
		FailFast:         g.FailFast.ValueBool(),

		InconclusivePasses: g.OnInconclusive.ValueString() == onInconclusivePass,
	}
	if policy.Timeout <= 0 {
		policy.Timeout = gate.DefaultTimeout
	}
	return policy
}

func (g *Gate) backoff(ctx context.Context, diags *diag.Diagnostics) backoffModel {
	var backoff backoffModel
	if !g.Backoff.IsNull() && !g.Backoff.IsUnknown() {
		diags.Append(g.Backoff.As(ctx, &backoff, basetypes.ObjectAsOptions{})...)
	}
	return backoff
}

// parsed returns a duration that validators have already seen; ok is false when it is not known or not well formed.
func parsed(text types.String) (d time.Duration, ok bool) {
	if text.IsNull() || text.IsUnknown() {
		return 0, false
	}
	d, err := time.ParseDuration(text.ValueString())
	return d, err == nil
}
