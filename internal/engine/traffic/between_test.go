package traffic_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// CloudFront's word that a change is live everywhere comes minutes after the change, and somebody else may come between.
func TestSomebodyElsesWeightsDuringAWaitAreNotTakenForOurs(t *testing.T) {
	t.Parallel()
	theirs := traffic.On(traffic.Blue, 70)
	t.Run("forward", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b, web := newBench(), blueLever("web")
			web.before = func(call string, _ int) (bool, error) {
				if call == "wait" {
					web.put(theirs)
					return false, traffic.ErrConcurrentChange
				}
				return false, nil
			}
			outcome, err := traffic.Switch(t.Context(), toGreen(web), b.options())
			var foreign *traffic.ForeignChangeError
			if !errors.As(err, &foreign) || foreign.Found != theirs {
				t.Fatalf("error %v", err)
			}
			equal(t, "status", outcome.Status, traffic.StatusInterrupted)
			equal(t, "live", outcome.Live, map[string]traffic.Weights{"web": theirs})
			equal(t, "theirs", web.weights, theirs)
		})
	})
	t.Run("back", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b, web := newBench(), blueLever("web")
			request := toGreen(web)
			request.Check = healthyUntil(100)
			web.before = func(call string, _ int) (bool, error) {
				if call == "wait" && web.weights.Blue == 100 {
					web.put(theirs)
				}
				if call == "wait" && web.weights == theirs {
					return false, traffic.ErrConcurrentChange
				}
				return false, nil
			}
			outcome, _ := traffic.Switch(t.Context(), request, b.options())
			equal(t, "status", outcome.Status, traffic.StatusInterrupted)
			equal(t, "live", outcome.Live, map[string]traffic.Weights{"web": theirs})
			equal(t, "theirs", web.weights, theirs)
			if outcome.Recovery >= request.MaxRecovery {
				t.Errorf("it went on asking for %s", outcome.Recovery)
			}
		})
	})
}

func TestAStoreThatFailsDoesNotForgetASwitchThatDied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, inner, outer := newBench(), blueLever("a"), blueLever("b")
		for _, l := range []*lever{inner, outer} {
			l.weights = traffic.On(traffic.Green, 50)
			if _, err := b.journal("dead").Begin(t.Context(), l.Target(), "switch", traffic.Intent{To: traffic.Green, Back: traffic.On(traffic.Blue, 100)}); err != nil {
				t.Fatal(err)
			}
		}
		b.store.failWith(func(call, key string) error {
			if call == "put" && strings.HasPrefix(key, "journal/") && strings.Contains(key, "lever_b") {
				return errBoom
			}
			return nil
		})
		_, err := traffic.Switch(t.Context(), toGreen(inner, outer), b.options())
		var written *traffic.JournalError
		if !errors.As(err, &written) {
			t.Fatalf("error %v", err)
		}
		b.store.failWith(nil)
		for _, l := range []*lever{inner, outer} {
			died, open, err := traffic.Died(t.Context(), b.journal("me"), l.Target())
			if err != nil || !open || died.Back != traffic.On(traffic.Blue, 100) {
				t.Errorf("%s: %+v, open %v, %v", l.name, died, open, err)
			}
			equal(t, l.name, l.sets(), []string{})
		}
	})
}

func TestAWayBackWhoseAnswerWasLostIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, web := newBench(), blueLever("web")
		web.unsettled = true
		request := toGreen(web)
		request.Check = healthyUntil(100)
		web.before = func(call string, _ int) (bool, error) {
			if call == "set blue 100 % / green 0 %" {
				return true, errBoom // it took effect
			}
			return false, nil
		}
		outcome, _ := traffic.Switch(t.Context(), request, b.options())
		equal(t, "calls", web.calls[2:], []string{"wait", "set blue 100 % / green 0 %", "read", "wait"})
		equal(t, "status", outcome.Status, traffic.StatusReverted)
		if outcome.Recovery < web.settle+web.propagation {
			t.Errorf("done after %s, before all clients were back", outcome.Recovery)
		}
	})
}
