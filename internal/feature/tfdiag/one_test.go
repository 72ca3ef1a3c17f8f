package tfdiag

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestExactlyOne(t *testing.T) {
	t.Parallel()
	null, unknown, set := types.StringNull(), types.StringUnknown(), types.StringValue("x")
	members := map[string]attr.Type{"a": types.StringType, "b": types.StringType}
	for name, test := range map[string]struct {
		object types.Object
		want   string
	}{
		"one":             {types.ObjectValueMust(members, map[string]attr.Value{"a": set, "b": null}), ""},
		"one, other open": {types.ObjectValueMust(members, map[string]attr.Value{"a": set, "b": unknown}), ""},
		"open":            {types.ObjectValueMust(members, map[string]attr.Value{"a": null, "b": unknown}), ""},
		"null":            {types.ObjectNull(members), ""},
		"unknown":         {types.ObjectUnknown(members), ""},
		"two":             {types.ObjectValueMust(members, map[string]attr.Value{"a": set, "b": set}), "state sets a and b at once."},
		"none":            {types.ObjectValueMust(members, map[string]attr.Value{"a": null, "b": null}), "state sets none of a, b."},
	} {
		var resp validator.ObjectResponse
		ExactlyOne("a", "b").ValidateObject(t.Context(), validator.ObjectRequest{Path: path.Root("state"), ConfigValue: test.object}, &resp)
		if got := resp.Diagnostics.HasError(); got != (test.want != "") {
			t.Errorf("%s: %v", name, resp.Diagnostics)
		} else if got && !strings.Contains(resp.Diagnostics[0].Detail(), test.want+"\n\nWhat to do: set exactly one of a, b.") {
			t.Errorf("%s: %s", name, resp.Diagnostics[0].Detail())
		}
	}
}

func TestANestedAttributeIsNamedOnce(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	at := path.Root("strategy").AtName("steps").AtListIndex(0)
	ErrorAt(&diags, at, Message{Summary: "S", Happened: "H"})
	WarningAt(&diags, at, Message{Summary: "S", Happened: "H", Facts: []Fact{{attribute, "mine"}}})
	ErrorAt(&diags, path.Root("active"), Message{Summary: "S", Happened: "H"})
	for i, want := range []string{"H\n\nAttribute: strategy.steps[0]", "H\n\nAttribute: mine", "H"} {
		if diags[i].Detail() != want {
			t.Errorf("%q, want %q", diags[i].Detail(), want)
		}
	}
}
