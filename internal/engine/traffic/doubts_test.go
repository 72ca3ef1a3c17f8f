package traffic_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

func TestTheOtherColourIsKeptForItsDrain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ bake, drain, want time.Duration }{
		{0, 5 * time.Minute, 5 * time.Minute}, {time.Minute, 5 * time.Minute, 5 * time.Minute}, {10 * time.Minute, 5 * time.Minute, 10 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			l, b := blueLever("www"), newBench()
			request := toGreen(l)
			request.Strategy.Bake, request.Strategy.Drain = test.bake, test.drain
			outcome, err := traffic.Switch(t.Context(), request, b.options())
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "duration", outcome.Duration, 85*time.Second+test.want) // 25 s until AWS says so, and the TTL
		})
	}
}

// Too few samples are no verdict: the step is held, and then the switch fails.
func TestAnInconclusiveStepIsHeldAndThenFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		samplesAfter time.Duration
		want         traffic.Status
	}{"enough in time": {4 * time.Minute, traffic.StatusSteady}, "never enough": {time.Hour, traffic.StatusReverted}} {
		synctest.Test(t, func(t *testing.T) {
			l, b := blueLever("www"), newBench()
			request := toGreen(l)
			request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}, Interval: 5 * time.Minute, CheckInterval: 30 * time.Second}
			start := clock.System{}.Now()
			request.Check = func(_ context.Context, stage traffic.Stage) gate.Result {
				if stage.Phase != traffic.Before && time.Since(start) < test.samplesAfter {
					return gate.Result{Verdict: gate.Inconclusive}
				}
				return passed()
			}
			outcome, err := traffic.Switch(t.Context(), request, b.options())
			equal(t, name, outcome.Status, test.want)
			if test.want == traffic.StatusReverted {
				var checks *traffic.ChecksError
				if !errors.As(err, &checks) || checks.Result.Verdict != gate.Inconclusive || checks.Stage.Percent != 10 {
					t.Errorf("%s: %v", name, err)
				}
				// It got its whole interval, and never more than its step's share.
				equal(t, name+" sets", l.sets(), []string{"set blue 90 % / green 10 %", "set blue 100 % / green 0 %"})
				if held := l.history[1].at.Sub(l.history[0].at); held < 5*time.Minute {
					t.Errorf("%s: held for %s", name, held)
				}
			}
		})
	}
}

func TestRecordsThatMayNotFollowTheirWeights(t *testing.T) {
	t.Parallel()
	plain := func(id string, weight int64, address string) types.ResourceRecordSet {
		record := weighted(id, weight)
		record.HealthCheckId, record.ResourceRecords = nil, []types.ResourceRecord{{Value: &address}}
		return record
	}
	judged := func(record types.ResourceRecordSet) types.ResourceRecordSet {
		record.HealthCheckId = aws.String("hc")
		return record
	}
	aliased := func(id string, weight int64, name string, evaluated bool) types.ResourceRecordSet {
		record := alias(id, weight, "Z35SXDOTRQ7X7K", name)
		record.HealthCheckId, record.AliasTarget.EvaluateTargetHealth = nil, evaluated
		return record
	}
	blue, green := plain("b", 100, "192.0.2.1"), plain("g", 0, "192.0.2.2")
	for name, test := range map[string]struct {
		blue, green types.ResourceRecordSet
		want        string
	}{
		"sound":               {blue, green, ""},
		"both judged":         {judged(blue), judged(green), ""},
		"blue judged":         {judged(blue), green, "while blue is taken for unhealthy, all clients are led to green"},
		"green judged":        {blue, judged(green), "while green is taken for unhealthy, all clients are led to blue"},
		"both evaluated":      {aliased("b", 100, "b.example", true), aliased("g", 0, "g.example", true), ""},
		"one alias evaluated": {aliased("b", 100, "b.example", true), aliased("g", 0, "g.example", false), "the blue record of www.example.com has EvaluateTargetHealth"},
		"same value":          {blue, plain("g", 0, "192.0.2.1"), "lead to the same place"},
		"same alias":          {aliased("b", 100, "b.example", true), aliased("g", 0, "b.example", true), "lead to the same place"},
	} {
		z := &zone{records: []types.ResourceRecordSet{test.blue, test.green}}
		router := traffic.NewRoute53(z, clock.System{}, traffic.Route53Target{ZoneID: "Z1", Name: "www.example.com", Type: "A", BlueID: "b", GreenID: "g"})
		state, err := router.Read(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var details []string
		for _, doubt := range state.Doubts {
			details = append(details, doubt.Detail)
		}
		if text := strings.Join(details, "; "); (test.want == "") != (text == "") || !strings.Contains(text, test.want) {
			t.Errorf("%s: %q, want %q", name, text, test.want)
		}
	}
}
