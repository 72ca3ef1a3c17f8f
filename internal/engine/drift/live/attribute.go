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
		return a.Normalise(value), known
	}
	if _, known = resource.State[a.root()]; !known {
		return nil, false
	}
	value = any(resource.State)
	for step := range strings.SplitSeq(a.Path, ".") {
		value = descend(value, step)
	}
	if a.Kind == Rules {
		rules := append(inlineRules(value, resource.ID), resource.Merged[a.Path]...)
		return rules, true
	}
	return a.Normalise(value), true
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
// for a Set, a []string for a List, a map[string]string for a Map.
func (a Attribute) Normalise(value any) any {
	switch a.Kind {
	case Rules:
		return value
	case Set:
		set := texts(value)
		slices.Sort(set)
		return slices.Compact(set)
	case List:
		return texts(value)
	case Map:
		return textMap(value)
	default:
		text := scalar(value)
		if text == "" {
			text = scalar(a.Default)
		}
		if a.Fold {
			text = strings.ToLower(text)
		}
		return text
	}
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
	case int64:
		return strconv.FormatInt(value, 10)
	case *int32:
		if value == nil {
			return ""
		}
		return strconv.Itoa(int(*value))
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
