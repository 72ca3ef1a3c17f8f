package traffic_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

const (
	listenerARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/1/2"
	ruleARN     = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shop/1/2/3"
	shopARN     = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/1"
)

// balancer is a listener, or a rule of one, in memory.
type balancer struct {
	actions   []types.Action // none: it is gone
	isDefault bool
	groups    map[string][]string // target groups with their load balancers
	calls     []string
}

func newBalancer(actions ...types.Action) *balancer {
	return &balancer{actions: actions, groups: map[string][]string{"b": {shopARN}, "g": nil, "x": nil}}
}

func gone(code string) error {
	return &smithy.OperationError{ServiceID: "Elastic Load Balancing v2", OperationName: "Describe", Err: &smithy.GenericAPIError{Code: code}}
}

func (b *balancer) DescribeListeners(context.Context, *elb.DescribeListenersInput, ...func(*elb.Options)) (*elb.DescribeListenersOutput, error) {
	b.calls = append(b.calls, "listener")
	if b.actions == nil {
		return nil, gone("ListenerNotFound")
	}
	return &elb.DescribeListenersOutput{Listeners: []types.Listener{{DefaultActions: b.actions}}}, nil
}

func (b *balancer) DescribeRules(context.Context, *elb.DescribeRulesInput, ...func(*elb.Options)) (*elb.DescribeRulesOutput, error) {
	b.calls = append(b.calls, "rule")
	if b.actions == nil {
		return nil, gone("RuleNotFound")
	}
	return &elb.DescribeRulesOutput{Rules: []types.Rule{{Actions: b.actions, IsDefault: &b.isDefault}}}, nil
}

func (b *balancer) DescribeTargetGroups(_ context.Context, in *elb.DescribeTargetGroupsInput, _ ...func(*elb.Options)) (*elb.DescribeTargetGroupsOutput, error) {
	b.calls = append(b.calls, "group "+in.TargetGroupArns[0])
	balancers, ok := b.groups[in.TargetGroupArns[0]]
	if !ok {
		return nil, gone("TargetGroupNotFound")
	}
	return &elb.DescribeTargetGroupsOutput{TargetGroups: []types.TargetGroup{{LoadBalancerArns: balancers}}}, nil
}

func (b *balancer) ModifyListener(_ context.Context, in *elb.ModifyListenerInput, _ ...func(*elb.Options)) (*elb.ModifyListenerOutput, error) {
	b.calls = append(b.calls, "modify listener "+shares(in.DefaultActions))
	b.actions = in.DefaultActions
	return &elb.ModifyListenerOutput{Listeners: []types.Listener{{DefaultActions: b.actions}}}, nil
}

func (b *balancer) ModifyRule(_ context.Context, in *elb.ModifyRuleInput, _ ...func(*elb.Options)) (*elb.ModifyRuleOutput, error) {
	b.calls = append(b.calls, "modify rule "+shares(in.Actions))
	b.actions = in.Actions
	return &elb.ModifyRuleOutput{Rules: []types.Rule{{Actions: b.actions, IsDefault: &b.isDefault}}}, nil
}

// shares are the weights of the last action.
func shares(actions []types.Action) string {
	var text []string
	for _, group := range actions[len(actions)-1].ForwardConfig.TargetGroups {
		text = append(text, fmt.Sprintf("%s=%d", *group.TargetGroupArn, *group.Weight))
	}
	return strings.Join(text, " ")
}

// forward is a sticky forward action; weights are "b=90 g=10".
func forward(weights string) types.Action {
	action := types.Action{Type: types.ActionTypeEnumForward, ForwardConfig: &types.ForwardActionConfig{
		TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: aws.Bool(true), DurationSeconds: aws.Int32(60)},
	}}
	for field := range strings.FieldsSeq(weights) {
		var weight int32
		if _, err := fmt.Sscanf(field[2:], "%d", &weight); err != nil {
			panic(err)
		}
		action.ForwardConfig.TargetGroups = append(action.ForwardConfig.TargetGroups, types.TargetGroupTuple{TargetGroupArn: aws.String(field[:1]), Weight: &weight})
	}
	return action
}

func listenerRouter(b *balancer, arn string) *traffic.Listener {
	return traffic.NewListener(b, traffic.ListenerTarget{ARN: arn, BlueARN: "b", GreenARN: "g"})
}

func TestListenerReadsWeightsAsPercent(t *testing.T) {
	t.Parallel()
	single := types.Action{Type: types.ActionTypeEnumForward, TargetGroupArn: aws.String("g")}
	for _, test := range []struct {
		action types.Action
		want   traffic.Weights
		unfit  []traffic.UnfitReason
	}{
		{forward("b=100 g=0"), traffic.Weights{Blue: 100}, nil},
		{forward("b=1 g=2"), traffic.Weights{Blue: 33, Green: 67}, nil},
		{forward("b=1 g=999"), traffic.Weights{Blue: 1, Green: 99}, nil},
		{forward("b=0 g=0"), traffic.Weights{Blue: 50, Green: 50}, nil},
		{forward("b=0"), traffic.Weights{Blue: 100}, nil}, // the only one
		{forward("b=1 g=0 x=0"), traffic.Weights{Blue: 100}, nil},
		{forward("b=1 g=0 x=1"), traffic.Weights{Blue: 50, Green: 50}, []traffic.UnfitReason{traffic.UnfitForeignGroup}},
		{forward("x=1"), traffic.Weights{Blue: 50, Green: 50}, []traffic.UnfitReason{traffic.UnfitForeignGroup}},
		{single, traffic.Weights{Green: 100}, nil},
		{types.Action{Type: types.ActionTypeEnumRedirect}, traffic.Weights{Blue: 50, Green: 50}, []traffic.UnfitReason{traffic.UnfitForward}},
	} {
		state, err := listenerRouter(newBalancer(test.action), listenerARN).Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		name := string(test.action.Type)
		if test.action.ForwardConfig != nil {
			name = shares([]types.Action{test.action})
		}
		equal(t, name, state.Weights, test.want)
		var reasons []traffic.UnfitReason
		for _, unfit := range state.Unfit {
			reasons = append(reasons, unfit.Reason)
		}
		equal(t, name, reasons, test.unfit)
	}
}

func TestListenerMovesStepByStepAndKeepsAllElse(t *testing.T) {
	t.Parallel()
	for arn, what := range map[string]string{listenerARN: "listener", ruleARN: "rule"} {
		synctest.Test(t, func(t *testing.T) {
			login := types.Action{Type: types.ActionTypeEnumAuthenticateOidc, AuthenticateOidcConfig: &types.AuthenticateOidcActionConfig{ClientId: aws.String("shop")}}
			b := newBalancer(login, forward("x=0 b=1"))
			request := toGreen()
			request.Strategy = traffic.Strategy{Type: traffic.Canary, Steps: []int{10}}
			request.Routes = []traffic.Route{{Key: "web", Router: listenerRouter(b, arn)}}
			if _, err := traffic.Switch(t.Context(), request, newBench().options()); err != nil {
				t.Fatal(err)
			}
			equal(t, what, b.calls, []string{what, "group b", "group g", what, "modify " + what + " b=90 g=10 x=0", what, "modify " + what + " b=0 g=100 x=0", what})
			sticky := b.actions[1].ForwardConfig.TargetGroupStickinessConfig
			if config := b.actions[0].AuthenticateOidcConfig; *config.ClientId != "shop" || !aws.ToBool(config.UseExistingClientSecret) || aws.ToInt32(sticky.DurationSeconds) != 60 {
				t.Errorf("%+v, %+v", config, sticky)
			}
			if login.AuthenticateOidcConfig.UseExistingClientSecret != nil {
				t.Error("what was read was changed")
			}
		})
	}
}

func TestListenerStopsWhenSomebodyElseChangedIt(t *testing.T) {
	t.Parallel()
	b := newBalancer(forward("b=100 g=0"))
	r := listenerRouter(b, listenerARN)
	state, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.actions = []types.Action{forward("b=60 g=40")}
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition); !errors.Is(err, traffic.ErrConcurrentChange) {
		t.Fatalf("error %v", err)
	}
	equal(t, "weights", shares(b.actions), "b=60 g=40")
	b.actions = nil
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition); !errors.Is(err, traffic.ErrConcurrentChange) || !errors.Is(err, traffic.ErrMissing) {
		t.Fatalf("a listener that went away: %v", err)
	}
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), traffic.Precondition{}); err == nil {
		t.Fatal("a strange precondition was taken")
	}
}

func TestListenerKnowsWhatIsMissingOrElsewhere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arn     string
		spoil   func(*balancer)
		missing string
		unfit   traffic.UnfitReason
	}{
		"listener":  {listenerARN, func(b *balancer) { b.actions = nil }, "listener " + listenerARN, ""},
		"rule":      {ruleARN, func(b *balancer) { b.actions = nil }, "listener rule " + ruleARN, ""},
		"green":     {listenerARN, func(b *balancer) { delete(b.groups, "g") }, "green target group g", ""},
		"elsewhere": {listenerARN, func(b *balancer) { b.groups["g"] = []string{strings.Replace(shopARN, "shop", "other", 1)} }, "", traffic.UnfitElsewhere},
		"default":   {ruleARN, func(b *balancer) { b.isDefault = true }, "", traffic.UnfitForward},
	} {
		b := newBalancer(forward("b=1 g=0"))
		test.spoil(b)
		state, err := listenerRouter(b, test.arn).Read(t.Context())
		switch {
		case test.missing != "":
			if !errors.Is(err, traffic.ErrMissing) || !strings.Contains(err.Error(), test.missing) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil || len(state.Unfit) != 1 || state.Unfit[0].Reason != test.unfit:
			t.Errorf("%s: %v, %v", name, state.Unfit, err)
		}
	}
}

func TestListenerIsATargetByItsARN(t *testing.T) {
	t.Parallel()
	r := listenerRouter(nil, ruleARN)
	equal(t, "target", r.Target(), "listener,"+ruleARN)
	equal(t, "tier", r.Tier(), traffic.TierGateway)
}
