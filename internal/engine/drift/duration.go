package drift

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// CloudWatchAPI is the call of CloudWatch that is made.
type CloudWatchAPI interface {
	GetMetricData(context.Context, *cloudwatch.GetMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error)
}

// RecordedDuration returns for how long a function ran in the 30 days before now, in seconds; known is false where CloudWatch has
// nothing of it. Duration is recorded in milliseconds: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html.
func RecordedDuration(ctx context.Context, client CloudWatchAPI, function string, now time.Time) (seconds float64, known bool, err error) {
	const day = 24 * 60 * 60
	answer, err := client.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(now.Add(-30 * 24 * time.Hour)), EndTime: aws.Time(now),
		MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("ran"), MetricStat: &types.MetricStat{
			Period: aws.Int32(day), Stat: aws.String("Sum"),
			Metric: &types.Metric{Namespace: aws.String("AWS/Lambda"), MetricName: aws.String("Duration"), Dimensions: []types.Dimension{{Name: aws.String("FunctionName"), Value: aws.String(function)}}},
		}}},
	})
	if err != nil {
		return 0, false, err
	}
	for _, result := range answer.MetricDataResults {
		for _, value := range result.Values {
			seconds += value / 1000
			known = true
		}
	}
	return seconds, known, nil
}
