package checkset_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

func TestSchemasAreValid(t *testing.T) {
	t.Parallel()
	if diags := (schema.Schema{Attributes: checkset.Attributes()}).ValidateImplementation(t.Context()); diags.HasError() {
		t.Error(diags)
	}
	if diags := (datasourceschema.Schema{Attributes: checkset.DataSourceAttributes()}).ValidateImplementation(t.Context()); diags.HasError() {
		t.Error(diags)
	}
}

// objectOf makes an object with the given members and all others null.
func objectOf(t *testing.T, typed attr.Type, set map[string]attr.Value) types.Object {
	t.Helper()
	object, ok := typed.(types.ObjectType)
	if !ok {
		t.Fatalf("%s is no object", typed)
	}
	values := map[string]attr.Value{}
	for name, member := range object.AttrTypes {
		null, err := member.ValueFromTerraform(t.Context(), tftypes.NewValue(member.TerraformType(t.Context()), nil))
		if err != nil {
			t.Fatal(err)
		}
		values[name] = null
		if value, ok := set[name]; ok {
			values[name] = value
		}
	}
	made, diags := types.ObjectValue(object.AttrTypes, values)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return made
}

// world is the types of the checks attribute.
type world struct {
	check attr.Type
	kinds map[string]attr.Type
}

func newWorld(t *testing.T) world {
	t.Helper()
	check := checkset.Attribute().NestedObject.Type()
	object, ok := check.(types.ObjectType)
	if !ok {
		t.Fatalf("%s is no object", check)
	}
	return world{check, object.AttrTypes}
}

func (w world) gate(t *testing.T, checks map[string]attr.Value) checkset.Gate {
	t.Helper()
	made, diags := types.MapValue(w.check, checks)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return checkset.Gate{Checks: made, Backoff: types.ObjectNull(checkset.GateAttributes()["backoff"].GetType().(types.ObjectType).AttrTypes)}
}

func (w world) tcp(t *testing.T, address types.String, more map[string]attr.Value) types.Object {
	t.Helper()
	set := map[string]attr.Value{"tcp": objectOf(t, w.kinds["tcp"], map[string]attr.Value{"address": address})}
	maps.Copy(set, more)
	return objectOf(t, w.check, set)
}

func names(t *testing.T, values ...string) types.Set {
	t.Helper()
	set, diags := types.SetValueFrom(t.Context(), types.StringType, values)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return set
}

func TestValidateLeavesUnknownsForLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tcp, ok := w.kinds["tcp"].(types.ObjectType)
	if !ok {
		t.Fatal("tcp is no object")
	}
	object, ok := w.check.(types.ObjectType)
	if !ok {
		t.Fatal("a check is no object")
	}
	for name, checks := range map[string]map[string]attr.Value{
		"a member":  {"a": w.tcp(t, types.StringUnknown(), map[string]attr.Value{"timeout": types.StringUnknown(), "needs": types.SetUnknown(types.StringType)})},
		"a kind":    {"a": objectOf(t, w.check, map[string]attr.Value{"tcp": types.ObjectUnknown(tcp.AttrTypes)})},
		"a check":   {"a": types.ObjectUnknown(object.AttrTypes)},
		"one of it": {"a": w.tcp(t, types.StringValue("h:1"), map[string]attr.Value{"needs": names(t, "b")}), "b": types.ObjectUnknown(object.AttrTypes)},
	} {
		var diags diag.Diagnostics
		g := w.gate(t, checks)
		if g.Validate(t.Context(), path.Empty(), &diags); diags.HasError() {
			t.Errorf("%s: %v", name, diags)
		}
	}
	var diags diag.Diagnostics
	whole := checkset.Gate{Checks: types.MapUnknown(w.check)}
	if whole.Validate(t.Context(), path.Empty(), &diags); diags.HasError() {
		t.Error(diags)
	}
}

func TestValidateTellsWhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := path.Root("verify")
	for name, test := range map[string]struct {
		checks map[string]attr.Value
		want   path.Path
	}{
		"no kind":   {map[string]attr.Value{"a": objectOf(t, w.check, nil)}, at.AtName("checks").AtMapKey("a")},
		"two kinds": {map[string]attr.Value{"a": w.tcp(t, types.StringValue("h:1"), map[string]attr.Value{"dns": objectOf(t, w.kinds["dns"], nil)})}, at.AtName("checks").AtMapKey("a")},
		"unknown need": {
			map[string]attr.Value{"a": w.tcp(t, types.StringValue("h:1"), map[string]attr.Value{"needs": names(t, "z")})}, at.AtName("checks").AtMapKey("a").AtName("needs"),
		},
		"a null in a list": {
			map[string]attr.Value{"a": objectOf(t, w.check, map[string]attr.Value{"alarm": objectOf(t, w.kinds["alarm"], map[string]attr.Value{
				"names": types.SetValueMust(types.StringType, []attr.Value{types.StringNull()}),
			})})},
			at.AtName("checks").AtMapKey("a").AtName("alarm").AtName("names"),
		},
		"a null in a map": {
			map[string]attr.Value{"a": objectOf(t, w.check, map[string]attr.Value{"http": objectOf(t, w.kinds["http"], map[string]attr.Value{
				"url": types.StringValue("http://h.test"), "headers": types.MapValueMust(types.StringType, map[string]attr.Value{"X-Left-Out": types.StringNull()}),
				"expect": objectOf(t, w.kinds["http"].(types.ObjectType).AttrTypes["expect"], map[string]attr.Value{
					"header": types.MapValueMust(types.StringType, map[string]attr.Value{"X": types.StringNull()}),
				}),
			})})},
			at.AtName("checks").AtMapKey("a").AtName("http").AtName("expect").AtName("header").AtMapKey("X"),
		},
		"circle": {
			map[string]attr.Value{"a": w.tcp(t, types.StringValue("h:1"), map[string]attr.Value{"needs": names(t, "a")})}, at.AtName("checks").AtMapKey("a").AtName("needs"),
		},
	} {
		var diags diag.Diagnostics
		g := w.gate(t, test.checks)
		g.Validate(t.Context(), at, &diags)
		if len(diags) != 1 {
			t.Errorf("%s: %v", name, diags)
			continue
		}
		if where, ok := diags[0].(diag.DiagnosticWithPath); !ok || !where.Path().Equal(test.want) {
			t.Errorf("%s: %v", name, diags[0])
		}
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.gate(t, map[string]attr.Value{
		"a": w.tcp(t, types.StringValue("h:1"), map[string]attr.Value{"needs": names(t, "b"), "timeout": types.StringValue("3s"), "advisory": types.BoolValue(true)}),
		"b": w.tcp(t, types.StringValue("h:2"), nil),
	})
	deps := checkset.Deps{Data: &configured.Data{Health: configured.Health{Timeout: time.Minute, MaxRetries: 7, RetryDelay: time.Second}}}
	checks, policy, diags := g.Build(t.Context(), path.Empty(), deps)
	if diags.HasError() {
		t.Fatal(diags)
	}
	want := []gate.Check{
		{Name: "a", Probe: &probe.TCP{Address: "h:1"}, Advisory: true, Timeout: 3 * time.Second, Needs: []string{"b"}},
		{Name: "b", Probe: &probe.TCP{Address: "h:2"}, Timeout: gate.DefaultAttemptTimeout},
	}
	if diff := cmp.Diff(want, checks); diff != "" {
		t.Error(diff)
	}
	wantPolicy := gate.Policy{Timeout: time.Minute, MaxRetries: 7, RetryDelay: time.Second, Multiplier: 2, MaxDelay: time.Minute, Jitter: 0.2, SuccessThreshold: 1}
	if diff := cmp.Diff(wantPolicy, policy); diff != "" {
		t.Error(diff)
	}
	g.MaxRetries, g.Timeout, g.RetryDelay, g.SuccessThreshold, g.FailFast = types.Int64Value(0), types.StringValue("2m"), types.StringValue("0s"), types.Int64Value(3), types.BoolValue(true)
	_, policy, _ = g.Build(t.Context(), path.Empty(), deps)
	wantPolicy.MaxRetries, wantPolicy.Timeout, wantPolicy.RetryDelay, wantPolicy.SuccessThreshold, wantPolicy.FailFast = 0, 2*time.Minute, 0, 3, true
	if diff := cmp.Diff(wantPolicy, policy); diff != "" {
		t.Error(diff)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	got := checkset.Describe(gate.Result{Checks: map[string]gate.CheckResult{
		"b": {Kind: "tcp", Status: gate.CheckTimedOut, Reason: "late", Attempts: make([]gate.Attempt, 2)}, "a": {Kind: "http", Status: gate.CheckFailed, Reason: "503", Attempts: make([]gate.Attempt, 1)},
		"c": {Status: gate.CheckPassed}, "d": {Status: gate.CheckFailed, Advisory: true}, "e": {Status: gate.CheckSkipped},
	}})
	if diff := cmp.Diff("  - a (http) failed after 1 attempt: 503\n  - b (tcp) timed out after 2 attempts: late", got); diff != "" {
		t.Error(diff)
	}
}
