package service_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

// notebook keeps notes in memory, as the store does between runs.
type notebook struct{ notes [][]byte }

func (n *notebook) Read(context.Context) ([][]byte, error) { return n.notes, nil }

func (n *notebook) Add(_ context.Context, note []byte) error {
	n.notes = append(n.notes, note)
	return nil
}

const batchRole = "arn:aws:iam::" + emulator.AccountID + ":role/batch"

func newBatch(t *testing.T, reports string) *service.S3Batch {
	t.Helper()
	control, err := awsapi.New(awsapi.Config{}, "test").S3Control(t.Context(), emulator.Region)
	must(t, err)
	return &service.S3Batch{
		Control: control, RoleARN: batchRole, Bucket: reports, Prefix: "batch/", Threshold: 20, Rows: 15, Clock: clock.NewFake(time.Now()),
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

func newWith(t *testing.T, b bucket, options service.S3Options) *service.S3Bucket {
	t.Helper()
	s, err := service.NewS3Bucket(b.client, b.name, "", nil, options)
	must(t, err)
	return s
}

// crowd is a bucket with many changed objects, in each way that objects change.
func crowd(t *testing.T, b bucket, keep int) {
	t.Helper()
	for i := range keep {
		key := fmt.Sprintf("k%03d, +ä/%d", i, i)
		switch i % 10 {
		case 3:
			b.remove(key)
		case 4:
			b.put(key, "two", "text/plain")
			b.remove(key)
		default:
			b.put(key, "two", "text/plain")
		}
	}
}

func TestVeryManyObjectsAreHandedOver(t *testing.T) {
	reports := newBucket(t, acctest.Unique(t), false)
	b := newBucket(t, acctest.Unique(t), true)
	for i := range 40 {
		key := fmt.Sprintf("k%03d, +ä/%d", i, i)
		if i%10 == 7 {
			_, err := b.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: strings.NewReader("one"), StorageClass: "STANDARD_IA", Metadata: map[string]string{"by": "one"}})
			must(t, err)
			continue
		}
		b.put(key, "one", "text/html")
	}
	notes := &notebook{}
	options := service.S3Options{Batch: newBatch(t, reports.name), Notes: notes, Tuning: service.S3Tuning{Bulk: 10}}
	s := newWith(t, b, options)
	item, err := s.Capture(t.Context())
	must(t, err)
	crowd(t, b, 40)
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	if len(changes) != 1 || changes[0].Things() != 40 || !strings.Contains(changes[0].Detail, "S3 Batch Operations") || changes[0].Estimate < time.Minute {
		t.Fatalf("changes %+v", changes)
	}
	e := acctest.Emulator(t)
	e.ResetCalls()
	must(t, s.Restore(t.Context(), changes))
	if jobs, copies, removals := acctest.CountCalls(t, "s3", "CreateJob", ""), acctest.CountCalls(t, "s3", "CopyObject", b.name), acctest.CountCalls(t, "s3", "DeleteObjects", b.name); jobs < 3 || copies != 0 || removals != 1 {
		t.Errorf("%d jobs, %d copies from here, %d calls for delete markers", jobs, copies, removals)
	}
	e.ResetCalls()
	must(t, s.Verify(t.Context(), item))
	later := newWith(t, b, options) // another process
	must(t, later.Verify(t.Context(), item))
	// Those that were written and deleted within the second of the job cannot be told from it: two questions each, both times.
	if heads := acctest.CountCalls(t, "s3", "HeadObject", b.name); heads > 16 {
		t.Errorf("%d objects were asked about although the notes know them", heads)
	}
	for i := range 40 {
		key := fmt.Sprintf("k%03d, +ä/%d", i, i)
		if got := b.read(key); !strings.HasPrefix(got, "one") {
			t.Errorf("%s is %q", key, got)
		}
	}
	head, err := b.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &b.name, Key: aws.String("k007, +ä/7")})
	must(t, err)
	if head.StorageClass != "STANDARD_IA" || head.Metadata["by"] != "one" {
		t.Errorf("storage class %q, metadata %v", head.StorageClass, head.Metadata)
	}
}

func TestWhatAJobDoesNotCopyIsNamed(t *testing.T) {
	reports, b := newBucket(t, acctest.Unique(t), false), newBucket(t, acctest.Unique(t), true)
	for i := range 25 {
		b.put(fmt.Sprintf("k%02d", i), "one", "text/html")
	}
	s := newWith(t, b, service.S3Options{Batch: newBatch(t, reports.name)})
	item, err := s.Capture(t.Context())
	must(t, err)
	versions, err := b.client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &b.name})
	must(t, err)
	for i := range 25 {
		b.put(fmt.Sprintf("k%02d", i), "two", "text/html")
	}
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	_, err = b.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &b.name, Key: versions.Versions[3].Key, VersionId: versions.Versions[3].VersionId})
	must(t, err)
	err = s.Restore(t.Context(), changes)
	var refused *service.ObjectError
	if !errors.As(err, &refused) || refused.Key != "k03" || refused.Code == "" || !strings.Contains(err.Error(), "1 of 25 objects") {
		t.Errorf("got %v", err)
	}
	if got := b.read("k04"); !strings.HasPrefix(got, "one") {
		t.Errorf("the others are not back: %q", got)
	}
}

func TestWithoutAJobTheObjectsAreCopiedFromHere(t *testing.T) {
	reports, b := newBucket(t, acctest.Unique(t), false), newBucket(t, acctest.Unique(t), true)
	for i := range 25 {
		b.put(fmt.Sprintf("k%02d", i), "one", "text/html")
	}
	batch := newBatch(t, reports.name)
	s := newWith(t, b, service.S3Options{Batch: batch})
	item, err := s.Capture(t.Context())
	must(t, err)
	e := acctest.Emulator(t)
	for _, operation := range []string{"CreateJob", "PutObject"} {
		for i := range 25 {
			b.put(fmt.Sprintf("k%02d", i), "two "+operation, "text/html")
		}
		changes, err := s.Diff(t.Context(), item)
		must(t, err)
		remove := e.Inject(emulator.Fault{Service: "s3", Operation: operation, Status: 403, Code: "AccessDenied"})
		err = s.Restore(t.Context(), changes)
		remove()
		must(t, err)
		must(t, s.Verify(t.Context(), item))
	}
	small := service.S3Options{Batch: &service.S3Batch{Threshold: 20}}
	warned, err := newWith(t, b, small).Capture(t.Context())
	must(t, err)
	if len(warned.Warnings) != 1 || !strings.Contains(warned.Warnings[0], "batch_operations") {
		t.Errorf("warnings %q", warned.Warnings)
	}
}

func TestAJobThatNobodyWaitsForIsCancelled(t *testing.T) {
	reports, b := newBucket(t, acctest.Unique(t), false), newBucket(t, acctest.Unique(t), true)
	for i := range 25 {
		b.put(fmt.Sprintf("k%02d", i), "one", "text/html")
	}
	s := newWith(t, b, service.S3Options{Batch: newBatch(t, reports.name)})
	item, err := s.Capture(t.Context())
	must(t, err)
	for i := range 25 {
		b.put(fmt.Sprintf("k%02d", i), "two", "text/html")
	}
	changes, err := s.Diff(t.Context(), item)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	e := acctest.Emulator(t)
	remove := e.Inject(emulator.Fault{Service: "s3", Operation: "DescribeJob", Hook: func(emulator.Call) { cancel() }})
	defer remove()
	e.ResetCalls()
	if err := s.Restore(ctx, changes); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "it was cancelled") {
		t.Errorf("got %v", err)
	}
	if n := acctest.CountCalls(t, "s3", "UpdateJobStatus", ""); n != 2 {
		t.Errorf("%d jobs were cancelled, want 2", n)
	}
}
