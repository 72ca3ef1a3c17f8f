package live

import (
	"maps"
	"slices"
	"strings"
)

// Blocks says how the repeated blocks of an attribute, whose order does not matter, compare: each by its key, each of its
// fields by itself. The normalised form of such an attribute is that of a Map, with "<key>.<field>" for every field that is
// set, and "<key>" = "present" for a block that has nothing but its key. Key and Fields may be paths ("target.0.arn").
type Blocks struct {
	// Key are the fields that together say which block it is; they are joined by ",", empty ones left out. Without Key there
	// is only one block.
	Key []string
	// Fields are compared.
	Fields []string
	// Canon brings the value of a field to its one form; nil where it has one already.
	Canon func(field, value string) string
}

// Addition is what a resource that is a piece of another adds to it.
type Addition struct {
	// Path is the Attribute.Path of the owner that it adds to.
	Path string
	// Rules are for an attribute of Kind Rules.
	Rules []Rule
	// Block is for an attribute with Blocks: the fields under the names that the owner's block has; nil for none.
	Block map[string]any
	// Source is the address of the piece.
	Source Address
}

// blockMap flattens blocks, which are maps by field or lists of those.
func (b Blocks) blockMap(blocks any) map[string]string {
	out := map[string]string{}
	switch blocks := blocks.(type) {
	case map[string]string: // flat already
		return blocks
	case map[string]any:
		b.add(out, blocks)
	case []map[string]any:
		for _, block := range blocks {
			b.add(out, block)
		}
	case []any:
		for _, block := range blocks {
			if block, ok := block.(map[string]any); ok {
				b.add(out, block)
			}
		}
	}
	return out
}

func (b Blocks) add(out map[string]string, block map[string]any) {
	key := b.key(block)
	set := false
	for _, field := range b.Fields {
		if text := b.field(block, field); text != "" {
			out[strings.TrimPrefix(key+"."+strings.ReplaceAll(field, ".0.", "."), ".")] = text
			set = true
		}
	}
	if !set && key != "" {
		out[key] = "present"
	}
}

// key says which block it is.
func (b Blocks) key(block map[string]any) string {
	var parts []string
	for _, field := range b.Key {
		if text := b.field(block, field); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ",")
}

func (b Blocks) field(block map[string]any, field string) string {
	value := any(block)
	for step := range strings.SplitSeq(field, ".") {
		value = descend(value, step)
	}
	text := flatText(value)
	if b.Canon != nil && text != "" {
		text = b.Canon(field, text)
	}
	return text
}

// flatText writes a scalar as text, and a list as its sorted texts, joined by ",".
func flatText(value any) string {
	switch value.(type) {
	case []any, []string:
		list := texts(value)
		slices.Sort(list)
		return strings.Join(list, ",")
	}
	return scalar(value)
}

// Source returns the piece of the state that a key of a normalised map of blocks, or a policy, comes from, or "".
func (r Resource) Source(attribute Attribute, key string) Address {
	for _, addition := range r.Merged {
		switch {
		case addition.Path != attribute.Path || addition.Block == nil:
			continue
		case attribute.Kind == Policy:
			return addition.Source
		case attribute.Blocks == nil:
			continue
		}
		if block := attribute.Blocks.key(addition.Block); key == block || strings.HasPrefix(key, block+".") {
			return addition.Source
		}
	}
	return ""
}

// merge adds the pieces of a resource to what its own attribute says.
func (r Resource) merge(attribute Attribute, own map[string]string) map[string]string {
	merged := maps.Clone(own)
	for _, addition := range r.Merged {
		if addition.Path == attribute.Path && addition.Block != nil {
			// What the owner's own attribute holds of the block may be older: it was read before the piece was changed.
			block := attribute.Blocks.key(addition.Block)
			maps.DeleteFunc(merged, func(key, _ string) bool { return key == block || strings.HasPrefix(key, block+".") })
			attribute.Blocks.add(merged, addition.Block)
		}
	}
	return merged
}

func (r Resource) mergedRules(path string) []Rule {
	var rules []Rule
	for _, addition := range r.Merged {
		if addition.Path == path {
			rules = append(rules, addition.Rules...)
		}
	}
	return rules
}
