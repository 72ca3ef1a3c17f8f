package proof

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// load are customers who ask all the time.
type load struct {
	stop context.CancelFunc
	done sync.WaitGroup

	mu     sync.Mutex
	failed []string
}

// customers is how many there are. Each asks at moments of its own.
const customers = 5

// startLoad sends a request every so often, until it is stopped.
func (s *stage) startLoad(ctx context.Context, e *edge, every time.Duration) *load {
	ctx, stop := context.WithCancel(ctx)
	l := &load{stop: stop}
	l.done.Go(func() { // owner: end waits for it
		random := rand.New(rand.NewPCG(1, 1))
		for n := 0; (clock.System{}).Sleep(ctx, every) == nil; n++ {
			if err := s.ask(e, random.IntN(customers)); err != nil {
				l.mu.Lock()
				l.failed = append(l.failed, fmt.Sprintf("request %d: %v", n, err))
				l.mu.Unlock()
			}
		}
	})
	return l
}

// end stops the load and returns the requests that failed.
func (l *load) end() []string {
	l.stop()
	l.done.Wait()
	return l.failed
}

// TestAccInTwoHundredSwitchesNoRequestFails: customers ask all the time, and a colour is shut down as soon as a switch away
// from it has ended, before the customers' memory of it could have run out by itself.
func TestAccInTwoHundredSwitchesNoRequestFails(t *testing.T) {
	const switches = 200
	each(t, func(t *testing.T, w *world) {
		w.skipVariant(t)
		e := w.newEdge(t)
		report(t, bubble(t, func(t *testing.T) []string {
			ctx, s := t.Context(), w.begin(t)
			e.follow(time.Now().Add(-time.Hour), s.seen[0], s.seen[0])
			s.onChange = func(before, after shares) { e.follow(time.Now(), before, after) }
			l := s.startLoad(ctx, e, 170*time.Millisecond)
			strategies := []traffic.Strategy{{Type: traffic.AllAtOnce}}
			if len(w.lever.steps) > 0 {
				strategies = append(strategies, traffic.Strategy{Type: traffic.Canary, Steps: w.lever.steps, Interval: time.Second})
			}
			p, to := s.process("the provider"), traffic.Green
			p.latency = 20 * time.Millisecond
			for n := range switches {
				e.colours[to].status.Store(http.StatusOK)
				if _, err := p.apply(ctx, order{to: to, home: to.Other(), strategy: strategies[n/2%len(strategies)]}); err != nil {
					s.complain("switch %d to %s: %v", n, to, err)
				}
				e.colours[to.Other()].status.Store(http.StatusServiceUnavailable)
				_ = (clock.System{}).Sleep(ctx, w.lever.ttl+time.Second)
				to = to.Other()
			}
			failed, asked := l.end(), e.reset()
			count(t, switches-1, 0) // and one more that report counts
			t.Logf("%d switches, %d requests, %d of them to green, %d failed", switches, asked.all, asked.green, len(failed))
			if asked.all < switches || asked.green == 0 || asked.green == asked.all {
				s.complain("there was no load: %+v", asked)
			}
			if len(failed) > 0 {
				s.complain("%d requests failed, the first of them %s", len(failed), failed[0])
			}
			return s.problems
		}), "under load")
	})
}

// TestAccABrokenGreenIsOutWithinAProbeIntervalPlusOneSecond: green breaks at a moment drawn at random, and the checks look
// every so often. From then on it has traffic for one check interval plus a second at most, and until then never more than
// the share of its step.
func TestAccABrokenGreenIsOutWithinAProbeIntervalPlusOneSecond(t *testing.T) {
	const (
		runs     = 12
		interval = 5 * time.Second
		allowed  = interval + time.Second
		apiTime  = 20 * time.Millisecond // of a call to AWS
	)
	each(t, func(t *testing.T, w *world) {
		w.skipVariant(t)
		strategy := traffic.Strategy{Type: traffic.AllAtOnce, Bake: time.Minute, CheckInterval: interval}
		if len(w.lever.steps) > 0 {
			strategy = traffic.Strategy{Type: traffic.Canary, Steps: w.lever.steps, Interval: 20 * time.Second, Bake: 20 * time.Second, CheckInterval: interval}
		}
		w.lever.ttl = 0 // at this edge
		var longest time.Duration
		for seed := range uint64(runs) {
			random := rand.New(rand.NewPCG(seed, seed))
			e := w.newEdge(t)
			report(t, bubble(t, func(t *testing.T) []string {
				s := w.begin(t)
				breaks := time.Duration(random.Int64N(int64(50 * time.Second)))
				out := w.breaks(t, s, e, strategy, breaks, apiTime)
				if out > allowed {
					s.complain("green broke after %s and had traffic for %s more", breaks, out)
				}
				longest = max(longest, out)
				return s.problems
			}), "seed %d", seed)
		}
		t.Logf("in %d runs a broken green had traffic for %s at most, of %s", runs, longest.Round(time.Millisecond), allowed)
	})
}

// breaks switches to a green that breaks some time after it first has traffic, and returns for how long it then went on to
// have some.
func (w *world) breaks(t *testing.T, s *stage, e *edge, strategy traffic.Strategy, after, apiTime time.Duration) time.Duration {
	t.Helper()
	ctx := t.Context()
	e.follow(time.Now().Add(-time.Hour), s.seen[0], s.seen[0])
	var broke, out time.Time
	share := 0.0 // the most that green may have
	s.onChange = func(before, served shares) {
		if counted := e.reset(); float64(counted.green) > math.Ceil(float64(counted.all)*share/100)+1 {
			s.complain("green got %d of %d requests at a share of %g %%", counted.green, counted.all, share)
		}
		e.follow(time.Now(), before, served)
		share = max(before.percent(), served.percent())
		if served.only(traffic.Blue) {
			out = time.Now().Add(e.settling)
		}
	}
	l := s.startLoad(ctx, e, 100*time.Millisecond)
	var breaking sync.WaitGroup
	begun := false
	check := func(ctx context.Context, stage traffic.Stage) gate.Result {
		if stage.Phase != traffic.Before && !begun {
			begun = true
			breaking.Go(func() {
				_ = (clock.System{}).Sleep(t.Context(), after)
				broke = time.Now()
				e.colours[traffic.Green].status.Store(http.StatusInternalServerError)
			})
		}
		if served := s.seen[len(s.seen)-1]; served.percent() > float64(stage.Percent)+0.5 {
			s.complain("green has %s %s", served, stage)
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.colours[traffic.Green].URL, http.NoBody)
		if err != nil || w.succeeds(request) != nil {
			return gate.Result{Verdict: gate.Failed}
		}
		return gate.Result{Verdict: gate.Passed}
	}
	p := s.process("the provider")
	p.latency = apiTime
	outcome, err := p.apply(ctx, order{to: traffic.Green, home: traffic.Blue, strategy: strategy, check: check})
	breaking.Wait()
	l.end()
	s.settled(ctx, outcome, err)
	if err == nil || outcome.Status != traffic.StatusReverted {
		s.complain("it ended %s with %v", outcome.Status, err)
	}
	return out.Sub(broke)
}
