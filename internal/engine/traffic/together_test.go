package traffic_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// Real routers move together, the function before the edge; when the edge refuses, the function goes back too.
func TestAnEdgeThatRefusesTakesTheFunctionBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, k := newFunction("7", nil), newKeyValueStore(`{"blue":100,"green":0}`)
		request := toGreen()
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}}
		request.Routes = []traffic.Route{{Key: "edge", Router: kvsRouter(k)}, {Key: "api", Router: aliasRouter(f)}}
		puts := 0
		var refuse func()
		refuse = func() {
			if puts++; puts == 2 {
				k.value, k.version = `{"blue":70,"green":30}`, k.version+1 // somebody else moves it at the second step
				return
			}
			equal(t, "the function has its share when the edge gets its own", f.weights, map[string]float64{"8": 0.1})
			k.meddle = refuse
		}
		k.meddle = refuse
		outcome, err := traffic.Switch(t.Context(), request, newBench().options())
		var foreign *traffic.ForeignChangeError
		if !errors.As(err, &foreign) || foreign.Route != "edge" || foreign.Found != (traffic.Weights{Blue: 70, Green: 30}) {
			t.Fatalf("%+v, %v", outcome, err)
		}
		equal(t, "the function", f.version, "7")
		equal(t, "the edge is theirs", k.value, `{"blue":70,"green":30}`)
		equal(t, "status", outcome.Status, traffic.StatusInterrupted)
	})
}

// A distribution and what is behind it: everything is there only once CloudFront says Deployed.
func TestADistributionAndAFunctionArriveTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, d := newFunction("7", nil), newDistribution()
		request := toGreen()
		request.MaxRecovery = 15 * time.Minute
		request.Routes = []traffic.Route{{Key: "api", Router: aliasRouter(f)}, {Key: "site", Router: originRouter(d)}}
		outcome, err := traffic.Switch(t.Context(), request, newBench().options())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "live", outcome.Live, map[string]traffic.Weights{"api": {Green: 100}, "site": {Green: 100}})
		if outcome.Duration < 5*time.Minute {
			t.Errorf("it took %s", outcome.Duration)
		}
	})
}
