package emulator_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// once is a configuration whose clients try once, over connections of their own.
func once() aws.Config {
	config := shared.AWSConfig()
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return config
}

func inject(t *testing.T, fault emulator.Fault) {
	t.Helper()
	t.Cleanup(shared.Inject(fault))
}

// A throttled call of every protocol is what the SDK takes for throttling.
func TestThrottlingOfEveryProtocol(t *testing.T) {
	config := once()
	inject(t, emulator.Fault{Throttle: true})
	calls := map[string]struct {
		code string
		call func(context.Context) error
	}{
		"lambda": {"TooManyRequestsException", func(ctx context.Context) error {
			_, err := lambda.NewFromConfig(config).ListFunctions(ctx, &lambda.ListFunctionsInput{})
			return err
		}},
		"route53": {"Throttling", func(ctx context.Context) error {
			_, err := route53.NewFromConfig(config).ListHostedZones(ctx, &route53.ListHostedZonesInput{})
			return err
		}},
		"cloudfront": {"Throttling", func(ctx context.Context) error {
			_, err := cloudfront.NewFromConfig(config).ListDistributions(ctx, &cloudfront.ListDistributionsInput{})
			return err
		}},
		"s3": {"SlowDown", func(ctx context.Context) error {
			_, err := s3.NewFromConfig(config).ListBuckets(ctx, &s3.ListBucketsInput{})
			return err
		}},
		"ec2": {"RequestLimitExceeded", func(ctx context.Context) error {
			_, err := ec2.NewFromConfig(config).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
			return err
		}},
		"iam": {"Throttling", func(ctx context.Context) error {
			_, err := iam.NewFromConfig(config).ListRoles(ctx, &iam.ListRolesInput{})
			return err
		}},
		"rds": {"Throttling", func(ctx context.Context) error {
			_, err := rds.NewFromConfig(config).DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{})
			return err
		}},
		"sns": {"Throttling", func(ctx context.Context) error {
			_, err := sns.NewFromConfig(config).ListTopics(ctx, &sns.ListTopicsInput{})
			return err
		}},
		"eventbridge": {"ThrottlingException", func(ctx context.Context) error {
			_, err := eventbridge.NewFromConfig(config).ListEventBuses(ctx, &eventbridge.ListEventBusesInput{})
			return err
		}},
		"cloudwatch in CBOR": {"ThrottlingException", func(ctx context.Context) error {
			_, err := cloudwatch.NewFromConfig(config).ListMetrics(ctx, &cloudwatch.ListMetricsInput{})
			return err
		}},
		"cloudwatch in JSON": {"ThrottlingException", func(ctx context.Context) error {
			_, err := jsonCloudWatch(config).ListMetrics(ctx, &cloudwatch.ListMetricsInput{})
			return err
		}},
	}
	isThrottle := retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}
	for name, test := range calls {
		t.Run(name, func(t *testing.T) {
			err := test.call(t.Context())
			wantCode(t, err, test.code)
			if isThrottle.IsErrorThrottle(err) != aws.TrueTernary {
				t.Errorf("the SDK does not take %v for throttling", err)
			}
		})
	}
}

func jsonCloudWatch(config aws.Config) *cloudwatch.Client {
	return cloudwatch.NewFromConfig(config, func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
}

func identity(ctx context.Context, config aws.Config) error {
	_, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	return err
}

func TestFaultAfterAndTimes(t *testing.T) {
	inject(t, emulator.Fault{Service: "sts", Operation: "GetCallerIdentity", After: 2, Times: 2, Status: http.StatusInternalServerError})
	var failed []int
	for i := range 6 {
		if err := identity(t.Context(), once()); err != nil {
			wantCode(t, err, "InternalFailure")
			failed = append(failed, i)
		}
	}
	if len(failed) != 2 || failed[0] != 2 || failed[1] != 3 {
		t.Errorf("calls %v failed, want 2 and 3", failed)
	}
}

func TestFaultsInOrder(t *testing.T) {
	inject(t, emulator.Fault{Service: "sts", Times: 1, Code: "First"})
	inject(t, emulator.Fault{Service: "sts", Times: 1, Code: "Second", Status: http.StatusConflict})
	wantCode(t, identity(t.Context(), once()), "First")
	wantCode(t, identity(t.Context(), once()), "Second")
	if err := identity(t.Context(), once()); err != nil {
		t.Error(err)
	}
}

func TestFaultRateIsRepeatable(t *testing.T) {
	run := func() (failures int) {
		own, err := emulatorOfItsOwn(t)
		if err != nil {
			t.Fatal(err)
		}
		own.Inject(emulator.Fault{Rate: 0.3, Status: http.StatusServiceUnavailable})
		config := own.AWSConfig()
		config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		pattern := 0
		for i := range 60 {
			if identity(t.Context(), config) != nil {
				failures++
				pattern |= 1 << i
			}
		}
		if failures < 6 || failures > 36 {
			t.Errorf("%d of 60 calls failed, want about 18", failures)
		}
		return pattern
	}
	if first, second := run(), run(); first != second {
		t.Errorf("two runs failed at %b and %b", first, second)
	}
}

func TestFaultLatencyAndHook(t *testing.T) {
	var seen []emulator.Call
	inject(t, emulator.Fault{Service: "sts", Latency: 60 * time.Millisecond, Hook: func(call emulator.Call) { seen = append(seen, call) }})
	start := time.Now()
	if err := identity(t.Context(), once()); err != nil {
		t.Fatal(err)
	}
	if elapsed := time.Since(start); elapsed < 60*time.Millisecond {
		t.Errorf("answered after %v", elapsed)
	}
	if len(seen) != 1 || seen[0].Operation != "GetCallerIdentity" || seen[0].Region != emulator.Region {
		t.Errorf("the hook saw %+v", seen)
	}
}

func TestFaultDrop(t *testing.T) {
	client := s3.NewFromConfig(once())
	ctx := t.Context()
	for _, test := range []struct {
		bucket string
		fault  emulator.Fault
		made   bool
	}{
		{"drop-early", emulator.Fault{Drop: true}, false},
		{"drop-late", emulator.Fault{DropLate: true}, true},
	} {
		test.fault.Operation, test.fault.Resource, test.fault.Mutating = "CreateBucket", test.bucket, true
		inject(t, test.fault)
		_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(test.bucket)})
		if err == nil {
			t.Fatalf("%s: the call was answered", test.bucket)
		}
		_, err = client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(test.bucket)})
		if made := err == nil; made != test.made {
			t.Errorf("%s: made %v, want %v", test.bucket, made, test.made)
		}
		calls := shared.Calls()
		if call := calls[len(calls)-2]; call.Status != 0 || call.Operation != "CreateBucket" || call.Resource != test.bucket {
			t.Errorf("%s: logged %+v", test.bucket, call)
		}
	}
}

// What was done before the connection was dropped is done whole.
func TestFaultDropLateKeepsTheBody(t *testing.T) {
	client := s3.NewFromConfig(once())
	ctx, bucket := t.Context(), aws.String("drop-body")
	must[*s3.CreateBucketOutput](t)(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	inject(t, emulator.Fault{Service: "s3", Operation: "PutObject", DropLate: true})
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("content")}); err == nil {
		t.Fatal("the call was answered")
	}
	got := must[*s3.GetObjectOutput](t)(client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")}))
	defer got.Body.Close() //nolint:errcheck // read to its end
	if body := must[[]byte](t)(io.ReadAll(got.Body)); string(body) != "content" {
		t.Errorf("the object holds %q", body)
	}
}

// The SDK's own retries get a client through a fault that passes.
func TestRetriesGetThrough(t *testing.T) {
	inject(t, emulator.Fault{Service: "sts", Times: 2, Throttle: true})
	if err := identity(t.Context(), shared.AWSConfig()); err != nil {
		t.Error(err)
	}
	inject(t, emulator.Fault{Service: "sts", Times: 2, Drop: true})
	if err := identity(t.Context(), shared.AWSConfig()); err != nil {
		t.Error(err)
	}
}

func TestFaultEndsWithItsContext(t *testing.T) {
	inject(t, emulator.Fault{Service: "sts", Latency: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := identity(ctx, once()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline", err)
	}
}

// A late hook runs when the call has taken effect and its caller does not know yet; a fault of one caller spares the others.
func TestFaultHookLateOfOneCaller(t *testing.T) {
	ctx, bucket := t.Context(), aws.String("hook-late")
	other := once()
	other.Credentials = credentials.NewStaticCredentialsProvider("other", "other", "")
	var seen []emulator.Call
	made := errors.New("the hook did not run")
	inject(t, emulator.Fault{Service: "s3", Operation: "CreateBucket", Caller: "other", HookLate: func(call emulator.Call) {
		seen = append(seen, call)
		_, made = s3.NewFromConfig(once()).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: bucket})
	}})
	must[*s3.CreateBucketOutput](t)(s3.NewFromConfig(once()).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("hook-spared")}))
	must[*s3.CreateBucketOutput](t)(s3.NewFromConfig(other).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	if len(seen) != 1 || seen[0].Caller != "other" || seen[0].Resource != *bucket || made != nil {
		t.Errorf("the hook saw %+v and the bucket %v", seen, made)
	}
}
