package service

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// S3API is what the s3_bucket service asks of the S3 client.
type S3API interface {
	GetBucketVersioning(ctx context.Context, in *s3.GetBucketVersioningInput, opts ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error)
	ListObjectVersions(ctx context.Context, in *s3.ListObjectVersionsInput, opts ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
	HeadObject(ctx context.Context, in *s3.HeadObjectInput, opts ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	CopyObject(ctx context.Context, in *s3.CopyObjectInput, opts ...func(*s3.Options)) (*s3.CopyObjectOutput, error)
	DeleteObject(ctx context.Context, in *s3.DeleteObjectInput, opts ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
}

// S3Bucket is the s3_bucket service: which version of each object under a prefix was current. Nothing is copied at the
// capture, so the bucket has to keep versions. A restore copies the old version over the current one, which becomes
// history itself, and takes delete markers away; objects that are newer than the capture stay, unless a clean-up is
// asked for. Access control lists of single objects are not captured.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/RestoringPreviousVersions.html
type S3Bucket struct {
	client  S3API
	bucket  string
	prefix  string
	exclude globs
	options s3State
}

// maxCopy is the largest object that one CopyObject takes.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
const maxCopy = 5 << 30

// s3State is the small part of a capture; the objects are in the parts.
type s3State struct {
	Bucket  string   `json:"bucket"`
	Prefix  string   `json:"prefix"`
	Exclude []string `json:"exclude"`
	Objects int      `json:"objects"`
}

type s3Apply struct {
	Do      string `json:"do"` // "copy", "unmark" or "mark"
	Key     string `json:"key"`
	Version string `json:"version,omitempty"` // to copy, or of the marker
}

// NewS3Bucket returns the service of the objects of bucket whose key starts with prefix and matches none of the exclude
// patterns (** anything, * anything but a slash, ? one character).
func NewS3Bucket(client S3API, bucket, prefix string, exclude []string) (*S3Bucket, error) {
	compiled, err := compileGlobs(exclude)
	if err != nil {
		return nil, err
	}
	exclude = append([]string{}, exclude...)
	slices.Sort(exclude)
	return &S3Bucket{client: client, bucket: bucket, prefix: prefix, exclude: compiled, options: s3State{Bucket: bucket, Prefix: prefix, Exclude: exclude}}, nil
}

// Name is s3_bucket.
func (b *S3Bucket) Name() string { return "s3_bucket" }

// Target is bucket/prefix.
func (b *S3Bucket) Target() string { return b.bucket + "/" + b.prefix }

// Capture lists the current versions.
func (b *S3Bucket) Capture(ctx context.Context) (Item, error) {
	start, err := b.needVersioning(ctx)
	if err != nil {
		return Item{}, err
	}
	found, err := b.list(ctx, start, nil)
	if err != nil {
		return Item{}, err
	}
	item := Item{Service: b.Name(), Target: b.Target()}
	entries := make([]objectVersion, 0, len(found))
	for _, entry := range found {
		if entry.marker || entry.Key == "" {
			continue
		}
		entries = append(entries, entry.objectVersion)
		item.Bytes += entry.Size
		if warning := b.unrestorable(entry); warning != "" {
			item.Warnings = append(item.Warnings, warning)
		}
	}
	slices.Sort(item.Warnings)
	slices.SortFunc(entries, func(x, y objectVersion) int { return strings.Compare(x.Key, y.Key) })
	item.Objects = len(entries)
	item.Summary = fmt.Sprintf("%d object(s), %d bytes in s3://%s", item.Objects, item.Bytes, b.Target())
	state := b.options
	state.Objects = len(entries)
	if item.State, err = canonical(state); err != nil {
		return Item{}, err
	}
	item.Parts, err = encodeParts(entries)
	return item, err
}

func (b *S3Bucket) unrestorable(entry *listed) string {
	switch class := types.StorageClass(entry.class); {
	case entry.Size > maxCopy:
		return fmt.Sprintf("s3://%s/%s has %d bytes: an object over 5 GiB is not put back when it changes", b.bucket, entry.Key, entry.Size)
	case class == types.StorageClassGlacier, class == types.StorageClassDeepArchive:
		return fmt.Sprintf("s3://%s/%s is archived (%s): it is not put back when it changes, unless it is restored from the archive first", b.bucket, entry.Key, class)
	}
	return ""
}

// needVersioning returns the time at S3, or why the bucket cannot be captured.
func (b *S3Bucket) needVersioning(ctx context.Context) (time.Time, error) {
	out, err := b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &b.bucket})
	if awsapi.IsNotFound(err) {
		return time.Time{}, fmt.Errorf("bucket %s: %w: %w", b.bucket, ErrMissing, err)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read the versioning of bucket %s: %w", b.bucket, err)
	}
	if out.Status != types.BucketVersioningStatusEnabled {
		return time.Time{}, fmt.Errorf("bucket %s does not keep versions, so that an overwritten object is lost: enable versioning on it: %w", b.bucket, ErrUnrestorable)
	}
	start, _ := middleware.GetServerTime(out.ResultMetadata)
	return start, nil
}

// decode returns the captured objects.
func (b *S3Bucket) decode(item Item) ([]objectVersion, error) {
	var state s3State
	err := json.Unmarshal(item.State, &state)
	var entries []objectVersion
	if err == nil {
		entries, err = decodeParts(item.Parts)
	}
	if err == nil && len(entries) != state.Objects {
		err = fmt.Errorf("%d objects are listed, %d were captured", len(entries), state.Objects)
	}
	if err != nil {
		return nil, fmt.Errorf("the captured state of s3://%s cannot be read: %w: %w", b.Target(), ErrUnrestorable, err)
	}
	return entries, nil
}

// Diff returns one change per object that is gone or has another content or other metadata.
func (b *S3Bucket) Diff(ctx context.Context, item Item) ([]Change, error) {
	entries, err := b.decode(item)
	if err != nil {
		return nil, err
	}
	want := make(map[string]objectVersion, len(entries))
	for _, entry := range entries {
		want[entry.Key] = entry
	}
	live, err := b.list(ctx, time.Time{}, want)
	if err != nil {
		return nil, err
	}
	var changes []Change
	var suspects []suspect
	var lost []string
	for _, entry := range entries {
		now := live[entry.Key]
		switch {
		case now != nil && now.Version == entry.Version:
		case now == nil || !now.holds(entry.Version):
			lost = append(lost, fmt.Sprintf("%s (version %s does not exist any more)", entry.Key, entry.Version))
		case entry.Size > maxCopy:
			lost = append(lost, fmt.Sprintf("%s (over 5 GiB)", entry.Key))
		case now.marker:
			changes = append(changes, b.revive(entry, now))
		default:
			suspects = append(suspects, suspect{entry, now})
		}
	}
	changed, err := b.examine(ctx, suspects)
	if err != nil {
		return nil, err
	}
	changes = append(changes, changed...)
	slices.SortFunc(changes, func(x, y Change) int { return strings.Compare(x.Detail, y.Detail) })
	if len(lost) > 0 {
		err = fmt.Errorf("s3://%s: %d object(s) cannot be put back: %s: %w", b.bucket, len(lost), strings.Join(lost[:min(len(lost), 10)], ", "), ErrUnrestorable)
	}
	return changes, err
}

// revive brings a deleted object back. Taking the marker away is enough where the captured version lies right below it;
// copying is right in any case, and the only way when something newer lies between.
func (b *S3Bucket) revive(entry objectVersion, now *listed) Change {
	detail := fmt.Sprintf("s3://%s/%s: deleted -> version %s", b.bucket, entry.Key, entry.Version)
	if now.onlyMarkerAbove(entry.Version) {
		return b.step(Create, detail, s3Apply{Do: "unmark", Key: entry.Key, Version: now.Version})
	}
	return b.step(Create, detail, s3Apply{Do: "copy", Key: entry.Key, Version: entry.Version})
}

func (b *S3Bucket) step(action Action, detail string, apply s3Apply) Change {
	raw, err := canonical(apply)
	if err != nil {
		panic(err) // strings only: cannot fail
	}
	return Change{Service: b.Name(), Action: action, Detail: detail, Reversible: true, Estimate: 100 * time.Millisecond, Apply: raw}
}

// Cleanup returns a delete marker for each object that the capture does not know. Its versions stay.
func (b *S3Bucket) Cleanup(ctx context.Context, item Item) ([]Change, error) {
	entries, err := b.decode(item)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(entries))
	for _, entry := range entries {
		known[entry.Key] = true
	}
	live, err := b.list(ctx, time.Time{}, nil)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for key, now := range live {
		if !now.marker && !known[key] {
			changes = append(changes, b.step(Delete, fmt.Sprintf("s3://%s/%s: newer than the capture -> delete marker", b.bucket, key), s3Apply{Do: "mark", Key: key, Version: now.Version}))
		}
	}
	slices.SortFunc(changes, func(x, y Change) int { return strings.Compare(x.Detail, y.Detail) })
	return changes, nil
}

// Verify lists the bucket again.
func (b *S3Bucket) Verify(ctx context.Context, item Item) error { return verify(ctx, b, item) }

var _ Cleaner = (*S3Bucket)(nil)

// Check asks for the versioning of the bucket only.
func (b *S3Bucket) Check(ctx context.Context) error {
	_, err := b.needVersioning(ctx)
	return err
}
