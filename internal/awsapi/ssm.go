package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// SSM is the part of the client of Systems Manager that the engines call: a call is one line here.
type SSM struct{ client unsafe.Pointer }

func (f *SSM) sdk() *ssm.Client { return (*ssm.Client)(f.client) }

// SSM returns the client for region.
func (c *Clients) SSM(ctx context.Context, region string) (*SSM, error) {
	return facade(ctx, c, c.ssm, region, func(config aws.Config) *SSM {
		return &SSM{unsafe.Pointer(ssm.NewFromConfig(config, func(o *ssm.Options) { override(&o.BaseEndpoint, c.endpoint("ssm")) }))}
	})
}

// DescribeParameters calls Systems Manager.
func (f *SSM) DescribeParameters(ctx context.Context, in *ssm.DescribeParametersInput, options ...func(*ssm.Options)) (*ssm.DescribeParametersOutput, error) {
	return f.sdk().DescribeParameters(ctx, in, options...)
}

// GetParameter calls Systems Manager.
func (f *SSM) GetParameter(ctx context.Context, in *ssm.GetParameterInput, options ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	return f.sdk().GetParameter(ctx, in, options...)
}

// PutParameter calls Systems Manager.
func (f *SSM) PutParameter(ctx context.Context, in *ssm.PutParameterInput, options ...func(*ssm.Options)) (*ssm.PutParameterOutput, error) {
	return f.sdk().PutParameter(ctx, in, options...)
}

// ListTagsForResource calls Systems Manager.
func (f *SSM) ListTagsForResource(ctx context.Context, in *ssm.ListTagsForResourceInput, options ...func(*ssm.Options)) (*ssm.ListTagsForResourceOutput, error) {
	return f.sdk().ListTagsForResource(ctx, in, options...)
}
