package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
)

// ELBV2 is the part of the client of Elastic Load Balancing (application, network and gateway) that the engines call: a call is one line here.
type ELBV2 struct{ client unsafe.Pointer }

func (f *ELBV2) sdk() *elasticloadbalancingv2.Client {
	return (*elasticloadbalancingv2.Client)(f.client)
}

// ELBV2 returns the client for region.
func (c *Clients) ELBV2(ctx context.Context, region string) (*ELBV2, error) {
	return facade(ctx, c, c.elbv2, region, func(config aws.Config) *ELBV2 {
		return &ELBV2{unsafe.Pointer(elasticloadbalancingv2.NewFromConfig(config, func(o *elasticloadbalancingv2.Options) { override(&o.BaseEndpoint, c.endpoint("elbv2")) }))}
	})
}

// DescribeTargetHealth calls Elastic Load Balancing.
func (f *ELBV2) DescribeTargetHealth(ctx context.Context, in *elasticloadbalancingv2.DescribeTargetHealthInput, options ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.DescribeTargetHealthOutput, error) {
	return f.sdk().DescribeTargetHealth(ctx, in, options...)
}

// DescribeListeners calls Elastic Load Balancing.
func (f *ELBV2) DescribeListeners(ctx context.Context, in *elasticloadbalancingv2.DescribeListenersInput, options ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.DescribeListenersOutput, error) {
	return f.sdk().DescribeListeners(ctx, in, options...)
}

// DescribeRules calls Elastic Load Balancing.
func (f *ELBV2) DescribeRules(ctx context.Context, in *elasticloadbalancingv2.DescribeRulesInput, options ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.DescribeRulesOutput, error) {
	return f.sdk().DescribeRules(ctx, in, options...)
}

// DescribeTargetGroups calls Elastic Load Balancing.
func (f *ELBV2) DescribeTargetGroups(ctx context.Context, in *elasticloadbalancingv2.DescribeTargetGroupsInput, options ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.DescribeTargetGroupsOutput, error) {
	return f.sdk().DescribeTargetGroups(ctx, in, options...)
}

// ModifyListener calls Elastic Load Balancing.
func (f *ELBV2) ModifyListener(ctx context.Context, in *elasticloadbalancingv2.ModifyListenerInput, options ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.ModifyListenerOutput, error) {
	return f.sdk().ModifyListener(ctx, in, options...)
}

// ModifyRule calls Elastic Load Balancing.
func (f *ELBV2) ModifyRule(ctx context.Context, in *elasticloadbalancingv2.ModifyRuleInput, options ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.ModifyRuleOutput, error) {
	return f.sdk().ModifyRule(ctx, in, options...)
}

// DescribeLoadBalancers calls Elastic Load Balancing.
func (f *ELBV2) DescribeLoadBalancers(ctx context.Context, in *elasticloadbalancingv2.DescribeLoadBalancersInput, options ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.DescribeLoadBalancersOutput, error) {
	return f.sdk().DescribeLoadBalancers(ctx, in, options...)
}

// DescribeLoadBalancerAttributes calls Elastic Load Balancing.
func (f *ELBV2) DescribeLoadBalancerAttributes(ctx context.Context, in *elasticloadbalancingv2.DescribeLoadBalancerAttributesInput, options ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.DescribeLoadBalancerAttributesOutput, error) {
	return f.sdk().DescribeLoadBalancerAttributes(ctx, in, options...)
}

// DescribeTargetGroupAttributes calls Elastic Load Balancing.
func (f *ELBV2) DescribeTargetGroupAttributes(ctx context.Context, in *elasticloadbalancingv2.DescribeTargetGroupAttributesInput, options ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.DescribeTargetGroupAttributesOutput, error) {
	return f.sdk().DescribeTargetGroupAttributes(ctx, in, options...)
}

// DescribeTags calls Elastic Load Balancing.
func (f *ELBV2) DescribeTags(ctx context.Context, in *elasticloadbalancingv2.DescribeTagsInput, options ...func(*elasticloadbalancingv2.Options)) (*elasticloadbalancingv2.DescribeTagsOutput, error) {
	return f.sdk().DescribeTags(ctx, in, options...)
}
