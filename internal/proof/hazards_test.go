package proof

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// hazard is what goes wrong on the way to AWS for the length of a run; the zero value is nothing. What happens is a matter
// of its seed alone.
type hazard struct {
	name string
	seed uint64
	// latency is on the clock of the bubble, so that the ratio of two seconds to the pauses of the engine is kept and
	// nobody waits.
	latency time.Duration
	faults  func(seed uint64) []emulator.Fault
}

// arm lets it begin, and returns what ends it.
func (h hazard) arm(p *process) (disarm func()) {
	p.latency = h.latency
	var remove []func()
	if h.faults != nil {
		for _, fault := range h.faults(h.seed) {
			fault.Caller, fault.Seed = p.providerKey(), h.seed
			remove = append(remove, p.emulator.Inject(fault))
		}
	}
	return func() {
		for _, each := range remove {
			each()
		}
	}
}

func (h hazard) String() string { return fmt.Sprintf("%s, seed %d", h.name, h.seed) }

var hazards = []hazard{
	{name: "30 % of the calls are throttled", faults: func(uint64) []emulator.Fault {
		return []emulator.Fault{{Throttle: true, Rate: 0.3}}
	}},
	{name: "each call takes 2 s", latency: 2 * time.Second},
	{name: "bursts of 5xx", faults: func(seed uint64) (faults []emulator.Fault) {
		random := rand.New(rand.NewPCG(3, seed))
		for _, status := range []int{http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusBadGateway} {
			faults = append(faults, emulator.Fault{Status: status, Code: "InternalError", After: random.IntN(8), Times: 1 + random.IntN(4)})
		}
		return faults
	}},
	{name: "answers are lost", faults: func(uint64) []emulator.Fault {
		return []emulator.Fault{{DropLate: true, Rate: 0.3}}
	}},
}

// TestAccUnderFaultsASwitchEndsAtOneColour: throttling, slowness, bursts of server errors, and answers that are lost after
// the call took effect. Without a death the switch itself succeeds, or goes back when green is broken; with one, the next
// apply does, under the same faults.
func TestAccUnderFaultsASwitchEndsAtOneColour(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.skipVariant(t)
		turn, every := 0, 8 // of the calls there is a death at each eighth
		switch {
		case full:
			every = 1
		case w.lever.quick:
			every = 4
		case w.lever.slow:
			every = 20
		}
		for i, hazard := range hazards {
			hazard.seed = uint64(i + 1)
			t.Run(hazard.name, func(t *testing.T) {
				deaths := 0
				for _, told := range w.orders() {
					var calls []call
					report(t, bubble(t, func(t *testing.T) (problems []string) {
						problems, calls = w.undisturbed(t, told.order, hazard)
						return problems
					}), "%s, %s", told.name, hazard)
					for at := 1 + turn%every; at <= len(calls); at += every {
						victim, next := death{at: at, late: !calls[at-1].store && turn%2 == 1}, nexts[turn%len(nexts)]
						report(t, bubble(t, func(t *testing.T) []string { return w.killed(t, told.order, victim, next, hazard) }),
							"%s, %s, %s, then %s", told.name, hazard, victim, next.name)
						turn++
						deaths++
					}
				}
				t.Logf("%s: %d deaths", hazard, deaths)
			})
		}
	})
}

// undisturbed runs one process that nobody kills.
func (w *world) undisturbed(t *testing.T, o order, beside hazard) (problems []string, calls []call) {
	t.Helper()
	ctx, s := t.Context(), w.begin(t)
	p := s.process("undisturbed")
	disarm := beside.arm(p)
	outcome, err := p.apply(ctx, o)
	disarm()
	s.settled(ctx, outcome, err)
	want := traffic.Green
	if err != nil {
		want = traffic.Blue
	}
	if failing := o.bad; failing == (err == nil) {
		s.complain("it ended with %v", err)
	}
	s.at(ctx, want)
	return s.problems, p.calls
}

// TestAccAnOutsideChangeEndsAtOneColourOrIsSaid: before each call to AWS in turn, somebody else moves traffic. The switch
// ends at one colour or says truly what is live, and the next apply ends at one colour. Where AWS takes conditions, a change
// between our look and our call is not overwritten.
func TestAccAnOutsideChangeEndsAtOneColourOrIsSaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.skipVariant(t)
		theirs := traffic.On(traffic.Blue, 70)
		switch {
		case len(w.lever.steps) == 0:
			theirs = traffic.On(traffic.Blue, 50)
		case w.lever.most > 0:
			theirs = traffic.On(traffic.Green, w.lever.most-3)
		}
		for _, told := range w.orders() {
			t.Run(told.name, func(t *testing.T) {
				var calls []call
				report(t, bubble(t, func(t *testing.T) (problems []string) {
					problems, calls = w.undisturbed(t, told.order, hazard{})
					return problems
				}), "undisturbed")
				for i, call := range calls {
					if thorough := full || w.lever.quick || call.changes || (i%2 == 0 && !w.lever.slow); !call.store && thorough {
						next := nexts[i%len(nexts)]
						report(t, bubble(t, func(t *testing.T) []string { return w.meddled(t, told.order, theirs, i+1, next) }), "%s before call %d (%s), then %s", theirs, i+1, call.name, next.name)
					}
				}
			})
		}
	})
}

// meddled runs one process, before whose call at somebody else moves traffic, and the next apply.
func (w *world) meddled(t *testing.T, o order, theirs traffic.Weights, at int, then next) (problems []string) {
	t.Helper()
	ctx, s := t.Context(), w.begin(t)
	p := s.process("the first")
	p.before = func(n int) {
		if n == at {
			if err := w.target.give(ctx, theirs); err != nil {
				s.complain("meddle: %v", err)
			}
		}
	}
	outcome, err := p.apply(ctx, o)
	last := 0 // after this call the process does not look at the weights any more
	for i, call := range p.calls {
		if call.changes {
			last = i + 1
		}
	}
	if err == nil {
		last++ // at the end of a switch that went well it looks once more, with one call or more
	}
	if at <= last {
		s.settled(ctx, outcome, err)
	}
	if served, _ := w.target.serves(ctx); p.calls[at-1].changes && !w.lever.blind && math.Round(served.percent()) != float64(theirs.Green) {
		s.complain("their change was overwritten: %s", served)
	}
	want, check := then.to, healthy
	if then.broken {
		want, check = traffic.Blue, broken
	}
	if served, lookErr := w.target.serves(ctx); lookErr != nil || (then.broken && served.only(traffic.Green) && !s.interrupted(ctx)) {
		want = traffic.Green // there is nothing to do
	}
	_, err = s.process("the second").apply(ctx, order{to: then.to, home: traffic.Blue, strategy: o.strategy, check: check})
	if (err == nil) != (want == then.to) {
		s.complain("the second apply ended with %v", err)
	}
	s.at(ctx, want)
	return s.problems
}
