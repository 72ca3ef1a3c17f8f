package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// DynamoDB is the part of the client of DynamoDB that the engines call: a call is one line here.
type DynamoDB struct{ client unsafe.Pointer }

func (f *DynamoDB) sdk() *dynamodb.Client { return (*dynamodb.Client)(f.client) }

// DynamoDB returns the client for region.
func (c *Clients) DynamoDB(ctx context.Context, region string) (*DynamoDB, error) {
	return facade(ctx, c, c.dynamodb, region, func(config aws.Config) *DynamoDB {
		return &DynamoDB{unsafe.Pointer(dynamodb.NewFromConfig(config, func(o *dynamodb.Options) { override(&o.BaseEndpoint, c.endpoint("dynamodb")) }))}
	})
}

// ListTables calls DynamoDB.
func (f *DynamoDB) ListTables(ctx context.Context, in *dynamodb.ListTablesInput, options ...func(*dynamodb.Options)) (*dynamodb.ListTablesOutput, error) {
	return f.sdk().ListTables(ctx, in, options...)
}

// DescribeTable calls DynamoDB.
func (f *DynamoDB) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, options ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return f.sdk().DescribeTable(ctx, in, options...)
}

// DescribeTimeToLive calls DynamoDB.
func (f *DynamoDB) DescribeTimeToLive(ctx context.Context, in *dynamodb.DescribeTimeToLiveInput, options ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error) {
	return f.sdk().DescribeTimeToLive(ctx, in, options...)
}

// DescribeContinuousBackups calls DynamoDB.
func (f *DynamoDB) DescribeContinuousBackups(ctx context.Context, in *dynamodb.DescribeContinuousBackupsInput, options ...func(*dynamodb.Options)) (*dynamodb.DescribeContinuousBackupsOutput, error) {
	return f.sdk().DescribeContinuousBackups(ctx, in, options...)
}

// ListTagsOfResource calls DynamoDB.
func (f *DynamoDB) ListTagsOfResource(ctx context.Context, in *dynamodb.ListTagsOfResourceInput, options ...func(*dynamodb.Options)) (*dynamodb.ListTagsOfResourceOutput, error) {
	return f.sdk().ListTagsOfResource(ctx, in, options...)
}
