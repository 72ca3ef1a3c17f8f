package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// EC2 is the part of the EC2 client that the engines call: a call is one line here.
type EC2 struct{ client unsafe.Pointer }

func (f *EC2) sdk() *ec2.Client { return (*ec2.Client)(f.client) }

// EC2 returns the client for region.
func (c *Clients) EC2(ctx context.Context, region string) (*EC2, error) {
	return facade(ctx, c, c.ec2, region, func(config aws.Config) *EC2 {
		return &EC2{unsafe.Pointer(ec2.NewFromConfig(config, func(o *ec2.Options) { override(&o.BaseEndpoint, c.endpoint("ec2")) }))}
	})
}

// DescribeVpcs calls EC2.
func (f *EC2) DescribeVpcs(ctx context.Context, in *ec2.DescribeVpcsInput, options ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error) {
	return f.sdk().DescribeVpcs(ctx, in, options...)
}

// DescribeVpcAttribute calls EC2.
func (f *EC2) DescribeVpcAttribute(ctx context.Context, in *ec2.DescribeVpcAttributeInput, options ...func(*ec2.Options)) (*ec2.DescribeVpcAttributeOutput, error) {
	return f.sdk().DescribeVpcAttribute(ctx, in, options...)
}

// DescribeSecurityGroups calls EC2.
func (f *EC2) DescribeSecurityGroups(ctx context.Context, in *ec2.DescribeSecurityGroupsInput, options ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error) {
	return f.sdk().DescribeSecurityGroups(ctx, in, options...)
}

// DescribeSecurityGroupRules calls EC2.
func (f *EC2) DescribeSecurityGroupRules(ctx context.Context, in *ec2.DescribeSecurityGroupRulesInput, options ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupRulesOutput, error) {
	return f.sdk().DescribeSecurityGroupRules(ctx, in, options...)
}
