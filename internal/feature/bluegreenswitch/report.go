package bluegreenswitch

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/reportset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var reports = reportset.Texts{
	Whole: "Files that what became of the switch is written to as well, whole or not at all, whenever this resource is applied, also when the switch fails. One that cannot be written is a warning.",
	Files: map[string]string{
		"json":     "Path of the JSON document; the guide \"Reports\" has its schema.",
		"junit":    "Path of a JUnit XML file: the switch is a test case, and so is each check of the round that ended it.",
		"markdown": "Path of a Markdown table of where the traffic went and what the checks said, for a pull request or a build summary.",
		"html":     "Path of a self-contained HTML page: the weights of each route over time, the health below them, and the evidence of the checks that ended the switch.",
	},
}

// tell writes the reports of a switch and, where it has a deployment, what the history of deployments shows of it.
func (r *switchResource) tell(ctx context.Context, plan *model, kept store.Store, done *run, diags *diag.Diagnostics) {
	document := plan.toDocument(done)
	reportset.Write(plan.Report, document.Write, "The switch ended, but its report could not be written", "make the folder writable or name another path; the switch itself is not affected.", diags)
	if plan.snapshotID() == "" || !done.outcome.Moved {
		return
	}
	ctx, cancel := r.data.Clock.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	err := ledger.New(kept, r.data.Clock).Moved(ctx, plan.snapshotID(), toLedger(document.Traffic))
	if err != nil && !errors.Is(err, ledger.ErrUnknown) { // a deployment that nobody opened is reported where it is judged
		tfdiag.Warning(diags, tfdiag.Message{
			Summary: "The traffic was not recorded", Happened: "Where the traffic of deployment " + plan.snapshotID() + " was while it was switched is not in the ledger", Err: err,
			Next: "nothing that is live is affected; the history of the deployment has no picture of it.",
		})
	}
}

// toDocument converts an outcome for the report, which knows no router.
func (m *model) toDocument(done *run) report.Switch {
	outcome := done.outcome
	document := report.Switch{
		Status: string(outcome.Status), Moved: outcome.Moved, Deployment: m.snapshotID(), RecoveryBudgetMS: m.maxRecovery().Milliseconds(),
		Traffic: report.Traffic{
			To: string(m.active()), StartedAt: outcome.StartedAt.UTC(), DurationMS: outcome.Duration.Milliseconds(), Routes: map[string]report.Route{}, Moments: []report.Moment{},
		},
	}
	if done.err != nil {
		document.Reason = tfdiag.Words(done.err)
		if outcome.Status == traffic.StatusSteady {
			document.Status = ""
		}
	}
	if outcome.Status == traffic.StatusReverted && outcome.Moved {
		document.RecoveryMS = new(outcome.Recovery.Milliseconds())
	}
	for i, state := range outcome.States {
		route := report.Route{Name: done.routes[i].Router.Name(), Before: report.Share(state.Weights)}
		if live, known := outcome.Live[done.routes[i].Key]; known {
			route.Live = new(report.Share(live))
		}
		document.Routes[done.routes[i].Key] = route
	}
	for _, moment := range outcome.Timeline {
		document.Moments = append(document.Moments, toMoment(moment))
	}
	if failed := (*traffic.ChecksError)(nil); errors.As(done.err, &failed) {
		health := checkset.Document(failed.Result, "")
		document.Failed = &health
	}
	return document
}

func toMoment(m traffic.Moment) report.Moment {
	moment := report.Moment{At: m.At.UTC(), Stage: string(m.Stage.Phase), What: m.What, Route: m.Route}
	switch {
	case m.Rounds > 0:
		moment.Rounds, moment.Until, moment.Verdict, moment.Failed = m.Rounds, new(m.Until.UTC()), string(m.Verdict), m.Failed
	case m.Route != "":
		moment.Share = new(report.Share(m.Weights))
	}
	return moment
}

// toLedger is what the history of deployments keeps: weights and verdicts, without words.
func toLedger(seen report.Traffic) ledger.Traffic {
	kept := ledger.Traffic{
		To: seen.To, StartedAt: seen.StartedAt, EndedAt: seen.StartedAt.Add(time.Duration(seen.DurationMS) * time.Millisecond), Routes: map[string]ledger.TrafficShare{},
	}
	for key, route := range seen.Routes {
		kept.Routes[key] = ledger.TrafficShare(route.Before)
	}
	for _, m := range seen.Moments {
		if m.Rounds == 0 && m.Share == nil {
			continue
		}
		moment := ledger.TrafficMoment{At: m.At, Stage: m.Stage, Route: m.Route, Rounds: m.Rounds, Until: m.Until, Verdict: m.Verdict, Failed: m.Failed}
		if m.Share != nil {
			moment.Share = new(ledger.TrafficShare(*m.Share))
		}
		kept.Moments = append(kept.Moments, moment)
	}
	return kept
}
