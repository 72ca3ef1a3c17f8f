package bluegreenswitch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// ValidateConfig reports what is wrong whatever AWS says.
func (r *switchResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	routes := routesOf(config.Routes, &resp.Diagnostics)
	strategy, known := config.toStrategy(ctx, &resp.Diagnostics)
	for _, route := range routes {
		route.kind.validate(ctx, route.value, route.at, &resp.Diagnostics)
		if known {
			route.checkSteps(strategy, &resp.Diagnostics)
		}
	}
	config.toGuard(ctx, &resp.Diagnostics)
	config.Validate(ctx, path.Empty(), &resp.Diagnostics)
}

// ModifyPlan plans a move back when what is live is not what is configured, and refuses at plan what would fail at
// apply. It runs once more just before the apply, when what was unknown is known.
func (r *switchResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || r.data == nil {
		return
	}
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	var prior *model
	if !req.State.Raw.IsNull() {
		prior = &model{}
		resp.Diagnostics.Append(req.State.Get(ctx, prior)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	filled := plan.planRecovery(ctx, req.Config, &resp.Diagnostics)
	if prior != nil && prior.steady() && !filled && req.Plan.Raw.Equal(req.State.Raw) {
		return
	}
	plan.planOutputs(prior)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	var seen observed // by the refresh of this run; a resource that it took out of the state leaves its older private state
	if raw, diags := req.Private.GetKey(ctx, observedKey); !diags.HasError() && raw != nil && prior != nil && prior.Routes.Equal(plan.Routes) {
		if err := json.Unmarshal(raw, &seen); err != nil {
			seen = nil
		}
	}
	r.inspect(ctx, &plan, prior, seen, &resp.Diagnostics)
	if prior != nil && prior.Status.ValueString() == string(traffic.StatusSteady) && !prior.steady() {
		if kept := readFight(ctx, req.Private); kept.Seen {
			wordFight(prior, kept.Count, &resp.Diagnostics)
		}
	}
	r.checkSnapshot(ctx, &plan, &resp.Diagnostics)
	plan.checkDeadline(ctx, prior == nil, &resp.Diagnostics)
}

// checkDeadline refuses a strategy that cannot end before its deadline even if nothing but its own pauses took time.
func (m *model) checkDeadline(ctx context.Context, creating bool, diags *diag.Diagnostics) {
	if m.Timeouts.IsUnknown() {
		return
	}
	strategy, known := m.toStrategy(ctx, diags)
	attribute, deadline := "update", m.Timeouts.Update
	if creating {
		attribute, deadline = "create", m.Timeouts.Create
	}
	limit, timeoutDiags := deadline(ctx, defaultTimeout)
	diags.Append(timeoutDiags...)
	if least := time.Duration(len(strategy.Percents())-1)*strategy.Interval + max(strategy.Bake, strategy.Drain); known && !diags.HasError() && least >= limit {
		tfdiag.ErrorAt(diags, path.Root("timeouts"), tfdiag.Message{
			Summary:  "The switch cannot end in time",
			Happened: fmt.Sprintf("The pauses of the strategy alone take %s, and the deadline is %s.", least, limit),
			Next:     fmt.Sprintf("set timeouts = { %s = ... } to more than that, with room for the propagation at each step, or shorten interval, bake and drain.", attribute),
		})
	}
}

// steady tells whether active has all the traffic and nothing is left to look after.
func (m *model) steady() bool {
	return m.Live.Equal(liveObject(traffic.On(m.active(), 100))) && m.Status.ValueString() != string(traffic.StatusInterrupted)
}

// planOutputs plans what is known beforehand: a switch ends with everything at active, or in an error.
func (m *model) planOutputs(prior *model) {
	m.Live = types.ObjectUnknown(liveType)
	if !m.Active.IsUnknown() {
		m.Live = liveObject(traffic.On(m.active(), 100))
	}
	m.Status = types.StringValue(string(traffic.StatusSteady))
	m.EstimatedRecoverySeconds = types.Int64Unknown()
	m.SwitchedAt, m.LastSwitchSeconds = types.StringUnknown(), types.Float64Unknown()
	if prior != nil && prior.steady() && prior.Active.Equal(m.Active) && prior.Routes.Equal(m.Routes) {
		m.SwitchedAt, m.LastSwitchSeconds = prior.SwitchedAt, prior.LastSwitchSeconds
	}
}

// observedKey is where a refresh leaves in private state what it saw, so that the plan after it asks AWS no second time.
const observedKey = "observed"

// observed is what was seen of each route, by its target.
type observed map[string]observedRoute

type observedRoute struct {
	Settling    time.Duration         `json:"settling"`
	Propagation time.Duration         `json:"propagation"`
	Unfit       []*traffic.UnfitError `json:"unfit,omitempty"`
	Doubts      []*traffic.UnfitError `json:"doubts,omitempty"`
}

func (o observed) add(target string, state traffic.State) {
	o[target] = observedRoute{Settling: state.Settling, Propagation: state.Propagation, Unfit: state.Unfit, Doubts: state.Doubts}
}

func (o observed) state(target string) (traffic.State, bool) {
	seen, ok := o[target]
	return traffic.State{Settling: seen.Settling, Propagation: seen.Propagation, Unfit: seen.Unfit, Doubts: seen.Doubts}, ok
}

// inspect looks at the routes, as far as they are known, for what would make the apply fail.
func (r *switchResource) inspect(ctx context.Context, plan, prior *model, seen observed, diags *diag.Diagnostics) {
	strategy, strategyKnown := plan.toStrategy(ctx, diags)
	if plan.Region.IsUnknown() || diags.HasError() {
		return
	}
	routes, where := routersOf(ctx, r.data, plan.Region.ValueString(), plan.Routes, diags)
	plan.checkGuard(routes, where, diags)
	doubtColours(plan, prior, routesOf(plan.Routes, &diag.Diagnostics{}), diags)
	var home traffic.Colour
	if prior != nil {
		home = prior.active()
	}
	_ = r.recall(ctx, routes, home) // that the journal cannot be read is said by the refresh, and by the apply
	var states []traffic.State
	for _, route := range routes {
		state, ok := seen.state(route.Router.Target())
		if !ok {
			var err error
			if state, err = route.Router.Read(ctx); err != nil {
				wordRead(diags, where[route.Key], err)
				continue
			}
		}
		for _, unfit := range state.Unfit {
			if plan.Active.IsUnknown() || unfit.Hinders(plan.active()) {
				wordUnfit(diags, where[route.Key], unfit)
			}
		}
		for _, doubt := range state.Doubts {
			wordDoubt(diags, where[route.Key], doubt)
		}
		states = append(states, state)
	}
	patience, patienceKnown := plan.patience(ctx, r.data)
	if diags.HasError() || plan.MaxRecoveryTime.IsUnknown() || !strategyKnown || !patienceKnown || len(states) == 0 {
		return
	}
	estimate := traffic.EstimateRecovery(states, strategy, plan.checked(), patience)
	if estimate.Total() > plan.maxRecovery() {
		tfdiag.ErrorAt(diags, path.Root("max_recovery_time"), tfdiag.Message{
			Summary: "Recovery would take too long",
			Happened: fmt.Sprintf("A bad target would keep traffic for about %s: %s until the checks call it bad, %s for the calls, %s of propagation in AWS and %s that clients go on with what they know. "+
				"max_recovery_time is %s.", estimate.Total(), estimate.Detection, estimate.Call, estimate.Settling, estimate.Propagation, plan.maxRecovery()),
			Next: recoveryRemedy(estimate, routesOf(plan.Routes, &diag.Diagnostics{})),
		})
	}
}

// wordRead words that a route could not be read.
func wordRead(diags *diag.Diagnostics, route route, err error) {
	message := tfdiag.Message{Summary: "The route cannot be read", Happened: fmt.Sprintf("The route %q could not be read", route.key), Err: err}
	if errors.Is(err, traffic.ErrMissing) {
		message.Summary = "The target of the route does not exist"
		message.Next = "check the names, the account and the Region. When the target is made in the same configuration, refer to an attribute of it that is known only afterwards, " +
			"such as fqdn of an aws_route53_record, so that the plan does not look for it before it is there. A destroy plans first and meets this too: terraform destroy -refresh=false goes past it."
	}
	tfdiag.ErrorAt(diags, route.at, message)
}

// wordUnfit words why a route must not be switched.
func wordUnfit(diags *diag.Diagnostics, route route, unfit *traffic.UnfitError) {
	attribute, remedy := route.kind.blame(unfit.Reason)
	tfdiag.ErrorAt(diags, route.at.AtName(attribute), tfdiag.Message{
		Summary: "The route cannot be switched as it is", Happened: fmt.Sprintf("Route %q: %s.", route.key, unfit.Detail), Next: remedy,
	})
}
