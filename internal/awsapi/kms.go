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
