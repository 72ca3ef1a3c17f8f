package gate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

// attempts tries a check until its thresholds, a final observation or the end of time decide it. It never begins a wait
// that would end at or after the deadline: no attempt could follow it.
func (r *run) attempts(ctx context.Context, check Check) CheckResult {
	result := CheckResult{}
	count := tally{policy: r.policy}
	for {
		attempt := Attempt{StartedAt: r.clock.Now()}
		attempt.Observation = r.attempt(ctx, check)
		before := result.Attempts
		result.Attempts = append(result.Attempts, attempt)
		result.Latency = attempt.Observation.Latency
		if r.observer != nil {
			r.observer(check.Name, len(result.Attempts), attempt.Observation)
		}
		if ctx.Err() != nil {
			if len(before) == 0 {
				before = result.Attempts
			}
			return r.interrupted(ctx, result, before) // what was cut off says less than the attempt before it
		}
		status, ended := count.add(attempt.Observation)
		if ended {
			result.Status, result.Reason = status, attempt.Observation.Reason
			result.Excused = status == CheckInconclusive && r.policy.InconclusivePasses
			return result
		}
		delay := r.policy.delay(count.failedInARow, r.chance())
		if now := r.clock.Now(); delay > 0 && !now.Add(delay).Before(r.deadline) {
			result.Status = CheckTimedOut
			result.Reason = fmt.Sprintf("timed out: the next attempt, due in %s, would begin after the gate's timeout of %s%s",
				delay.Round(1e6), r.policy.Timeout, lastWords(result.Attempts))
			return result
		}
		if err := r.clock.Sleep(ctx, delay); err != nil {
			return r.interrupted(ctx, result, result.Attempts)
		}
	}
}

// attempt makes one attempt within the check's own timeout. A panic becomes an error observation.
func (r *run) attempt(ctx context.Context, check Check) (seen probe.Observation) {
	timeout := check.Timeout
	if timeout <= 0 {
		timeout = DefaultAttemptTimeout
	}
	limited, cancel := r.clock.WithTimeout(ctx, timeout)
	defer cancel()
	started := r.clock.Now()
	defer func() {
		if value := recover(); value != nil {
			// The stack stays out of the reason, and so does a value that could hold what was being checked.
			r.log.ErrorContext(ctx, "a probe panicked", "check", check.Name, "stack", string(debug.Stack()))
			seen = probe.Observation{Status: probe.Error, Reason: "the check itself broke (" + panicText(value) + "), which is a bug in the provider; please report it"}
		}
		if seen.Latency == 0 {
			seen.Latency = r.clock.Now().Sub(started)
		}
	}()
	seen = check.Probe.Probe(limited)
	if seen.Status == probe.Pass && errors.Is(context.Cause(limited), context.DeadlineExceeded) {
		seen.Status, seen.Reason = probe.Error, fmt.Sprintf("the answer came after the attempt's timeout of %s", timeout)
	}
	return seen
}

func panicText(value any) string {
	var err runtime.Error
	if cause, ok := value.(error); ok && errors.As(cause, &err) {
		return err.Error()
	}
	return fmt.Sprintf("%T", value)
}

func (r *run) chance() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.random()
}
