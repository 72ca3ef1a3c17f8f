package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
)

var day = time.Date(2026, 11, 24, 17, 30, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return day.Add(d) }

// reverted is a canary over two routes that a failing check took back.
func reverted() report.Switch {
	step := func(after time.Duration, stage, route string, green int) report.Moment {
		return report.Moment{At: at(after), Stage: stage, Route: route, What: "accepted as Route 53 change C0123", Share: &report.Share{Blue: 100 - green, Green: green}}
	}
	rounds := func(from, to time.Duration, stage, verdict string, count int, failed ...string) report.Moment {
		return report.Moment{At: at(from), Until: new(at(to)), Stage: stage, Verdict: verdict, Rounds: count, Failed: failed, What: "checks " + verdict}
	}
	failed := everything()
	for name := range failed.Checks {
		if strings.Contains(name, "<") || name == "flapping" {
			delete(failed.Checks, name)
		}
	}
	return report.Switch{
		Status: "reverted", Moved: true, Deployment: "web/000012", Reason: "the checks failed at 50 %: site",
		Traffic: report.Traffic{
			To: "green", StartedAt: day, DurationMS: 412_000,
			Routes: map[string]report.Route{
				"api": {Name: "listener app/web/50dc6c495c0c9188", Before: report.Share{Blue: 100}, Live: &report.Share{Blue: 100}},
				"www": {Name: "route53 www.example.com A in Z0123", Before: report.Share{Blue: 100}, Live: &report.Share{Blue: 100}},
			},
			Moments: []report.Moment{
				rounds(0, 2*time.Second, "before", "passed", 1),
				step(2*time.Second, "step", "api", 10), step(3*time.Second, "step", "www", 10),
				rounds(4*time.Second, 150*time.Second, "step", "passed", 14),
				step(152*time.Second, "step", "api", 50), step(153*time.Second, "step", "www", 50),
				rounds(154*time.Second, 230*time.Second, "step", "passed", 7), rounds(240*time.Second, 262*time.Second, "step", "inconclusive", 2, "errors"),
				rounds(275*time.Second, 309*time.Second, "step", "failed", 1, "site", "cache"),
				{At: at(309 * time.Second), Stage: "revert", What: "failed: the checks failed at 50 %: site"},
				step(310*time.Second, "revert", "www", 0), step(311*time.Second, "revert", "api", 0),
			},
		},
		RecoveryMS: new(int64(103_000)), RecoveryBudgetMS: 300_000, Failed: &failed,
	}
}

// switched is a switch that went well, over a Lambda alias.
func switched() report.Switch {
	return report.Switch{
		Status: "steady", Moved: true,
		Traffic: report.Traffic{
			To: "green", StartedAt: day, DurationMS: 1_840, Routes: map[string]report.Route{"main": {Name: "lambda alias shop:live", Before: report.Share{Blue: 100}, Live: &report.Share{Green: 100}}},
			Moments: []report.Moment{{At: at(600 * time.Millisecond), Stage: "bake", Route: "main", What: "accepted as alias shop:live revision 7", Share: &report.Share{Green: 100}}},
		},
		RecoveryBudgetMS: 300_000,
	}
}

// rolledBack put four targets back, one of them not wholly, and the checks still do not hold.
func rolledBack() report.Rollback {
	files := []report.Change{}
	for i := range 40 {
		files = append(files, report.Change{Action: "update", Detail: fmt.Sprintf("assets/app-%02d.js: version 3sL4kqtJlcpXroDTDmJ_rmSpXd3dIbrHY back as the current one", i), Reversible: true})
	}
	verify := everything()
	for name := range verify.Checks {
		if name != "site" && name != "database" {
			delete(verify.Checks, name)
		}
	}
	return report.Rollback{
		Status: "partial", Snapshot: "web/000012", Reason: "orders fail since 14:05: 503 of POST /orders", Undone: true, StartedAt: day, DurationMS: 96_000, RecoveryMS: 74_300, BudgetMS: 300_000,
		Targets: map[string]report.Target{
			"dns":    {Service: "route53_record", Status: "restored", Captured: "www.example.com A: blue 100, green 0", BegunMS: new(int64(700)), ChangedMS: new(int64(900)), CheckedMS: new(int64(61_400)), Things: 1, Changes: []report.Change{{Action: "update", Detail: "weights green 100 to blue 100", Reversible: true}}},
			"orders": {Service: "lambda_alias", Status: "restored", Captured: "orders:live at version 41", BegunMS: new(int64(700)), ChangedMS: new(int64(1_350)), CheckedMS: new(int64(1_800)), Things: 1, Changes: []report.Change{{Action: "update", Detail: "version 42 to 41", Reversible: true}}},
			"site":   {Service: "s3_bucket", Status: "partial", Captured: "1204 objects, 48.2 MB", Error: "2 objects have no version any more that the snapshot names: old/a.css, old/b.css", BegunMS: new(int64(750)), ChangedMS: new(int64(74_100)), Things: 1202, Changes: files, More: 1162},
			"config": {Service: "ssm_parameter", Status: "not_needed", Captured: "/shop/config at version 7"},
		},
		Verify: &verify, Traffic: new(reverted().Traffic),
	}
}

// history is a year of deployments.
func history() report.History {
	h := report.History{Name: "shop", GeneratedAt: day, Summary: report.HistorySummary{Total: 64, Judged: 60, SuccessRate: new(0.917), ChangeFailureRate: new(0.083), MeanRecoverySeconds: new(84.2)}}
	for i := range 64 {
		d := report.Deployment{
			ID: fmt.Sprintf("shop/%06d", i+1), Version: i + 1, Release: fmt.Sprintf("2026.%d.%d", 1+i/6, i%6), Status: "succeeded", Reason: "its health gate passed",
			StartedAt: day.AddDate(0, 0, 5*i-320), DurationSeconds: new(float64(20 + i*37%900)),
		}
		switch {
		case i%13 == 7:
			d.Status, d.Reason, d.RestoredFrom = "rolled_back", "deployment failed: site (http) failed: status 503 instead of 200-299", d.ID
			d.RecoverySeconds, d.RecoveryBudgetSeconds = new(12.5+float64(i*11%350)), new(300.0)
			traffic := reverted().Traffic
			traffic.StartedAt = day
			d.Traffic = &traffic
		case i == 30:
			d.Status, d.Reason = "failed", "database (rds) error: no answer"
		case i == 41:
			d.Status, d.Reason = "abandoned", "superseded by shop/000043 before anybody judged it"
		case i == 63:
			d.Status, d.Reason, d.DurationSeconds, d.Overdue = "open", "", nil, true
		}
		if d.DurationSeconds != nil {
			d.EndedAt = new(d.StartedAt.Add(time.Duration(*d.DurationSeconds) * time.Second))
		}
		h.Deployments = append(h.Deployments, d)
	}
	h.Quarantine = []report.Quarantine{{Release: "2026.10.5", Deployment: "shop/000060", Reason: "status 503 instead of 200-299", At: day}}
	return h
}

// attack is text that somebody else decides upon, at its worst: markup, directions, controls, a word without an end, broken UTF-8.
func attack(n int) string {
	return hostile + strings.Repeat("unbroken", n) + " \u2066\u202e\u200f\u0085\xff\xfe\xed\xa0\x80 <svg onload=alert(2)> javascript:alert(3) --></style><style>*{display:none}</style>"
}

// costly is the drift that the engine writes, with prices and one who changed it.
func costly(t *testing.T) report.Drift {
	t.Helper()
	drift := parsed(t, driftSample(t))
	for i, delta := range []float64{41.6, -7.3, 12.25} {
		drift.Items[i].MonthlyCostDelta = new(delta)
	}
	drift.Summary.MonthlyCostDelta = new(46.55)
	return drift
}
