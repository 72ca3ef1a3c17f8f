package drift

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// recordedMetrics answers for one function.
type recordedMetrics struct {
	values []float64
	err    error
	asked  *cloudwatch.GetMetricDataInput
}

func (m *recordedMetrics) GetMetricData(_ context.Context, in *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	m.asked = in
	return &cloudwatch.GetMetricDataOutput{MetricDataResults: []types.MetricDataResult{{Values: m.values}}}, m.err
}

func TestRecordedDuration(t *testing.T) {
	t.Parallel()
	metrics := &recordedMetrics{values: []float64{1_500_000, 500_000}} // milliseconds
	seconds, known, err := RecordedDuration(t.Context(), metrics, "fn", now)
	if err != nil || !known || seconds != 2000 {
		t.Errorf("%v %v %v", seconds, known, err)
	}
	stat := metrics.asked.MetricDataQueries[0].MetricStat
	if *stat.Metric.Namespace != "AWS/Lambda" || *stat.Metric.MetricName != "Duration" || *stat.Stat != "Sum" || *stat.Metric.Dimensions[0].Value != "fn" ||
		!metrics.asked.EndTime.Equal(now) || metrics.asked.EndTime.Sub(*metrics.asked.StartTime) != 30*24*time.Hour || *stat.Period != 86400 {
		t.Errorf("asked %+v", metrics.asked)
	}
	if _, known, err := RecordedDuration(t.Context(), &recordedMetrics{}, "fn", now); known || err != nil {
		t.Errorf("nothing is recorded: %v %v", known, err)
	}
	denied := errors.New("denied")
	if _, known, err := RecordedDuration(t.Context(), &recordedMetrics{err: denied}, "fn", now); known || !errors.Is(err, denied) {
		t.Errorf("%v %v", known, err)
	}
}

// Memory by recorded time: 1 GB more for the 2,000 s that the function ran in 30 days. Without a record it is for a million seconds, said so,
// and in no sum.
func TestMemoryByRecordedInvocations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		metrics  *recordedMetrics
		want     float64
		basis    string
		complete bool
	}{
		"it ran":            {&recordedMetrics{values: []float64{2_000_000}}, 0.2, "price_list", true},
		"it never ran":      {&recordedMetrics{}, 100, basisPerMillion, false},
		"nobody may ask":    {&recordedMetrics{err: errors.New("denied")}, 100, basisPerMillion, false},
		"it ran for 0.5 ms": {&recordedMetrics{values: []float64{0.5}}, 0, "price_list", true},
	} {
		item := Item{
			Type: "aws_lambda_function", Kind: Changed, Region: "us-east-1", Changes: []Change{{Path: "memory_size", Actual: aws.String("2048")}},
			resource: Resource{Resource: live.Resource{State: live.ValuesOf(map[string]any{"function_name": "fn", "memory_size": 1024})}},
		}
		result := &Result{Items: []Item{item}}
		cost := Cost{Prices: prices, Duration: func(ctx context.Context, _, function string) (float64, bool, error) {
			return RecordedDuration(ctx, c.metrics, function, now)
		}}
		before, after := sides(item)
		if err := cost.price(t.Context(), &result.Items[0], before, after); err != nil {
			t.Fatal(err)
		}
		result.sum()
		if got := result.Items[0]; got.MonthlyCostDelta == nil || *got.MonthlyCostDelta != c.want || got.CostBasis != c.basis || result.CostComplete != c.complete {
			t.Errorf("%s: %v, %s, complete %v", name, *got.MonthlyCostDelta, got.CostBasis, result.CostComplete)
		}
	}
}
