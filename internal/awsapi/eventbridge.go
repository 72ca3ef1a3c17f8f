package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

// EventBridge is the part of the EventBridge client that the engines call: a call is one line here.
type EventBridge struct{ client unsafe.Pointer }

func (f *EventBridge) sdk() *eventbridge.Client { return (*eventbridge.Client)(f.client) }

// EventBridge returns the client for region.
func (c *Clients) EventBridge(ctx context.Context, region string) (*EventBridge, error) {
	return facade(ctx, c, c.eventbridge, region, func(config aws.Config) *EventBridge {
		return &EventBridge{unsafe.Pointer(eventbridge.NewFromConfig(config, func(o *eventbridge.Options) { override(&o.BaseEndpoint, c.endpoint("eventbridge")) }))}
	})
}

// PutEvents calls EventBridge.
func (f *EventBridge) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, options ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	return f.sdk().PutEvents(ctx, in, options...)
}
