package leastprivilege_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/inprocess"
	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

// objects are the rollbacks of objects that a test can only bring about below the provider: of more than 5 GB, which no emulator holds, and
// one that is cancelled while S3 copies. The engine is called by itself, by a caller whom the policy binds like any other.
func objects() []scenario {
	large := scenario{policy: "rollback/s3_bucket_large_objects", beside: []string{"snapshot/s3_bucket", "rollback/s3_bucket"}, prepare: largeObjects}
	large.spares = map[string]string{"s3:AbortMultipartUpload": "what a copy that failed has uploaded stays, which its error says"}
	cancelled := scenario{policy: "rollback/s3_batch_operations_cancelled", beside: []string{"snapshot/s3_bucket", "rollback/s3_bucket", "rollback/s3_batch_operations"}, prepare: cancelledJob}
	cancelled.ends = "context canceled"
	return []scenario{large, cancelled}
}

// clientsOf are the clients of the caller whose key stands in the lines of a provider block.
func clientsOf(access string) *awsapi.Clients {
	return awsapi.New(awsapi.Config{Config: awsbase.Config{AccessKey: strings.Split(access, `"`)[1], SecretKey: "least", MaxRetries: 1}, S3UsePathStyle: true}, "test")
}

// versioned is a bucket with a large object, and what overwrites it.
func versioned(t *testing.T, name string, first []byte) (overwrite func()) {
	t.Helper()
	client := s3.NewFromConfig(acctest.Emulator(t).AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	must[*s3.CreateBucketOutput](t)(client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}))
	must[*s3.PutBucketVersioningOutput](t)(client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
	}))
	put := func(body []byte) {
		must[*s3.PutObjectOutput](t)(client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &name, Key: aws.String("film"), Body: bytes.NewReader(body), Tagging: aws.String("a=1")}))
	}
	put(first)
	return func() { put([]byte(acctest.Unique(t))) }
}

// restores is a run: it captures once, and then overwrites what was captured and restores it.
func restores(t *testing.T, bucket *service.S3Bucket, overwrite func(), restore func(changes []service.Change) error) func() *inprocess.Outcome {
	t.Helper()
	var captured *service.Item
	return func() *inprocess.Outcome {
		said := func(err error) *inprocess.Outcome {
			if err == nil {
				return &inprocess.Outcome{}
			}
			return &inprocess.Outcome{Errors: []string{err.Error()}}
		}
		if captured == nil {
			item, err := bucket.Capture(t.Context())
			if err != nil {
				return said(err)
			}
			captured = &item
		}
		overwrite()
		changes, err := bucket.Diff(t.Context(), *captured)
		if err != nil {
			return said(err)
		}
		return said(restore(changes))
	}
}

func largeObjects(t *testing.T, name, access string) func() *inprocess.Outcome {
	const part = 5 << 20 // the least that S3 takes
	overwrite := versioned(t, name, bytes.Repeat([]byte("0123456789abcdef"), (part+1024)/16))
	client := must[*awsapi.S3](t)(clientsOf(access).S3(t.Context(), emulator.Region))
	bucket := must[*service.S3Bucket](t)(service.NewS3Bucket(client, name, "", nil, service.S3Options{Tuning: service.S3Tuning{MaxCopy: part, PartSize: part}}))
	warned := ""
	run := restores(t, bucket, overwrite, func(changes []service.Change) error {
		remove := acctest.Emulator(t).Inject(emulator.Fault{Service: "s3", Operation: "UploadPartCopy", Resource: name, Status: http.StatusBadRequest, Code: "InvalidRequest"})
		failed := bucket.Restore(t.Context(), changes)
		remove()
		if failed == nil {
			t.Error("a part was refused, and all is well")
			return nil
		}
		warned = failed.Error()
		return bucket.Restore(t.Context(), changes)
	})
	return func() *inprocess.Outcome {
		outcome := run()
		outcome.Warnings = append(outcome.Warnings, warned)
		return outcome
	}
}

func cancelledJob(t *testing.T, name, access string) func() *inprocess.Outcome {
	overwrite := versioned(t, name, []byte("one"))
	clients := clientsOf(access)
	client := must[*awsapi.S3](t)(clients.S3(t.Context(), emulator.Region))
	batch := &service.S3Batch{
		Control: must[*awsapi.S3Control](t)(clients.S3Control(t.Context(), emulator.Region)), RoleARN: "arn:aws:iam::" + emulator.AccountID + ":role/batch", Bucket: name,
		Prefix: "batch/", Threshold: -1, Clock: clock.NewFake(time.Now()),
	}
	bucket := must[*service.S3Bucket](t)(service.NewS3Bucket(client, name, "", []string{"batch/**"}, service.S3Options{Batch: batch}))
	return restores(t, bucket, overwrite, func(changes []service.Change) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		remove := acctest.Emulator(t).Inject(emulator.Fault{Service: "s3", Operation: "DescribeJob", Caller: strings.Split(access, `"`)[1], Hook: func(emulator.Call) { cancel() }})
		defer remove()
		return bucket.Restore(ctx, changes)
	})
}
