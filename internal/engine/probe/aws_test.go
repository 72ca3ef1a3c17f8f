package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

type fakeLambda func(*lambda.InvokeInput, lambda.Options) (*lambda.InvokeOutput, error)

func (f fakeLambda) Invoke(_ context.Context, in *lambda.InvokeInput, options ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	var o lambda.Options
	for _, option := range options {
		option(&o)
	}
	return f(in, o)
}

func answers(payload, functionError string) fakeLambda {
	return func(*lambda.InvokeInput, lambda.Options) (*lambda.InvokeOutput, error) {
		out := &lambda.InvokeOutput{StatusCode: 200, Payload: []byte(payload), ExecutedVersion: aws.String("3")}
		if functionError != "" {
			out.FunctionError = aws.String(functionError)
		}
		return out, nil
	}
}

func refuses(code string) fakeLambda {
	return func(*lambda.InvokeInput, lambda.Options) (*lambda.InvokeOutput, error) {
		return nil, &smithy.OperationError{ServiceID: "Lambda", OperationName: "Invoke", Err: &smithy.GenericAPIError{Code: code, Message: "no"}}
	}
}

func TestLambda(t *testing.T) {
	t.Parallel()
	success, err := CompileCondition("payload.ok == true", LambdaDialect)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		client fakeLambda
		expect Expect
		want   Status
		reason string
		final  bool
	}{
		"answers":          {answers(`{"ok":true}`, ""), Expect{Success: success}, Pass, "", false},
		"answers badly":    {answers(`{"ok":false,"token":"hunter2"}`, ""), Expect{Success: success}, Fail, "success expression is false", false},
		"as API Gateway":   {answers(`{"statusCode":503,"body":"hunter2"}`, ""), Expect{}, Fail, "status 503", false},
		"a header":         {answers(`{"statusCode":200,"headers":{"x-app":"blue"}}`, ""), Expect{Header: map[string]string{"X-App": "blue"}}, Pass, "", false},
		"null":             {answers(`null`, ""), Expect{}, Pass, "", false},
		"fails":            {answers(`{"errorType":"KeyError","errorMessage":"hunter2"}`, "Unhandled"), Expect{}, Fail, "Unhandled, KeyError", false},
		"missing function": {refuses("ResourceNotFoundException"), Expect{}, Error, "ResourceNotFoundException", true},
		"not allowed":      {refuses("AccessDeniedException"), Expect{}, Error, "AccessDeniedException", true},
		"throttled":        {refuses("TooManyRequestsException"), Expect{}, Error, "TooManyRequestsException", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := &Lambda{Client: func(context.Context) (LambdaAPI, error) { return test.client, nil }, Function: "f", Qualifier: "live", Expect: test.expect}
			seen := check.Probe(t.Context())
			if seen.Status != test.want || seen.Final != test.final || !strings.Contains(seen.Reason, test.reason) || strings.Contains(fmt.Sprint(seen), "hunter2") {
				t.Errorf("got %+v", seen)
			}
		})
	}
	t.Run("what is sent", func(t *testing.T) {
		t.Parallel()
		check := &Lambda{Function: "f", Qualifier: "live", Payload: `{"a":1}`, MaxDuration: 1, Client: func(context.Context) (LambdaAPI, error) {
			return fakeLambda(func(in *lambda.InvokeInput, o lambda.Options) (*lambda.InvokeOutput, error) {
				if aws.ToString(in.FunctionName) != "f" || aws.ToString(in.Qualifier) != "live" || string(in.Payload) != `{"a":1}` || o.RetryMaxAttempts != 1 {
					t.Errorf("%+v, %d attempts", in, o.RetryMaxAttempts)
				}
				time.Sleep(time.Millisecond) //nolint:forbidigo // what is measured is real time
				return &lambda.InvokeOutput{StatusCode: 200}, nil
			}), nil
		}}
		if seen := check.Probe(t.Context()); seen.Status != Fail || !strings.Contains(seen.Reason, "more than 1ns") {
			t.Errorf("got %+v", seen)
		}
	})
	t.Run("no client", func(t *testing.T) {
		t.Parallel()
		check := &Lambda{Function: "f", Client: func(context.Context) (LambdaAPI, error) { return nil, awsapi.ErrNoRegion }}
		if seen := check.Probe(t.Context()); seen.Status != Error || !seen.Final || !strings.Contains(seen.Reason, "Region") {
			t.Errorf("got %+v", seen)
		}
	})
}

type fakeAlarms struct {
	states map[string]cwtypes.StateValue
	err    error
	asked  int
}

// DescribeAlarms answers one alarm a page.
func (f *fakeAlarms) DescribeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	f.asked++
	if f.err != nil {
		return nil, f.err
	}
	page := 0
	fmt.Sscan(aws.ToString(in.NextToken), &page)
	out := &cloudwatch.DescribeAlarmsOutput{}
	if name := in.AlarmNames[page]; f.states[name] != "" {
		if page%2 == 0 {
			out.MetricAlarms = append(out.MetricAlarms, cwtypes.MetricAlarm{AlarmName: aws.String(name), StateValue: f.states[name]})
		} else {
			out.CompositeAlarms = append(out.CompositeAlarms, cwtypes.CompositeAlarm{AlarmName: aws.String(name), StateValue: f.states[name]})
		}
	}
	if page+1 < len(in.AlarmNames) {
		out.NextToken = aws.String(fmt.Sprint(page + 1))
	}
	return out, nil
}

func TestAlarm(t *testing.T) {
	t.Parallel()
	states := map[string]cwtypes.StateValue{"fine": "OK", "well": "OK", "loud": "ALARM", "blind": "INSUFFICIENT_DATA"}
	many := map[string]cwtypes.StateValue{}
	var names []string
	for i := range 150 {
		names = append(names, fmt.Sprint(i))
		many[names[i]] = "OK"
	}
	for name, test := range map[string]struct {
		names  []string
		states map[string]cwtypes.StateValue
		allow  bool
		err    error
		want   Status
		reason string
		final  bool
	}{
		"all OK, on two pages": {[]string{"fine", "well"}, states, false, nil, Pass, "", false},
		"one rings":            {[]string{"fine", "loud", "blind"}, states, false, nil, Fail, "in state ALARM: loud", false},
		"one does not exist":   {[]string{"fine", "gone"}, states, false, nil, Error, "no such alarm in this account and Region: gone", true},
		"no data":              {[]string{"blind"}, states, false, nil, Inconclusive, "INSUFFICIENT_DATA: blind", false},
		"no data is allowed":   {[]string{"blind", "well"}, states, true, nil, Pass, "", false},
		"more than one call":   {names, many, false, nil, Pass, "", false},
		"CloudWatch is away":   {[]string{"fine"}, states, false, errors.New("connection reset"), Error, "connection reset", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := &Alarm{Names: test.names, AllowInsufficientData: test.allow, Client: func(context.Context) (AlarmAPI, error) {
				return &fakeAlarms{states: test.states, err: test.err}, nil
			}}
			if seen := check.Probe(t.Context()); seen.Status != test.want || seen.Final != test.final || !strings.Contains(seen.Reason, test.reason) {
				t.Errorf("got %+v", seen)
			}
		})
	}
}
