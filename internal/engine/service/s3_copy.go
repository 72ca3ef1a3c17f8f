package service

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"golang.org/x/sync/errgroup"
)

const (
	// maxParts of one upload: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
	maxParts = 10_000
	// partsParallel is how many parts of one object are copied at a time.
	partsParallel = 4
	// abortTime is how long an ended context leaves to clear away the parts of an upload that is given up.
	abortTime = 20 * time.Second
)

// cold tells why a version cannot be copied as long as it lies in an archive; empty where it can.
func (b *S3Bucket) cold(ctx context.Context, old *listed) (string, error) {
	if !old.archived() && types.StorageClass(old.class) != types.StorageClassIntelligentTiering {
		return "", nil
	}
	head, err := b.head(ctx, old.Key, old.Version)
	if err != nil {
		return "", err
	}
	archive := string(head.ArchiveStatus) // of intelligent tiering
	if old.archived() {
		archive = string(old.class)
	}
	restored := aws.ToString(head.Restore)
	switch {
	case archive == "" || strings.Contains(restored, `ongoing-request="false"`):
		return "", nil
	case strings.Contains(restored, `ongoing-request="true"`):
		return fmt.Sprintf("archived in %s and being restored from it: roll back again once that is done", archive), nil
	}
	return fmt.Sprintf("archived in %s: restore version %s from the archive (aws s3api restore-object), which takes hours, then roll back again", archive, old.Version), nil
}

// copyBack makes a copy of an old version the current one. CopyObject keeps content type, cache control and the like, user
// metadata and tags; the storage class, the encryption, a website redirect and the object lock it keeps only when they are
// said again.
func (b *S3Bucket) copyBack(ctx context.Context, apply s3Apply, old *s3.HeadObjectOutput) error {
	if aws.ToInt64(old.ContentLength) > b.tuning.MaxCopy {
		return b.copyLarge(ctx, apply, old)
	}
	in := &s3.CopyObjectInput{
		Bucket: &b.bucket, Key: &apply.Key, CopySource: aws.String(copySource(b.bucket, apply.Key, apply.Version)),
		MetadataDirective: types.MetadataDirectiveCopy, TaggingDirective: types.TaggingDirectiveCopy,
		StorageClass: old.StorageClass, WebsiteRedirectLocation: old.WebsiteRedirectLocation,
	}
	in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = encryption(old)
	in.ObjectLockMode, in.ObjectLockRetainUntilDate, in.ObjectLockLegalHoldStatus = lock(old)
	var options []func(*s3.Options)
	if in.ObjectLockMode != "" {
		options = append(options, withEmptyMD5)
	}
	out, err := b.client.CopyObject(ctx, in, options...)
	if err != nil {
		return b.copyFailed(apply, old, err)
	}
	b.lineage.add(apply.Key, out.VersionId, apply.Version)
	return nil
}

func (b *S3Bucket) copyFailed(apply s3Apply, old *s3.HeadObjectOutput, err error) error {
	locked := ""
	if mode, _, hold := lock(old); mode != "" || hold != "" {
		locked = " with its object lock, which needs s3:PutObjectRetention and s3:PutObjectLegalHold"
	}
	return fmt.Errorf("copy version %s over s3://%s/%s%s: %w", apply.Version, b.bucket, apply.Key, locked, err)
}

// withEmptyMD5 sends the digest of a body that a copy has not: a request that sets a retention has to carry one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func withEmptyMD5(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="))
}

// encryption is that of an old version, where it is under a key of KMS. Else the bucket's default is what it has anyway.
func encryption(old *s3.HeadObjectOutput) (types.ServerSideEncryption, *string, *bool) {
	if old.ServerSideEncryption == types.ServerSideEncryptionAwsKms || old.ServerSideEncryption == types.ServerSideEncryptionAwsKmsDsse {
		return old.ServerSideEncryption, old.SSEKMSKeyId, old.BucketKeyEnabled
	}
	return old.ServerSideEncryption, nil, nil
}

// lock is the object lock of an old version as far as it still holds.
func lock(old *s3.HeadObjectOutput) (types.ObjectLockMode, *time.Time, types.ObjectLockLegalHoldStatus) {
	now, _ := middleware.GetServerTime(old.ResultMetadata)
	mode, until, hold := old.ObjectLockMode, old.ObjectLockRetainUntilDate, old.ObjectLockLegalHoldStatus
	if until == nil || !until.After(now) {
		mode, until = "", nil
	}
	if hold != types.ObjectLockLegalHoldStatusOn {
		hold = ""
	}
	return mode, until, hold
}

// copyLarge copies a version that is too large for CopyObject in parts. What was uploaded is cleared away when it fails.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/CopyingObjectsMPUapi.html
func (b *S3Bucket) copyLarge(ctx context.Context, apply s3Apply, old *s3.HeadObjectOutput) error {
	in, err := b.largeInput(ctx, apply, old)
	if err != nil {
		return err
	}
	upload, err := b.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return b.copyFailed(apply, old, err)
	}
	parts, err := b.copyParts(ctx, apply, old, upload.UploadId)
	var out *s3.CompleteMultipartUploadOutput
	if err == nil {
		out, err = b.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &b.bucket, Key: &apply.Key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		})
	}
	if err != nil {
		final, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
		defer cancel()
		_, aborted := b.client.AbortMultipartUpload(final, &s3.AbortMultipartUploadInput{Bucket: &b.bucket, Key: &apply.Key, UploadId: upload.UploadId})
		if aborted != nil {
			err = fmt.Errorf("%w (and the parts of upload %s, which are paid for until a lifecycle rule removes them, were not cleared away: %w)", err, aws.ToString(upload.UploadId), aborted)
		}
		return b.copyFailed(apply, old, err)
	}
	b.lineage.add(apply.Key, out.VersionId, apply.Version)
	return nil
}

// largeInput says everything of the old version again: an upload in parts inherits nothing.
func (b *S3Bucket) largeInput(ctx context.Context, apply s3Apply, old *s3.HeadObjectOutput) (*s3.CreateMultipartUploadInput, error) {
	in := &s3.CreateMultipartUploadInput{
		Bucket: &b.bucket, Key: &apply.Key, Metadata: old.Metadata, ContentType: old.ContentType, CacheControl: old.CacheControl,
		ContentDisposition: old.ContentDisposition, ContentEncoding: old.ContentEncoding, ContentLanguage: old.ContentLanguage,
		StorageClass: old.StorageClass, WebsiteRedirectLocation: old.WebsiteRedirectLocation,
	}
	if expires, err := http.ParseTime(aws.ToString(old.ExpiresString)); err == nil {
		in.Expires = &expires
	}
	in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = encryption(old)
	in.ObjectLockMode, in.ObjectLockRetainUntilDate, in.ObjectLockLegalHoldStatus = lock(old)
	if old.ChecksumCRC64NVME != nil { // of the whole object, so that copy and original can be compared
		in.ChecksumAlgorithm, in.ChecksumType = types.ChecksumAlgorithmCrc64nvme, types.ChecksumTypeFullObject
	}
	tags, err := b.client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &b.bucket, Key: &apply.Key, VersionId: &apply.Version})
	if err != nil {
		return nil, fmt.Errorf("read the tags of version %s of s3://%s/%s: %w", apply.Version, b.bucket, apply.Key, err)
	}
	encoded := url.Values{}
	for _, tag := range tags.TagSet {
		encoded.Set(aws.ToString(tag.Key), aws.ToString(tag.Value))
	}
	in.Tagging = pointer(encoded.Encode())
	return in, nil
}

func (b *S3Bucket) copyParts(ctx context.Context, apply s3Apply, old *s3.HeadObjectOutput, upload *string) ([]types.CompletedPart, error) {
	size := aws.ToInt64(old.ContentLength)
	step := max(b.tuning.PartSize, (size+maxParts-1)/maxParts)
	parts := make([]types.CompletedPart, (size+step-1)/step)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partsParallel)
	for i := range parts {
		group.Go(func() error {
			first, number := int64(i)*step, int32(i)+1 //nolint:gosec // at most maxParts
			out, err := b.client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
				Bucket: &b.bucket, Key: &apply.Key, UploadId: upload, PartNumber: &number, CopySource: aws.String(copySource(b.bucket, apply.Key, apply.Version)),
				CopySourceRange: aws.String(fmt.Sprintf("bytes=%d-%d", first, min(first+step, size)-1)),
			})
			if err != nil {
				return err
			}
			sum := out.CopyPartResult
			parts[i] = types.CompletedPart{PartNumber: &number, ETag: sum.ETag, ChecksumCRC64NVME: sum.ChecksumCRC64NVME}
			return nil
		})
	}
	return parts, group.Wait()
}

// copySource names a version for the x-amz-copy-source header, in which a plus sign would read as a space.
func copySource(bucket, key, version string) string {
	return bucket + "/" + escapeKey(key) + "?versionId=" + url.QueryEscape(version)
}

func escapeKey(key string) string {
	segments := strings.Split(key, "/")
	for i, segment := range segments {
		segments[i] = strings.ReplaceAll(url.PathEscape(segment), "+", "%2B")
	}
	return strings.Join(segments, "/")
}
