package gate

import "github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"

// tally counts one check's attempts against the thresholds.
type tally struct {
	policy       Policy
	passedInARow int
	failedInARow int
	failed       int // in all
}

// add counts an observation and tells how the check ended, if it did.
func (t *tally) add(o probe.Observation) (status CheckStatus, ended bool) {
	if o.Status == probe.Pass {
		t.passedInARow++
		t.failedInARow = 0
		return CheckPassed, t.passedInARow >= t.policy.SuccessThreshold
	}
	t.passedInARow = 0
	t.failedInARow++
	t.failed++
	ended = o.Final || t.failed > t.policy.MaxRetries || t.failedInARow >= t.policy.FailureThreshold
	switch o.Status {
	case probe.Fail:
		return CheckFailed, ended
	case probe.Inconclusive:
		return CheckInconclusive, ended
	default:
		return CheckError, ended
	}
}
