package checkset

import (
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
)

// Document converts a result for the report, which knows no gate. deployment is the id of the one that the verdict closed, or empty.
func Document(result gate.Result, deployment string) report.Health {
	document := report.Health{
		Verdict: string(result.Verdict), Healthy: result.Verdict == gate.Passed, StartedAt: result.StartedAt.UTC(), DurationMS: result.Duration.Milliseconds(),
		Deployment: deployment, Checks: make(map[string]report.Check, len(result.Checks)),
	}
	for name, check := range result.Checks {
		converted := report.Check{
			Kind: check.Kind, Status: string(check.Status), Reason: check.Reason, Advisory: check.Advisory, Excused: check.Excused, LatencyMS: check.Latency.Milliseconds(),
		}
		for _, attempt := range check.Attempts {
			seen := attempt.Observation
			converted.Attempts = append(converted.Attempts, report.Attempt{
				StartedAt: attempt.StartedAt.UTC(), Status: string(seen.Status), Reason: seen.Reason, LatencyMS: seen.Latency.Milliseconds(), Values: seen.Values,
			})
		}
		document.Checks[name] = converted
	}
	return document
}
