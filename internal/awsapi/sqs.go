package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// SQS is the part of the client of SQS that the engines call: a call is one line here.
type SQS struct{ client unsafe.Pointer }

func (f *SQS) sdk() *sqs.Client { return (*sqs.Client)(f.client) }

// SQS returns the client for region.
func (c *Clients) SQS(ctx context.Context, region string) (*SQS, error) {
	return facade(ctx, c, c.sqs, region, func(config aws.Config) *SQS {
		return &SQS{unsafe.Pointer(sqs.NewFromConfig(config, func(o *sqs.Options) { override(&o.BaseEndpoint, c.endpoint("sqs")) }))}
	})
}

// ListQueues calls SQS.
func (f *SQS) ListQueues(ctx context.Context, in *sqs.ListQueuesInput, options ...func(*sqs.Options)) (*sqs.ListQueuesOutput, error) {
	return f.sdk().ListQueues(ctx, in, options...)
}

// GetQueueAttributes calls SQS.
func (f *SQS) GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, options ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return f.sdk().GetQueueAttributes(ctx, in, options...)
}

// ListQueueTags calls SQS.
func (f *SQS) ListQueueTags(ctx context.Context, in *sqs.ListQueueTagsInput, options ...func(*sqs.Options)) (*sqs.ListQueueTagsOutput, error) {
	return f.sdk().ListQueueTags(ctx, in, options...)
}
