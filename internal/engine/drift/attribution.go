package drift

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// CloudTrailAPI is the call of CloudTrail that is made.
type CloudTrailAPI interface {
	LookupEvents(context.Context, *cloudtrail.LookupEventsInput, ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error)
}

// LookupEvents takes two requests a second in an account and Region, tells of 90 days and of at most 50 events a page:
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html. What happened minutes ago may not be there yet.
const (
	lookupPause  = 500 * time.Millisecond
	lookupWindow = 90 * 24 * time.Hour
	lookupPage   = 50
	scanWindow   = 7 * 24 * time.Hour
	scanPages    = 6
	namePages    = 2
)

// Attribution is what CloudTrail tells of the last change.
type Attribution struct {
	// Who is the ARN or name of the caller; empty when no event was found.
	Who string `json:"who,omitempty"`
	// At is when.
	At time.Time `json:"at,omitzero"`
	// Event is the call: "AuthorizeSecurityGroupIngress". From is the address or service that it came from.
	Event string `json:"event,omitempty"`
	From  string `json:"from,omitempty"`
	// Note says how it was found, or that it was not.
	Note string `json:"note"`
}

// Attributor looks for who changed what.
type Attributor struct {
	Client func(ctx context.Context, region string) (CloudTrailAPI, error)
	Clock  clock.Clock
	// Budget bounds the time for all items together.
	Budget time.Duration

	asked   bool
	scanned map[string][]types.Event // by Region
}

// attribute looks for who changed each critical and major item that exists in the state, worst first, until the time is up.
func (a *Attributor) attribute(ctx context.Context, items []Item, now time.Time, log *slog.Logger) {
	order := make([]int, 0, len(items))
	for i, item := range items {
		if item.Category.AtLeast(Major) && item.Kind != Unmanaged {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(x, y int) int { return items[x].Category.rank() - items[y].Category.rank() })
	limited, cancel := a.Clock.WithTimeout(ctx, a.Budget)
	defer cancel()
	for _, i := range order {
		found, err := a.find(limited, items[i], now)
		switch {
		case err != nil && limited.Err() != nil:
			found = &Attribution{Note: "not looked for: the time for it was up"}
		case err != nil:
			log.WarnContext(ctx, "CloudTrail could not be asked", "region", items[i].Region, "error", err)
			found = &Attribution{Note: "not known: CloudTrail could not be asked"}
			if failure, _ := awsapi.Explain(err); awsapi.IsDenied(err) {
				found.Note += ", which needs " + failure.Permission()
			}
		}
		items[i].ChangedBy = found
	}
}

// trailRegion is where CloudTrail keeps the events of an item: those of global services are in us-east-1.
func trailRegion(item Item) string {
	if parsed, err := arn.Parse(item.resource.Text("arn")); err == nil && parsed.Region == "" && parsed.Service != "s3" {
		return "us-east-1"
	}
	return item.Region
}

func (a *Attributor) find(ctx context.Context, item Item, now time.Time) (*Attribution, error) {
	region := trailRegion(item)
	client, err := a.Client(ctx, region)
	if err != nil {
		return nil, err
	}
	names := namesOf(item)
	for _, name := range names {
		input := &cloudtrail.LookupEventsInput{
			LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyResourceName, AttributeValue: aws.String(name)}},
			StartTime:        aws.Time(now.Add(-lookupWindow)), EndTime: aws.Time(now), MaxResults: aws.Int32(lookupPage),
		}
		events, err := a.events(ctx, client, input, namePages)
		if err != nil {
			return nil, err
		}
		if found := newest(events, nil, item.Kind); found != nil {
			found.Note = "the newest change that CloudTrail has for " + name
			return found, nil
		}
	}
	events, ok := a.scanned[region]
	if !ok {
		events, err = a.events(ctx, client, &cloudtrail.LookupEventsInput{
			LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyReadOnly, AttributeValue: aws.String("false")}},
			StartTime:        aws.Time(now.Add(-scanWindow)), EndTime: aws.Time(now), MaxResults: aws.Int32(lookupPage),
		}, scanPages)
		if err != nil {
			return nil, err
		}
		if a.scanned == nil {
			a.scanned = map[string][]types.Event{}
		}
		a.scanned[region] = events
	}
	if found := newest(events, names, item.Kind); found != nil {
		found.Note = "the newest change whose parameters name it"
		return found, nil
	}
	return &Attribution{Note: "CloudTrail has no change by this name in 90 days, nor one whose parameters name it among the latest; that does not mean that nobody did it"}, nil
}

// namesOf are the texts by which CloudTrail may know a resource, each once.
func namesOf(item Item) []string {
	var names []string
	if item.ID != "" && item.ID != Hidden {
		names = append(names, item.ID)
	}
	for _, attribute := range []string{"arn", "identifier", "function_name", "name", "bucket"} {
		name := item.resource.Text(attribute)
		if name != "" && !slices.Contains(names, name) && !item.resource.isSensitive(attribute) {
			names = append(names, name)
		}
	}
	return names
}

// events are the first pages, newest first, no faster than CloudTrail allows.
func (a *Attributor) events(ctx context.Context, client CloudTrailAPI, input *cloudtrail.LookupEventsInput, pages int) ([]types.Event, error) {
	var all []types.Event
	for range pages {
		if a.asked {
			if err := a.Clock.Sleep(ctx, lookupPause); err != nil {
				return nil, err
			}
		}
		a.asked = true
		page, err := client.LookupEvents(ctx, input)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Events...)
		if aws.ToString(page.NextToken) == "" {
			break
		}
		input.NextToken = page.NextToken
	}
	return all, nil
}

// record is what is used of an event's text,
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html.
type record struct {
	UserAgent       string          `json:"userAgent"`
	SourceIPAddress string          `json:"sourceIPAddress"`
	ErrorCode       string          `json:"errorCode"`
	ReadOnly        *bool           `json:"readOnly"`
	Parameters      json.RawMessage `json:"requestParameters"`
	UserIdentity    struct {
		ARN       string `json:"arn"`
		InvokedBy string `json:"invokedBy"`
		Principal string `json:"principalId"`
	} `json:"userIdentity"`
}

// newest is the newest event that changed something and is not Terraform's own; with names, one whose parameters hold one of them.
func newest(events []types.Event, names []string, kind Kind) *Attribution {
	var found *Attribution
	for _, event := range events {
		var text record
		if json.Unmarshal([]byte(aws.ToString(event.CloudTrailEvent)), &text) != nil {
			continue
		}
		readOnly := aws.ToString(event.ReadOnly) == "true" || aws.ToBool(text.ReadOnly)
		switch {
		case readOnly, text.ErrorCode != "", strings.Contains(text.UserAgent, "Terraform"), strings.Contains(text.UserAgent, "terraform"):
			continue
		case kind == Changed && strings.HasPrefix(aws.ToString(event.EventName), "Create"):
			continue // what was created is what the state knows
		case names != nil && !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(string(text.Parameters), `"`+name+`"`) }):
			continue
		}
		at := aws.ToTime(event.EventTime)
		if found != nil && !at.After(found.At) {
			continue
		}
		found = &Attribution{Who: firstOf(text.UserIdentity.ARN, aws.ToString(event.Username), text.UserIdentity.InvokedBy, text.UserIdentity.Principal), At: at, Event: aws.ToString(event.EventName), From: text.SourceIPAddress}
	}
	return found
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return "unknown"
}
