package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// S3 is the part of the S3 client that the engines call: a call is one line here.
type S3 struct{ client unsafe.Pointer }

func (f *S3) sdk() *s3.Client { return (*s3.Client)(f.client) }

// S3 returns the client for region.
func (c *Clients) S3(ctx context.Context, region string) (*S3, error) {
	return facade(ctx, c, c.s3, region, func(config aws.Config) *S3 {
		return &S3{unsafe.Pointer(s3.NewFromConfig(config, func(o *s3.Options) {
			override(&o.BaseEndpoint, c.endpoint("s3"))
			o.UsePathStyle = c.config.S3UsePathStyle
		}))}
	})
}

// GetObject calls S3.
func (f *S3) GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return f.sdk().GetObject(ctx, in, options...)
}

// HeadObject calls S3.
func (f *S3) HeadObject(ctx context.Context, in *s3.HeadObjectInput, options ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	return f.sdk().HeadObject(ctx, in, options...)
}

// PutObject calls S3.
func (f *S3) PutObject(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	return f.sdk().PutObject(ctx, in, options...)
}

// DeleteObject calls S3.
func (f *S3) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput, options ...func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
	return f.sdk().DeleteObject(ctx, in, options...)
}

// ListObjectsV2 calls S3.
func (f *S3) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, options ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	return f.sdk().ListObjectsV2(ctx, in, options...)
}

// ListObjectVersions calls S3.
func (f *S3) ListObjectVersions(ctx context.Context, in *s3.ListObjectVersionsInput, options ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error) {
	return f.sdk().ListObjectVersions(ctx, in, options...)
}

// CopyObject calls S3.
func (f *S3) CopyObject(ctx context.Context, in *s3.CopyObjectInput, options ...func(*s3.Options)) (*s3.CopyObjectOutput, error) {
	return f.sdk().CopyObject(ctx, in, options...)
}

// GetBucketVersioning calls S3.
func (f *S3) GetBucketVersioning(ctx context.Context, in *s3.GetBucketVersioningInput, options ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error) {
	return f.sdk().GetBucketVersioning(ctx, in, options...)
}

// HeadBucket calls S3.
func (f *S3) HeadBucket(ctx context.Context, in *s3.HeadBucketInput, options ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	return f.sdk().HeadBucket(ctx, in, options...)
}

// CreateMultipartUpload calls S3.
func (f *S3) CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput, options ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
	return f.sdk().CreateMultipartUpload(ctx, in, options...)
}

// UploadPartCopy calls S3.
func (f *S3) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput, options ...func(*s3.Options)) (*s3.UploadPartCopyOutput, error) {
	return f.sdk().UploadPartCopy(ctx, in, options...)
}

// CompleteMultipartUpload calls S3.
func (f *S3) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput, options ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	return f.sdk().CompleteMultipartUpload(ctx, in, options...)
}

// AbortMultipartUpload calls S3.
func (f *S3) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput, options ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error) {
	return f.sdk().AbortMultipartUpload(ctx, in, options...)
}

// GetObjectTagging calls S3.
func (f *S3) GetObjectTagging(ctx context.Context, in *s3.GetObjectTaggingInput, options ...func(*s3.Options)) (*s3.GetObjectTaggingOutput, error) {
	return f.sdk().GetObjectTagging(ctx, in, options...)
}

// DeleteObjects calls S3.
func (f *S3) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput, options ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error) {
	return f.sdk().DeleteObjects(ctx, in, options...)
}

// GetBucketEncryption calls S3.
func (f *S3) GetBucketEncryption(ctx context.Context, in *s3.GetBucketEncryptionInput, options ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error) {
	return f.sdk().GetBucketEncryption(ctx, in, options...)
}

// GetBucketLifecycleConfiguration calls S3.
func (f *S3) GetBucketLifecycleConfiguration(ctx context.Context, in *s3.GetBucketLifecycleConfigurationInput, options ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error) {
	return f.sdk().GetBucketLifecycleConfiguration(ctx, in, options...)
}

// ListBuckets calls S3.
func (f *S3) ListBuckets(ctx context.Context, in *s3.ListBucketsInput, options ...func(*s3.Options)) (*s3.ListBucketsOutput, error) {
	return f.sdk().ListBuckets(ctx, in, options...)
}

// GetBucketTagging calls S3.
func (f *S3) GetBucketTagging(ctx context.Context, in *s3.GetBucketTaggingInput, options ...func(*s3.Options)) (*s3.GetBucketTaggingOutput, error) {
	return f.sdk().GetBucketTagging(ctx, in, options...)
}

// GetPublicAccessBlock calls S3.
func (f *S3) GetPublicAccessBlock(ctx context.Context, in *s3.GetPublicAccessBlockInput, options ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error) {
	return f.sdk().GetPublicAccessBlock(ctx, in, options...)
}

// GetBucketPolicy calls S3.
func (f *S3) GetBucketPolicy(ctx context.Context, in *s3.GetBucketPolicyInput, options ...func(*s3.Options)) (*s3.GetBucketPolicyOutput, error) {
	return f.sdk().GetBucketPolicy(ctx, in, options...)
}

// GetBucketWebsite calls S3.
func (f *S3) GetBucketWebsite(ctx context.Context, in *s3.GetBucketWebsiteInput, options ...func(*s3.Options)) (*s3.GetBucketWebsiteOutput, error) {
	return f.sdk().GetBucketWebsite(ctx, in, options...)
}
