package live

import (
	"slices"
	"strconv"
	"strings"
)

// Kind is how values of an attribute compare.
type Kind int

const (
	// Scalar values are text, numbers or booleans.
	Scalar Kind = iota
	// Set values are texts in any order.
	Set
	// List values are texts whose order matters.
	List
	// Map values are texts by key; each key is compared by itself.
	Map
	// Rules are a security group's, in any order; each is compared by itself.
	Rules
	// Policy is the text of an IAM policy; each statement is compared by itself, in any order, and two ways to write the same
	// are the same.
	Policy
	// JSON is the text of a JSON document; layout and the order of keys do not count.
	JSON
)

// Attribute is one line of a type's table: how an attribute of Terraform compares with what the API said.
type Attribute struct {
	// Path in the state; "0" steps into the only block of its kind ("vpc_config.0.subnet_ids").
	Path string
	// API is the field of the API that it comes from.
	API string
	// Kind is how values compare.
	Kind Kind
	// Default is what an absent value means.
	Default any
	// Fold compares text without regard to case.
	Fold bool
	// Canon brings a text (that of a Scalar, each one of a Set or a List) to its one form: a name without its final dot, a
	// CIDR block, an ARN for a name. It is applied to both sides, to no empty text, and must be idempotent.
	Canon func(text string) string
	// IfSet leaves the attribute out where the state holds none, for what AWS chooses when nobody says.
	IfSet bool
	// Blocks is set for repeated blocks, with Kind Map.
	Blocks *Blocks
	// Hidden values are compared and never shown, whatever the state says of them.
	Hidden bool
	// Expect takes the value out of the state where Path alone does not do it; known is as in Expected.
	Expect func(resource Resource) (value any, known bool)
}

// Name is the path as people write it, without block indexes.
func (a Attribute) Name() string { return strings.ReplaceAll(a.Path, ".0.", ".") }

func (a Attribute) root() string {
	root, _, _ := strings.Cut(a.Path, ".")
	return root
}

// Expected returns the value in the state, normalised. known is false when the state does not hold the attribute at all,
// as with a state that an older provider wrote: then there is nothing to compare.
func (a Attribute) Expected(resource Resource) (value any, known bool) {
	if a.Expect != nil {
		value, known = a.Expect(resource)
	} else {
		value, known = resource.At(a.Path)
	}
	if !known || (a.IfSet && empty(value)) {
		return nil, false
	}
	switch {
	case a.Kind == Rules:
		return append(inlineRules(value, resource.ID), resource.mergedRules(a.Path)...), true
	case a.Blocks != nil:
		return resource.merge(a, a.Blocks.blockMap(value)), true
	}
	return a.Normalise(value), true
}

// empty tells that a state holds nothing to speak of: null, no text, no elements.
func empty(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case string:
		return value == ""
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	}
	return false
}

func descend(value any, step string) any {
	switch value := value.(type) {
	case map[string]any:
		return value[step]
	case []any:
		if i, err := strconv.Atoi(step); err == nil && i < len(value) {
			return value[i]
		}
	}
	return nil
}

// Normalise brings a value of either side to the one form in which both compare: text for a Scalar, a sorted []string
// for a Set, a []string for a List, a map[string]string for a Map, a sorted []string of statements for a Policy.
func (a Attribute) Normalise(value any) any {
	switch a.Kind {
	case Rules:
		return value
	case Set:
		set := a.canonical(texts(value))
		slices.Sort(set)
		return slices.Compact(set)
	case List:
		return a.canonical(texts(value))
	case Map:
		if a.Blocks != nil {
			return a.Blocks.blockMap(value)
		}
		return textMap(value)
	case Policy:
		return statements(scalar(value))
	case JSON:
		return compactJSON(scalar(value))
	default:
		text := scalar(value)
		if text == "" {
			text = scalar(a.Default)
		}
		return a.canon(text)
	}
}

func (a Attribute) canon(text string) string {
	if a.Fold {
		text = strings.ToLower(text)
	}
	if a.Canon != nil && text != "" {
		text = a.Canon(text)
	}
	return text
}

func (a Attribute) canonical(list []string) []string {
	for i, text := range list {
		list[i] = a.canon(text)
	}
	return list
}

// scalar writes a scalar as text: null is "", numbers without exponent or trailing zeros, booleans as in HCL.
func scalar(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case *string:
		return deref(value)
	case bool:
		return strconv.FormatBool(value)
	case *bool:
		if value == nil {
			return ""
		}
		return strconv.FormatBool(*value)
	case int:
		return strconv.Itoa(value)
	case int32:
		return strconv.Itoa(int(value))
	case int64:
		return strconv.FormatInt(value, 10)
	case *int32:
		if value == nil {
			return ""
		}
		return strconv.Itoa(int(*value))
	case *int64:
		if value == nil {
			return ""
		}
		return strconv.FormatInt(*value, 10)
	case *float64:
		if value == nil {
			return ""
		}
		return strconv.FormatFloat(*value, 'f', -1, 64)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case interface{ String() string }: // json.Number
		return value.String()
	}
	return ""
}

func texts(value any) []string {
	out := []string{}
	switch value := value.(type) {
	case []string:
		return append(out, value...)
	case []any:
		for _, element := range value {
			out = append(out, scalar(element))
		}
	}
	return out
}

func textMap(value any) map[string]string {
	out := map[string]string{}
	switch value := value.(type) {
	case map[string]string:
		return value
	case map[string]any:
		for key, element := range value {
			out[key] = scalar(element)
		}
	}
	return out
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
