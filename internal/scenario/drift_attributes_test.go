package scenario

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// odd is a value that nothing in the stack has.
const odd = "drift-test"

// everyAttribute makes every attribute that was read differ, on the side of the state: exactly that one is found, with a
// category and a reason of its own. It is the same difference as the one that a hand in AWS makes, seen from the other end.
func (l *look) everyAttribute(t *testing.T, wantAttributes, wantTypes int) {
	t.Helper()
	var readers []live.Reader
	outcomes := map[live.Address]live.Outcome{}
	var mu sync.Mutex
	for _, reader := range live.Readers(l.clients()) {
		readers = append(readers, &remembered{Reader: reader, mu: &mu, seen: outcomes})
	}
	specs := drift.Specs(readers)
	state := l.read(readers)
	if result := l.detect(readers, state); len(result.Items) != 0 {
		t.Fatalf("%+v", result.Items)
	}
	tried, types := 0, map[string]bool{}
	for i, resource := range state.Resources {
		outcome, ok := outcomes[resource.Address]
		if !ok { // compared with its owner
			continue
		}
		for _, attribute := range specs[resource.Type].Attributes {
			if _, fetched := outcome.Attributes[attribute.Path]; !fetched {
				continue
			}
			if _, known := attribute.Expected(resource.Resource); !known {
				continue
			}
			changed := *state
			changed.Resources = append([]drift.Resource{}, state.Resources...)
			changed.Resources[i].State = live.ValuesOf(differing(specs[resource.Type], resource.Resource, attribute))
			found := l.detect(readers, &changed, resource.Type)
			if strings.HasSuffix(attribute.API, ".Policy") && len(found.Items) == 0 {
				continue // a resource of its own says what the policy is
			}
			if inPieces(resource.Resource, attribute) && len(found.Items) == 0 {
				continue // what only the owner still says of its pieces, which are resources of their own
			}
			tried++
			types[resource.Type] = true
			if len(found.Items) != 1 || found.Items[0].Address != resource.Address || len(found.Items[0].Changes) == 0 {
				t.Errorf("%s of %s differs; found %+v", attribute.Path, resource.Address, found.Items)
				continue
			}
			for _, change := range found.Items[0].Changes {
				if !strings.HasPrefix(change.Path, attribute.Name()) || change.Category == "" || strings.HasPrefix(change.Reason, "no rule") {
					t.Errorf("%s of %s differs; found %s (%s, %s)", attribute.Path, resource.Address, change.Path, change.Category, change.Reason)
				}
			}
		}
	}
	t.Logf("%d attributes of %d types", tried, len(types))
	if tried < wantAttributes || len(types) < wantTypes {
		t.Errorf("only %d attributes of %d types were tried", tried, len(types))
	}
}

// inPieces tells that the elements of an attribute are resources of their own in the stack.
func inPieces(resource live.Resource, attribute live.Attribute) bool {
	return strings.HasSuffix(string(resource.Address), ".standalone") && slices.Contains([]string{"ingress", "egress", "route"}, attribute.Path)
}

// differing is what the state holds of a resource, with another value of one attribute.
func differing(spec live.Spec, resource live.Resource, attribute live.Attribute) map[string]any {
	whole := map[string]any{}
	for _, name := range spec.Keep() {
		if value, held := resource.State.Get(name); held {
			whole[name] = value
		}
	}
	steps := strings.Split(attribute.Path, ".")
	if attribute.Path == "tags" {
		steps = []string{"tags_all"}
	}
	set(whole, steps, func(before any) any { return other(attribute, before) })
	return whole
}

// set replaces what lies at a path, and makes the blocks on the way.
func set(block map[string]any, steps []string, change func(before any) any) {
	if len(steps) == 1 {
		block[steps[0]] = change(block[steps[0]])
		return
	}
	list, _ := block[steps[0]].([]any)
	if len(list) == 0 {
		list = []any{map[string]any{}}
	}
	nested, _ := list[0].(map[string]any)
	nested = maps.Clone(nested)
	set(nested, steps[2:], change)
	block[steps[0]] = append([]any{nested}, list[1:]...)
}

// other is another value than before.
func other(attribute live.Attribute, before any) any {
	list, _ := before.([]any)
	switch attribute.Kind {
	case live.Set, live.List:
		return append([]any{oddElement(attribute, list)}, list...)
	case live.Map:
		if attribute.Blocks != nil {
			return otherBlocks(*attribute.Blocks, list)
		}
		all, _ := before.(map[string]any)
		all = maps.Clone(all)
		if all == nil {
			all = map[string]any{}
		}
		all[odd] = "1"
		return all
	case live.Rules:
		return append([]any{map[string]any{"protocol": "tcp", "from_port": json.Number("7"), "to_port": json.Number("7"), "cidr_blocks": []any{"10.77.0.0/16"}}}, list...)
	case live.Policy:
		return `{"Version":"2012-10-17","Statement":[{"Sid":"` + odd + `","Effect":"Allow","Action":"` + odd + `:*","Resource":"*"}]}`
	case live.JSON:
		return `{"` + odd + `":["1"]}`
	default:
		return otherScalar(attribute, before)
	}
}

func otherScalar(attribute live.Attribute, before any) any {
	if before == nil {
		before = attribute.Default
	}
	switch before := before.(type) {
	case bool:
		return !before
	case json.Number, int:
		return json.Number("777")
	case string:
		if before == "true" || before == "false" {
			return before == "false"
		}
		return before + odd
	}
	return odd
}

// oddElement is an element of a set of texts, or of the blocks that a set of texts is taken from.
func oddElement(attribute live.Attribute, list []any) any {
	switch {
	case strings.HasSuffix(attribute.Path, ".filter"):
		return map[string]any{"pattern": `{"a":["` + odd + `"]}`}
	case attribute.Path == "vpc" || len(list) > 0 && isBlock(list[0]):
		return map[string]any{"vpc_id": odd}
	}
	return odd
}

func isBlock(value any) bool {
	_, ok := value.(map[string]any)
	return ok
}

// otherBlocks adds a block; where there can be only one, it changes that.
func otherBlocks(blocks live.Blocks, list []any) any {
	block := map[string]any{}
	if len(blocks.Key) == 0 && len(list) > 0 {
		block = maps.Clone(list[0].(map[string]any))
		list = list[1:]
	}
	for _, name := range append(append([]string{}, blocks.Key[:min(1, len(blocks.Key))]...), blocks.Fields[0]) {
		block[name] = odd
	}
	return append([]any{block}, list...)
}
