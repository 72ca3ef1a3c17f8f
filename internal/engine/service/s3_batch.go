package service

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// S3ControlAPI is what S3Batch asks of the S3 Control client.
type S3ControlAPI interface {
	CreateJob(ctx context.Context, in *s3control.CreateJobInput, opts ...func(*s3control.Options)) (*s3control.CreateJobOutput, error)
	DescribeJob(ctx context.Context, in *s3control.DescribeJobInput, opts ...func(*s3control.Options)) (*s3control.DescribeJobOutput, error)
	UpdateJobStatus(ctx context.Context, in *s3control.UpdateJobStatusInput, opts ...func(*s3control.Options)) (*s3control.UpdateJobStatusOutput, error)
}

// S3Batch hands a restore of very many objects to S3 Batch Operations, which copies 10 million objects in less than an hour.
// What it does not do is done from here: delete markers, and objects over 5 GiB. Its copies keep metadata, tags and storage
// class; they take the bucket's default encryption, and its default object lock.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-copy-object.html
type S3Batch struct {
	Control S3ControlAPI // nil: every restore is done from here, with a warning at the capture of more objects than Threshold
	RoleARN string       // what S3 Batch Operations acts as; the job belongs to its account
	Bucket  string       // where manifests and reports are put
	Prefix  string       // of their keys, with the slash at its end
	// Threshold is how many changes are still done from here; zero means DefaultBatchThreshold.
	Threshold int
	// Rows is how many objects one job copies; zero means 100,000.
	Rows int

	Clock clock.Clock  // nil: the machine's
	Log   *slog.Logger // nil: none
}

// DefaultBatchThreshold is how many changes one machine does in about ten minutes.
const DefaultBatchThreshold = 100_000

const (
	batchRows = 100_000
	// batchStart is how long a job takes before it copies its first object, and batchPerSecond how many it copies then, for
	// estimates. https://aws.amazon.com/blogs/storage/point-in-time-restore-for-amazon-s3-buckets/
	batchStart     = 3 * time.Minute
	batchPerSecond = 3000
	// The progress is asked for every pollFirst, later less often, up to pollMost.
	pollFirst = time.Second
	pollMost  = 30 * time.Second
)

func (s *S3Batch) threshold() int {
	if s == nil || s.Threshold == 0 {
		return DefaultBatchThreshold
	}
	return s.Threshold
}

// takes tells whether a restore of so many objects is handed over.
func (s *S3Batch) takes(objects int) bool {
	return s != nil && s.Control != nil && objects > s.threshold()
}

func (s *S3Batch) estimate(objects int) time.Duration {
	return batchStart + time.Duration(objects/batchPerSecond)*time.Second
}

// warning is what a capture of so many objects says.
func (s *S3Batch) warning(target string, objects int) string {
	if objects <= s.threshold() || s.takes(objects) {
		return ""
	}
	return fmt.Sprintf("s3://%s has more than %d objects: if as many change, a rollback copies them from the machine that runs Terraform, about %d a second; batch_operations hands that to S3",
		target, s.threshold(), copiesPerSecond)
}

func (s *S3Batch) clock() clock.Clock {
	if s.Clock == nil {
		return clock.System{}
	}
	return s.Clock
}

func (s *S3Batch) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log
}

// partition and account are those of the role: arn:PARTITION:iam::ACCOUNT:role/NAME.
func (s *S3Batch) partition() string { return field(s.RoleARN, 1) }

func (s *S3Batch) account() *string { return aws.String(field(s.RoleARN, 4)) }

func field(arn string, i int) string {
	fields := strings.SplitN(arn, ":", 6)
	if i >= len(fields) {
		return ""
	}
	return fields[i]
}

func (s *S3Batch) bucketARN(bucket string) string { return "arn:" + s.partition() + ":s3:::" + bucket }

// create starts a job that copies what a manifest lists, in place.
func (s *S3Batch) create(ctx context.Context, target, manifest, etag, class, token string) (string, error) {
	out, err := s.Control.CreateJob(ctx, &s3control.CreateJobInput{
		AccountId: s.account(), RoleArn: &s.RoleARN, ClientRequestToken: &token, ConfirmationRequired: aws.Bool(false), Priority: aws.Int32(100),
		Description: aws.String("rollback by terraform-provider-reliability"),
		Operation: &types.JobOperation{S3PutObjectCopy: &types.S3CopyObjectOperation{
			TargetResource: aws.String(s.bucketARN(target)), MetadataDirective: types.S3MetadataDirectiveCopy, StorageClass: types.S3StorageClass(class),
		}},
		Manifest: &types.JobManifest{
			Spec: &types.JobManifestSpec{
				Format: types.JobManifestFormatS3BatchOperationsCsv20180820,
				Fields: []types.JobManifestFieldName{types.JobManifestFieldNameBucket, types.JobManifestFieldNameKey, types.JobManifestFieldNameVersionId},
			},
			Location: &types.JobManifestLocation{ObjectArn: aws.String(s.bucketARN(s.Bucket) + "/" + manifest), ETag: &etag},
		},
		Report: &types.JobReport{
			Enabled: true, Bucket: aws.String(s.bucketARN(s.Bucket)), Prefix: aws.String(strings.TrimSuffix(s.Prefix, "/") + "/reports"),
			Format: types.JobReportFormatReportCsv20180820, ReportScope: types.JobReportScopeFailedTasksOnly,
		},
	})
	if err != nil {
		return "", fmt.Errorf("hand the restore of s3://%s to S3 Batch Operations: %w", target, err)
	}
	return aws.ToString(out.JobId), nil
}

// wait returns the job once it has ended, however it ended. When ctx ends first the job is cancelled: what it has copied by
// then stays copied.
func (s *S3Batch) wait(ctx context.Context, id string) (*types.JobDescriptor, error) {
	pause := pollFirst
	for {
		out, err := s.Control.DescribeJob(ctx, &s3control.DescribeJobInput{AccountId: s.account(), JobId: &id})
		if err == nil {
			job := out.Job
			if job.Status == types.JobStatusComplete || job.Status == types.JobStatusFailed || job.Status == types.JobStatusCancelled {
				return job, nil
			}
			if done := job.ProgressSummary; done != nil {
				s.log().InfoContext(ctx, "S3 Batch Operations copies", "job", id, "status", string(job.Status),
					"total", aws.ToInt64(done.TotalNumberOfTasks), "succeeded", aws.ToInt64(done.NumberOfTasksSucceeded), "failed", aws.ToInt64(done.NumberOfTasksFailed))
			}
			err = s.clock().Sleep(ctx, pause)
			pause = min(2*pause, pollMost)
		}
		if err != nil {
			return nil, fmt.Errorf("wait for job %s of S3 Batch Operations: %w", id, s.cancel(ctx, id, err))
		}
	}
}

// cancel ends a job that nobody waits for any more, because of cause.
func (s *S3Batch) cancel(ctx context.Context, id string, cause error) error {
	final, stop := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer stop()
	_, err := s.Control.UpdateJobStatus(final, &s3control.UpdateJobStatusInput{
		AccountId: s.account(), JobId: &id, RequestedJobStatus: types.RequestedJobStatusCancelled, StatusUpdateReason: aws.String("the rollback that made it has ended"),
	})
	if err != nil {
		return fmt.Errorf("%w (it goes on copying, because it was not cancelled: %w)", cause, err)
	}
	return fmt.Errorf("%w (it was cancelled; what it had copied stays)", cause)
}
