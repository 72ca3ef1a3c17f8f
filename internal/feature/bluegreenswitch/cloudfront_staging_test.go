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

// stagedEdge is a distribution that leads to blue, and its staging distribution, which leads to green.
type stagedEdge struct {
	*edge
	staging  string
	provider string
}

func newStagedEdge(t *testing.T) *stagedEdge {
	t.Helper()
	s := &stagedEdge{edge: newEdge(t), provider: acctest.ProviderBlock(t)}
	read, err := s.client.GetDistribution(t.Context(), &cloudfront.GetDistributionInput{Id: &s.id})
	s.must(err)
	copied, err := s.client.CopyDistribution(t.Context(), &cloudfront.CopyDistributionInput{
		PrimaryDistributionId: &s.id, CallerReference: aws.String(acctest.Unique(t)), Staging: aws.Bool(true), IfMatch: read.ETag,
	})
	s.must(err)
	s.staging = *copied.Distribution.Id
	s.release("green")
	return s
}

// release lets the staging distribution lead to an origin.
func (s *stagedEdge) release(origin string) {
	s.t.Helper()
	staging := &edge{t: s.t, client: s.client, id: s.staging}
	staging.edit(func(c *types.DistributionConfig) { c.DefaultCacheBehavior.TargetOriginId = &origin })
}

// serves are the origins of both distributions and what the policy does.
func (s *stagedEdge) serves() string {
	s.t.Helper()
	ctx := context.WithoutCancel(s.t.Context())
	var parts []string
	policy := ""
	for _, id := range []string{s.id, s.staging} {
		got, err := s.client.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: &id})
		s.must(err)
		if status := *got.Distribution.Status; status != "Deployed" {
			parts = append(parts, status)
		}
		config := got.Distribution.DistributionConfig
		parts = append(parts, *config.DefaultCacheBehavior.TargetOriginId)
		policy += aws.ToString(config.ContinuousDeploymentPolicyId)
	}
	if policy == "" {
		return strings.Join(append(parts, "none"), "/")
	}
	got, err := s.client.GetContinuousDeploymentPolicy(ctx, &cloudfront.GetContinuousDeploymentPolicyInput{Id: &policy})
	s.must(err)
	config := got.ContinuousDeploymentPolicy.ContinuousDeploymentPolicyConfig
	if !*config.Enabled {
		return strings.Join(append(parts, "off"), "/")
	}
	return fmt.Sprintf("%s/%v", strings.Join(parts, "/"), *config.TrafficConfig.SingleWeightConfig.Weight)
}

func (s *stagedEdge) want(want string) func(*terraformState) error {
	return func(*terraformState) error {
		s.t.Helper()
		if got := s.serves(); got != want {
			s.t.Errorf("the distributions serve %s, want %s", got, want)
		}
		return nil
	}
}

// config is a switch whose store is the same each time.
func (s *stagedEdge) config(active string, extra ...string) string {
	return s.provider + fmt.Sprintf(`
resource "reliability_blue_green_switch" "test" {
  active = %q
  routes = {
    main = { cloudfront_staging = { distribution_id = %q, staging_distribution_id = %q } }
  }
  %s
}
`, active, s.id, s.staging, strings.Join(extra, "\n  "))
}

func TestAccSwitchOfACloudFrontStagingDistribution(t *testing.T) {
	s := newStagedEdge(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config: s.config("blue"),
				ConfigStateChecks: []statecheck.StateCheck{
					live(100, 0), value("id", knownvalue.StringExact("cloudfront_staging,"+s.id)),
					value("estimated_recovery_seconds", knownvalue.Int64Exact(302)), value("max_recovery_time", knownvalue.StringExact("15m")),
				},
				Check: s.want("blue/green/none"),
			},
			{
				Config:            s.config("green", quick),
				ConfigPlanChecks:  planned(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100), value("status", knownvalue.StringExact("steady"))},
				Check:             s.want("green/green/off"),
			},
			{ // back to what the primary distribution had before
				Config:            s.config("blue"),
				ConfigPlanChecks:  planned(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{live(100, 0)},
				Check:             s.want("blue/green/off"),
			},
			{
				ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateId: "cloudfront_staging," + s.id + "," + s.staging,
				ImportStateVerifyIgnore: []string{"switched_at", "last_switch_seconds"},
			},
			{Config: s.config("green", quick), Check: s.want("green/green/off")},
			{ // the next release is no change by itself
				PreConfig: func() { s.release("third") }, RefreshState: true,
			},
			{ // it takes the colour that is idle
				Config: s.config("blue", quick),
				Check:  s.want("third/third/off"),
			},
		},
		CheckDestroy: s.want("third/third/off"),
	})
}

func TestAccAStagingDistributionThatFailsIsTakenBack(t *testing.T) {
	for name, test := range map[string]struct {
		fails string // the call after which green is not well
		calls int
	}{
		"with a share": {"CreateContinuousDeploymentPolicy", 0},
		"promoted":     {"UpdateDistributionWithStagingConfig", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStagedEdge(t)
			green := newApp(t)
			checked := fmt.Sprintf("max_retries = 0\n  checks = { app = { http = { url = %q } } }\n  "+
				`strategy = { type = "canary", steps = [10], check_interval = "200ms", interval = "1s", bake = "1s" }`, green.URL)
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps: []resource.TestStep{
					{Config: s.config("blue", checked)},
					{
						PreConfig: func() {
							acctest.Emulator(t).ResetCalls()
							acctest.Emulator(t).Inject(emulator.Fault{
								Service: "cloudfront", Operation: test.fails, Times: 1, Hook: func(emulator.Call) { green.status.Store(500) },
							})
						},
						Config:      s.config("green", checked),
						ExpectError: saying("checks did not pass", "blue 100 % / green 0 %", "moved back in"),
					},
					{
						PreConfig: func() {
							_ = s.want("blue/green/off")(nil)
							if n := acctest.CountCalls(t, "cloudfront", "UpdateDistributionWithStagingConfig", s.id); n != test.calls {
								t.Errorf("%d promotions, want %d", n, test.calls)
							}
							green.status.Store(200)
						},
						Config: s.config("green", checked),
						Check:  s.want("green/green/off"),
					},
				},
			})
		})
	}
}

func TestAccAStagingDistributionThatCannotBeSwitchedIsRefusedAtPlan(t *testing.T) {
	s := newStagedEdge(t)
	refused := func(config string, want ...string) resource.TestStep {
		return resource.TestStep{Config: config, PlanOnly: true, ExpectError: saying(want...)}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			refused(s.config("green", `strategy = { type = "canary", steps = [10, 20] }`), "Invalid strategy", "a step of 20 %", "15 % at most"),
			refused(s.config("green", `max_recovery_time = "5m"`), "Recovery would take too long", "5m0s of propagation in AWS"),
			refused(strings.ReplaceAll(s.config("green"), s.staging, s.id), "Blue and green are the same"),
			refused(strings.ReplaceAll(s.config("green"), s.staging, "ENONE"), "the staging distribution ENONE"),
			{
				PreConfig: func() { s.release("blue") },
				Config:    s.config("blue"),
				Check:     s.want("blue/blue/none"),
			},
			refused(s.config("green"), "cannot be switched as it is", "configured alike", "restore a snapshot"),
		},
	})
}
