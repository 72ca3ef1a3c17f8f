package gate

import (
	"maps"
	"slices"
)

// Blocking returns the names, in order, of the checks that ran, did not pass and are not advisory. A check that was
// skipped is a consequence and not among them.
func (r Result) Blocking() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.Checks)) {
		check := r.Checks[name]
		if !check.Advisory && !check.passes() && check.Status != CheckSkipped {
			names = append(names, name)
		}
	}
	return names
}

// decide counts the blocking checks. One that was skipped was not proven healthy and counts as failed. No checks at all
// prove nothing.
func decide(checks map[string]CheckResult, policy Policy) Verdict {
	if len(checks) == 0 {
		return Inconclusive
	}
	var failed, inconclusive int
	for _, check := range checks {
		if check.Advisory {
			continue
		}
		switch {
		case check.passes():
		case check.Status == CheckInconclusive:
			inconclusive++
		default:
			failed++
		}
	}
	switch {
	case failed > policy.MaxFailedChecks:
		return Failed
	case failed+inconclusive > policy.MaxFailedChecks:
		return Inconclusive
	default:
		return Passed
	}
}
