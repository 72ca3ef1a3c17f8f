package live

import (
	"bytes"
	"encoding/json"
)

// Values are the attributes that a state holds of one resource, by name. Those that come from a state file stay text until
// they are asked for: as decoded JSON, 50,000 resources take several times the memory. The zero value holds nothing.
type Values struct {
	names []string // shared by all resources of a type
	ends  []uint32 // where the text of each name ends; nothing lies between two equal ends
	text  []byte
	whole map[string]any
}

// ValuesOf are values that are decoded already.
func ValuesOf(whole map[string]any) Values { return Values{whole: whole} }

// PackValues keeps of raw, which is JSON by name, what names lists. names must not change afterwards. The error is one of
// encoding/json: what was kept of the attributes is not JSON.
func PackValues(names []string, raw map[string]json.RawMessage) (Values, error) {
	packed := Values{names: names, ends: make([]uint32, len(names))}
	var text bytes.Buffer
	for i, name := range names {
		if value, ok := raw[name]; ok {
			if err := json.Compact(&text, value); err != nil {
				return Values{}, err
			}
		}
		packed.ends[i] = uint32(text.Len()) //nolint:gosec // one resource of a state is far from 4 GB
	}
	packed.text = bytes.Clone(text.Bytes())
	return packed, nil
}

// Get returns an attribute as encoding/json decodes it, numbers as json.Number, and whether the state holds it at all; one
// that is null is held.
func (v Values) Get(name string) (value any, held bool) {
	if v.whole != nil {
		value, held = v.whole[name]
		return value, held
	}
	start := uint32(0)
	for i, other := range v.names {
		end := v.ends[i]
		if other == name && end > start {
			decoder := json.NewDecoder(bytes.NewReader(v.text[start:end]))
			decoder.UseNumber()
			return value, decoder.Decode(&value) == nil
		}
		start = end
	}
	return nil, false
}

// Size is how many bytes of text the values take.
func (v Values) Size() int { return len(v.text) }
