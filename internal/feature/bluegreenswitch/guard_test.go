package bluegreenswitch_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

const withGuard = `guard = { schedule_role_arn = "arn:aws:iam::123456789012:role/switch-guard" }`

// schedulerCalls are the operations on the guard of a target since the last reset of the call log.
func schedulerCalls(e *emulator.Emulator, target string) (operations []string) {
	for _, call := range e.Calls() {
		if call.Service == "scheduler" && call.Resource == traffic.GuardName(target) {
			operations = append(operations, call.Operation)
		}
	}
	return operations
}

func TestAccAGuardStandsWhileTrafficIsMoved(t *testing.T) {
	s := newSite(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{PreConfig: s.emulator.ResetCalls, Config: s.config("blue", withGuard), Check: func(*terraformState) error {
				if calls := schedulerCalls(s.emulator, s.target()); len(calls) > 0 {
					t.Errorf("nothing was moved, and yet %v", calls)
				}
				return nil
			}},
			{
				PreConfig: func() { s.emulator.ResetCalls() },
				Config:    s.config("green", withGuard, canary),
				Check: func(*terraformState) error {
					s.wantWeights("blue 0, green 100")
					calls := schedulerCalls(s.emulator, s.target()) // extended at each of three steps, and by the clock
					if last := len(calls) - 1; last < 4 || calls[0] != "CreateSchedule" || calls[last] != "DeleteSchedule" || count(calls, "UpdateSchedule") != last-1 {
						t.Errorf("calls %v", calls)
					}
					return nil
				},
			},
			{ // it cannot be set: nothing is moved
				PreConfig: func() {
					t.Cleanup(s.emulator.Inject(emulator.Fault{Service: "scheduler", Operation: "CreateSchedule", Resource: traffic.GuardName(s.target()), Times: 1, Status: http.StatusForbidden, Code: "AccessDeniedException"}))
				},
				Config:      s.config("blue", withGuard, canary),
				ExpectError: saying("its guard does not stand", "not possible to set the schedule", "Nothing was moved"),
			},
			{
				PreConfig:        func() { s.wantWeights("blue 0, green 100") },
				Config:           s.config("blue", withGuard, canary),
				ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
				Check:            func(*terraformState) error { s.wantWeights("blue 100, green 0"); return nil },
			},
		},
	})
}

// Whatever a route's guard calls really puts its traffic back. The switch cannot move it back itself: that call is spoiled.
// (For records the scenario of the killed provider shows it: their recovery takes longer than a test should.)
func TestAccAGuardPutsTrafficBack(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	f, a, b := newFunction(t, "guarded"), newAPI(t), newBalancer(t, "guarded")
	second := a.deploy()
	bad := newApp(t)
	bad.status.Store(500)
	e := acctest.Emulator(t)
	provider := acctest.ProviderBlock(t)
	config := func(active, route string, extra ...string) string {
		return provider + fmt.Sprintf("resource \"reliability_blue_green_switch\" \"test\" {\n  active = %q\n  max_recovery_time = \"6s\"\n  routes = { main = { %s } }\n  %s\n}\n", active, route, strings.Join(extra, "\n  "))
	}
	for name, test := range map[string]struct {
		route           string
		service, change string
		resource, blue  string
		live            func() string
	}{
		"lambda alias": {
			fmt.Sprintf(`lambda_alias = { function_name = %q, name = "live", blue = { version = "1" }, green = { version = "2" } }`, f.name),
			"lambda", "UpdateAlias", f.name, "1", f.serves,
		},
		"stage": {
			fmt.Sprintf(`api_gateway_canary = { rest_api_id = %q, stage_name = "prod", blue = { deployment_id = %q }, green = { deployment_id = %q } }`, a.id, a.first, second),
			"apigateway", "UpdateStage", a.id, a.first, a.serves,
		},
		"listener": {
			fmt.Sprintf(`listener = { arn = %q, blue = { target_group_arn = %q }, green = { target_group_arn = %q } }`, b.listener, b.blue, b.green),
			"elasticloadbalancing", "ModifyListener", b.listener, "blue 100, green 0", func() string { return b.weights(false) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			var mend func()
			failing := fmt.Sprintf("max_retries = 0\n  timeout = \"5s\"\n  checks = { app = { http = { url = %q } } }", bad.URL)
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps: []resource.TestStep{
					{Config: config("blue", test.route, withGuard)}, // where it is
					{
						PreConfig: func() {
							bad.status.Store(200)
							mend = e.Inject(emulator.Fault{Service: test.service, Operation: test.change, Resource: test.resource, After: 1, Status: http.StatusInternalServerError, Code: "InternalFailure", Hook: func(emulator.Call) {}})
							t.Cleanup(e.Inject(emulator.Fault{Service: test.service, Operation: test.change, Resource: test.resource, Times: 1, Hook: func(emulator.Call) { bad.status.Store(500) }}))
						},
						Config:      config("green", test.route, withGuard, failing, `strategy = { type = "canary", steps = [10], interval = "1m", check_interval = "200ms" }`),
						ExpectError: saying("NOT back where it was", "The guard still stands", "within 6m0s"),
					},
					{
						PreConfig: func() {
							mend()
							if got := test.live(); got == test.blue {
								t.Errorf("nothing was moved: %s", got)
							}
							if fired, err := e.FireSchedules(context.WithoutCancel(t.Context()), time.Now().Add(10*time.Minute)); fired != 1 || err != nil {
								t.Errorf("fired %d, %v", fired, err)
							}
							if got := test.live(); got != test.blue {
								t.Errorf("after the guard: %s, want %s", got, test.blue)
							}
							bad.status.Store(200)
						},
						Config:            config("green", test.route, withGuard),
						ConfigPlanChecks:  afterwards("blue 100 interrupted"),
						ConfigStateChecks: []statecheck.StateCheck{live(0, 100), value("status", knownvalue.StringExact("steady"))},
					},
				},
			})
		})
	}
}

func TestAccAGuardThatDoesNotDoIsRefusedAtPlan(t *testing.T) {
	s := newSite(t)
	refused := func(config string, want ...string) resource.TestStep {
		return resource.TestStep{Config: config, PlanOnly: true, ExpectError: saying(want...)}
	}
	guard := func(attributes string) string {
		return s.config("green", `guard = { schedule_role_arn = "arn:aws:iam::123456789012:role/guard", `+attributes+` }`)
	}
	kvs := strings.Replace(s.config("green", withGuard), "routes = {", `routes = {
    edge = { cloudfront_kvs = { kvs_arn = "arn:aws:cloudfront::123456789012:key-value-store/0f0e0d0c-1111-2222-3333-444444444444", key = "weights" } }`, 1)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			refused(guard(`after = "1m"`), "The guard is too quick"),
			refused(s.config("green", `guard = { schedule_role_arn = "guard" }`), "must be the ARN of a role"),
			refused(kvs, "The guard cannot move a route back", `"edge" (cloudfront_kvs)`, "If-Match"),
		},
	})
}
