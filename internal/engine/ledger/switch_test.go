package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// A switch that failed, was interrupted or was held says nothing of the release for good: the next one that comes to its end
// does. What a gate found stays. (Seed 3012 of the simulation in internal/proof.)
func TestASwitchThatComesToItsEndTakesAFailedOneBack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before func(context.Context, *ledger.Ledger) error
		want   ledger.Status
	}{
		"nobody judged it": {func(context.Context, *ledger.Ledger) error { return nil }, ledger.Succeeded},
		"a gate passed": {func(ctx context.Context, l *ledger.Ledger) error {
			return l.Close(ctx, "web/000001", ledger.Succeeded, "")
		}, ledger.Succeeded},
		"a gate failed": {func(ctx context.Context, l *ledger.Ledger) error {
			return l.Close(ctx, "web/000001", ledger.Failed, "503")
		}, ledger.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept, err := store.OpenLocal(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			ctx, l := t.Context(), ledger.New(kept, clock.NewFake(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
			_, err = l.Open(ctx, "web/000001", "r1")
			for _, step := range []func() error{
				func() error { return test.before(ctx, l) },
				func() error { return l.SwitchFailed(ctx, "web/000001", "the switch failed") },
				func() error { return l.SwitchFailed(ctx, "web/000001", "the switch failed again") },
				func() error { return l.SwitchArrived(ctx, "web/000001", "traffic is there") },
				func() error { return l.SwitchSucceeded(ctx, "web/000001", "traffic was switched") },
				func() error { return l.SwitchArrived(ctx, "web/000009", "nobody knows it") },
			} {
				if err == nil {
					err = step()
				}
			}
			history, readErr := l.History(ctx, "web")
			if err != nil || readErr != nil {
				t.Fatal(err, readErr)
			}
			if d, _ := history.Latest(); d.Status != test.want || d.OnlySwitch {
				t.Errorf("%+v", d)
			}
		})
	}
}
