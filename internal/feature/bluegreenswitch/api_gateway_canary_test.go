package bluegreenswitch_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// api is a REST API with a stage "prod" that serves its first deployment.
type api struct {
	t        *testing.T
	client   *apigateway.Client
	id       string
	first    string
	provider string
	folder   string
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{t: t, client: apigateway.NewFromConfig(acctest.Emulator(t).AWSConfig()), folder: t.TempDir()}
	a.provider = fmt.Sprintf("provider \"reliability\" {\n  store = { local = { path = %q } }\n}\n", a.folder)
	made, err := a.client.CreateRestApi(t.Context(), &apigateway.CreateRestApiInput{Name: aws.String(acctest.Unique(t))})
	a.must(err)
	a.id = *made.Id
	resources, err := a.client.GetResources(t.Context(), &apigateway.GetResourcesInput{RestApiId: &a.id})
	a.must(err)
	root := resources.Items[0].Id
	_, err = a.client.PutMethod(t.Context(), &apigateway.PutMethodInput{RestApiId: &a.id, ResourceId: root, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")})
	a.must(err)
	_, err = a.client.PutIntegration(t.Context(), &apigateway.PutIntegrationInput{RestApiId: &a.id, ResourceId: root, HttpMethod: aws.String("GET"), Type: types.IntegrationTypeMock})
	a.must(err)
	a.first = a.deploy()
	_, err = a.client.CreateStage(t.Context(), &apigateway.CreateStageInput{RestApiId: &a.id, StageName: aws.String("prod"), DeploymentId: &a.first, Variables: map[string]string{"table": "old"}})
	a.must(err)
	return a
}

func (a *api) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// deploy makes one more deployment, which no stage serves.
func (a *api) deploy() string {
	a.t.Helper()
	made, err := a.client.CreateDeployment(context.WithoutCancel(a.t.Context()), &apigateway.CreateDeploymentInput{RestApiId: &a.id})
	a.must(err)
	return *made.Id
}

func (a *api) patch(operations ...types.PatchOperation) {
	a.t.Helper()
	_, err := a.client.UpdateStage(context.WithoutCancel(a.t.Context()), &apigateway.UpdateStageInput{RestApiId: &a.id, StageName: aws.String("prod"), PatchOperations: operations})
	a.must(err)
}

func (a *api) replace(path, value string) types.PatchOperation {
	return types.PatchOperation{Op: types.OpReplace, Path: &path, Value: &value}
}

// canary puts a deployment into the canary.
func (a *api) canary(deployment, percent string) {
	a.t.Helper()
	a.patch(a.replace("/canarySettings/deploymentId", deployment), a.replace("/canarySettings/percentTraffic", percent))
}

// serves is what the stage serves: "d1", or "d1, d2 at 10".
func (a *api) serves() string {
	a.t.Helper()
	stage, err := a.client.GetStage(context.WithoutCancel(a.t.Context()), &apigateway.GetStageInput{RestApiId: &a.id, StageName: aws.String("prod")})
	a.must(err)
	text := *stage.DeploymentId
	if settings := stage.CanarySettings; settings != nil && settings.PercentTraffic > 0 {
		text += fmt.Sprintf(", %s at %v", aws.ToString(settings.DeploymentId), settings.PercentTraffic)
	}
	return text
}

func (a *api) wantServes(want string) {
	a.t.Helper()
	if got := a.serves(); got != want {
		a.t.Errorf("the stage serves %s, want %s", got, want)
	}
}

// config is a switch of the stage; names are blue and green, or nothing.
func (a *api) config(active string, names []string, extra ...string) string {
	colours := ""
	if len(names) > 0 {
		colours = fmt.Sprintf("blue = { deployment_id = %q }, green = { deployment_id = %q }", names[0], names[1])
	}
	return a.provider + fmt.Sprintf(`
resource "reliability_blue_green_switch" "test" {
  active = %q
  routes = { main = { api_gateway_canary = {
    rest_api_id = %q, stage_name = "prod"
    %s
  } } }
  %s
}
`, active, a.id, colours, strings.Join(extra, "\n  "))
}

func TestAccSwitchOfAnAPIGatewayStageBetweenNamedDeployments(t *testing.T) {
	a := newAPI(t)
	second, third := a.deploy(), a.deploy()
	both, next := []string{a.first, second}, []string{third, second}
	bad := newApp(t)
	bad.status.Store(500)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config: a.config("blue", both),
				ConfigStateChecks: []statecheck.StateCheck{
					live(100, 0), value("id", knownvalue.StringRegexp(regexp.MustCompile(`^api_gateway_canary,123456789012,us-east-1,`+a.id+`,prod$`))), value("estimated_recovery_seconds", knownvalue.Int64Exact(2)),
				},
			},
			{ // the target is not well: nothing is moved
				Config:      a.config("green", both, fmt.Sprintf("max_retries = 0\n  checks = { app = { http = { url = %q } } }", bad.URL)),
				ExpectError: saying("checks did not pass", "Nothing was moved"),
			},
			{
				PreConfig:         func() { a.wantServes(a.first) },
				Config:            a.config("green", both, quick),
				ConfigPlanChecks:  planned(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100), value("status", knownvalue.StringExact("steady"))},
				Check:             func(*terraformState) error { a.wantServes(second); return nil }, // promoted
			},
			{ // somebody else's canary is a change, and goes
				PreConfig:        func() { a.canary(a.first, "30") },
				Config:           a.config("green", both, quick),
				ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
				Check:            func(*terraformState) error { a.wantServes(second); return nil },
			},
			{
				ResourceName: address, ImportState: true, ImportStateVerify: true,
				ImportStateId:           strings.Join([]string{"api_gateway_canary", a.id, "prod", a.first, second}, ","),
				ImportStateVerifyIgnore: []string{"switched_at", "last_switch_seconds", "strategy", "id"},
			},
			{ // the next release goes into the idle colour
				Config: a.config("blue", next),
				Check:  func(*terraformState) error { a.wantServes(third); return nil },
			},
		},
		CheckDestroy: func(*terraformState) error { a.wantServes(third); return nil },
	})
}

func TestAccSwitchOfAnAPIGatewayStageToItsCanary(t *testing.T) {
	a := newAPI(t)
	second := a.deploy()
	third := ""
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: a.config("blue", nil), ConfigStateChecks: []statecheck.StateCheck{live(100, 0)}}, // there is no canary yet
			{Config: a.config("green", nil), ExpectError: saying("The route cannot be switched as it is", "there is no green", "put the new deployment into the canary")},
			{
				PreConfig: func() {
					a.canary(second, "0")
					a.patch(a.replace("/canarySettings/stageVariableOverrides/table", "new"))
				},
				Config:            a.config("green", nil, quick),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100)},
				Check: func(*terraformState) error {
					a.wantServes(second)
					stage, err := a.client.GetStage(t.Context(), &apigateway.GetStageInput{RestApiId: &a.id, StageName: aws.String("prod")})
					a.must(err)
					if stage.Variables["table"] != "new" {
						t.Errorf("stage variables %v", stage.Variables)
					}
					return nil
				},
			},
			{ // back, with what the journal remembers
				Config: a.config("blue", nil),
				Check:  func(*terraformState) error { a.wantServes(a.first); return nil },
			},
			{
				Config: a.config("green", nil),
				Check:  func(*terraformState) error { a.wantServes(second); return nil },
			},
			{ // a release takes the idle colour
				PreConfig: func() { third = a.deploy(); a.canary(third, "0") },
				Config:    a.config("blue", nil, quick),
				Check:     func(*terraformState) error { a.wantServes(third); return nil },
			},
			{
				ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateId: "api_gateway_canary," + a.id + ",prod",
				ImportStateVerifyIgnore: []string{"switched_at", "last_switch_seconds", "strategy"},
			},
		},
	})
}

func TestAccAnAPIGatewayStageWhosePromotionFailsIsTakenBack(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	a := newAPI(t)
	both := []string{a.first, a.deploy()}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: a.config("blue", both)},
			{
				PreConfig: func() {
					t.Cleanup(acctest.Emulator(t).Inject(emulator.Fault{Service: "apigateway", Operation: "UpdateStage", Resource: a.id, After: 2, Times: 1, Status: 500, Code: "InternalFailure"}))
				},
				Config:      a.config("green", both, quick),
				ExpectError: saying("AWS did not do it", "not possible to promote the route", "main: blue 100 % / green 0 %", "moved back in"),
			},
			{
				PreConfig:        func() { a.wantServes(a.first) },
				Config:           a.config("green", both, quick),
				ConfigPlanChecks: afterwards("blue 100 reverted"),
				Check:            func(*terraformState) error { a.wantServes(both[1]); return nil },
			},
		},
	})
}

// A switch that died right after its promotion: only the journal tells which deployment is which.
func TestAccAnAPIGatewaySwitchThatDiedAfterItsPromotionIsLookedAfter(t *testing.T) {
	for name, active := range map[string]string{"completed": "green", "reverted": "blue"} {
		t.Run(name, func(t *testing.T) {
			a := newAPI(t)
			second := a.deploy()
			kept, err := store.OpenLocal(a.folder)
			a.must(err)
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps: []resource.TestStep{
					{Config: a.config("blue", nil)},
					{
						PreConfig: func() {
							a.canary(second, "0")
							a.patch(a.replace("/deploymentId", second))
							_, err := journal.New(kept, clock.System{}, "the dead one").Begin(t.Context(), "api_gateway_canary,123456789012,us-east-1,"+a.id+",prod", "switch", traffic.Intent{
								To: traffic.Green, Found: traffic.On(traffic.Blue, 100), Back: traffic.On(traffic.Blue, 100), Percents: []int{100},
								Memory: []byte(fmt.Sprintf(`{"blue":%q,"green":%q}`, a.first, second)),
							})
							a.must(err)
						},
						Config:            a.config(active, nil),
						ConfigPlanChecks:  afterwards("blue 0 interrupted"),
						ConfigStateChecks: []statecheck.StateCheck{value("status", knownvalue.StringExact("steady"))},
						Check: func(*terraformState) error {
							a.wantServes(map[string]string{"green": second, "blue": a.first}[active])
							return nil
						},
					},
				},
			})
		})
	}
}

func TestAccAnAPIGatewayStageThatMustNotBeSwitchedIsRefusedAtPlan(t *testing.T) {
	a := newAPI(t)
	second, third := a.deploy(), a.deploy()
	refused := func(before func(), config string, want ...string) resource.TestStep {
		return resource.TestStep{PreConfig: before, Config: config, PlanOnly: true, ExpectError: saying(want...)}
	}
	both := a.config("green", []string{a.first, second})
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			refused(nil, a.config("green", []string{second, second}), "Blue and green are the same", "the deployment"),
			refused(nil, strings.Replace(both, fmt.Sprintf("blue = { deployment_id = %q },", a.first), "", 1), "One colour is missing"),
			refused(nil, strings.Replace(both, `"prod"`, `"test"`, 1), "does not exist", "stage test of REST API"),
			refused(nil, strings.ReplaceAll(both, second, "none"), "the green deployment none of REST API"),
			refused(nil, a.config("green", []string{second, third}), "serves deployment "+a.first, "neither blue", "name the deployment that the stage serves"),
			refused(func() { a.canary(third, "5") }, both, "serves deployment "+third, "neither blue"),
		},
	})
}
