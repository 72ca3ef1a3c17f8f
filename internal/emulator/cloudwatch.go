package emulator

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// cloudwatchRules keep what is put in JSON, to answer GetMetricData with percentiles and with the very dimensions that were
// asked for, neither of which moto does.
type cloudwatchRules struct {
	mu      sync.Mutex
	metrics map[string][]sample // by metricKey
	foreign bool                // something was put in another protocol: only moto has it
}

type sample struct {
	at           time.Time
	value, count float64
}

func newCloudWatchRules() *cloudwatchRules {
	c := &cloudwatchRules{}
	c.reset()
	return c
}

func (c *cloudwatchRules) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.metrics, c.foreign = map[string][]sample{}, false
}

func (c *cloudwatchRules) rule(operation string) rule {
	switch operation {
	case "PutMetricData":
		return c.put
	case "GetMetricData":
		return c.get
	}
	return nil
}

type cloudwatchDimension struct{ Name, Value string }

// metricKey names a metric: with other dimensions it is another one.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#dimension-combinations
func metricKey(x *exchange, namespace, name string, dimensions []cloudwatchDimension) string {
	parts := make([]string, 0, len(dimensions))
	for _, dimension := range dimensions {
		parts = append(parts, dimension.Name+"="+dimension.Value)
	}
	slices.Sort(parts)
	return strings.Join(append([]string{x.Region, namespace, name}, parts...), "\n")
}

// put is https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html.
func (c *cloudwatchRules) put(ctx context.Context, x *exchange) (*answer, error) {
	reply, err := x.forward(ctx)
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var body struct {
		Namespace  string
		MetricData []struct {
			MetricName     string
			Dimensions     []cloudwatchDimension
			Timestamp      float64
			Value          *float64
			Values, Counts []float64
		}
	}
	if x.protocol != protocolJSON || json.Unmarshal(x.body, &body) != nil {
		c.foreign = true
		return reply, nil
	}
	for _, datum := range body.MetricData {
		key := metricKey(x, body.Namespace, datum.MetricName, datum.Dimensions)
		at := time.Now()
		if datum.Timestamp > 0 {
			at = time.UnixMilli(int64(datum.Timestamp * 1000))
		}
		if datum.Value != nil {
			datum.Values, datum.Counts = []float64{*datum.Value}, nil
		}
		for i, value := range datum.Values {
			count := 1.0
			if i < len(datum.Counts) {
				count = datum.Counts[i]
			}
			c.metrics[key] = append(c.metrics[key], sample{at, value, count})
		}
	}
	return reply, nil
}

type metricQuery struct {
	ID         string
	Expression string
	MetricStat *struct {
		Metric struct {
			Namespace, MetricName string
			Dimensions            []cloudwatchDimension
		}
		Period int
		Stat   string
	}
}

// get is https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html, of metrics: moto has its own
// way with expressions.
func (c *cloudwatchRules) get(_ context.Context, x *exchange) (*answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var body struct {
		StartTime, EndTime float64
		MetricDataQueries  []metricQuery
	}
	if c.foreign || x.protocol != protocolJSON || json.Unmarshal(x.body, &body) != nil ||
		slices.ContainsFunc(body.MetricDataQueries, func(q metricQuery) bool { return q.MetricStat == nil }) {
		return nil, nil
	}
	if body.EndTime <= body.StartTime {
		return x.fail(http.StatusBadRequest, "ValidationError", "The parameter EndTime must be greater than StartTime."), nil
	}
	results := []map[string]any{}
	from, to := time.UnixMilli(int64(body.StartTime*1000)), time.UnixMilli(int64(body.EndTime*1000))
	for _, query := range body.MetricDataQueries {
		stat := query.MetricStat
		period := time.Duration(stat.Period) * time.Second
		if period <= 0 || (period > 30*time.Second && period%time.Minute != 0) {
			return x.fail(http.StatusBadRequest, "ValidationError", "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."), nil
		}
		samples := c.metrics[metricKey(x, stat.Metric.Namespace, stat.Metric.MetricName, stat.Metric.Dimensions)]
		times, values := []float64{}, []float64{}
		for start := from; start.Before(to); start = start.Add(period) {
			end := start.Add(period)
			if end.After(to) {
				end = to
			}
			if value, ok := aggregate(within(samples, start, end), stat.Stat); ok {
				times, values = append(times, float64(start.Unix())), append(values, value)
			}
		}
		slices.Reverse(times) // the newest first
		slices.Reverse(values)
		results = append(results, map[string]any{
			"Id": query.ID, "Label": stat.Metric.MetricName + " " + stat.Stat, "Timestamps": times, "Values": values, "StatusCode": "Complete",
		})
	}
	encoded, err := json.Marshal(map[string]any{"MetricDataResults": results, "Messages": []any{}})
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, body: encoded}, err
}

func within(samples []sample, from, to time.Time) []sample {
	var found []sample
	for _, one := range samples {
		if !one.at.Before(from) && one.at.Before(to) {
			found = append(found, one)
		}
	}
	return found
}

// aggregate is one of the basic statistics or a percentile:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
func aggregate(samples []sample, statistic string) (value float64, ok bool) {
	if len(samples) == 0 {
		return 0, false
	}
	slices.SortFunc(samples, func(a, b sample) int {
		switch {
		case a.value < b.value:
			return -1
		case a.value > b.value:
			return 1
		}
		return 0
	})
	var sum, count float64
	for _, one := range samples {
		sum, count = sum+one.value*one.count, count+one.count
	}
	switch statistic {
	case "SampleCount":
		return count, true
	case "Sum":
		return sum, true
	case "Average":
		return sum / count, true
	case "Minimum":
		return samples[0].value, true
	case "Maximum":
		return samples[len(samples)-1].value, true
	}
	text, isPercentile := strings.CutPrefix(statistic, "p")
	share, err := strconv.ParseFloat(text, 64)
	if !isPercentile || err != nil {
		return 0, false
	}
	rank, seen := math.Ceil(share/100*count), 0.0
	for _, one := range samples {
		if seen += one.count; seen >= rank {
			return one.value, true
		}
	}
	return samples[len(samples)-1].value, true
}
