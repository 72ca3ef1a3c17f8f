package probe

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// MetricAPI is what a metric check calls.
type MetricAPI interface {
	GetMetricData(context.Context, *cloudwatch.GetMetricDataInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error)
}

// Metric compares a statistic of a CloudWatch metric, over the period that ends now, with a threshold.
type Metric struct {
	Client     func(context.Context) (MetricAPI, error) // made at the first attempt
	Namespace  string
	MetricName string
	Statistic  string // from ParseStatistic
	Period     time.Duration
	Comparison Comparison
	Threshold  float64
	Dimensions map[string]string // all that the metric has, as CloudWatch wants them
	MinSamples int
}

// Comparison is how a statistic must stand to the threshold to be healthy.
type Comparison string

// The comparisons.
const (
	Greater        Comparison = ">"
	GreaterOrEqual Comparison = ">="
	Less           Comparison = "<"
	LessOrEqual    Comparison = "<="
)

var comparisons = map[string]Comparison{
	">": Greater, ">=": GreaterOrEqual, "<": Less, "<=": LessOrEqual,
	string(types.ComparisonOperatorGreaterThanThreshold):          Greater,
	string(types.ComparisonOperatorGreaterThanOrEqualToThreshold): GreaterOrEqual,
	string(types.ComparisonOperatorLessThanThreshold):             Less,
	string(types.ComparisonOperatorLessThanOrEqualToThreshold):    LessOrEqual,
}

// ParseComparison takes a sign, or CloudWatch's word for it (LessThanThreshold).
func ParseComparison(text string) (Comparison, error) {
	if comparison, ok := comparisons[text]; ok {
		return comparison, nil
	}
	return "", fmt.Errorf("%q is no comparison", text)
}

func (c Comparison) holds(value, threshold float64) bool {
	switch c {
	case Greater:
		return value > threshold
	case GreaterOrEqual:
		return value >= threshold
	case Less:
		return value < threshold
	default:
		return value <= threshold
	}
}

// number is a part of a statistic's name: 99, 99.9, 100.
const number = `(\d{1,2}(\.\d{1,10})?|100(\.0+)?)`

// statisticForms are those of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
// beside the five basic ones.
var statisticForms = regexp.MustCompile(`^(IQM|(p|tm|wm|tc|ts)` + number + `|(TM|WM|TC|TS)\((\d+(\.\d+)?%?)?:(\d+(\.\d+)?%?)?\)|PR\((-?\d+(\.\d+)?)?:(-?\d+(\.\d+)?)?\))$`)

// ParseStatistic takes the name of a statistic, one of the basic ones in any case, and returns it as CloudWatch spells it.
func ParseStatistic(text string) (string, error) {
	for _, basic := range types.Statistic("").Values() {
		if strings.EqualFold(text, string(basic)) {
			return string(basic), nil
		}
	}
	if !statisticForms.MatchString(text) {
		return "", fmt.Errorf("%q is no statistic of CloudWatch", text)
	}
	return text, nil
}

// ParsePeriod takes a duration, or a number of seconds as CloudWatch does, of a length that CloudWatch aggregates over.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricStat.html
func ParsePeriod(text string) (time.Duration, error) {
	period, err := time.ParseDuration(text)
	if seconds, notSeconds := strconv.Atoi(text); notSeconds == nil {
		period, err = time.Duration(seconds)*time.Second, nil
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no duration", text)
	case slices.Contains([]time.Duration{1 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second}, period):
	case period <= 0 || period%time.Minute != 0 || period > 24*time.Hour:
		return 0, fmt.Errorf("%q is no period of CloudWatch", text)
	}
	return period, nil
}

// Name is "metric".
func (*Metric) Name() string { return "metric" }

// Probe asks once. Fewer samples than MinSamples say nothing either way and are inconclusive.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
func (m *Metric) Probe(ctx context.Context) Observation {
	what := "read the metric " + m.Namespace + " " + m.MetricName
	started := time.Now()
	client, err := m.Client(ctx)
	if err != nil {
		return awsTrouble(ctx, what, err, 0)
	}
	read, err := m.read(ctx, client)
	latency := time.Since(started)
	if err != nil {
		return refused(ctx, what, "cloudwatch:GetMetricData", err, latency)
	}
	if read.status == types.StatusCodeForbidden {
		return Observation{Status: Error, Final: true, Latency: latency, Reason: what + ": not allowed; the credentials need cloudwatch:GetMetricData"}
	}
	if read.status == types.StatusCodeInternalError {
		return Observation{Status: Error, Latency: latency, Reason: what + ": CloudWatch could not read all of it"}
	}
	return m.judge(read, latency)
}

func (m *Metric) judge(read metricRead, latency time.Duration) Observation {
	seen := Observation{Status: Pass, Latency: latency, Values: map[string]string{"samples": plain(read.samples), "threshold": plain(m.Threshold)}}
	over := fmt.Sprintf("%s %s, %s over %s", m.Namespace, m.MetricName, m.Statistic, m.Period)
	if read.samples < float64(m.MinSamples) || len(read.values) == 0 {
		seen.Status = Inconclusive
		seen.Reason = fmt.Sprintf("%s: %s samples, fewer than %d", over, plain(read.samples), max(m.MinSamples, 1))
		return seen
	}
	seen.Values["value"] = plain(read.values[0])
	for _, value := range read.values {
		if !m.Comparison.holds(value, m.Threshold) {
			return seen.fail("%s: it is %s, which is not %s %s", over, plain(value), m.Comparison, plain(m.Threshold))
		}
	}
	return seen
}

func plain(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

// metricRead is what CloudWatch answered: the newest value first, and how many samples they are made of.
type metricRead struct {
	values  []float64
	samples float64
	status  types.StatusCode
}

func (m *Metric) read(ctx context.Context, client MetricAPI) (metricRead, error) {
	from, to := m.window()
	input := &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(from), EndTime: aws.Time(to), ScanBy: types.ScanByTimestampDescending,
		MetricDataQueries: []types.MetricDataQuery{m.query("value", m.Statistic), m.query("samples", string(types.StatisticSampleCount))},
	}
	var read metricRead
	for {
		output, err := client.GetMetricData(ctx, input, func(o *cloudwatch.Options) { o.RetryMaxAttempts = awsAttempts })
		if err != nil {
			return read, err
		}
		for _, result := range output.MetricDataResults {
			if result.StatusCode == types.StatusCodeForbidden || result.StatusCode == types.StatusCodeInternalError {
				read.status = result.StatusCode
			}
			if aws.ToString(result.Id) == "value" {
				read.values = append(read.values, result.Values...)
				continue
			}
			for _, count := range result.Values {
				read.samples += count
			}
		}
		if input.NextToken = output.NextToken; aws.ToString(input.NextToken) == "" {
			return read, nil
		}
	}
}

// window is one period, of which the last minute (or period, if that is shorter) has begun. CloudWatch counts periods from its
// beginning, so it is one data point: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
func (m *Metric) window() (from, to time.Time) {
	step := min(m.Period, time.Minute)
	to = time.Now().UTC().Truncate(step).Add(step)
	return to.Add(-m.Period), to
}

func (m *Metric) query(id, statistic string) types.MetricDataQuery {
	metric := &types.Metric{Namespace: aws.String(m.Namespace), MetricName: aws.String(m.MetricName)}
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		metric.Dimensions = append(metric.Dimensions, types.Dimension{Name: aws.String(name), Value: aws.String(m.Dimensions[name])})
	}
	seconds := int32(m.Period / time.Second) //nolint:gosec // at most a day
	return types.MetricDataQuery{Id: aws.String(id), MetricStat: &types.MetricStat{Metric: metric, Period: aws.Int32(seconds), Stat: aws.String(statistic)}}
}
