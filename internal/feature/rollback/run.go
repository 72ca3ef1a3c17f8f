package rollback

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// work is a rollback, whoever asks for it: the resource or the action.
type work struct {
	data    *configured.Data
	targets []string
	cleanup []string
	limit   time.Duration
	checks  []gate.Check
	policy  gate.Policy
	// observe is told how the targets come along; nil: nobody is. verifying is called before the checks run.
	observe   func(restore.Moment)
	verifying func()
	gate      gate.Options
	// report names the files that the result is written to, and accepted says there that a rollback is what was asked for.
	report   types.Object
	accepted bool
}

// end is how it ended.
type end struct {
	nothing bool   // there was nothing to ask for: NAME/open, and none is
	why     string // then: why not
	ran     bool   // result says what was done
	request restore.Request
	result  restore.Result
	// undone says that a deployment was rolled back, if only in name: the release that was wanted is not live.
	undone bool
	// traffic is where the traffic of that deployment was while it was switched; nil where the ledger does not say.
	traffic *ledger.Traffic
	// done says that everything is back and the checks hold.
	done bool
}

// do rolls back. What is wrong is in diags; that a rollback was done is not: the caller says that with red.
func (w work) do(ctx context.Context, id, region, reason string, diags *diag.Diagnostics) (e end) {
	seen := newWatch(w.data.Clock.Now)
	a, ok := newRequest(ctx, w.data, id, region, reason, diags)
	if !ok {
		return e
	}
	if a.nothing != "" {
		e = end{nothing: true, why: a.nothing, done: true}
		w.write(e, nil, seen, diags)
		return e
	}
	request := a.Request
	request.Timeout, request.Targets, request.Cleanup = w.limit, w.targets, w.cleanup
	request.Observer = func(m restore.Moment) {
		seen.see(m)
		if w.observe != nil {
			w.observe(m)
		}
	}
	result, err := restore.Run(ctx, request)
	var incomplete *restore.IncompleteError
	if err != nil && !errors.As(err, &incomplete) {
		wordNotRun(diags, request, err)
		return e
	}
	e = end{ran: true, request: request, result: result}
	for _, warning := range result.Warnings {
		tfdiag.Warning(diags, tfdiag.Message{Summary: "A notice was not delivered", Happened: warning + ".", Next: "the rollback itself is not affected; check metrics and notify in the provider block."})
	}
	e.undone, e.traffic = w.account(ctx, request, result, diags)
	if incomplete != nil {
		w.write(e, nil, seen, diags)
		wordIncomplete(diags, request, result)
		return e
	}
	verdict := w.verify(ctx)
	w.write(e, verdict, seen, diags)
	e.done = verdict == nil || verdict.Verdict == gate.Passed
	if !e.done {
		wordUnhealthy(diags, request, result, *verdict)
	}
	return e
}

// verification builds the checks before anything is changed, so that what is wrong with them stops the rollback early.
func verification(ctx context.Context, data *configured.Data, region string, verify types.Object, diags *diag.Diagnostics) ([]gate.Check, gate.Policy) {
	if verify.IsNull() {
		return nil, gate.Policy{}
	}
	var g checkset.Gate
	diags.Append(verify.As(ctx, &g, basetypes.ObjectAsOptions{})...)
	checks, policy, problems := g.Build(ctx, path.Root("verify"), checkset.Deps{Data: data, Region: region})
	diags.Append(problems...)
	return checks, policy
}

// verify runs the checks of verify; nil when there are none.
func (w work) verify(ctx context.Context) *gate.Result {
	if len(w.checks) == 0 {
		return nil
	}
	if w.verifying != nil {
		w.verifying()
	}
	options := w.gate
	options.Clock, options.Log = w.data.Clock, configured.Logger(ctx)
	verdict := gate.Run(ctx, w.checks, w.policy, options)
	return &verdict
}

// bookkeeping bounds what is written into the ledger, even when Terraform was interrupted meanwhile.
const bookkeeping = 20 * time.Second

// account writes the rollback into the ledger, and returns whether a deployment is undone by it, and where that one's traffic was.
//
// Whoever asks for a rollback does not want the release. Where something was put back, or was by an earlier run that died
// before it could write that down, the deployment is rolled back. Where nothing had to be put back, it depends: one that was
// found to have failed is rolled back all the same, so that its release stays in quarantine and the apply red; of one that
// nobody had judged, nothing was live, and it is abandoned; one that holds, or is undone already, stays as it is.
func (w work) account(ctx context.Context, request restore.Request, result restore.Result, diags *diag.Diagnostics) (undone bool, moved *ledger.Traffic) {
	if len(request.Targets) > 0 || result.Status == restore.Partial || result.Status == restore.Failed {
		return result.Status == restore.Restored, nil // undone in part only, which a deployment's status does not say
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookkeeping)
	defer cancel()
	book := ledger.New(request.Store, w.data.Clock)
	history, err := book.History(ctx, result.Snapshot.Name)
	latest, known := history.Latest()
	switch {
	case err != nil:
		undone = result.Status == restore.Restored
	case result.Status == restore.Restored,
		known && latest.Status == ledger.Failed,
		known && latest.Status == ledger.Open && resumed(result, latest):
		undone, err = true, book.RollBackWithin(ctx, request.SnapshotID, request.Reason, result.Recovery, w.budget())
	case known && latest.Status == ledger.Open:
		err = book.Close(ctx, latest.ID, ledger.Abandoned, "a rollback found nothing of it to put back: "+request.Reason)
		if err == nil {
			tfdiag.Warning(diags, tfdiag.Message{
				Summary: "A deployment is abandoned", Happened: "A rollback was asked for, and everything is as snapshot " + request.SnapshotID + " holds it: of deployment " + latest.ID + " nothing is live. It is closed as abandoned.",
				Next: "nothing. Its release is not in quarantine, and may be deployed again.",
			})
		}
	}
	if err != nil {
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "The ledger does not know of the rollback", Happened: "The rollback was done, but was not written down", Err: err,
			Next: "check the store. The release is not in quarantine: take care not to deploy it again.",
		})
	}
	if undone {
		moved = latest.Traffic
	}
	return undone, moved
}

// resumed tells that an earlier run put latest back and died before the ledger knew. A run to the snapshot of latest
// itself came after it whatever two clocks say.
func resumed(result restore.Result, latest ledger.Deployment) bool {
	return result.Earlier != nil && (result.Snapshot.ID() == latest.ID || !result.Earlier.Before(latest.StartedAt))
}
