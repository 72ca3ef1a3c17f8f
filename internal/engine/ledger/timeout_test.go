package ledger_test

import (
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
)

func TestADeploymentIsOverdueOnlyWhileItIsOpen(t *testing.T) {
	t.Parallel()
	l, fake, _ := fresh(t)
	opened, err := l.OpenFor(t.Context(), id(1), "v1", 30*time.Minute)
	must(t, err)
	deadline, ok := opened.Deadline()
	if !ok || !deadline.Equal(start.Add(30*time.Minute)) || opened.Overdue(deadline) || !opened.Overdue(deadline.Add(time.Second)) {
		t.Errorf("deadline %s, %v", deadline, ok)
	}
	fake.Advance(time.Hour)
	must(t, l.Close(t.Context(), id(1), ledger.Failed, "503"))
	h, err := l.History(t.Context(), "web")
	must(t, err)
	if d, _ := h.Latest(); d.Overdue(fake.Now()) {
		t.Errorf("judged and overdue: %+v", d)
	}
	open(t, l, 2)
	h, err = l.History(t.Context(), "web")
	must(t, err)
	if d, _ := h.Latest(); d.Overdue(start.Add(10000 * time.Hour)) {
		t.Errorf("overdue without a timeout: %+v", d)
	}
}

func TestUncommitted(t *testing.T) {
	t.Parallel()
	for status, want := range map[ledger.Status]bool{ledger.Open: true, ledger.Failed: true, ledger.Succeeded: false, ledger.RolledBack: false, ledger.Abandoned: false} {
		h := ledger.History{Deployments: []ledger.Deployment{{ID: id(1), Version: 1, Status: ledger.Open}, {ID: id(2), Version: 2, Status: status}}}
		if d, ok := h.Uncommitted(); ok != want || ok && d.Version != 2 {
			t.Errorf("%s: %+v, %v", status, d, ok)
		}
	}
	if _, ok := (ledger.History{}).Uncommitted(); ok {
		t.Error("nothing at all is uncommitted")
	}
}

// TestWhoIsToBlame: v2 held and was undone along with v3, so it is no change failure; the recovery of v3 counts from when
// it was found to have failed.
func TestWhoIsToBlame(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, fake, _ := fresh(t)
	for _, version := range []int{1, 2} {
		open(t, l, version)
		must(t, l.Close(ctx, id(version), ledger.Succeeded, ""))
	}
	open(t, l, 3)
	must(t, l.Close(ctx, id(3), ledger.Failed, "503"))
	fake.Advance(time.Minute)
	must(t, l.RollBack(ctx, id(2), "by hand", 4*time.Second))
	if got := statuses(t, l); got != "v1=succeeded v2=rolled_back v3=rolled_back " {
		t.Fatal(got)
	}
	h, err := l.History(ctx, "web")
	must(t, err)
	if r := h.Rates(); r.Judged != 3 || r.ChangeFailure < 0.33 || r.ChangeFailure > 0.34 || r.RolledBack != 1 || r.MeanRecovery != time.Minute {
		t.Errorf("%+v", r)
	}
	if _, yes := h.Quarantined("v2"); yes {
		t.Error("v2 is in quarantine")
	}
}
