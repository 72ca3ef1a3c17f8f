package traffic_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

func TestAllAtOnceSetsOnceWaitsAndReadsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		began := time.Now()
		outcome, err := traffic.Switch(t.Context(), toGreen(web), b.options())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "calls", web.calls, []string{"read", "set blue 0 % / green 100 %", "wait", "read"})
		equal(t, "status", outcome.Status, traffic.StatusSteady)
		equal(t, "live", outcome.Live, map[string]traffic.Weights{"web": {Green: 100}})
		equal(t, "took settling and TTL", time.Since(began), 85*time.Second)
		equal(t, "duration", outcome.Duration, 85*time.Second)
		equal(t, "events", b.sink.kinds(), []notify.Kind{notify.SwitchStarted, notify.SwitchCompleted})
		equal(t, "metric", b.sink.events[1].Metrics, []notify.Metric{{Name: "SwitchDuration", Value: 85, Unit: "Seconds"}})
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
		equal(t, "duration", time.Since(began), 3*85*time.Second+2*2*time.Minute+5*time.Minute)
		equal(t, "rounds", rounds, map[traffic.Stage]int{
			{Phase: traffic.Before}: 1, {Phase: traffic.AtStep, Percent: 10}: 22, {Phase: traffic.AtStep, Percent: 50}: 22, {Phase: traffic.Baking, Percent: 100}: 40,
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
			"set blue 90 % / green 10 %", "set blue 50 % / green 50 %", "set blue 0 % / green 100 %", "set blue 100 % / green 0 %",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
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
				last := b.sink.events[len(b.sink.events)-1]
				equal(t, "last event", last.Kind, notify.SwitchReverted)
				var metrics []string
				for _, metric := range last.Metrics {
					metrics = append(metrics, metric.Name)
				}
				equal(t, "metrics", metrics, []string{"SwitchDuration", "SwitchRecoveryDuration", "RollbackTriggered"})
				record, _, _ := b.journal("x").Last(t.Context(), web.Target())
				equal(t, "journal", record.Outcome, "reverted")
			})
		})
	}
}

func TestABadTargetIsOutWithinOneCheckInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
		equal(t, "recovery is settling and TTL", outcome.Recovery, 85*time.Second)
		if holder, _ := b.journal("x").Holder(t.Context(), web.Target()); holder != nil {
			t.Error("the lease was not given up")
		}
	})
}

func TestTheDeadlineReverts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log []string
		b, dns, function := newBench(), blueLever("dns"), blueLever("function")
		function.tier = traffic.TierFunction
		dns.log, function.log = &log, &log
		request := toGreen(dns, function)
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}}
		request.Check = healthyUntil(10)
		outcome, _ := traffic.Switch(t.Context(), request, b.options())
		equal(t, "order", log, []string{
			"dns read", "function read", "function set blue 90 % / green 10 %", "dns set blue 90 % / green 10 %", "function wait",
			"dns set blue 100 % / green 0 %", "function set blue 100 % / green 0 %", "dns wait", "function wait",
		})
		equal(t, "status", outcome.Status, traffic.StatusReverted)
	})
}

func TestARouteThatFailsTakesAllBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, dns, function := newBench(), blueLever("dns"), blueLever("function")
		function.tier = traffic.TierFunction
		dns.before = func(call string, _ int) (bool, error) {
			if call == "set blue 0 % / green 100 %" {
				return false, errBoom
			}
			return false, nil
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

func TestATargetThatIsBadAtOnceIsOutBeforeItsStepIsLiveEverywhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		web.settle = 10 * time.Minute
		request := toGreen(web)
		request.MaxRecovery = time.Hour
		request.Check = healthyUntil(100)
		if _, err := traffic.Switch(t.Context(), request, b.options()); err == nil {
			t.Fatal("no error")
		}
		if took := web.history[1].at.Sub(web.history[0].at); took != time.Second {
			t.Errorf("green had traffic for %s", took)
		}
	})
}
