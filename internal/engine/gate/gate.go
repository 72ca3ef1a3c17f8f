// Package gate decides whether a deployment is healthy: it runs probes side by side, retries what can change, counts
// thresholds, and keeps the evidence.
package gate

import (
	"log/slog"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

// Verdict is the answer of a gate.
type Verdict string

// The verdicts. A gate that could not find out is Inconclusive, never Passed.
const (
	Passed       Verdict = "passed"
	Failed       Verdict = "failed"
	Inconclusive Verdict = "inconclusive"
)

// CheckStatus is how one check ended.
type CheckStatus string

// The ways a check ends.
const (
	CheckPassed       CheckStatus = "passed"
	CheckFailed       CheckStatus = "failed"
	CheckError        CheckStatus = "error"
	CheckInconclusive CheckStatus = "inconclusive"
	CheckTimedOut     CheckStatus = "timed_out"
	CheckSkipped      CheckStatus = "skipped"
)

// Check is a probe under the user's name for it.
type Check struct {
	Name     string
	Probe    probe.Probe
	Advisory bool          // reported, never blocking
	Timeout  time.Duration // of one attempt; zero means DefaultAttemptTimeout
	Needs    []string      // names of checks that must pass first
}

// DefaultAttemptTimeout bounds one attempt of a check that sets none.
const DefaultAttemptTimeout = 10 * time.Second

// Policy says how often and how long to try, and what is enough.
type Policy struct {
	Timeout          time.Duration // for the whole gate; it always wins
	MaxRetries       int           // attempts after the first, per check
	RetryDelay       time.Duration // before the first retry
	Multiplier       float64       // of the delay, from one retry to the next (2)
	MaxDelay         time.Duration // cap of the delay (60 s)
	Jitter           float64       // 0.2: each delay is drawn from ±20 %
	InitialDelay     time.Duration // before the first attempt
	SuccessThreshold int           // passes in a row that make a check pass (1)
	FailureThreshold int           // failures in a row that end a check early (MaxRetries + 1)
	MaxFailedChecks  int           // blocking checks that may fail while the gate passes (0)
	Parallelism      int           // checks at a time; 0 means all
	FailFast         bool          // the first blocking failure ends the others
	// InconclusivePasses lets a check that had nothing to measure count as passed, for the verdict and for those that need
	// it. Its own status says what it was. What was interrupted, and a gate without checks, never passes.
	InconclusivePasses bool
}

// Attempt is one attempt's evidence.
type Attempt struct {
	StartedAt   time.Time
	Observation probe.Observation
}

// CheckResult is how one check ended, with its evidence.
type CheckResult struct {
	Name     string
	Kind     string
	Status   CheckStatus
	Reason   string // for a person; of the attempt that decided
	Attempts []Attempt
	Advisory bool
	Latency  time.Duration // of the last attempt
	// Excused tells that the check was inconclusive and that the policy lets that pass.
	Excused bool
}

// passes tells whether the check stands in nobody's way.
func (c CheckResult) passes() bool { return c.Status == CheckPassed || c.Excused }

// Result is the verdict with everything that led to it.
type Result struct {
	Verdict   Verdict
	Checks    map[string]CheckResult
	StartedAt time.Time
	Duration  time.Duration
}

// Observer is told of each attempt as it ends, from several goroutines at a time. It must not block.
type Observer func(check string, attempt int, observation probe.Observation)

// Options are what a gate needs from outside. The zero value works: the machine's clock, no log, no observer.
type Options struct {
	Clock    clock.Clock
	Log      *slog.Logger
	Observer Observer
	// Ended is told how each check ended, from several goroutines at a time. It must not block. Nil means nobody is.
	Ended func(CheckResult)
	// Random returns numbers in [0,1) for the jitter; nil means math/rand/v2.
	Random func() float64
}
