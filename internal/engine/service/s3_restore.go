package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

// s3Parallel is how many requests go to one bucket at a time: far below the 3,500 writes a second that S3 takes for one
// prefix. https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
const s3Parallel = 16

// suspect is an object whose current version is not the captured one. Whether it differs is not known yet: a copy of a
// version is another version with the same content, and new metadata come with the same content too.
type suspect struct {
	want objectVersion
	now  *listed
}

// examine returns a change for each suspect that differs from its capture.
func (b *S3Bucket) examine(ctx context.Context, suspects []suspect) ([]Change, error) {
	var mu sync.Mutex
	var changes []Change
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s3Parallel)
	for _, s := range suspects {
		group.Go(func() error {
			same, err := b.same(ctx, s)
			if err != nil || same {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			changes = append(changes, b.step(Update,
				fmt.Sprintf("s3://%s/%s: version %s -> content of version %s", b.bucket, s.want.Key, s.now.Version, s.want.Version),
				s3Apply{Do: "copy", Key: s.want.Key, Version: s.want.Version}))
			return nil
		})
	}
	return changes, group.Wait()
}

// same compares content and metadata of two versions without reading the objects. The ETag of a copy is another one when
// the object came in parts or is encrypted under a KMS key; then the checksums decide, which S3 keeps for every object
// that was uploaded since December 2024. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
func (b *S3Bucket) same(ctx context.Context, s suspect) (bool, error) {
	if s.want.Size != s.now.Size {
		return false, nil
	}
	old, err := b.head(ctx, s.want.Key, s.want.Version)
	if err != nil {
		return false, err
	}
	now, err := b.head(ctx, s.want.Key, s.now.Version)
	if err != nil {
		return false, err
	}
	if s.want.ETag != s.now.ETag && !sameChecksum(old, now) {
		return false, nil
	}
	return sameMetadata(old, now), nil
}

func (b *S3Bucket) head(ctx context.Context, key, version string) (*s3.HeadObjectOutput, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.bucket, Key: &key, VersionId: &version, ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return nil, fmt.Errorf("read version %s of s3://%s/%s: %w", version, b.bucket, key, err)
	}
	return out, nil
}

func sameChecksum(a, b *s3.HeadObjectOutput) bool {
	if a.ChecksumType == types.ChecksumTypeComposite || b.ChecksumType == types.ChecksumTypeComposite {
		return false
	}
	for _, pair := range [][2]*string{
		{a.ChecksumCRC64NVME, b.ChecksumCRC64NVME},
		{a.ChecksumSHA256, b.ChecksumSHA256},
		{a.ChecksumSHA1, b.ChecksumSHA1},
		{a.ChecksumCRC32, b.ChecksumCRC32},
		{a.ChecksumCRC32C, b.ChecksumCRC32C},
	} {
		if pair[0] != nil && pair[1] != nil {
			return *pair[0] == *pair[1]
		}
	}
	return false
}

func sameMetadata(a, b *s3.HeadObjectOutput) bool {
	for _, pair := range [][2]*string{
		{a.ContentType, b.ContentType},
		{a.CacheControl, b.CacheControl},
		{a.ContentDisposition, b.ContentDisposition},
		{a.ContentEncoding, b.ContentEncoding},
		{a.ContentLanguage, b.ContentLanguage},
		{a.ExpiresString, b.ExpiresString},
		{a.WebsiteRedirectLocation, b.WebsiteRedirectLocation},
	} {
		if aws.ToString(pair[0]) != aws.ToString(pair[1]) {
			return false
		}
	}
	return maps.Equal(a.Metadata, b.Metadata)
}

// Restore does the changes side by side. One that fails does not keep the others from being done.
func (b *S3Bucket) Restore(ctx context.Context, changes []Change) error {
	errs := make([]error, len(changes))
	var group errgroup.Group
	group.SetLimit(s3Parallel)
	for i, change := range changes {
		group.Go(func() error {
			errs[i] = b.apply(ctx, change)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var failed []error
	for _, err := range errs {
		if err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d objects in s3://%s were not put back: %w", len(failed), len(changes), b.bucket, errors.Join(failed[:min(len(failed), 5)]...))
}

func (b *S3Bucket) apply(ctx context.Context, change Change) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	var apply s3Apply
	if err := json.Unmarshal(change.Apply, &apply); err != nil {
		return err
	}
	switch apply.Do {
	case "copy":
		return b.copyBack(ctx, apply.Key, apply.Version)
	case "unmark":
		if _, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.bucket, Key: &apply.Key, VersionId: &apply.Version}); err != nil {
			return fmt.Errorf("take the delete marker off s3://%s/%s: %w", b.bucket, apply.Key, err)
		}
		return nil
	case "mark":
		if _, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.bucket, Key: &apply.Key}); err != nil {
			return fmt.Errorf("put a delete marker on s3://%s/%s: %w", b.bucket, apply.Key, err)
		}
		return nil
	default:
		return fmt.Errorf("unknown instruction %q for s3://%s/%s", apply.Do, b.bucket, apply.Key)
	}
}

// copyBack makes a copy of version the current one. CopyObject keeps content type, cache control and the like, user
// metadata and tags; the storage class, the KMS key and a website redirect it keeps only when they are said again.
func (b *S3Bucket) copyBack(ctx context.Context, key, version string) error {
	old, err := b.head(ctx, key, version)
	if err != nil {
		return err
	}
	in := &s3.CopyObjectInput{
		Bucket: &b.bucket, Key: &key, CopySource: aws.String(copySource(b.bucket, key, version)),
		MetadataDirective: types.MetadataDirectiveCopy, TaggingDirective: types.TaggingDirectiveCopy,
		StorageClass: old.StorageClass, WebsiteRedirectLocation: old.WebsiteRedirectLocation,
	}
	if old.ServerSideEncryption == types.ServerSideEncryptionAwsKms || old.ServerSideEncryption == types.ServerSideEncryptionAwsKmsDsse {
		in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = old.ServerSideEncryption, old.SSEKMSKeyId, old.BucketKeyEnabled
	}
	if _, err := b.client.CopyObject(ctx, in); err != nil {
		return fmt.Errorf("copy version %s over s3://%s/%s: %w", version, b.bucket, key, err)
	}
	return nil
}

// copySource names a version for the x-amz-copy-source header, in which a plus sign would read as a space.
func copySource(bucket, key, version string) string {
	segments := strings.Split(key, "/")
	for i, segment := range segments {
		segments[i] = strings.ReplaceAll(url.PathEscape(segment), "+", "%2B")
	}
	return bucket + "/" + strings.Join(segments, "/") + "?versionId=" + url.QueryEscape(version)
}
