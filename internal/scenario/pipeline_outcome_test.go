package scenario

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// outcome is what a build, or a rollback by hand, must leave behind.
type outcome struct {
	phases, says string
	live         string // the value of the parameter
	ledger       string // the latest deployment: its release, status, and a part of its reason
	told         string // the kinds of the messages
	artifacts    string
	counted      map[string]float64 // of metrics, what came in addition
}

// The phases of a build.
const (
	well    = "map[build:SUCCEEDED install:SUCCEEDED post_build:SUCCEEDED pre_build:SUCCEEDED]"
	blocked = "map[install:SUCCEEDED pre_build:FAILED]"
	undone  = "map[build:FAILED install:SUCCEEDED post_build:SUCCEEDED pre_build:SUCCEEDED]"
)

var watched = []string{"DeploymentSuccess", "DeploymentFailure", "RollbackTriggered", "RollbackSuccess"}

// expect holds what a build left behind against what it must.
func (i *infra) expect(what string, ended build, want outcome) {
	i.t.Helper()
	if got := fmt.Sprint(ended.Phases); got != want.phases || !strings.Contains(ended.Log, want.says) {
		i.t.Errorf("%s: %s\n%s", what, got, ended.Log)
	}
	if live := i.live(); live != want.live {
		i.t.Errorf("%s: %s is live, not %s", what, live, want.live)
	}
	release, more, _ := strings.Cut(want.ledger, ": ")
	if last := i.latest(); !strings.HasPrefix(last, release) || !strings.Contains(last, more) {
		i.t.Errorf("%s: the ledger ends with %q, not %q", what, last, want.ledger)
	}
	if told := i.told(); told != want.told {
		i.t.Errorf("%s: told %q, not %q", what, told, want.told)
	}
	if got := strings.Join(ended.Artifacts, " "); got != want.artifacts {
		i.t.Errorf("%s: the artifacts are %s, not %s", what, got, want.artifacts)
	}
	for _, metric := range watched {
		sum := i.counted(metric)
		if sum-i.before[metric] != want.counted[metric] {
			i.t.Errorf("%s: %s rose by %v, not %v", what, metric, sum-i.before[metric], want.counted[metric])
		}
		i.before[metric] = sum
	}
	if err := os.RemoveAll(filepath.Join(i.pipeline.Dir, "reports")); err != nil { // each build begins with a fresh source
		i.t.Fatal(err)
	}
}

// latest is the last deployment in the ledger, such as "c3 rolled_back: The build shop:1 failed", or "" when there is none.
func (i *infra) latest() string {
	i.t.Helper()
	storage := s3.NewFromConfig(i.e.AWSConfig(), func(o *s3.Options) { o.UsePathStyle = true })
	object, err := storage.GetObject(i.t.Context(), &s3.GetObjectInput{Bucket: &i.bucket, Key: aws.String("ledger/shop-infra.json")})
	if awsapi.IsNotFound(err) {
		return ""
	}
	if err != nil {
		i.t.Fatal(err)
	}
	return lastOf(i.t, object.Body)
}

// lastOf is the last deployment in a ledger: its release, status and reason.
func lastOf(t *testing.T, ledger io.Reader) string {
	t.Helper()
	var content struct {
		Deployments []struct{ Release, Status, Reason string }
	}
	if err := json.NewDecoder(ledger).Decode(&content); err != nil || len(content.Deployments) == 0 {
		t.Fatalf("the ledger: %v", err)
	}
	last := content.Deployments[len(content.Deployments)-1]
	return fmt.Sprintf("%s %s: %s", last.Release, last.Status, last.Reason)
}

// told are the kinds of the messages that came since the last time, in order.
func (i *infra) told() string {
	i.t.Helper()
	out, err := sqs.NewFromConfig(i.e.AWSConfig()).ReceiveMessage(i.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &i.queue, MaxNumberOfMessages: 10})
	if err != nil {
		i.t.Fatal(err)
	}
	var kinds []string
	for _, message := range out.Messages {
		var mail struct{ Message string }
		var event struct{ Kind string }
		if err := json.Unmarshal([]byte(aws.ToString(message.Body)), &mail); err != nil {
			i.t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(mail.Message), &event); err != nil {
			i.t.Fatal(err)
		}
		kinds = append(kinds, event.Kind)
		if _, err := sqs.NewFromConfig(i.e.AWSConfig()).DeleteMessage(i.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &i.queue, ReceiptHandle: message.ReceiptHandle}); err != nil {
			i.t.Fatal(err)
		}
	}
	return strings.Join(kinds, " ")
}

// counted is the sum of a metric of the deployment since the test began.
func (i *infra) counted(metric string) float64 {
	i.t.Helper()
	return sumOf(i.t, i.e, i.since, "shop-infra", metric)
}

// sumOf is the sum of a metric of a deployment since then.
func sumOf(t *testing.T, e *emulator.Emulator, since time.Time, deployment, metric string) float64 {
	t.Helper()
	return sumIn(t, e, since, "Custom/DeploymentHealth", "Deployment", deployment, metric)
}

// sumIn is the sum of a metric that has one dimension.
func sumIn(t *testing.T, e *emulator.Emulator, since time.Time, namespace, dimension, value, metric string) float64 {
	t.Helper()
	client := cloudwatch.NewFromConfig(e.AWSConfig(), func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
	out, err := client.GetMetricStatistics(t.Context(), &cloudwatch.GetMetricStatisticsInput{
		Namespace: &namespace, MetricName: &metric, Dimensions: []cwtypes.Dimension{{Name: &dimension, Value: &value}},
		StartTime: &since, EndTime: aws.Time(time.Now().Add(time.Minute)), Period: aws.Int32(3600), Statistics: []cwtypes.Statistic{cwtypes.StatisticSum},
	})
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, point := range out.Datapoints {
		sum += aws.ToFloat64(point.Sum)
	}
	return sum
}
