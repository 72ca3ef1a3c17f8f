package traffic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
)

// recoverPauses are the pauses between two tries of a revert; the last one repeats until the deadline.
var recoverPauses = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// recover is the way out after cause. It always ends within MaxRecovery, whatever became of ctx.
func (s *shift) recover(ctx context.Context, cause error) Outcome {
	failedAt := s.Clock.Now()
	ctx, cancel := s.Clock.WithTimeout(context.WithoutCancel(ctx), s.MaxRecovery)
	defer cancel()
	s.note(Stage{Phase: Revert}, nil, "failed: "+cause.Error())

	if guarded := (*GuardError)(nil); errors.As(cause, &guarded) { // it may have fired
		for _, lane := range s.lanes {
			lane.uncertain = true
			lane.tried = append(lane.tried, lane.known.Weights)
		}
	}
	var lost *LeaseLostError
	var held *journal.HeldError
	switch {
	case errors.As(cause, &lost) && errors.As(lost.Err, &held):
		s.look(ctx) // whoever holds the lease now decides; nothing is touched
		return s.finish(StatusInterrupted)
	case s.OnFailure == OnFailureHold:
		s.look(ctx)
		s.giveUpGuard(ctx)
		s.closeJournal(ctx, StatusHeld)
		s.finish(StatusHeld)
		s.tell(ctx, notify.SwitchHeld, "failed and is held", duration(s.outcome.Duration))
		return s.outcome
	}
	moved := s.takeBack(ctx)
	status := StatusReverted
	if slices.ContainsFunc(s.lanes, func(l *lane) bool { return l.uncertain || l.known.Weights != l.back }) {
		status = StatusInterrupted // the journal stays open: the next plan shows it; and the guard stands
	} else {
		s.promoteBack(ctx)
		s.giveUpGuard(ctx)
		s.closeJournal(ctx, status)
	}
	if moved > 0 {
		if err := s.Clock.Sleep(ctx, moved); err != nil {
			s.outcome.Unproven = append(s.outcome.Unproven, fmt.Errorf("clients may follow the old weights for up to %s after the change: %w", moved, err))
		}
	}
	s.outcome.Recovery = s.Clock.Now().Sub(failedAt)
	s.outcome.Guarded = s.guard.stands()
	s.finish(status)
	kind, text := notify.SwitchReverted, "failed; traffic is back where it was"
	if status == StatusInterrupted {
		kind, text = notify.SwitchHeld, "failed and could not be moved back everywhere"
	}
	s.tell(ctx, kind, text, duration(s.outcome.Duration), recovery(s.outcome.Recovery), notify.MetricRollbackTriggered.Of(1))
	return s.outcome
}

// giveUpGuard takes the guard away after a failure. When it cannot, it will do what was done already, or what hold left
// undone: a warning.
func (s *shift) giveUpGuard(ctx context.Context) {
	if err := s.guard.disarm(ctx); err != nil {
		s.warn(err)
	}
	s.outcome.Guarded = s.guard.stands()
}

// takeBack moves every route back, outermost first, all of them before waiting for any, and again until each is done, is
// refused for good, or ctx ends. It returns how long clients may still follow the old weights; zero when nothing had to be moved.
func (s *shift) takeBack(ctx context.Context) (propagation time.Duration) {
	todo := slices.Clone(s.lanes)
	slices.Reverse(todo)
	errs := map[*lane]error{}
	for try := 0; len(todo) > 0; try++ {
		if try > 0 && s.Clock.Sleep(ctx, recoverPauses[min(try, len(recoverPauses))-1]) != nil {
			break
		}
		for _, lane := range todo {
			errs[lane] = s.setBack(ctx, lane)
		}
		for _, lane := range todo {
			if errs[lane] != nil || lane.pending == nil {
				continue
			}
			if err := lane.Router.Wait(ctx, *lane.pending); err != nil {
				errs[lane] = &RouteError{Route: lane.Key, Name: lane.Router.Name(), Doing: "wait for " + lane.pending.Label + " of", Err: err}
				if errors.Is(err, ErrConcurrentChange) || errors.Is(err, ErrMissing) { // then it is not what is live
					lane.pending, lane.uncertain = nil, true
				}
				continue
			}
			lane.pending = nil
			propagation = max(propagation, lane.known.Propagation)
		}
		todo = slices.DeleteFunc(todo, func(l *lane) bool {
			if errs[l] == nil {
				return true
			}
			return l.foreign || errors.Is(errs[l], ErrMissing) || awsapi.IsDenied(errs[l]) // which no other try changes
		})
	}
	for _, lane := range s.lanes {
		if err := errs[lane]; err != nil {
			s.outcome.Unproven = append(s.outcome.Unproven, err)
		}
	}
	return propagation
}

// setBack moves one route back, unless it is there. What is known to be live is relied on; only after an error is it
// read first, and then moved only if it is as one of our own calls left it.
func (s *shift) setBack(ctx context.Context, lane *lane) error {
	if lane.uncertain {
		ours := append(lane.tried, lane.known.Weights, lane.back)
		if err := s.read(ctx, lane); err != nil {
			return err
		}
		if !slices.Contains(ours, lane.known.Weights) {
			lane.foreign = true
			return &ForeignChangeError{Route: lane.Key, Name: lane.Router.Name(), Expected: ours[len(ours)-2], Found: lane.known.Weights}
		}
		if !lane.known.Settled { // a call of ours was carried out although its answer was lost
			lane.pending = &Change{Label: "the change that was found", State: lane.known}
		}
	}
	if lane.known.Weights == lane.back {
		return nil // and a change of it that is pending is waited for
	}
	if lane.foreign {
		return &ForeignChangeError{Route: lane.Key, Name: lane.Router.Name(), Expected: lane.back, Found: lane.known.Weights}
	}
	lane.pending = nil // a step that was under way is overtaken
	return s.set(ctx, lane, lane.back, Stage{Phase: Revert})
}

// look makes certain what is live, without touching it.
func (s *shift) look(ctx context.Context) {
	for _, lane := range s.lanes {
		if lane.uncertain {
			if err := s.read(ctx, lane); err != nil {
				s.outcome.Unproven = append(s.outcome.Unproven, err)
			}
		}
	}
}
