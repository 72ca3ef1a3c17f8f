package traffic

import (
	"context"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
)

// judge runs the checks every check interval until asleep ends. Only a failed round is an error.
func (s *shift) judge(ctx, asleep context.Context, stage Stage) error {
	for s.Check != nil && asleep.Err() == nil {
		verdict, err := s.round(ctx, stage)
		if err != nil {
			return err
		}
		if verdict != nil && verdict.Result.Verdict == gate.Failed {
			return verdict
		}
		if s.Clock.Sleep(asleep, s.Strategy.checkInterval()) != nil {
			break // it is settled, or ctx has ended, which whoever waits finds too
		}
	}
	return nil
}

// round runs the checks once. The verdict is nil when they passed; the error is the end of ctx.
func (s *shift) round(ctx context.Context, stage Stage) (*ChecksError, error) {
	began := s.Clock.Now()
	result := s.Check(ctx, stage)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	s.noteRound(stage, began, result)
	if result.Verdict == gate.Passed {
		return nil, nil
	}
	return &ChecksError{Stage: stage, Result: result}, nil
}

// watch runs the checks now, every check interval, and once more when d has passed. A failed round ends it; an
// inconclusive one does not, as long as a later one passes before the end.
func (s *shift) watch(ctx context.Context, stage Stage, d time.Duration) error {
	if s.Check == nil {
		return s.Clock.Sleep(ctx, d)
	}
	until := s.Clock.Now().Add(d)
	for {
		verdict, err := s.round(ctx, stage)
		if err != nil {
			return err
		}
		left := until.Sub(s.Clock.Now())
		switch {
		case verdict != nil && (left <= 0 || verdict.Result.Verdict == gate.Failed):
			return verdict
		case left <= 0:
			return nil
		}
		if err := s.Clock.Sleep(ctx, min(left, s.Strategy.checkInterval())); err != nil {
			return err
		}
	}
}
