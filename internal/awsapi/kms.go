package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// KMS is the part of the client of KMS that the engines call: a call is one line here.
type KMS struct{ client unsafe.Pointer }

func (f *KMS) sdk() *kms.Client { return (*kms.Client)(f.client) }

// KMS returns the client for region.
func (c *Clients) KMS(ctx context.Context, region string) (*KMS, error) {
	return facade(ctx, c, c.kms, region, func(config aws.Config) *KMS {
		return &KMS{unsafe.Pointer(kms.NewFromConfig(config, func(o *kms.Options) { override(&o.BaseEndpoint, c.endpoint("kms")) }))}
	})
}

// DescribeKey calls KMS.
func (f *KMS) DescribeKey(ctx context.Context, in *kms.DescribeKeyInput, options ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	return f.sdk().DescribeKey(ctx, in, options...)
}

// GetKeyPolicy calls KMS.
func (f *KMS) GetKeyPolicy(ctx context.Context, in *kms.GetKeyPolicyInput, options ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error) {
	return f.sdk().GetKeyPolicy(ctx, in, options...)
}

// GetKeyRotationStatus calls KMS.
func (f *KMS) GetKeyRotationStatus(ctx context.Context, in *kms.GetKeyRotationStatusInput, options ...func(*kms.Options)) (*kms.GetKeyRotationStatusOutput, error) {
	return f.sdk().GetKeyRotationStatus(ctx, in, options...)
}

// ListResourceTags calls KMS.
func (f *KMS) ListResourceTags(ctx context.Context, in *kms.ListResourceTagsInput, options ...func(*kms.Options)) (*kms.ListResourceTagsOutput, error) {
	return f.sdk().ListResourceTags(ctx, in, options...)
}
