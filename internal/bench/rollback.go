package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
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
	// rawCopies is how many bare copies side by side are measured before a restore, and again after it.
	rawCopies = 600
)

const rollbackConfig = `
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

variable "bucket" {}
variable "back" {}

resource "reliability_deployment_snapshot" "site" {
  name           = "bench"
  release        = var.bucket
  allow_redeploy = true
  targets        = { site = { s3_bucket = { bucket = var.bucket } } }
}

resource "reliability_rollback" "site" {
  snapshot_id       = reliability_deployment_snapshot.site.id
  when              = var.back
  on_complete       = "ok"
  max_recovery_time = "1h"
}

output "recovered" {
  value = reliability_rollback.site.recovery_seconds
}
`

// rollbackRows measure the capture and the restore of many objects, by the built provider.
func rollbackRows(ctx context.Context, b *bench) ([]row, error) {
	e, err := emulator.Start(ctx, emulator.Options{})
	if err != nil {
		return nil, err
	}
	defer e.Close() //nolint:errcheck // the process ends
	w, err := workspace.New(ctx, workspace.Options{Dir: filepath.Join(b.dir, "rollback"), Root: ".", Env: e.Env()})
	if err != nil {
		return nil, err
	}
	if err := w.Write("main.tf", rollbackConfig); err != nil {
		return nil, err
	}
	if err := w.Init(ctx); err != nil {
		return nil, err
	}
	client := s3.NewFromConfig(e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	captured, err := captureRow(ctx, e, client, w)
	if err != nil {
		return nil, err
	}
	restored, err := restoreRows(ctx, e, client, w)
	if err != nil {
		return nil, err
	}
	return append([]row{captured}, restored...), nil
}

// applied applies the configuration to a bucket and returns what Terraform said.
func applied(ctx context.Context, w *workspace.Workspace, bucket string, back bool) (string, error) {
	ended, err := w.Apply(ctx, "-var=bucket="+bucket, fmt.Sprintf("-var=back=%t", back))
	if err == nil && ended.Exit != 0 {
		err = fmt.Errorf("apply ended with %d:\n%s", ended.Exit, ended.Output)
	}
	return ended.Output, err
}

func captureRow(ctx context.Context, e *emulator.Emulator, client *s3.Client, w *workspace.Workspace) (row, error) {
	const name = "bench-capture"
	if err := filled(ctx, e, client, name, capturedObjects); err != nil {
		return row{}, err
	}
	e.ResetCalls()
	if _, err := applied(ctx, w, name, false); err != nil {
		return row{}, err
	}
	lists := 0
	for _, call := range e.Calls() {
		if call.Operation == "ListObjectVersions" {
			lists++
		}
	}
	pages := capturedObjects / 1000
	return row{
		What: fmt.Sprintf("s3 capture of %d objects: List calls of the apply", capturedObjects), Ours: fmt.Sprint(lists), Bound: fmt.Sprintf("pages of 1,000: %d (%s)", pages, ratio(lists, pages)), Limit: fmt.Sprint(pages + 5),
		Beside: fmt.Sprintf("pages of 1,000: %d", pages), Ratio: ratio(lists, pages), Exceeded: lists > pages+5,
	}, nil
}

// filled makes a bucket with objects in it.
func filled(ctx context.Context, e *emulator.Emulator, client *s3.Client, name string, objects int) error {
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
		return err
	}
	_, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		return err
	}
	return e.FillBucket(ctx, name, "", "good", objects)
}

// recovered is how many seconds a rollback took by its own account, without the plan before it.
var recovered = regexp.MustCompile(`(?m)^recovered = ([0-9.]+)`)

func restoreRows(ctx context.Context, e *emulator.Emulator, client *s3.Client, w *workspace.Workspace) ([]row, error) {
	const name = "bench-restore"
	if err := errors.Join(filled(ctx, e, client, name, changedObjects), filled(ctx, e, client, "bench-raw", changedObjects)); err != nil {
		return nil, err
	}
	if _, err := applied(ctx, w, name, false); err != nil {
		return nil, err
	}
	if err := e.FillBucket(ctx, name, "", "bad", changedObjects); err != nil {
		return nil, err
	}
	remove := e.Inject(emulator.Fault{Service: "s3", Latency: s3Latency})
	defer remove()
	before, err := rawSpan(ctx, e, client)
	if err != nil {
		return nil, err
	}
	e.ResetCalls()
	said, err := applied(ctx, w, name, true)
	if err != nil {
		return nil, err
	}
	ours, err := recovery(said)
	if err != nil {
		return nil, err
	}
	span, err := copySpan(e, changedObjects)
	if err != nil {
		return nil, err
	}
	raw, err := rawSpan(ctx, e, client)
	if err != nil {
		return nil, err
	}
	raw = (before + raw) / 2 // before and after, because a machine is not equally busy all the time
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
		besides(fmt.Sprintf("of it the copies, first to last, while the old versions are looked at ahead of them (%s latency a request)", ms(s3Latency)),
			span, raw*13/10, raw, fmt.Sprintf("bare CopyObject, %d at a time, worked out of %d twice", copyWorkers, rawCopies)),
	}
	rows = append(rows, row{What: what, Ours: ms(ours), Beside: "bare CopyObject alone, which finds nothing and reads nothing back: " + ms(raw), Ratio: ratio(ours, raw)})
	if byCommand > 0 {
		bySync, err := syncLine(ctx, e, client)
		if err != nil {
			return nil, err
		}
		rows = append(rows, besides(what, ours, bySync, bySync, fmt.Sprintf("aws s3 sync from a copy of the bucket that somebody kept, worked out of %d", rawCopies)))
		rows = append(rows, besides(what, ours, byCommand/4, byCommand, fmt.Sprintf("the AWS CLI one by one, worked out of %d", commandCopies)))
	}
	for i := range rows {
		rows[i].Bound = "bare CopyObject, as many at a time: " + ms(raw) + " (" + ratio(ours, raw) + ")"
	}
	rows[1].Bound = "bare CopyObject, as many at a time: " + ms(raw) + " (" + ratio(span, raw) + ")"
	return rows, nil
}

func besides(what string, ours, limit, other time.Duration, name string) row {
	return row{What: what, Ours: ms(ours), Limit: ms(limit), Beside: name + ": " + ms(other), Ratio: ratio(ours, other), Exceeded: ours > limit}
}

// rawSpan is how long bare copies of as many objects as a restore copies would take, from the first to the last.
func rawSpan(ctx context.Context, e *emulator.Emulator, client *s3.Client) (time.Duration, error) {
	e.ResetCalls()
	if _, err := copies(ctx, client, "bench-raw", rawCopies, copyWorkers); err != nil {
		return 0, err
	}
	span, err := copySpan(e, rawCopies)
	return span * (changedObjects - 1) / (rawCopies - 1), err
}

// copySpan is the time between the first and the last of the copies in the call log.
func copySpan(e *emulator.Emulator, want int) (time.Duration, error) {
	var first, last time.Time
	found := 0
	for _, call := range e.Calls() {
		if call.Operation != "CopyObject" {
			continue
		}
		if found++; found == 1 {
			first = call.At
		}
		last = call.At
	}
	if found != want {
		return 0, fmt.Errorf("%d copies instead of %d: this is no measurement", found, want)
	}
	return last.Sub(first), nil
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

// syncLine measures aws s3 sync from a bucket that holds what was there before, worked out of a part of the objects.
func syncLine(ctx context.Context, e *emulator.Emulator, client *s3.Client) (time.Duration, error) {
	const kept, spoilt = "bench-kept", "bench-spoilt"
	if err := errors.Join(filled(ctx, e, client, spoilt, 0), filled(ctx, e, client, kept, 0)); err != nil {
		return 0, err
	}
	if err := errors.Join(e.FillBucket(ctx, spoilt, "", "spoilt", rawCopies), e.FillBucket(ctx, kept, "", "good", rawCopies)); err != nil {
		return 0, err
	}
	e.ResetCalls()
	command := exec.CommandContext(ctx, "aws", "s3", "sync", "s3://"+kept, "s3://"+spoilt, "--only-show-errors")
	command.Env = append(os.Environ(), e.Env()...)
	if out, err := command.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("aws s3 sync: %w: %s", err, out)
	}
	span, err := copySpan(e, rawCopies)
	return span * (changedObjects - 1) / (rawCopies - 1), err
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
