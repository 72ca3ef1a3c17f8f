package rollback

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/reportset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

var reports = reportset.Texts{
	Whole: "Files that the result is written to as well, whole or not at all, whenever a rollback ran or found that there is nothing to undo. One that cannot be written is a warning.",
	Files: map[string]string{
		"json": "Path of the JSON document; the guide \"Reports\" has its schema.",
		"junit": "Path of a JUnit XML file, a test case for each target and each check of `verify`, as CI systems read it, and one for the release: it fails when the release was rolled back, unless that is what was asked for " +
			"(`on_complete = \"ok\"`, or the action).",
		"markdown": "Path of a Markdown table, for a pull request or a build summary.",
		"html":     "Path of a self-contained HTML page: how long recovery took beside `max_recovery_time`, target by target, what was changed, and what the checks said afterwards.",
	},
}

// watch notes when each target comes along, for the report.
type watch struct {
	began   time.Time
	now     func() time.Time
	begun   map[string]time.Time
	changed map[string]time.Time
	checked map[string]time.Time
	cleaned map[string]time.Time
}

func newWatch(now func() time.Time) *watch {
	return &watch{began: now(), now: now, begun: map[string]time.Time{}, changed: map[string]time.Time{}, checked: map[string]time.Time{}, cleaned: map[string]time.Time{}}
}

// see takes a moment, one at a time, as restore hands them over.
func (w *watch) see(m restore.Moment) {
	stage := map[restore.Stage]map[string]time.Time{restore.Begun: w.begun, restore.Done: w.changed, restore.Checked: w.checked, restore.Cleaned: w.cleaned}[m.Stage]
	if stage != nil {
		stage[m.Target] = w.now()
	}
}

// after is how long after the start it was, in milliseconds; nil when it never was.
func (w *watch) after(stage map[string]time.Time, target string) *int64 {
	at, ok := stage[target]
	if !ok {
		return nil
	}
	return new(max(at.Sub(w.began).Milliseconds(), 0))
}

// write writes the reports of a rollback that ended.
func (w work) write(e end, verdict *gate.Result, seen *watch, diags *diag.Diagnostics) {
	document := w.document(e, verdict, seen)
	reportset.Write(w.report, document.Write, "The rollback ended, but its report could not be written", "make the folder writable or name another path; the rollback itself is not affected.", diags)
}

func (w work) document(e end, verdict *gate.Result, seen *watch) report.Rollback {
	document := report.Rollback{
		Status: string(restore.NotNeeded), Reason: e.why, Undone: e.undone, Accepted: w.accepted, StartedAt: seen.began.UTC(), DurationMS: seen.now().Sub(seen.began).Milliseconds(),
		BudgetMS: w.budget().Milliseconds(), Targets: map[string]report.Target{},
	}
	if !e.ran {
		return document
	}
	document.Status, document.Snapshot, document.Reason, document.RecoveryMS = string(e.result.Status), e.request.SnapshotID, e.request.Reason, e.result.Recovery.Milliseconds()
	for name, target := range e.result.Targets {
		converted := seen.target(name, target, e.result.Snapshot.Items[name].Spec.Kind)
		if converted.CheckedMS != nil { // both are of the report's own beginning, which is a little before that of the run
			document.RecoveryMS = max(document.RecoveryMS, *converted.CheckedMS)
		}
		document.Targets[name] = converted
	}
	if e.traffic != nil {
		document.Traffic = new(reportset.Traffic(*e.traffic))
	}
	if verdict != nil {
		health := checkset.Document(*verdict, "")
		document.Verify = &health
	}
	return document
}

func (w *watch) target(name string, target restore.Target, kind string) report.Target {
	converted := report.Target{
		Service: kind, Status: string(target.Status), Captured: target.Summary, BegunMS: w.after(w.begun, name), ChangedMS: w.after(w.changed, name), CheckedMS: w.after(w.checked, name), Changes: []report.Change{},
	}
	if target.Err != nil {
		converted.Error = tfdiag.Words(target.Err)
	}
	var all []service.Change // that were begun; why one was not is in the error
	if _, begun := w.begun[name]; begun {
		all = append(all, target.Changes...)
	}
	if _, cleaned := w.cleaned[name]; cleaned {
		all = append(all, target.Cleanup...)
	}
	converted.Things = things(all)
	for _, change := range all[:min(len(all), maxListed)] {
		converted.Changes = append(converted.Changes, report.Change{Action: string(change.Action), Detail: change.Detail, Reversible: change.Reversible})
	}
	converted.More = max(len(all)-maxListed, 0)
	return converted
}

// budget is how long the rollback may take.
func (w work) budget() time.Duration {
	if w.limit > 0 {
		return w.limit
	}
	return restore.DefaultTimeout
}
