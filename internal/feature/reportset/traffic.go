package reportset

import (
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
)

// Traffic converts what the ledger keeps of a switch for a report, which knows no ledger.
func Traffic(kept ledger.Traffic) report.Traffic {
	converted := report.Traffic{
		To: kept.To, StartedAt: kept.StartedAt.UTC(), DurationMS: max(kept.EndedAt.Sub(kept.StartedAt).Milliseconds(), 0), Routes: map[string]report.Route{}, Moments: make([]report.Moment, 0, len(kept.Moments)),
	}
	live := map[string]report.Share{}
	for _, m := range kept.Moments {
		moment := report.Moment{At: m.At.UTC(), Stage: m.Stage, Route: m.Route, Rounds: m.Rounds, Until: m.Until, Verdict: m.Verdict, Failed: m.Failed}
		if m.Share != nil {
			moment.Share = new(report.Share(*m.Share))
			live[m.Route] = *moment.Share
		}
		converted.Moments = append(converted.Moments, moment)
	}
	for key, before := range kept.Routes {
		last, moved := live[key]
		if !moved {
			last = report.Share(before)
		}
		converted.Routes[key] = report.Route{Before: report.Share(before), Live: &last}
	}
	return converted
}
