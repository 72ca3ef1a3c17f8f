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

// ListTopics calls SNS.
func (f *SNS) ListTopics(ctx context.Context, in *sns.ListTopicsInput, options ...func(*sns.Options)) (*sns.ListTopicsOutput, error) {
	return f.sdk().ListTopics(ctx, in, options...)
}

// GetTopicAttributes calls SNS.
func (f *SNS) GetTopicAttributes(ctx context.Context, in *sns.GetTopicAttributesInput, options ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error) {
	return f.sdk().GetTopicAttributes(ctx, in, options...)
}

// ListTagsForResource calls SNS.
func (f *SNS) ListTagsForResource(ctx context.Context, in *sns.ListTagsForResourceInput, options ...func(*sns.Options)) (*sns.ListTagsForResourceOutput, error) {
	return f.sdk().ListTagsForResource(ctx, in, options...)
}

// GetSubscriptionAttributes calls SNS.
func (f *SNS) GetSubscriptionAttributes(ctx context.Context, in *sns.GetSubscriptionAttributesInput, options ...func(*sns.Options)) (*sns.GetSubscriptionAttributesOutput, error) {
	return f.sdk().GetSubscriptionAttributes(ctx, in, options...)
}

// ListSubscriptions calls SNS.
func (f *SNS) ListSubscriptions(ctx context.Context, in *sns.ListSubscriptionsInput, options ...func(*sns.Options)) (*sns.ListSubscriptionsOutput, error) {
	return f.sdk().ListSubscriptions(ctx, in, options...)
}
