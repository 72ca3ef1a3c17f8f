package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// SNS is the part of the SNS client that the engines call: a call is one line here.
type SNS struct{ client unsafe.Pointer }

func (f *SNS) sdk() *sns.Client { return (*sns.Client)(f.client) }

// SNS returns the client for region.
func (c *Clients) SNS(ctx context.Context, region string) (*SNS, error) {
	return facade(ctx, c, c.sns, region, func(config aws.Config) *SNS {
		return &SNS{unsafe.Pointer(sns.NewFromConfig(config, func(o *sns.Options) { override(&o.BaseEndpoint, c.endpoint("sns")) }))}
	})
}

// Publish calls SNS.
func (f *SNS) Publish(ctx context.Context, in *sns.PublishInput, options ...func(*sns.Options)) (*sns.PublishOutput, error) {
	return f.sdk().Publish(ctx, in, options...)
}
