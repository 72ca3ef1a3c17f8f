package bluegreenswitch_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

func TestAccCanaryUnderChecks(t *testing.T) {
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config: s.config("blue", canary, s.checks("blue")),
				Check: func(*terraformState) error {
					if n := s.blue.asked.Load(); n != 0 {
						t.Errorf("nothing was to be moved, and blue was asked %d times", n)
					}
					return nil
				},
			},
			{
				PreConfig:         s.emulator.ResetCalls,
				Config:            s.config("green", canary, s.checks("green")),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100), value("status", knownvalue.StringExact("steady"))},
				Check: func(*terraformState) error {
					s.wantWeights("blue 0, green 100")
					if n := count(s.calls(), "ChangeResourceRecordSets"); n != 3 {
						t.Errorf("traffic was moved %d times", n)
					}
					// once before, and at least at the beginning and at the end of each of the three steps
					if n := s.green.asked.Load(); n < 7 {
						t.Errorf("green was asked %d times", n)
					}
					return nil
				},
			},
		},
	})
}

func TestAccABadTargetNeverGetsTraffic(t *testing.T) {
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.config("blue", canary, s.checks("blue"))},
			{
				PreConfig: func() {
					s.green.status.Store(http.StatusServiceUnavailable)
					s.emulator.ResetCalls()
				},
				Config: s.config("green", canary, s.checks("green")),
				ExpectError: saying("Traffic was not switched: checks did not pass", "The checks of green failed before the first step", "app (http)", "1 attempt", "503",
					"Live now: www: blue 100 % / green 0 %", "Nothing was moved", "What to do: find out why green is not well"),
			},
			{
				PreConfig: func() {
					if calls := s.calls(); slices.Contains(calls, "ChangeResourceRecordSets") {
						t.Errorf("traffic was moved: %v", calls)
					}
					s.green.status.Store(http.StatusOK)
				},
				Config:            s.config("green", canary, s.checks("green")),
				ConfigPlanChecks:  afterwards("blue 100 reverted"),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100)},
			},
		},
	})
}

func TestAccATargetThatBreaksUnderTrafficIsTakenOut(t *testing.T) {
	s := newSite(t)
	var after []string
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.config("blue", canary, s.checks("blue"))},
			{
				PreConfig: func() {
					s.inject(emulator.Fault{Operation: "ChangeResourceRecordSets", After: 1, Times: 1, Hook: func(emulator.Call) {
						s.green.status.Store(http.StatusInternalServerError) // it breaks as it gets half of the traffic
						s.emulator.ResetCalls()
					}})
				},
				Config:      s.config("green", canary, s.checks("green")),
				ExpectError: saying("Traffic was not switched: checks did not pass", "The checks of green failed at 50 %", "500", "www: blue 100 % / green 0 %", "Traffic was moved back in"),
			},
			{
				PreConfig: func() {
					after = s.calls()
					s.wantWeights("blue 100, green 0")
				},
				// What was configured before is what is live: nothing is left to do.
				Config:            s.config("blue", canary, s.checks("blue")),
				ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{before{"blue 100 reverted"}, plancheck.ExpectEmptyPlan()}},
				ConfigStateChecks: []statecheck.StateCheck{live(100, 0)},
			},
		},
	})
	// It is out before the step's own change is live everywhere, in two calls.
	if want := []string{"ChangeResourceRecordSets", "GetChange"}; fmt.Sprint(after) != fmt.Sprint(want) {
		t.Errorf("calls from the step on: %v, want %v", after, want)
	}
}

func TestAccAFailedSwitchCanBeHeld(t *testing.T) {
	s := newSite(t)
	hold := `on_failure = "hold"`
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.config("blue", hold)},
			{
				PreConfig: func() {
					s.inject(emulator.Fault{Operation: "ChangeResourceRecordSets", Times: 1, Hook: func(emulator.Call) {
						s.green.status.Store(http.StatusInternalServerError)
					}})
				},
				Config:      s.config("green", hold, canary, s.checks("green")),
				ExpectError: saying("at 10 %", "www: blue 90 % / green 10 %", "was left there", `set active = "blue"`),
			},
			{
				PreConfig:         func() { s.wantWeights("blue 90, green 10") },
				Config:            s.config("blue", hold),
				ConfigPlanChecks:  afterwards("blue 90 held"),
				ConfigStateChecks: []statecheck.StateCheck{live(100, 0), value("status", knownvalue.StringExact("steady"))},
			},
		},
	})
}

func TestAccChecksAreValidatedAtPlan(t *testing.T) {
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config:      s.config("blue", `checks = { app = { http = { url = "http://127.0.0.1" }, tcp = { address = "127.0.0.1:1" } } }`),
				PlanOnly:    true,
				ExpectError: saying("Two kinds in one check"),
			},
			{ // 10 s to the next round, 200 s of retries, 2 s, 60 s and 1 s
				Config:      s.config("blue", `failure_threshold = 3`, `retry_delay = "100s"`, `backoff = { multiplier = 1, max_delay = "2m" }`, `checks = { app = { http = { url = "http://127.0.0.1" } } }`, `max_recovery_time = "4m"`),
				PlanOnly:    true,
				ExpectError: saying("Recovery would take too long", "4m33s", "3m30s until the checks call it bad"),
			},
		},
	})
}
