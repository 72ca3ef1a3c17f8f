package scenario

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/blues/jsonata-go"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// machine is a state machine in the Amazon States Language with JSONata, of those states that the drift monitor has:
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html. It sleeps by the clock of the bubble that it
// runs in, and calls the emulator.
type machine struct {
	TimeoutSeconds int
	states

	client  *http.Client
	name    string                                             // of the execution
	does    map[string]func(context.Context, any) (any, error) // integrations beside those of the AWS SDK, by resource
	entered map[string]int                                     // by name of the state
}

type states struct {
	StartAt         string
	States          map[string]state
	ProcessorConfig struct{ Mode, ExecutionType string }
}

type state struct {
	Type, Next, Default, Resource string
	End                           bool
	Error, Cause                  string
	Arguments, Output, Assign     any
	Items, Seconds                any
	ItemProcessor                 *states
	ItemReader, ResultWriter      *dataset
	ItemSelector                  any
	MaxConcurrency                int
	ToleratedFailurePercentage    float64
	Choices                       []choice
	Retry                         []retrier
	Catch                         []choice
}

type choice struct {
	ErrorEquals []string
	Condition   string
	Assign      any
	Next        string
}

type retrier struct {
	ErrorEquals                  []string
	IntervalSeconds, BackoffRate float64
	MaxAttempts                  *int
	MaxDelaySeconds              float64
}

// failure is an error by its name.
type failure struct{ name, cause string }

func (f failure) Error() string { return f.name + ": " + f.cause }

func readMachine(definition string, client *http.Client) (*machine, error) {
	m := &machine{client: client}
	decoder := json.NewDecoder(strings.NewReader(definition))
	return m, decoder.Decode(m)
}

// execute runs one execution to its end; the error is how it failed.
func (m *machine) execute(ctx context.Context, input any) error {
	m.entered = map[string]int{}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(m.TimeoutSeconds)*time.Second)
	defer cancel()
	about := map[string]any{"Execution": map[string]any{"StartTime": stamp(time.Now()), "Name": m.name}}
	_, err := m.run(ctx, m.states, input, map[string]any{}, about)
	if ctx.Err() != nil {
		return failure{"States.Timeout", "it ran out of time"}
	}
	return err
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

func (m *machine) run(ctx context.Context, list states, input any, variables, about map[string]any) (any, error) {
	for name := list.StartAt; ; {
		one, ok := list.States[name]
		if !ok {
			return nil, failure{"States.Runtime", "there is no state " + name}
		}
		m.entered[name]++
		if about = maps.Clone(about); about != nil {
			about["State"] = map[string]any{"EnteredTime": stamp(time.Now()), "Name": name}
		}
		scope := map[string]any{"input": input, "context": about}
		output, next, err := m.enter(ctx, one, scope, variables)
		if err != nil || next == "" {
			return output, err
		}
		name, input = next, output
	}
}

// enter does what a state does, and says what comes next; "" is the end.
func (m *machine) enter(ctx context.Context, one state, scope, variables map[string]any) (output any, next string, err error) {
	output, next = scope["input"], one.Next
	switch one.Type {
	case "Succeed":
		return output, "", nil
	case "Fail":
		return nil, "", failure{one.Error, one.Cause}
	case "Choice":
		for _, choice := range one.Choices {
			holds, err := compute(choice.Condition, scope, variables)
			if err != nil {
				return nil, "", err
			}
			if holds == true {
				return output, choice.Next, assignAll(choice.Assign, scope, variables)
			}
		}
		return output, one.Default, nil
	case "Wait":
		seconds, err := compute(one.Seconds, scope, variables)
		if err != nil {
			return nil, "", err
		}
		number, ok := seconds.(float64)
		if !ok {
			return nil, "", failure{"States.QueryEvaluationError", fmt.Sprintf("Seconds is %v", seconds)}
		}
		if err := machineSleeps(ctx, number); err != nil {
			return nil, "", err
		}
	case "Task":
		result, err := m.patiently(ctx, one, scope, variables)
		if index := caught(one.Catch, err); index >= 0 {
			return output, one.Catch[index].Next, nil
		}
		if err != nil {
			return nil, "", err
		}
		scope["result"], output = result, result
	case "Map":
		results, err := m.each(ctx, one, scope, variables)
		if err != nil {
			return nil, "", err
		}
		scope["result"], output = results, results
	}
	if one.Output != nil {
		if output, err = compute(one.Output, scope, variables); err != nil {
			return nil, "", err
		}
	}
	return output, next, assignAll(one.Assign, scope, variables)
}

// each runs the states of a Map over its items, one after the other: their variables stay theirs.
func (m *machine) each(ctx context.Context, one state, scope, variables map[string]any) (any, error) {
	if one.ItemProcessor.ProcessorConfig.Mode == "DISTRIBUTED" {
		return m.distributed(ctx, one, scope, variables)
	}
	items, err := compute(one.Items, scope, variables)
	if err != nil {
		return nil, err
	}
	list, ok := items.([]any)
	if !ok {
		return nil, failure{"States.QueryEvaluationError", "Items is no array"}
	}
	results := []any{}
	for _, item := range list {
		about, _ := scope["context"].(map[string]any)
		result, err := m.run(ctx, *one.ItemProcessor, item, maps.Clone(variables), about)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return results, nil
}

// patiently does a task, and again as its retriers say.
func (m *machine) patiently(ctx context.Context, one state, scope, variables map[string]any) (any, error) {
	arguments, err := compute(one.Arguments, scope, variables)
	if err != nil {
		return nil, err
	}
	tried := make([]int, len(one.Retry))
	for {
		result, err := m.call(ctx, one.Resource, arguments)
		index := slices.IndexFunc(one.Retry, func(r retrier) bool { return isOneOf(r.ErrorEquals, err) })
		if err == nil || index < 0 {
			return result, err
		}
		retrier := one.Retry[index]
		limit := 3
		if retrier.MaxAttempts != nil {
			limit = *retrier.MaxAttempts
		}
		if tried[index] >= limit {
			return nil, err
		}
		delay := retrier.IntervalSeconds
		for range tried[index] {
			delay *= cmp.Or(retrier.BackoffRate, 2)
		}
		tried[index]++
		if retrier.MaxDelaySeconds > 0 {
			delay = min(delay, retrier.MaxDelaySeconds)
		}
		if err := machineSleeps(ctx, delay); err != nil {
			return nil, err
		}
	}
}

func isOneOf(names []string, err error) bool {
	var failed failure
	if !errors.As(err, &failed) {
		return false
	}
	return slices.Contains(names, failed.name) || slices.Contains(names, "States.ALL") || slices.Contains(names, "States.TaskFailed")
}

func caught(catchers []choice, err error) int {
	return slices.IndexFunc(catchers, func(c choice) bool { return isOneOf(c.ErrorEquals, err) })
}

func machineSleeps(ctx context.Context, seconds float64) error {
	return clock.System{}.Sleep(ctx, time.Duration(seconds*float64(time.Second)))
}

// compute does every "{% ... %}" in a value. "If the expression is undefined", it is an error:
// https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
func compute(value any, scope, variables map[string]any) (any, error) {
	switch value := value.(type) {
	case map[string]any:
		made := map[string]any{}
		for name, one := range value {
			result, err := compute(one, scope, variables)
			if err != nil {
				return nil, err
			}
			made[name] = result
		}
		return made, nil
	case []any:
		made := []any{}
		for _, one := range value {
			result, err := compute(one, scope, variables)
			if err != nil {
				return nil, err
			}
			made = append(made, result)
		}
		return made, nil
	case string:
		if strings.HasPrefix(value, "{%") && strings.HasSuffix(value, "%}") {
			return computeOne(value[2:len(value)-2], scope, variables)
		}
		return value, nil
	}
	return value, nil
}

// oneExpression: the functions of the library are the same for all expressions, and keep what they are called with.
var oneExpression sync.Mutex

func computeOne(text string, scope, variables map[string]any) (any, error) {
	oneExpression.Lock()
	defer oneExpression.Unlock()
	expression, err := jsonata.Compile(text)
	if err != nil {
		return nil, failure{"States.QueryEvaluationError", text + ": " + err.Error()}
	}
	known := maps.Clone(variables)
	known["states"] = scope
	if err := expression.RegisterVars(known); err != nil {
		return nil, failure{"States.QueryEvaluationError", text + ": " + err.Error()}
	}
	result, err := expression.Eval(nil)
	if err != nil {
		return nil, failure{"States.QueryEvaluationError", text + ": " + err.Error()}
	}
	return asJSON(result)
}

// asJSON is a value as JSON has it.
func asJSON(value any) (made any, err error) {
	encoded, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(encoded, &made)
	}
	return made, err
}

// assignAll sets variables; all are computed before the first is set.
func assignAll(wanted any, scope, variables map[string]any) error {
	if wanted == nil {
		return nil
	}
	made, err := compute(wanted, scope, variables)
	if err != nil {
		return err
	}
	values, ok := made.(map[string]any)
	if !ok {
		return failure{"States.QueryEvaluationError", "Assign is no object"}
	}
	maps.Copy(variables, values)
	return nil
}

// call is an AWS SDK integration, https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html: names begin with a
// capital letter there, times are text, and an error is called SERVICE.CODE.
func (m *machine) call(ctx context.Context, resource string, arguments any) (any, error) {
	if do, ok := m.does[resource]; ok {
		return do(ctx, arguments)
	}
	operation, ok := strings.CutPrefix(resource, "arn:aws:states:::aws-sdk:codebuild:")
	if !ok {
		return nil, failure{"States.Runtime", "no such integration: " + resource}
	}
	answered, err := askCodeBuild(ctx, m.client, "http://emulator.invalid", strings.ToUpper(operation[:1])+operation[1:], recased(arguments, unicode.ToLower))
	return recased(answered, unicode.ToUpper), err
}

// askCodeBuild is one call of CodeBuild.
func askCodeBuild(ctx context.Context, client *http.Client, url, operation string, body any) (any, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/", bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Amz-Target", "CodeBuild_20161006."+operation)
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=machine/20260101/"+emulator.Region+"/codebuild/aws4_request, SignedHeaders=host, Signature=0")
	response, err := client.Do(request)
	if err != nil {
		return nil, failure{"CodeBuild.SdkClientException", err.Error()}
	}
	defer response.Body.Close() //nolint:errcheck // read to its end
	var answered map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answered); err != nil {
		return nil, failure{"CodeBuild.CodeBuildException", err.Error()}
	}
	if response.StatusCode >= http.StatusBadRequest {
		code, _ := answered["__type"].(string)
		return nil, failure{"CodeBuild." + code[strings.LastIndex(code, "#")+1:], fmt.Sprint(answered["message"])}
	}
	return answered, nil
}

func recased(value any, recase func(rune) rune) any {
	switch value := value.(type) {
	case map[string]any:
		made := map[string]any{}
		for name, one := range value {
			letters := []rune(name)
			letters[0] = recase(letters[0])
			if seconds, ok := one.(float64); ok && strings.HasSuffix(name, "Time") {
				one = stamp(time.UnixMilli(int64(seconds * 1000)))
			}
			made[string(letters)] = recased(one, recase)
		}
		return made
	case []any:
		made := []any{}
		for _, one := range value {
			made = append(made, recased(one, recase))
		}
		return made
	}
	return value
}
