package bluegreenswitch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// another is the journal as another process has it.
func (s *site) another() *journal.Journal {
	s.t.Helper()
	folder := s.t.TempDir()
	s.provider = fmt.Sprintf("provider \"reliability\" {\n  store = { local = { path = %q } }\n}\n", folder)
	kept, err := store.OpenLocal(folder)
	if err != nil {
		s.t.Fatal(err)
	}
	return journal.New(kept, clock.System{}, "the other one")
}

func (s *site) target() string {
	return strings.Join([]string{"route53", s.zone, s.name + ".", "A"}, ",")
}

// die leaves behind what a switch to green leaves that dies at 10 %.
func (s *site) die(book *journal.Journal) {
	s.t.Helper()
	s.put(s.record("blue", 90, 1), s.record("green", 10, 1))
	_, err := book.Begin(s.t.Context(), s.target(), "switch", traffic.Intent{
		To: traffic.Green, Found: traffic.On(traffic.Blue, 100), Back: traffic.On(traffic.Blue, 100), Percents: []int{10, 100},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestAccASwitchThatDiedIsLookedAfter(t *testing.T) {
	for name, test := range map[string]struct{ active, want string }{
		"completed": {"green", "blue 0, green 100"},
		"reverted":  {"blue", "blue 100, green 0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			book := s.another()
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps: []resource.TestStep{
					{Config: s.config("blue")},
					{
						PreConfig:         func() { s.die(book) },
						Config:            s.config(test.active),
						ConfigPlanChecks:  afterwards("blue 90 interrupted"),
						ConfigStateChecks: []statecheck.StateCheck{value("status", knownvalue.StringExact("steady"))},
						Check:             func(*terraformState) error { s.wantWeights(test.want); return nil },
					},
				},
			})
		})
	}
}

func TestAccASwitchThatDiedWhileItWasCreatedGoesBackToWhereItCameFrom(t *testing.T) {
	s := newSite(t)
	s.die(s.another())
	s.green.status.Store(500)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config:      s.config("green", s.checks("green")),
				ExpectError: saying("The checks of green failed before the first step", "www: blue 100 % / green 0 %", "Traffic was moved back in"),
			},
			{
				PreConfig:        func() { s.wantWeights("blue 100, green 0"); s.green.status.Store(200) },
				Config:           s.config("green", s.checks("green")),
				ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
				Check:            func(*terraformState) error { s.wantWeights("blue 0, green 100"); return nil },
			},
		},
	})
}

func TestAccTheLoserOfTwoAppliesIsToldWhoIsAtIt(t *testing.T) {
	s := newSite(t)
	book := s.another()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.config("blue")},
			{
				PreConfig: func() {
					lease, err := book.Acquire(t.Context(), s.target(), time.Hour)
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { _ = lease.Release(t.Context()) })
				},
				Config:      s.config("green"),
				ExpectError: saying("another process is at it", "is held by the other one until", "Nothing was moved"),
			},
			{
				PreConfig: func() { s.wantWeights("blue 100, green 0") },
				Config:    s.config("blue"), // nothing to move needs no lease
			},
		},
	})
}

func TestAccSeveralRoutesMoveTogether(t *testing.T) {
	one, two := newSite(t), newSite(t)
	config := func(active string) string {
		return strings.Replace(one.config(active, canary), "  routes = {", fmt.Sprintf(`  routes = {
    api = { route53 = {
      zone_id = %q, name = %q, type = "A"
      blue = { set_identifier = "blue" }, green = { set_identifier = "green" }
    } }`, two.zone, two.name), 1)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config("blue")},
			{ // one of them is elsewhere: live is the worst
				PreConfig:          func() { two.put(two.record("blue", 40, 1), two.record("green", 60, 1)) },
				RefreshState:       true,
				ExpectNonEmptyPlan: true,
			},
			{
				Config:            config("green"),
				ConfigPlanChecks:  afterwards("blue 40 steady"),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100)},
				Check: func(*terraformState) error {
					one.wantWeights("blue 0, green 100")
					two.wantWeights("blue 0, green 100")
					return nil
				},
			},
			{ // the second route does not let itself be moved: both go back
				PreConfig: func() {
					t.Setenv("AWS_MAX_ATTEMPTS", "1")
					one.inject(oneFailure(1))
				},
				Config:      config("blue"),
				ExpectError: saying("Traffic was not switched", "api: blue 0 % / green 100 %; www: blue 0 % / green 100 %"),
			},
		},
	})
	one.wantWeights("blue 0, green 100")
	two.wantWeights("blue 0, green 100")
}
