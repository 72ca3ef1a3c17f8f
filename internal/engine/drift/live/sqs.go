package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

const sqsDoc = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/"

// newSQS reads queues, and policies of queues that are not in the state.
func newSQS(clients *awsapi.Clients) Reader {
	return service{
		single[liveAttributes, *awsapi.SQS]{client: clients.SQS, get: queueOf, names: queueNames, table: queueTable}.
			kind(Spec{Type: "aws_sqs_queue", Doc: sqsDoc + "API_GetQueueAttributes.html"}),
		single[liveAttributes, *awsapi.SQS]{client: clients.SQS, get: queueAttributes, names: queueNames, table: queuePolicyTable, unlisted: true}.
			kind(Spec{Type: "aws_sqs_queue_policy", Doc: sqsDoc + "API_GetQueueAttributes.html", Context: []string{"queue_url"}, Part: policyPiece("aws_sqs_queue", "queue_url")}),
	}
}

var queuePolicy = ownPolicy("Attributes.Policy")

// The name and kind of a queue cannot be changed.
var queueTable = []field[liveAttributes]{
	{Attribute{Path: "visibility_timeout_seconds", API: "Attributes.VisibilityTimeout", Default: 30}, attributeText("VisibilityTimeout")},
	{Attribute{Path: "message_retention_seconds", API: "Attributes.MessageRetentionPeriod", Default: 345600}, attributeText("MessageRetentionPeriod")},
	{Attribute{Path: "max_message_size", API: "Attributes.MaximumMessageSize", IfSet: true}, attributeText("MaximumMessageSize")},
	{Attribute{Path: "delay_seconds", API: "Attributes.DelaySeconds", Default: 0}, attributeText("DelaySeconds")},
	{Attribute{Path: "receive_wait_time_seconds", API: "Attributes.ReceiveMessageWaitTimeSeconds", Default: 0}, attributeText("ReceiveMessageWaitTimeSeconds")},
	{queuePolicy, attributeText("Policy")},
	{Attribute{Path: "redrive_policy", API: "Attributes.RedrivePolicy", Kind: JSON}, attributeText("RedrivePolicy")},
	{Attribute{Path: "redrive_allow_policy", API: "Attributes.RedriveAllowPolicy", Kind: JSON}, attributeText("RedriveAllowPolicy")},
	{Attribute{Path: "kms_master_key_id", API: "Attributes.KmsMasterKeyId"}, attributeText("KmsMasterKeyId")},
	{Attribute{Path: "kms_data_key_reuse_period_seconds", API: "Attributes.KmsDataKeyReusePeriodSeconds", Default: 300}, attributeText("KmsDataKeyReusePeriodSeconds")},
	{Attribute{Path: "sqs_managed_sse_enabled", API: "Attributes.SqsManagedSseEnabled", Default: false}, attributeText("SqsManagedSseEnabled")},
	{Attribute{Path: "content_based_deduplication", API: "Attributes.ContentBasedDeduplication", Default: false}, attributeText("ContentBasedDeduplication")},
	{Attribute{Path: "deduplication_scope", API: "Attributes.DeduplicationScope"}, attributeText("DeduplicationScope")},
	{Attribute{Path: "fifo_throughput_limit", API: "Attributes.FifoThroughputLimit"}, attributeText("FifoThroughputLimit")},
	{tagsAttribute("ListQueueTags.Tags"), attributeTags},
}

var queuePolicyTable = []field[liveAttributes]{{queuePolicy, attributeText("Policy")}}

func queueAttributes(ctx context.Context, client *awsapi.SQS, caller *Caller, resource Resource) (queue liveAttributes, partial, err error) {
	answer, err := call(ctx, caller, client.GetQueueAttributes, &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(resource.ID), AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return queue, nil, err
	}
	queue.attributes = answer.Attributes
	return queue, nil, nil
}

func queueOf(ctx context.Context, client *awsapi.SQS, caller *Caller, resource Resource) (queue liveAttributes, partial, err error) {
	queue, _, err = queueAttributes(ctx, client, caller, resource)
	if err != nil {
		return queue, nil, err
	}
	tags, partial := call(ctx, caller, client.ListQueueTags, &sqs.ListQueueTagsInput{QueueUrl: aws.String(resource.ID)})
	if partial == nil {
		queue.tags = plainTags(tags.Tags)
	}
	return queue, partial, nil
}

func queueNames(ctx context.Context, client *awsapi.SQS, caller *Caller) ([]Thing, error) {
	input := &sqs.ListQueuesInput{MaxResults: aws.Int32(1000)}
	return pages(ctx, caller, client.ListQueues, input, func(page *sqs.ListQueuesOutput) ([]Thing, bool) {
		input.NextToken = page.NextToken
		things := thingsNamed(page.QueueUrls)
		for i := range things {
			things[i].Name = things[i].ID[strings.LastIndexByte(things[i].ID, '/')+1:]
		}
		return things, aws.ToString(page.NextToken) != ""
	})
}

// plainTags are tags that the API gives as a map, without those that AWS keeps for itself.
func plainTags(tags map[string]string) map[string]string {
	out := make(map[string]string, len(tags))
	for key, value := range tags {
		if !strings.HasPrefix(key, "aws:") {
			out[key] = value
		}
	}
	return out
}
