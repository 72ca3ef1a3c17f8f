package traffic

import (
	"context"
	"errors"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
)

// lane is one route in motion.
type lane struct {
	Route
	known State   // what is live, as far as is known
	back  Weights // where a revert goes
	// tried are weights that a call of ours may have made live although it ended in an error.
	tried     []Weights
	uncertain bool    // known may be wrong: read before relying on it
	foreign   bool    // somebody else moved it: not ours to touch
	pending   *Change // accepted by AWS, not yet seen as propagated
	entry     *journal.Entry
	guarded   bool // the journal says that a switch that died left a guard
}

// move sets one route's weights. When somebody changed the target but not its weights (an address, a TTL), it goes on
// with what it finds, once.
func (s *shift) move(ctx context.Context, lane *lane, stage Stage) error {
	weights := On(s.To, stage.Percent)
	err := s.set(ctx, lane, weights, stage)
	if !errors.Is(err, ErrConcurrentChange) {
		return err
	}
	before := lane.known.Weights
	if readErr := s.read(ctx, lane); readErr != nil {
		return readErr
	}
	if lane.known.Weights != before {
		lane.foreign = true
		return &ForeignChangeError{Route: lane.Key, Name: lane.Router.Name(), Expected: before, Found: lane.known.Weights}
	}
	return s.set(ctx, lane, weights, stage)
}

// set sets one route's weights.
func (s *shift) set(ctx context.Context, lane *lane, weights Weights, stage Stage) error {
	return s.call(ctx, lane, weights, stage, "move", func(ctx context.Context) (Change, error) {
		return lane.Router.Set(ctx, weights, lane.known.Precondition)
	})
}

// call journals, calls and journals. lane.uncertain says afterwards whether the result is known.
func (s *shift) call(ctx context.Context, lane *lane, weights Weights, stage Stage, doing string, do func(context.Context) (Change, error)) error {
	intended := lane.entry.Intend(ctx, stepIntent{Weights: weights, Phase: stage.Phase})
	if intended != nil {
		if stage.Phase != Revert {
			return &JournalError{Err: ended(ctx, intended)}
		}
		s.warn(&JournalError{Err: intended}) // taking traffic off a bad target does not wait for a store
	}
	change, err := do(ctx)
	if err != nil {
		lane.uncertain = true
		lane.tried = append(lane.tried, weights)
		return &RouteError{Route: lane.Key, Name: lane.Router.Name(), Doing: doing, Err: ended(ctx, err)}
	}
	lane.known, lane.pending, lane.tried, lane.uncertain = change.State, &change, nil, false
	s.outcome.Moved = true
	s.note(stage, lane, "accepted as "+change.Label)
	if intended != nil {
		return nil
	}
	if err := lane.entry.Done(ctx, stepResult{Change: change.ID}); err != nil {
		if stage.Phase != Revert {
			return &JournalError{Err: ended(ctx, err)}
		}
		s.warn(&JournalError{Err: err})
	}
	return nil
}

// read makes known certain.
func (s *shift) read(ctx context.Context, lane *lane) error {
	state, err := lane.Router.Read(ctx)
	if err != nil {
		return &RouteError{Route: lane.Key, Name: lane.Router.Name(), Doing: "read", Err: ended(ctx, err)}
	}
	lane.known, lane.uncertain = state, false
	return nil
}

// ended returns the cause of ctx in place of the many faces that an ended ctx has in a client's error.
func ended(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
