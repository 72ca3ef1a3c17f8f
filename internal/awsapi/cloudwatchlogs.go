package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// CloudWatchLogs is the part of the client of CloudWatch Logs that the engines call: a call is one line here.
type CloudWatchLogs struct{ client unsafe.Pointer }

func (f *CloudWatchLogs) sdk() *cloudwatchlogs.Client { return (*cloudwatchlogs.Client)(f.client) }

// CloudWatchLogs returns the client for region.
func (c *Clients) CloudWatchLogs(ctx context.Context, region string) (*CloudWatchLogs, error) {
	return facade(ctx, c, c.cloudwatchlogs, region, func(config aws.Config) *CloudWatchLogs {
		return &CloudWatchLogs{unsafe.Pointer(cloudwatchlogs.NewFromConfig(config, func(o *cloudwatchlogs.Options) { override(&o.BaseEndpoint, c.endpoint("logs")) }))}
	})
}

// DescribeLogGroups calls CloudWatch Logs.
func (f *CloudWatchLogs) DescribeLogGroups(ctx context.Context, in *cloudwatchlogs.DescribeLogGroupsInput, options ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	return f.sdk().DescribeLogGroups(ctx, in, options...)
}

// ListTagsForResource calls CloudWatch Logs.
func (f *CloudWatchLogs) ListTagsForResource(ctx context.Context, in *cloudwatchlogs.ListTagsForResourceInput, options ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.ListTagsForResourceOutput, error) {
	return f.sdk().ListTagsForResource(ctx, in, options...)
}
