package drift

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// trail keeps CloudTrail's limit: a request that comes too soon is a failure of the test.
type trail struct {
	t      *testing.T
	clock  clock.Clock
	last   time.Time
	asked  []string
	byName map[string][]types.Event
	latest []types.Event
	err    error
}

func (f *trail) LookupEvents(_ context.Context, in *cloudtrail.LookupEventsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error) {
	now := f.clock.Now()
	if !f.last.IsZero() && now.Sub(f.last) < 500*time.Millisecond {
		f.t.Errorf("asked again after %v", now.Sub(f.last))
	}
	f.last = now
	attribute := in.LookupAttributes[0]
	f.asked = append(f.asked, string(attribute.AttributeKey)+"="+*attribute.AttributeValue)
	if f.err != nil {
		return nil, f.err
	}
	if attribute.AttributeKey == types.LookupAttributeKeyReadOnly {
		return &cloudtrail.LookupEventsOutput{Events: f.latest}, nil
	}
	return &cloudtrail.LookupEventsOutput{Events: f.byName[*attribute.AttributeValue]}, nil
}

func event(name, who, agent, parameters string, minutes int) types.Event {
	return types.Event{
		EventName: &name, Username: &who, ReadOnly: aws.String("false"), EventTime: aws.Time(now.Add(time.Duration(-minutes) * time.Minute)),
		CloudTrailEvent: aws.String(`{"userAgent":"` + agent + `","sourceIPAddress":"203.0.113.9","requestParameters":` + parameters + `,"userIdentity":{"arn":"arn:aws:iam::123456789012:user/` + who + `"}}`),
	}
}

func attributeOne(t *testing.T, item Item, f *trail) *Attribution {
	t.Helper()
	ticking := clock.NewFake(now)
	f.t, f.clock = t, ticking
	a := &Attributor{Client: func(context.Context, string) (CloudTrailAPI, error) { return f, nil }, Clock: ticking, Budget: time.Minute}
	items := []Item{item}
	a.attribute(t.Context(), items, now, slog.New(slog.DiscardHandler))
	return items[0].ChangedBy
}

func TestAttribution(t *testing.T) {
	t.Parallel()
	group := Item{ID: "sg-1", Category: Critical, Kind: Changed, Region: "us-east-1", resource: Resource{Resource: live.Resource{State: live.ValuesOf(map[string]any{"arn": "arn:aws:ec2:us-east-1:123456789012:security-group/sg-1", "name": "web"})}}}
	readOnly := event("DescribeX", "eve", "console", "{}", 1)
	readOnly.ReadOnly = aws.String("true")
	failed := event("RevokeX", "eve", "console", "{}", 2)
	failed.CloudTrailEvent = aws.String(strings.Replace(*failed.CloudTrailEvent, "{", `{"errorCode":"AccessDenied",`, 1))
	noise := []types.Event{readOnly, failed, event("AuthorizeX", "ci", "HashiCorp Terraform/1.11", "{}", 3), event("CreateSecurityGroup", "ann", "console", "{}", 4)}

	got := attributeOne(t, group, &trail{byName: map[string][]types.Event{"sg-1": append(noise, event("AuthorizeSecurityGroupIngress", "bob", "console", "{}", 9), event("Older", "ann", "console", "{}", 10))}})
	if got.Who != "arn:aws:iam::123456789012:user/bob" || got.Event != "AuthorizeSecurityGroupIngress" || got.From != "203.0.113.9" || !got.At.Equal(now.Add(-9*time.Minute)) {
		t.Errorf("by id: %+v", got)
	}
	byARN := &trail{byName: map[string][]types.Event{"arn:aws:ec2:us-east-1:123456789012:security-group/sg-1": {event("TagX", "bob", "console", "{}", 9)}}}
	if got := attributeOne(t, group, byARN); got.Event != "TagX" || len(byARN.asked) != 2 {
		t.Errorf("by ARN: %+v, asked %v", got, byARN.asked)
	}
	scan := &trail{latest: append(noise, event("Other", "ann", "console", `{"groupId":"sg-11"}`, 1), event("ModifyRules", "bob", "console", `{"groupId":"sg-1"}`, 5))}
	if got := attributeOne(t, group, scan); got.Event != "ModifyRules" || scan.asked[len(scan.asked)-1] != "ReadOnly=false" {
		t.Errorf("by parameters: %+v, asked %v", got, scan.asked)
	}
	if got := attributeOne(t, group, &trail{latest: noise}); got.Who != "" || !strings.Contains(got.Note, "does not mean that nobody") {
		t.Errorf("none: %+v", got)
	}
	if got := attributeOne(t, group, &trail{err: errors.New("denied")}); got.Who != "" || !strings.Contains(got.Note, "could not be asked") {
		t.Errorf("denied: %+v", got)
	}
	minor := &trail{}
	group.Category = Minor
	if got := attributeOne(t, group, minor); got != nil || len(minor.asked) != 0 {
		t.Errorf("minor: %+v, asked %v", got, minor.asked)
	}
}

// The time for all items together is bounded; worst first.
func TestAttributionEndsInTime(t *testing.T) {
	t.Parallel()
	ticking := clock.NewFake(now)
	f := &trail{t: t, clock: ticking}
	a := &Attributor{Client: func(context.Context, string) (CloudTrailAPI, error) { return f, nil }, Clock: ticking, Budget: 3 * time.Second}
	items := make([]Item, 100)
	for i := range items {
		items[i] = Item{ID: string(rune('a' + i)), Category: Major, Kind: Deleted, Region: "us-east-1"}
	}
	items[99].Category = Critical
	a.attribute(t.Context(), items, now, slog.New(slog.DiscardHandler))
	if len(f.asked) > 8 || len(f.asked) < 5 {
		t.Errorf("asked %d times", len(f.asked))
	}
	if !strings.Contains(items[98].ChangedBy.Note, "the time for it was up") || strings.Contains(items[99].ChangedBy.Note, "the time") {
		t.Errorf("%+v %+v", items[98].ChangedBy, items[99].ChangedBy)
	}
}
