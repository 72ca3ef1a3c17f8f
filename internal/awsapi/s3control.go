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

// CreateJob calls S3 Control.
func (f *S3Control) CreateJob(ctx context.Context, in *s3control.CreateJobInput, options ...func(*s3control.Options)) (*s3control.CreateJobOutput, error) {
	return f.sdk().CreateJob(ctx, in, options...)
}

// DescribeJob calls S3 Control.
func (f *S3Control) DescribeJob(ctx context.Context, in *s3control.DescribeJobInput, options ...func(*s3control.Options)) (*s3control.DescribeJobOutput, error) {
	return f.sdk().DescribeJob(ctx, in, options...)
}

// UpdateJobStatus calls S3 Control.
func (f *S3Control) UpdateJobStatus(ctx context.Context, in *s3control.UpdateJobStatusInput, options ...func(*s3control.Options)) (*s3control.UpdateJobStatusOutput, error) {
	return f.sdk().UpdateJobStatus(ctx, in, options...)
}
