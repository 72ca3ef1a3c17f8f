package traffic

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
)

const (
	// leaseTTL is how long a target stays blocked after its holder died.
	leaseTTL = 60 * time.Second
	// leaseRenewal leaves three tries before a lease runs out.
	leaseRenewal = 15 * time.Second
	// operation names a switch in the journal.
	operation = "switch"
)

// Intent is what the journal keeps of a switch, for each of its targets.
type Intent struct {
	To       Colour  `json:"to"`
	Found    Weights `json:"found"`
	Back     Weights `json:"back"` // where a revert goes
	Percents []int   `json:"percents"`
	// Memory is what the router must know to tell its colours later: see Rememberer.
	Memory json.RawMessage `json:"memory,omitempty"`
	// Guard is the schedule that takes traffic back if the switch dies; empty without one.
	Guard string `json:"guard,omitempty"`
}

type stepIntent struct {
	Weights Weights `json:"weights"`
	Phase   Phase   `json:"phase"`
}

type stepResult struct {
	Change string `json:"change"`
}

// Died tells whether the last switch of target did not come to its end, and what it meant to do. It may still be
// running: only its lease tells.
func Died(ctx context.Context, j *journal.Journal, target string) (intent Intent, open bool, err error) {
	if intent, open, err = lastIntent(ctx, j, target); !open {
		return Intent{}, false, err
	}
	return intent, true, nil
}

// lastIntent is what the last switch of target meant to do, and whether it did not come to its end; nothing when the last
// operation on it was no switch.
func lastIntent(ctx context.Context, j *journal.Journal, target string) (intent Intent, open bool, err error) {
	intent, record, err := lastSwitch(ctx, j, target)
	return intent, record.Operation == operation && record.EndedAt == nil, err
}

// lastSwitch is the record of the last switch of target with what it meant to do; an empty one when the last operation on
// it was no switch.
func lastSwitch(ctx context.Context, j *journal.Journal, target string) (intent Intent, record journal.Record, err error) {
	record, ok, err := j.Last(ctx, target)
	if err != nil || !ok || record.Operation != operation {
		return Intent{}, journal.Record{}, err
	}
	if err := json.Unmarshal(record.Intent, &intent); err != nil {
		return Intent{}, journal.Record{}, err
	}
	return intent, record, nil
}

// claim takes the lease of every target, opens their records, and renews the leases until release is called. The
// returned context ends with a *LeaseLostError when one is lost. When it returns an error nothing is left behind, except that an
// earlier switch of a route that died stays to be looked after.
func (s *shift) claim(ctx context.Context) (work context.Context, release func(), err error) {
	var leases []*journal.Lease
	giveUp := func() {
		after, cancel := s.Clock.WithTimeout(context.WithoutCancel(ctx), leaseTTL)
		defer cancel()
		for _, lease := range leases {
			if err := lease.Release(after); err != nil {
				s.warn(err)
			}
		}
	}
	byTarget := slices.SortedFunc(slices.Values(s.lanes), func(a, b *lane) int { return cmp.Compare(a.Router.Target(), b.Router.Target()) })
	for _, lane := range byTarget {
		lease, err := s.Journal.Acquire(ctx, lane.Router.Target(), leaseTTL)
		if err != nil {
			giveUp()
			return nil, nil, claimError(ctx, err)
		}
		leases = append(leases, lease)
	}
	for _, lane := range byTarget {
		memory, err := remember(lane)
		var entry *journal.Entry
		if err == nil {
			intent := Intent{To: s.To, Found: lane.known.Weights, Back: lane.back, Percents: s.percents(), Memory: memory}
			if s.Guard != nil || lane.guarded {
				intent.Guard = GuardName(lane.Router.Target())
			}
			entry, err = s.Journal.Begin(ctx, lane.Router.Target(), operation, intent)
		}
		if err != nil {
			if !s.interrupted { // nothing was moved, and nothing that died is left to look after
				s.closeJournal(ctx, StatusReverted)
			}
			giveUp()
			return nil, nil, claimError(ctx, err)
		}
		lane.entry = entry
	}
	work, lost := context.WithCancelCause(ctx)
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.keep(keeping, leases); err != nil {
			lost(&LeaseLostError{Err: err})
		}
	}()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if err := s.guard.keep(keeping); err != nil {
			lost(err)
		}
	}()
	return work, func() {
		stop()
		<-done
		<-watched
		lost(nil)
		giveUp()
	}, nil
}

func claimError(ctx context.Context, err error) error {
	var held *journal.HeldError
	if errors.As(err, &held) {
		return err
	}
	return &JournalError{Err: ended(ctx, err)}
}

// keep renews the leases until ctx ends (nil), or one is lost or was not renewed for so long that it may be lost soon.
func (s *shift) keep(ctx context.Context, leases []*journal.Lease) error {
	renewed := s.Clock.Now()
	for {
		if s.Clock.Sleep(ctx, leaseRenewal) != nil {
			return nil
		}
		var failure error
		for _, lease := range leases {
			err := lease.Renew(ctx, leaseTTL)
			var held *journal.HeldError
			switch {
			case ctx.Err() != nil:
				return nil
			case errors.As(err, &held):
				return held
			case err != nil:
				failure = err
			}
		}
		if failure == nil {
			renewed = s.Clock.Now()
		} else if s.Clock.Now().Sub(renewed) >= leaseTTL-leaseRenewal {
			return failure
		}
	}
}

// closeJournal ends the records, also when ctx has ended. That a record stays open is a warning: the next plan will
// take the switch for one that died and look after it.
func (s *shift) closeJournal(ctx context.Context, status Status) {
	ctx, cancel := s.Clock.WithTimeout(context.WithoutCancel(ctx), leaseTTL)
	defer cancel()
	for _, lane := range s.lanes {
		if lane.entry == nil {
			continue
		}
		if err := lane.entry.Close(ctx, string(status)); err != nil {
			s.warn(&JournalError{Err: err})
		}
	}
}
