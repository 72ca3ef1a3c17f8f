package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
)

// CloudFront is the part of the client of CloudFront that the engines call: a call is one line here.
type CloudFront struct{ client unsafe.Pointer }

func (f *CloudFront) sdk() *cloudfront.Client { return (*cloudfront.Client)(f.client) }

// CloudFront returns the client for region.
func (c *Clients) CloudFront(ctx context.Context, region string) (*CloudFront, error) {
	return facade(ctx, c, c.cloudfront, region, func(config aws.Config) *CloudFront {
		return &CloudFront{unsafe.Pointer(cloudfront.NewFromConfig(config, func(o *cloudfront.Options) { override(&o.BaseEndpoint, c.endpoint("cloudfront")) }))}
	})
}

// GetDistribution calls CloudFront.
func (f *CloudFront) GetDistribution(ctx context.Context, in *cloudfront.GetDistributionInput, options ...func(*cloudfront.Options)) (*cloudfront.GetDistributionOutput, error) {
	return f.sdk().GetDistribution(ctx, in, options...)
}

// UpdateDistribution calls CloudFront.
func (f *CloudFront) UpdateDistribution(ctx context.Context, in *cloudfront.UpdateDistributionInput, options ...func(*cloudfront.Options)) (*cloudfront.UpdateDistributionOutput, error) {
	return f.sdk().UpdateDistribution(ctx, in, options...)
}
