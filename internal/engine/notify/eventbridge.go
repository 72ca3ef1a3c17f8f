package notify

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// EventBridgeAPI is the part of EventBridge that a sink needs.
type EventBridgeAPI interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// EventBridge puts every event on a bus: source "terraform.reliability", detail-type its kind, detail its JSON.
type EventBridge struct {
	// Client makes the client on first use.
	Client  func(ctx context.Context) (EventBridgeAPI, error)
	BusName string
}

// Source is the source of every event on the bus.
const Source = "terraform.reliability"

// Send puts event on the bus. EventBridge answers 200 even when it refuses the entry; that is an error here.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
func (e *EventBridge) Send(ctx context.Context, event Event) error {
	detail, err := event.JSON()
	if err != nil {
		return err
	}
	client, err := e.Client(ctx)
	if err != nil {
		return err
	}
	out, err := client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		EventBusName: aws.String(e.BusName), Source: aws.String(Source), DetailType: aws.String(string(event.Kind)),
		Detail: aws.String(string(detail)), Time: aws.Time(event.At),
	}}})
	if err != nil {
		return err
	}
	for _, entry := range out.Entries {
		if entry.ErrorCode != nil {
			return fmt.Errorf("EventBridge did not take the event on bus %s: %s: %s", e.BusName, aws.ToString(entry.ErrorCode), aws.ToString(entry.ErrorMessage))
		}
	}
	return nil
}
