package proof

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// TestAccOfManyAppliesAtOnceOneMovesTrafficAndTheOthersAreToldWho: while one is under way, others come with the same wish
// and with the opposite one. They move nothing, and their error names the holder and when its lease runs out.
func TestAccOfManyAppliesAtOnceOneMovesTrafficAndTheOthersAreToldWho(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		report(t, bubble(t, func(t *testing.T) []string {
			ctx, s := t.Context(), w.begin(t)
			first := s.process("the first")
			asked := false
			outcome, err := first.apply(ctx, order{to: traffic.Green, home: traffic.Blue, strategy: traffic.Strategy{Type: traffic.AllAtOnce, Bake: time.Minute}, check: func(ctx context.Context, stage traffic.Stage) gate.Result {
				if stage.Phase == traffic.Baking && !asked {
					asked = true
					s.refused(ctx)
				}
				return healthy(ctx, stage)
			}})
			s.settled(ctx, outcome, err)
			if !asked || err != nil {
				s.complain("the first was disturbed: %v", err)
			}
			s.at(ctx, traffic.Green)
			return s.problems
		}), "at once")
	})
}

// refused applies from nine processes at once while another is under way.
func (s *stage) refused(ctx context.Context) {
	changes := len(s.seen)
	var all sync.WaitGroup
	for n := range 9 {
		all.Go(func() {
			_, err := s.process("another").apply(ctx, order{to: []traffic.Colour{traffic.Blue, traffic.Blue, traffic.Green}[n%3], home: traffic.Blue, strategy: traffic.Strategy{Type: traffic.AllAtOnce}})
			var held *journal.HeldError
			switch {
			case n%3 == 2 && err == nil: // green has everything by now, so that there is nothing to wait for
			case !errors.As(err, &held):
				s.complain("another apply ended with %v", err)
			case held.Holder != "the first" || !held.Expires.After(clock.System{}.Now()) || !strings.Contains(err.Error(), "the first"):
				s.complain("another apply is told %q", err)
			}
		})
	}
	all.Wait()
	if len(s.seen) != changes {
		s.complain("another apply moved something")
	}
}
