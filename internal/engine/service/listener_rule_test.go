package service_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

func TestListenerRule(t *testing.T) {
	b := targettest.NewBalancer(t, "conform")
	s := service.NewListenerRule(b.Client, b.Rule)
	conform(t, subject{
		service: s,
		change:  func(t *testing.T) { b.Do(b.Forward(0, 100)) },
		missing: func() service.Service {
			return service.NewListenerRule(b.Client, b.Rule[:len(b.Rule)-3]+"000")
		},
		awsService: "elasticloadbalancing", operation: "ModifyRule",
	})

	t.Run("every kind of action", func(t *testing.T) {
		for _, action := range []types.Action{
			{Type: types.ActionTypeEnumForward, TargetGroupArn: &b.Blue},
			{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: aws.String("503"), ContentType: aws.String("text/plain"), MessageBody: aws.String("soon")}},
			{Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{StatusCode: types.RedirectActionStatusCodeEnumHttp301, Host: aws.String("example.com")}},
		} {
			b.Do(action)
			item, err := s.Capture(t.Context())
			must(t, err)
			b.Do(b.Forward(50, 50))
			restore(t, s, item)
			expectSame(t, s, item)
		}
	})
	t.Run("somebody else in between", func(t *testing.T) {
		item, err := s.Capture(t.Context())
		must(t, err)
		b.Do(b.Forward(90, 10))
		changes := expectDifferent(t, s, item)
		b.Do(b.Forward(80, 20))
		if err := s.Restore(t.Context(), changes); !errors.Is(err, service.ErrConcurrentChange) {
			t.Errorf("restore over another change: %v", err)
		}
	})
	t.Run("the default rule", func(t *testing.T) {
		if _, err := service.NewListenerRule(b.Client, b.DefaultRule).Capture(t.Context()); !errors.Is(err, service.ErrUnrestorable) {
			t.Errorf("capture: %v, want ErrUnrestorable", err)
		}
	})
	t.Run("a deleted target group", func(t *testing.T) {
		b.Do(b.Forward(100, 0))
		item, err := s.Capture(t.Context())
		must(t, err)
		b.Do(types.Action{Type: types.ActionTypeEnumForward, TargetGroupArn: &b.Blue})
		_, err = b.Client.DeleteTargetGroup(t.Context(), &elb.DeleteTargetGroupInput{TargetGroupArn: &b.Green})
		must(t, err)
		if _, err := s.Diff(t.Context(), item); !errors.Is(err, service.ErrUnrestorable) {
			t.Errorf("Diff: %v, want ErrUnrestorable", err)
		}
	})
	t.Run("a deleted rule", func(t *testing.T) {
		item, err := s.Capture(t.Context())
		must(t, err)
		_, err = b.Client.DeleteRule(t.Context(), &elb.DeleteRuleInput{RuleArn: &b.Rule})
		must(t, err)
		if _, err := s.Diff(t.Context(), item); !errors.Is(err, service.ErrUnrestorable) {
			t.Errorf("Diff: %v, want ErrUnrestorable", err)
		}
	})
}
