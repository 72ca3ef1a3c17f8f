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
