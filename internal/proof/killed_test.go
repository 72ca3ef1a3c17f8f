package proof

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// leaseOver is when the lease of a dead process has run out.
const leaseOver = 61 * time.Second

// next is what is applied after a death: its name, where to, from where by intention, and what the checks find of green.
type next struct {
	name   string
	to     traffic.Colour
	home   traffic.Colour // what the state says, empty where a failed create left none
	broken bool
}

var nexts = []next{
	{"once more, all well", traffic.Green, traffic.Blue, false},
	{"once more, green is broken", traffic.Green, "", true},
	{"back to blue", traffic.Blue, traffic.Blue, false},
}

// TestAccKilledAtAnyCallTheNextApplyEndsAtOneColour kills a process before and after each of its calls to AWS, and before
// each write to the store, in a switch that goes well and in one that has to go back. The applies that may come next take
// turns, but all are tried after each call that changes something in AWS on the quick levers, and in a full proof everywhere.
func TestAccKilledAtAnyCallTheNextApplyEndsAtOneColour(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, told := range w.orders() {
			t.Run(told.name, func(t *testing.T) {
				var calls []call
				report(t, bubble(t, func(t *testing.T) (problems []string) {
					problems, calls = w.undisturbed(t, told.order, hazard{})
					return problems
				}), "undisturbed")
				runs, turn := 0, 0
				for i, call := range calls {
					for _, late := range []bool{false, true} {
						if late && call.store {
							continue // the same as before the next call
						}
						then := nexts
						if all := full || (call.changes && w.lever.quick); !all {
							then, turn = nexts[turn%len(nexts):][:1], turn+1
						}
						for _, next := range then {
							victim := death{at: i + 1, late: late}
							report(t, bubble(t, func(t *testing.T) []string { return w.killed(t, told.order, victim, next, hazard{}) }), "%s (%s), then %s", victim, call.name, next.name)
							runs++
						}
					}
				}
				t.Logf("%d deaths at %d calls", runs, len(calls))
			})
		}
	})
}

// told is a switch to green from blue, of which blue is what the state says.
type told struct {
	name string
	order
}

// orders are the ways to switch a lever to green, where green is well and where it is not.
func (w *world) orders() (orders []told) {
	for _, strategy := range w.lever.strategies() {
		for _, bad := range []bool{false, true} {
			o := told{name: string(strategy.Type) + ", green is well", order: order{to: traffic.Green, home: traffic.Blue, strategy: strategy, check: healthy}}
			if bad {
				o.name, o.check = string(strategy.Type)+", green is broken", broken
				o.bad = true
			}
			orders = append(orders, o)
		}
	}
	return orders
}

// killed runs one process to its death and the next one to its end.
func (w *world) killed(t *testing.T, first order, victim death, then next, beside hazard) (problems []string) {
	t.Helper()
	ctx, s := t.Context(), w.begin(t)
	p := s.process("the first")
	p.death = victim
	defer beside.arm(p)()
	if outcome, err := p.apply(ctx, first); !p.died() {
		if beside.faults == nil || len(p.calls) >= victim.at {
			return []string{fmt.Sprintf("it was not killed, and ended %s with %v", outcome.Status, err)}
		}
		return w.endedBefore(ctx, s, first, outcome, err)
	}
	open := s.interrupted(ctx)
	at := s.seen[len(s.seen)-1]
	if !open && !at.only(traffic.Blue) && !at.only(traffic.Green) {
		s.complain("nothing tells that a switch died, and %s", at)
	}
	if err := (clock.System{}).Sleep(ctx, leaseOver); err != nil {
		s.complain("%v", err)
	}
	check := healthy
	if then.broken && then.to == traffic.Green {
		check = broken
	}
	second := s.process("the second")
	second.latency = p.latency
	outcome, err := second.apply(ctx, order{to: then.to, home: then.home, strategy: first.strategy, check: check})
	s.settled(ctx, outcome, err)
	want := then.to
	if then.broken && (open || !at.only(traffic.Green)) {
		want = traffic.Blue
	}
	s.at(ctx, want)
	if (err == nil) != (want == then.to) {
		s.complain("the second apply ended with %v", err)
	}
	return s.problems
}

// endedBefore looks at a process that needed fewer calls than the one before it, and ended before its death: faults that are drawn meet
// calls that run side by side in one order or another. What holds for who is not killed holds for it.
func (w *world) endedBefore(ctx context.Context, s *stage, first order, outcome traffic.Outcome, err error) []string {
	s.settled(ctx, outcome, err)
	want := traffic.Green
	if err != nil {
		want = traffic.Blue
	}
	if first.bad == (err == nil) {
		s.complain("it ended before its death, with %v", err)
	}
	s.at(ctx, want)
	return s.problems
}

// interrupted tells whether a refresh would show that a switch died.
func (s *stage) interrupted(ctx context.Context) bool {
	_, open, err := traffic.Died(ctx, s.journal(), s.router().Target())
	if err != nil {
		s.complain("read the journal: %v", err)
	}
	return open
}

func (s *stage) journal() *journal.Journal { return journal.New(s.kept, clock.System{}, "a reader") }

func (s *stage) router() traffic.Router { return s.target.router(s.outside()) }

// at complains unless a colour has everything, nothing is left of any switch, and one more apply of it changes nothing.
func (s *stage) at(ctx context.Context, colour traffic.Colour) {
	served, err := s.target.serves(ctx)
	if err != nil || !served.only(colour) {
		s.complain("it ended at %s (%v), and not with everything at %s", served, err, colour)
	}
	if s.interrupted(ctx) {
		s.complain("the journal is still open")
	}
	changes := len(s.seen)
	outcome, err := s.process("one more").apply(ctx, order{to: colour, home: colour, strategy: traffic.Strategy{Type: traffic.AllAtOnce}, check: healthy})
	if err != nil || outcome.Moved || len(s.seen) != changes {
		s.complain("one more apply moved something, or failed: %v", err)
	}
}

// settled complains unless the end of a process that lived is what it says: all traffic where it should be, or an error and
// the truth about where it is.
func (s *stage) settled(ctx context.Context, outcome traffic.Outcome, err error) {
	served, lookErr := s.target.serves(ctx)
	if lookErr != nil {
		s.complain("look at the end: %v", lookErr)
	}
	said, known := outcome.Live["route"]
	switch {
	case known && float64(said.Green) != math.Round(served.percent()):
		s.complain("it says %s, and %s", said, served)
	case !known && err == nil:
		s.complain("no error, and nothing said of what is live")
	}
	if (err == nil) != (outcome.Status == traffic.StatusSteady) {
		s.complain("status %q with the error %v", outcome.Status, err)
	}
	if holder, _ := s.journal().Holder(ctx, s.router().Target()); holder != nil {
		s.complain("the lease is still held: %v", holder)
	}
}
