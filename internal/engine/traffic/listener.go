package traffic

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// ListenerAPI is the part of Elastic Load Balancing that the router calls.
type ListenerAPI interface {
	DescribeListeners(context.Context, *elb.DescribeListenersInput, ...func(*elb.Options)) (*elb.DescribeListenersOutput, error)
	DescribeRules(context.Context, *elb.DescribeRulesInput, ...func(*elb.Options)) (*elb.DescribeRulesOutput, error)
	DescribeTargetGroups(context.Context, *elb.DescribeTargetGroupsInput, ...func(*elb.Options)) (*elb.DescribeTargetGroupsOutput, error)
	ModifyListener(context.Context, *elb.ModifyListenerInput, ...func(*elb.Options)) (*elb.ModifyListenerOutput, error)
	ModifyRule(context.Context, *elb.ModifyRuleInput, ...func(*elb.Options)) (*elb.ModifyRuleOutput, error)
}

// ListenerTarget names a listener of an Application Load Balancer, or one of its rules, and two target groups.
type ListenerTarget struct {
	ARN      string // of the listener, whose default actions are meant, or of the rule
	BlueARN  string // target group
	GreenARN string
}

// The reasons of a listener.
const (
	// UnfitForward: the actions do not forward to a weighted set of target groups, or not in a way that may be changed.
	UnfitForward UnfitReason = "not_forwarding"
	// UnfitForeignGroup: a target group that is neither colour takes a share of the traffic.
	UnfitForeignGroup UnfitReason = "foreign_target_group"
	// UnfitElsewhere: a colour's target group belongs to another load balancer, and can belong to one only.
	UnfitElsewhere UnfitReason = "other_load_balancer"
)

// Listener moves traffic by the weights of a forward action. The percent is the weight, so that a share reads the same
// in the AWS console; stickiness, all other actions and all target groups stay. It is not safe for several goroutines.
type Listener struct {
	api    ListenerAPI
	target ListenerTarget
	unfit  []*UnfitError // of the two target groups
	looked bool          // at the target groups
}

// NewListener returns a router over target.
func NewListener(api ListenerAPI, target ListenerTarget) *Listener {
	return &Listener{api: api, target: target}
}

func (r *Listener) isRule() bool { return strings.Contains(r.target.ARN, ":listener-rule/") }

// Name names the listener or the rule for people.
func (r *Listener) Name() string {
	if r.isRule() {
		return "listener rule " + r.target.ARN
	}
	return "listener " + r.target.ARN
}

// Target is the ARN.
func (r *Listener) Target() string { return "listener," + r.target.ARN }

// Tier is TierGateway.
func (r *Listener) Tier() Tier { return TierGateway }

// Read asks for the listener or the rule, and the first time for both target groups. ErrMissing names what is not there.
// Where neither colour has a share, as with weights of all zero, it is read as half and half, which is never taken for done.
func (r *Listener) Read(ctx context.Context) (State, error) {
	actions, err := r.get(ctx)
	if err != nil {
		return State{}, err
	}
	if !r.looked {
		if r.unfit, err = r.lookAtGroups(ctx); err != nil {
			return State{}, err
		}
		r.looked = true
	}
	return r.state(actions), nil
}

// listenerActions are the precondition of a Set: the actions as Elastic Load Balancing gave them.
type listenerActions struct {
	actions   []types.Action
	unchanged bool // the default rule of a listener takes no change but through its listener
}

func (r *Listener) get(ctx context.Context) (listenerActions, error) {
	missing := fmt.Errorf("the %s: %w", r.Name(), ErrMissing)
	if r.isRule() {
		out, err := r.api.DescribeRules(ctx, &elb.DescribeRulesInput{RuleArns: []string{r.target.ARN}})
		switch {
		case awsapi.IsNotFound(err) || (err == nil && len(out.Rules) == 0):
			return listenerActions{}, missing
		case err != nil:
			return listenerActions{}, err
		}
		return listenerActions{actions: out.Rules[0].Actions, unchanged: aws.ToBool(out.Rules[0].IsDefault)}, nil
	}
	out, err := r.api.DescribeListeners(ctx, &elb.DescribeListenersInput{ListenerArns: []string{r.target.ARN}})
	switch {
	case awsapi.IsNotFound(err) || (err == nil && len(out.Listeners) == 0):
		return listenerActions{}, missing
	case err != nil:
		return listenerActions{}, err
	}
	return listenerActions{actions: out.Listeners[0].DefaultActions}, nil
}

// lookAtGroups finds out whether both target groups exist and may be behind this load balancer. A target group belongs to
// one load balancer at most.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroup.html
func (r *Listener) lookAtGroups(ctx context.Context) (unfit []*UnfitError, err error) {
	var missing []error
	for _, colour := range []Colour{Blue, Green} {
		out, err := r.api.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{r.group(colour)}})
		switch {
		case awsapi.IsNotFound(err) || (err == nil && len(out.TargetGroups) == 0):
			missing = append(missing, fmt.Errorf("the %s target group %s: %w", colour, r.group(colour), ErrMissing))
			continue
		case err != nil:
			return nil, err
		}
		for _, balancer := range out.TargetGroups[0].LoadBalancerArns {
			if own := loadBalancer(r.target.ARN); own != loadBalancer(balancer) {
				unfit = append(unfit, &UnfitError{Reason: UnfitElsewhere, Detail: fmt.Sprintf("the %s target group %s belongs to the load balancer %s, and the listener to %s", colour, r.group(colour), loadBalancer(balancer), own)})
			}
		}
	}
	return unfit, errors.Join(missing...)
}

// loadBalancer is the part of an ARN that names the load balancer: "app/NAME/ID".
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html#awselasticloadbalancingv2-resources-for-iam-policies
func loadBalancer(arn string) string {
	parts := strings.Split(arn, "/")
	if len(parts) < 4 {
		return arn
	}
	return strings.Join(parts[1:4], "/")
}

func (r *Listener) group(colour Colour) string {
	if colour == Blue {
		return r.target.BlueARN
	}
	return r.target.GreenARN
}

// Set reads again, compares, and modifies the actions. Elastic Load Balancing knows no condition on a modification: a
// change that somebody else makes between these two calls, some ten milliseconds, is overwritten, and nothing can be
// done about that. The load balancer follows the new actions once the call is answered, or shortly after: AWS does not
// say how soon, and offers nothing to ask.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListener.html
func (r *Listener) Set(ctx context.Context, weights Weights, precondition Precondition) (Change, error) {
	old, ok := precondition.Token.(listenerActions)
	if !ok {
		return Change{}, fmt.Errorf("%s: the precondition is not one of Elastic Load Balancing", r.Name())
	}
	now, err := r.get(ctx)
	switch {
	case errors.Is(err, ErrMissing):
		return Change{}, fmt.Errorf("%s: %w: %w", r.Name(), ErrConcurrentChange, err)
	case err != nil:
		return Change{}, err
	case !reflect.DeepEqual(now, old):
		return Change{}, fmt.Errorf("%s: %w", r.Name(), ErrConcurrentChange)
	}
	made, err := r.modify(ctx, r.weighted(old.actions, weights))
	if err != nil {
		return Change{}, err
	}
	return Change{ID: weights.String(), Label: "actions with " + weights.String(), State: r.state(made)}, nil
}

func (r *Listener) modify(ctx context.Context, actions []types.Action) (listenerActions, error) {
	if r.isRule() {
		out, err := r.api.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: &r.target.ARN, Actions: actions})
		if err != nil || len(out.Rules) == 0 {
			return listenerActions{actions: actions}, err
		}
		return listenerActions{actions: out.Rules[0].Actions, unchanged: aws.ToBool(out.Rules[0].IsDefault)}, nil
	}
	out, err := r.api.ModifyListener(ctx, &elb.ModifyListenerInput{ListenerArn: &r.target.ARN, DefaultActions: actions})
	if err != nil || len(out.Listeners) == 0 {
		return listenerActions{actions: actions}, err
	}
	return listenerActions{actions: out.Listeners[0].DefaultActions}, nil
}

// Wait returns at once: there is nothing to ask.
func (r *Listener) Wait(context.Context, Change) error { return nil }

// weighted returns copies of the actions with other weights of the two colours in the forward action, and everything
// else untouched. What AWS does not give away, the secret of an OpenID client, is said to stay.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AuthenticateOidcActionConfig.html
func (r *Listener) weighted(actions []types.Action, weights Weights) []types.Action {
	next := make([]types.Action, len(actions))
	for i, action := range actions {
		if action.AuthenticateOidcConfig != nil {
			config := *action.AuthenticateOidcConfig
			config.UseExistingClientSecret = aws.Bool(true)
			action.AuthenticateOidcConfig = &config
		}
		if action.Type == types.ActionTypeEnumForward {
			forward := types.ForwardActionConfig{}
			if action.ForwardConfig != nil {
				forward = *action.ForwardConfig
			}
			forward.TargetGroups = nil
			for _, colour := range []Colour{Blue, Green} {
				forward.TargetGroups = append(forward.TargetGroups, types.TargetGroupTuple{TargetGroupArn: aws.String(r.group(colour)), Weight: aws.Int32(int32(weights.Of(colour)))}) //nolint:gosec // 0 to 100
			}
			for _, group := range groups(action) {
				if arn := aws.ToString(group.TargetGroupArn); arn != r.target.BlueARN && arn != r.target.GreenARN {
					forward.TargetGroups = append(forward.TargetGroups, group)
				}
			}
			action.ForwardConfig, action.TargetGroupArn = &forward, nil
		}
		next[i] = action
	}
	return next
}

// groups are the target groups of a forward action; a single one may stand beside the list.
func groups(action types.Action) []types.TargetGroupTuple {
	if action.ForwardConfig != nil && len(action.ForwardConfig.TargetGroups) > 0 {
		return action.ForwardConfig.TargetGroups
	}
	if action.TargetGroupArn == nil {
		return nil
	}
	return []types.TargetGroupTuple{{TargetGroupArn: action.TargetGroupArn, Weight: aws.Int32(1)}}
}

// state is what the actions serve.
func (r *Listener) state(found listenerActions) State {
	state := State{Weights: Weights{Blue: 50, Green: 50}, Settled: true, Precondition: Precondition{Token: found}}
	state.Unfit = append(state.Unfit, r.unfit...)
	add := func(reason UnfitReason, format string, values ...any) {
		state.Unfit = append(state.Unfit, &UnfitError{Reason: reason, Detail: fmt.Sprintf("the %s ", r.Name()) + fmt.Sprintf(format, values...)})
	}
	if found.unchanged {
		add(UnfitForward, "is the default rule, which takes changes through its listener only")
	}
	var forwards []types.Action
	for _, action := range found.actions {
		if action.Type == types.ActionTypeEnumForward {
			forwards = append(forwards, action)
		}
	}
	if len(forwards) != 1 {
		add(UnfitForward, "has %d actions that forward, and one is needed", len(forwards))
		return state
	}
	var blue, green, all int32
	listed := groups(forwards[0])
	for _, group := range listed {
		weight := aws.ToInt32(group.Weight)
		if group.Weight == nil || len(listed) == 1 {
			weight = max(weight, 1) // a single target group gets everything, whatever it weighs
		}
		all += weight
		switch aws.ToString(group.TargetGroupArn) {
		case r.target.BlueARN:
			blue += weight
		case r.target.GreenARN:
			green += weight
		default:
			if weight > 0 {
				add(UnfitForeignGroup, "sends traffic to the target group %s besides blue and green", aws.ToString(group.TargetGroupArn))
			}
		}
	}
	switch share := func(part int32) int { return percent(float64(part) / float64(all)) }; {
	case blue == 0 && green == 0:
	case blue >= green:
		state.Weights = On(Blue, share(blue))
	default:
		state.Weights = On(Green, share(green))
	}
	return state
}
