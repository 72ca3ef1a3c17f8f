package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

// CloudWatch is the part of the CloudWatch client that the engines call: a call is one line here.
type CloudWatch struct{ client unsafe.Pointer }

func (f *CloudWatch) sdk() *cloudwatch.Client { return (*cloudwatch.Client)(f.client) }

// CloudWatch returns the client for region.
func (c *Clients) CloudWatch(ctx context.Context, region string) (*CloudWatch, error) {
	return facade(ctx, c, c.cloudwatch, region, func(config aws.Config) *CloudWatch {
		return &CloudWatch{unsafe.Pointer(cloudwatch.NewFromConfig(config, func(o *cloudwatch.Options) {
			override(&o.BaseEndpoint, c.endpoint("cloudwatch"))
			if o.BaseEndpoint != nil {
				// Stand-ins for CloudWatch speak JSON, not CBOR; CloudWatch itself speaks both.
				o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)
			}
		}))}
	})
}

// DescribeAlarms calls CloudWatch.
func (f *CloudWatch) DescribeAlarms(ctx context.Context, in *cloudwatch.DescribeAlarmsInput, options ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	return f.sdk().DescribeAlarms(ctx, in, options...)
}

// PutMetricData calls CloudWatch.
func (f *CloudWatch) PutMetricData(ctx context.Context, in *cloudwatch.PutMetricDataInput, options ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricDataOutput, error) {
	return f.sdk().PutMetricData(ctx, in, options...)
}

// GetMetricData calls CloudWatch.
func (f *CloudWatch) GetMetricData(ctx context.Context, in *cloudwatch.GetMetricDataInput, options ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	return f.sdk().GetMetricData(ctx, in, options...)
}

// ListTagsForResource calls CloudWatch.
func (f *CloudWatch) ListTagsForResource(ctx context.Context, in *cloudwatch.ListTagsForResourceInput, options ...func(*cloudwatch.Options)) (*cloudwatch.ListTagsForResourceOutput, error) {
	return f.sdk().ListTagsForResource(ctx, in, options...)
}
