package traffic_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// run is one drawn switch: its strategy, when the target breaks, and which call is spoiled how.
type run struct {
	strategy traffic.Strategy
	levers   int
	breaksAt int // percent from which checks fail; 101 never
	fault    int // number of the spoiled call of the first lever; 0 none
	faults   int // how many calls in a row
	late     bool
	cancelAt int // number of the call of the first lever at which ctx is cancelled; 0 never
	hold     bool
}

func drawRun(t *rapid.T) run {
	r := run{
		levers: rapid.IntRange(1, 3).Draw(t, "levers"), breaksAt: rapid.IntRange(0, 101).Draw(t, "breaks at"),
		fault: rapid.IntRange(0, 12).Draw(t, "fault"), faults: rapid.IntRange(1, 3).Draw(t, "faults"), late: rapid.Bool().Draw(t, "late"),
		cancelAt: rapid.IntRange(0, 12).Draw(t, "cancel at"), hold: rapid.Bool().Draw(t, "hold"),
	}
	r.strategy.Type = rapid.SampledFrom([]traffic.StrategyType{traffic.AllAtOnce, traffic.Canary, traffic.Linear}).Draw(t, "type")
	if r.strategy.Type != traffic.AllAtOnce {
		step := 0
		for range rapid.IntRange(1, 4).Draw(t, "steps") {
			if step < 99 {
				step = rapid.IntRange(step+1, 99).Draw(t, "step")
				r.strategy.Steps = append(r.strategy.Steps, step)
			}
		}
		r.strategy.Interval = time.Duration(rapid.IntRange(0, 300).Draw(t, "interval")) * time.Second
	}
	r.strategy.Bake = time.Duration(rapid.IntRange(0, 300).Draw(t, "bake")) * time.Second
	return r
}

// problems runs it and returns what does not hold. It runs inside a bubble, where a failed property cannot be reported.
func (r run) problems(t *testing.T) (found []string) {
	t.Helper()
	complain := func(format string, values ...any) { found = append(found, fmt.Sprintf(format, values...)) }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b := newBench()
	var levers []*lever
	for i := range r.levers {
		levers = append(levers, blueLever(fmt.Sprintf("route%d", i)))
	}
	levers[0].before = func(_ string, n int) (bool, error) {
		if n == r.cancelAt {
			cancel()
		}
		if r.fault > 0 && n >= r.fault && n < r.fault+r.faults {
			return r.late, errBoom
		}
		return false, nil
	}
	request := toGreen(levers...)
	request.Strategy = r.strategy
	if r.hold {
		request.OnFailure = traffic.OnFailureHold
	}
	share := 0 // the most that the target may have by now
	request.Check = func(_ context.Context, stage traffic.Stage) gate.Result {
		for _, l := range levers {
			if l.weights.Green > max(share, stage.Percent) {
				complain("%s has %s %s", l.name, l.weights, stage)
			}
		}
		share = stage.Percent
		if stage.Percent >= r.breaksAt {
			return failed()
		}
		return passed()
	}
	outcome, err := traffic.Switch(ctx, request, b.options())

	allowed := map[int]bool{0: true}
	for _, percent := range r.strategy.Percents() {
		allowed[percent] = true
		if percent >= r.breaksAt {
			break // the first step at which it fails is the last that it gets
		}
	}
	for _, l := range levers {
		backwards := 0
		for i, moment := range l.history {
			if moment.weights.Blue+moment.weights.Green != 100 || moment.weights.Blue < 0 || moment.weights.Green < 0 {
				complain("%s had %s", l.name, moment.weights)
			}
			if !allowed[moment.weights.Green] {
				complain("%s had %s, more than its steps", l.name, moment.weights)
			}
			if i > 0 && moment.weights.Green < l.history[i-1].weights.Green {
				backwards++
				if moment.weights.Green != 0 {
					complain("%s went back to %s only", l.name, moment.weights)
				}
			}
		}
		if backwards > 1 {
			complain("%s went back %d times", l.name, backwards)
		}
		known, certain := outcome.Live[l.name]
		if certain && known != l.weights {
			complain("%s has %s and the outcome says %s", l.name, l.weights, known)
		}
		if !certain && !strings.Contains(strings.Join(outcome.Unknown, " "), l.name) {
			complain("nothing is said of %s", l.name)
		}
		switch {
		case err == nil && l.weights.Green != 100:
			complain("no error, and %s has %s", l.name, l.weights)
		case err != nil && !r.hold && l.weights.Blue != 100:
			complain("failed with %v, and %s has %s", err, l.name, l.weights)
		}
		if holder, _ := b.journal("x").Holder(t.Context(), l.Target()); holder != nil {
			complain("the lease of %s is still held", l.name)
		}
	}
	if (err == nil) != (outcome.Status == traffic.StatusSteady) {
		complain("status %s with error %v", outcome.Status, err)
	}
	return found
}

func TestWhateverHappensTrafficEndsWhereItIsSaidToBe(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		drawn := drawRun(rt)
		var found []string
		synctest.Test(t, func(t *testing.T) { found = drawn.problems(t) })
		if len(found) > 0 {
			rt.Fatalf("%+v:\n%s", drawn, strings.Join(found, "\n"))
		}
	})
}

func TestWeightsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		percent := rapid.IntRange(0, 100).Draw(rt, "percent")
		colour := rapid.SampledFrom([]traffic.Colour{traffic.Blue, traffic.Green}).Draw(rt, "colour")
		weights := traffic.On(colour, percent)
		if weights.Of(colour) != percent || weights.Of(colour.Other()) != 100-percent {
			rt.Fatalf("%v", weights)
		}
	})
}
