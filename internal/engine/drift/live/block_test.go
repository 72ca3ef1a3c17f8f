package live

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBlocks(t *testing.T) {
	t.Parallel()
	routes := Attribute{Path: "route", Kind: Map, Blocks: &Blocks{Key: []string{"cidr_block", "ipv6_cidr_block"}, Fields: []string{"gateway_id", "target.0.arn"}}}
	resource := Resource{
		State:  ValuesOf(decode(t, `{"route":[{"cidr_block":"0.0.0.0/0","ipv6_cidr_block":"","gateway_id":"igw-1","target":[{"arn":"x"}]},{"ipv6_cidr_block":"::/0"}]}`)),
		Merged: []Addition{{Path: "route", Block: map[string]any{"cidr_block": "10.0.0.0/8", "gateway_id": "pcx-1"}, Source: "aws_route.r"}, {Path: "tags"}},
	}
	got, known := routes.Expected(resource)
	want := map[string]string{"0.0.0.0/0.gateway_id": "igw-1", "0.0.0.0/0.target.arn": "x", "::/0": "present", "10.0.0.0/8.gateway_id": "pcx-1"}
	if diff := cmp.Diff(want, got); diff != "" || !known {
		t.Error(diff)
	}
	live := routes.Normalise([]map[string]any{{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1", "target": []any{map[string]any{"arn": "x"}}}})
	if diff := cmp.Diff(map[string]string{"0.0.0.0/0.gateway_id": "igw-1", "0.0.0.0/0.target.arn": "x"}, live); diff != "" {
		t.Error(diff)
	}
	if source := resource.Source(routes, "10.0.0.0/8.gateway_id"); source != "aws_route.r" {
		t.Errorf("the route comes from %q", source)
	}
	if source := resource.Source(routes, "0.0.0.0/0.gateway_id"); source != "" {
		t.Errorf("the inline route comes from %q", source)
	}
	// One block without a key; lists compare as sets.
	single := Blocks{Fields: []string{"names", "on"}, Canon: func(field, value string) string { return field + value }}
	if diff := cmp.Diff(map[string]string{"names": "namesa,b", "on": "ontrue"}, single.blockMap(map[string]any{"names": []any{"b", "a"}, "on": true})); diff != "" {
		t.Error(diff)
	}
}

func TestIfSet(t *testing.T) {
	t.Parallel()
	attribute := Attribute{Path: "a.0.b", IfSet: true}
	for state, want := range map[string]bool{`{}`: false, `{"a":null}`: false, `{"a":[]}`: false, `{"a":[{"b":""}]}`: false, `{"a":[{"b":"x"}]}`: true, `{"a":[{"b":0}]}`: true, `{"a":[{"b":{}}]}`: false} {
		if _, known := attribute.Expected(Resource{State: ValuesOf(decode(t, state))}); known != want {
			t.Errorf("%s: %v", state, known)
		}
	}
}

func TestPackedValues(t *testing.T) {
	t.Parallel()
	raw := map[string]json.RawMessage{"a": json.RawMessage("{ \"b\" : [ 1, \"x\" ] }"), "n": json.RawMessage("null"), "other": json.RawMessage("1")}
	packed, err := PackValues([]string{"a", "absent", "n"}, raw)
	if err != nil {
		t.Fatal(err)
	}
	value, held := packed.Get("a")
	if diff := cmp.Diff(map[string]any{"b": []any{json.Number("1"), "x"}}, value); diff != "" || !held {
		t.Error(diff)
	}
	for name, want := range map[string]bool{"absent": false, "n": true, "other": false} {
		if value, held := packed.Get(name); value != nil || held != want {
			t.Errorf("%s: %v, held %v", name, value, held)
		}
	}
	resource := Resource{State: packed}
	if value, held := resource.At("a.b.1"); value != "x" || !held || packed.Size() != len(`{"b":[1,"x"]}null`) {
		t.Errorf("%v %v, %d bytes", value, held, packed.Size())
	}
	if _, err := PackValues([]string{"a"}, map[string]json.RawMessage{"a": json.RawMessage("{")}); err == nil {
		t.Error("broken JSON is kept")
	}
}

func TestServiceListsWhatIsThere(t *testing.T) {
	t.Parallel()
	all, _ := vpcs(3)
	yes := true
	all[1].IsDefault = &yes
	reader := (&fakeEC2{vpcs: all, page: 2}).reader()
	things, err := reader.List(t.Context(), Inventory{Type: "aws_vpc", Region: "us-east-1", Caller: caller(1, account)})
	if err != nil {
		t.Fatal(err)
	}
	if len(things) != 3 || things[0].ID != "vpc-0" || things[0].Excluded != "" || things[1].Excluded != excludedDefaultVPC {
		t.Errorf("%+v", things)
	}
	if _, err := reader.List(t.Context(), Inventory{Type: "aws_security_group_rule"}); err == nil {
		t.Error("a piece was listed")
	}
	for _, spec := range reader.Types() {
		if spec.Listed != (spec.Part == nil) {
			t.Errorf("%s: listed %v", spec.Type, spec.Listed)
		}
	}
}
