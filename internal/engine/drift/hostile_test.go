package drift

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// recordings are the states and answers that the emulator gave.
var recordings = []string{"stack.answers.json", "seeded.answers.json", "first.answers.json"}

// Every type with a reader is in a stack that was read from the emulator, freshly made, without a difference.
func TestEveryTypeWasReadFromTheEmulator(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range recordings {
		a := answersOf(t, name)
		state := a.state()
		for _, resource := range state.Resources {
			seen[resource.Type] = true
		}
		for kind := range state.Unread {
			if _, known := a.specs[kind]; known {
				t.Errorf("%s: %s has a reader and was skipped", name, kind)
			}
		}
	}
	for kind := range Specs(live.Readers(nil)) {
		if !seen[kind] {
			t.Errorf("%s is in no stack: put it into scenario/testdata/drift, or into the seeded one, and record the answers anew", kind)
		}
	}
}

// hostileValues are what a state may hold where something else belongs: by another provider version, by hand, or by somebody who means harm.
func hostileValues() []any {
	var deep any = "x"
	for range 50 {
		deep = []any{map[string]any{"a": deep}}
	}
	return []any{
		nil, "", strings.Repeat("\x00\U0001F4A5 $(reboot) `", 2_000), json.Number("1e400"), true,
		[]any{},
		[]any{nil, nil},
		[]any{[]any{}, "a", json.Number("1")},
		map[string]any{},
		map[string]any{"": nil, "a": []any{nil}},
		[]any{map[string]any{}},
		[]any{map[string]any{"name": nil, "id": json.Number("-0"), "value": []any{}}},
		deep,
	}
}

// Whatever a state holds, in one attribute or in all of a resource, the reader and the comparison go on, and what comes out can be reported.
func TestHostileValuesInAState(t *testing.T) {
	values, next := hostileValues(), 0
	for _, name := range recordings {
		a := answersOf(t, name)
		state := a.state()
		tried := map[string]bool{}
		for i, resource := range state.Resources {
			if tried[resource.Type] {
				continue
			}
			tried[resource.Type] = true
			names := a.specs[resource.Type].Keep()
			for _, attribute := range names {
				next = (next + 1) % len(values)
				a.survives(fmt.Sprintf("%s.%s = value %d", resource.Type, attribute, next), withValue(state, i, names, values[next], attribute), resource.Type)
			}
			for at, value := range values {
				a.survives(fmt.Sprintf("%s = value %d", resource.Type, at), withValue(state, i, names, value, names...), resource.Type)
			}
		}
	}
}

// withValue is a state with value in attributes of a resource, but for its id.
func withValue(state *State, at int, names []string, value any, attributes ...string) *State {
	whole := map[string]any{}
	for _, name := range names {
		if held, ok := state.Resources[at].State.Get(name); ok {
			whole[name] = held
		}
		if name != "id" && slices.Contains(attributes, name) {
			whole[name] = value
		}
	}
	changed := *state
	changed.Resources = slices.Clone(state.Resources)
	changed.Resources[at].State = live.ValuesOf(whole)
	return &changed
}

func (a *answered) survives(what string, state *State, kind string) (deleted []live.Address) {
	a.t.Helper()
	defer func() {
		if problem := recover(); problem != nil {
			a.t.Errorf("%s: %v", what, problem)
		}
	}()
	result := a.detect(state, kind)
	if _, err := result.JSON(true); err != nil {
		a.t.Errorf("%s: %v", what, err)
	}
	for _, item := range result.Items {
		if item.Kind == Deleted {
			deleted = append(deleted, item.Address)
		}
	}
	return deleted
}

// emptyIsGone are the types of which the API has no error for what is not there: a listing that asks for exactly it is empty then.
var emptyIsGone = map[string]bool{"aws_cloudwatch_log_group": true, "aws_cloudwatch_metric_alarm": true}

// AWS may leave out of an answer whatever is not required. Every part of every answer is left out, one by one: nothing breaks, and no
// resource is told to be deleted that only a part of an answer is missing of.
func TestAnswersWithHoles(t *testing.T) {
	for _, name := range recordings {
		a := answersOf(t, name)
		state := a.state()
		kinds := map[string]bool{}
		for _, resource := range state.Resources {
			kinds[resource.Type] = true
		}
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			a.used, a.alter = nil, nil
			a.detect(state, kind)
			for _, call := range slices.Clone(a.used) {
				if call.err != nil {
					continue
				}
				for i := range len(holes(deepCopy(call.out))) {
					a.alter = func(other *seenCall) any {
						if other != call {
							return other.out
						}
						out := deepCopy(call.out)
						holes(out)[i]()
						return out
					}
					what := fmt.Sprintf("%s: %s without its field %d", kind, call.operation, i)
					if deleted := a.survives(what, state, kind); len(deleted) > 0 && !emptyIsGone[kind] {
						a.t.Errorf("%s: %s is told to be deleted", what, deleted)
					}
				}
			}
			a.alter = nil
		}
	}
}

// holes are all ways to leave something out of an answer.
func holes(answer any) []func() {
	var ways []func()
	var walk func(v reflect.Value, depth int)
	walk = func(v reflect.Value, depth int) {
		if depth > deepest {
			return
		}
		switch v.Kind() {
		case reflect.Pointer:
			if v.IsNil() {
				return
			}
			if v.CanSet() {
				ways = append(ways, v.SetZero)
			}
			walk(v.Elem(), depth+1)
		case reflect.Slice:
			if v.Len() == 0 {
				return
			}
			ways = append(ways, v.SetZero)
			walk(v.Index(0), depth+1) // the others are like the first
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "ResultMetadata" {
					walk(v.Field(i), depth+1)
				}
			}
		case reflect.Map:
			if v.Len() > 0 {
				ways = append(ways, v.SetZero)
			}
		default:
		}
	}
	walk(reflect.ValueOf(answer), 0)
	return ways
}
