package notify

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/google/go-cmp/cmp"
)

var reverted = Event{
	Kind: SwitchReverted, At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Subject: "shop: reverted to blue – naïve\nrelease",
	Detail: map[string]any{"from": "green"}, Labels: map[string]string{"deployment": "shop", "empty": ""},
	Metrics: []Metric{{Name: "RollbackTriggered", Value: 1, Unit: "Count"}, {Name: "SwitchDuration", Value: 2.5, Unit: "Seconds"}},
}

type fakeCloudWatch struct {
	CloudWatchAPI
	inputs []*cloudwatch.PutMetricDataInput
}

func (f *fakeCloudWatch) PutMetricData(_ context.Context, in *cloudwatch.PutMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricDataOutput, error) {
	f.inputs = append(f.inputs, in)
	return &cloudwatch.PutMetricDataOutput{}, nil
}

func TestCloudWatchSendsAllMetricsInOneCall(t *testing.T) {
	t.Parallel()
	fake := &fakeCloudWatch{}
	sink := &CloudWatch{
		Client:     func(context.Context) (CloudWatchAPI, error) { return fake, nil },
		Namespace:  func(kind Kind) string { return "N/" + string(kind) },
		Dimensions: map[string]string{"Environment": "prod", "deployment": "overridden"},
	}
	if err := sink.Send(t.Context(), reverted); err != nil {
		t.Fatal(err)
	}
	if err := sink.Send(t.Context(), Event{Kind: SwitchStarted}); err != nil {
		t.Fatal(err)
	}
	if len(fake.inputs) != 1 {
		t.Fatalf("%d calls; an event without metrics costs none", len(fake.inputs))
	}
	in := fake.inputs[0]
	var got []string
	for _, datum := range in.MetricData {
		line := aws.ToString(datum.MetricName) + " " + string(datum.Unit)
		for _, dimension := range datum.Dimensions {
			line += " " + aws.ToString(dimension.Name) + "=" + aws.ToString(dimension.Value)
		}
		if !datum.Timestamp.Equal(reverted.At) {
			t.Errorf("the time is %v", datum.Timestamp)
		}
		got = append(got, line)
	}
	want := []string{"RollbackTriggered Count Environment=prod deployment=shop", "SwitchDuration Seconds Environment=prod deployment=shop"}
	if diff := cmp.Diff(want, got); diff != "" || aws.ToString(in.Namespace) != "N/SwitchReverted" {
		t.Error(aws.ToString(in.Namespace), diff)
	}
}

type fakeSNS struct{ inputs []*sns.PublishInput }

func (f *fakeSNS) Publish(_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	f.inputs = append(f.inputs, in)
	return &sns.PublishOutput{}, nil
}

func TestSNSMessage(t *testing.T) {
	t.Parallel()
	fake := &fakeSNS{}
	sink := &SNS{Client: func(context.Context) (SNSAPI, error) { return fake, nil }, TopicARN: "arn:aws:sns:eu-west-1:123456789012:t"}
	long := reverted
	long.Subject += strings.Repeat("x", 200)
	for _, event := range []Event{long, {Kind: HealthCheckCompleted}, {Kind: SwitchStepped}} {
		if err := sink.Send(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	if len(fake.inputs) != 1 {
		t.Fatalf("%d messages; the routine is no message", len(fake.inputs))
	}
	in := fake.inputs[0]
	subject := aws.ToString(in.Subject)
	if len(subject) != 100 || !strings.HasPrefix(subject, "shop: reverted to blue - na-ve-release") {
		t.Errorf("the subject is %q", subject)
	}
	if len(in.MessageAttributes) != 2 || aws.ToString(in.MessageAttributes["kind"].StringValue) != "SwitchReverted" || aws.ToString(in.MessageAttributes["deployment"].StringValue) != "shop" {
		t.Errorf("the attributes are %v", in.MessageAttributes)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(aws.ToString(in.Message)), &body); err != nil || body["kind"] != "SwitchReverted" || body["at"] != "2026-11-24T12:00:00Z" {
		t.Errorf("the body is %v, %v", body, err)
	}
	if RegionOf(sink.TopicARN) != "eu-west-1" || RegionOf("t") != "" {
		t.Error("the Region of a topic is in its ARN")
	}
}

type fakeEventBridge struct {
	input *eventbridge.PutEventsInput
	entry ebtypes.PutEventsResultEntry
}

func (f *fakeEventBridge) PutEvents(_ context.Context, in *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	f.input = in
	return &eventbridge.PutEventsOutput{Entries: []ebtypes.PutEventsResultEntry{f.entry}}, nil
}

func TestEventBridgeReportsARefusedEntry(t *testing.T) {
	t.Parallel()
	fake := &fakeEventBridge{}
	sink := &EventBridge{Client: func(context.Context) (EventBridgeAPI, error) { return fake, nil }, BusName: "b"}
	if err := sink.Send(t.Context(), reverted); err != nil {
		t.Fatal(err)
	}
	entry := fake.input.Entries[0]
	if aws.ToString(entry.Source) != Source || aws.ToString(entry.DetailType) != "SwitchReverted" || aws.ToString(entry.EventBusName) != "b" {
		t.Errorf("the entry is %+v", entry)
	}
	fake.entry.ErrorCode, fake.entry.ErrorMessage = aws.String("InternalFailure"), aws.String("later")
	if err := sink.Send(t.Context(), reverted); err == nil || !strings.Contains(err.Error(), "InternalFailure") {
		t.Errorf("a refused entry is an error, not %v", err)
	}
}

type broken struct{}

func (broken) Send(context.Context, Event) error { return errors.New("broken") }

func TestOneBrokenSinkDoesNotKeepTheOthersQuiet(t *testing.T) {
	t.Parallel()
	fake := &fakeSNS{}
	sinks := Sinks{broken{}, &SNS{Client: func(context.Context) (SNSAPI, error) { return fake, nil }}}
	if err := sinks.Send(t.Context(), reverted); err == nil || len(fake.inputs) != 1 {
		t.Errorf("got %v and %d messages", err, len(fake.inputs))
	}
}
