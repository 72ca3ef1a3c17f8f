package ledger_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func fresh(t *testing.T) (*ledger.Ledger, *clock.Fake, store.Store) {
	t.Helper()
	s, err := store.OpenLocal(t.TempDir())
	must(t, err)
	fake := clock.NewFake(start)
	return ledger.New(s, fake), fake, s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func id(version int) string { return fmt.Sprintf("web/%06d", version) }

func open(t *testing.T, l *ledger.Ledger, version int) {
	t.Helper()
	_, err := l.Open(t.Context(), id(version), fmt.Sprintf("v%d", version))
	must(t, err)
}

func statuses(t *testing.T, l *ledger.Ledger) string {
	t.Helper()
	h, err := l.History(t.Context(), "web")
	must(t, err)
	text := ""
	for _, d := range h.Deployments {
		text += fmt.Sprintf("%s=%s ", d.Release, d.Status)
	}
	return text
}

func TestALifeOfDeployments(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, fake, _ := fresh(t)
	open(t, l, 1)
	open(t, l, 1) // again: nothing changes
	fake.Advance(time.Minute)
	must(t, l.Close(ctx, id(1), ledger.Succeeded, "healthy"))
	open(t, l, 2)
	open(t, l, 3) // 2 was never judged
	must(t, l.Close(ctx, id(3), ledger.Failed, "503"))
	if got := statuses(t, l); got != "v1=succeeded v2=abandoned v3=failed " {
		t.Fatal(got)
	}
	must(t, l.RollBack(ctx, id(3), "unhealthy", 3*time.Second))
	must(t, l.Close(ctx, id(3), ledger.Succeeded, "the old release is healthy")) // says nothing of v3
	if got := statuses(t, l); got != "v1=succeeded v2=abandoned v3=rolled_back " {
		t.Fatal(got)
	}
	h, err := l.History(ctx, "web")
	must(t, err)
	if q, yes := h.Quarantined("v3"); !yes || q.Deployment != id(3) || q.Reason != "unhealthy" {
		t.Errorf("quarantine of v3: %+v %v", q, yes)
	}
	if _, yes := h.Quarantined("v1"); yes {
		t.Error("v1 is quarantined")
	}
	if d, _ := h.Get(1); d.EndedAt == nil || d.EndedAt.Sub(d.StartedAt) != time.Minute {
		t.Errorf("times of 1: %+v", d)
	}
	if d, _ := h.Get(3); d.RestoredFrom != id(3) || d.RecoverySeconds != 3 {
		t.Errorf("recovery of 3: %+v", d)
	}
	if r := h.Rates(); r.Judged != 2 || r.Success != 0.5 || r.ChangeFailure != 0.5 || r.MeanRecovery != 3*time.Second {
		t.Errorf("rates: %+v", r)
	}
	_, err = l.Open(ctx, id(4), "v3") // allowed by the user
	must(t, err)
	must(t, l.Close(ctx, id(4), ledger.Succeeded, ""))
	h, err = l.History(ctx, "web")
	must(t, err)
	if _, yes := h.Quarantined("v3"); yes {
		t.Error("v3 succeeded and is still quarantined")
	}
}

func TestRestorePoint(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		statuses string // one letter a deployment: s f o a r
		want     int    // 0: ErrNothingGood
	}{
		"nothing":                       {"", 0},
		"the first is open":             {"o", 1},
		"the first failed":              {"f", 1},
		"nothing ever succeeded":        {"ff", 1},
		"the good one is the latest":    {"ss", 2},
		"the good one is the only one":  {"s", 1},
		"good after a failure":          {"fs", 1},
		"the latest good one is undone": {"sr", 2},
		"the one after the good one":    {"so", 2},
		"after two failures":            {"sff", 2},
		"over an abandoned one":         {"sao", 2},
		"without any judgement":         {"aao", 3},
		"after a rollback":              {"srf", 2},
		"the newest good one of two":    {"sfsf", 4},
		"a good one that was undone":    {"srr", 2},
		"abandoned latest":              {"a", 1},
		"abandoned before failed twice": {"aff", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := ledger.History{Name: "web"}
			for i, letter := range test.statuses {
				status := map[rune]ledger.Status{'s': ledger.Succeeded, 'f': ledger.Failed, 'o': ledger.Open, 'a': ledger.Abandoned, 'r': ledger.RolledBack}[letter]
				h.Deployments = append(h.Deployments, ledger.Deployment{ID: id(i + 1), Version: i + 1, Status: status})
			}
			got, err := h.RestorePoint()
			switch {
			case test.want == 0 && !errors.Is(err, ledger.ErrNothingGood):
				t.Errorf("got %q, %v, want ErrNothingGood", got, err)
			case test.want > 0 && (err != nil || got != id(test.want)):
				t.Errorf("got %q, %v, want %s", got, err, id(test.want))
			}
		})
	}
}

// A rollback that ran before the capture of its own release ended restored an older snapshot than the one after it.
func TestRestorePointStaysWhatWasRestored(t *testing.T) {
	t.Parallel()
	l, _, _ := fresh(t)
	open(t, l, 1)
	open(t, l, 2)
	must(t, l.RollBack(t.Context(), id(1), "bad", time.Second))
	history, err := l.History(t.Context(), "web")
	must(t, err)
	if got, err := history.RestorePoint(); err != nil || got != id(1) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRollingBackOverAGoodRelease(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, _, _ := fresh(t)
	for version := range 3 {
		open(t, l, version+1)
		must(t, l.Close(ctx, id(version+1), ledger.Succeeded, ""))
	}
	must(t, l.RollBack(ctx, id(2), "by hand", time.Second))
	if got := statuses(t, l); got != "v1=succeeded v2=rolled_back v3=rolled_back " {
		t.Fatal(got)
	}
	h, err := l.History(ctx, "web")
	must(t, err)
	if _, yes := h.Quarantined("v2"); yes {
		t.Error("v2 held before; it is not to blame")
	}
	if _, yes := h.Quarantined("v3"); !yes {
		t.Error("v3 was live and is not quarantined")
	}
}

func TestUnknownAndMalformed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, _, s := fresh(t)
	for _, bad := range []string{"", "web", "web/", "web/x", "web/12", "web/-00001", "/000001", "web/000000", "web/000001/2", "web/000001x"} {
		if _, err := l.Open(ctx, bad, "v"); !errors.Is(err, ledger.ErrUnknown) {
			t.Errorf("Open(%q): %v", bad, err)
		}
	}
	if err := l.Close(ctx, id(7), ledger.Succeeded, ""); !errors.Is(err, ledger.ErrUnknown) {
		t.Errorf("Close of an unknown one: %v", err)
	}
	open(t, l, 1)
	if err := l.Close(ctx, id(1), ledger.RolledBack, ""); err == nil {
		t.Error("closed as rolled back")
	}
	if _, err := l.Open(ctx, "../x/000001", "v"); err == nil {
		t.Error("a name that leaves the folder")
	}
	_, err := s.Put(ctx, "ledger/web.json", []byte("no JSON"), store.Condition{})
	must(t, err)
	var corrupt *ledger.CorruptError
	if _, err := l.History(ctx, "web"); !errors.As(err, &corrupt) {
		t.Errorf("a damaged ledger: %v", err)
	}
	if err := l.Close(ctx, id(1), ledger.Failed, ""); !errors.As(err, &corrupt) {
		t.Errorf("closing in a damaged ledger: %v", err)
	}
}

func TestManyWriters(t *testing.T) {
	t.Parallel()
	l, _, _ := fresh(t)
	var group sync.WaitGroup
	for version := range 10 {
		group.Go(func() {
			if _, err := l.Open(t.Context(), id(version+1), "v"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	h, err := l.History(t.Context(), "web")
	must(t, err)
	if len(h.Deployments) != 10 {
		t.Fatalf("%d deployments", len(h.Deployments))
	}
	for i, d := range h.Deployments {
		if d.Version != i+1 {
			t.Errorf("out of order: %d at %d", d.Version, i)
		}
	}
}
