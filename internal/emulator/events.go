package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// maxEventPattern is the quota for the size of an event pattern: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html.
const maxEventPattern = 2048

// eventsRules are EventBridge's judgement of patterns, which moto lacks: TestEventPattern, and PutRule's refusal of what is none.
type eventsRules struct{}

func (eventsRules) reset() {}

func (eventsRules) rule(operation string) rule {
	switch operation {
	case "TestEventPattern":
		return testEventPattern
	case "PutRule":
		return putRule
	}
	return nil
}

// testEventPattern is https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html: the event must have all
// fields of the envelope.
func testEventPattern(_ context.Context, x *exchange) (*answer, error) {
	var in struct{ Event, EventPattern string }
	if err := json.Unmarshal(x.body, &in); err != nil {
		return x.fail(http.StatusBadRequest, "SerializationException", err.Error()), nil
	}
	var event map[string]any
	if err := json.Unmarshal([]byte(in.Event), &event); err != nil {
		return x.fail(http.StatusBadRequest, "ValidationException", "Event is not valid JSON: "+err.Error()), nil
	}
	for _, field := range []string{"id", "account", "source", "time", "region", "resources", "detail-type"} {
		if _, ok := event[field]; !ok {
			return x.fail(http.StatusBadRequest, "ValidationException", "Parameter Event is not valid. Reason: it has no "+field), nil
		}
	}
	pattern, err := readEventPattern(in.EventPattern)
	if err != nil {
		return x.fail(http.StatusBadRequest, "InvalidEventPatternException", "Event pattern is not valid. Reason: "+err.Error()), nil
	}
	return x.jsonAnswer(map[string]bool{"Result": pattern.matches(event)}), nil
}

func putRule(_ context.Context, x *exchange) (*answer, error) {
	var in struct{ EventPattern string }
	if err := json.Unmarshal(x.body, &in); err != nil {
		return x.fail(http.StatusBadRequest, "SerializationException", err.Error()), nil
	}
	if in.EventPattern == "" {
		return nil, nil //nolint:nilnil // moto serves it
	}
	_, err := readEventPattern(in.EventPattern)
	if err == nil && len(in.EventPattern) > maxEventPattern {
		err = fmt.Errorf("it has %d characters, the limit is %d", len(in.EventPattern), maxEventPattern)
	}
	if err != nil {
		return x.fail(http.StatusBadRequest, "InvalidEventPatternException", "Event pattern is not valid. Reason: "+err.Error()), nil
	}
	return nil, nil //nolint:nilnil // moto serves it
}
