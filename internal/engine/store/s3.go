package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// S3API is what the S3 store asks of the S3 client.
type S3API interface {
	GetObject(ctx context.Context, in *s3.GetObjectInput, opts ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	HeadObject(ctx context.Context, in *s3.HeadObjectInput, opts ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	PutObject(ctx context.Context, in *s3.PutObjectInput, opts ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObject(ctx context.Context, in *s3.DeleteObjectInput, opts ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
	ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, opts ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	GetBucketVersioning(ctx context.Context, in *s3.GetBucketVersioningInput, opts ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error)
}

// S3 is a store under a prefix of a bucket. Conditional writes are S3's own:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
type S3 struct {
	client   S3API
	bucket   string
	prefix   string
	kmsKeyID string
}

// maxObject is the largest object that Get takes: nothing that we write is anywhere near.
const maxObject = 256 << 20

// OpenS3 returns a store under prefix of bucket, encrypted under the KMS key kmsKeyID, or as the bucket does it by
// default when that is empty. It contacts nothing.
func OpenS3(client S3API, bucket, prefix, kmsKeyID string) Store {
	prefix = strings.Trim(prefix, "/")
	if prefix != "" {
		prefix += "/"
	}
	return &S3{client: client, bucket: bucket, prefix: prefix, kmsKeyID: kmsKeyID}
}

// URI returns an s3 URL.
func (s *S3) URI(key string) string { return "s3://" + s.bucket + "/" + s.prefix + key }

// Get reads the object under key.
func (s *S3) Get(ctx context.Context, key string) (Object, error) {
	if err := CheckKey(key); err != nil {
		return Object{}, err
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: aws.String(s.prefix + key)})
	if awsapi.HasCode(err, "NoSuchKey") || awsapi.IsNotFound(err) && !awsapi.HasCode(err, "NoSuchBucket") {
		return Object{}, fmt.Errorf("%s: %w", s.URI(key), ErrNotFound)
	}
	if err != nil {
		return Object{}, fmt.Errorf("read %s: %w", s.URI(key), err)
	}
	data, err := io.ReadAll(io.LimitReader(out.Body, maxObject+1))
	if err = errors.Join(err, out.Body.Close()); err != nil {
		return Object{}, fmt.Errorf("read %s: %w", s.URI(key), err)
	}
	if len(data) > maxObject {
		return Object{}, fmt.Errorf("read %s: it is larger than anything this provider writes", s.URI(key))
	}
	return Object{Key: key, Data: data, ETag: aws.ToString(out.ETag)}, nil
}

// Put writes data with If-None-Match or If-Match.
func (s *S3) Put(ctx context.Context, key string, data []byte, cond Condition) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", err
	}
	in := &s3.PutObjectInput{Bucket: &s.bucket, Key: aws.String(s.prefix + key), Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data)))}
	if cond.IfNoneMatch {
		in.IfNoneMatch = aws.String("*")
	}
	if cond.IfMatch != "" {
		in.IfMatch = &cond.IfMatch
	}
	if s.kmsKeyID != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &s.kmsKeyID
	}
	out, err := s.client.PutObject(ctx, in)
	if s.refused(err, cond) {
		return "", fmt.Errorf("%s: %w", s.URI(key), ErrPrecondition)
	}
	if err != nil {
		return "", fmt.Errorf("write %s: %w", s.URI(key), err)
	}
	return aws.ToString(out.ETag), nil
}

// refused tells that the condition did not hold. Of two conditional writers at the same moment S3 may answer 409 to one,
// and 404 where If-Match meets no object.
func (s *S3) refused(err error, cond Condition) bool {
	if err == nil || cond == (Condition{}) || awsapi.HasCode(err, "NoSuchBucket") {
		return false
	}
	failure, _ := awsapi.Explain(err)
	return awsapi.IsPrecondition(err) || failure.Status == http.StatusConflict || awsapi.IsNotFound(err)
}

// List pages through the bucket. What is not under prefix is ignored, whatever the server lists.
func (s *S3) List(ctx context.Context, prefix string) ([]string, error) {
	if err := checkPrefix(prefix); err != nil {
		return nil, err
	}
	var keys []string
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: aws.String(s.prefix + prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", s.URI(prefix), err)
		}
		for _, object := range page.Contents {
			// What a strange server lists from elsewhere is none of ours: under our prefix the same name would be another object.
			key, ours := strings.CutPrefix(aws.ToString(object.Key), s.prefix)
			if ours && strings.HasPrefix(key, prefix) && CheckKey(key) == nil {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return keys, nil
}

// Delete removes the object, with If-Match where asked.
func (s *S3) Delete(ctx context.Context, key string, cond Condition) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	in := &s3.DeleteObjectInput{Bucket: &s.bucket, Key: aws.String(s.prefix + key)}
	if cond.IfMatch != "" {
		in.IfMatch = &cond.IfMatch
	}
	_, err := s.client.DeleteObject(ctx, in)
	switch {
	case err == nil:
		return nil
	case awsapi.HasCode(err, "NoSuchBucket"):
	case s.refused(err, cond):
		_, head := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: in.Key})
		if awsapi.IsNotFound(head) {
			return nil
		}
		return fmt.Errorf("%s: %w", s.URI(key), ErrPrecondition)
	case awsapi.IsNotFound(err):
		return nil
	}
	return fmt.Errorf("delete %s: %w", s.URI(key), err)
}
