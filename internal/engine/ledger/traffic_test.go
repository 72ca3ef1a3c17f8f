package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
)

func TestTrafficIsKeptOfTheNewest(t *testing.T) {
	t.Parallel()
	l, _, _ := fresh(t)
	traffic := ledger.Traffic{To: "green", StartedAt: start, EndedAt: start.Add(time.Minute), Routes: map[string]ledger.TrafficShare{"main": {Blue: 100}}}
	for i := range 500 {
		traffic.Moments = append(traffic.Moments, ledger.TrafficMoment{At: start, Stage: "step", Failed: []string{fmt.Sprint(i)}})
	}
	if err := l.Moved(t.Context(), id(1), traffic); !errors.Is(err, ledger.ErrUnknown) {
		t.Errorf("of a deployment that nobody opened: %v", err)
	}
	for version := range 22 {
		open(t, l, version+1)
		must(t, l.Moved(t.Context(), id(version+1), traffic))
	}
	must(t, l.Moved(t.Context(), id(22), traffic)) // again: in place of the first
	h, err := l.History(t.Context(), "web")
	must(t, err)
	for i, d := range h.Deployments {
		if (d.Traffic != nil) != (i >= 2) {
			t.Errorf("deployment %d of %d: traffic %v", d.Version, len(h.Deployments), d.Traffic != nil)
		}
	}
	if d, _ := h.Latest(); len(d.Traffic.Moments) != 200 || d.Traffic.Moments[99].Failed[0] != "99" || d.Traffic.Moments[199].Failed[0] != "499" || d.Traffic.Routes["main"].Blue != 100 {
		t.Errorf("%d moments are kept", len(d.Traffic.Moments))
	}
}

func TestTheBudgetOfARollbackIsKept(t *testing.T) {
	t.Parallel()
	l, _, _ := fresh(t)
	open(t, l, 1)
	must(t, l.RollBackWithin(t.Context(), id(1), "503", 3*time.Second, 5*time.Minute))
	h, err := l.History(t.Context(), "web")
	must(t, err)
	if d, _ := h.Latest(); d.RecoverySeconds != 3 || d.RecoveryBudgetSeconds != 300 {
		t.Errorf("%+v", d)
	}
}
