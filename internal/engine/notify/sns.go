package notify

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// SNSAPI is the part of SNS that a sink needs.
type SNSAPI interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// SNS publishes every notable event as one message: subject, JSON body, and the kind and labels as message attributes, so that
// a subscription can filter.
type SNS struct {
	// Client makes the client on first use.
	Client   func(ctx context.Context) (SNSAPI, error)
	TopicARN string
}

// maxSubject and the character rule: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
const maxSubject = 100

// Send publishes event.
func (s *SNS) Send(ctx context.Context, event Event) error {
	if !event.Kind.Notable() {
		return nil
	}
	body, err := event.JSON()
	if err != nil {
		return err
	}
	client, err := s.Client(ctx)
	if err != nil {
		return err
	}
	attributes := map[string]types.MessageAttributeValue{
		"kind": {DataType: aws.String("String"), StringValue: aws.String(string(event.Kind))},
	}
	for _, named := range []map[string]string{event.Labels, event.Attributes} {
		for name, value := range named {
			if value != "" { // SNS refuses an empty one
				attributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
			}
		}
	}
	_, err = client.Publish(ctx, &sns.PublishInput{
		TopicArn: aws.String(s.TopicARN), Subject: aws.String(subject(event.Subject)), Message: aws.String(string(body)), MessageAttributes: attributes,
	})
	return err
}

// subject keeps the printable ASCII of a subject, at most 100 characters, as SNS asks.
func subject(text string) string {
	kept := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '-'
		}
		return r
	}, text)
	if len(kept) > maxSubject {
		kept = kept[:maxSubject]
	}
	return kept
}

// RegionOf returns the Region in an ARN, or "".
func RegionOf(name string) string {
	parsed, err := arn.Parse(name)
	if err != nil {
		return ""
	}
	return parsed.Region
}
