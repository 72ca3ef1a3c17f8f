package live

import "strings"

// eachText takes one text out of every item.
func eachText[T any](items []T, get func(T) *string) []string {
	list := make([]string, 0, len(items))
	for _, item := range items {
		list = append(list, deref(get(item)))
	}
	return list
}

// enums are the values of an enumeration of the SDK, as texts.
func enums[T ~string](values []T) []string {
	list := make([]string, 0, len(values))
	for _, value := range values {
		list = append(list, string(value))
	}
	return list
}

// without are the items for which gone is false.
func without[T any](items []T, gone func(T) bool) []T {
	left := make([]T, 0, len(items))
	for _, item := range items {
		if !gone(item) {
			left = append(left, item)
		}
	}
	return left
}

// commaList takes a list apart that AWS writes as one text.
func commaList(text *string) []string {
	list := []string{}
	for part := range strings.SplitSeq(deref(text), ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// through is the value of get where block is there, else nil: an optional block of an answer.
func through[B any](block *B, get func(*B) any) any {
	if block == nil {
		return nil
	}
	return get(block)
}

// wrapped makes one of what we keep of each item that a page has.
func wrapped[T, W any](items []T, wrap func(T) W) []W {
	list := make([]W, 0, len(items))
	for _, item := range items {
		list = append(list, wrap(item))
	}
	return list
}

// pairs makes a map of what the API lists as keys and values.
func pairs[T any](items []T, pair func(T) (key, value *string)) map[string]string {
	all := make(map[string]string, len(items))
	for _, item := range items {
		key, value := pair(item)
		all[deref(key)] = deref(value)
	}
	return all
}
