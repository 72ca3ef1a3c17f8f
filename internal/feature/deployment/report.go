package deployment

import (
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/reportset"
)

var reports = reportset.Texts{
	Whole: "Files that the history is written to as well, whole or not at all, whenever it is read: at each plan. One that cannot be written is a warning.",
	Files: map[string]string{
		"json":     "Path of the JSON document; the guide \"Reports\" has its schema.",
		"junit":    "Path of a JUnit XML file, a test case for each deployment: one that failed or was rolled back is a failure, and one that nobody judged is skipped.",
		"markdown": "Path of a Markdown table of the figures and the latest fifty deployments, for a build summary.",
		"html": "Path of a self-contained HTML page: how the latest deployments went, how long recovery took beside what was allowed, where the traffic was while a `reliability_blue_green_switch` with the snapshot's id moved it " +
			"(of the newest twenty), and all of them in a table.",
	},
}

// toDocument converts a history for the report, which knows no ledger.
func toDocument(history ledger.History, now time.Time) report.History {
	rates := history.Rates()
	document := report.History{
		Name: history.Name, GeneratedAt: now.UTC(), Summary: report.HistorySummary{Total: len(history.Deployments), Judged: rates.Judged}, Deployments: make([]report.Deployment, 0, len(history.Deployments)),
	}
	if rates.Judged > 0 {
		document.Summary.SuccessRate, document.Summary.ChangeFailureRate = &rates.Success, &rates.ChangeFailure
	}
	if rates.RolledBack > 0 {
		document.Summary.MeanRecoverySeconds = new(rates.MeanRecovery.Seconds())
	}
	for _, d := range history.Deployments {
		line := report.Deployment{
			ID: d.ID, Version: d.Version, Release: d.Release, Status: string(d.Status), Reason: d.Reason, StartedAt: d.StartedAt.UTC(), Overdue: d.Overdue(now), Held: d.Held, RestoredFrom: d.RestoredFrom,
		}
		if d.EndedAt != nil {
			line.EndedAt, line.DurationSeconds = new(d.EndedAt.UTC()), new(max(d.EndedAt.Sub(d.StartedAt).Seconds(), 0))
		}
		if d.Status == ledger.RolledBack && d.RestoredFrom != "" && !d.Held {
			line.RecoverySeconds = new(d.RecoverySeconds)
			if d.RecoveryBudgetSeconds > 0 {
				line.RecoveryBudgetSeconds = new(d.RecoveryBudgetSeconds)
			}
		}
		if d.Traffic != nil {
			line.Traffic = new(reportset.Traffic(*d.Traffic))
		}
		document.Deployments = append(document.Deployments, line)
	}
	for _, q := range history.Quarantine {
		document.Quarantine = append(document.Quarantine, report.Quarantine{Release: q.Release, Deployment: q.Deployment, Reason: q.Reason, At: q.At.UTC()})
	}
	return document
}
