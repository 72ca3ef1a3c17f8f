package bluegreenswitch_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// before checks what the state says of the switch before the plan: active, blue's share and status.
type before struct{ want string }

func (b before) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, change := range req.Plan.ResourceChanges {
		if change.Address != address {
			continue
		}
		state, ok := change.Change.Before.(map[string]any)
		if !ok {
			resp.Error = fmt.Errorf("nothing is in the state")
			return
		}
		live, _ := state["live"].(map[string]any)
		if got := fmt.Sprint(state["active"], " ", live["blue"], " ", state["status"]); got != b.want {
			resp.Error = fmt.Errorf("the state is %s, want %s", got, b.want)
		}
		return
	}
	resp.Error = fmt.Errorf("the switch is not in the plan")
}

// afterwards expects a state, and an update in the plan.
func afterwards(state string) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{before{state}, plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)}}
}

// saying matches an error that holds all the texts, whatever the line breaks between their words.
func saying(texts ...string) *regexp.Regexp {
	var parts []string
	for _, text := range texts {
		words := strings.Fields(text)
		for i := range words {
			words[i] = regexp.QuoteMeta(words[i])
		}
		parts = append(parts, strings.Join(words, `[\s│|]+`))
	}
	return regexp.MustCompile(`(?s)` + strings.Join(parts, `.*`))
}

// inject adds a fault that ends with the test.
func (s *site) inject(fault emulator.Fault) {
	fault.Service, fault.Resource = "route53", s.zone
	s.t.Cleanup(s.emulator.Inject(fault))
}

// oneFailure spoils one change, after so many good ones.
func oneFailure(after int) emulator.Fault {
	return emulator.Fault{Operation: "ChangeResourceRecordSets", After: after, Times: 1, Status: http.StatusInternalServerError, Code: "InternalError"}
}

func TestAccACallThatFailsHalfWayReverts(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.config("blue")},
			{
				PreConfig: func() {
					s.inject(oneFailure(1))
				},
				Config:      s.config("green", canary),
				ExpectError: saying("Traffic was not switched: AWS did not do it", "www: blue 100 % / green 0 %", "moved back in"),
			},
			{
				PreConfig:         func() { s.wantWeights("blue 100, green 0") },
				Config:            s.config("green", canary),
				ConfigPlanChecks:  afterwards("blue 100 reverted"),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100)},
			},
		},
	})
}

func TestAccALostAnswerIsNoFailure(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "3")
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.config("blue")},
			{
				PreConfig: func() {
					s.inject(emulator.Fault{Operation: "ChangeResourceRecordSets", Times: 1, DropLate: true})
				},
				Config:            s.config("green"),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100)},
				Check:             func(*terraformState) error { s.wantWeights("blue 0, green 100"); return nil },
			},
		},
	})
}

func TestAccAConcurrentChangeIsNotOverwritten(t *testing.T) {
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.config("blue")},
			{
				PreConfig: func() {
					s.inject(emulator.Fault{Operation: "ChangeResourceRecordSets", After: 1, Times: 1, Hook: func(emulator.Call) {
						// Not through the emulator's own rule again: it is used up by now.
						s.put(s.record("blue", 70, 1), s.record("green", 30, 1))
					}})
				},
				Config:      s.config("green", canary),
				ExpectError: saying("Traffic was not switched: somebody else moved it", "blue 70 % / green 30 %", "NOT back where it was"),
			},
			{ // the next apply looks after it
				PreConfig:         func() { s.wantWeights("blue 70, green 30") },
				Config:            s.config("green"),
				ConfigPlanChecks:  afterwards("blue 70 interrupted"),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100)},
			},
		},
	})
}

func TestAccAFailedCreateSavesNothing(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				PreConfig: func() {
					s.inject(oneFailure(1))
				},
				Config:      s.config("green", canary),
				ExpectError: saying("Traffic was not switched: AWS did not do it", "moved back in"),
			},
			{
				PreConfig:        func() { s.wantWeights("blue 100, green 0") },
				Config:           s.config("green", canary),
				ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
				Check:            func(*terraformState) error { s.wantWeights("blue 0, green 100"); return nil },
			},
		},
	})
}

func TestAccTheTargetDisappears(t *testing.T) {
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.config("blue")},
			{
				PreConfig:   func() { s.change(types.ChangeActionDelete, s.record("green", 0, 1)) },
				Config:      s.config("blue"),
				PlanOnly:    true, // what a refresh saw of it before must not hide that it is gone
				ExpectError: saying("The target of the route does not exist", `"green"`, "terraform destroy -refresh=false", `Attribute: routes["www"].route53`),
			},
			{ // it is back: the plan that was refused changed nothing
				PreConfig:        func() { s.put(s.record("green", 0, 1)) },
				Config:           s.config("blue"),
				ConfigPlanChecks: planned(plancheck.ResourceActionNoop),
			},
		},
	})
}

func TestAccWrongAtPlan(t *testing.T) {
	s := newSite(t)
	unequal, distributions := newSite(t), newSite(t)
	unequal.put(unequal.record("green", 0, 300))
	for _, colour := range []string{"blue", "green"} {
		old, record := distributions.record(colour, map[string]int64{"blue": 100}[colour], 1), distributions.record(colour, 1, 1)
		record.TTL, record.ResourceRecords = nil, nil
		name, zone := colour+"d111.cloudfront.net", "Z2FDTNDATAQYW2"
		record.AliasTarget = &types.AliasTarget{DNSName: &name, HostedZoneId: &zone}
		distributions.change(types.ChangeActionDelete, old)
		distributions.put(record)
	}
	swap := strings.ReplaceAll
	for name, test := range map[string]struct {
		config string
		want   *regexp.Regexp
	}{
		"zone":               {swap(s.config("blue"), s.zone, "Z0NOWHERE"), saying("does not exist", "Z0NOWHERE")},
		"record":             {swap(s.config("blue"), s.name, "no."+s.name), saying("does not exist", "no."+s.name)},
		"colour":             {swap(s.config("blue"), `{ set_identifier = "green" }`, `{ set_identifier = "grean" }`), saying("does not exist", `"grean"`)},
		"equal colours":      {swap(s.config("blue"), `{ set_identifier = "green" }`, `{ set_identifier = "blue" }`), saying("Blue and green are the same")},
		"active":             {s.config("purple"), saying("purple")},
		"no router":          {swap(s.config("blue"), "route53 =", "route54 ="), saying("route54")},
		"unequal TTLs":       {unequal.config("green"), saying("The route cannot be switched as it is", "unequal TTLs: blue 1 s, green 300 s")},
		"two distributions":  {distributions.config("green"), saying("The route cannot be switched as it is", "CloudFront")},
		"decreasing":         {s.config("blue", `strategy = { type = "canary", steps = [50, 10] }`), saying("Invalid strategy", "steps must increase")},
		"zero":               {s.config("blue", `strategy = { type = "canary", steps = [0] }`), saying("Invalid strategy", "0 is not between 1 and 99")},
		"hundred":            {s.config("blue", `strategy = { type = "canary", steps = [100] }`), saying("Invalid strategy", "100 is not between 1 and 99")},
		"too much":           {s.config("blue", `strategy = { type = "linear", steps = [120] }`), saying("Invalid strategy", "120 is not between")},
		"steps without type": {s.config("blue", `strategy = { steps = [10] }`), saying("Invalid strategy", "has no steps", `type = "canary"`)},
		"all at once, steps": {s.config("blue", `strategy = { type = "all_at_once", steps = [10] }`), saying("Invalid strategy", "has no steps")},
		"strategy type":      {s.config("blue", `strategy = { type = "rainbow" }`), saying("rainbow")},
		"negative bake":      {s.config("blue", `strategy = { type = "all_at_once", bake = "-1s" }`), saying("Invalid duration")},
		"no duration":        {s.config("blue", `max_recovery_time = "soon"`), saying("Invalid duration", `"soon"`)},
		"slow recovery":      {s.config("blue", `max_recovery_time = "1m"`), saying("Recovery would take too long", "1m3s", "max_recovery_time is 1m0s")},
		"too long":           {s.config("blue", `strategy = { type = "all_at_once", bake = "3h" }`), saying("The switch cannot end in time", "take 3h0m0s")},
		"two over one": {s.provider + fmt.Sprintf(`
resource "reliability_blue_green_switch" "test" {
  active = "blue"
  routes = { for name in ["one", "two"] : name => { route53 = {
    zone_id = %q, name = %q, type = "A", blue = { set_identifier = "blue" }, green = { set_identifier = "green" }
  } } }
}`, s.zone, s.name), saying("Two routes over one target")},
	} {
		t.Run(name, func(t *testing.T) {
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps:                    []resource.TestStep{{Config: test.config, PlanOnly: true, ExpectError: test.want}},
			})
		})
	}
	s.wantWeights("blue 100, green 0")
}

func TestAccWhatIsNotKnownAtPlanIsLookedAtAtApply(t *testing.T) {
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config: strings.ReplaceAll(s.config("green"), fmt.Sprintf("zone_id = %q", s.zone), "zone_id = terraform_data.zone.output") +
				fmt.Sprintf("resource \"terraform_data\" \"zone\" { input = %q }\n", s.zone),
			ConfigStateChecks: []statecheck.StateCheck{live(0, 100)},
		}},
	})
}
