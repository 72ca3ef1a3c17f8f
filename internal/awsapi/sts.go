package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// STS is the part of the STS client that the engines call: a call is one line here.
type STS struct{ client unsafe.Pointer }

func (f *STS) sdk() *sts.Client { return (*sts.Client)(f.client) }

// STS returns the client for region.
func (c *Clients) STS(ctx context.Context, region string) (*STS, error) {
	return facade(ctx, c, c.sts, region, func(config aws.Config) *STS {
		return &STS{unsafe.Pointer(sts.NewFromConfig(config, func(o *sts.Options) { override(&o.BaseEndpoint, c.endpoint("sts")) }))}
	})
}

// GetCallerIdentity calls STS.
func (f *STS) GetCallerIdentity(ctx context.Context, in *sts.GetCallerIdentityInput, options ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error) {
	return f.sdk().GetCallerIdentity(ctx, in, options...)
}
