package emulator

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// cloudtrailRules are CloudTrail's event history, which moto lacks: the emulator's own log of calls.
type cloudtrailRules struct {
	calls func() []Call

	mu    sync.Mutex
	asked []time.Time
	known map[string]string // ARNs of callers, by access key
}

// Identify says who a caller is to CloudTrail: the ARN of a user or of a role's session, instead of a user called like the access key.
func (e *Emulator) Identify(accessKey, arn string) {
	e.cloudtrail.mu.Lock()
	defer e.cloudtrail.mu.Unlock()
	e.cloudtrail.known[accessKey] = arn
}

func (c *cloudtrailRules) who(caller string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if arn, ok := c.known[caller]; ok {
		return arn
	}
	return "arn:aws:iam::" + AccountID + ":user/" + strings.ToLower(caller)
}

func (c *cloudtrailRules) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.known = nil, map[string]string{}
}

func (c *cloudtrailRules) rule(operation string) rule {
	if operation == "LookupEvents" {
		return c.lookup
	}
	return nil
}

// tooFast tells that this is the third request within a second: "The rate of lookup requests is limited to two per second, per
// account, per Region", https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html.
func (c *cloudtrailRules) tooFast(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = slices.DeleteFunc(c.asked, func(at time.Time) bool { return now.Sub(at) >= time.Second })
	if len(c.asked) >= 2 {
		return true
	}
	c.asked = append(c.asked, now)
	return false
}

// lookup is LookupEvents: one lookup attribute, at most 50 events a page, the newest first.
func (c *cloudtrailRules) lookup(_ context.Context, x *exchange) (*answer, error) {
	if c.tooFast(timeOf(x.request)) {
		return x.throttled(), nil
	}
	var in struct {
		LookupAttributes   []struct{ AttributeKey, AttributeValue string }
		StartTime, EndTime float64
		MaxResults         int
		NextToken          string
	}
	if err := json.Unmarshal(x.body, &in); err != nil {
		return x.fail(http.StatusBadRequest, "SerializationException", err.Error()), nil
	}
	switch {
	case len(in.LookupAttributes) > 1:
		return x.fail(http.StatusBadRequest, "InvalidLookupAttributesException", "Only one lookup attribute is allowed."), nil
	case in.MaxResults < 0 || in.MaxResults > 50:
		return x.fail(http.StatusBadRequest, "InvalidMaxResultsException", "MaxResults is 1 to 50."), nil
	case in.EndTime != 0 && in.EndTime < in.StartTime:
		return x.fail(http.StatusBadRequest, "InvalidTimeRangeException", "EndTime is before StartTime."), nil
	}
	events := []map[string]any{}
	for _, call := range c.calls() {
		at := float64(call.At.UnixMilli()) / 1000
		outside := at < in.StartTime || (in.EndTime != 0 && at > in.EndTime)
		if call.Region != x.Region || call.Status == 0 || outside {
			continue
		}
		if len(in.LookupAttributes) == 1 && !call.matches(in.LookupAttributes[0].AttributeKey, in.LookupAttributes[0].AttributeValue) {
			continue
		}
		events = append(events, call.event(c.who(call.Caller)))
	}
	slices.Reverse(events)
	from, err := strconv.Atoi("0" + in.NextToken)
	if err != nil || from > len(events) {
		return x.fail(http.StatusBadRequest, "InvalidNextTokenException", "The token is invalid."), nil
	}
	size := cmp.Or(in.MaxResults, 50)
	out := map[string]any{"Events": events[from:min(from+size, len(events))]}
	if from+size < len(events) {
		out["NextToken"] = strconv.Itoa(from + size)
	}
	encoded, err := json.Marshal(out)
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, body: encoded}, err
}

func (c Call) matches(key, value string) bool {
	switch key {
	case "ResourceName":
		return c.Resource == value
	case "EventName":
		return c.Operation == value
	case "ReadOnly":
		return strconv.FormatBool(!c.Mutating) == value
	case "EventSource":
		return c.Service+".amazonaws.com" == value
	case "Username":
		return c.Caller == value
	}
	return false
}

// event is a call of somebody in CloudTrail's form,
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html.
func (c Call) event(who string) map[string]any {
	kind := "IAMUser"
	if strings.Contains(who, ":assumed-role/") {
		kind = "AssumedRole"
	}
	record := map[string]any{
		"eventVersion": "1.11", "eventTime": c.At.UTC().Format(time.RFC3339), "eventSource": c.Service + ".amazonaws.com", "eventName": c.Operation, "awsRegion": c.Region,
		"sourceIPAddress": "192.0.2.1", "userAgent": "emulator", "readOnly": !c.Mutating, "requestParameters": map[string]string{"name": c.Resource},
		"userIdentity": map[string]string{"type": kind, "arn": who, "accountId": AccountID, "accessKeyId": c.Caller},
	}
	if c.Code != "" {
		record["errorCode"] = c.Code
	}
	text, err := json.Marshal(record)
	if err != nil {
		text = []byte("{}")
	}
	return map[string]any{
		"EventId": strconv.FormatInt(c.At.UnixNano(), 10), "EventName": c.Operation, "EventSource": c.Service + ".amazonaws.com", "EventTime": float64(c.At.UnixMilli()) / 1000,
		"ReadOnly": strconv.FormatBool(!c.Mutating), "Username": c.Caller, "Resources": []map[string]string{{"ResourceName": c.Resource}}, "CloudTrailEvent": string(text),
	}
}
