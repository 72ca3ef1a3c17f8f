package traffic_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// function is a Lambda function in memory with an alias that has a revision.
type function struct {
	version  string
	weights  map[string]float64
	revision int
	versions map[string]types.FunctionConfiguration
	calls    []string
	lost     bool // the answer to the next update is lost, and it is sent once more
}

func newFunction(version string, weights map[string]float64) *function {
	config := types.FunctionConfiguration{Role: aws.String("role")}
	return &function{version: version, weights: weights, versions: map[string]types.FunctionConfiguration{"7": config, "8": config, "9": config}}
}

func refusal(operation string, err error) error {
	return &smithy.OperationError{ServiceID: "Lambda", OperationName: operation, Err: err}
}

func (f *function) routing() *types.AliasRoutingConfiguration {
	if len(f.weights) == 0 {
		return nil
	}
	return &types.AliasRoutingConfiguration{AdditionalVersionWeights: maps.Clone(f.weights)}
}

func (f *function) GetAlias(_ context.Context, in *lambda.GetAliasInput, _ ...func(*lambda.Options)) (*lambda.GetAliasOutput, error) {
	f.calls = append(f.calls, "get "+*in.Name)
	if f.version == "" {
		return nil, refusal("GetAlias", &types.ResourceNotFoundException{})
	}
	return &lambda.GetAliasOutput{FunctionVersion: &f.version, RoutingConfig: f.routing(), RevisionId: aws.String(fmt.Sprint(f.revision))}, nil
}

func (f *function) UpdateAlias(ctx context.Context, in *lambda.UpdateAliasInput, _ ...func(*lambda.Options)) (*lambda.UpdateAliasOutput, error) {
	f.calls = append(f.calls, "update "+*in.FunctionVersion+fmt.Sprint(in.RoutingConfig.AdditionalVersionWeights))
	if *in.RevisionId != fmt.Sprint(f.revision) {
		return nil, refusal("UpdateAlias", &types.PreconditionFailedException{})
	}
	f.version, f.weights = *in.FunctionVersion, in.RoutingConfig.AdditionalVersionWeights
	f.revision++
	if f.lost {
		f.lost = false
		return f.UpdateAlias(ctx, in)
	}
	return &lambda.UpdateAliasOutput{FunctionVersion: &f.version, RoutingConfig: f.routing(), RevisionId: aws.String(fmt.Sprint(f.revision))}, nil
}

func (f *function) GetFunctionConfiguration(_ context.Context, in *lambda.GetFunctionConfigurationInput, _ ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error) {
	f.calls = append(f.calls, "version "+*in.Qualifier)
	config, ok := f.versions[*in.Qualifier]
	if !ok {
		return nil, refusal("GetFunctionConfiguration", &types.ResourceNotFoundException{})
	}
	return &lambda.GetFunctionConfigurationOutput{Role: config.Role, DeadLetterConfig: config.DeadLetterConfig}, nil
}

func aliasRouter(f *function) *traffic.LambdaAlias {
	return traffic.NewLambdaAlias(f, traffic.LambdaAliasTarget{Region: "eu-west-1", Function: "shop", Alias: "live", BlueVersion: "7", GreenVersion: "8"})
}

func TestAliasReadsWeightsAsPercent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		version string
		weights map[string]float64
		want    traffic.Weights
		foreign string
	}{
		{"7", nil, traffic.Weights{Blue: 100}, ""},
		{"8", nil, traffic.Weights{Green: 100}, ""},
		{"7", map[string]float64{"8": 0}, traffic.Weights{Blue: 100}, ""},
		{"7", map[string]float64{"8": 1}, traffic.Weights{Green: 100}, ""},
		{"7", map[string]float64{"8": 0.1}, traffic.Weights{Blue: 90, Green: 10}, ""},
		{"8", map[string]float64{"7": 0.3}, traffic.Weights{Blue: 30, Green: 70}, ""},
		{"8", map[string]float64{"7": 0.001}, traffic.Weights{Blue: 1, Green: 99}, ""},
		{"9", nil, traffic.Weights{Blue: 50, Green: 50}, "version 9 (100 %)"},
		{"$LATEST", nil, traffic.Weights{Blue: 50, Green: 50}, "version $LATEST (100 %)"},
		{"8", map[string]float64{"9": 0.1}, traffic.Weights{Blue: 10, Green: 90}, "version 9 (10 %)"},
		{"9", map[string]float64{"7": 0.1}, traffic.Weights{Blue: 10, Green: 90}, "version 9 (90 %)"},
		{"7", map[string]float64{"9": 0}, traffic.Weights{Blue: 100}, ""},
	} {
		name := test.version + fmt.Sprint(test.weights)
		state, err := aliasRouter(newFunction(test.version, test.weights)).Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, name, state.Weights, test.want)
		if test.foreign == "" {
			equal(t, name+" unfit", len(state.Unfit), 0)
			continue
		}
		if len(state.Unfit) != 1 || state.Unfit[0].Reason != traffic.UnfitForeignVersion || !strings.Contains(state.Unfit[0].Detail, test.foreign) {
			t.Errorf("%s: unfit %v", name, state.Unfit)
		}
	}
}

func TestAliasMovesStepByStepAndLeavesNoTrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFunction("7", nil)
		request := toGreen()
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10, 50}}
		request.Routes = []traffic.Route{{Key: "api", Router: aliasRouter(f)}}
		if _, err := traffic.Switch(t.Context(), request, newBench().options()); err != nil {
			t.Fatal(err)
		}
		equal(t, "calls", f.calls, []string{"get live", "version 7", "version 8", "update 7map[8:0.1]", "update 7map[8:0.5]", "update 8map[]", "get live"})

		request.To, f.calls = traffic.Blue, nil
		request.Check = func(_ context.Context, stage traffic.Stage) gate.Result {
			if stage.Percent >= 50 {
				return failed()
			}
			return passed()
		}
		outcome, err := traffic.Switch(t.Context(), request, newBench().options())
		if err == nil || outcome.Status != traffic.StatusReverted {
			t.Fatalf("%+v, %v", outcome, err)
		}
		equal(t, "back", f.calls, []string{"get live", "update 8map[7:0.1]", "update 8map[7:0.5]", "update 8map[]"})
		equal(t, "version", f.version, "8")
	})
}

func TestAliasRefusesToOverwrite(t *testing.T) {
	t.Parallel()
	f := newFunction("7", nil)
	r := aliasRouter(f)
	state, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.weights, f.revision = map[string]float64{"9": 0.5}, 5
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition); !errors.Is(err, traffic.ErrConcurrentChange) {
		t.Fatalf("error %v", err)
	}
	equal(t, "version", f.version, "7")
	f.version = ""
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition); !errors.Is(err, traffic.ErrConcurrentChange) || !errors.Is(err, traffic.ErrMissing) {
		t.Fatalf("an alias that went away: %v", err)
	}
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), traffic.Precondition{Token: 1}); err == nil {
		t.Fatal("a strange precondition was taken")
	}
}

func TestAliasUpdateWhoseAnswerIsLostIsNotAConcurrentChange(t *testing.T) {
	t.Parallel()
	f := newFunction("7", nil)
	r := aliasRouter(f)
	state, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.lost = true
	change, err := r.Set(t.Context(), traffic.On(traffic.Green, 25), state.Precondition)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "weights", change.State.Weights, traffic.On(traffic.Green, 25))
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), change.State.Precondition); err != nil {
		t.Fatalf("the next step: %v", err)
	}
}

func TestAliasKnowsWhatMustNotBeSwitched(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		green types.FunctionConfiguration
		want  string
	}{
		"role":  {types.FunctionConfiguration{Role: aws.String("other")}, "execution roles: blue (version 7) role, green (version 8) other"},
		"queue": {types.FunctionConfiguration{Role: aws.String("role"), DeadLetterConfig: &types.DeadLetterConfig{TargetArn: aws.String("q")}}, "dead-letter queues: blue (version 7) none, green (version 8) q"},
	} {
		f := newFunction("7", nil)
		f.versions["8"] = test.green
		state, err := aliasRouter(f).Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(state.Unfit) != 1 || state.Unfit[0].Reason != traffic.UnfitVersions || !strings.Contains(state.Unfit[0].Detail, test.want) {
			t.Errorf("%s: %v", name, state.Unfit)
		}
	}
}

func TestAliasNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(*function)
		want  []string
	}{
		"alias": {func(f *function) { f.version = "" }, []string{"alias live of function shop"}},
		"green": {func(f *function) { delete(f.versions, "8") }, []string{"green version 8"}},
		"both":  {func(f *function) { clear(f.versions) }, []string{"blue version 7", "green version 8"}},
	} {
		f := newFunction("7", nil)
		test.spoil(f)
		_, err := aliasRouter(f).Read(t.Context())
		if !errors.Is(err, traffic.ErrMissing) {
			t.Fatalf("%s: %v", name, err)
		}
		for _, word := range test.want {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q is not in %q", name, word, err)
			}
		}
	}
}

func TestAliasIsOneTargetHoweverTheFunctionIsSpelt(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"shop", "123456789012:function:shop", "arn:aws:lambda:eu-west-1:123456789012:function:shop"} {
		r := traffic.NewLambdaAlias(nil, traffic.LambdaAliasTarget{Account: "123456789012", Region: "eu-west-1", Function: name, Alias: "live"})
		equal(t, name, r.Target(), "lambda_alias,123456789012,eu-west-1,shop,live")
		equal(t, name, r.Name(), "alias live of function shop")
		equal(t, name, r.Tier(), traffic.TierFunction)
	}
}
