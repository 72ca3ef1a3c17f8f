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

// DescribeSubnets calls EC2.
func (f *EC2) DescribeSubnets(ctx context.Context, in *ec2.DescribeSubnetsInput, options ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	return f.sdk().DescribeSubnets(ctx, in, options...)
}

// DescribeInternetGateways calls EC2.
func (f *EC2) DescribeInternetGateways(ctx context.Context, in *ec2.DescribeInternetGatewaysInput, options ...func(*ec2.Options)) (*ec2.DescribeInternetGatewaysOutput, error) {
	return f.sdk().DescribeInternetGateways(ctx, in, options...)
}

// DescribeNatGateways calls EC2.
func (f *EC2) DescribeNatGateways(ctx context.Context, in *ec2.DescribeNatGatewaysInput, options ...func(*ec2.Options)) (*ec2.DescribeNatGatewaysOutput, error) {
	return f.sdk().DescribeNatGateways(ctx, in, options...)
}

// DescribeVpcEndpoints calls EC2.
func (f *EC2) DescribeVpcEndpoints(ctx context.Context, in *ec2.DescribeVpcEndpointsInput, options ...func(*ec2.Options)) (*ec2.DescribeVpcEndpointsOutput, error) {
	return f.sdk().DescribeVpcEndpoints(ctx, in, options...)
}

// DescribeRouteTables calls EC2.
func (f *EC2) DescribeRouteTables(ctx context.Context, in *ec2.DescribeRouteTablesInput, options ...func(*ec2.Options)) (*ec2.DescribeRouteTablesOutput, error) {
	return f.sdk().DescribeRouteTables(ctx, in, options...)
}

// DescribeNetworkAcls calls EC2.
func (f *EC2) DescribeNetworkAcls(ctx context.Context, in *ec2.DescribeNetworkAclsInput, options ...func(*ec2.Options)) (*ec2.DescribeNetworkAclsOutput, error) {
	return f.sdk().DescribeNetworkAcls(ctx, in, options...)
}

// DescribeInstances calls EC2.
func (f *EC2) DescribeInstances(ctx context.Context, in *ec2.DescribeInstancesInput, options ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	return f.sdk().DescribeInstances(ctx, in, options...)
}

// DescribeVolumes calls EC2.
func (f *EC2) DescribeVolumes(ctx context.Context, in *ec2.DescribeVolumesInput, options ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error) {
	return f.sdk().DescribeVolumes(ctx, in, options...)
}

// DescribeInstanceAttribute calls EC2.
func (f *EC2) DescribeInstanceAttribute(ctx context.Context, in *ec2.DescribeInstanceAttributeInput, options ...func(*ec2.Options)) (*ec2.DescribeInstanceAttributeOutput, error) {
	return f.sdk().DescribeInstanceAttribute(ctx, in, options...)
}

// DescribeLaunchTemplates calls EC2.
func (f *EC2) DescribeLaunchTemplates(ctx context.Context, in *ec2.DescribeLaunchTemplatesInput, options ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error) {
	return f.sdk().DescribeLaunchTemplates(ctx, in, options...)
}
