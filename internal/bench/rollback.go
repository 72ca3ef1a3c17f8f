package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

const (
	capturedObjects = 10_000
	changedObjects  = 2_000
	copyWorkers     = 16 // as many as the service uses
	// s3Latency is put before every answer of S3: the emulator answers one request at a time and at once, S3 any number at a
	// time and after 100 to 200 ms. https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
	s3Latency = 100 * time.Millisecond
	// sequentialCopies and commandCopies are how many copies of a sequential loop are measured; the rest is worked out.
	sequentialCopies, commandCopies = 60, 3
)

// rollbackRows measure the capture and the restore of many objects.
func rollbackRows(ctx context.Context, _ *bench) ([]row, error) {
	e, err := emulator.Start(ctx, emulator.Options{})
	if err != nil {
		return nil, err
	}
	defer e.Close() //nolint:errcheck // the process ends
	client := s3.NewFromConfig(e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	captured, err := captureRow(ctx, e, client)
	if err != nil {
		return nil, err
	}
	restored, err := restoreRows(ctx, e, client)
	if err != nil {
		return nil, err
	}
	return append([]row{captured}, restored...), nil
}

func captureRow(ctx context.Context, e *emulator.Emulator, client *s3.Client) (row, error) {
	s, err := filled(ctx, e, client, "bench-capture", capturedObjects)
	if err != nil {
		return row{}, err
	}
	e.ResetCalls()
	began := time.Now()
	if _, err := s.Capture(ctx); err != nil {
		return row{}, err
	}
	took, lists := time.Since(began), 0
	for _, call := range e.Calls() {
		if call.Operation == "ListObjectVersions" {
			lists++
		}
	}
	pages := capturedObjects / 1000
	return row{
		What: fmt.Sprintf("s3 capture of %d objects: List calls", capturedObjects), Ours: fmt.Sprintf("%d in %s", lists, ms(took)), Limit: fmt.Sprint(pages + 5),
		Beside: fmt.Sprintf("pages of 1,000: %d", pages), Ratio: ratio(lists, pages), Exceeded: lists > pages+5,
	}, nil
}

// filled returns the service of a bucket with objects in it.
func filled(ctx context.Context, e *emulator.Emulator, client *s3.Client, name string, objects int) (*service.S3Bucket, error) {
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
		return nil, err
	}
	_, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		return nil, err
	}
	if err := e.FillBucket(ctx, name, "", "good", objects); err != nil {
		return nil, err
	}
	return service.NewS3Bucket(client, name, "", nil, service.S3Options{})
}

func restoreRows(ctx context.Context, e *emulator.Emulator, client *s3.Client) ([]row, error) {
	const name = "bench-restore"
	s, err := filled(ctx, e, client, name, changedObjects)
	if err != nil {
		return nil, err
	}
	item, err := s.Capture(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := filled(ctx, e, client, "bench-raw", changedObjects); err != nil {
		return nil, err
	}
	if err := e.FillBucket(ctx, name, "", "bad", changedObjects); err != nil {
		return nil, err
	}
	remove := e.Inject(emulator.Fault{Service: "s3", Latency: s3Latency})
	defer remove()
	began := time.Now()
	changes, err := s.Diff(ctx, item)
	if err == nil {
		err = s.Restore(ctx, changes)
	}
	if err == nil {
		err = s.Verify(ctx, item)
	}
	if err != nil {
		return nil, err
	}
	ours := time.Since(began)
	if len(changes) != changedObjects {
		return nil, fmt.Errorf("%d changes instead of %d", len(changes), changedObjects)
	}
	raw, err := copies(ctx, client, "bench-raw", changedObjects, copyWorkers)
	if err != nil {
		return nil, err
	}
	sequential, err := copies(ctx, client, "bench-raw", sequentialCopies, 1)
	if err != nil {
		return nil, err
	}
	sequential *= changedObjects / sequentialCopies
	byCommand, err := commandLine(ctx, e)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("s3 restore of %d changed objects (found, copied, read back; %s latency a request)", changedObjects, ms(s3Latency))
	rows := []row{
		besides(what, ours, sequential/4, sequential, fmt.Sprintf("the SDK's CopyObject one by one, worked out of %d", sequentialCopies)),
		besides(what, ours, raw*13/10, raw, fmt.Sprintf("bare CopyObject, %d at a time", copyWorkers)),
	}
	if byCommand > 0 {
		rows = append(rows, besides(what, ours, byCommand/4, byCommand, fmt.Sprintf("the AWS CLI one by one, worked out of %d", commandCopies)))
	}
	return rows, nil
}

func besides(what string, ours, limit, other time.Duration, name string) row {
	return row{What: what, Ours: ms(ours), Limit: ms(limit), Beside: name + ": " + ms(other), Ratio: ratio(ours, other), Exceeded: ours > limit}
}

// copies measures bare copies of objects onto themselves.
func copies(ctx context.Context, client *s3.Client, bucket string, count, workers int) (time.Duration, error) {
	began := time.Now()
	var group errgroup.Group
	group.SetLimit(workers)
	for i := range count {
		group.Go(func() error {
			key := fmt.Sprintf("%06d", i)
			_, err := client.CopyObject(ctx, &s3.CopyObjectInput{
				Bucket: &bucket, Key: &key, CopySource: aws.String(bucket + "/" + key), MetadataDirective: types.MetadataDirectiveReplace,
			})
			return err
		})
	}
	return time.Since(began), group.Wait()
}

// commandLine measures the same with the AWS CLI; zero when it is not on this machine.
func commandLine(ctx context.Context, e *emulator.Emulator) (time.Duration, error) {
	path, err := exec.LookPath("aws")
	if errors.Is(err, exec.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	began := time.Now()
	for i := range commandCopies {
		key := fmt.Sprintf("%06d", i)
		command := exec.CommandContext(ctx, path, "s3api", "copy-object", "--bucket", "bench-raw", "--key", key, "--copy-source", "bench-raw/"+key, "--metadata-directive", "REPLACE") //nolint:gosec // our own words
		command.Env = append(os.Environ(), e.Env()...)
		if out, err := command.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("aws s3api copy-object: %w: %s", err, out)
		}
	}
	return time.Since(began) / commandCopies * changedObjects, nil
}
