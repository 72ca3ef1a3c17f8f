package drift

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// Change is one difference of one resource.
type Change struct {
	// Path of the attribute, as people write it: "memory_size", "tags.Name", "vpc_config.subnet_ids".
	Path string `json:"path"`
	// Expected is the value in the state, Actual the one in AWS; nil where there is none. Lists are JSON.
	Expected *string  `json:"expected"`
	Actual   *string  `json:"actual"`
	Category Category `json:"category"`
	// Reason says why that category, in words.
	Reason string `json:"reason"`

	rule      *live.Rule   // the security group rule that came, went or was renamed
	statement string       // the policy statement that came or went
	owner     live.Address // the standalone rule that it comes from
	sensitive bool
}

// Compare returns what differs between a resource of the state and what was fetched of it, without category. What was
// not fetched, and what the state does not hold, is not compared. Values that are sensitive are compared by their fingerprints
// and come back as Hidden: nothing that Compare returns holds one.
func Compare(resource Resource, table []live.Attribute, fetched live.Attributes) []Change {
	var changes []Change
	for _, attribute := range table {
		actual, ok := fetched[attribute.Path]
		if !ok {
			continue
		}
		expected, ok := attribute.Expected(resource.Resource)
		if !ok {
			continue
		}
		secret := func(path string) bool { return attribute.Hidden || resource.isSensitive(path) }
		if secret(attribute.Name()) {
			expected, actual = sealed(attribute, expected, secret), sealed(attribute, actual, secret)
		}
		for _, change := range compareValues(attribute, expected, actual) {
			if attribute.Blocks != nil || attribute.Kind == live.Policy {
				change.owner = resource.Source(attribute, strings.TrimPrefix(change.Path, attribute.Name()+"."))
			}
			if isOld(resource, attribute, change) {
				continue
			}
			if secret(change.Path) {
				change.hide()
			}
			if attribute.Kind == live.Map && resource.isWholeSensitive(attribute.Name()) {
				change.Path = attribute.Name() // its keys are secret too
			}
			changes = append(changes, change)
		}
	}
	return changes
}

// isOld tells that a rule or block which is gone is one that only the owner's own attribute has, beside pieces that are resources of
// their own. hashicorp/aws takes one or the other, never both
// (https://github.com/hashicorp/terraform-provider-aws/blob/main/website/docs/r/route_table.html.markdown), so that the attribute only
// repeats what was there when the owner was last read: a piece that was changed or destroyed since is still in it.
func isOld(resource Resource, attribute live.Attribute, change Change) bool {
	if change.Actual != nil || change.owner != "" || (attribute.Kind != live.Rules && attribute.Blocks == nil) {
		return false
	}
	return slices.ContainsFunc(resource.Merged, func(piece live.Addition) bool { return piece.Path == attribute.Path })
}

func compareValues(attribute live.Attribute, expected, actual any) []Change {
	switch attribute.Kind {
	case live.Rules:
		return compareRules(attribute.Name(), as[[]live.Rule](expected), as[[]live.Rule](actual))
	case live.Map:
		return compareMaps(attribute.Name(), as[map[string]string](expected), as[map[string]string](actual))
	case live.Policy:
		return compareStatements(attribute.Name(), as[[]string](expected), as[[]string](actual))
	case live.Set, live.List:
		if slices.Equal(as[[]string](expected), as[[]string](actual)) {
			return nil
		}
		return []Change{{Path: attribute.Name(), Expected: list(as[[]string](expected)), Actual: list(as[[]string](actual))}}
	default:
		if expected == actual {
			return nil
		}
		return []Change{{Path: attribute.Name(), Expected: present(as[string](expected)), Actual: present(as[string](actual))}}
	}
}

// as takes a normalised value as what its Kind promises; an absent one is empty.
func as[T any](value any) T {
	typed, _ := value.(T)
	return typed
}

// compareStatements compares a policy's statements one by one.
func compareStatements(path string, expected, actual []string) []Change {
	var changes []Change
	for _, statement := range expected {
		if !slices.Contains(actual, statement) {
			changes = append(changes, Change{Path: path, Expected: &statement, statement: statement})
		}
	}
	for _, statement := range actual {
		if !slices.Contains(expected, statement) {
			changes = append(changes, Change{Path: path, Actual: &statement, statement: statement})
		}
	}
	return changes
}

func compareMaps(path string, expected, actual map[string]string) []Change {
	keys := maps.Clone(expected)
	maps.Copy(keys, actual)
	var changes []Change
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		before, had := expected[key]
		after, has := actual[key]
		if had == has && before == after {
			continue
		}
		change := Change{Path: path + "." + key}
		if had {
			change.Expected = &before
		}
		if has {
			change.Actual = &after
		}
		changes = append(changes, change)
	}
	return changes
}

// compareRules compares rules one by one. Two rules with the same ports and peer are one rule; its description is
// compared by itself, and any of the expected ones will do.
func compareRules(path string, expected, actual []live.Rule) []Change {
	wanted, there := byKey(expected), byKey(actual)
	var changes []Change
	for _, key := range sortedKeys(wanted) {
		rules := wanted[key]
		shown := rules[0].String()
		if _, ok := there[key]; !ok {
			changes = append(changes, Change{Path: path, Expected: &shown, rule: &rules[0], owner: source(rules)})
		}
	}
	for _, key := range sortedKeys(there) {
		rule := there[key][0]
		rules, ok := wanted[key]
		if !ok {
			shown := rule.String()
			changes = append(changes, Change{Path: path, Actual: &shown, rule: &rule})
			continue
		}
		if !slices.ContainsFunc(rules, func(other live.Rule) bool { return other.Description == rule.Description }) {
			changes = append(changes, Change{
				Path: path + ".description", Expected: present(rules[0].Description), Actual: present(rule.Description), rule: &rule, owner: source(rules),
			})
		}
	}
	return changes
}

func byKey(rules []live.Rule) map[live.RuleKey][]live.Rule {
	found := map[live.RuleKey][]live.Rule{}
	for _, rule := range rules {
		found[rule.Key()] = append(found[rule.Key()], rule)
	}
	return found
}

func sortedKeys(rules map[live.RuleKey][]live.Rule) []live.RuleKey {
	return slices.SortedFunc(maps.Keys(rules), func(a, b live.RuleKey) int {
		return strings.Compare(rules[a][0].String(), rules[b][0].String())
	})
}

// source is the standalone rule among rules, if any.
func source(rules []live.Rule) live.Address {
	for _, rule := range rules {
		if rule.Source != "" {
			return rule.Source
		}
	}
	return ""
}

// exposure is 0 for a rule or statement that came and lets everybody in, 1 for all else.
func (c *Change) exposure() int {
	if c.statement != "" && c.Expected == nil && strings.HasPrefix(c.Reason, openToTheWorld) {
		return 0
	}
	if c.rule != nil && c.Expected == nil && c.Path == "ingress" && c.rule.Anyone() {
		return 0
	}
	return 1
}

func present(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func list(values []string) *string {
	encoded, err := json.Marshal(values)
	if err != nil {
		return nil
	}
	return present(string(encoded))
}
