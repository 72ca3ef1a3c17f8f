package traffic_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

func TestAllAtOnceSetsOnceWaitsAndReadsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		began := time.Now()
		outcome, err := traffic.Switch(t.Context(), toGreen(web), b.options())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "calls", web.calls, []string{"read", "set blue 0 % / green 100 %", "wait", "read"})
		equal(t, "status", outcome.Status, traffic.StatusSteady)
		equal(t, "live", outcome.Live, map[string]traffic.Weights{"web": {Green: 100}})
		equal(t, "took settling and TTL", time.Since(began), 90*time.Second)
		equal(t, "duration", outcome.Duration, 90*time.Second)
		equal(t, "events", b.sink.kinds(), []notify.Kind{notify.SwitchStarted, notify.SwitchCompleted})
		equal(t, "metric", b.sink.events[1].Metrics, []notify.Metric{{Name: "SwitchDuration", Value: 90, Unit: "Seconds"}})
		record, _, err := b.journal("x").Last(t.Context(), web.Target())
		if err != nil || record.EndedAt == nil || record.Outcome != "steady" || len(record.Steps) != 1 || record.Steps[0].DoneAt == nil {
			t.Errorf("journal %+v, %v", record, err)
		}
		if holder, err := b.journal("x").Holder(t.Context(), web.Target()); holder != nil || err != nil {
			t.Errorf("the lease was not given up: %v, %v", holder, err)
		}
	})
}

func TestNothingIsTouchedWhenTrafficIsThereAlready(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		web.weights = traffic.On(traffic.Green, 100)
		request := toGreen(web)
		request.Check = always(failed())
		outcome, err := traffic.Switch(t.Context(), request, b.options())
		if err != nil || outcome.Status != traffic.StatusSteady || outcome.Moved {
			t.Fatalf("%+v, %v", outcome, err)
		}
		equal(t, "calls", web.calls, []string{"read"})
		equal(t, "store", len(b.store.kept), 0)
		equal(t, "events", len(b.sink.events), 0)
	})
}

func TestCanaryStepsAndTheirPace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		request := toGreen(web)
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10, 50}, Interval: 2 * time.Minute, Bake: 5 * time.Minute}
		rounds := map[traffic.Stage]int{}
		request.Check = func(_ context.Context, stage traffic.Stage) gate.Result { rounds[stage]++; return passed() }
		began := time.Now()
		if _, err := traffic.Switch(t.Context(), request, b.options()); err != nil {
			t.Fatal(err)
		}
		equal(t, "sets", web.sets(), []string{"set blue 90 % / green 10 %", "set blue 50 % / green 50 %", "set blue 0 % / green 100 %"})
		equal(t, "duration", time.Since(began), 3*90*time.Second+2*2*time.Minute+5*time.Minute)
		equal(t, "rounds", rounds, map[traffic.Stage]int{
			{Phase: traffic.Before}: 1, {Phase: traffic.AtStep, Percent: 10}: 19, {Phase: traffic.AtStep, Percent: 50}: 19, {Phase: traffic.Baking, Percent: 100}: 37,
		})
		equal(t, "events", b.sink.kinds(), []notify.Kind{notify.SwitchStarted, notify.SwitchStepped, notify.SwitchStepped, notify.SwitchCompleted})
	})
}

func TestAFailedCheckTakesTrafficBackInOneStep(t *testing.T) {
	for name, test := range map[string]struct {
		failAt int
		sets   []string
		moved  bool
		calls  int
	}{
		"before": {failAt: 0, calls: 1},
		"at 10":  {failAt: 10, sets: []string{"set blue 90 % / green 10 %", "set blue 100 % / green 0 %"}, moved: true, calls: 5},
		"at 50":  {failAt: 50, sets: []string{"set blue 90 % / green 10 %", "set blue 50 % / green 50 %", "set blue 100 % / green 0 %"}, moved: true, calls: 7},
		"bake": {failAt: 100, moved: true, calls: 9, sets: []string{
			"set blue 90 % / green 10 %", "set blue 50 % / green 50 %", "set blue 0 % / green 100 %", "set blue 100 % / green 0 %"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b, web := newBench(), blueLever("web")
				request := toGreen(web)
				request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10, 50}}
				request.Check = healthyUntil(test.failAt)
				outcome, err := traffic.Switch(t.Context(), request, b.options())
				var checks *traffic.ChecksError
				if !errors.As(err, &checks) || checks.Stage.Percent != test.failAt {
					t.Fatalf("error %v", err)
				}
				equal(t, "failed", checks.Result.Blocking(), []string{"app"})
				equal(t, "sets", web.sets(), test.sets)
				equal(t, "calls", len(web.calls), test.calls)
				equal(t, "status", outcome.Status, traffic.StatusReverted)
				equal(t, "moved", outcome.Moved, test.moved)
				equal(t, "live", outcome.Live, map[string]traffic.Weights{"web": {Blue: 100}})
				equal(t, "last event", b.sink.events[len(b.sink.events)-1].Kind, notify.SwitchReverted)
				record, _, _ := b.journal("x").Last(t.Context(), web.Target())
				equal(t, "journal", record.Outcome, "reverted")
			})
		})
	}
}

func TestABadTargetIsOutWithinOneCheckInterval(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		request := toGreen(web)
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}, Interval: 10 * time.Minute}
		breaks := time.Now().Add(5*time.Minute + 3*time.Second)
		request.Check = func(context.Context, traffic.Stage) gate.Result {
			if time.Now().Before(breaks) {
				return passed()
			}
			return failed()
		}
		if _, err := traffic.Switch(t.Context(), request, b.options()); err == nil {
			t.Fatal("no error")
		}
		last := web.history[len(web.history)-1]
		if took := last.at.Sub(breaks); last.weights.Green != 0 || took > traffic.DefaultCheckInterval {
			t.Errorf("%v came %s after it broke", last.weights, took)
		}
	})
}

func TestHoldStaysAndSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		request := toGreen(web)
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}}
		request.Check = healthyUntil(10)
		request.OnFailure = traffic.OnFailureHold
		outcome, err := traffic.Switch(t.Context(), request, b.options())
		if err == nil {
			t.Fatal("no error")
		}
		equal(t, "status", outcome.Status, traffic.StatusHeld)
		equal(t, "live", outcome.LiveText(), "web: blue 90 % / green 10 %")
		equal(t, "last event", b.sink.events[len(b.sink.events)-1].Kind, notify.SwitchHeld)
	})
}

func TestCancellationHalfWayReverts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		ctx, cancel := context.WithCancel(t.Context())
		request := toGreen(web)
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}, Interval: time.Hour}
		request.Check = func(ctx context.Context, stage traffic.Stage) gate.Result {
			if stage.Percent == 10 {
				cancel() // SIGINT
			}
			return passed()
		}
		outcome, err := traffic.Switch(ctx, request, b.options())
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		equal(t, "status", outcome.Status, traffic.StatusReverted)
		equal(t, "live", web.weights, traffic.On(traffic.Blue, 100))
		equal(t, "recovery is settling and TTL", outcome.Recovery, 90*time.Second)
		if holder, _ := b.journal("x").Holder(t.Context(), web.Target()); holder != nil {
			t.Error("the lease was not given up")
		}
	})
}

func TestTheDeadlineReverts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		request := toGreen(web)
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}, Interval: time.Hour}
		outcome, err := traffic.Switch(ctx, request, b.options())
		if !errors.Is(err, context.DeadlineExceeded) || outcome.Status != traffic.StatusReverted {
			t.Fatalf("%v, %v", outcome.Status, err)
		}
		equal(t, "live", web.weights, traffic.On(traffic.Blue, 100))
	})
}

func TestInconclusiveHoldsThenFails(t *testing.T) {
	for name, test := range map[string]struct {
		clears bool
		want   traffic.Status
	}{"stays": {false, traffic.StatusReverted}, "clears": {true, traffic.StatusSteady}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b, web := newBench(), blueLever("web")
				request := toGreen(web)
				began := time.Now()
				request.Check = func(_ context.Context, stage traffic.Stage) gate.Result {
					if stage.Phase == traffic.Before || (test.clears && time.Since(began) > 80*time.Second) {
						return passed()
					}
					return gate.Result{Verdict: gate.Inconclusive}
				}
				outcome, err := traffic.Switch(t.Context(), request, b.options())
				equal(t, "status", outcome.Status, test.want)
				equal(t, "failed", err != nil, !test.clears)
			})
		})
	}
}

func TestRoutesMoveTogetherOutermostLastAndBackOutermostFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log []string
		b, dns, function := newBench(), blueLever("dns"), blueLever("function")
		function.tier = traffic.TierFunction
		dns.log, function.log = &log, &log
		request := toGreen(dns, function)
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}}
		request.Check = healthyUntil(10)
		outcome, _ := traffic.Switch(t.Context(), request, b.options())
		equal(t, "order", log, []string{
			"dns read", "function read", "function set blue 90 % / green 10 %", "dns set blue 90 % / green 10 %", "function wait", "dns wait",
			"dns set blue 100 % / green 0 %", "function set blue 100 % / green 0 %", "dns wait", "function wait",
		})
		equal(t, "status", outcome.Status, traffic.StatusReverted)
	})
}

func TestARouteThatFailsTakesAllBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, dns, function := newBench(), blueLever("dns"), blueLever("function")
		function.tier = traffic.TierFunction
		dns.before = func(call string, _ int) (error, bool) {
			if call == "set blue 0 % / green 100 %" {
				return errBoom, false
			}
			return nil, false
		}
		outcome, err := traffic.Switch(t.Context(), toGreen(dns, function), b.options())
		var route *traffic.RouteError
		if !errors.Is(err, errBoom) || !errors.As(err, &route) || route.Route != "dns" {
			t.Fatalf("error %v", err)
		}
		equal(t, "status", outcome.Status, traffic.StatusReverted)
		equal(t, "live", outcome.Live, map[string]traffic.Weights{"dns": {Blue: 100}, "function": {Blue: 100}})
	})
}

func TestALostAnswerIsLookedUpBeforeGoingBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		web.before = func(call string, _ int) (error, bool) {
			if call == "set blue 0 % / green 100 %" {
				return errBoom, true // it took effect
			}
			return nil, false
		}
		outcome, err := traffic.Switch(t.Context(), toGreen(web), b.options())
		if !errors.Is(err, errBoom) {
			t.Fatalf("error %v", err)
		}
		equal(t, "calls", web.calls, []string{"read", "set blue 0 % / green 100 %", "read", "set blue 100 % / green 0 %", "wait"})
		equal(t, "status", outcome.Status, traffic.StatusReverted)
	})
}

func TestSomebodyElsesWeightsAreNotOverwritten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web, other := newBench(), blueLever("web"), blueLever("other")
		other.tier = traffic.TierFunction
		web.before = func(call string, _ int) (error, bool) {
			if call == "set blue 0 % / green 100 %" {
				web.put(traffic.On(traffic.Blue, 70))
			}
			return nil, false
		}
		outcome, err := traffic.Switch(t.Context(), toGreen(web, other), b.options())
		var foreign *traffic.ForeignChangeError
		if !errors.As(err, &foreign) || !errors.Is(err, traffic.ErrConcurrentChange) {
			t.Fatalf("error %v", err)
		}
		equal(t, "found", foreign.Found, traffic.On(traffic.Blue, 70))
		equal(t, "status", outcome.Status, traffic.StatusInterrupted)
		equal(t, "live", outcome.Live, map[string]traffic.Weights{"web": {Blue: 70, Green: 30}, "other": {Blue: 100}})
		if record, _, _ := b.journal("x").Last(t.Context(), web.Target()); record.EndedAt != nil {
			t.Error("the record was closed: the next plan would not show it")
		}
	})
}

func TestAnotherAddressUnderTheSameWeightsIsTakenAlong(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		once := true
		web.before = func(call string, _ int) (error, bool) {
			if once && call == "set blue 0 % / green 100 %" {
				once = false
				web.put(web.weights)
			}
			return nil, false
		}
		outcome, err := traffic.Switch(t.Context(), toGreen(web), b.options())
		if err != nil || outcome.Status != traffic.StatusSteady || web.weights.Green != 100 {
			t.Fatalf("%+v, %v", outcome, err)
		}
	})
}

func TestARevertTriesUntilItsDeadlineAndIsHonest(t *testing.T) {
	for name, test := range map[string]struct {
		outage time.Duration
		want   traffic.Status
		live   string
	}{
		"recovers": {time.Minute, traffic.StatusReverted, "web: blue 100 % / green 0 %"},
		"does not": {time.Hour, traffic.StatusInterrupted, "web: could not be read, look at it"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b, web := newBench(), blueLever("web")
				var since time.Time
				request := toGreen(web)
				request.Check = func(_ context.Context, stage traffic.Stage) gate.Result {
					if stage.Phase == traffic.Before {
						return passed()
					}
					since = time.Now()
					return failed()
				}
				web.before = func(string, int) (error, bool) {
					if !since.IsZero() && time.Since(since) < test.outage {
						return errBoom, false
					}
					return nil, false
				}
				outcome, err := traffic.Switch(t.Context(), request, b.options())
				var checks *traffic.ChecksError
				if !errors.As(err, &checks) {
					t.Fatalf("error %v", err)
				}
				equal(t, "status", outcome.Status, test.want)
				equal(t, "live", outcome.LiveText(), test.live)
				equal(t, "said", len(outcome.Unproven) > 0, test.want == traffic.StatusInterrupted)
				if time.Since(since) > request.MaxRecovery+time.Second {
					t.Errorf("it took %s", time.Since(since))
				}
			})
		})
	}
}

func TestALeaseKeepsTwoSwitchesApart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		if _, err := b.journal("somebody").Acquire(t.Context(), web.Target(), time.Minute); err != nil {
			t.Fatal(err)
		}
		_, err := traffic.Switch(t.Context(), toGreen(web), b.options())
		var held *journal.HeldError
		if !errors.As(err, &held) || held.Holder != "somebody" {
			t.Fatalf("error %v", err)
		}
		equal(t, "calls", web.calls, []string{"read"})
		time.Sleep(time.Minute)
		if _, err := traffic.Switch(t.Context(), toGreen(web), b.options()); err != nil {
			t.Fatalf("an expired lease: %v", err)
		}
	})
}

func TestTheLeaseIsRenewedAndItsLossStopsEverything(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		request := toGreen(web)
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}, Interval: time.Hour}
		began := time.Now()
		request.Check = func(_ context.Context, stage traffic.Stage) gate.Result {
			if holder, _ := b.journal("x").Holder(t.Context(), web.Target()); holder == nil {
				t.Errorf("nobody holds the target after %s", time.Since(began))
			}
			if time.Since(began) > 10*time.Minute {
				b.store.mu.Lock()
				for key, object := range b.store.kept {
					if key[:5] == "lease" { // somebody takes it over
						object.ETag = "theirs"
						b.store.kept[key] = object
					}
				}
				b.store.mu.Unlock()
			}
			return passed()
		}
		outcome, err := traffic.Switch(t.Context(), request, b.options())
		var lost *traffic.LeaseLostError
		if !errors.As(err, &lost) {
			t.Fatalf("error %v", err)
		}
		equal(t, "status", outcome.Status, traffic.StatusInterrupted)
		equal(t, "not touched", web.weights, traffic.On(traffic.Green, 10))
	})
}

func TestAStoreThatFailsStopsBeforeMovingAndNeverStopsTheWayBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		b.store.failWith(func(call, _ string) error {
			if call == "put" {
				return errBoom
			}
			return nil
		})
		var unwritten *traffic.JournalError
		if _, err := traffic.Switch(t.Context(), toGreen(web), b.options()); !errors.As(err, &unwritten) {
			t.Fatalf("error %v", err)
		}
		equal(t, "calls", web.calls, []string{"read"})

		b, web = newBench(), blueLever("web")
		web.before = func(call string, _ int) (error, bool) {
			if call == "wait" {
				b.store.failWith(func(string, string) error { return errBoom })
			}
			return nil, false
		}
		request := toGreen(web)
		request.Check = healthyUntil(1)
		outcome, err := traffic.Switch(t.Context(), request, b.options())
		if err == nil || outcome.Status != traffic.StatusReverted || web.weights.Blue != 100 {
			t.Fatalf("%+v, %v", outcome, err)
		}
		if len(outcome.Warnings) == 0 {
			t.Error("the lost journal was not said")
		}
	})
}

func TestADeadSwitchIsTakenUp(t *testing.T) {
	for name, test := range map[string]struct {
		check func(context.Context, traffic.Stage) gate.Result
		home  traffic.Colour
		found traffic.Weights
		want  traffic.Weights
	}{
		"completes":              {always(passed()), traffic.Blue, traffic.On(traffic.Green, 10), traffic.On(traffic.Green, 100)},
		"reverts to home":        {always(failed()), traffic.Blue, traffic.On(traffic.Green, 10), traffic.On(traffic.Blue, 100)},
		"reverts by the journal": {always(failed()), "", traffic.On(traffic.Green, 10), traffic.On(traffic.Blue, 100)},
		"died in the bake, bad":  {healthyUntil(100), "", traffic.On(traffic.Green, 100), traffic.On(traffic.Blue, 100)},
		"died in the bake, good": {always(passed()), "", traffic.On(traffic.Green, 100), traffic.On(traffic.Green, 100)},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b, web := newBench(), blueLever("web")
				web.weights = test.found
				if _, err := b.journal("dead").Begin(t.Context(), web.Target(), "switch", traffic.Intent{To: traffic.Green, Back: traffic.On(traffic.Blue, 100)}); err != nil {
					t.Fatal(err)
				}
				request := toGreen(web)
				request.Home, request.Check = test.home, test.check
				_, err := traffic.Switch(t.Context(), request, b.options())
				equal(t, "live", web.weights, test.want)
				equal(t, "failed", err != nil, test.want.Green == 0)
				if _, open, _ := traffic.Died(t.Context(), b.journal("x"), web.Target()); open {
					t.Error("the record is still open")
				}
			})
		})
	}
}

func TestUnfitRoutesAreRefusedUntouched(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		web.unfit = []*traffic.UnfitError{{Reason: traffic.UnfitTTL, Detail: "unequal"}}
		_, err := traffic.Switch(t.Context(), toGreen(web), b.options())
		var unfit *traffic.UnfitError
		if !errors.As(err, &unfit) || unfit.Reason != traffic.UnfitTTL {
			t.Fatalf("error %v", err)
		}
		web.missing = true
		if _, err = traffic.Switch(t.Context(), toGreen(web), b.options()); !errors.Is(err, traffic.ErrMissing) {
			t.Fatalf("error %v", err)
		}
		equal(t, "calls", web.calls, []string{"read", "read"})
	})
}

func TestAnEventThatIsNotDeliveredIsAWarning(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		b.sink.err = errBoom
		outcome, err := traffic.Switch(t.Context(), toGreen(web), b.options())
		if err != nil || len(outcome.Warnings) != 2 {
			t.Fatalf("%v, %v", outcome.Warnings, err)
		}
	})
}
