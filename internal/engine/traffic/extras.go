package traffic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
)

// Promoter is a Router whose way to give a colour everything is an arrangement that is not meant to last. Once a switch
// has gone well, the colour is promoted, which moves no traffic.
type Promoter interface {
	Router
	// NeedsPromotion tells whether colour has everything in state, and only by that arrangement.
	NeedsPromotion(state State, colour Colour) bool
	// Promote makes it last, on condition of what state says, as Set does. Doing it twice is harmless.
	Promote(ctx context.Context, state State, colour Colour) (Change, error)
}

// Rememberer is a Router that cannot tell its colours by what AWS says alone.
type Rememberer interface {
	Router
	// Recall takes what Remember gave to the last switch of the target (nothing when there was none), and the colour that
	// last had everything by intention (empty when nobody knows). Call it before the first Read.
	Recall(memory json.RawMessage, home Colour) error
	// Remember returns what a later router over the same target must know.
	Remember(state State) (json.RawMessage, error)
}

// Recall tells router what the journal knows of its target, where it needs that. j may be nil: then only home is told.
func Recall(ctx context.Context, j *journal.Journal, router Router, home Colour) error {
	rememberer, ok := router.(Rememberer)
	if !ok {
		return nil
	}
	if j == nil {
		return rememberer.Recall(nil, home)
	}
	intent, _, err := lastIntent(ctx, j, router.Target())
	if err != nil {
		return errors.Join(err, rememberer.Recall(nil, home))
	}
	return rememberer.Recall(intent.Memory, home)
}

// remember returns what the journal keeps for router.
func remember(lane *lane) (json.RawMessage, error) {
	rememberer, ok := lane.Router.(Rememberer)
	if !ok {
		return nil, nil
	}
	memory, err := rememberer.Remember(lane.known)
	if err != nil {
		return nil, fmt.Errorf("remember the colours of %s: %w", lane.Router.Name(), err)
	}
	return memory, nil
}

// promotes returns the router of a lane on which the target must be promoted; nil where not.
func (s *shift) promotes(lane *lane) Promoter {
	promoter, ok := lane.Router.(Promoter)
	if !ok || !promoter.NeedsPromotion(lane.known, s.To) {
		return nil
	}
	return promoter
}

// promote promotes the target wherever that is needed, innermost first.
func (s *shift) promote(ctx context.Context) error {
	for _, lane := range s.lanes {
		promoter := s.promotes(lane)
		if promoter == nil {
			continue
		}
		weights := On(s.To, 100)
		err := s.call(ctx, lane, weights, Stage{Phase: Promotion, Percent: 100}, "promote", func(ctx context.Context) (Change, error) {
			return promoter.Promote(ctx, lane.known, s.To)
		})
		if errors.Is(err, ErrConcurrentChange) {
			lane.foreign = true
			return &ForeignChangeError{Route: lane.Key, Name: lane.Router.Name(), Expected: weights, Found: lane.known.Weights}
		}
		if err != nil {
			return err
		}
	}
	_, err := s.settled(ctx)
	return err
}
