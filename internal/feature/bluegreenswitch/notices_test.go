package bluegreenswitch_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// inbox is an HTTP subscriber of a topic.
type inbox struct {
	mu    sync.Mutex
	kinds []string
}

func (i *inbox) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var mail struct{ Message string }
	var body struct{ Kind string }
	if json.NewDecoder(r.Body).Decode(&mail) != nil || json.Unmarshal([]byte(mail.Message), &body) != nil {
		return // the confirmation of the subscription
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.kinds = append(i.kinds, body.Kind)
}

// take is what has come since the last time.
func (i *inbox) take() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	defer func() { i.kinds = nil }()
	return strings.Join(i.kinds, " ")
}

func TestAccPeopleAndDashboardsAreTold(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	s, got := newSite(t), &inbox{}
	subscriber := httptest.NewServer(got)
	t.Cleanup(subscriber.Close)
	topics := sns.NewFromConfig(s.emulator.AWSConfig())
	topic, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String(acctest.Unique(t))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("http"), Endpoint: &subscriber.URL}); err != nil {
		t.Fatal(err)
	}
	bus := acctest.Unique(t)
	if _, err := eventbridge.NewFromConfig(s.emulator.AWSConfig()).CreateEventBus(t.Context(), &eventbridge.CreateEventBusInput{Name: &bus}); err != nil {
		t.Fatal(err)
	}
	s.provider = fmt.Sprintf("provider \"reliability\" {\n  store = { local = { path = %q } }\n  metrics = {}\n  notify = { sns_topic_arn = %q, event_bus_name = %q }\n}\n", t.TempDir(), *topic.TopicArn, bus)
	told := func(what, mails string, events, metrics int) {
		t.Helper()
		var put, data int
		for _, call := range s.emulator.Calls() {
			switch call.Operation {
			case "PutEvents":
				put++
			case "PutMetricData":
				data++
			}
		}
		if text := got.take(); text != mails || put != events || data != metrics {
			t.Errorf("%s: mails %s, want %s; %d events, want %d; %d times metrics, want %d", what, text, mails, put, events, data, metrics)
		}
		s.emulator.ResetCalls()
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{PreConfig: s.emulator.ResetCalls, Config: s.config("blue"), Check: func(*terraformState) error { told("nothing moved", "", 0, 0); return nil }},
			{ // started, stepped twice, done
				Config: s.config("green", canary),
				Check:  func(*terraformState) error { told("done", "SwitchStarted SwitchCompleted", 4, 1); return nil },
			},
			{ // started, stepped once, reverted
				PreConfig:   func() { s.inject(oneFailure(1)) },
				Config:      s.config("blue", canary),
				ExpectError: saying("moved back in"),
			},
			{
				PreConfig:   func() { told("reverted", "SwitchStarted SwitchReverted", 3, 1); s.inject(oneFailure(1)) },
				Config:      s.config("blue", canary, `on_failure = "hold"`),
				ExpectError: saying("Traffic was left there"),
			},
			{PreConfig: func() { told("held", "SwitchStarted SwitchHeld", 3, 1) }, Config: s.config("green")},
		},
	})
}
