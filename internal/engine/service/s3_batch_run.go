package service

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// batchRun is one restore in the hands of S3 Batch Operations: a job per storage class and some hundred thousand objects.
type batchRun struct {
	bucket *S3Bucket
	failed *failures
	queued map[string][]s3Apply // by storage class, what no job has yet
	jobs   []batchJob
	// refused are the copies that S3 named in a report, as lineage knows them without their copy.
	refused map[uint64]bool
	since   time.Time
	until   time.Time
	unclear bool // of some job it is not known what it copied
}

type batchJob struct {
	id     string
	copies int
}

func (r *batchRun) add(ctx context.Context, apply s3Apply) error {
	if r.queued == nil {
		r.queued, r.refused = map[string][]s3Apply{}, map[uint64]bool{}
	}
	r.queued[apply.Class] = append(r.queued[apply.Class], apply)
	rows := r.bucket.batch.Rows
	if rows == 0 {
		rows = batchRows
	}
	if len(r.queued[apply.Class]) >= rows {
		r.start(ctx, apply.Class)
	}
	return nil
}

// start makes a job of what is queued. Where none can be made, the objects are copied from here: a rollback does not wait
// for a role to be mended.
func (r *batchRun) start(ctx context.Context, class string) {
	copies := r.queued[class]
	delete(r.queued, class)
	id, err := r.handOver(ctx, class, copies)
	if err != nil {
		r.bucket.batch.log().WarnContext(ctx, "S3 Batch Operations did not take the job; the objects are copied from here", "objects", len(copies), "error", err)
		r.bucket.applyAll(ctx, copies, r.failed)
		return
	}
	r.jobs = append(r.jobs, batchJob{id, len(copies)})
}

func (r *batchRun) handOver(ctx context.Context, class string, copies []s3Apply) (string, error) {
	b, batch := r.bucket, r.bucket.batch
	token := rand.Text()
	key := batch.Prefix + "manifests/" + token + ".csv"
	out, err := b.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &batch.Bucket, Key: &key, Body: bytes.NewReader(manifestOf(b.bucket, copies)), ContentType: aws.String("text/csv")})
	if err != nil {
		return "", fmt.Errorf("write the manifest s3://%s/%s: %w", batch.Bucket, key, err)
	}
	return batch.create(ctx, b.bucket, key, strings.Trim(aws.ToString(out.ETag), `"`), class, token)
}

// manifestOf is a list of bucket, key and version, the keys URL-encoded.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-create-job.html#specify-batchjob-manifest
func manifestOf(bucket string, copies []s3Apply) []byte {
	var rows bytes.Buffer
	for _, apply := range copies {
		fmt.Fprintf(&rows, "%s,%s,%s\n", bucket, escapeRow(apply.Key), apply.Version)
	}
	return rows.Bytes()
}

// escapeRow leaves no comma, quote or line break in a key.
func escapeRow(key string) string {
	return strings.NewReplacer(",", "%2C", `"`, "%22").Replace(escapeKey(key))
}

// finish starts what is queued, waits for every job, and reads their reports.
func (r *batchRun) finish(ctx context.Context, changes []Change) error {
	for class := range r.queued {
		r.start(ctx, class)
	}
	for i, job := range r.jobs {
		ended, err := r.bucket.batch.wait(ctx, job.id)
		if err != nil {
			for _, other := range r.jobs[i+1:] {
				err = r.bucket.batch.cancel(ctx, other.id, err)
			}
			return err
		}
		if err := r.account(ctx, job, ended); err != nil {
			return err
		}
	}
	if len(r.jobs) == 0 || r.unclear {
		return nil
	}
	return r.adopt(ctx, changes)
}

// account counts what a job did not copy.
func (r *batchRun) account(ctx context.Context, job batchJob, ended *types.JobDescriptor) error {
	began, over := aws.ToTime(ended.CreationTime), aws.ToTime(ended.TerminationDate)
	if r.since.IsZero() || began.Before(r.since) {
		r.since = began
	}
	if over.After(r.until) {
		r.until = over
	}
	done := ended.ProgressSummary
	if ended.Status != types.JobStatusComplete || done == nil {
		r.unclear = true
		r.failed.add(&BatchError{Job: job.id, Status: string(ended.Status), Reasons: reasonsOf(ended), Copies: job.copies})
		return nil
	}
	if aws.ToInt64(done.NumberOfTasksFailed) == 0 {
		return nil
	}
	return r.readReport(ctx, job.id)
}

func reasonsOf(job *types.JobDescriptor) []string {
	var reasons []string
	for _, failure := range job.FailureReasons {
		reasons = append(reasons, aws.ToString(failure.FailureCode)+": "+aws.ToString(failure.FailureReason))
	}
	return reasons
}

// BatchError says that a job of S3 Batch Operations did not run to its end. A new Diff shows what is left.
type BatchError struct {
	Job, Status string
	Reasons     []string
	Copies      int // that it was to make
}

// Error names the job and S3's reasons.
func (e *BatchError) Error() string {
	return fmt.Sprintf("job %s of S3 Batch Operations, over %d objects, is %s: %s", e.Job, e.Copies, e.Status, strings.Join(e.Reasons, "; "))
}

// readReport names the objects that a job did not copy.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html
func (r *batchRun) readReport(ctx context.Context, id string) error {
	batch := r.bucket.batch
	key := strings.TrimSuffix(batch.Prefix, "/") + "/reports/job-" + id + "/manifest.json"
	data, err := r.read(ctx, key)
	if err != nil {
		return err
	}
	defer data.Close() //nolint:errcheck // read to its end
	var index struct {
		Results []struct{ TaskExecutionStatus, Bucket, Key string }
	}
	if err := json.NewDecoder(data).Decode(&index); err != nil {
		return fmt.Errorf("read the report s3://%s/%s: %w", batch.Bucket, key, err)
	}
	for _, result := range index.Results {
		if strings.EqualFold(result.TaskExecutionStatus, "failed") {
			if err := r.readRows(ctx, result.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *batchRun) read(ctx context.Context, key string) (io.ReadCloser, error) {
	out, err := r.bucket.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &r.bucket.batch.Bucket, Key: &key})
	if err != nil {
		return nil, fmt.Errorf("read the report s3://%s/%s: %w", r.bucket.batch.Bucket, key, err)
	}
	return out.Body, nil
}

// readRows takes rows of Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage.
func (r *batchRun) readRows(ctx context.Context, key string) error {
	data, err := r.read(ctx, key)
	if err != nil {
		return err
	}
	defer data.Close() //nolint:errcheck // read to its end
	rows := csv.NewReader(data)
	rows.FieldsPerRecord = -1
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && len(row) < 7 {
			err = fmt.Errorf("a row of %d fields", len(row))
		}
		if err != nil {
			return fmt.Errorf("read the report s3://%s/%s: %w", r.bucket.batch.Bucket, key, err)
		}
		name, err := url.PathUnescape(row[1])
		if err != nil {
			name = row[1]
		}
		r.refused[descent(name, "", row[2])] = true
		r.failed.add(&ObjectError{Bucket: row[0], Key: name, Code: row[4], Message: row[6]})
	}
}

// adopt finds the versions that the jobs made, which no report names: where a key that a job copied has exactly one new version
// since then, of the right size, that is the copy. Another one is compared like any other later.
func (r *batchRun) adopt(ctx context.Context, changes []Change) error {
	b := r.bucket
	live := b.walk()
	now, more, err := live.next(ctx)
	for _, change := range changes {
		err = errors.Join(err, unpack(change, func(apply s3Apply) error {
			if apply.Do != "copy" || r.refused[descent(apply.Key, "", apply.Version)] {
				return nil
			}
			for more && now.key < apply.Key {
				if now, more, err = live.next(ctx); err != nil {
					return err
				}
			}
			if more && now.key == apply.Key {
				if made := now.madeSince(r.since, apply); made != nil && !made.marker && made.Size == apply.Size && !made.at.After(r.until.Add(time.Second)) {
					b.lineage.add(apply.Key, &made.Version, apply.Version)
				}
			}
			return nil
		}))
		if err != nil {
			return err
		}
	}
	return nil
}

// madeSince returns the one entry that came after since, beside what was copied over and what was copied, which may be as
// young; nil when there is none or more than one.
func (h *history) madeSince(since time.Time, apply s3Apply) *listed {
	var only *listed
	for i := range h.all {
		entry := &h.all[i]
		if entry.at.Before(since.Truncate(time.Second)) || entry.Version == apply.Version || descent(h.key, entry.Version, "") == apply.Over {
			continue
		}
		if only != nil {
			return nil
		}
		only = entry
	}
	return only
}
