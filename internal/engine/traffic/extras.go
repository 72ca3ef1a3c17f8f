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

// promotes returns the router of a lane on which colour must be promoted; nil where not.
func promotes(lane *lane, colour Colour) Promoter {
	promoter, ok := lane.Router.(Promoter)
	if !ok || !promoter.NeedsPromotion(lane.known, colour) {
		return nil
	}
	return promoter
}

// promote promotes the target wherever that is needed, innermost first.
func (s *shift) promote(ctx context.Context) error {
	for _, lane := range s.lanes {
		if err := s.promoteOn(ctx, lane, s.To); err != nil {
			return err
		}
	}
	_, err := s.settled(ctx)
	return err
}

// promoteBack promotes what a revert gave everything to, where the target had been promoted already: by an earlier switch,
// or by this one before it failed. That it cannot be done is a warning, for traffic is back.
func (s *shift) promoteBack(ctx context.Context) {
	for _, lane := range s.lanes {
		back := s.To.Other()
		if lane.back.Of(back) < 100 {
			continue
		}
		err := s.promoteOn(ctx, lane, back)
		if err == nil {
			_, err = s.settled(ctx)
		}
		if err != nil {
			s.warn(err)
		}
		if lane.uncertain && s.read(ctx, lane) != nil {
			lane.uncertain = true // it is said that nobody knows
		}
	}
}

func (s *shift) promoteOn(ctx context.Context, lane *lane, colour Colour) error {
	promoter := promotes(lane, colour)
	if promoter == nil {
		return nil
	}
	weights := On(colour, 100)
	err := s.call(ctx, lane, weights, Stage{Phase: Promotion, Percent: 100}, "promote", func(ctx context.Context) (Change, error) {
		return promoter.Promote(ctx, lane.known, colour)
	})
	if errors.Is(err, ErrConcurrentChange) {
		lane.foreign = true
		return &ForeignChangeError{Route: lane.Key, Name: lane.Router.Name(), Expected: weights, Found: lane.known.Weights}
	}
	return err
}
