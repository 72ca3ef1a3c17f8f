package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
)

// FireSchedules does what the schedules call that are due at a time, as EventBridge Scheduler does within a minute of it,
// and returns how many there were. The calls go through the emulator like anybody's.
func (e *Emulator) FireSchedules(ctx context.Context, at time.Time) (fired int, err error) {
	var errs []error
	for _, due := range e.scheduler.due(at) {
		fired++
		if err := e.callUniversally(ctx, due); err != nil {
			errs = append(errs, fmt.Errorf("schedule %s: %w", due.Name, err))
		}
	}
	return fired, errors.Join(errs...)
}

// callUniversally does the call of a schedule with a universal target. Parameters that the operation does not have are an
// error, as they are in AWS.
func (e *Emulator) callUniversally(ctx context.Context, due schedule) error {
	config := e.AWSConfig()
	config.Region = due.region
	target := universal.FindStringSubmatch(due.Target.Arn)
	switch operation := target[2] + ":" + target[3]; operation {
	case "route53:changeResourceRecordSets":
		return universally(due, func(in *route53.ChangeResourceRecordSetsInput) error {
			_, err := route53.NewFromConfig(config).ChangeResourceRecordSets(ctx, in)
			return err
		})
	case "lambda:updateAlias":
		return universally(due, func(in *lambda.UpdateAliasInput) error {
			_, err := lambda.NewFromConfig(config).UpdateAlias(ctx, in)
			return err
		})
	case "elasticloadbalancingv2:modifyListener":
		return universally(due, func(in *elb.ModifyListenerInput) error {
			_, err := elb.NewFromConfig(config).ModifyListener(ctx, in)
			return err
		})
	case "elasticloadbalancingv2:modifyRule":
		return universally(due, func(in *elb.ModifyRuleInput) error {
			_, err := elb.NewFromConfig(config).ModifyRule(ctx, in)
			return err
		})
	case "apigateway:updateStage":
		return universally(due, func(in *apigateway.UpdateStageInput) error {
			_, err := apigateway.NewFromConfig(config).UpdateStage(ctx, in)
			return err
		})
	default:
		return fmt.Errorf("the emulator's schedules do not call %s", operation)
	}
}

func universally[Input any](due schedule, call func(*Input) error) error {
	in := new(Input)
	decoder := json.NewDecoder(bytes.NewReader([]byte(due.Target.Input)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(in); err != nil {
		return err
	}
	return call(in)
}
