package gate_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script answers one observation after another, then the last again. Each takes its latency, or as long as ctx lasts.
type script struct {
	seen  []probe.Observation
	calls atomic.Int64
}

func (s *script) Name() string { return "script" }

func (s *script) Probe(ctx context.Context) probe.Observation {
	n := int(s.calls.Add(1)) - 1
	o := s.seen[min(n, len(s.seen)-1)]
	timer := time.NewTimer(o.Latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return o
	case <-ctx.Done():
		return probe.Observation{Status: probe.Error, Reason: "no answer in time"}
	}
}

func says(statuses ...probe.Status) *script {
	s := &script{}
	for _, status := range statuses {
		s.seen = append(s.seen, probe.Observation{Status: status, Reason: string(status) + " it is", Latency: time.Millisecond})
	}
	return s
}

type brokenProbe struct{}

func (brokenProbe) Name() string { return "broken" }
func (brokenProbe) Probe(context.Context) probe.Observation {
	panic("hunter2")
}

func middle() float64 { return 0.5 } // no jitter

func statuses(result gate.Result) map[string]gate.CheckStatus {
	found := map[string]gate.CheckStatus{}
	for name, check := range result.Checks {
		found[name] = check.Status
	}
	return found
}

func TestRun(t *testing.T) {
	t.Parallel()
	const p, f, e, i = probe.Pass, probe.Fail, probe.Error, probe.Inconclusive
	final := &script{seen: []probe.Observation{{Status: f, Reason: "for good", Final: true}}}
	slow := &script{seen: []probe.Observation{{Status: p, Latency: time.Hour}}}
	policy := gate.Policy{Timeout: time.Minute, MaxRetries: 2, RetryDelay: time.Second}
	with := func(change func(*gate.Policy)) gate.Policy {
		changed := policy
		change(&changed)
		return changed
	}
	for name, test := range map[string]struct {
		checks   []gate.Check
		policy   gate.Policy
		verdict  gate.Verdict
		want     map[string]gate.CheckStatus
		attempts int // of check a
		took     time.Duration
		reason   string // part of that of check a
	}{
		"passes at once": {
			[]gate.Check{{Name: "a", Probe: says(p)}}, policy, gate.Passed, map[string]gate.CheckStatus{"a": "passed"}, 1, time.Millisecond, "",
		},
		"passes at the last retry, waits doubled": {
			[]gate.Check{{Name: "a", Probe: says(f, e, p)}}, policy, gate.Passed, map[string]gate.CheckStatus{"a": "passed"}, 3, 3*time.Second + 3*time.Millisecond, "",
		},
		"fails after its retries": {
			[]gate.Check{{Name: "a", Probe: says(e, e, f)}}, policy, gate.Failed, map[string]gate.CheckStatus{"a": "failed"}, 3, 3*time.Second + 3*time.Millisecond, "fail it is",
		},
		"an error is not a failure": {
			[]gate.Check{{Name: "a", Probe: says(f, f, e)}}, policy, gate.Failed, map[string]gate.CheckStatus{"a": "error"}, 3, 3*time.Second + 3*time.Millisecond, "error it is",
		},
		"a final answer is not asked for again": {
			[]gate.Check{{Name: "a", Probe: final}}, policy, gate.Failed, map[string]gate.CheckStatus{"a": "failed"}, 1, 0, "for good",
		},
		"inconclusive blocks": {
			[]gate.Check{{Name: "a", Probe: says(i)}}, policy, gate.Inconclusive, map[string]gate.CheckStatus{"a": "inconclusive"}, 3, 3*time.Second + 3*time.Millisecond, "inconclusive it is",
		},
		"inconclusive passes where the policy lets it, and what needs it runs": {
			[]gate.Check{{Name: "a", Probe: says(i)}, {Name: "b", Probe: says(p), Needs: []string{"a"}}},
			with(func(p *gate.Policy) { p.InconclusivePasses = true }), gate.Passed,
			map[string]gate.CheckStatus{"a": "inconclusive", "b": "passed"},
			3, 3*time.Second + 4*time.Millisecond, "inconclusive it is",
		},
		"inconclusive passes, a failure does not": {
			[]gate.Check{{Name: "a", Probe: says(i)}, {Name: "b", Probe: says(f)}},
			with(func(p *gate.Policy) { p.InconclusivePasses = true }), gate.Failed,
			map[string]gate.CheckStatus{"a": "inconclusive", "b": "failed"},
			3, 3*time.Second + 3*time.Millisecond, "",
		},
		"out of time is never let pass": {
			[]gate.Check{{Name: "a", Probe: says(i)}},
			with(func(p *gate.Policy) { p.InconclusivePasses, p.Timeout = true, 2*time.Second }), gate.Failed,
			map[string]gate.CheckStatus{"a": "timed_out"},
			2, time.Second + 2*time.Millisecond, "timed out",
		},
		"no check passes no gate": {
			nil, with(func(p *gate.Policy) { p.InconclusivePasses = true }), gate.Inconclusive, map[string]gate.CheckStatus{}, 0, 0, "",
		},
		"success threshold: in a row": {
			[]gate.Check{{Name: "a", Probe: says(p, f, p, p)}},
			with(func(p *gate.Policy) { p.SuccessThreshold = 2 }), gate.Passed,
			map[string]gate.CheckStatus{"a": "passed"},
			4, 3*time.Second + 4*time.Millisecond, "",
		},
		"failure threshold ends early": {
			[]gate.Check{{Name: "a", Probe: says(f)}},
			with(func(p *gate.Policy) { p.FailureThreshold = 2 }), gate.Failed,
			map[string]gate.CheckStatus{"a": "failed"},
			2, time.Second + 2*time.Millisecond, "",
		},
		"the cap bounds the wait": {
			[]gate.Check{{Name: "a", Probe: says(f)}},
			with(func(p *gate.Policy) { p.MaxDelay = time.Second }), gate.Failed,
			map[string]gate.CheckStatus{"a": "failed"},
			3, 2*time.Second + 3*time.Millisecond, "",
		},
		"initial delay": {
			[]gate.Check{{Name: "a", Probe: says(p)}},
			with(func(p *gate.Policy) { p.InitialDelay = 5 * time.Second }), gate.Passed,
			map[string]gate.CheckStatus{"a": "passed"},
			1, 5*time.Second + time.Millisecond, "",
		},
		"an attempt has a time limit of its own": {
			[]gate.Check{{Name: "a", Probe: slow, Timeout: 2 * time.Second}},
			with(func(p *gate.Policy) { p.MaxRetries = 0 }), gate.Failed,
			map[string]gate.CheckStatus{"a": "error"},
			1, 2 * time.Second, "no answer in time",
		},
		"the gate's timeout cuts an attempt off": {
			[]gate.Check{{Name: "a", Probe: slow, Timeout: time.Hour}}, policy, gate.Failed, map[string]gate.CheckStatus{"a": "timed_out"}, 1, time.Minute, "timed out",
		},
		"no wait begins that ends too late, and the last words are told": {
			[]gate.Check{{Name: "a", Probe: says(f)}},
			with(func(p *gate.Policy) { p.RetryDelay = time.Minute }), gate.Failed,
			map[string]gate.CheckStatus{"a": "timed_out"},
			1, time.Millisecond, "fail it is",
		},
		"advisory never blocks": {
			[]gate.Check{{Name: "a", Probe: final, Advisory: true}, {Name: "b", Probe: says(p)}},
			policy, gate.Passed,
			map[string]gate.CheckStatus{"a": "failed", "b": "passed"},
			1, time.Millisecond, "",
		},
		"some may fail": {
			[]gate.Check{{Name: "a", Probe: final}, {Name: "b", Probe: says(p)}},
			with(func(p *gate.Policy) { p.MaxFailedChecks = 1 }), gate.Passed,
			map[string]gate.CheckStatus{"a": "failed", "b": "passed"},
			1, time.Millisecond, "",
		},
		"needs that failed skip, and what is skipped is not proven": {
			[]gate.Check{{Name: "a", Probe: says(p), Needs: []string{"b"}}, {Name: "b", Probe: final, Advisory: true}},
			policy, gate.Failed,
			map[string]gate.CheckStatus{"a": "skipped", "b": "failed"},
			0, 0, `it needs "b" (failed)`,
		},
		"needs order": {
			[]gate.Check{{Name: "a", Probe: says(p), Needs: []string{"b"}}, {Name: "b", Probe: says(p)}},
			with(func(p *gate.Policy) { p.Parallelism = 1 }), gate.Passed,
			map[string]gate.CheckStatus{"a": "passed", "b": "passed"},
			1, 2 * time.Millisecond, "",
		},
		"fail fast ends the others": {
			[]gate.Check{{Name: "a", Probe: says(f)}, {Name: "b", Probe: final}},
			with(func(p *gate.Policy) { p.FailFast = true }), gate.Failed,
			map[string]gate.CheckStatus{"a": "skipped", "b": "failed"},
			1, 0, `check "b" failed and fail_fast is set`,
		},
		"a panic is an error, without its value": {
			[]gate.Check{{Name: "a", Probe: brokenProbe{}}},
			with(func(p *gate.Policy) { p.MaxRetries = 0 }), gate.Failed,
			map[string]gate.CheckStatus{"a": "error"},
			1, 0, "(string)",
		},
		"a circle of needs is an error, not a hang": {
			[]gate.Check{{Name: "a", Probe: says(p), Needs: []string{"b"}}, {Name: "b", Probe: says(p), Needs: []string{"a"}}},
			policy, gate.Failed,
			map[string]gate.CheckStatus{"a": "error", "b": "error"},
			0, 0, "a -> b -> a",
		},
		"nothing proves nothing": {nil, policy, gate.Inconclusive, map[string]gate.CheckStatus{}, 0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				result := gate.Run(t.Context(), test.checks, test.policy, gate.Options{Random: middle})
				if result.Verdict != test.verdict {
					t.Errorf("verdict %s, not %s: %v", result.Verdict, test.verdict, result.Checks)
				}
				if diff := cmp.Diff(test.want, statuses(result)); diff != "" {
					t.Error(diff)
				}
				a := result.Checks["a"]
				if len(a.Attempts) != test.attempts && name != "fail fast ends the others" {
					t.Errorf("%d attempts, not %d", len(a.Attempts), test.attempts)
				}
				if !strings.Contains(a.Reason, test.reason) || strings.Contains(a.Reason, "hunter2") {
					t.Errorf("reason %q does not hold %q", a.Reason, test.reason)
				}
				if result.Duration != test.took {
					t.Errorf("took %s, not %s", result.Duration, test.took)
				}
			})
		})
	}
}

func TestRunCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(500*time.Millisecond, func() { cancel(errors.New("ctrl-c")) })
		result := gate.Run(ctx, []gate.Check{{Name: "a", Probe: says(probe.Fail)}}, gate.Policy{MaxRetries: 9, RetryDelay: time.Minute, Timeout: time.Hour, InconclusivePasses: true}, gate.Options{})
		if result.Verdict != gate.Inconclusive || result.Duration != 500*time.Millisecond {
			t.Errorf("%s after %s: %v", result.Verdict, result.Duration, result.Checks)
		}
	})
}

// TestRunTellsOfEachEnd: once a check, with how it ended, whether or not it ran.
func TestRunTellsOfEachEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		told := make(chan string, 10)
		gate.Run(t.Context(), []gate.Check{
			{Name: "a", Probe: says(probe.Pass)}, {Name: "b", Probe: says(probe.Fail), Needs: []string{"a"}}, {Name: "c", Probe: says(probe.Pass), Needs: []string{"b"}},
		}, gate.Policy{}, gate.Options{Ended: func(c gate.CheckResult) { told <- c.Name + " " + c.Kind + " " + string(c.Status) }})
		close(told)
		var got []string
		for line := range told {
			got = append(got, line)
		}
		slices.Sort(got)
		if diff := cmp.Diff([]string{"a script passed", "b script failed", "c script skipped"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRunParallelism(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var checks []gate.Check
		for i := range 10 {
			checks = append(checks, gate.Check{Name: fmt.Sprint(i), Probe: &script{seen: []probe.Observation{{Status: probe.Pass, Latency: time.Second}}}})
		}
		result := gate.Run(t.Context(), checks, gate.Policy{Parallelism: 3}, gate.Options{})
		if result.Verdict != gate.Passed || result.Duration != 4*time.Second {
			t.Errorf("%s after %s", result.Verdict, result.Duration)
		}
	})
}

// TestRunOnAFakeClock: nothing waits for real, and the waits are those of the policy.
func TestRunOnAFakeClock(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	instant := &script{seen: []probe.Observation{{Status: probe.Fail}}}
	result := gate.Run(t.Context(), []gate.Check{{Name: "a", Probe: instant}},
		gate.Policy{Timeout: time.Hour, MaxRetries: 3, RetryDelay: 10 * time.Second, Jitter: 0.2, MaxDelay: 25 * time.Second}, gate.Options{Clock: fake, Random: func() float64 { return 0 }})
	if diff := cmp.Diff([]time.Duration{8 * time.Second, 16 * time.Second, 20 * time.Second}, fake.Slept()); diff != "" {
		t.Error(diff)
	}
	if result.Duration != 44*time.Second {
		t.Errorf("took %s", result.Duration)
	}
}

// TestRunKeepsItsPromises: whatever the probes answer and the policy says, a gate never passes a check below its
// threshold, never fails one above it, never tries more often than it may, and is done by its deadline.
func TestRunKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		policy := gate.Policy{
			Timeout: time.Duration(rapid.IntRange(1, 60_000).Draw(rt, "timeout")) * time.Millisecond, MaxRetries: rapid.IntRange(0, 6).Draw(rt, "retries"),
			RetryDelay: time.Duration(rapid.IntRange(0, 5000).Draw(rt, "delay")) * time.Millisecond, Jitter: rapid.Float64Range(0, 1).Draw(rt, "jitter"),
			Multiplier: rapid.Float64Range(1, 5).Draw(rt, "multiplier"), InitialDelay: time.Duration(rapid.IntRange(0, 2000).Draw(rt, "initial")) * time.Millisecond,
			SuccessThreshold: rapid.IntRange(1, 4).Draw(rt, "success"), FailureThreshold: rapid.IntRange(0, 4).Draw(rt, "failure"),
			MaxFailedChecks: rapid.IntRange(0, 2).Draw(rt, "allowed"), Parallelism: rapid.IntRange(0, 3).Draw(rt, "parallelism"), FailFast: rapid.Bool().Draw(rt, "fail fast"),
		}
		var checks []gate.Check
		for i := range rapid.IntRange(1, 4).Draw(rt, "checks") {
			check := gate.Check{Name: fmt.Sprint(i), Advisory: rapid.Bool().Draw(rt, "advisory"), Timeout: time.Duration(rapid.IntRange(1, 5000).Draw(rt, "attempt timeout")) * time.Millisecond}
			if i > 0 && rapid.Bool().Draw(rt, "needs") {
				check.Needs = []string{fmt.Sprint(i - 1)}
			}
			s := &script{}
			for range rapid.IntRange(1, 8).Draw(rt, "answers") {
				s.seen = append(s.seen, probe.Observation{
					Status: rapid.SampledFrom([]probe.Status{probe.Pass, probe.Fail, probe.Error, probe.Inconclusive}).Draw(rt, "status"), Final: rapid.IntRange(0, 9).Draw(rt, "final") == 0,
					Latency: time.Duration(rapid.IntRange(0, 6000).Draw(rt, "latency")) * time.Millisecond,
				})
			}
			check.Probe = s
			checks = append(checks, check)
		}
		var result gate.Result
		synctest.Test(t, func(*testing.T) { result = gate.Run(context.Background(), checks, policy, gate.Options{}) })
		if result.Duration > policy.Timeout {
			rt.Fatalf("took %s of %s", result.Duration, policy.Timeout)
		}
		assertPromises(rt, checks, policy, result)
	})
}

func assertPromises(t *rapid.T, checks []gate.Check, policy gate.Policy, result gate.Result) {
	blocking := 0
	for _, check := range checks {
		ended, ok := result.Checks[check.Name]
		if !ok {
			t.Fatalf("check %s has no result", check.Name)
		}
		inARow, failed := 0, 0
		for _, attempt := range ended.Attempts {
			if attempt.Observation.Status == probe.Pass {
				inARow++
			} else {
				inARow, failed = 0, failed+1
			}
		}
		if ended.Status == gate.CheckPassed && inARow < policy.SuccessThreshold {
			t.Fatalf("check %s passed after %d passes in a row of %d", check.Name, inARow, policy.SuccessThreshold)
		}
		if (ended.Status == gate.CheckFailed || ended.Status == gate.CheckError) && ended.Attempts[len(ended.Attempts)-1].Observation.Status == probe.Pass {
			t.Fatalf("check %s failed on a pass", check.Name)
		}
		if failed > policy.MaxRetries+1 {
			t.Fatalf("check %s was tried again %d times of %d", check.Name, failed-1, policy.MaxRetries)
		}
		if !check.Advisory && ended.Status != gate.CheckPassed {
			blocking++
		}
	}
	if (result.Verdict == gate.Passed) != (blocking <= policy.MaxFailedChecks) {
		t.Fatalf("verdict %s with %d of %d blocking", result.Verdict, blocking, policy.MaxFailedChecks)
	}
}
