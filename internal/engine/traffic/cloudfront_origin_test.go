package traffic_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/smithy-go"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// distribution is a CloudFront distribution in memory, with an ETag and a time to propagate.
type distribution struct {
	config  *types.DistributionConfig
	version int
	changed time.Time
	calls   []string
	gone    bool
	lost    bool   // the answer to the next update is lost, and it is sent once more
	meddle  func() // run before the next update
}

func newDistribution() *distribution {
	return &distribution{version: 1, config: &types.DistributionConfig{
		Comment:      aws.String("shop"),
		Origins:      &types.Origins{Items: []types.Origin{{Id: aws.String("one")}, {Id: aws.String("two")}, {Id: aws.String("third")}}},
		OriginGroups: &types.OriginGroups{Items: []types.OriginGroup{{Id: aws.String("group")}}},
		DefaultCacheBehavior: &types.DefaultCacheBehavior{
			TargetOriginId: aws.String("one"), AllowedMethods: &types.AllowedMethods{Items: []types.Method{types.MethodGet, types.MethodHead}},
		},
		CacheBehaviors: &types.CacheBehaviors{Items: []types.CacheBehavior{
			{PathPattern: aws.String("/api/*"), TargetOriginId: aws.String("one"), AllowedMethods: &types.AllowedMethods{Items: []types.Method{types.MethodGet, types.MethodPost}}},
			{PathPattern: aws.String("img/*"), TargetOriginId: aws.String("third")},
		}},
	}}
}

func cloudFrontRefusal(code string) error {
	return &smithy.OperationError{ServiceID: "CloudFront", OperationName: "Update", Err: &smithy.GenericAPIError{Code: code}}
}

// leads are the origins of the default behaviour and of the others in their order.
func (d *distribution) leads() string {
	leads := []string{*d.config.DefaultCacheBehavior.TargetOriginId}
	for _, behavior := range d.config.CacheBehaviors.Items {
		leads = append(leads, *behavior.TargetOriginId)
	}
	return strings.Join(leads, ",")
}

func (d *distribution) describe() *types.Distribution {
	status := "InProgress"
	if time.Since(d.changed) >= 5*time.Minute {
		status = "Deployed"
	}
	return &types.Distribution{Status: &status, DistributionConfig: d.config}
}

func (d *distribution) GetDistribution(context.Context, *cloudfront.GetDistributionInput, ...func(*cloudfront.Options)) (*cloudfront.GetDistributionOutput, error) {
	if len(d.calls) == 0 || d.calls[len(d.calls)-1] != "get" {
		d.calls = append(d.calls, "get")
	}
	if d.gone {
		return nil, cloudFrontRefusal("NoSuchDistribution")
	}
	return &cloudfront.GetDistributionOutput{Distribution: d.describe(), ETag: aws.String(fmt.Sprint(d.version))}, nil
}

func (d *distribution) UpdateDistribution(ctx context.Context, in *cloudfront.UpdateDistributionInput, options ...func(*cloudfront.Options)) (*cloudfront.UpdateDistributionOutput, error) {
	d.calls = append(d.calls, "update "+*in.DistributionConfig.DefaultCacheBehavior.TargetOriginId)
	if meddle := d.meddle; meddle != nil {
		d.meddle = nil
		meddle()
	}
	if *in.IfMatch != fmt.Sprint(d.version) {
		return nil, cloudFrontRefusal("PreconditionFailed")
	}
	d.config, d.version, d.changed = in.DistributionConfig, d.version+1, time.Now()
	if d.lost {
		d.lost = false
		return d.UpdateDistribution(ctx, in, options...)
	}
	return &cloudfront.UpdateDistributionOutput{Distribution: d.describe(), ETag: aws.String(fmt.Sprint(d.version))}, nil
}

func originRouter(d *distribution, behaviors ...string) *traffic.CloudFrontOrigin {
	return traffic.NewCloudFrontOrigin(d, clock.System{}, traffic.CloudFrontOriginTarget{Distribution: "E1", Behaviors: behaviors, BlueOriginID: "one", GreenOriginID: "two"})
}

func TestOriginMovesTheNamedBehaviorsAndNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDistribution()
		request := toGreen()
		request.MaxRecovery = 15 * time.Minute
		request.Routes = []traffic.Route{{Key: "site", Router: originRouter(d, "default", "api/*")}}
		outcome, err := traffic.Switch(t.Context(), request, newBench().options())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "leads", d.leads(), "two,two,third")
		equal(t, "comment", *d.config.Comment, "shop")
		equal(t, "calls", d.calls, []string{"get", "update two", "get"})
		if outcome.Duration < 5*time.Minute {
			t.Errorf("it did not wait for Deployed: %s", outcome.Duration)
		}

		request.To, request.Home, d.calls = traffic.Blue, traffic.Green, nil
		request.Check = func(_ context.Context, stage traffic.Stage) gate.Result {
			if stage.Phase == traffic.Before {
				return passed()
			}
			return failed()
		}
		outcome, err = traffic.Switch(t.Context(), request, newBench().options())
		if err == nil || outcome.Status != traffic.StatusReverted {
			t.Fatalf("%+v, %v", outcome, err)
		}
		equal(t, "back", d.calls, []string{"get", "update one", "update two", "get"})
		equal(t, "leads after the revert", d.leads(), "two,two,third")
	})
}

func TestOriginReadsWhatBehaviorsLeadTo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		behaviors []string
		standard  string
		api       string
		want      traffic.Weights
		unfit     string
	}{
		{nil, "one", "two", traffic.Weights{Blue: 100}, ""},
		{nil, "two", "one", traffic.Weights{Green: 100}, ""},
		{[]string{"/api/*"}, "one", "two", traffic.Weights{Green: 100}, ""},
		{[]string{"default", "/api/*"}, "one", "two", traffic.Weights{Blue: 50, Green: 50}, ""},
		{[]string{"default", "/api/*", "/img/*"}, "two", "two", traffic.Weights{Blue: 33, Green: 67}, "behavior /img/* of distribution E1 leads to the origin third"},
		{nil, "third", "two", traffic.Weights{Blue: 50, Green: 50}, "neither blue (one) nor green (two)"},
	} {
		d := newDistribution()
		d.config.DefaultCacheBehavior.TargetOriginId = &test.standard
		d.config.CacheBehaviors.Items[0].TargetOriginId = &test.api
		state, err := originRouter(d, test.behaviors...).Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprint(test.behaviors, test.standard, test.api)
		equal(t, name, state.Weights, test.want)
		equal(t, name+" settling", state.Settling, 5*time.Minute)
		if test.unfit == "" {
			equal(t, name+" unfit", len(state.Unfit), 0)
		} else if len(state.Unfit) != 1 || state.Unfit[0].Reason != traffic.UnfitForeignOrigin || !strings.Contains(state.Unfit[0].Detail, test.unfit) {
			t.Errorf("%s: unfit %v", name, state.Unfit)
		}
	}
}

func TestOriginGoesBackToBehaviorsThatDisagreed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDistribution()
		d.config.CacheBehaviors.Items[0].TargetOriginId = aws.String("two")
		request := toGreen()
		request.Home, request.MaxRecovery, request.Check = traffic.Green, 15*time.Minute, func(_ context.Context, stage traffic.Stage) gate.Result {
			if stage.Percent == 100 {
				return failed()
			}
			return passed()
		}
		request.Routes = []traffic.Route{{Key: "site", Router: originRouter(d, "default", "/api/*")}}
		outcome, err := traffic.Switch(t.Context(), request, newBench().options())
		if err == nil || outcome.Status != traffic.StatusReverted {
			t.Fatalf("%+v, %v", outcome, err)
		}
		equal(t, "leads", d.leads(), "one,two,third")
	})
	r := originRouter(newDistribution())
	state, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 10), state.Precondition); err == nil || !strings.Contains(err.Error(), "cannot be split") {
		t.Errorf("a share of 10 %%: %v", err)
	}
}

func TestOriginGoesOnOnlyWhenItsOwnFieldsAreUnchanged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meddle func(*distribution)
		want   string
		err    error
	}{
		"another field": {func(d *distribution) { config := *d.config; config.Comment = aws.String("theirs"); d.config = &config }, "two,one,third", nil},
		"another origin": {func(d *distribution) {
			d.config.DefaultCacheBehavior = &types.DefaultCacheBehavior{TargetOriginId: aws.String("third")}
		}, "third,one,third", traffic.ErrConcurrentChange},
		"our own": {func(d *distribution) {
			d.config.DefaultCacheBehavior = &types.DefaultCacheBehavior{TargetOriginId: aws.String("two")}
		}, "two,one,third", nil},
		"it is gone": {func(d *distribution) { d.gone = true }, "one,one,third", traffic.ErrMissing},
	} {
		d := newDistribution()
		r := originRouter(d)
		state, err := r.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d.meddle = func() { test.meddle(d); d.version++ }
		_, err = r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition)
		if !errors.Is(err, test.err) {
			t.Errorf("%s: %v", name, err)
		}
		equal(t, name, d.leads(), test.want)
		if name == "another field" {
			equal(t, "comment", *d.config.Comment, "theirs")
		}
	}
	d := newDistribution()
	r := originRouter(d)
	state, _ := r.Read(t.Context())
	d.lost = true
	change, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition)
	if err != nil || change.State.Weights != traffic.On(traffic.Green, 100) {
		t.Errorf("an answer that was lost: %+v, %v", change, err)
	}
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), traffic.Precondition{Token: 1}); err == nil {
		t.Error("a strange precondition was taken")
	}
}

func TestOriginWaitSeesThatItWasMoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDistribution()
		r := originRouter(d)
		state, err := r.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		change, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition)
		if err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := r.Wait(short, change); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the deadline passed: %v", err)
		}
		d.config.DefaultCacheBehavior = &types.DefaultCacheBehavior{TargetOriginId: aws.String("one")}
		if err := r.Wait(t.Context(), change); !errors.Is(err, traffic.ErrConcurrentChange) {
			t.Errorf("somebody moved it back: %v", err)
		}
	})
}

func TestOriginNamesWhatIsMissingAndWhatAGroupRefuses(t *testing.T) {
	t.Parallel()
	d := newDistribution()
	for name, test := range map[string]struct {
		target traffic.CloudFrontOriginTarget
		want   []string
	}{
		"behavior": {traffic.CloudFrontOriginTarget{Distribution: "E1", Behaviors: []string{"/none"}, BlueOriginID: "one", GreenOriginID: "two"}, []string{"behavior /none"}},
		"origins":  {traffic.CloudFrontOriginTarget{Distribution: "E1", BlueOriginID: "x", GreenOriginID: "y"}, []string{"blue origin x", "green origin y"}},
	} {
		_, err := traffic.NewCloudFrontOrigin(d, clock.System{}, test.target).Read(t.Context())
		if !errors.Is(err, traffic.ErrMissing) {
			t.Fatalf("%s: %v", name, err)
		}
		for _, word := range test.want {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q is not in %q", name, word, err)
			}
		}
	}
	group := traffic.NewCloudFrontOrigin(d, clock.System{}, traffic.CloudFrontOriginTarget{Distribution: "E1", Behaviors: []string{"default", "/api/*"}, BlueOriginID: "one", GreenOriginID: "group"})
	state, err := group.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(state.Unfit) != 1 || state.Unfit[0].Reason != traffic.UnfitMethods || !strings.Contains(state.Unfit[0].Detail, "behavior /api/* of distribution E1 allows POST") {
		t.Errorf("unfit %v", state.Unfit)
	}
	d.gone = true
	if _, err := originRouter(d).Read(t.Context()); !errors.Is(err, traffic.ErrMissing) {
		t.Errorf("no distribution: %v", err)
	}
}

func TestOriginTakesNoSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDistribution()
		request := toGreen()
		request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}}
		request.Routes = []traffic.Route{{Key: "site", Router: originRouter(d)}}
		_, err := traffic.Switch(t.Context(), request, newBench().options())
		var wrong *traffic.StrategyError
		if !errors.As(err, &wrong) || wrong.Field != "steps" || wrong.Index != 0 || slices.ContainsFunc(d.calls, func(call string) bool { return call != "get" }) {
			t.Errorf("%v, calls %v", err, d.calls)
		}
	})
	for _, test := range []struct {
		strategy traffic.Strategy
		largest  int
		want     string
	}{
		{traffic.Strategy{Type: traffic.AllAtOnce}, 0, ""},
		{traffic.Strategy{Type: traffic.Canary, Steps: []int{5, 15}}, 15, ""},
		{traffic.Strategy{Type: traffic.Canary, Steps: []int{5, 16}}, 15, "steps 1"},
		{traffic.Strategy{Type: traffic.Linear}, 15, "type -1"},
		{traffic.Strategy{Type: traffic.Linear, Steps: []int{10}}, 15, "steps -1"},
	} {
		var wrong *traffic.StrategyError
		got := ""
		if errors.As(test.strategy.Within(test.largest, "x"), &wrong) {
			got = fmt.Sprint(wrong.Field, " ", wrong.Index)
		}
		equal(t, fmt.Sprint(test.strategy), got, test.want)
	}
}
