package notify

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// CloudWatchAPI is the part of CloudWatch that a sink needs.
type CloudWatchAPI interface {
	PutMetricData(context.Context, *cloudwatch.PutMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricDataOutput, error)
}

// CloudWatch sends the metrics of an event, in one call; an event without metrics costs none.
type CloudWatch struct {
	// Client makes the client on first use.
	Client func(ctx context.Context) (CloudWatchAPI, error)
	// Namespace chooses the namespace of an event's metrics.
	Namespace func(Kind) string
	// Dimensions go on every metric, besides the event's own labels; the event's win. CloudWatch takes 30 at most.
	Dimensions map[string]string
}

// Send puts the metrics of event.
func (c *CloudWatch) Send(ctx context.Context, event Event) error {
	if len(event.Metrics) == 0 {
		return nil
	}
	client, err := c.Client(ctx)
	if err != nil {
		return err
	}
	all := maps.Clone(c.Dimensions)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, event.Labels)
	var dimensions []types.Dimension
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] != "" { // CloudWatch refuses an empty value
			dimensions = append(dimensions, types.Dimension{Name: aws.String(name), Value: aws.String(all[name])})
		}
	}
	var data []types.MetricDatum
	for _, metric := range event.Metrics {
		data = append(data, types.MetricDatum{
			MetricName: aws.String(metric.Name), Value: aws.Float64(metric.Value), Unit: types.StandardUnit(metric.Unit),
			Timestamp: aws.Time(event.At), Dimensions: dimensions,
		})
	}
	_, err = client.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String(c.Namespace(event.Kind)), MetricData: data})
	return err
}
