package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// eventPattern is what an event is compared with: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html.
// Of the comparison operators it knows those of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
type eventPattern struct {
	leaves map[string][]any // by path
	either [][]eventPattern // of each $or
}

func readEventPattern(text string) (eventPattern, error) {
	var tree map[string]any
	if err := json.Unmarshal([]byte(text), &tree); err != nil {
		return eventPattern{}, err
	}
	pattern := eventPattern{leaves: map[string][]any{}}
	if err := pattern.read(tree, ""); err != nil {
		return eventPattern{}, err
	}
	return pattern, nil
}

func (p *eventPattern) read(tree map[string]any, above string) error {
	if len(tree) == 0 {
		return errors.New("empty objects are not allowed")
	}
	for name, value := range tree {
		path := strings.TrimPrefix(above+"."+name, ".")
		switch value := value.(type) {
		case map[string]any:
			if err := p.read(value, path); err != nil {
				return err
			}
		case []any:
			if err := p.readList(name, path, above, value); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%q must be an object or an array", path)
		}
	}
	return nil
}

func (p *eventPattern) readList(name, path, above string, list []any) error {
	if len(list) == 0 {
		return fmt.Errorf("empty arrays are not allowed: %q", path)
	}
	if name != "$or" {
		p.leaves[path] = list
		for _, one := range list {
			if _, err := compareLeaf(one, nil, false); err != nil {
				return fmt.Errorf("%q: %w", path, err)
			}
		}
		return nil
	}
	var choices []eventPattern
	for _, one := range list {
		tree, ok := one.(map[string]any)
		choice := eventPattern{leaves: map[string][]any{}}
		if !ok {
			return errors.New("$or takes objects")
		}
		if err := choice.read(tree, above); err != nil {
			return err
		}
		choices = append(choices, choice)
	}
	p.either = append(p.either, choices)
	return nil
}

func (p eventPattern) matches(event map[string]any) bool {
	flat := map[string][]any{}
	flatten(event, "", flat)
	return p.matchesFlat(flat)
}

func (p eventPattern) matchesFlat(flat map[string][]any) bool {
	for path, list := range p.leaves {
		values := flat[path]
		if !slices.ContainsFunc(list, func(one any) bool { return leafMatches(one, values) }) {
			return false
		}
	}
	for _, choices := range p.either {
		if !slices.ContainsFunc(choices, func(choice eventPattern) bool { return choice.matchesFlat(flat) }) {
			return false
		}
	}
	return true
}

// flatten takes an event apart into the values at each path; an array is any of its elements.
func flatten(value any, path string, flat map[string][]any) {
	switch value := value.(type) {
	case map[string]any:
		for name, below := range value {
			flatten(below, strings.TrimPrefix(path+"."+name, "."), flat)
		}
	case []any:
		for _, element := range value {
			flatten(element, path, flat)
		}
	default:
		flat[path] = append(flat[path], value)
	}
}

// leafMatches: "exists" looks at whether there is a leaf at all, everything else needs one.
func leafMatches(one any, values []any) bool {
	if len(values) == 0 {
		matched, _ := compareLeaf(one, nil, false)
		return matched
	}
	return slices.ContainsFunc(values, func(value any) bool {
		matched, _ := compareLeaf(one, value, true)
		return matched
	})
}

// compareLeaf compares one value, if there is one; an operator that there is not is an error.
func compareLeaf(one, value any, there bool) (bool, error) {
	operator, ok := one.(map[string]any)
	if !ok {
		return there && one == value, nil
	}
	if len(operator) != 1 {
		return false, errors.New("only one key is allowed in a match expression")
	}
	for name, operand := range operator {
		if name == "exists" {
			wanted, ok := operand.(bool)
			if !ok {
				return false, errors.New("exists takes true or false")
			}
			return wanted == there, nil
		}
		matched, err := operate(name, operand, value)
		return there && matched, err
	}
	return false, nil
}

func operate(name string, operand, value any) (bool, error) {
	text, isText := value.(string)
	word, isWord := operand.(string)
	switch {
	case name == "anything-but":
		return anythingBut(operand, value)
	case name == "numeric":
		return numeric(operand, value)
	case !isWord:
		return false, fmt.Errorf("%s takes a string", name)
	case name == "prefix":
		return isText && strings.HasPrefix(text, word), nil
	case name == "suffix":
		return isText && strings.HasSuffix(text, word), nil
	case name == "equals-ignore-case":
		return isText && strings.EqualFold(text, word), nil
	case name == "wildcard":
		stars := strings.ReplaceAll(regexp.QuoteMeta(word), `\*`, ".*")
		return isText && regexp.MustCompile("^(?s:"+stars+")$").MatchString(text), nil
	case name == "cidr":
		network, err := netip.ParsePrefix(word)
		if err != nil {
			return false, err
		}
		address, err := netip.ParseAddr(text)
		return err == nil && network.Contains(address), nil
	}
	return false, fmt.Errorf("unrecognized match type %s", name)
}

// anythingBut takes a value, a list of values, or one operator that is turned round.
func anythingBut(operand, value any) (bool, error) {
	switch operand := operand.(type) {
	case []any:
		return len(operand) > 0 && !slices.Contains(operand, value), nil
	case map[string]any:
		matched, err := compareLeaf(operand, value, true)
		return !matched, err
	}
	return operand != value, nil
}

func numeric(operand, value any) (bool, error) {
	list, ok := operand.([]any)
	if !ok || len(list) == 0 || len(list)%2 != 0 {
		return false, errors.New("numeric takes pairs of an operator and a number")
	}
	number, isNumber := value.(float64)
	holds := isNumber
	for i := 0; i < len(list); i += 2 {
		limit, ok := list[i+1].(float64)
		if !ok {
			return false, errors.New("numeric compares with a number")
		}
		switch list[i] {
		case "<":
			holds = holds && number < limit
		case "<=":
			holds = holds && number <= limit
		case "=":
			holds = holds && number == limit
		case ">=":
			holds = holds && number >= limit
		case ">":
			holds = holds && number > limit
		default:
			return false, fmt.Errorf("unrecognized numeric operator %v", list[i])
		}
	}
	return holds, nil
}
