package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
)

// AutoScaling is the part of the client of EC2 Auto Scaling that the engines call: a call is one line here.
type AutoScaling struct{ client unsafe.Pointer }

func (f *AutoScaling) sdk() *autoscaling.Client { return (*autoscaling.Client)(f.client) }

// AutoScaling returns the client for region.
func (c *Clients) AutoScaling(ctx context.Context, region string) (*AutoScaling, error) {
	return facade(ctx, c, c.autoscaling, region, func(config aws.Config) *AutoScaling {
		return &AutoScaling{unsafe.Pointer(autoscaling.NewFromConfig(config, func(o *autoscaling.Options) { override(&o.BaseEndpoint, c.endpoint("autoscaling")) }))}
	})
}

// DescribeAutoScalingGroups calls Auto Scaling.
func (f *AutoScaling) DescribeAutoScalingGroups(ctx context.Context, in *autoscaling.DescribeAutoScalingGroupsInput, options ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	return f.sdk().DescribeAutoScalingGroups(ctx, in, options...)
}
