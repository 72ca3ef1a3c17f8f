package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// logGroupPage is the largest page, https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html.
// There is no filter of names, only of one prefix: up to logGroupPrefixes groups are asked for one by one.
const (
	logGroupPage     = 50
	logGroupPrefixes = 5
)

// newCloudWatchLogs reads log groups.
func newCloudWatchLogs(clients *awsapi.Clients) Reader {
	return service{
		listing[liveLogGroup, *awsapi.CloudWatchLogs]{
			client: clients.CloudWatchLogs, outcome: logGroupOutcome, table: logGroupTable, id: func(g liveLogGroup) string { return aws.ToString(g.LogGroupName) },
			pages: func(ctx context.Context, client *awsapi.CloudWatchLogs, caller *Caller, resources []Resource) ([]liveLogGroup, error) {
				if len(resources) == 0 || len(resources) > logGroupPrefixes {
					return logGroups(ctx, client, caller, nil)
				}
				var all []liveLogGroup
				for _, resource := range resources {
					groups, err := logGroups(ctx, client, caller, aws.String(resource.ID))
					if err != nil {
						return nil, err
					}
					all = append(all, groups...)
				}
				return all, nil
			},
			probe: func(ctx context.Context, client *awsapi.CloudWatchLogs, caller *Caller, resource Resource) (*liveLogGroup, error) {
				groups, err := logGroups(ctx, client, caller, aws.String(resource.ID))
				for _, group := range groups {
					if aws.ToString(group.LogGroupName) == resource.ID {
						return &group, nil
					}
				}
				if err == nil {
					err = awsapi.ErrNotFound
				}
				return nil, err
			},
			thing: func(g liveLogGroup) Thing {
				return Thing{ID: aws.ToString(g.LogGroupName), Name: aws.ToString(g.LogGroupName), Aliases: []string{logGroupARN(g)}}
			},
		}.kind(Spec{Type: "aws_cloudwatch_log_group", Doc: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html"}),
	}
}

// liveLogGroup is a log group with its tags, which have a call of their own; nil where that call failed.
type liveLogGroup struct {
	types.LogGroup
	tags map[string]string
}

func logGroupARN(group liveLogGroup) string { return strings.TrimSuffix(aws.ToString(group.Arn), ":*") }

var logGroupTable = []field[liveLogGroup]{
	{Attribute{Path: "retention_in_days", API: "RetentionInDays", Default: 0}, func(g liveLogGroup, _ Resource) any { return g.RetentionInDays }},
	{Attribute{Path: "kms_key_id", API: "KmsKeyId"}, func(g liveLogGroup, _ Resource) any { return g.KmsKeyId }},
	{tagsAttribute("ListTagsForResource.Tags"), func(g liveLogGroup, _ Resource) any {
		if g.tags == nil {
			return unread
		}
		return g.tags
	}},
}

func logGroups(ctx context.Context, client *awsapi.CloudWatchLogs, caller *Caller, prefix *string) ([]liveLogGroup, error) {
	input := &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: prefix, Limit: aws.Int32(logGroupPage)}
	return pages(ctx, caller, client.DescribeLogGroups, input, func(page *cloudwatchlogs.DescribeLogGroupsOutput) ([]liveLogGroup, bool) {
		input.NextToken = page.NextToken
		return wrapped(page.LogGroups, func(g types.LogGroup) liveLogGroup { return liveLogGroup{LogGroup: g} }), aws.ToString(page.NextToken) != ""
	})
}

func logGroupOutcome(ctx context.Context, client *awsapi.CloudWatchLogs, caller *Caller, group liveLogGroup, resource Resource) Outcome {
	tags, err := call(ctx, caller, client.ListTagsForResource, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String(logGroupARN(group))})
	if err == nil {
		group.tags = plainTags(tags.Tags)
	}
	outcome := found(logGroupTable, group, resource)
	if err != nil {
		outcome.Reason, outcome.Err = tagsUnread, err
	}
	return outcome
}
