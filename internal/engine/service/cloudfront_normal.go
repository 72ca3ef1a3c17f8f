package service

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

// normalPair returns two configurations in normal form: equal meanings give equal bytes. What is empty is left out, the
// counters of lists too, and lists are sorted unless their order means something.
func normalPair(want, live *types.DistributionConfig) (wanted, is json.RawMessage, err error) {
	if wanted, err = normalDistribution(want); err != nil {
		return nil, nil, err
	}
	is, err = normalDistribution(live)
	return wanted, is, err
}

func normalDistribution(config *types.DistributionConfig) (json.RawMessage, error) {
	raw, err := canonical(config)
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	normal, err := normalize("", tree)
	if err != nil {
		return nil, err
	}
	return canonical(normal)
}

// ordered are the lists in which the first that fits wins.
var ordered = []string{"CacheBehaviors", "Members"}

// normalize returns nil for what is empty. A list of the API ({"Quantity": 1, "Items": [...]}) is kept as its items.
func normalize(name string, value any) (any, error) {
	switch value := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for field, inner := range value {
			normal, err := normalize(listName(name, field), inner)
			if err != nil {
				return nil, err
			}
			if normal != nil && field != "Quantity" {
				kept[field] = normal
			}
		}
		if len(kept) == 0 {
			return nil, nil
		}
		return kept, nil
	case []any:
		return normalizeList(name, value)
	case string:
		if value == "" {
			return nil, nil
		}
	}
	return value, nil
}

// listName: the items of a list go by the list's own name.
func listName(outer, field string) string {
	if field == "Items" {
		return outer
	}
	return field
}

func normalizeList(name string, list []any) (any, error) {
	byText := make(map[string]any, len(list))
	var texts []string
	for i, inner := range list {
		normal, err := normalize(name, inner)
		if err != nil {
			return nil, err
		}
		text, err := canonical(normal)
		if err != nil {
			return nil, err
		}
		key := string(text)
		if slices.Contains(ordered, name) {
			key = fmt.Sprintf("%08d", i)
		}
		if _, twice := byText[key]; !twice {
			texts = append(texts, key)
		}
		byText[key] = normal
	}
	slices.Sort(texts)
	sorted := make([]any, 0, len(texts))
	for _, text := range texts {
		sorted = append(sorted, byText[text])
	}
	if len(sorted) == 0 {
		return nil, nil
	}
	return sorted, nil
}

// shownDifferences and shownValue bound what a person is shown of a configuration.
const (
	shownDifferences = 8
	shownValue       = 60
)

// describeDistribution is for people: "DefaultCacheBehavior.TargetOriginId green -> blue, Comment". Values of custom
// headers are never shown.
func describeDistribution(live, want json.RawMessage) (string, error) {
	is, err := flatten(live)
	if err != nil {
		return "", err
	}
	wanted, err := flatten(want)
	if err != nil {
		return "", err
	}
	all := maps.Clone(is)
	maps.Copy(all, wanted)
	var said []string
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if is[path] == wanted[path] {
			continue
		}
		line := path
		if !strings.Contains(path, ".CustomHeaders.") && len(is[path]) <= shownValue && len(wanted[path]) <= shownValue {
			line = fmt.Sprintf("%s %s -> %s", path, orNone(is[path]), orNone(wanted[path]))
		}
		said = append(said, line)
	}
	if len(said) == 0 {
		return "the order of its cache behaviors or origin group members", nil
	}
	if more := len(said) - shownDifferences; more > 0 {
		said = append(said[:shownDifferences], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(said, ", "), nil
}

func orNone(value string) string {
	if value == "" {
		return "none"
	}
	return value
}

// flatten returns the leaves of a configuration in normal form, by path; items go by what names them.
func flatten(raw json.RawMessage) (map[string]string, error) {
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	leaves := map[string]string{}
	addLeaves("", tree, leaves)
	return leaves, nil
}

func addLeaves(path string, value any, leaves map[string]string) {
	at := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			if name == "Items" {
				addLeaves(path, inner, leaves)
				continue
			}
			addLeaves(at(name), inner, leaves)
		}
	case []any:
		for i, inner := range value {
			addLeaves(at(itemName(i, inner)), inner, leaves)
		}
	default:
		leaves[path] = fmt.Sprint(value)
	}
}

// itemName is what an item of a list is known by.
func itemName(i int, item any) string {
	fields, ok := item.(map[string]any)
	if !ok {
		return fmt.Sprint(item)
	}
	for _, name := range []string{"Id", "PathPattern", "HeaderName", "EventType", "ErrorCode"} {
		if value, ok := fields[name]; ok {
			return fmt.Sprint(value)
		}
	}
	return fmt.Sprint(i)
}
