package deployment_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// TestAccTimeout_overdue: an open deployment past its timeout is overdue until it is judged.
func TestAccTimeout_overdue(t *testing.T) {
	acctest.Emulator(t)
	h := newHome(t)
	data := "data \"reliability_deployment\" \"web\" {\n  name = \"web\"\n}\n"
	expect := func(attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.reliability_deployment.web", tfjsonpath.New(attribute), check)
	}
	kept, err := store.OpenLocal(h.folder)
	if err != nil {
		t.Fatal(err)
	}
	past := clock.NewFake(time.Now().Add(-2 * time.Hour))
	open := func(version string, timeout time.Duration) {
		t.Helper()
		if _, err := ledger.New(kept, past).OpenFor(context.Background(), "web/"+version, "v"+version, timeout); err != nil {
			t.Fatal(err)
		}
	}
	open("000001", 3*time.Hour)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: h.provider() + data, ConfigStateChecks: []statecheck.StateCheck{
				expect("overdue", knownvalue.Bool(false)), expect("deadline", knownvalue.StringExact(past.Now().Add(3*time.Hour).UTC().Format(time.RFC3339))),
			}},
			{PreConfig: func() { open("000002", time.Hour) }, Config: h.provider() + data, ConfigStateChecks: []statecheck.StateCheck{
				expect("overdue", knownvalue.Bool(true)), expect("status", knownvalue.StringExact("open")),
			}},
			{PreConfig: h.close(t, "web/000002", ledger.Failed), Config: h.provider() + data, ConfigStateChecks: []statecheck.StateCheck{
				expect("overdue", knownvalue.Bool(false)), expect("deadline", knownvalue.Null()),
			}},
			{PreConfig: func() { open("000003", 0) }, Config: h.provider() + data, ConfigStateChecks: []statecheck.StateCheck{
				expect("overdue", knownvalue.Bool(false)), expect("deadline", knownvalue.Null()),
			}},
		},
	})
}

// TestAccTimeout_ofASnapshot: the limit goes into the ledger and comes back with an import.
func TestAccTimeout_ofASnapshot(t *testing.T) {
	acctest.Emulator(t)
	w, h := targettest.New(t, "timed"), newHome(t)
	config := func(timeout string) string { return h.snapshot(w, "v1", "timeout = "+timeout) }
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config(`"1d"`), PlanOnly: true, ExpectError: regexp.MustCompile(`(?s)Invalid duration.*timeout.*"1d".*write\s+"24h"`)},
			{Config: config(`"-1m"`), PlanOnly: true, ExpectError: regexp.MustCompile(`Invalid duration`)},
			{Config: config(`"1h30m"`), ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}, PostApplyFunc: func() {
				history, err := h.ledger(t).History(context.Background(), "timed")
				if latest, _ := history.Latest(); err != nil || latest.TimeoutSeconds != 5400 {
					t.Errorf("%+v, %v", latest, err)
				}
			}},
			{ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"retention", "triggers"}},
		},
	})
}

// TestAccRetention_aRollbackIsReading: nothing is removed while a rollback of that name holds its lease.
func TestAccRetention_aRollbackIsReading(t *testing.T) {
	acctest.Emulator(t)
	w, h := targettest.New(t, "leased"), newHome(t)
	kept, err := store.OpenLocal(h.folder)
	if err != nil {
		t.Fatal(err)
	}
	var lease *journal.Lease
	there := func(version string) bool {
		_, err := os.Stat(filepath.Join(h.folder, "deployments", "leased", version, "manifest.json"))
		return err == nil
	}
	config := func(release string) string { return h.snapshot(w, release, "retention = { keep_last = 1 }") }
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config("v1"), PostApplyFunc: h.close(t, "leased/000001", ledger.Failed)},
			{Config: config("v2"), PostApplyFunc: h.close(t, "leased/000002", ledger.Succeeded)},
			{
				PreConfig: func() {
					if lease, err = journal.New(kept, clock.System{}, "a rollback").Acquire(context.Background(), restore.LeaseOf("leased"), time.Hour); err != nil {
						t.Fatal(err)
					}
				},
				Config: config("v3"), PostApplyFunc: func() {
					if !there("000001") || !there("000002") || !there("000003") {
						t.Error("a snapshot was removed under a rollback")
					}
					h.close(t, "leased/000003", ledger.Succeeded)()
					if err := lease.Release(context.Background()); err != nil {
						t.Error(err)
					}
				},
			},
			{Config: config("v4"), PostApplyFunc: func() { // the last good one, what undoes v4, and v4 itself stay
				if there("000001") || there("000002") || !there("000003") || !there("000004") {
					t.Errorf("left: %t %t %t %t", there("000001"), there("000002"), there("000003"), there("000004"))
				}
			}},
		},
	})
}
