package bluegreenswitch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// Create moves traffic unless it is at active already. A failure saves nothing: saved, the resource would be tainted.
func (r *switchResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan, config model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := r.data.Clock.WithTimeout(ctx, timeout)
	defer cancel()
	run := r.run(ctx, &plan, &config, "", &resp.Diagnostics)
	if run == nil || run.err != nil {
		return
	}
	plan.ID = types.StringValue(idOf(run.routes))
	plan.fromSuccess(run.outcome)
	plan.setEstimate(run.estimate)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	saveObserved(ctx, run.observed(), resp.Private, &resp.Diagnostics)
}

// Update moves traffic. A failure keeps the prior configuration with what is really live, so that the next plan shows
// what is left to do.
func (r *switchResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, config, prior model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	timeout, diags := plan.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := r.data.Clock.WithTimeout(ctx, timeout)
	defer cancel()
	run := r.run(ctx, &plan, &config, prior.active(), &resp.Diagnostics)
	if run == nil {
		return
	}
	if run.err != nil {
		prior.fromFailure(run.outcome)
		resp.Diagnostics.Append(resp.State.Set(context.WithoutCancel(ctx), &prior)...)
		return
	}
	if !run.outcome.Moved {
		plan.SwitchedAt, plan.LastSwitchSeconds = prior.SwitchedAt, prior.LastSwitchSeconds
	}
	plan.fromSuccess(run.outcome)
	plan.setEstimate(run.estimate)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	saveObserved(ctx, run.observed(), resp.Private, &resp.Diagnostics)
	settled := fight{} // a switch that was meant begins the count anew
	if prior.Active.Equal(plan.Active) {
		settled = readFight(ctx, req.Private).settled()
	}
	settled.save(ctx, resp.Private, &resp.Diagnostics)
}

// Delete moves nothing and asks nobody.
func (r *switchResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// Read reads the live weights and whether a switch died half-way. A target that is gone takes the switch with it.
func (r *switchResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	routes, where := routersOf(ctx, r.data, state.Region.ValueString(), state.Routes, &resp.Diagnostics)
	_ = r.recall(ctx, routes, state.active()) // readStatus says when the journal cannot be read
	live, seen := map[string]traffic.Weights{}, observed{}
	var states []traffic.State
	for _, route := range routes {
		now, err := route.Router.Read(ctx)
		if errors.Is(err, traffic.ErrMissing) {
			tfdiag.Warning(&resp.Diagnostics, tfdiag.Message{
				Summary: "The target of the switch is gone", Happened: fmt.Sprintf("The route %q leads nowhere", route.Key), Err: err,
				Next: "the switch is taken out of the state, as there is nothing to move. Bring the target back, or remove the switch from the configuration.",
			})
			resp.State.RemoveResource(ctx)
			return
		}
		if err != nil {
			wordRead(&resp.Diagnostics, where[route.Key], err)
			continue
		}
		live[route.Key] = now.Weights
		states = append(states, now)
		seen.add(route.Router.Target(), now)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	imported := state.Active.IsNull()
	if imported {
		state.Active = types.StringValue(string(busier(live)))
		state.ID, state.Status = types.StringValue(idOf(routes)), types.StringValue(string(traffic.StatusSteady))
	}
	state.Live = liveObject(traffic.Worst(live, state.active()))
	r.readStatus(ctx, &state, routes, &resp.Diagnostics)
	strategy, _ := state.toStrategy(ctx, &resp.Diagnostics)
	patience, _ := state.patience(ctx, r.data)
	state.setEstimate(traffic.EstimateRecovery(states, strategy, state.checked(), patience))
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	saveObserved(ctx, seen, resp.Private, &resp.Diagnostics)
	elsewhere := !imported && state.Status.ValueString() == string(traffic.StatusSteady) && !state.steady()
	readFight(ctx, req.Private).next(elsewhere).save(ctx, resp.Private, &resp.Diagnostics)
}

// busier is the colour that has more traffic; green when both have the same.
func busier(live map[string]traffic.Weights) traffic.Colour {
	var blue, green int
	for _, weights := range live {
		blue, green = blue+weights.Blue, green+weights.Green
	}
	if blue > green {
		return traffic.Blue
	}
	return traffic.Green
}

// readStatus asks the journal whether a switch of one of the routes died: its record is open and nobody holds the lease.
func (r *switchResource) readStatus(ctx context.Context, state *model, routes []traffic.Route, diags *diag.Diagnostics) {
	kept, err := r.openJournal(ctx)
	open := false
	for _, route := range routes {
		if err != nil {
			break
		}
		var died bool
		var holder *journal.HeldError
		if _, died, err = traffic.Died(ctx, kept, route.Router.Target()); !died {
			continue
		}
		holder, err = kept.Holder(ctx, route.Router.Target())
		open = open || holder == nil
	}
	switch {
	case err != nil:
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "The journal cannot be read", Happened: "Whether an earlier switch died half-way is not known", Err: err, Next: "make the store of the provider block readable.",
		})
	case open:
		state.Status = types.StringValue(string(traffic.StatusInterrupted))
	case state.Status.ValueString() == string(traffic.StatusInterrupted) && state.Live.Equal(liveObject(traffic.On(state.active(), 100))):
		state.Status = types.StringValue(string(traffic.StatusSteady)) // somebody looked after it
	}
}

// openJournal opens the journal in the store of the provider block.
func (r *switchResource) openJournal(ctx context.Context) (*journal.Journal, error) {
	opened, err := r.data.OpenStore(ctx)
	if err != nil {
		return nil, err
	}
	return journal.New(opened, r.data.Clock, holder()), nil
}

// holder names this process for whoever meets its lease.
func holder() string {
	name, host := "somebody", "an unknown machine"
	if current, err := user.Current(); err == nil {
		name = current.Username
	}
	if known, err := os.Hostname(); err == nil {
		host = known
	}
	return fmt.Sprintf("%s on %s (process %d)", name, host, os.Getpid())
}

// run is one switch as a resource does it.
type run struct {
	routes   []traffic.Route
	outcome  traffic.Outcome
	estimate traffic.Estimate
	err      error
	code     code
}

func (s *run) observed() observed {
	seen := observed{}
	for i, route := range s.routes {
		seen.add(route.Router.Target(), s.outcome.States[i])
	}
	return seen
}

type privateState interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func saveObserved(ctx context.Context, seen observed, private privateState, diags *diag.Diagnostics) {
	raw, err := json.Marshal(seen)
	if err != nil {
		return // then the next plan asks AWS
	}
	diags.Append(private.SetKey(ctx, observedKey, raw)...)
}

// run switches to what plan says and words what went wrong; config holds what is write-only. It returns nil when the switch did not begin.
func (r *switchResource) run(ctx context.Context, plan, config *model, home traffic.Colour, diags *diag.Diagnostics) *run {
	strategy, _ := plan.toStrategy(ctx, diags)
	routes, where := routersOf(ctx, r.data, plan.Region.ValueString(), plan.Routes, diags)
	check := plan.toCheck(ctx, r.data, config, diags)
	guard := plan.toGuard(ctx, diags)
	plan.checkGuard(routes, where, diags)
	if diags.HasError() {
		return nil
	}
	opened, err := r.data.OpenStore(ctx)
	if err != nil {
		tfdiag.Error(diags, tfdiag.Message{Summary: "The store cannot be used", Happened: "Nothing was moved, because a switch must be written down before it begins", Err: err, Next: "correct store in the provider block."})
		return nil
	}
	subject, id := routes[0].Router.Name(), plan.ID.ValueString()
	if id == "" {
		id = idOf(routes)
	}
	outcome, err := traffic.Switch(ctx, traffic.Request{
		To: plan.active(), Home: home, Routes: routes, Strategy: strategy, Check: check,
		OnFailure: traffic.FailureMode(plan.OnFailure.ValueString()), MaxRecovery: plan.maxRecovery(), Guard: guard,
	}, traffic.Options{
		Journal: journal.New(opened, r.data.Clock, holder()), Sink: r.data.Sink, Clock: r.data.Clock, Log: configured.Logger(ctx), Subject: subject, Labels: map[string]string{notify.Switch: id},
		Scheduler: r.scheduler(plan.Region.ValueString()),
	})
	for _, warning := range outcome.Warnings {
		tfdiag.Warning(diags, tfdiag.Message{Summary: "The switch was not recorded everywhere", Happened: "The switch itself was not affected", Err: warning})
	}
	patience, _ := plan.patience(ctx, r.data)
	done := &run{routes: routes, outcome: outcome, err: err, estimate: traffic.EstimateRecovery(outcome.States, strategy, plan.checked(), patience)}
	r.settle(ctx, plan, opened, done, diags)
	r.tell(ctx, plan, opened, done, diags)
	if err != nil {
		wordFailure(diags, failure{run: done, to: plan.active(), where: where, plan: plan})
	}
	return done
}
