package targettest

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// Balancer is a load balancer with a listener, a rule for /shop/ that forwards all to blue, and the target groups blue and
// green. All are ARNs.
type Balancer struct {
	t                           *testing.T
	Client                      *elb.Client
	Listener, Rule, DefaultRule string
	Blue, Green                 string
}

// NewBalancer makes one in a network of its own.
func NewBalancer(t *testing.T, name string) *Balancer {
	t.Helper()
	ctx, config := t.Context(), acctest.Emulator(t).AWSConfig()
	b := &Balancer{t: t, Client: elb.NewFromConfig(config)}
	vpc, subnets := b.network(config)
	b.Blue, b.Green = b.group(name+"-blue", vpc), b.group(name+"-green", vpc)
	lb, err := b.Client.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: &name, Subnets: subnets})
	b.must(err)
	listener, err := b.Client.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: lb.LoadBalancers[0].LoadBalancerArn, Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80),
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &b.Blue}},
	})
	b.must(err)
	b.Listener = *listener.Listeners[0].ListenerArn
	rule, err := b.Client.CreateRule(ctx, &elb.CreateRuleInput{
		ListenerArn: &b.Listener, Priority: aws.Int32(10), Actions: []types.Action{b.Forward(100, 0)},
		Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/shop/*"}}},
	})
	b.must(err)
	b.Rule = *rule.Rules[0].RuleArn
	rules, err := b.Client.DescribeRules(ctx, &elb.DescribeRulesInput{ListenerArn: &b.Listener})
	b.must(err)
	for _, rule := range rules.Rules {
		if aws.ToBool(rule.IsDefault) {
			b.DefaultRule = *rule.RuleArn
		}
	}
	return b
}

func (b *Balancer) network(config aws.Config) (vpcID string, subnets []string) {
	b.t.Helper()
	client := ec2.NewFromConfig(config)
	vpc, err := client.CreateVpc(b.t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.7.0.0/16")})
	b.must(err)
	for i, zone := range []string{"a", "b"} {
		subnet, err := client.CreateSubnet(b.t.Context(), &ec2.CreateSubnetInput{
			VpcId: vpc.Vpc.VpcId, CidrBlock: aws.String(fmt.Sprintf("10.7.%d.0/24", i)), AvailabilityZone: aws.String(config.Region + zone),
		})
		b.must(err)
		subnets = append(subnets, *subnet.Subnet.SubnetId)
	}
	return *vpc.Vpc.VpcId, subnets
}

func (b *Balancer) group(name, vpc string) string {
	b.t.Helper()
	out, err := b.Client.CreateTargetGroup(b.t.Context(), &elb.CreateTargetGroupInput{
		Name: &name, Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: &vpc, TargetType: types.TargetTypeEnumIp,
	})
	b.must(err)
	return *out.TargetGroups[0].TargetGroupArn
}

// Forward is the action that divides requests between the target groups.
func (b *Balancer) Forward(blue, green int32) types.Action {
	return types.Action{Type: types.ActionTypeEnumForward, Order: aws.Int32(1), ForwardConfig: &types.ForwardActionConfig{
		TargetGroups: []types.TargetGroupTuple{{TargetGroupArn: &b.Green, Weight: &green}, {TargetGroupArn: &b.Blue, Weight: &blue}},
	}}
}

// Do sets the actions of the rule.
func (b *Balancer) Do(actions ...types.Action) {
	b.t.Helper()
	_, err := b.Client.ModifyRule(b.t.Context(), &elb.ModifyRuleInput{RuleArn: &b.Rule, Actions: actions})
	b.must(err)
}

func (b *Balancer) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}
