package rollback_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// told are the ways in which people and machines hear of a rollback: a topic and a bus, each with a queue behind it.
type told struct {
	t            *testing.T
	config       aws.Config
	queues       *sqs.Client
	name         string // of the deployment
	topic, bus   string
	mail, events string // addresses of the queues
}

func newTold(t *testing.T, name string) told {
	t.Helper()
	config := acctest.Emulator(t).AWSConfig()
	h := told{t: t, name: name, config: config, queues: sqs.NewFromConfig(config), bus: acctest.Unique(t)}
	topics, buses := sns.NewFromConfig(config), eventbridge.NewFromConfig(config)
	mail, mailARN := h.queue()
	events, eventsARN := h.queue()
	h.mail, h.events = mail, events
	h.topic = aws.ToString(with[*sns.CreateTopicOutput](t)(topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String(acctest.Unique(t))})).TopicArn)
	with[*sns.SubscribeOutput](t)(topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: &h.topic, Protocol: aws.String("sqs"), Endpoint: &mailARN}))
	with[*eventbridge.CreateEventBusOutput](t)(buses.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: &h.bus}))
	with[*eventbridge.PutRuleOutput](t)(buses.PutRule(t.Context(), &eventbridge.PutRuleInput{
		Name: &h.bus, EventBusName: &h.bus, State: ebtypes.RuleStateEnabled, EventPattern: aws.String(`{"source":["terraform.reliability"]}`),
	}))
	with[*eventbridge.PutTargetsOutput](t)(buses.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule: &h.bus, EventBusName: &h.bus, Targets: []ebtypes.Target{{Id: aws.String("queue"), Arn: &eventsARN}},
	}))
	return h
}

func (h told) queue() (address, arn string) {
	h.t.Helper()
	name := acctest.Unique(h.t)
	made := with[*sqs.CreateQueueOutput](h.t)(h.queues.CreateQueue(h.t.Context(), &sqs.CreateQueueInput{
		QueueName: &name, Attributes: map[string]string{"VisibilityTimeout": "43200"}, // what was taken does not come again, however long the test
	}))
	return aws.ToString(made.QueueUrl), fmt.Sprintf("arn:aws:sqs:%s:%s:%s", emulator.Region, emulator.AccountID, name)
}

// take returns what came into a queue since the last time.
func (h told) take(queue string) []string {
	h.t.Helper()
	out := with[*sqs.ReceiveMessageOutput](h.t)(h.queues.ReceiveMessage(h.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10}))
	var bodies []string
	for _, message := range out.Messages {
		bodies = append(bodies, aws.ToString(message.Body))
	}
	return bodies
}

// rollbackTold is the part of a notice that says which rollback it is of.
type rollbackTold struct {
	Snapshot string
	Reason   string
	Changes  int
	Status   string
	Targets  any // how many, or what came of each
	Left     []string
	Seconds  float64 `json:"recovery_seconds"`
}

// expect is that topic and bus say the same: that the rollback began, and how it ended.
func (h told) expect(kind, outcome string, ended func(rollbackTold) bool) {
	h.t.Helper()
	var kinds []string
	for _, body := range h.take(h.events) {
		var event struct {
			Kind   string `json:"detail-type"`
			Detail json.RawMessage
		}
		if err := json.Unmarshal([]byte(body), &event); err != nil {
			h.t.Fatalf("%v\n%s", err, body)
		}
		kinds = append(kinds, event.Kind)
	}
	if len(kinds) != 2 || kinds[0] != "RollbackTriggered" || kinds[1] != kind {
		h.t.Errorf("on the bus are %q, want RollbackTriggered and %s", kinds, kind)
	}
	mails := h.take(h.mail)
	if len(mails) != 2 {
		h.t.Fatalf("%d mails: %q", len(mails), mails)
	}
	h.read(mails[0], "RollbackTriggered", "started", " triggered", func(d rollbackTold) bool { return d.Changes == 4 && d.Targets == 3.0 })
	h.read(mails[1], kind, outcome, ": "+outcome, func(d rollbackTold) bool { return d.Status == outcome && ended(d) })
}

func (h told) read(mail, kind, outcome, ends string, says func(rollbackTold) bool) {
	h.t.Helper()
	id := h.name + "/000001"
	subject := fmt.Sprintf("Rollback of %s to %s%s", h.name, id, ends)
	subject = subject[:min(len(subject), 100)] // as SNS takes it
	var got struct {
		Subject, Message  string
		MessageAttributes map[string]struct{ Value string }
	}
	var body struct {
		Kind   string
		Detail rollbackTold
	}
	if json.Unmarshal([]byte(mail), &got) != nil || json.Unmarshal([]byte(got.Message), &body) != nil {
		h.t.Fatalf("unreadable: %s", mail)
	}
	attributes := got.MessageAttributes
	if got.Subject != subject || body.Kind != kind || attributes["kind"].Value != kind || attributes["outcome"].Value != outcome || attributes["Deployment"].Value != h.name {
		h.t.Errorf("want %s %s %q, got %s", kind, outcome, subject, mail)
	}
	if body.Detail.Snapshot != id || body.Detail.Reason != "unhealthy" || !says(body.Detail) {
		h.t.Errorf("%s says %+v", kind, body.Detail)
	}
}

// measured returns how many values of a metric CloudWatch has for the deployment, and their sum.
func (h told) measured(metric string) (count, sum float64) {
	h.t.Helper()
	client := cloudwatch.NewFromConfig(h.config, func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
	now := time.Now()
	out := with[*cloudwatch.GetMetricStatisticsOutput](h.t)(client.GetMetricStatistics(h.t.Context(), &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("Rollback/Notices"), MetricName: &metric, Period: aws.Int32(3600), StartTime: aws.Time(now.Add(-time.Hour)), EndTime: aws.Time(now.Add(time.Hour)),
		Dimensions: []cwtypes.Dimension{{Name: aws.String("Deployment"), Value: &h.name}}, Statistics: []cwtypes.Statistic{cwtypes.StatisticSampleCount, cwtypes.StatisticSum},
	}))
	for _, point := range out.Datapoints {
		count, sum = count+aws.ToFloat64(point.SampleCount), sum+aws.ToFloat64(point.Sum)
	}
	return count, sum
}

// TestAccRollback_notices: topic, bus and metrics hear that a rollback began and that it restored all, a part or nothing; of one that
// was not needed they hear nothing.
func TestAccRollback_notices(t *testing.T) {
	e := acctest.Emulator(t)
	name := acctest.Unique(t)
	s, h := newScene(t, name), newTold(t, name)
	id := fmt.Sprintf("%q", name+"/000001")
	text := func(more string) string {
		return fmt.Sprintf("provider \"reliability\" {\n  s3_use_path_style = true\n  store   = { local = { path = %q } }\n  metrics = { namespace = \"Rollback/Notices\" }\n"+
			"  notify  = { sns_topic_arn = %q, event_bus_name = %q }\n}\n", s.folder, h.topic, h.bus) + more
	}
	again := func(n int) string {
		return text(rollback(id, fmt.Sprintf("on_complete = \"ok\"\n  triggers = { again = %d }", n)))
	}
	var mend []func()
	denied := func(operations ...string) {
		for _, operation := range operations {
			mend = append(mend, e.Inject(emulator.Fault{Operation: operation, Status: http.StatusForbidden, Code: "AccessDenied"}))
		}
	}
	mended := func() {
		for _, remove := range mend {
			remove()
		}
		mend = nil
	}
	t.Cleanup(mended)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: s.snapshot("v2")},
		{ // nothing to put back, nobody to be told
			Config: again(0) + forget, ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed")}, ConfigPlanChecks: settled,
			PostApplyFunc: func() {
				if mails, events := h.take(h.mail), h.take(h.events); len(mails)+len(events) != 0 {
					t.Errorf("of a rollback that was not needed: %q, %q", mails, events)
				}
			},
		},
		{
			PreConfig: s.release, Config: again(1), ConfigStateChecks: []statecheck.StateCheck{is("status", "restored")}, ConfigPlanChecks: settled,
			PostApplyFunc: func() {
				h.expect("RollbackCompleted", "restored", func(d rollbackTold) bool { return len(d.Left) == 0 && d.Seconds > 0 })
			},
		},
		{
			PreConfig: func() { s.expectLive(back); s.release(); denied("UpdateAlias") }, Config: again(2), ExpectError: regexp.MustCompile(`A target was not put back`),
		},
		{ // the whole of it fails
			PreConfig: func() {
				h.expect("RollbackPartial", "partial", func(d rollbackTold) bool { return fmt.Sprint(d.Left) == "[code]" })
				mended()
				s.release()
				denied("UpdateAlias", "ChangeResourceRecordSets", "CopyObject")
			},
			Config: again(2), ExpectError: regexp.MustCompile(`A target was not put back`),
		},
		{
			PreConfig: func() {
				h.expect("RollbackFailed", "failed", func(d rollbackTold) bool { return fmt.Sprint(d.Left) == "[code dns site]" })
				mended()
			},
			Config: again(2), ConfigStateChecks: []statecheck.StateCheck{is("status", "restored")}, ConfigPlanChecks: settled,
			PostApplyFunc: func() {
				h.expect("RollbackCompleted", "restored", func(d rollbackTold) bool { return len(d.Left) == 0 })
			},
		},
	}})
	s.expectLive(back)
	for metric, want := range map[string]struct{ count, sum float64 }{"RollbackTriggered": {4, 4}, "RollbackSuccess": {4, 2}, "RecoveryTime": {4, -1}} {
		if count, sum := h.measured(metric); count != want.count || sum <= 0 || want.sum >= 0 && sum != want.sum {
			t.Errorf("%s: %g values, sum %g; want %+v", metric, count, sum, want)
		}
	}
}
