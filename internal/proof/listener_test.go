package proof

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

var listenerLever = lever{name: "listener", reversible: true, blind: true, steps: []int{10, 50}, build: func(t *testing.T, w *world) target {
	t.Helper()
	ctx, config := t.Context(), w.outside()
	network := ec2.NewFromConfig(config)
	b := &balancer{client: elb.NewFromConfig(config)}
	vpc := must[*ec2.CreateVpcOutput](t)(network.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})).Vpc.VpcId
	var subnets []string
	for i, zone := range []string{"a", "b"} {
		subnet := must[*ec2.CreateSubnetOutput](t)(network.CreateSubnet(ctx, &ec2.CreateSubnetInput{
			VpcId: vpc, CidrBlock: aws.String(fmt.Sprintf("10.9.%d.0/24", i)), AvailabilityZone: aws.String(emulator.Region + zone),
		}))
		subnets = append(subnets, *subnet.Subnet.SubnetId)
	}
	made := must[*elb.CreateLoadBalancerOutput](t)(b.client.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: &w.name, Subnets: subnets, Type: types.LoadBalancerTypeEnumApplication}))
	for colour, into := range map[string]*string{"blue": &b.blue, "green": &b.green} {
		*into = *must[*elb.CreateTargetGroupOutput](t)(b.client.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
			Name: aws.String(w.name + "-" + colour), Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: vpc,
		})).TargetGroups[0].TargetGroupArn
	}
	b.arn = *must[*elb.CreateListenerOutput](t)(b.client.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: made.LoadBalancers[0].LoadBalancerArn, Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp, DefaultActions: b.forward(traffic.On(traffic.Blue, 100)),
	})).Listeners[0].ListenerArn
	return b
}}

// balancer is a listener that forwards to two target groups.
type balancer struct {
	client           *elb.Client
	arn, blue, green string
}

func (b *balancer) router(config aws.Config) traffic.Router {
	return traffic.NewListener(elb.NewFromConfig(config), traffic.ListenerTarget{ARN: b.arn, BlueARN: b.blue, GreenARN: b.green})
}

func (b *balancer) forward(weights traffic.Weights) []types.Action {
	return []types.Action{{Type: types.ActionTypeEnumForward, ForwardConfig: &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{
		{TargetGroupArn: &b.blue, Weight: aws.Int32(int32(weights.Blue))}, {TargetGroupArn: &b.green, Weight: aws.Int32(int32(weights.Green))},
	}}}}
}

func (b *balancer) give(ctx context.Context, weights traffic.Weights) error {
	_, err := b.client.ModifyListener(ctx, &elb.ModifyListenerInput{ListenerArn: &b.arn, DefaultActions: b.forward(weights)})
	return err
}

func (b *balancer) serves(ctx context.Context) (shares, error) {
	out, err := b.client.DescribeListeners(ctx, &elb.DescribeListenersInput{ListenerArns: []string{b.arn}})
	if err != nil {
		return shares{}, err
	}
	var found shares
	for _, action := range out.Listeners[0].DefaultActions {
		if action.ForwardConfig == nil {
			continue
		}
		for _, group := range action.ForwardConfig.TargetGroups {
			switch weight := float64(aws.ToInt32(group.Weight)); aws.ToString(group.TargetGroupArn) {
			case b.blue:
				found.blue += weight
			case b.green:
				found.green += weight
			default:
				found.other += weight
			}
		}
	}
	return found, nil
}
