package gate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// Run runs the checks side by side until each has passed, failed for good or run out of time, and returns the verdict
// with its evidence. It returns when policy.Timeout has passed, whatever else is set, provided that the probes honour
// their contexts; when ctx ends, at once: a check that was not decided then is inconclusive. It starts no goroutine
// that outlives it. An attempt that passes costs no retry, so that a SuccessThreshold above MaxRetries can be met.
//
// The checks' names are unique. Their needs should have been through ValidateNeeds; where they have not, no check runs
// and each is an error that says so.
func Run(ctx context.Context, checks []Check, policy Policy, options Options) Result {
	r := newRun(checks, policy, options)
	started := r.clock.Now()
	r.deadline = started.Add(r.policy.Timeout)
	limited, cancel := r.clock.WithTimeout(ctx, r.policy.Timeout)
	defer cancel()
	working, stop := context.WithCancelCause(limited)
	defer stop(context.Canceled)
	r.stop = stop

	needs := make(map[string][]string, len(checks))
	for _, check := range checks {
		needs[check.Name] = check.Needs
	}
	if err := ValidateNeeds(needs); err != nil {
		for _, check := range checks {
			r.end(check, CheckResult{Status: CheckError, Reason: err.Error()})
		}
	} else {
		r.all(working, checks)
	}
	return Result{Verdict: decide(r.results, r.policy), Checks: r.results, StartedAt: started, Duration: r.clock.Now().Sub(started)}
}

// run is one gate in motion.
type run struct {
	policy   Policy
	clock    clock.Clock
	log      *slog.Logger
	observer Observer
	tell     func(CheckResult)
	deadline time.Time
	slots    chan struct{} // nil means no bound
	ended    map[string]chan struct{}
	stop     context.CancelCauseFunc

	mu       sync.Mutex
	random   func() float64
	results  map[string]CheckResult
	blocking int
}

func newRun(checks []Check, policy Policy, options Options) *run {
	r := &run{
		policy: policy.withDefaults(), clock: options.Clock, log: options.Log, observer: options.Observer, tell: options.Ended, random: options.Random,
		ended: make(map[string]chan struct{}, len(checks)), results: make(map[string]CheckResult, len(checks)),
	}
	if r.clock == nil {
		r.clock = clock.System{}
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if r.random == nil {
		r.random = rand.Float64
	}
	if r.policy.Parallelism > 0 {
		r.slots = make(chan struct{}, r.policy.Parallelism)
	}
	for _, check := range checks {
		r.ended[check.Name] = make(chan struct{})
	}
	return r
}

// all runs every check and waits for all of them.
func (r *run) all(ctx context.Context, checks []Check) {
	// An error shows in ctx, and each check says for itself that it did not run.
	_ = r.clock.Sleep(ctx, r.policy.InitialDelay)
	var group sync.WaitGroup
	for _, check := range checks {
		group.Go(func() { r.end(check, r.check(ctx, check)) })
	}
	group.Wait()
}

// failFastError is the cause that ends the other checks.
type failFastError struct{ check string }

func (e *failFastError) Error() string {
	return fmt.Sprintf("check %q failed and fail_fast is set", e.check)
}

// end keeps a check's result, lets those go on that need it, and with FailFast ends the others once the gate cannot
// pass any more.
func (r *run) end(check Check, result CheckResult) {
	result.Name, result.Kind, result.Advisory = check.Name, check.Probe.Name(), check.Advisory
	r.log.Debug("check ended", "check", result.Name, "status", string(result.Status), "attempts", len(result.Attempts), "reason", result.Reason)
	r.mu.Lock()
	r.results[check.Name] = result
	failed := !result.Advisory && !result.passes()
	if failed {
		r.blocking++
	}
	hopeless := failed && r.policy.FailFast && r.blocking > r.policy.MaxFailedChecks
	r.mu.Unlock()
	close(r.ended[check.Name])
	if r.tell != nil {
		r.tell(result)
	}
	if hopeless {
		r.stop(&failFastError{check: check.Name})
	}
}

// check waits for what the check needs and for a slot, then makes its attempts.
func (r *run) check(ctx context.Context, check Check) CheckResult {
	for _, need := range check.Needs {
		select {
		case <-r.ended[need]:
		case <-ctx.Done():
			return r.interrupted(ctx, CheckResult{}, nil)
		}
	}
	if unmet := r.unmet(check.Needs); unmet != "" {
		return CheckResult{Status: CheckSkipped, Reason: unmet}
	}
	if r.slots != nil {
		select {
		case r.slots <- struct{}{}:
			defer func() { <-r.slots }()
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return r.interrupted(ctx, CheckResult{}, nil)
	}
	return r.attempts(ctx, check)
}

// unmet says which needs did not pass, or nothing.
func (r *run) unmet(needs []string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var unmet []string
	for _, need := range needs {
		if needed := r.results[need]; !needed.passes() {
			unmet = append(unmet, fmt.Sprintf("%q (%s)", need, needed.Status))
		}
	}
	if len(unmet) == 0 {
		return ""
	}
	return "skipped: it needs " + strings.Join(unmet, " and ") + ", which did not pass"
}

// interrupted is how a check ends that ctx ended: out of time, made pointless by another one, or cancelled. The last of
// told is quoted.
func (r *run) interrupted(ctx context.Context, result CheckResult, told []Attempt) CheckResult {
	last := lastWords(told)
	cause := context.Cause(ctx)
	var failFast *failFastError
	switch {
	case errors.As(cause, &failFast):
		result.Status, result.Reason = CheckSkipped, "skipped: "+failFast.Error()+last
	case errors.Is(cause, context.DeadlineExceeded):
		result.Status, result.Reason = CheckTimedOut, r.outOfTime()+last
	default:
		result.Status, result.Reason = CheckInconclusive, "interrupted before it was decided"+last
	}
	return result
}

func (r *run) outOfTime() string {
	return fmt.Sprintf("timed out: the gate's timeout of %s passed", r.policy.Timeout)
}

func lastWords(attempts []Attempt) string {
	if len(attempts) == 0 {
		return ", and no attempt was made"
	}
	last := attempts[len(attempts)-1].Observation
	if last.Reason == "" {
		return fmt.Sprintf("; attempt %d: %s", len(attempts), last.Status)
	}
	return fmt.Sprintf("; attempt %d: %s", len(attempts), last.Reason)
}
