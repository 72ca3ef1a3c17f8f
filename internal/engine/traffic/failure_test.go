package traffic_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

func TestALostAnswerIsLookedUpBeforeGoingBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		web.before = func(call string, _ int) (bool, error) {
			if call == "set blue 0 % / green 100 %" {
				return true, errBoom // it took effect
			}
			return false, nil
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, web, other := newBench(), blueLever("web"), blueLever("other")
		other.tier = traffic.TierFunction
		web.before = func(call string, _ int) (bool, error) {
			if call == "set blue 0 % / green 100 %" {
				web.put(traffic.On(traffic.Blue, 70))
			}
			return false, nil
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		once := true
		web.before = func(call string, _ int) (bool, error) {
			if once && call == "set blue 0 % / green 100 %" {
				once = false
				web.put(web.weights)
			}
			return false, nil
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
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
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
				web.before = func(string, int) (bool, error) {
					if !since.IsZero() && time.Since(since) < test.outage {
						return false, errBoom
					}
					return false, nil
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
		if err := (clock.System{}).Sleep(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if _, err := traffic.Switch(t.Context(), toGreen(web), b.options()); err != nil {
			t.Fatalf("an expired lease: %v", err)
		}
	})
}

func TestTheLeaseIsRenewedAndItsLossStopsEverything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
						object.Data = fmt.Appendf(nil, `{"target":%q,"holder":"somebody","token":"theirs","expires":%q}`, web.Target(), time.Now().Add(time.Minute).Format(time.RFC3339))
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
		web.before = func(call string, _ int) (bool, error) {
			if call == "wait" {
				b.store.failWith(func(string, string) error { return errBoom })
			}
			return false, nil
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
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		b.sink.err = errBoom
		outcome, err := traffic.Switch(t.Context(), toGreen(web), b.options())
		if err != nil || len(outcome.Warnings) != 2 {
			t.Fatalf("%v, %v", outcome.Warnings, err)
		}
	})
}
