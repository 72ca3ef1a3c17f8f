package live

import "strings"

// field is one line of a table with the way to get the value out of the API's answer of type T. get returns unread for
// what the answer does not tell.
type field[T any] struct {
	Attribute
	get func(item T, resource Resource) any
}

type unreadValue struct{}

// unread marks a value that the API's answer does not tell; it is left out.
var unread = unreadValue{}

func attributesOf[T any](table []field[T]) []Attribute {
	attributes := make([]Attribute, 0, len(table))
	for _, field := range table {
		attributes = append(attributes, field.Attribute)
	}
	return attributes
}

// fetch takes the values of a table out of an answer, normalised.
func fetch[T any](table []field[T], item T, resource Resource) Attributes {
	attributes := make(Attributes, len(table))
	for _, field := range table {
		value := field.get(item, resource)
		if value == any(unread) {
			continue
		}
		attributes[field.Path] = field.Normalise(value)
	}
	return attributes
}

// found is the outcome of a resource that exists.
func found[T any](table []field[T], item T, resource Resource) Outcome {
	return Outcome{Status: Found, Attributes: fetch(table, item, resource)}
}

// tagsAttribute compares tags_all, which holds the provider's default_tags too, and shows it as tags.
func tagsAttribute(api string) Attribute {
	return Attribute{Path: "tags", API: api, Kind: Map, Expect: func(resource Resource) (any, bool) {
		if all, ok := resource.Value("tags_all").(map[string]any); ok {
			return all, true
		}
		return resource.State.Get("tags")
	}}
}

// tagMap makes a map of tags, without those that AWS keeps for itself: the prefix is reserved and they cannot be set,
// https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html#tag-conventions.
func tagMap[T any](tags []T, pair func(T) (key, value *string)) map[string]string {
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		key, value := pair(tag)
		if !strings.HasPrefix(deref(key), "aws:") {
			out[deref(key)] = deref(value)
		}
	}
	return out
}
