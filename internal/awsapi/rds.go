package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// RDS is the part of the RDS client that the engines call: a call is one line here.
type RDS struct{ client unsafe.Pointer }

func (f *RDS) sdk() *rds.Client { return (*rds.Client)(f.client) }

// RDS returns the client for region.
func (c *Clients) RDS(ctx context.Context, region string) (*RDS, error) {
	return facade(ctx, c, c.rds, region, func(config aws.Config) *RDS {
		return &RDS{unsafe.Pointer(rds.NewFromConfig(config, func(o *rds.Options) { override(&o.BaseEndpoint, c.endpoint("rds")) }))}
	})
}

// DescribeDBInstances calls RDS.
func (f *RDS) DescribeDBInstances(ctx context.Context, in *rds.DescribeDBInstancesInput, options ...func(*rds.Options)) (*rds.DescribeDBInstancesOutput, error) {
	return f.sdk().DescribeDBInstances(ctx, in, options...)
}

// DescribeDBClusters calls RDS.
func (f *RDS) DescribeDBClusters(ctx context.Context, in *rds.DescribeDBClustersInput, options ...func(*rds.Options)) (*rds.DescribeDBClustersOutput, error) {
	return f.sdk().DescribeDBClusters(ctx, in, options...)
}

// DescribeDBSubnetGroups calls RDS.
func (f *RDS) DescribeDBSubnetGroups(ctx context.Context, in *rds.DescribeDBSubnetGroupsInput, options ...func(*rds.Options)) (*rds.DescribeDBSubnetGroupsOutput, error) {
	return f.sdk().DescribeDBSubnetGroups(ctx, in, options...)
}

// DescribeDBParameters calls RDS.
func (f *RDS) DescribeDBParameters(ctx context.Context, in *rds.DescribeDBParametersInput, options ...func(*rds.Options)) (*rds.DescribeDBParametersOutput, error) {
	return f.sdk().DescribeDBParameters(ctx, in, options...)
}

// DescribeDBClusterParameters calls RDS.
func (f *RDS) DescribeDBClusterParameters(ctx context.Context, in *rds.DescribeDBClusterParametersInput, options ...func(*rds.Options)) (*rds.DescribeDBClusterParametersOutput, error) {
	return f.sdk().DescribeDBClusterParameters(ctx, in, options...)
}

// ListTagsForResource calls RDS.
func (f *RDS) ListTagsForResource(ctx context.Context, in *rds.ListTagsForResourceInput, options ...func(*rds.Options)) (*rds.ListTagsForResourceOutput, error) {
	return f.sdk().ListTagsForResource(ctx, in, options...)
}

// DescribeDBParameterGroups calls RDS.
func (f *RDS) DescribeDBParameterGroups(ctx context.Context, in *rds.DescribeDBParameterGroupsInput, options ...func(*rds.Options)) (*rds.DescribeDBParameterGroupsOutput, error) {
	return f.sdk().DescribeDBParameterGroups(ctx, in, options...)
}

// DescribeDBClusterParameterGroups calls RDS.
func (f *RDS) DescribeDBClusterParameterGroups(ctx context.Context, in *rds.DescribeDBClusterParameterGroupsInput, options ...func(*rds.Options)) (*rds.DescribeDBClusterParameterGroupsOutput, error) {
	return f.sdk().DescribeDBClusterParameterGroups(ctx, in, options...)
}
