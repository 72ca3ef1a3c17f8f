package rollback

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/targetset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// Create rolls back when it is asked to. An apply that ends red saves nothing, whether the rollback was done or not: a
// saved resource would be tainted. The next apply creates it again, looks at what is live, does what is left, and where
// nothing is left it ends green with status not_needed.
func (r *rollbackResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m, config model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.roll(ctx, &m, config.Verify, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Update rolls back when it is asked to. A rollback that was done is saved with the new inputs, though the apply ends
// red: the same inputs do not ask for it again. One that was not done, not wholly, or not verified keeps the prior
// inputs with its status, so that the next plan proposes it again.
func (r *rollbackResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, config, prior model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	if resp.Diagnostics.HasError() {
		return
	}
	done := r.roll(ctx, &m, config.Verify, &resp.Diagnostics)
	saving := context.WithoutCancel(ctx)
	switch {
	case done:
		resp.Diagnostics.Append(resp.State.Set(saving, &m)...)
	case !m.Status.IsUnknown():
		prior.Executed, prior.Status, prior.Changes, prior.RecoverySeconds = m.Executed, m.Status, m.Changes, m.RecoverySeconds
		resp.Diagnostics.Append(resp.State.Set(saving, &prior)...)
	}
}

// Read keeps what the last rollback did: it is history, not something live.
func (r *rollbackResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Delete changes nothing.
func (r *rollbackResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {
}

// roll does what m asks for and fills in what came of it. done says that nothing is left to do; diags may hold an error
// nevertheless (on_complete).
func (r *rollbackResource) roll(ctx context.Context, m *model, verify types.Object, diags *diag.Diagnostics) (done bool) {
	if !m.When.ValueBool() {
		m.fromNothing()
		return true
	}
	request, ok := newRequest(ctx, r.data, m.SnapshotID.ValueString(), m.Region.ValueString(), diags)
	if !ok {
		return false
	}
	request.Reason, request.Timeout = m.Reason.ValueString(), m.maxRecovery()
	request.Targets, request.Cleanup = namesOf(ctx, m.Targets, diags), cleanupOf(ctx, m.Cleanup, diags)
	checks, policy := r.verification(ctx, m, verify, diags)
	if diags.HasError() {
		return false
	}
	result, err := restore.Run(ctx, request)
	var incomplete *restore.IncompleteError
	if err != nil && !errors.As(err, &incomplete) {
		r.wordNotRun(diags, request, err)
		return false
	}
	m.fromResult(result)
	for _, warning := range result.Warnings {
		tfdiag.Warning(diags, tfdiag.Message{Summary: "A notice was not delivered", Happened: warning + ".", Next: "the rollback itself is not affected; check metrics and notify in the provider block."})
	}
	r.account(ctx, request, result, diags)
	if incomplete != nil {
		wordIncomplete(diags, request, result)
		return false
	}
	if !r.verified(ctx, request, result, checks, policy, diags) {
		return false
	}
	finish(m, request, result, diags)
	return true
}

// verification builds the checks before anything is changed, so that what is wrong with them stops the rollback early.
func (r *rollbackResource) verification(ctx context.Context, m *model, verify types.Object, diags *diag.Diagnostics) ([]gate.Check, gate.Policy) {
	if verify.IsNull() {
		return nil, gate.Policy{}
	}
	var g checkset.Gate
	diags.Append(verify.As(ctx, &g, basetypes.ObjectAsOptions{})...)
	checks, policy, problems := g.Build(ctx, path.Root("verify"), checkset.Deps{Data: r.data, Region: m.Region.ValueString()})
	diags.Append(problems...)
	return checks, policy
}

// account writes the rollback into the ledger: all targets back means that the deployments are undone.
func (r *rollbackResource) account(ctx context.Context, request restore.Request, result restore.Result, diags *diag.Diagnostics) {
	if len(request.Targets) > 0 || result.Status == restore.Partial || result.Status == restore.Failed {
		return // the deployment is undone in part only, which its status does not say
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	reason := request.Reason
	if reason == "" {
		reason = "reliability_rollback to " + request.SnapshotID
	}
	book := ledger.New(request.Store, r.data.Clock)
	history, err := book.History(ctx, result.Snapshot.Name)
	if latest, ok := history.Latest(); ok && result.Status == restore.NotNeeded && latest.Status == ledger.Succeeded {
		return // nothing had to be undone of a deployment that holds
	}
	if err == nil {
		err = book.RollBack(ctx, request.SnapshotID, reason, result.Recovery)
	}
	if err != nil {
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "The ledger does not know of the rollback", Happened: "The rollback was done, but was not written down", Err: err,
			Next: "check the store. The release is not in quarantine: take care not to deploy it again.",
		})
	}
}

// verified runs the checks of verify.
func (r *rollbackResource) verified(ctx context.Context, request restore.Request, result restore.Result, checks []gate.Check, policy gate.Policy, diags *diag.Diagnostics) bool {
	if len(checks) == 0 {
		return true
	}
	verdict := gate.Run(ctx, checks, policy, gate.Options{Clock: r.data.Clock, Log: configured.Logger(ctx)})
	if verdict.Verdict == gate.Passed {
		return true
	}
	tfdiag.ErrorAt(diags, path.Root("verify"), tfdiag.Message{
		Summary:  "Rolled back, and still not healthy",
		Happened: fmt.Sprintf("Everything is as snapshot %s holds it (%d change(s)), but the checks did not pass:\n%s", request.SnapshotID, len(result.Changes), checkset.Describe(verdict)),
		Live:     "what snapshot " + request.SnapshotID + " holds.",
		Next:     "the cause is not in the captured targets, or the snapshot was not healthy either: look at what the checks name, or roll back to an older snapshot. The next apply checks again.",
	})
	return false
}

// finish ends an apply red, where it was asked to, after something was put back.
func finish(m *model, request restore.Request, result restore.Result, diags *diag.Diagnostics) {
	if result.Status != restore.Restored || m.OnComplete.ValueString() == onCompleteOK {
		return
	}
	tfdiag.Error(diags, tfdiag.Message{
		Summary: "The release was rolled back",
		Happened: fmt.Sprintf("%d change(s) put everything back to snapshot %s in %.1f s%s:\n%s", len(result.Changes), request.SnapshotID, result.Recovery.Seconds(),
			because(request.Reason), describe(result)),
		Live: "what snapshot " + request.SnapshotID + " holds; every target was read back.",
		Next: "correct the release and apply again: the next apply finds nothing left to put back. Where a rollback should not fail the apply, set on_complete = \"ok\".",
	})
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ", because: " + reason
}

// describe lists the first changes.
func describe(result restore.Result) string {
	const shown = 20
	var lines []string
	for _, change := range result.Changes[:min(len(result.Changes), shown)] {
		lines = append(lines, fmt.Sprintf("  - %s: %s", change.Target, change.Detail))
	}
	if more := len(result.Changes) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("  - and %d more", more))
	}
	return strings.Join(lines, "\n")
}

func wordIncomplete(diags *diag.Diagnostics, request restore.Request, result restore.Result) {
	var back, not []string
	for _, name := range slices.Sorted(maps.Keys(result.Targets)) {
		target := result.Targets[name]
		if target.Err == nil {
			back = append(back, name)
			continue
		}
		not = append(not, name)
		tfdiag.Error(diags, tfdiag.Message{
			Summary: "A target was not put back", Happened: fmt.Sprintf("The target %q (captured: %s) is not back, or not wholly", name, target.Summary), Err: target.Err,
			Live: live(target), Next: "correct the cause and apply again: the next apply does what is left.",
		})
	}
	m := tfdiag.Message{
		Summary:  "The rollback is not complete",
		Happened: fmt.Sprintf("Of the targets of snapshot %s, these are as captured: %s. These are not: %s.", request.SnapshotID, list(back), list(not)),
		Next:     "see the errors of the single targets, then apply again. reliability_rollback_plan lists what is left.",
	}
	tfdiag.Error(diags, m)
}

func live(target restore.Target) string {
	switch {
	case target.Status == restore.Partial:
		return "a part of it is as captured, the rest is as the release left it."
	case len(target.Changes) == 0:
		return "it is as the release left it."
	default:
		return "it may be as the release left it, or in part as captured."
	}
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func (r *rollbackResource) wordNotRun(diags *diag.Diagnostics, request restore.Request, err error) {
	var held *journal.HeldError
	switch {
	case errors.As(err, &held):
		tfdiag.Error(diags, tfdiag.Message{
			Summary: "Another rollback is running", Happened: fmt.Sprintf("%s is held by %s until %s, unless it is extended.", held.Target, held.Holder, held.Expires.UTC().Format(time.RFC3339)),
			Live: "what the other rollback makes of it; this one changed nothing.", Next: "wait until it has ended, then apply again: what it did is not done twice.",
		})
	case isSnapshotError(err):
		wordRefusal(diags, request.SnapshotID, err)
	default:
		targetset.WordStore(diags, "Nothing was put back, because a rollback must be written down before it begins", err)
	}
}
