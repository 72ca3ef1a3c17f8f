package healthgate_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// mail is what SNS tells a subscriber.
type mail struct {
	Subject           string
	Message           string
	MessageAttributes map[string]struct{ Value string }
}

// queue is an SQS queue.
type queue struct {
	t    *testing.T
	e    *emulator.Emulator
	url  string
	name string
}

func newQueue(t *testing.T, e *emulator.Emulator) *queue {
	t.Helper()
	name := acctest.Unique(t)
	made := queued(t, e, url.Values{"Action": {"CreateQueue"}, "QueueName": {name}, "Attribute.1.Name": {"VisibilityTimeout"}, "Attribute.1.Value": {"3600"}, "Version": {"2012-11-05"}})
	address := regexp.MustCompile(`<QueueUrl>([^<]*)</QueueUrl>`).FindStringSubmatch(made)
	if address == nil {
		t.Fatal(made)
	}
	return &queue{t: t, e: e, url: address[1], name: name}
}

func (q *queue) arn() string { return "arn:aws:sqs:us-east-1:123456789012:" + q.name }

// take returns the bodies of what has come since the last time.
func (q *queue) take() []string {
	q.t.Helper()
	got := queued(q.t, q.e, url.Values{"Action": {"ReceiveMessage"}, "QueueUrl": {q.url}, "MaxNumberOfMessages": {"10"}, "WaitTimeSeconds": {"0"}, "Version": {"2012-11-05"}})
	var bodies []string
	for _, match := range regexp.MustCompile(`(?s)<Body>(.*?)</Body>`).FindAllStringSubmatch(got, -1) {
		bodies = append(bodies, html.UnescapeString(match[1]))
	}
	return bodies
}

// mails are the bodies as SNS wrote them.
func (q *queue) mails() []mail {
	q.t.Helper()
	var mails []mail
	for _, body := range q.take() {
		var got mail
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			q.t.Fatalf("%v\n%s", err, body)
		}
		mails = append(mails, got)
	}
	return mails
}

// subscribe makes a topic with two subscribers: one that gets everything, and one that filters by the message attribute
// "outcome", as a person on call does.
func subscribe(t *testing.T, e *emulator.Emulator) (topic string, all, onCall *queue) {
	t.Helper()
	all, onCall = newQueue(t, e), newQueue(t, e)
	client := sns.NewFromConfig(e.AWSConfig())
	made, err := client.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String(acctest.Unique(t))})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []*sns.SubscribeInput{
		{TopicArn: made.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String(all.arn())},
		{
			TopicArn: made.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String(onCall.arn()),
			Attributes: map[string]string{"FilterPolicy": `{"outcome":["failure","recovery"]}`},
		},
	} {
		if _, err := client.Subscribe(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	return aws.ToString(made.TopicArn), all, onCall
}

// queued asks SQS, of which there is no client among our modules, for one thing.
func queued(t *testing.T, e *emulator.Emulator, form url.Values) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL(), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("SQS %s: %v, %d\n%s", form.Get("Action"), err, answer.StatusCode, body)
	}
	return string(body)
}

// bus makes a bus whose events from this provider go to a queue.
func bus(t *testing.T, e *emulator.Emulator) (name string, events *queue) {
	t.Helper()
	events = newQueue(t, e)
	name = acctest.Unique(t)
	client := eventbridge.NewFromConfig(e.AWSConfig())
	_, err := client.CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: aws.String(name)})
	if err == nil {
		_, err = client.PutRule(t.Context(), &eventbridge.PutRuleInput{
			Name: aws.String(name), EventBusName: aws.String(name), State: ebtypes.RuleStateEnabled, EventPattern: aws.String(`{"source":["terraform.reliability"]}`),
		})
	}
	if err == nil {
		_, err = client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
			Rule: aws.String(name), EventBusName: aws.String(name), Targets: []ebtypes.Target{{Id: aws.String("queue"), Arn: aws.String(events.arn())}},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return name, events
}

// kinds are the detail types of the events that have come since the last time.
func (q *queue) kinds() []string {
	q.t.Helper()
	var kinds []string
	for _, body := range q.take() {
		var event struct {
			Kind string `json:"detail-type"`
		}
		if err := json.Unmarshal([]byte(body), &event); err != nil {
			q.t.Fatalf("%v\n%s", err, body)
		}
		kinds = append(kinds, event.Kind)
	}
	return kinds
}

// measured returns how many values of a metric CloudWatch has, with these dimensions.
func measured(t *testing.T, e *emulator.Emulator, namespace, metric string, dimensions ...cwtypes.Dimension) float64 {
	t.Helper()
	client := cloudwatch.NewFromConfig(e.AWSConfig(), func(o *cloudwatch.Options) { o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801) })
	now := time.Now()
	out, err := client.GetMetricStatistics(t.Context(), &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String(namespace), MetricName: aws.String(metric), Dimensions: dimensions, Period: aws.Int32(3600),
		StartTime: aws.Time(now.Add(-time.Hour)), EndTime: aws.Time(now.Add(time.Hour)), Statistics: []cwtypes.Statistic{cwtypes.StatisticSampleCount},
	})
	if err != nil {
		t.Fatal(err)
	}
	var count float64
	for _, point := range out.Datapoints {
		count += aws.ToFloat64(point.SampleCount)
	}
	return count
}

// TestAccHealthGate_notices: people hear of a failure and of the recovery, and not of the routine; every run is a metric
// with its dimensions and an event on the bus; nothing of an answer's body is in any of them.
func TestAccHealthGate_notices(t *testing.T) {
	e := acctest.Emulator(t)
	s := serve(t)
	topic, all, onCall := subscribe(t, e)
	busName, events := bus(t, e)
	text := func(release string) string {
		return fmt.Sprintf(`
provider "reliability" {
  store   = { local = { path = %q } }
  metrics = { namespace = "Gate/Notices", dimensions = { Environment = "test" } }
  notify  = { sns_topic_arn = %q, event_bus_name = %q }
}
resource "reliability_health_gate" "test" {
  checks      = { site = { http = { url = %q } } }
  max_retries = 0
  triggers    = { release = %q }
}
`, t.TempDir(), topic, busName, s.URL, release)
	}
	hears := func(event, kind, outcome, subject string) func(*terraform.State) error {
		return func(*terraform.State) error {
			if got := events.kinds(); len(got) != 1 || got[0] != event {
				return fmt.Errorf("on the bus are %q, not %s", got, event)
			}
			mails := all.mails()
			if urgent := onCall.take(); len(urgent) != len(mails) {
				return fmt.Errorf("on call got %q", urgent)
			}
			if kind == "" && len(mails) == 0 {
				return nil
			}
			if len(mails) != 1 || kind == "" {
				return fmt.Errorf("%d messages came: %+v", len(mails), mails)
			}
			got := mails[0]
			if got.Subject != subject || got.MessageAttributes["kind"].Value != kind || got.MessageAttributes["outcome"].Value != outcome {
				return fmt.Errorf("the message is %+v", got)
			}
			var body struct {
				Kind   string
				Detail struct {
					Verdict      string
					FailedChecks []string `json:"failed_checks"`
					Reasons      map[string]string
				}
			}
			if err := json.Unmarshal([]byte(got.Message), &body); err != nil || body.Kind != kind || (len(body.Detail.FailedChecks) > 0) != (outcome == "failure") {
				return fmt.Errorf("%w: the body is %s", err, got.Message)
			}
			if outcome == "failure" && !strings.Contains(body.Detail.Reasons["site"], "status 500") || strings.Contains(got.Message, "hunter2") {
				return fmt.Errorf("the body is %s", got.Message)
			}
			return nil
		}
	}
	fails := func() { s.status.Store(http.StatusInternalServerError) }
	mended := func() { s.status.Store(http.StatusOK) }
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: text("1"), Check: hears("HealthCheckCompleted", "", "", "")},
		{PreConfig: fails, Config: text("2"), ExpectError: regexp.MustCompile("Health checks failed")},
		{RefreshState: true, ExpectNonEmptyPlan: true, Check: hears("HealthCheckFailed", "HealthCheckFailed", "failure", "Health checks failed: site")},
		{PreConfig: mended, Config: text("2"), Check: hears("HealthRecovered", "HealthRecovered", "recovery", "Health checks pass again")},
		{Config: text("3"), Check: hears("HealthCheckCompleted", "", "", "")},
	}})
	environment := cwtypes.Dimension{Name: aws.String("Environment"), Value: aws.String("test")}
	if got := measured(t, e, "Gate/Notices", "HealthCheckDuration", environment); got != 4 {
		t.Errorf("%v durations of 4 runs", got)
	}
}

// TestAccHealthGate_deploymentNotices: one message a deployment, which says that it failed, or that all is well again.
func TestAccHealthGate_deploymentNotices(t *testing.T) {
	e := acctest.Emulator(t)
	s := serve(t)
	topic, all, onCall := subscribe(t, e)
	folder := t.TempDir()
	kept, err := store.OpenLocal(folder)
	if err != nil {
		t.Fatal(err)
	}
	book := ledger.New(kept, clock.System{})
	deploys := func(id string, status int64) func() {
		return func() {
			s.status.Store(status)
			if _, err := book.Open(t.Context(), id, "release "+id); err != nil {
				t.Error(err)
			}
		}
	}
	text := func(id string) string {
		return fmt.Sprintf(`
provider "reliability" {
  store   = { local = { path = %q } }
  metrics = { namespace = "Gate/Deployments" }
  notify  = { sns_topic_arn = %q }
}
resource "reliability_health_gate" "test" {
  checks        = { site = { http = { url = %q } } }
  max_retries   = 0
  deployment_id = %q
}
`, folder, topic, s.URL, id)
	}
	hears := func(kind, outcome, subject string) func(*terraform.State) error {
		return func(*terraform.State) error {
			got := all.mails()
			if urgent := onCall.take(); (len(urgent) == 1) != (outcome != "success") {
				return fmt.Errorf("on call got %q", urgent)
			}
			if len(got) != 1 || got[0].MessageAttributes["kind"].Value != kind || got[0].MessageAttributes["outcome"].Value != outcome ||
				got[0].MessageAttributes["Deployment"].Value != "shop" || got[0].Subject != subject {
				return fmt.Errorf("the messages are %+v", got)
			}
			return nil
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{PreConfig: deploys("shop/000001", http.StatusOK), Config: text("shop/000001"), Check: hears("DeploymentSucceeded", "success", "Deployment succeeded: shop/000001")},
		{PreConfig: deploys("shop/000002", http.StatusBadGateway), Config: text("shop/000002"), ExpectError: regexp.MustCompile("Health checks failed")},
		{RefreshState: true, ExpectNonEmptyPlan: true, Check: hears("DeploymentFailed", "failure", "Deployment failed: shop/000002")},
		{PreConfig: deploys("shop/000003", http.StatusOK), Config: text("shop/000003"), Check: hears("DeploymentSucceeded", "recovery", "Deployment recovered: shop/000003")},
	}})
	shop := cwtypes.Dimension{Name: aws.String("Deployment"), Value: aws.String("shop")}
	for metric, want := range map[string]float64{"HealthCheckDuration": 3, "DeploymentSuccess": 2, "DeploymentFailure": 1} {
		if got := measured(t, e, "Gate/Deployments", metric, shop); got != want {
			t.Errorf("%v of %s, not %v", got, metric, want)
		}
	}
}
