package emulator_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
)

func TestSchedules(t *testing.T) {
	client := scheduler.NewFromConfig(shared.AWSConfig())
	ctx := t.Context()
	valid := func() *scheduler.CreateScheduleInput {
		return &scheduler.CreateScheduleInput{
			Name: aws.String("back"), ScheduleExpression: aws.String("at(2030-01-01T00:00:00)"), FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
			ActionAfterCompletion: types.ActionAfterCompletionDelete,
			Target:                &types.Target{Arn: aws.String("arn:aws:scheduler:::aws-sdk:lambda:updateAlias"), RoleArn: aws.String("arn:aws:iam::123456789012:role/guard"), Input: aws.String(`{}`)},
		}
	}
	for name, spoil := range map[string]func(*scheduler.CreateScheduleInput){
		"name":       func(in *scheduler.CreateScheduleInput) { in.Name = aws.String("a b") },
		"expression": func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = aws.String("at(tomorrow)") },
		"role":       func(in *scheduler.CreateScheduleInput) { in.Target.RoleArn = aws.String("guard") },
		"target": func(in *scheduler.CreateScheduleInput) {
			in.Target.Arn = aws.String("arn:aws:scheduler:::aws-sdk:lambda")
		},
		"read-only": func(in *scheduler.CreateScheduleInput) {
			in.Target.Arn = aws.String("arn:aws:scheduler:::aws-sdk:lambda:getAlias")
		},
		"input": func(in *scheduler.CreateScheduleInput) { in.Target.Input = aws.String(`{`) },
	} {
		t.Run(name, func(t *testing.T) {
			in := valid()
			spoil(in)
			_, err := client.CreateSchedule(ctx, in)
			wantCode(t, err, "ValidationException")
		})
	}
	must[*scheduler.CreateScheduleOutput](t)(client.CreateSchedule(ctx, valid()))
	_, err := client.CreateSchedule(ctx, valid())
	wantCode(t, err, "ConflictException")
	got := must[*scheduler.GetScheduleOutput](t)(client.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: aws.String("back")}))
	if *got.ScheduleExpression != "at(2030-01-01T00:00:00)" || *got.Target.Input != "{}" || got.State != types.ScheduleStateEnabled || *got.GroupName != "default" {
		t.Errorf("kept as %+v", got)
	}
	must[*scheduler.DeleteScheduleOutput](t)(client.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: aws.String("back")}))
	_, err = client.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: aws.String("back")})
	wantCode(t, err, "ResourceNotFoundException")
	_, err = client.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: aws.String("back")})
	wantCode(t, err, "ResourceNotFoundException")
	in := valid()
	_, err = client.UpdateSchedule(ctx, &scheduler.UpdateScheduleInput{Name: in.Name, ScheduleExpression: in.ScheduleExpression, FlexibleTimeWindow: in.FlexibleTimeWindow, Target: in.Target})
	wantCode(t, err, "ResourceNotFoundException")
}

// A schedule that is due does its call, once, and is gone.
func TestASchedulesCallIsDone(t *testing.T) {
	const name = "scheduled"
	functions, client := function(t, name, 1), scheduler.NewFromConfig(shared.AWSConfig())
	ctx := t.Context()
	must[*lambda.CreateAliasOutput](t)(functions.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: aws.String(name), Name: aws.String("live"), FunctionVersion: aws.String("$LATEST")}))
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	must[*scheduler.CreateScheduleOutput](t)(client.CreateSchedule(ctx, &scheduler.CreateScheduleInput{
		Name: aws.String("due"), ScheduleExpression: aws.String("at(2030-01-01T00:00:00)"), FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		ActionAfterCompletion: types.ActionAfterCompletionDelete,
		Target: &types.Target{
			Arn: aws.String("arn:aws:scheduler:::aws-sdk:lambda:updateAlias"), RoleArn: aws.String("arn:aws:iam::123456789012:role/guard"),
			Input: aws.String(`{"FunctionName":"` + name + `","Name":"live","FunctionVersion":"1"}`),
		},
	}))
	for _, step := range []struct {
		at      time.Time
		fired   int
		version string
	}{{at.Add(-time.Second), 0, "$LATEST"}, {at, 1, "1"}, {at.Add(time.Hour), 0, "1"}} {
		fired, err := shared.FireSchedules(ctx, step.at)
		if err != nil || fired != step.fired {
			t.Errorf("at %s: fired %d, %v", step.at, fired, err)
		}
		alias := must[*lambda.GetAliasOutput](t)(functions.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: aws.String(name), Name: aws.String("live")}))
		if *alias.FunctionVersion != step.version {
			t.Errorf("at %s: version %s", step.at, *alias.FunctionVersion)
		}
	}
	_, err := client.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: aws.String("due")})
	wantCode(t, err, "ResourceNotFoundException")
}
