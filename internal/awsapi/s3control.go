package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
)

// S3Control is the part of the client of S3 Control that the engines call: a call is one line here.
type S3Control struct{ client unsafe.Pointer }

func (f *S3Control) sdk() *s3control.Client { return (*s3control.Client)(f.client) }

// S3Control returns the client for region.
func (c *Clients) S3Control(ctx context.Context, region string) (*S3Control, error) {
	return facade(ctx, c, c.s3control, region, func(config aws.Config) *S3Control {
		return &S3Control{unsafe.Pointer(s3control.NewFromConfig(config, func(o *s3control.Options) { override(&o.BaseEndpoint, c.endpoint("s3control")) }))}
	})
}
