package bluegreenswitch_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// balancer is an Application Load Balancer whose listener forwards to blue, with a rule that forwards to blue and a third.
type balancer struct {
	t                  *testing.T
	client             *elb.Client
	listener, rule     string
	blue, green, third string // target groups
}

func newBalancer(t *testing.T, name string) *balancer {
	t.Helper()
	config := acctest.Emulator(t).AWSConfig()
	network, b := ec2.NewFromConfig(config), &balancer{t: t, client: elb.NewFromConfig(config)}
	vpc, err := network.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})
	b.must(err)
	var subnets []string
	for i, zone := range []string{"a", "b"} {
		subnet, err := network.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{
			VpcId: vpc.Vpc.VpcId, CidrBlock: aws.String(fmt.Sprintf("10.9.%d.0/24", i)), AvailabilityZone: aws.String(config.Region + zone),
		})
		b.must(err)
		subnets = append(subnets, *subnet.Subnet.SubnetId)
	}
	made, err := b.client.CreateLoadBalancer(t.Context(), &elb.CreateLoadBalancerInput{Name: &name, Subnets: subnets, Type: types.LoadBalancerTypeEnumApplication})
	b.must(err)
	for colour, into := range map[string]*string{"blue": &b.blue, "green": &b.green, "third": &b.third} {
		group, err := b.client.CreateTargetGroup(t.Context(), &elb.CreateTargetGroupInput{
			Name: aws.String(name + "-" + colour), Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: vpc.Vpc.VpcId,
		})
		b.must(err)
		*into = *group.TargetGroups[0].TargetGroupArn
	}
	listener, err := b.client.CreateListener(t.Context(), &elb.CreateListenerInput{
		LoadBalancerArn: made.LoadBalancers[0].LoadBalancerArn, Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp,
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &b.blue}},
	})
	b.must(err)
	b.listener = *listener.Listeners[0].ListenerArn
	rule, err := b.client.CreateRule(t.Context(), &elb.CreateRuleInput{
		ListenerArn: &b.listener, Priority: aws.Int32(1), Actions: b.forward(100, 0, 0),
		Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/api/*"}}},
	})
	b.must(err)
	b.rule = *rule.Rules[0].RuleArn
	return b
}

func (b *balancer) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// forward is an action with stickiness and the weights of blue, green and the third.
func (b *balancer) forward(blue, green, third int32) []types.Action {
	return []types.Action{{Type: types.ActionTypeEnumForward, ForwardConfig: &types.ForwardActionConfig{
		TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: aws.Bool(true), DurationSeconds: aws.Int32(60)},
		TargetGroups: []types.TargetGroupTuple{
			{TargetGroupArn: &b.blue, Weight: &blue}, {TargetGroupArn: &b.green, Weight: &green}, {TargetGroupArn: &b.third, Weight: &third},
		},
	}}}
}

func (b *balancer) setRule(actions []types.Action) {
	b.t.Helper()
	_, err := b.client.ModifyRule(context.WithoutCancel(b.t.Context()), &elb.ModifyRuleInput{RuleArn: &b.rule, Actions: actions})
	b.must(err)
}

// weights is what the listener (rule: its rule) forwards to.
func (b *balancer) weights(rule bool) string {
	b.t.Helper()
	var actions []types.Action
	if rule {
		out, err := b.client.DescribeRules(context.WithoutCancel(b.t.Context()), &elb.DescribeRulesInput{RuleArns: []string{b.rule}})
		b.must(err)
		actions = out.Rules[0].Actions
	} else {
		out, err := b.client.DescribeListeners(context.WithoutCancel(b.t.Context()), &elb.DescribeListenersInput{ListenerArns: []string{b.listener}})
		b.must(err)
		actions = out.Listeners[0].DefaultActions
	}
	forward := actions[0].ForwardConfig
	if forward == nil {
		return "only " + aws.ToString(actions[0].TargetGroupArn)
	}
	var weights []string
	for _, group := range forward.TargetGroups {
		name := map[string]string{b.blue: "blue", b.green: "green", b.third: "third"}[aws.ToString(group.TargetGroupArn)]
		weights = append(weights, fmt.Sprintf("%s %d", name, aws.ToInt32(group.Weight)))
	}
	slices.Sort(weights)
	if sticky := forward.TargetGroupStickinessConfig; sticky != nil && aws.ToBool(sticky.Enabled) {
		weights = append(weights, fmt.Sprintf("sticky %d s", aws.ToInt32(sticky.DurationSeconds)))
	}
	return strings.Join(weights, ", ")
}

func (b *balancer) want(rule bool, want string) func(*terraformState) error {
	return func(*terraformState) error {
		b.t.Helper()
		if got := b.weights(rule); got != want {
			b.t.Errorf("it forwards to %s, want %s", got, want)
		}
		return nil
	}
}

func (b *balancer) config(arn, active string, extra ...string) string {
	return acctest.ProviderBlock(b.t) + fmt.Sprintf(`
resource "reliability_blue_green_switch" "test" {
  active = %q
  routes = {
    main = { listener = { arn = %q, blue = { target_group_arn = %q }, green = { target_group_arn = %q } } }
  }
  %s
}
`, active, arn, b.blue, b.green, strings.Join(extra, "\n  "))
}

func TestAccSwitchOfAListenerAndOfARule(t *testing.T) {
	b := newBalancer(t, "switched")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{ // a listener that forwards to one target group only gets the other
				Config:            b.config(b.listener, "green", quick),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100), value("status", knownvalue.StringExact("steady")), value("estimated_recovery_seconds", knownvalue.Int64Exact(2))},
				Check:             b.want(false, "blue 0, green 100"),
			},
			{
				ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateId: strings.Join([]string{"listener", b.listener, b.blue, b.green}, ","),
				ImportStateVerifyIgnore: []string{"switched_at", "last_switch_seconds", "strategy"},
			},
			{ // to a rule, whose stickiness and third group stay
				Config: b.config(b.rule, "green"),
				Check:  b.want(true, "blue 0, green 100, third 0, sticky 60 s"),
			},
			{ // somebody else's weights are a change, and go
				PreConfig:        func() { b.setRule(b.forward(1, 2, 0)) },
				Config:           b.config(b.rule, "green"),
				ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
				Check:            b.want(true, "blue 0, green 100, third 0, sticky 60 s"),
			},
			{
				PreConfig:   func() { b.setRule(b.forward(1, 2, 3)) },
				Config:      b.config(b.rule, "blue"),
				ExpectError: saying("cannot be switched as it is", "besides blue and green", "set its weight to 0"),
			},
		},
	})
}

func TestAccAListenerThatCannotBeSwitchedIsRefusedAtPlan(t *testing.T) {
	b := newBalancer(t, "refused")
	refused := func(config string, want ...string) resource.TestStep {
		return resource.TestStep{Config: config, PlanOnly: true, ExpectError: saying(want...)}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			refused(b.config(strings.Replace(b.listener, "/app/", "/net/", 1), "green"), "a listener of an Application Load Balancer"),
			refused(strings.ReplaceAll(b.config(b.listener, "green"), b.green, b.blue), "Blue and green are the same"),
			refused(strings.ReplaceAll(b.config(b.listener, "green"), b.green, b.green+"0"), "the green target group"),
			refused(b.config(b.listener+"0", "green"), "The target of the route does not exist"),
		},
	})
}
