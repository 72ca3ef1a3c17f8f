package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// stepFunctionsRules judge the definition of a state machine, which moto takes unread.
type stepFunctionsRules struct{}

func (stepFunctionsRules) reset() {}

func (stepFunctionsRules) rule(operation string) rule {
	switch operation {
	case "ValidateStateMachineDefinition":
		return validateDefinition
	case "ListStateMachineVersions":
		return listVersions
	case "CreateStateMachine", "UpdateStateMachine":
		return refuseDefinition
	}
	return nil
}

// validateDefinition is https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html.
func validateDefinition(_ context.Context, x *exchange) (*answer, error) {
	var in struct {
		Definition string `json:"definition"`
	}
	if err := json.Unmarshal(x.body, &in); err != nil {
		return x.fail(http.StatusBadRequest, "SerializationException", err.Error()), nil
	}
	result, diagnostics := "OK", []map[string]string{}
	for _, wrong := range judgeDefinition(in.Definition) {
		result = "FAIL"
		diagnostics = append(diagnostics, map[string]string{"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": wrong})
	}
	return x.jsonAnswer(map[string]any{"result": result, "diagnostics": diagnostics, "truncated": false}), nil
}

// listVersions knows none: moto publishes no versions, and nothing here asks for one.
func listVersions(_ context.Context, x *exchange) (*answer, error) {
	return x.jsonAnswer(map[string]any{"stateMachineVersions": []any{}}), nil
}

func refuseDefinition(_ context.Context, x *exchange) (*answer, error) {
	definition := jsonStrings(x.body)("definition")
	if wrong := judgeDefinition(definition); definition != "" && len(wrong) > 0 {
		return x.fail(http.StatusBadRequest, "InvalidDefinition", "Invalid State Machine Definition: "+strings.Join(wrong, "; ")), nil
	}
	return nil, nil //nolint:nilnil // moto serves it
}

type stateList struct {
	QueryLanguage string
	StartAt       string
	States        map[string]stateDefinition
}

// stateDefinition is what is judged of a state: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html.
type stateDefinition struct {
	Type, Next, Default string
	End                 bool
	Resource            string
	Choices, Catch      []struct {
		Next                string
		Condition, Variable json.RawMessage
	}
	ItemProcessor                                                *stateList
	Parameters, ResultSelector, ResultPath, InputPath, ItemsPath json.RawMessage
}

// judgeDefinition says what is wrong with a definition, in the order of the states' names.
func judgeDefinition(definition string) []string {
	var machine stateList
	if err := json.Unmarshal([]byte(definition), &machine); err != nil {
		return []string{"it is no JSON: " + err.Error()}
	}
	return machine.judge(machine.QueryLanguage == "JSONata")
}

func (m stateList) judge(jsonata bool) (wrong []string) {
	reached := map[string]bool{}
	leads := func(from, to string) {
		reached[to] = true
		if _, ok := m.States[to]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s leads to %q, which is no state", from, to))
		}
	}
	leads("StartAt", m.StartAt)
	for _, name := range slices.Sorted(maps.Keys(m.States)) {
		state := m.States[name]
		for _, choice := range append(slices.Clone(state.Choices), state.Catch...) {
			leads(name, choice.Next)
		}
		if state.Default != "" {
			leads(name, state.Default)
		}
		if state.Next != "" {
			leads(name, state.Next)
		}
		for _, problem := range state.judge(jsonata) {
			wrong = append(wrong, name+": "+problem)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.States)) {
		if !reached[name] {
			wrong = append(wrong, fmt.Sprintf("nothing leads to %s", name))
		}
	}
	return wrong
}

func (s stateDefinition) judge(jsonata bool) (wrong []string) {
	goesOn := s.Next != "" || s.End
	switch s.Type {
	case "Pass", "Wait", "Task", "Map":
		if !goesOn || (s.Next != "" && s.End) {
			wrong = append(wrong, "it needs either Next or End")
		}
	case "Choice":
		if len(s.Choices) == 0 || goesOn {
			wrong = append(wrong, "it needs Choices, and neither Next nor End")
		}
	case "Succeed", "Fail":
		if goesOn {
			wrong = append(wrong, "nothing comes after it")
		}
	default:
		wrong = append(wrong, fmt.Sprintf("the emulator judges no state of type %q", s.Type))
	}
	if s.Type == "Task" && !strings.HasPrefix(s.Resource, "arn:") {
		wrong = append(wrong, "Resource is no ARN")
	}
	if s.Type == "Map" {
		if s.ItemProcessor == nil {
			wrong = append(wrong, "it needs an ItemProcessor")
		} else {
			wrong = append(wrong, s.ItemProcessor.judge(jsonata)...)
		}
	}
	if jsonata && (s.Parameters != nil || s.ResultSelector != nil || s.ResultPath != nil || s.InputPath != nil || s.ItemsPath != nil) {
		wrong = append(wrong, "with JSONata there are Arguments, Output and Items, and no paths")
	}
	return wrong
}
