package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// ListenerRuleAPI is what the listener_rule service asks of the Elastic Load Balancing client.
type ListenerRuleAPI interface {
	DescribeRules(ctx context.Context, in *elb.DescribeRulesInput, opts ...func(*elb.Options)) (*elb.DescribeRulesOutput, error)
	DescribeTargetGroups(ctx context.Context, in *elb.DescribeTargetGroupsInput, opts ...func(*elb.Options)) (*elb.DescribeTargetGroupsOutput, error)
	ModifyRule(ctx context.Context, in *elb.ModifyRuleInput, opts ...func(*elb.Options)) (*elb.ModifyRuleOutput, error)
}

// ListenerRule is the listener_rule service: the actions of one rule of a load balancer's listener, which say where its
// requests go: target groups with their weights, redirects, fixed answers and log-ins. Conditions, transforms and priority
// are not part of it. A rule that was deleted is ErrUnrestorable, because a new one would have another ARN.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
type ListenerRule struct {
	client ListenerRuleAPI
	arn    string
}

// NewListenerRule returns the service of the rule of an ARN; it may not be the default one of its listener.
func NewListenerRule(client ListenerRuleAPI, arn string) *ListenerRule {
	return &ListenerRule{client: client, arn: arn}
}

// ruleState is what is captured. The secret of an OpenID Connect client is not in it: AWS never tells it.
type ruleState struct {
	Actions []types.Action `json:"actions"`
}

type ruleApply struct {
	Actions []types.Action `json:"actions"`
	Seen    []types.Action `json:"seen"` // at Diff
}

// Name is listener_rule.
func (l *ListenerRule) Name() string { return "listener_rule" }

// Target is the ARN.
func (l *ListenerRule) Target() string { return l.arn }

// Capture reads the rule.
func (l *ListenerRule) Capture(ctx context.Context) (Item, error) {
	actions, err := l.read(ctx)
	if err != nil {
		return Item{}, err
	}
	raw, err := canonical(ruleState{Actions: actions})
	return Item{Service: l.Name(), Target: l.arn, Summary: "rule that does: " + describeActions(actions), Objects: 1, State: raw}, err
}

// read returns the actions in one form: in order, target groups sorted, and a single target group only in ForwardConfig.
func (l *ListenerRule) read(ctx context.Context) ([]types.Action, error) {
	out, err := l.client.DescribeRules(ctx, &elb.DescribeRulesInput{RuleArns: []string{l.arn}})
	if awsapi.IsNotFound(err) || (err == nil && len(out.Rules) == 0) {
		return nil, fmt.Errorf("listener rule %s: %w", l.arn, errors.Join(ErrMissing, err))
	}
	if err != nil {
		return nil, fmt.Errorf("read listener rule %s: %w", l.arn, err)
	}
	if aws.ToBool(out.Rules[0].IsDefault) {
		return nil, fmt.Errorf("%s is the default rule of its listener, which belongs to the listener: %w", l.arn, ErrUnrestorable)
	}
	actions := out.Rules[0].Actions
	for i := range actions {
		normalizeAction(&actions[i])
	}
	slices.SortStableFunc(actions, func(a, b types.Action) int { return int(aws.ToInt32(a.Order)) - int(aws.ToInt32(b.Order)) })
	return actions, nil
}

// normalizeAction writes one meaning in one way. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html
func normalizeAction(action *types.Action) {
	if oidc := action.AuthenticateOidcConfig; oidc != nil { // the secret stays where it is
		oidc.ClientSecret, oidc.UseExistingClientSecret = nil, aws.Bool(true)
	}
	if action.Type != types.ActionTypeEnumForward {
		return
	}
	if action.ForwardConfig == nil {
		action.ForwardConfig = &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{{TargetGroupArn: action.TargetGroupArn}}}
	}
	action.TargetGroupArn = nil
	forward := action.ForwardConfig
	if len(forward.TargetGroups) == 1 { // all requests, whatever the weight
		forward.TargetGroups[0].Weight = aws.Int32(1)
	}
	slices.SortFunc(forward.TargetGroups, func(a, b types.TargetGroupTuple) int {
		return strings.Compare(aws.ToString(a.TargetGroupArn), aws.ToString(b.TargetGroupArn))
	})
	if sticky := forward.TargetGroupStickinessConfig; sticky != nil && !aws.ToBool(sticky.Enabled) {
		forward.TargetGroupStickinessConfig = nil
	}
}

// describeActions is for people: "forward to blue 90, green 10".
func describeActions(actions []types.Action) string {
	said := make([]string, 0, len(actions))
	for _, action := range actions {
		switch {
		case action.ForwardConfig != nil:
			var groups []string
			for _, group := range action.ForwardConfig.TargetGroups {
				groups = append(groups, fmt.Sprintf("%s %d", targetGroupName(aws.ToString(group.TargetGroupArn)), aws.ToInt32(group.Weight)))
			}
			said = append(said, "forward to "+strings.Join(groups, ", "))
		case action.FixedResponseConfig != nil:
			said = append(said, "answer "+aws.ToString(action.FixedResponseConfig.StatusCode))
		default:
			said = append(said, string(action.Type))
		}
	}
	return strings.Join(said, ", then ")
}

// targetGroupName: an ARN ends in targetgroup/NAME/ID.
func targetGroupName(arn string) string {
	if parts := strings.Split(arn, "/"); len(parts) == 3 {
		return parts[1]
	}
	return arn
}

// Diff compares the actions with the captured ones. A captured target group that was deleted since is ErrUnrestorable.
func (l *ListenerRule) Diff(ctx context.Context, item Item) ([]Change, error) {
	var want ruleState
	if err := json.Unmarshal(item.State, &want); err != nil || len(want.Actions) == 0 {
		return nil, fmt.Errorf("the captured state of listener rule %s cannot be read: %w", l.arn, errors.Join(err, ErrUnrestorable))
	}
	live, err := l.read(ctx)
	if errors.Is(err, ErrMissing) {
		return nil, fmt.Errorf("%w, and a new rule would have another ARN: %w", err, ErrUnrestorable)
	}
	if err != nil {
		return nil, err
	}
	if same, err := equalCanonical(live, want.Actions); same || err != nil {
		return nil, err
	}
	if err := l.needTargetGroups(ctx, want.Actions); err != nil {
		return nil, err
	}
	detail := fmt.Sprintf("rule: %s -> %s", describeActions(live), describeActions(want.Actions))
	raw, err := canonical(ruleApply{Actions: want.Actions, Seen: live})
	return []Change{{Service: l.Name(), Action: Update, Detail: detail, Reversible: true, Estimate: time.Second, Apply: raw}}, err
}

func (l *ListenerRule) needTargetGroups(ctx context.Context, actions []types.Action) error {
	for _, action := range actions {
		if action.ForwardConfig == nil {
			continue
		}
		for _, group := range action.ForwardConfig.TargetGroups {
			arn := aws.ToString(group.TargetGroupArn)
			_, err := l.client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{arn}})
			if awsapi.IsNotFound(err) {
				return fmt.Errorf("target group %s does not exist any more: %w: %w", arn, ErrUnrestorable, err)
			}
			if err != nil {
				return fmt.Errorf("read target group %s: %w", arn, err)
			}
		}
	}
	return nil
}

// equalCanonical tells whether two values are the same in canonical JSON.
func equalCanonical(a, b any) (bool, error) {
	left, err := canonical(a)
	if err != nil {
		return false, err
	}
	right, err := canonical(b)
	return string(left) == string(right), err
}

// Restore puts the actions back, provided that nobody changed them since Diff. Elastic Load Balancing has no condition on
// a call: somebody who writes between our reading and our writing, well under a second, is overwritten.
func (l *ListenerRule) Restore(ctx context.Context, changes []Change) error {
	for _, change := range changes {
		var apply ruleApply
		if err := json.Unmarshal(change.Apply, &apply); err != nil {
			return fmt.Errorf("restore listener rule %s: %w", l.arn, err)
		}
		live, err := l.read(ctx)
		if err != nil {
			return fmt.Errorf("restore listener rule %s: %w", l.arn, err)
		}
		if done, err := equalCanonical(live, apply.Actions); done || err != nil {
			return err
		}
		if same, err := equalCanonical(live, apply.Seen); !same || err != nil {
			return fmt.Errorf("restore listener rule %s: %w", l.arn, errors.Join(err, ErrConcurrentChange))
		}
		if _, err := l.client.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: &l.arn, Actions: apply.Actions}); err != nil {
			return fmt.Errorf("restore listener rule %s: %w", l.arn, err)
		}
	}
	return nil
}

// Verify reads the rule back.
func (l *ListenerRule) Verify(ctx context.Context, item Item) error { return verify(ctx, l, item) }

// Check is a Capture: one call.
func (l *ListenerRule) Check(ctx context.Context) error {
	_, err := l.read(ctx)
	return err
}
