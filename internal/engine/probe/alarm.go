package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// AlarmAPI is what an alarm check calls.
type AlarmAPI interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
}

// Alarm asks CloudWatch whether alarms, metric or composite, are OK.
type Alarm struct {
	Client                func(context.Context) (AlarmAPI, error) // made at the first attempt
	Names                 []string
	AllowInsufficientData bool
}

// maxAlarmNames: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
const maxAlarmNames = 100

// Name is "alarm".
func (*Alarm) Name() string { return "alarm" }

// Probe reads the states once. An alarm that rings fails; one that does not exist is a final error, for nobody watches
// then; one without enough data says nothing either way and is inconclusive, unless that is allowed.
func (a *Alarm) Probe(ctx context.Context) Observation {
	started := time.Now()
	states, err := a.states(ctx)
	latency := time.Since(started)
	if err != nil {
		return awsTrouble(ctx, "read the alarms", err, latency)
	}
	seen := Observation{Status: Pass, Latency: latency, Values: map[string]string{}}
	var ringing, missing, blind []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(a.Names))) {
		state, ok := states[name]
		seen.Values[name] = string(state)
		switch {
		case !ok:
			missing = append(missing, name)
			delete(seen.Values, name)
		case state == types.StateValueAlarm:
			ringing = append(ringing, name)
		case state == types.StateValueInsufficientData && !a.AllowInsufficientData:
			blind = append(blind, name)
		}
	}
	switch {
	case len(ringing) > 0:
		seen = seen.fail("in state ALARM: %s", strings.Join(ringing, ", "))
	case len(missing) > 0:
		seen.Status, seen.Final = Error, true
		seen.Reason = "no such alarm in this account and Region: " + strings.Join(missing, ", ")
	case len(blind) > 0:
		seen.Status = Inconclusive
		seen.Reason = fmt.Sprintf("in state INSUFFICIENT_DATA: %s", strings.Join(blind, ", "))
	}
	return seen
}

func (a *Alarm) states(ctx context.Context) (map[string]types.StateValue, error) {
	client, err := a.Client(ctx)
	if err != nil {
		return nil, err
	}
	states := map[string]types.StateValue{}
	for batch := range slices.Chunk(a.Names, maxAlarmNames) {
		input := &cloudwatch.DescribeAlarmsInput{
			AlarmNames: batch, AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}, MaxRecords: aws.Int32(maxAlarmNames),
		}
		for {
			output, err := client.DescribeAlarms(ctx, input)
			if err != nil {
				return nil, err
			}
			for _, alarm := range output.MetricAlarms {
				states[aws.ToString(alarm.AlarmName)] = alarm.StateValue
			}
			for _, alarm := range output.CompositeAlarms {
				states[aws.ToString(alarm.AlarmName)] = alarm.StateValue
			}
			if input.NextToken = output.NextToken; aws.ToString(input.NextToken) == "" {
				break
			}
		}
	}
	return states, nil
}
