package traffic_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// stage is a stage of a REST API in memory.
type stage struct {
	deployment  string
	variables   map[string]string
	canary      *types.CanarySettings
	deployments []string
	calls       []string
}

func newStage(deployment string, canary *types.CanarySettings) *stage {
	return &stage{deployment: deployment, canary: canary, deployments: []string{"d1", "d2", "d3"}, variables: map[string]string{"table": "old", "size": "s"}}
}

func share(deployment string, percent float64, overrides map[string]string) *types.CanarySettings {
	return &types.CanarySettings{DeploymentId: aws.String(deployment), PercentTraffic: percent, StageVariableOverrides: overrides}
}

func absent(operation string) error {
	return &smithy.OperationError{ServiceID: "API Gateway", OperationName: operation, Err: &types.NotFoundException{}}
}

func (s *stage) copied() *types.CanarySettings {
	if s.canary == nil {
		return nil
	}
	settings := *s.canary
	settings.StageVariableOverrides = maps.Clone(settings.StageVariableOverrides)
	return &settings
}

func (s *stage) GetStage(context.Context, *apigateway.GetStageInput, ...func(*apigateway.Options)) (*apigateway.GetStageOutput, error) {
	s.calls = append(s.calls, "get")
	if s.deployment == "" {
		return nil, absent("GetStage")
	}
	return &apigateway.GetStageOutput{DeploymentId: aws.String(s.deployment), CanarySettings: s.copied()}, nil
}

func (s *stage) GetDeployment(_ context.Context, in *apigateway.GetDeploymentInput, _ ...func(*apigateway.Options)) (*apigateway.GetDeploymentOutput, error) {
	s.calls = append(s.calls, "deployment "+*in.DeploymentId)
	if !slices.Contains(s.deployments, *in.DeploymentId) {
		return nil, absent("GetDeployment")
	}
	return &apigateway.GetDeploymentOutput{Id: in.DeploymentId}, nil
}

func (s *stage) UpdateStage(_ context.Context, in *apigateway.UpdateStageInput, _ ...func(*apigateway.Options)) (*apigateway.UpdateStageOutput, error) {
	var said []string
	for _, operation := range in.PatchOperations {
		path, value := *operation.Path, aws.ToString(operation.Value)
		said = append(said, strings.TrimSpace(string(operation.Op)+" "+path+" "+value+aws.ToString(operation.From)))
		if s.canary == nil && strings.HasPrefix(path, "/canarySettings") {
			s.canary = &types.CanarySettings{}
		}
		switch {
		case path == "/deploymentId":
			s.deployment = value
		case path == "/canarySettings/deploymentId":
			s.canary.DeploymentId = aws.String(value)
		case path == "/canarySettings/percentTraffic":
			s.canary.PercentTraffic, _ = strconv.ParseFloat(value, 64)
		case operation.Op == types.OpRemove:
			delete(s.canary.StageVariableOverrides, path[strings.LastIndex(path, "/")+1:])
		case operation.Op == types.OpCopy && path == "/variables":
			maps.Copy(s.variables, s.canary.StageVariableOverrides)
		default:
			return nil, fmt.Errorf("no such operation: %s", said)
		}
	}
	s.calls = append(s.calls, "update "+strings.Join(said, ", "))
	return &apigateway.UpdateStageOutput{DeploymentId: aws.String(s.deployment), CanarySettings: s.copied()}, nil
}

func (s *stage) updates() (updates []string) {
	for _, call := range s.calls {
		if update, ok := strings.CutPrefix(call, "update "); ok {
			updates = append(updates, update)
		}
	}
	return updates
}

func stageRouter(s *stage, blue, green string) *traffic.APIGatewayCanary {
	return traffic.NewAPIGatewayCanary(s, traffic.APIGatewayCanaryTarget{
		Account: "123456789012", Region: "eu-west-1", RestAPI: "abc", Stage: "prod", BlueDeployment: blue, GreenDeployment: green,
	})
}

func TestStageReadsColours(t *testing.T) {
	t.Parallel()
	memory := `{"blue":"d1","green":"d2"}`
	for _, test := range []struct {
		name        string
		stage       *stage
		blue, green string // named
		memory      string
		home        traffic.Colour
		want        traffic.Weights
		unfit       string // reasons and the colour that they are about
	}{
		{"named", newStage("d1", nil), "d1", "d2", "", "", traffic.Weights{Blue: 100}, ""},
		{"named, the other way round", newStage("d2", nil), "d1", "d2", "", "", traffic.Weights{Green: 100}, ""},
		{"named, canary", newStage("d1", share("d2", 12.5, nil)), "d1", "d2", "", "", traffic.Weights{Blue: 88, Green: 12}, ""},
		{"named, hardly any", newStage("d2", share("d1", 0.1, nil)), "d1", "d2", "", "", traffic.Weights{Blue: 1, Green: 99}, ""},
		{"named, all through the canary", newStage("d1", share("d2", 100, nil)), "d1", "d2", "", "", traffic.Weights{Green: 100}, ""},
		{"named, the canary is the stage's", newStage("d2", share("d2", 40, nil)), "d1", "d2", "", "", traffic.Weights{Green: 100}, ""},
		{"named, idle canary of neither", newStage("d1", share("d3", 0, nil)), "d1", "d2", "", "", traffic.Weights{Blue: 100}, ""},
		{"named, canary of neither", newStage("d1", share("d3", 5, nil)), "d1", "d2", "", "", traffic.Weights{Blue: 95, Green: 5}, "foreign_deployment "},
		{"named, stage of neither", newStage("d3", nil), "d1", "d2", "", "", traffic.Weights{Blue: 50, Green: 50}, "foreign_deployment "},
		{"named, stage of neither behind a canary", newStage("d3", share("d2", 100, nil)), "d1", "d2", "", "", traffic.Weights{Green: 100}, "foreign_deployment "},
		{"first use", newStage("d1", share("d2", 0, nil)), "", "", "", "", traffic.Weights{Blue: 100}, ""},
		{"home tells", newStage("d1", share("d2", 0, nil)), "", "", "", traffic.Green, traffic.Weights{Green: 100}, ""},
		{"nothing beside it", newStage("d1", nil), "", "", "", "", traffic.Weights{Blue: 100}, "no_canary green"},
		{"remembered", newStage("d2", nil), "", "", memory, traffic.Blue, traffic.Weights{Green: 100}, ""},
		{"remembered, promoted", newStage("d2", share("d2", 0, nil)), "", "", memory, traffic.Blue, traffic.Weights{Green: 100}, ""},
		{"remembered, next release", newStage("d2", share("d3", 0, nil)), "", "", memory, traffic.Green, traffic.Weights{Green: 100}, ""},
		{"remembered, replaced by hand", newStage("d3", nil), "", "", memory, traffic.Green, traffic.Weights{Green: 100}, "no_canary blue"},
		{"remembered, the other is deleted", &stage{deployment: "d2", deployments: []string{"d2"}}, "", "", memory, traffic.Green, traffic.Weights{Green: 100}, "no_canary blue"},
	} {
		router := stageRouter(test.stage, test.blue, test.green)
		if err := router.Recall(json.RawMessage(test.memory), test.home); err != nil {
			t.Fatal(err)
		}
		state, err := router.Read(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		equal(t, test.name, state.Weights, test.want)
		var unfit []string
		for _, reason := range state.Unfit {
			unfit = append(unfit, string(reason.Reason)+" "+string(reason.To))
		}
		equal(t, test.name+", unfit", strings.Join(unfit, ", "), test.unfit)
	}
}

func TestStageThatIsNotThere(t *testing.T) {
	t.Parallel()
	for want, router := range map[string]*traffic.APIGatewayCanary{
		"stage prod of REST API abc":                stageRouter(&stage{}, "", ""),
		"the green deployment gone of REST API abc": stageRouter(newStage("d1", nil), "d1", "gone"),
	} {
		if _, err := router.Read(t.Context()); !errors.Is(err, traffic.ErrMissing) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// move sets weights after a read.
func move(t *testing.T, router traffic.Router, weights traffic.Weights) (traffic.Change, error) {
	t.Helper()
	state, err := router.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return router.Set(t.Context(), weights, state.Precondition)
}

func TestStageIsMovedByItsCanary(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		stage   *stage
		weights traffic.Weights
		want    []string
	}{
		{"a canary is made", newStage("d1", nil), traffic.On(traffic.Green, 10), []string{"replace /canarySettings/deploymentId d2, replace /canarySettings/percentTraffic 10.0"}},
		{"it gets more", newStage("d1", share("d2", 10, map[string]string{"table": "new"})), traffic.On(traffic.Green, 100), []string{"replace /canarySettings/percentTraffic 100.0"}},
		{"it gets nothing", newStage("d1", share("d2", 100, nil)), traffic.On(traffic.Blue, 100), []string{"replace /canarySettings/percentTraffic 0.0"}},
		{
			"another's variables go", newStage("d1", share("d3", 0, map[string]string{"table": "new"})), traffic.On(traffic.Green, 5),
			[]string{"remove /canarySettings/stageVariableOverrides/table, replace /canarySettings/deploymentId d2, replace /canarySettings/percentTraffic 5.0"},
		},
		{"the other way", newStage("d2", share("d2", 0, nil)), traffic.On(traffic.Blue, 30), []string{"replace /canarySettings/deploymentId d1, replace /canarySettings/percentTraffic 30.0"}},
		{"nothing to do", newStage("d1", nil), traffic.On(traffic.Blue, 100), nil},
	} {
		change, err := move(t, stageRouter(test.stage, "d1", "d2"), test.weights)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		equal(t, test.name, change.State.Weights, test.weights)
		equal(t, test.name+", calls", test.stage.updates(), test.want)
	}
}

func TestStageIsNotMovedOverAnothersChange(t *testing.T) {
	t.Parallel()
	s := newStage("d1", share("d2", 10, nil))
	router := stageRouter(s, "", "")
	state, err := router.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(){
		"share":     func() { s.canary.PercentTraffic = 11 },
		"variables": func() { s.canary.StageVariableOverrides = map[string]string{"a": "b"} },
		"no canary": func() { s.canary = nil },
		"deployed":  func() { s.deployment = "d3" },
		"gone":      func() { s.deployment = "" },
	} {
		change()
		if _, err := router.Set(t.Context(), traffic.On(traffic.Green, 50), state.Precondition); !errors.Is(err, traffic.ErrConcurrentChange) {
			t.Errorf("%s: %v", what, err)
		}
		s.deployment, s.canary = "d1", share("d2", 10, nil)
	}
	if len(s.updates()) > 0 {
		t.Errorf("it was changed: %v", s.updates())
	}
	if _, err := router.Set(t.Context(), traffic.On(traffic.Green, 50), traffic.Precondition{}); err == nil {
		t.Error("no precondition, and no error")
	}
}

func TestASwitchOfAStagePromotesAtItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, b := newStage("d1", share("d2", 0, map[string]string{"table": "new"})), newBench()
		to := func(colour, home traffic.Colour) traffic.Outcome {
			t.Helper()
			outcome, err := traffic.Switch(t.Context(), traffic.Request{
				To: colour, Home: home, OnFailure: traffic.OnFailureRevert, MaxRecovery: 1e12, Strategy: traffic.Strategy{Type: traffic.Canary, Steps: []int{10}},
				Routes: []traffic.Route{{Key: "api", Router: stageRouter(s, "", "")}},
			}, b.options())
			if err != nil {
				t.Fatal(err)
			}
			return outcome
		}
		outcome := to(traffic.Green, traffic.Blue)
		equal(t, "live", outcome.Live["api"], traffic.On(traffic.Green, 100))
		equal(t, "calls", strings.Join(s.updates(), "\n"), strings.Join([]string{
			"replace /canarySettings/percentTraffic 10.0", "replace /canarySettings/percentTraffic 100.0",
			"replace /canarySettings/percentTraffic 0.0, copy /variables /canarySettings/stageVariableOverrides, replace /deploymentId d2",
		}, "\n"))
		equal(t, "variables", s.variables, map[string]string{"table": "new", "size": "s"})

		// Back again, with what the journal knows: nothing else tells which deployment was blue.
		s.calls = nil
		to(traffic.Blue, traffic.Green)
		equal(t, "deployment", s.deployment, "d1")
		equal(t, "canary", s.canary.PercentTraffic, 0.0)

		s.calls = nil
		equal(t, "nothing to do", to(traffic.Blue, traffic.Blue).Moved, false)
		equal(t, "calls", s.calls, []string{"get", "deployment d2"})
	})
}

func TestAStageThatIsFullyOnItsCanaryIsPromoted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, b := newStage("d1", share("d2", 100, nil)), newBench()
		outcome, err := traffic.Switch(t.Context(), traffic.Request{
			To: traffic.Green, OnFailure: traffic.OnFailureRevert, MaxRecovery: 1e12, Strategy: traffic.Strategy{Type: traffic.AllAtOnce},
			Routes: []traffic.Route{{Key: "api", Router: stageRouter(s, "d1", "d2")}},
		}, b.options())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "live", outcome.Live["api"], traffic.On(traffic.Green, 100))
		equal(t, "calls", s.updates(), []string{"replace /canarySettings/percentTraffic 0.0, replace /deploymentId d2"})
	})
}

func TestAFailedPromotionElsewhereTakesAPromotedStageBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two, b := newStage("d1", nil), newStage("d1", nil), newBench()
		spoilt := &spoiltPromotion{APIGatewayCanary: traffic.NewAPIGatewayCanary(two, traffic.APIGatewayCanaryTarget{RestAPI: "two", Stage: "prod", BlueDeployment: "d1", GreenDeployment: "d2"})}
		outcome, err := traffic.Switch(t.Context(), traffic.Request{
			To: traffic.Green, Home: traffic.Blue, OnFailure: traffic.OnFailureRevert, MaxRecovery: 1e12, Strategy: traffic.Strategy{Type: traffic.AllAtOnce},
			Routes: []traffic.Route{{Key: "one", Router: stageRouter(one, "d1", "d2")}, {Key: "two", Router: spoilt}},
		}, b.options())
		var route *traffic.RouteError
		if !errors.As(err, &route) || route.Doing != "promote" || !errors.Is(err, errBoom) {
			t.Errorf("error %v", err)
		}
		equal(t, "status", outcome.Status, traffic.StatusReverted)
		equal(t, "live", outcome.LiveText(), "one: blue 100 % / green 0 %; two: blue 100 % / green 0 %")
		equal(t, "canary of the promoted one", *one.canary.DeploymentId, "d1")
		equal(t, "canary of the other", two.canary.PercentTraffic, 0.0)
	})
}

// spoiltPromotion is a stage whose promotion fails.
type spoiltPromotion struct{ *traffic.APIGatewayCanary }

func (*spoiltPromotion) Promote(context.Context, traffic.State, traffic.Colour) (traffic.Change, error) {
	return traffic.Change{}, errBoom
}
