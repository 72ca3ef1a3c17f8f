package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// alarmPage is the largest page, and the most names that a call takes; a name without an alarm is no error,
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html.
const alarmPage = 100

// newCloudWatch reads alarms.
func newCloudWatch(clients *awsapi.Clients) Reader {
	return service{
		listing[liveAlarm, *awsapi.CloudWatch]{
			client: clients.CloudWatch, pages: alarms, outcome: alarmOutcome, table: alarmTable, id: func(a liveAlarm) string { return aws.ToString(a.AlarmName) },
			probe: func(ctx context.Context, client *awsapi.CloudWatch, caller *Caller, resource Resource) (*liveAlarm, error) {
				found, err := alarms(ctx, client, caller, []Resource{resource})
				if err == nil && len(found) == 0 {
					err = awsapi.ErrNotFound
				}
				return only(found), err
			},
			thing: func(a liveAlarm) Thing {
				thing := Thing{ID: aws.ToString(a.AlarmName), Name: aws.ToString(a.AlarmName), Aliases: []string{aws.ToString(a.AlarmArn)}}
				if strings.HasPrefix(thing.ID, "TargetTracking-") {
					thing.Excluded = excludedAutoscalingAlarm
				}
				return thing
			},
		}.kind(Spec{Type: "aws_cloudwatch_metric_alarm", Doc: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html"}),
	}
}

// liveAlarm is an alarm with its tags, which have a call of their own; nil where that call failed.
type liveAlarm struct {
	types.MetricAlarm
	tags map[string]string
}

var alarmQueries = Blocks{
	Key: []string{"id"},
	Fields: []string{
		"expression", "label", "period", "return_data", "account_id", "metric.0.metric_name", "metric.0.namespace", "metric.0.period", "metric.0.stat", "metric.0.unit",
	},
	Canon: nothingIsAbsent,
}

// The state that an alarm is in changes by itself.
var alarmTable = []field[liveAlarm]{
	{Attribute{Path: "actions_enabled", API: "ActionsEnabled", Default: true}, func(a liveAlarm, _ Resource) any { return a.ActionsEnabled }},
	{Attribute{Path: "alarm_actions", API: "AlarmActions", Kind: Set}, func(a liveAlarm, _ Resource) any { return a.AlarmActions }},
	{Attribute{Path: "ok_actions", API: "OKActions", Kind: Set}, func(a liveAlarm, _ Resource) any { return a.OKActions }},
	{Attribute{Path: "insufficient_data_actions", API: "InsufficientDataActions", Kind: Set}, func(a liveAlarm, _ Resource) any { return a.InsufficientDataActions }},
	{Attribute{Path: "alarm_description", API: "AlarmDescription"}, func(a liveAlarm, _ Resource) any { return a.AlarmDescription }},
	{Attribute{Path: "comparison_operator", API: "ComparisonOperator"}, func(a liveAlarm, _ Resource) any { return string(a.ComparisonOperator) }},
	{Attribute{Path: "threshold", API: "Threshold", Default: 0}, func(a liveAlarm, _ Resource) any { return a.Threshold }},
	{Attribute{Path: "threshold_metric_id", API: "ThresholdMetricId"}, func(a liveAlarm, _ Resource) any { return a.ThresholdMetricId }},
	{Attribute{Path: "evaluation_periods", API: "EvaluationPeriods"}, func(a liveAlarm, _ Resource) any { return a.EvaluationPeriods }},
	{Attribute{Path: "datapoints_to_alarm", API: "DatapointsToAlarm", Default: 0}, func(a liveAlarm, _ Resource) any { return a.DatapointsToAlarm }},
	{Attribute{Path: "period", API: "Period", Default: 0}, func(a liveAlarm, _ Resource) any { return a.Period }},
	{Attribute{Path: "statistic", API: "Statistic"}, func(a liveAlarm, _ Resource) any { return string(a.Statistic) }},
	{Attribute{Path: "extended_statistic", API: "ExtendedStatistic"}, func(a liveAlarm, _ Resource) any { return a.ExtendedStatistic }},
	{Attribute{Path: "metric_name", API: "MetricName"}, func(a liveAlarm, _ Resource) any { return a.MetricName }},
	{Attribute{Path: "namespace", API: "Namespace"}, func(a liveAlarm, _ Resource) any { return a.Namespace }},
	{Attribute{Path: "unit", API: "Unit"}, func(a liveAlarm, _ Resource) any { return string(a.Unit) }},
	{Attribute{Path: "treat_missing_data", API: "TreatMissingData", Default: "missing"}, func(a liveAlarm, _ Resource) any { return a.TreatMissingData }},
	{Attribute{Path: "dimensions", API: "Dimensions", Kind: Map}, func(a liveAlarm, _ Resource) any {
		return pairs(a.Dimensions, func(d types.Dimension) (key, value *string) { return d.Name, d.Value })
	}},
	{Attribute{Path: "metric_query", API: "Metrics", Kind: Map, Blocks: &alarmQueries}, func(a liveAlarm, _ Resource) any {
		blocks := make([]map[string]any, 0, len(a.Metrics))
		for _, query := range a.Metrics {
			block := map[string]any{
				"id": query.Id, "expression": query.Expression, "label": query.Label, "period": query.Period, "return_data": query.ReturnData, "account_id": query.AccountId,
			}
			if stat := query.MetricStat; stat != nil && stat.Metric != nil {
				block["metric"] = []any{map[string]any{
					"metric_name": stat.Metric.MetricName, "namespace": stat.Metric.Namespace, "period": stat.Period, "stat": stat.Stat, "unit": string(stat.Unit),
				}}
			}
			blocks = append(blocks, block)
		}
		return blocks
	}},
	{tagsAttribute("ListTagsForResource.Tags"), func(a liveAlarm, _ Resource) any {
		if a.tags == nil {
			return unread
		}
		return a.tags
	}},
}

// alarms lists those of resources, by name, or all.
func alarms(ctx context.Context, client *awsapi.CloudWatch, caller *Caller, resources []Resource) ([]liveAlarm, error) {
	input := &cloudwatch.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm}, MaxRecords: aws.Int32(alarmPage)}
	if len(resources) <= alarmPage {
		for _, resource := range resources {
			input.AlarmNames = append(input.AlarmNames, resource.ID)
		}
	}
	return pages(ctx, caller, client.DescribeAlarms, input, func(page *cloudwatch.DescribeAlarmsOutput) ([]liveAlarm, bool) {
		input.NextToken = page.NextToken
		return wrapped(page.MetricAlarms, func(a types.MetricAlarm) liveAlarm { return liveAlarm{MetricAlarm: a} }), aws.ToString(page.NextToken) != ""
	})
}

func alarmOutcome(ctx context.Context, client *awsapi.CloudWatch, caller *Caller, alarm liveAlarm, resource Resource) Outcome {
	tags, err := call(ctx, caller, client.ListTagsForResource, &cloudwatch.ListTagsForResourceInput{ResourceARN: alarm.AlarmArn})
	if err == nil {
		alarm.tags = tagMap(tags.Tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
	}
	outcome := found(alarmTable, alarm, resource)
	if err != nil {
		outcome.Reason, outcome.Err = tagsUnread, err
	}
	return outcome
}
