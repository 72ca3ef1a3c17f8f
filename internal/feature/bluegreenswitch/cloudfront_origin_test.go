package bluegreenswitch_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// edge is a CloudFront distribution with the origins blue, green, third and the group both; its default behaviour and /api/*
// lead to blue, /img/* to third.
type edge struct {
	t      *testing.T
	client *cloudfront.Client
	id     string
}

func origin(id string) types.Origin {
	return types.Origin{Id: aws.String(id), DomainName: aws.String(id + ".test"), CustomOriginConfig: &types.CustomOriginConfig{
		HTTPPort: aws.Int32(80), HTTPSPort: aws.Int32(443), OriginProtocolPolicy: types.OriginProtocolPolicyHttpOnly,
	}}
}

func edgeConfig(reference string) *types.DistributionConfig {
	behavior := func(pattern, origin string) types.CacheBehavior {
		return types.CacheBehavior{PathPattern: &pattern, TargetOriginId: &origin, ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll}
	}
	return &types.DistributionConfig{
		CallerReference: &reference, Comment: aws.String(""), Enabled: aws.Bool(true),
		Origins: &types.Origins{Quantity: aws.Int32(3), Items: []types.Origin{origin("blue"), origin("green"), origin("third")}},
		OriginGroups: &types.OriginGroups{Quantity: aws.Int32(1), Items: []types.OriginGroup{{
			Id: aws.String("both"), FailoverCriteria: &types.OriginGroupFailoverCriteria{StatusCodes: &types.StatusCodes{Quantity: aws.Int32(1), Items: []int32{500}}},
			Members: &types.OriginGroupMembers{Quantity: aws.Int32(2), Items: []types.OriginGroupMember{{OriginId: aws.String("green")}, {OriginId: aws.String("third")}}},
		}}},
		DefaultCacheBehavior: &types.DefaultCacheBehavior{TargetOriginId: aws.String("blue"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll},
		CacheBehaviors:       &types.CacheBehaviors{Quantity: aws.Int32(2), Items: []types.CacheBehavior{behavior("/api/*", "blue"), behavior("/img/*", "third")}},
	}
}

func newEdge(t *testing.T) *edge {
	t.Helper()
	e := &edge{t: t, client: cloudfront.NewFromConfig(acctest.Emulator(t).AWSConfig())}
	made, err := e.client.CreateDistribution(t.Context(), &cloudfront.CreateDistributionInput{DistributionConfig: edgeConfig(acctest.Unique(t))})
	e.must(err)
	e.id = *made.Distribution.Id
	return e
}

func (e *edge) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// edit changes the configuration by hand.
func (e *edge) edit(change func(*types.DistributionConfig)) {
	e.t.Helper()
	ctx := context.WithoutCancel(e.t.Context())
	got, err := e.client.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: &e.id})
	e.must(err)
	change(got.DistributionConfig)
	_, err = e.client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &e.id, IfMatch: got.ETag, DistributionConfig: got.DistributionConfig})
	e.must(err)
}

// leads are the origins of the default behaviour, of /api/* and of /img/*, and whether all edge locations have them.
func (e *edge) leads() string {
	e.t.Helper()
	got, err := e.client.GetDistribution(context.WithoutCancel(e.t.Context()), &cloudfront.GetDistributionInput{Id: &e.id})
	e.must(err)
	config := got.Distribution.DistributionConfig
	text := *config.DefaultCacheBehavior.TargetOriginId
	for _, behavior := range config.CacheBehaviors.Items {
		text += "/" + *behavior.TargetOriginId
	}
	return text + " " + *got.Distribution.Status
}

func (e *edge) want(want string) func(*terraformState) error {
	return func(*terraformState) error {
		e.t.Helper()
		if got := e.leads(); got != want+" Deployed" {
			e.t.Errorf("the behaviors lead to %s, want %s Deployed", got, want)
		}
		return nil
	}
}

// config is a switch of behaviors between blue and the origin green.
func (e *edge) config(active, behaviors, green string, extra ...string) string {
	if behaviors != "" {
		behaviors = "behaviors = " + behaviors
	}
	return acctest.ProviderBlock(e.t) + fmt.Sprintf(`
resource "reliability_blue_green_switch" "test" {
  active = %q
  routes = {
    main = { cloudfront_origin = {
      distribution_id = %q
      %s
      blue  = { origin_id = "blue" }
      green = { origin_id = %q }
    } }
  }
  %s
}
`, active, e.id, behaviors, green, strings.Join(extra, "\n  "))
}

func TestAccSwitchOfACloudFrontOrigin(t *testing.T) {
	e := newEdge(t)
	bad := newApp(t)
	bad.status.Store(500)
	always := fmt.Sprintf("max_retries = 0\n  checks = { app = { http = { url = %q } } }", bad.URL)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config: e.config("blue", "", "green"),
				ConfigStateChecks: []statecheck.StateCheck{
					live(100, 0), value("id", knownvalue.StringExact("cloudfront_origin,"+e.id)),
					value("estimated_recovery_seconds", knownvalue.Int64Exact(302)), value("max_recovery_time", knownvalue.StringExact("15m")),
				},
			},
			{
				Config:      e.config("green", "", "green", always),
				ExpectError: saying("checks did not pass", "Nothing was moved"),
			},
			{
				PreConfig:         func() { _ = e.want("blue/blue/third")(nil) },
				Config:            e.config("green", "", "green"),
				ConfigPlanChecks:  planned(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100), value("status", knownvalue.StringExact("steady"))},
				Check:             e.want("green/blue/third"),
			},
			{ // several behaviours; what disagrees is a change, and the worst is shown
				Config:           e.config("green", `["default", "/api/*"]`, "green"),
				ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
				Check:            e.want("green/green/third"),
			},
			{
				ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateId: "cloudfront_origin," + e.id + ",blue,green,default,/api/*",
				ImportStateVerifyIgnore: []string{"switched_at", "last_switch_seconds"},
			},
			{ // somebody moved one of them by hand, and changed something else
				PreConfig: func() {
					e.edit(func(c *types.DistributionConfig) {
						c.CacheBehaviors.Items[0].TargetOriginId, c.Comment = aws.String("blue"), aws.String("theirs")
					})
				},
				RefreshState: true, ExpectNonEmptyPlan: true,
				RefreshPlanChecks: resource.RefreshPlanChecks{PostRefresh: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)}},
			},
			{
				Config: e.config("green", `["default", "/api/*"]`, "green"),
				Check: func(s *terraformState) error {
					got, err := e.client.GetDistributionConfig(context.WithoutCancel(t.Context()), &cloudfront.GetDistributionConfigInput{Id: &e.id})
					e.must(err)
					if aws.ToString(got.DistributionConfig.Comment) != "theirs" {
						t.Errorf("the comment is %q", aws.ToString(got.DistributionConfig.Comment))
					}
					return e.want("green/green/third")(s)
				},
			},
			{ // an origin group, on a deadline of one's own
				Config:            e.config("green", "", "both", `max_recovery_time = "10m"`),
				ConfigStateChecks: []statecheck.StateCheck{value("max_recovery_time", knownvalue.StringExact("10m"))},
				ExpectError:       saying("leads to the origin green, which is neither"),
			},
			{
				Config: e.config("blue", `["default", "/api/*"]`, "green", `max_recovery_time = "10m"`),
				Check:  e.want("blue/blue/third"),
			},
			{
				Config:            e.config("green", "", "both"),
				ConfigStateChecks: []statecheck.StateCheck{value("max_recovery_time", knownvalue.StringExact("15m"))},
				Check:             e.want("both/blue/third"),
			},
		},
		CheckDestroy: e.want("both/blue/third"),
	})
}

func TestAccAnOriginThatFailsIsTakenBack(t *testing.T) {
	e := newEdge(t)
	green := newApp(t)
	checked := fmt.Sprintf("max_retries = 0\n  checks = { app = { http = { url = %q } } }\n  strategy = { type = \"all_at_once\", check_interval = \"200ms\", bake = \"1s\" }", green.URL)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: e.config("blue", "", "green", checked)},
			{
				PreConfig: func() {
					acctest.Emulator(t).ResetCalls()
					acctest.Emulator(t).Inject(emulator.Fault{
						Service: "cloudfront", Operation: "UpdateDistribution", Resource: e.id, Times: 1, Hook: func(emulator.Call) { green.status.Store(500) },
					})
				},
				Config:      e.config("green", "", "green", checked),
				ExpectError: saying("checks did not pass", "blue 100 % / green 0 %", "moved back in"),
			},
			{
				PreConfig: func() {
					_ = e.want("blue/blue/third")(nil)
					if n := acctest.CountCalls(t, "cloudfront", "UpdateDistribution", e.id); n != 2 {
						t.Errorf("%d updates, want one there and one back", n)
					}
					green.status.Store(200)
				},
				Config: e.config("green", "", "green", checked),
				Check:  e.want("green/blue/third"),
			},
		},
	})
}

func TestAccAnOriginThatCannotBeSwitchedIsRefusedAtPlan(t *testing.T) {
	e := newEdge(t)
	refused := func(config string, want ...string) resource.TestStep {
		return resource.TestStep{Config: config, PlanOnly: true, ExpectError: saying(want...)}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			refused(e.config("green", "", "green", quick), "Invalid strategy", "moves everything at once", `type = "all_at_once"`),
			refused(e.config("green", "", "green", `strategy = { type = "linear" }`), "Invalid strategy", "moves everything at once"),
			refused(e.config("green", "", "green", `max_recovery_time = "5m"`), "Recovery would take too long", "5m2s", "5m0s of propagation in AWS", "What to do: raise max_recovery_time to at least 5m2s (left out, it is 15m"),
			refused(e.config("green", "", "blue"), "Blue and green are the same", `the origin "blue"`),
			refused(e.config("green", "", "red"), "the green origin red of distribution "+e.id),
			refused(e.config("green", `["/none/*"]`, "green"), "the behavior /none/* of distribution "+e.id),
			refused(e.config("green", `["/img/*"]`, "green"), "leads to the origin third", "leave the behavior out"),
			refused(e.config("green", `[]`, "green"), "at least 1"),
			refused(e.config("green", `["a b"]`, "green"), "a path pattern"),
			refused(strings.ReplaceAll(e.config("green", "", "green"), e.id, "ENONE"), "The target of the route does not exist"),
		},
	})
}
