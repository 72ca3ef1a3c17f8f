package bluegreenswitch_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

type terraformState = terraform.State

const address = "reliability_blue_green_switch.test"

func value(attribute string, check knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), check)
}

func live(blue, green int64) statecheck.StateCheck {
	return value("live", knownvalue.ObjectExact(map[string]knownvalue.Check{"blue": knownvalue.Int64Exact(blue), "green": knownvalue.Int64Exact(green)}))
}

func planned(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
}

func count(operations []string, name string) int {
	n := 0
	for _, operation := range operations {
		if operation == name {
			n++
		}
	}
	return n
}

func TestAccSwitchToAndFro(t *testing.T) {
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{ // where traffic is already: nothing is moved
				PreConfig: s.emulator.ResetCalls,
				Config:    s.config("blue"),
				ConfigStateChecks: []statecheck.StateCheck{
					live(100, 0), value("status", knownvalue.StringExact("steady")), value("switched_at", knownvalue.Null()), value("last_switch_seconds", knownvalue.Null()),
					value("estimated_recovery_seconds", knownvalue.Int64Exact(63)), value("on_failure", knownvalue.StringExact("revert")), value("max_recovery_time", knownvalue.StringExact("5m")),
				},
				Check: func(*terraformState) error {
					if calls := s.calls(); slices.Contains(calls, "ChangeResourceRecordSets") {
						t.Errorf("traffic was moved: %v", calls)
					}
					return nil
				},
			},
			{
				PreConfig: s.emulator.ResetCalls,
				Config:    s.config("green"),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
					plancheck.ExpectKnownValue(address, tfjsonpath.New("live").AtMapKey("green"), knownvalue.Int64Exact(100)),
					plancheck.ExpectUnknownValue(address, tfjsonpath.New("switched_at")),
				}},
				ConfigStateChecks: []statecheck.StateCheck{
					live(0, 100), value("status", knownvalue.StringExact("steady")), value("switched_at", knownvalue.NotNull()), value("last_switch_seconds", knownvalue.NotNull()),
				},
				Check: func(*terraformState) error {
					if calls := s.calls(); len(calls) > 6 {
						t.Errorf("refresh, plan and apply took %d calls: %v", len(calls), calls)
					}
					s.wantWeights("blue 0, green 100")
					return nil
				},
			},
			{ // an attribute that moves nothing
				PreConfig: s.emulator.ResetCalls,
				Config:    s.config("green", canary),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
					plancheck.ExpectKnownValue(address, tfjsonpath.New("switched_at"), knownvalue.NotNull()),
				}},
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100), value("switched_at", knownvalue.NotNull())},
				Check: func(*terraformState) error {
					if n := count(s.calls(), "ChangeResourceRecordSets"); n != 0 {
						t.Errorf("traffic was moved %d times", n)
					}
					return nil
				},
			},
			{ // back in steps
				PreConfig:         s.emulator.ResetCalls,
				Config:            s.config("blue", canary),
				ConfigStateChecks: []statecheck.StateCheck{live(100, 0)},
				Check: func(*terraformState) error {
					s.wantWeights("blue 100, green 0")
					if n := count(s.calls(), "ChangeResourceRecordSets"); n != 3 {
						t.Errorf("traffic was moved %d times", n)
					}
					return nil
				},
			},
			{ // destroy moves nothing
				PreConfig: s.emulator.ResetCalls,
				Config:    s.config("blue", canary),
				Destroy:   true,
			},
		},
		CheckDestroy: func(*terraformState) error {
			s.wantWeights("blue 100, green 0")
			if calls := s.calls(); slices.Contains(calls, "ChangeResourceRecordSets") {
				t.Errorf("destroy moved traffic: %v", calls)
			}
			return nil
		},
	})
}

func TestAccCreateMovesAndIsImported(t *testing.T) {
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config:            s.configOf("main", "green"),
				ConfigPlanChecks:  planned(plancheck.ResourceActionCreate),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100), value("switched_at", knownvalue.NotNull())},
				Check:             func(*terraformState) error { s.wantWeights("blue 0, green 100"); return nil },
			},
			{
				ResourceName: address, ImportState: true, ImportStateVerify: true,
				ImportStateId:           strings.Join([]string{"route53", s.zone, s.name, "A", "blue", "green"}, ","),
				ImportStateVerifyIgnore: []string{"switched_at", "last_switch_seconds"},
			},
			{ // what was imported under the route's own name plans nothing
				Config:             s.configOf("main", "green"),
				ResourceName:       address,
				ImportState:        true,
				ImportStateKind:    resource.ImportBlockWithID,
				ImportStateId:      strings.Join([]string{"main=route53", s.zone, strings.ToUpper(s.name) + ".", "A", "blue", "green"}, ","),
				ExpectNonEmptyPlan: true, // the name is spelt otherwise
			},
		},
	})
}

func TestAccSomebodyElseMovesTraffic(t *testing.T) {
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.config("blue")},
			{
				PreConfig: func() { s.put(s.record("blue", 30, 1), s.record("green", 70, 1)) },
				Config:    s.config("blue"),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
					plancheck.ExpectKnownValue(address, tfjsonpath.New("live").AtMapKey("blue"), knownvalue.Int64Exact(100)),
				}},
				ConfigStateChecks: []statecheck.StateCheck{live(100, 0)},
				Check:             func(*terraformState) error { s.wantWeights("blue 100, green 0"); return nil },
			},
			{ // both weights zero: Route 53 answers with each equally often
				PreConfig:          func() { s.put(s.record("blue", 0, 1), s.record("green", 0, 1)) },
				RefreshState:       true,
				ExpectNonEmptyPlan: true,
			},
			{Config: s.config("blue"), Check: func(*terraformState) error { s.wantWeights("blue 100, green 0"); return nil }},
		},
	})
}
