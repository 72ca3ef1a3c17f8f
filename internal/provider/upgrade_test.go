package provider

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// dropped are attributes of the foundation's schemas that no longer exist; what a state holds of them is let go.
var dropped = map[string]bool{"reliability_blue_green_switch.strategy.check_interval": true}

// TestStatesOfTheFoundationAreRead: a state of schema version 0, with the attributes that each resource had when it was first written, is read by
// today's provider, and what it held is still there. A resource that is served without one here has been forgotten.
func TestStatesOfTheFoundationAreRead(t *testing.T) {
	raw, err := os.ReadFile("testdata/foundation.json")
	if err != nil {
		t.Fatal(err)
	}
	var states map[string]map[string]any
	if err := json.Unmarshal(raw, &states); err != nil {
		t.Fatal(err)
	}
	server := providerserver.NewProtocol6(New("test")())()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for name, schema := range schemas.ResourceSchemas {
		state, ok := states[name]
		if !ok {
			t.Errorf("no state of %s from its first schema is kept", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			old, err := json.Marshal(state)
			if err != nil {
				t.Fatal(err)
			}
			upgraded, err := server.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: name, Version: 0, RawState: &tfprotov6.RawState{JSON: old}})
			if err != nil {
				t.Fatal(err)
			}
			for _, diagnostic := range upgraded.Diagnostics {
				t.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail)
			}
			if t.Failed() {
				return
			}
			value, err := upgraded.UpgradedState.Unmarshal(schema.ValueType())
			if err != nil {
				t.Fatal(err)
			}
			holds(t, name, value, state)
		})
	}
}

// holds compares a value with what JSON said of it, attribute by attribute.
func holds(t *testing.T, path string, value tftypes.Value, want any) {
	t.Helper()
	if dropped[path] {
		return
	}
	switch want := want.(type) {
	case nil:
		if !value.IsNull() {
			t.Errorf("%s was null and is %s", path, value)
		}
	case map[string]any:
		var members map[string]tftypes.Value
		if err := value.As(&members); err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		for name, inner := range want {
			member, ok := members[name]
			if !ok && !dropped[path+"."+name] {
				t.Errorf("%s.%s is gone", path, name)
				continue
			}
			holds(t, path+"."+name, member, inner)
		}
	case []any:
		var elements []tftypes.Value
		if err := value.As(&elements); err != nil || len(elements) != len(want) {
			t.Errorf("%s has %d elements, had %d (%v)", path, len(elements), len(want), err)
			return
		}
		for i, inner := range want {
			holds(t, path, elements[i], inner)
		}
	default:
		encoded, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := tftypes.ValueFromJSON(encoded, value.Type()) //nolint:staticcheck // for one primitive value
		if err != nil || !kept.Equal(value) {
			t.Errorf("%s was %s and is %s (%v)", path, encoded, value, err)
		}
	}
}
