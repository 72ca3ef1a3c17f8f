package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// S3API is what the s3_bucket service asks of the S3 client.
type S3API interface {
	GetBucketVersioning(ctx context.Context, in *s3.GetBucketVersioningInput, opts ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error)
	GetBucketEncryption(ctx context.Context, in *s3.GetBucketEncryptionInput, opts ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error)
	GetBucketLifecycleConfiguration(ctx context.Context, in *s3.GetBucketLifecycleConfigurationInput, opts ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error)
	ListObjectVersions(ctx context.Context, in *s3.ListObjectVersionsInput, opts ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
	HeadObject(ctx context.Context, in *s3.HeadObjectInput, opts ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	GetObject(ctx context.Context, in *s3.GetObjectInput, opts ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(ctx context.Context, in *s3.PutObjectInput, opts ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	GetObjectTagging(ctx context.Context, in *s3.GetObjectTaggingInput, opts ...func(*s3.Options)) (*s3.GetObjectTaggingOutput, error)
	CopyObject(ctx context.Context, in *s3.CopyObjectInput, opts ...func(*s3.Options)) (*s3.CopyObjectOutput, error)
	CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadInput, opts ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error)
	UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput, opts ...func(*s3.Options)) (*s3.UploadPartCopyOutput, error)
	CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput, opts ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error)
	AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput, opts ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error)
	DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput, opts ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error)
}

// S3Bucket is the s3_bucket service: which version of each object under a prefix was current. Nothing is copied at the
// capture, so the bucket has to keep versions. A restore copies the old version over the current one, which becomes
// history itself, and takes delete markers away; objects that are newer than the capture stay, unless a clean-up is
// asked for. Access control lists of single objects are not captured, and tags are those that the old version has now.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/RestoringPreviousVersions.html
//
// Everything is streamed in the order of keys, so that memory does not grow with the bucket. A bucket of directory
// type, which lists in no order, keeps no versions either.
type S3Bucket struct {
	client  S3API
	bucket  string
	prefix  string
	exclude globs
	options s3State
	tuning  S3Tuning
	lineage lineage
	batch   *S3Batch
}

// s3State is the small part of a capture; the objects are in the parts.
type s3State struct {
	Bucket  string   `json:"bucket"`
	Prefix  string   `json:"prefix"`
	Exclude []string `json:"exclude"`
	Objects int      `json:"objects"`
}

// S3Tuning is what a test may want otherwise. Zero means AWS's limit, or a value that suits it.
type S3Tuning struct {
	// MaxCopy is the largest object that one CopyObject takes, 5 GiB; larger ones are copied in parts.
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
	MaxCopy int64
	// PartSize is the least size of such a part.
	PartSize int64
	// Bulk is how many changes a Diff returns one by one; where there are more, thousands go into one Change.
	Bulk int
}

func (t S3Tuning) orDefaults() S3Tuning {
	if t.MaxCopy == 0 {
		t.MaxCopy = 5 << 30
	}
	if t.PartSize == 0 {
		t.PartSize = 256 << 20
	}
	if t.Bulk == 0 {
		t.Bulk = 10_000
	}
	return t
}

// S3Options are what an S3Bucket can do without.
type S3Options struct {
	// Notes keep what a restore copied, for later runs.
	Notes Notes
	// Batch takes the restores of very many objects; nil: all are done from here.
	Batch *S3Batch
	// Tuning is for tests.
	Tuning S3Tuning
}

// NewS3Bucket returns the service of the objects of bucket whose key starts with prefix and matches none of the exclude
// patterns (** anything, * anything but a slash, ? one character).
func NewS3Bucket(client S3API, bucket, prefix string, exclude []string, options S3Options) (*S3Bucket, error) {
	compiled, err := compileGlobs(exclude)
	if err != nil {
		return nil, err
	}
	exclude = append([]string{}, exclude...)
	slices.Sort(exclude)
	return &S3Bucket{
		client: client, bucket: bucket, prefix: prefix, exclude: compiled, options: s3State{Bucket: bucket, Prefix: prefix, Exclude: exclude},
		tuning: options.Tuning.orDefaults(), lineage: lineage{notes: options.Notes}, batch: options.Batch,
	}, nil
}

// Name is s3_bucket.
func (b *S3Bucket) Name() string { return "s3_bucket" }

// Target is bucket/prefix.
func (b *S3Bucket) Target() string { return b.bucket + "/" + b.prefix }

// Capture lists the current versions.
func (b *S3Bucket) Capture(ctx context.Context) (Item, error) {
	var parts InMemory
	item, err := b.CaptureBulk(ctx, func(_ context.Context, part []byte) error {
		parts = append(parts, part)
		return nil
	})
	if len(parts) > 0 {
		item.Parts = parts
	}
	return item, err
}

// CaptureBulk lists the current versions.
func (b *S3Bucket) CaptureBulk(ctx context.Context, keep func(ctx context.Context, part []byte) error) (Item, error) {
	status, err := b.needVersioning(ctx)
	if err != nil {
		return Item{}, err
	}
	item := Item{Service: b.Name(), Target: b.Target()}
	warnings := few{limit: 20}
	parts := partWriter{keep: keep}
	walk := b.walk()
	for {
		history, ok, err := walk.next(ctx)
		if err != nil {
			return Item{}, err
		}
		if !ok {
			break
		}
		entry := history.currentAt(status.now)
		if entry == nil || entry.marker {
			continue
		}
		item.Objects++
		item.Bytes += entry.Size
		if entry.archived() {
			warnings.add(fmt.Sprintf("s3://%s/%s is archived (%s): once it is changed, it is put back only after it was restored from the archive", b.bucket, entry.Key, entry.class))
		}
		if err := parts.add(ctx, entry.objectVersion); err != nil {
			return Item{}, err
		}
	}
	if err := parts.flush(ctx); err != nil {
		return Item{}, err
	}
	item.Summary = fmt.Sprintf("%d object(s), %d bytes in s3://%s", item.Objects, item.Bytes, b.Target())
	if warning := b.batch.warning(b.Target(), item.Objects); warning != "" {
		warnings.add(warning)
	}
	lifecycle, lasts, err := b.lifecycle(ctx)
	if err != nil {
		return Item{}, err
	}
	item.Warnings, item.Lasts = append(warnings.lines("objects"), lifecycle...), lasts
	state := b.options
	state.Objects = item.Objects
	item.State, err = canonical(state)
	return item, err
}

// versioning is what a bucket says of itself.
type versioning struct {
	now       time.Time // S3's clock
	suspended bool
	mfaDelete bool // only the root user with a device removes a version, a delete marker too
}

func (b *S3Bucket) versioning(ctx context.Context) (versioning, error) {
	out, err := b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &b.bucket})
	if awsapi.IsNotFound(err) {
		return versioning{}, fmt.Errorf("bucket %s: %w: %w", b.bucket, ErrMissing, err)
	}
	if err != nil {
		return versioning{}, fmt.Errorf("read the versioning of bucket %s: %w", b.bucket, err)
	}
	now, _ := middleware.GetServerTime(out.ResultMetadata)
	return versioning{now: now, suspended: out.Status != types.BucketVersioningStatusEnabled, mfaDelete: out.MFADelete == types.MFADeleteStatusEnabled}, nil
}

// needVersioning returns why the bucket cannot be captured.
func (b *S3Bucket) needVersioning(ctx context.Context) (versioning, error) {
	status, err := b.versioning(ctx)
	if err == nil && status.suspended {
		err = fmt.Errorf("bucket %s does not keep versions, so that an overwritten object is lost: enable versioning on it: %w", b.bucket, ErrUnrestorable)
	}
	return status, err
}

// Check asks for the versioning of the bucket only.
func (b *S3Bucket) Check(ctx context.Context) error {
	_, err := b.needVersioning(ctx)
	return err
}

// captured returns what walks over the captured objects, after a look at the small part of the state.
func (b *S3Bucket) captured(item Item) (*partReader, error) {
	var state s3State
	if err := json.Unmarshal(item.State, &state); err != nil {
		return nil, b.unreadable(err)
	}
	return &partReader{parts: item.Parts, want: state.Objects}, nil
}

// unreadable says that a capture makes no sense. An error of the parts themselves (a store that is gone) stays what it is.
func (b *S3Bucket) unreadable(err error) error {
	return fmt.Errorf("the captured state of s3://%s cannot be read: %w: %w", b.Target(), ErrUnrestorable, err)
}

// Verify lists the bucket again.
func (b *S3Bucket) Verify(ctx context.Context, item Item) error {
	left := few{limit: 10}
	total := 0
	err := b.compare(ctx, item, func(d difference) error {
		total++
		left.add(d.detail)
		return nil
	})
	switch {
	case err != nil && !errors.Is(err, ErrUnrestorable):
		return err
	case total > 0:
		return errors.Join(&DiffersError{Target: b.Target(), Details: left.kept, Total: total}, err)
	}
	return err
}

// few keeps the first lines of many.
type few struct {
	limit int
	kept  []string
	more  int
}

func (f *few) add(line string) {
	if len(f.kept) < f.limit {
		f.kept = append(f.kept, line)
		return
	}
	f.more++
}

func (f *few) total() int { return len(f.kept) + f.more }

// lines returns them, sorted, and how many more there are of what.
func (f *few) lines(what string) []string {
	slices.Sort(f.kept)
	if f.more > 0 {
		return append(f.kept, fmt.Sprintf("and %d more %s", f.more, what))
	}
	return f.kept
}

func (f *few) String() string {
	if f.more > 0 {
		return fmt.Sprintf("%s, and %d more", strings.Join(f.kept, ", "), f.more)
	}
	return strings.Join(f.kept, ", ")
}

// kmsByDefault tells whether objects are encrypted under a KMS key unless they say otherwise: their ETag then says nothing
// of the content. Who may not ask is told yes, which is only slower.
func (b *S3Bucket) kmsByDefault(ctx context.Context) (bool, error) {
	out, err := b.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &b.bucket})
	switch {
	case awsapi.HasCode(err, "ServerSideEncryptionConfigurationNotFoundError"):
		return false, nil
	case awsapi.IsNotFound(err):
		return false, fmt.Errorf("bucket %s: %w: %w", b.bucket, ErrMissing, err)
	case awsapi.IsDenied(err):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("read the default encryption of bucket %s: %w", b.bucket, err)
	}
	for _, rule := range out.ServerSideEncryptionConfiguration.Rules {
		if by := rule.ApplyServerSideEncryptionByDefault; by != nil && by.SSEAlgorithm != types.ServerSideEncryptionAes256 {
			return true, nil
		}
	}
	return false, nil
}

var (
	_ Cleaner = (*S3Bucket)(nil)
	_ Bulky   = (*S3Bucket)(nil)
	_ Checker = (*S3Bucket)(nil)
)

// pointer returns a pointer to s, or nil where it is empty.
func pointer(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}
