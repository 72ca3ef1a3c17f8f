package probe

import (
	"context"
	"fmt"
	"mime"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// S3ObjectAPI is what an S3 object check calls.
type S3ObjectAPI interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
}

// S3Object asks for an object's metadata.
type S3Object struct {
	Client      func(context.Context) (S3ObjectAPI, error) // made at the first attempt
	Bucket, Key string
	ContentType string        // with parameters the whole must match, without only the type; empty takes any
	ETag        string        // with quotes or without; empty takes any
	MinBytes    int64         // zero takes any
	MaxAge      time.Duration // since the last change; zero takes any
}

// Name is "s3_object".
func (*S3Object) Name() string { return "s3_object" }

// Probe reads the metadata once. An object that is not there fails, and may still come.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func (s *S3Object) Probe(ctx context.Context) Observation {
	where := "s3://" + s.Bucket + "/" + s.Key
	started := time.Now()
	client, err := s.Client(ctx)
	if err != nil {
		return awsTrouble(ctx, "read "+where, err, 0)
	}
	output, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(s.Bucket), Key: aws.String(s.Key)}, func(o *s3.Options) { o.RetryMaxAttempts = awsAttempts })
	latency := time.Since(started)
	switch {
	case err != nil && ctx.Err() == nil && awsapi.IsNotFound(err):
		return Observation{Status: Fail, Latency: latency, Reason: where + " does not exist"}
	case err != nil:
		return refused(ctx, "read "+where, "s3:GetObject on the object, and s3:ListBucket on the bucket: without that one S3 answers the same for an object that does not exist", err, latency)
	}
	seen := Observation{Status: Pass, Latency: latency, Values: map[string]string{
		"bytes": strconv.FormatInt(aws.ToInt64(output.ContentLength), 10), "content_type": aws.ToString(output.ContentType), "etag": bareETag(aws.ToString(output.ETag)),
	}}
	if output.LastModified != nil {
		seen.Values["last_modified"] = output.LastModified.UTC().Format(time.RFC3339)
	}
	if why := s.mismatch(output); why != "" {
		seen = seen.fail("%s: %s", where, why)
	}
	return seen
}

func (s *S3Object) mismatch(output *s3.HeadObjectOutput) string {
	age := time.Since(aws.ToTime(output.LastModified))
	switch {
	case !sameType(s.ContentType, aws.ToString(output.ContentType)):
		return fmt.Sprintf("its content type is %q, not %q", aws.ToString(output.ContentType), s.ContentType)
	case s.ETag != "" && bareETag(s.ETag) != bareETag(aws.ToString(output.ETag)):
		return fmt.Sprintf("its ETag is %s, not %s", bareETag(aws.ToString(output.ETag)), bareETag(s.ETag))
	case aws.ToInt64(output.ContentLength) < s.MinBytes:
		return fmt.Sprintf("it has %d bytes, fewer than %d", aws.ToInt64(output.ContentLength), s.MinBytes)
	case s.MaxAge > 0 && age > s.MaxAge:
		return fmt.Sprintf("it was last changed %s ago, more than %s", age.Round(time.Second), s.MaxAge)
	}
	return ""
}

func bareETag(tag string) string { return strings.Trim(tag, `"`) }

// sameType compares media types in any case, and their parameters where want has some.
func sameType(want, got string) bool {
	if want == "" {
		return true
	}
	wantType, wantParameters, err := mime.ParseMediaType(want)
	gotType, gotParameters, gotErr := mime.ParseMediaType(got)
	if err != nil || gotErr != nil {
		return strings.EqualFold(want, got)
	}
	for name, value := range wantParameters {
		if !strings.EqualFold(value, gotParameters[name]) {
			return false
		}
	}
	return wantType == gotType
}
