package bluegreenswitch_test

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// serves is where the alias points: "1", or "1, 2 at 0.1".
func (f *function) serves() string {
	f.t.Helper()
	out, err := f.client.GetAlias(context.WithoutCancel(f.t.Context()), &lambda.GetAliasInput{FunctionName: &f.name, Name: aws.String("live")})
	f.must(err)
	text := *out.FunctionVersion
	if out.RoutingConfig != nil {
		for _, version := range slices.Sorted(maps.Keys(out.RoutingConfig.AdditionalVersionWeights)) {
			text += fmt.Sprintf(", %s at %v", version, out.RoutingConfig.AdditionalVersionWeights[version])
		}
	}
	return text
}

func (f *function) wantServes(want string) {
	f.t.Helper()
	if got := f.serves(); got != want {
		f.t.Errorf("the alias points to %s, want %s", got, want)
	}
}

// route lets the alias point to version, with a share for further ones.
func (f *function) route(version string, weights map[string]float64) {
	f.t.Helper()
	_, err := f.client.UpdateAlias(context.WithoutCancel(f.t.Context()), &lambda.UpdateAliasInput{
		FunctionName: &f.name, Name: aws.String("live"), FunctionVersion: &version, RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights},
	})
	f.must(err)
}

// publish publishes one more version.
func (f *function) publish(body string) {
	f.t.Helper()
	_, err := f.client.UpdateFunctionCode(context.WithoutCancel(f.t.Context()), &lambda.UpdateFunctionCodeInput{FunctionName: &f.name, ZipFile: f.archive(body), Publish: true})
	f.must(err)
}

// config is a switch of the alias between two versions.
func (f *function) config(active, blue, green string, extra ...string) string {
	return acctest.ProviderBlock(f.t) + fmt.Sprintf(`
resource "reliability_blue_green_switch" "test" {
  active = %q
  routes = {
    main = { lambda_alias = { function_name = %q, name = "live", blue = { version = %q }, green = { version = %q } } }
  }
  %s
}
`, active, f.name, blue, green, strings.Join(extra, "\n  "))
}

// quick is a canary that does not wait.
const quick = `strategy = { type = "canary", steps = [10] }`

func TestAccSwitchOfALambdaAlias(t *testing.T) {
	f := newFunction(t, "switched-alias")
	acctest.Emulator(t).ResetCalls()
	bad := newApp(t)
	bad.status.Store(500)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config: f.config("blue", "1", "2"),
				ConfigStateChecks: []statecheck.StateCheck{
					live(100, 0), value("id", knownvalue.StringRegexp(regexp.MustCompile(`^lambda_alias,123456789012,[a-z0-9-]+,switched-alias,live$`))), value("estimated_recovery_seconds", knownvalue.Int64Exact(2)),
				},
			},
			{ // the target is not well: nothing is moved
				Config:      f.config("green", "1", "2", fmt.Sprintf("max_retries = 0\n  checks = { app = { http = { url = %q } } }", bad.URL)),
				ExpectError: saying("checks did not pass", "Nothing was moved"),
			},
			{
				PreConfig:         func() { f.wantServes("1") },
				Config:            f.config("green", "1", "2", quick),
				ConfigPlanChecks:  planned(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100), value("status", knownvalue.StringExact("steady"))},
				Check:             func(*terraformState) error { f.wantServes("2"); return nil },
			},
			{ // somebody else's weights are a change, and go
				PreConfig:        func() { f.route("2", map[string]float64{"1": 0.3}) },
				Config:           f.config("green", "1", "2", quick),
				ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
				Check:            func(*terraformState) error { f.wantServes("2"); return nil },
			},
			{
				ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateId: "lambda_alias,switched-alias,live,1,2",
				ImportStateVerifyIgnore: []string{"switched_at", "last_switch_seconds", "strategy"},
			},
			{ // the next release goes into the idle colour
				PreConfig: func() { f.publish("3") },
				Config:    f.config("blue", "3", "2"),
				Check:     func(*terraformState) error { f.wantServes("3"); return nil },
			},
		},
		CheckDestroy: func(*terraformState) error { f.wantServes("3"); return nil },
	})
}

func TestAccAnAliasThatMustNotBeSwitchedIsRefusedAtPlan(t *testing.T) {
	f := newFunction(t, "unfit")
	f.publish("3")
	_, err := f.client.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: &f.name, Role: aws.String("arn:aws:iam::123456789012:role/late"),
	})
	f.must(err)
	f.publish("4")
	refused := func(before func(), config string, want ...string) resource.TestStep {
		return resource.TestStep{PreConfig: before, Config: config, PlanOnly: true, ExpectError: saying(want...)}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			refused(nil, f.config("green", "1", "$LATEST"), "must be the number of a published version"),
			refused(nil, f.config("green", "1", "1"), "Blue and green are the same", `the version "1"`),
			refused(nil, strings.Replace(f.config("green", "1", "2"), `"unfit"`, `"unfit:live"`, 1), "without a version or an alias"),
			refused(nil, f.config("green", "1", "77"), "the green version 77 of function unfit"),
			refused(func() { f.route("3", map[string]float64{"1": 0.25}) }, f.config("green", "1", "2"), "sends traffic to version 3 (75 %)", "CodeDeploy"),
			refused(func() { f.route("1", map[string]float64{}) }, f.config("green", "1", "4"), "unequal execution roles", "late", "publish both versions"),
		},
	})
}
