package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

const snsDoc = "https://docs.aws.amazon.com/sns/latest/api/"

// newSNS reads topics, policies of topics that are not in the state, and subscriptions.
func newSNS(clients *awsapi.Clients) Reader {
	return service{
		single[liveAttributes, *awsapi.SNS]{client: clients.SNS, get: topicOf, names: topicNames, table: topicTable}.
			kind(Spec{Type: "aws_sns_topic", Doc: snsDoc + "API_GetTopicAttributes.html"}),
		single[liveAttributes, *awsapi.SNS]{client: clients.SNS, get: topicAttributes, names: topicNames, table: topicPolicyTable, unlisted: true}.
			kind(Spec{Type: "aws_sns_topic_policy", Doc: snsDoc + "API_GetTopicAttributes.html", Part: policyPiece("aws_sns_topic", "arn")}),
		single[liveAttributes, *awsapi.SNS]{client: clients.SNS, get: subscriptionOf, names: subscriptions, table: subscriptionTable}.
			kind(Spec{Type: "aws_sns_topic_subscription", Doc: snsDoc + "API_GetSubscriptionAttributes.html"}),
	}
}

// liveAttributes is an answer that is a map of texts; tags are nil where they were not read.
type liveAttributes struct {
	attributes map[string]string
	tags       map[string]string
}

// text takes one of them over; one that is absent is null.
func (liveAttributes) text(name string) func(liveAttributes, Resource) any {
	return func(l liveAttributes, _ Resource) any { return l.attributes[name] }
}

func attributeTags(l liveAttributes, _ Resource) any {
	if l.tags == nil {
		return unread
	}
	return l.tags
}

// attributeText is text as a function, for tables.
var attributeText = liveAttributes{}.text

var topicPolicy = ownPolicy("Attributes.Policy")

// The name and kind of a topic cannot be changed. Who gets to know of deliveries ("feedback") is in the table role by role.
var topicTable = append([]field[liveAttributes]{
	{Attribute{Path: "display_name", API: "Attributes.DisplayName"}, attributeText("DisplayName")},
	{topicPolicy, attributeText("Policy")},
	{Attribute{Path: "delivery_policy", API: "Attributes.DeliveryPolicy", Kind: JSON}, attributeText("DeliveryPolicy")},
	{Attribute{Path: "kms_master_key_id", API: "Attributes.KmsMasterKeyId"}, attributeText("KmsMasterKeyId")},
	{Attribute{Path: "content_based_deduplication", API: "Attributes.ContentBasedDeduplication", Default: false}, attributeText("ContentBasedDeduplication")},
	{Attribute{Path: "fifo_throughput_scope", API: "Attributes.FifoThroughputScope"}, attributeText("FifoThroughputScope")},
	{Attribute{Path: "signature_version", API: "Attributes.SignatureVersion", Default: 0}, attributeText("SignatureVersion")},
	{Attribute{Path: "tracing_config", API: "Attributes.TracingConfig"}, attributeText("TracingConfig")},
	{tagsAttribute("ListTagsForResource.Tags"), attributeTags},
}, feedback()...)

// feedback are the lines of what reports deliveries, for each protocol.
func feedback() []field[liveAttributes] {
	var lines []field[liveAttributes]
	for _, protocol := range [][2]string{{"application", "Application"}, {"firehose", "Firehose"}, {"http", "HTTP"}, {"lambda", "Lambda"}, {"sqs", "SQS"}} {
		terraform, api := protocol[0], protocol[1]
		lines = append(lines,
			field[liveAttributes]{Attribute{Path: terraform + "_success_feedback_role_arn", API: "Attributes." + api + "SuccessFeedbackRoleArn"}, attributeText(api + "SuccessFeedbackRoleArn")},
			field[liveAttributes]{Attribute{Path: terraform + "_failure_feedback_role_arn", API: "Attributes." + api + "FailureFeedbackRoleArn"}, attributeText(api + "FailureFeedbackRoleArn")},
		)
	}
	return lines
}

var topicPolicyTable = []field[liveAttributes]{{topicPolicy, attributeText("Policy")}}

// Topic, protocol and endpoint of a subscription cannot be changed.
var subscriptionTable = []field[liveAttributes]{
	{Attribute{Path: "filter_policy", API: "Attributes.FilterPolicy", Kind: JSON}, attributeText("FilterPolicy")},
	{Attribute{Path: "filter_policy_scope", API: "Attributes.FilterPolicyScope", IfSet: true}, attributeText("FilterPolicyScope")},
	{Attribute{Path: "raw_message_delivery", API: "Attributes.RawMessageDelivery", Default: false}, attributeText("RawMessageDelivery")},
	{Attribute{Path: "redrive_policy", API: "Attributes.RedrivePolicy", Kind: JSON}, attributeText("RedrivePolicy")},
	{Attribute{Path: "delivery_policy", API: "Attributes.DeliveryPolicy", Kind: JSON}, attributeText("DeliveryPolicy")},
	{Attribute{Path: "subscription_role_arn", API: "Attributes.SubscriptionRoleArn"}, attributeText("SubscriptionRoleArn")},
}

func topicAttributes(ctx context.Context, client *awsapi.SNS, caller *Caller, resource Resource) (topic liveAttributes, partial, err error) {
	answer, err := call(ctx, caller, client.GetTopicAttributes, &sns.GetTopicAttributesInput{TopicArn: aws.String(resource.ID)})
	if err != nil {
		return topic, nil, err
	}
	topic.attributes = answer.Attributes
	return topic, nil, nil
}

func topicOf(ctx context.Context, client *awsapi.SNS, caller *Caller, resource Resource) (topic liveAttributes, partial, err error) {
	topic, _, err = topicAttributes(ctx, client, caller, resource)
	if err != nil {
		return topic, nil, err
	}
	tags, partial := call(ctx, caller, client.ListTagsForResource, &sns.ListTagsForResourceInput{ResourceArn: aws.String(resource.ID)})
	if partial == nil {
		topic.tags = tagMap(tags.Tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
	}
	return topic, partial, nil
}

// topicNames lists topics, 100 a page, which cannot be chosen.
func topicNames(ctx context.Context, client *awsapi.SNS, caller *Caller) ([]Thing, error) {
	input := &sns.ListTopicsInput{}
	return pages(ctx, caller, client.ListTopics, input, func(page *sns.ListTopicsOutput) ([]Thing, bool) {
		input.NextToken = page.NextToken
		things := make([]Thing, 0, len(page.Topics))
		for _, topic := range page.Topics {
			arn := aws.ToString(topic.TopicArn)
			things = append(things, Thing{ID: arn, Name: arn[strings.LastIndexByte(arn, ':')+1:]})
		}
		return things, aws.ToString(page.NextToken) != ""
	})
}

// subscriptionOf: a subscription that nobody has confirmed has no ARN, and cannot be asked for.
func subscriptionOf(ctx context.Context, client *awsapi.SNS, caller *Caller, resource Resource) (subscription liveAttributes, partial, err error) {
	answer, err := call(ctx, caller, client.GetSubscriptionAttributes, &sns.GetSubscriptionAttributesInput{SubscriptionArn: aws.String(resource.ID)})
	if err != nil {
		return subscription, nil, err
	}
	subscription.attributes = answer.Attributes
	return subscription, nil, nil
}

// subscriptions lists those that were confirmed: the others have no ARN yet, https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptions.html.
func subscriptions(ctx context.Context, client *awsapi.SNS, caller *Caller) ([]Thing, error) {
	input := &sns.ListSubscriptionsInput{}
	return pages(ctx, caller, client.ListSubscriptions, input, func(page *sns.ListSubscriptionsOutput) ([]Thing, bool) {
		input.NextToken = page.NextToken
		things := make([]Thing, 0, len(page.Subscriptions))
		for _, subscription := range page.Subscriptions {
			if arn := aws.ToString(subscription.SubscriptionArn); strings.HasPrefix(arn, "arn:") {
				topic := aws.ToString(subscription.TopicArn)
				things = append(things, Thing{ID: arn, Name: topic[strings.LastIndexByte(topic, ':')+1:] + "_" + aws.ToString(subscription.Protocol)})
			}
		}
		return things, aws.ToString(page.NextToken) != ""
	})
}
