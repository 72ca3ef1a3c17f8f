package traffic

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
)

// Route is a router under the user's name for it. No two routes of a switch have the same Target.
type Route struct {
	Key    string
	Router Router
}

// FailureMode is what a failed switch does.
type FailureMode string

// The failure modes.
const (
	OnFailureRevert FailureMode = "revert" // traffic goes back in one step
	OnFailureHold   FailureMode = "hold"   // traffic stays where it is
)

// Request is what a switch is to do.
type Request struct {
	// To gets all the traffic.
	To Colour
	// Home is the colour that last had all the traffic by intention, and to which a failed switch goes back; empty
	// when nobody knows: then it goes back to what the journal of a dead switch says, else to what it found.
	Home     Colour
	Routes   []Route
	Strategy Strategy
	// Check judges the target; nil means that nothing is checked. It returns early when ctx ends.
	Check       func(ctx context.Context, stage Stage) gate.Result
	OnFailure   FailureMode
	MaxRecovery time.Duration // deadline of a revert, beyond any deadline of ctx
	// Guard takes traffic back when this process cannot any more; nil for none. Every router must be Reversible.
	Guard *Guard
}

// Options are what a switch needs from outside. All are required, but Scheduler only with a Guard, now or in an earlier
// switch of the same target that died.
type Options struct {
	Journal *journal.Journal
	Sink    notify.Sink
	Clock   clock.Clock
	Log     *slog.Logger
	Subject string            // names the switch in events, at most 60 characters
	Labels  map[string]string // of every event
	// Scheduler makes the client on first use.
	Scheduler func(ctx context.Context) (SchedulerAPI, error)
}

// shift is one run of the stepper.
type shift struct {
	Request
	Options
	lanes       []*lane // innermost first
	interrupted bool    // an earlier switch of one of the routes died
	outcome     Outcome
	guard       *guard
}

// Switch moves all routes to req.To, step by step, and runs the checks before the first step, from the moment that a
// step's change is accepted until it ends, and through the bake. Every step sets absolute weights on each route that has less than the step's share, innermost tier
// first, waits until AWS reports them live and until clients can know, and only then counts as reached.
//
// Whatever goes wrong (a check, a call, the journal, the deadline or end of ctx), traffic goes back in one step per
// route, outermost first, on a deadline of its own (req.MaxRecovery) that an ended ctx does not shorten; unless
// OnFailure is hold. A route that somebody else moved meanwhile is left as they want it, and said. The error is nil
// exactly when all routes are at To; the Outcome is true in any case. Errors: *RouteError (which may wrap ErrMissing),
// *UnfitRouteError, *ChecksError, *ForeignChangeError, *journal.HeldError, *LeaseLostError, *JournalError,
// *StrategyError, *GuardError, and the cause of ctx.
//
// What holds the target there for the time being only is promoted at the end (see Promoter).
//
// When all routes are there already nothing is called but their Read, unless an earlier switch died on the way: then
// the last step is watched and the journal closed.
func Switch(ctx context.Context, req Request, opts Options) (outcome Outcome, err error) {
	s := &shift{Request: req, Options: opts}
	s.outcome.StartedAt = opts.Clock.Now()
	s.guard = newGuard(s)
	if err := req.validate(); err != nil {
		return s.outcome, err
	}
	if err := s.observe(ctx); err != nil {
		return s.finish(""), err
	}
	if s.arrived() && !s.interrupted {
		return s.finish(StatusSteady), nil
	}
	if err := s.fit(); err != nil {
		return s.finish(""), err
	}
	work, release, err := s.claim(ctx)
	if err != nil {
		return s.finish(""), err
	}
	defer func() {
		release()
		outcome.Warnings = s.outcome.Warnings
	}()
	s.tell(ctx, notify.SwitchStarted, "started: to "+string(s.To))
	if err := s.advance(work); err != nil {
		return s.recover(ctx, err), err
	}
	s.closeJournal(ctx, StatusSteady)
	s.finish(StatusSteady)
	s.tell(ctx, notify.SwitchCompleted, "completed: "+string(s.To)+" has all traffic", duration(s.outcome.Duration))
	return s.outcome, nil
}

// observe reads every route and what the journal says of it.
func (s *shift) observe(ctx context.Context) error {
	for _, route := range s.Routes {
		s.lanes = append(s.lanes, &lane{Route: route, uncertain: true})
	}
	for _, lane := range s.lanes {
		if err := Recall(ctx, s.Journal, lane.Router, s.Home); err != nil {
			return &JournalError{Err: ended(ctx, err)}
		}
		if err := s.read(ctx, lane); err != nil {
			return err
		}
		lane.back = lane.known.Weights
		s.outcome.States = append(s.outcome.States, lane.known)
	}
	slices.SortStableFunc(s.lanes, func(a, b *lane) int {
		return cmp.Or(cmp.Compare(a.Router.Tier(), b.Router.Tier()), cmp.Compare(a.Key, b.Key))
	})
	return s.recall(ctx)
}

// recall finds out from the journal where each route goes back to. A switch that died may have closed the records of some
// of its routes already: they go back with the others.
func (s *shift) recall(ctx context.Context) error {
	var open []journal.Record
	records, intents := map[*lane]journal.Record{}, map[*lane]Intent{}
	for _, lane := range s.lanes {
		intent, record, err := lastSwitch(ctx, s.Journal, lane.Router.Target())
		if err != nil {
			return &JournalError{Err: ended(ctx, err)}
		}
		records[lane], intents[lane] = record, intent
		if record.Operation == operation && record.EndedAt == nil {
			open = append(open, record)
			lane.guarded = intent.Guard != ""
		}
	}
	s.interrupted = len(open) > 0
	for _, lane := range s.lanes {
		died := slices.ContainsFunc(open, func(other journal.Record) bool { return together(records[lane], other) })
		if back := intents[lane].Back; died && back.Of(s.To) < 100 {
			lane.back = back
		}
		if s.Home != "" && s.Home != s.To {
			lane.back = On(s.Home, 100)
		}
	}
	return nil
}

// together tells that record is open itself, or was closed by the switch that left another one open.
func together(record, open journal.Record) bool {
	return record.EndedAt == nil && record.Target == open.Target ||
		record.Operation == operation && record.Holder == open.Holder && record.EndedAt != nil && !record.EndedAt.Before(open.StartedAt)
}

func (s *shift) arrived() bool {
	return !slices.ContainsFunc(s.lanes, func(l *lane) bool { return l.known.Weights.Of(s.To) < 100 || promotes(l, s.To) != nil })
}

func (s *shift) fit() error {
	var errs []error
	for _, lane := range s.lanes {
		for _, unfit := range lane.known.Unfit {
			if !unfit.Hinders(s.To) {
				continue
			}
			errs = append(errs, &UnfitRouteError{Route: lane.Key, Unfit: unfit})
		}
	}
	return errors.Join(errs...)
}

// advance is the way forward. Its error leaves traffic where it is.
func (s *shift) advance(ctx context.Context) error {
	inherited := slices.ContainsFunc(s.lanes, func(l *lane) bool { return l.guarded })
	if err := s.guard.arm(ctx); err != nil {
		return err
	}
	for i := 0; inherited && i < len(s.lanes); i++ { // the guard of a switch that died may have fired since it was looked
		if err := s.read(ctx, s.lanes[i]); err != nil {
			return err
		}
	}
	if err := s.watch(ctx, Stage{Phase: Before}, 0); err != nil {
		return err
	}
	for _, percent := range s.percents() {
		stage, hold := Stage{Phase: AtStep, Percent: percent}, s.Strategy.Interval
		if percent == 100 {
			stage.Phase, hold = Baking, s.Strategy.Bake
		}
		propagation, err := s.step(ctx, stage)
		if err != nil {
			return err
		}
		if err := s.watch(ctx, stage, propagation+hold); err != nil {
			return err
		}
		if percent < 100 {
			s.tell(ctx, notify.SwitchStepped, "reached "+On(s.To, percent).String())
		}
	}
	if err := s.Clock.Sleep(ctx, s.Strategy.Drain-s.Strategy.Bake); err != nil {
		return err
	}
	if err := s.promote(ctx); err != nil {
		return err
	}
	if err := s.verify(ctx); err != nil {
		return err
	}
	return s.guard.disarm(ctx) // while it stands, it would take traffic back: then the switch has not gone well
}

// percents are the steps that still give the target more somewhere, and always the last one.
func (s *shift) percents() []int {
	least := 100
	for _, lane := range s.lanes {
		least = min(least, lane.known.Weights.Of(s.To))
	}
	return slices.DeleteFunc(s.Strategy.Percents(), func(percent int) bool { return percent < 100 && percent <= least })
}

// step gives the target percent on every route where it has less, and returns once AWS reports all of it live, with
// the time that clients may still follow the old weights. The target is judged meanwhile: some clients reach it already.
func (s *shift) step(ctx context.Context, stage Stage) (propagation time.Duration, err error) {
	if err := s.guard.extend(ctx); err != nil {
		return 0, err
	}
	for _, lane := range s.lanes {
		if lane.known.Weights.Of(s.To) >= stage.Percent {
			continue
		}
		if err := s.move(ctx, lane, stage); err != nil {
			return 0, err
		}
	}
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	asleep, wake := context.WithCancel(ctx)
	defer wake()
	done := make(chan struct{})
	go func() { // owner: this call, which waits for done
		defer close(done)
		propagation, err = s.settled(waiting)
		wake()
	}()
	judged := s.judge(ctx, asleep, stage)
	if judged != nil {
		stop()
	}
	<-done
	if judged != nil {
		return 0, judged
	}
	return propagation, err
}

// settled waits until AWS reports every change that is under way as live.
func (s *shift) settled(ctx context.Context) (propagation time.Duration, err error) {
	for _, lane := range s.lanes {
		if lane.pending == nil {
			continue
		}
		if err := lane.Router.Wait(ctx, *lane.pending); err != nil {
			return 0, s.notSettled(ctx, lane, &RouteError{Route: lane.Key, Name: lane.Router.Name(), Doing: "wait for " + lane.pending.Label + " of", Err: ended(ctx, err)})
		}
		lane.pending = nil
		propagation = max(propagation, lane.known.Propagation)
	}
	return propagation, nil
}

// notSettled is what a wait ended with: a *ForeignChangeError when somebody else moved the route meanwhile.
func (s *shift) notSettled(ctx context.Context, lane *lane, failure *RouteError) error {
	if !errors.Is(failure, ErrConcurrentChange) {
		return failure
	}
	expected := lane.known.Weights
	lane.pending, lane.uncertain = nil, true
	if s.read(ctx, lane) != nil || lane.known.Weights == expected {
		return failure
	}
	lane.foreign = true
	return &ForeignChangeError{Route: lane.Key, Name: lane.Router.Name(), Expected: expected, Found: lane.known.Weights}
}

// verify reads every route once more: nobody moved it since. That it cannot be read is a warning: AWS has reported the
// last step as live.
func (s *shift) verify(ctx context.Context) error {
	for _, lane := range s.lanes {
		if err := s.read(ctx, lane); errors.Is(err, ErrMissing) {
			return err
		} else if err != nil {
			s.warn(err)
			continue
		}
		if want := On(s.To, 100); lane.known.Weights != want {
			lane.foreign = true
			return &ForeignChangeError{Route: lane.Key, Name: lane.Router.Name(), Expected: want, Found: lane.known.Weights}
		}
	}
	return nil
}
