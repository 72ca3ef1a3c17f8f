package traffic_test

import (
	"errors"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

func TestPercents(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		strategy traffic.Strategy
		want     []int
	}{
		{traffic.Strategy{Type: traffic.AllAtOnce}, []int{100}},
		{traffic.Strategy{Type: traffic.Canary}, []int{10, 50, 100}},
		{traffic.Strategy{Type: traffic.Canary, Steps: []int{10}}, []int{10, 100}},
		{traffic.Strategy{Type: traffic.Canary, Steps: []int{1, 99}}, []int{1, 99, 100}},
		{traffic.Strategy{Type: traffic.Linear}, []int{20, 40, 60, 80, 100}},
		{traffic.Strategy{Type: traffic.Linear, Steps: []int{30}}, []int{30, 60, 90, 100}},
		{traffic.Strategy{Type: traffic.Linear, Steps: []int{25, 50, 75}}, []int{25, 50, 75, 100}},
	} {
		equal(t, string(test.strategy.Type), test.strategy.Percents(), test.want)
	}
}

func TestStrategiesThatDoNotDo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		strategy traffic.Strategy
		field    string
		index    int
	}{
		"unknown type":           {traffic.Strategy{Type: "rainbow"}, "type", -1},
		"steps all at once":      {traffic.Strategy{Type: traffic.AllAtOnce, Steps: []int{10}}, "steps", -1},
		"interval all at once":   {traffic.Strategy{Type: traffic.AllAtOnce, Interval: time.Second}, "interval", -1},
		"zero":                   {traffic.Strategy{Type: traffic.Canary, Steps: []int{0, 10}}, "steps", 0},
		"hundred":                {traffic.Strategy{Type: traffic.Canary, Steps: []int{10, 100}}, "steps", 1},
		"more than hundred":      {traffic.Strategy{Type: traffic.Linear, Steps: []int{10, 110}}, "steps", 1},
		"equal":                  {traffic.Strategy{Type: traffic.Linear, Steps: []int{10, 10}}, "steps", 1},
		"decreasing":             {traffic.Strategy{Type: traffic.Canary, Steps: []int{10, 50, 40}}, "steps", 2},
		"negative":               {traffic.Strategy{Type: traffic.Canary, Steps: []int{-1}}, "steps", 0},
		"negative interval":      {traffic.Strategy{Type: traffic.Canary, Steps: []int{1}, Interval: -1}, "interval", -1},
		"negative bake":          {traffic.Strategy{Type: traffic.AllAtOnce, Bake: -1}, "bake", -1},
		"negative linear single": {traffic.Strategy{Type: traffic.Linear, Steps: []int{-5}}, "steps", 0},
	} {
		var found *traffic.StrategyError
		if err := test.strategy.Validate(); !errors.As(err, &found) || found.Field != test.field || found.Index != test.index {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func TestEstimateRecoveryTakesTheSlowestRoute(t *testing.T) {
	t.Parallel()
	states := []traffic.State{{Settling: time.Minute, Propagation: 5 * time.Second}, {Settling: time.Second, Propagation: time.Minute}}
	strategy := traffic.Strategy{Type: traffic.AllAtOnce}
	equal(t, "checked", traffic.EstimateRecovery(states, strategy, true, 30*time.Second).Total(), (10+30+2+60+60)*time.Second)
	equal(t, "unchecked", traffic.EstimateRecovery(states, strategy, false, 0).Total(), (2+60+60)*time.Second)
}
