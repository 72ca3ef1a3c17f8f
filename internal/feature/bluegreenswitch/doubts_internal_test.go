package bluegreenswitch

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// switching is a switch over records with these set identifiers.
func switching(t *testing.T, active, blue, green string) *model {
	t.Helper()
	key, value, err := importedRoute(strings.Join([]string{"route53", "Z1", "www.example.com", "A", blue, green}, ","))
	if err != nil {
		t.Fatal(err)
	}
	routes, diags := types.MapValue(routeType(), map[string]attr.Value{key: value})
	if diags.HasError() {
		t.Fatal(diags)
	}
	return &model{Active: types.StringValue(active), Routes: routes, Live: liveObject(traffic.On(traffic.Colour(active), 70))}
}

func TestColoursThatLookSwapped(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		plan, prior *model
		want        string
	}{
		"sound":                     {switching(t, "blue", "blue", "green"), nil, ""},
		"named the wrong way round": {switching(t, "blue", "shop-Green", "shop-blue"), nil, `blue is "shop-Green" and green is "shop-blue"`},
		"named after something":     {switching(t, "blue", "one", "two"), nil, ""},
		"exchanged":                 {switching(t, "blue", "two", "one"), switching(t, "blue", "one", "two"), `blue was "one" and is "two" now`},
		"exchanged with active":     {switching(t, "green", "two", "one"), switching(t, "blue", "one", "two"), ""},
		"one is new":                {switching(t, "blue", "three", "two"), switching(t, "blue", "one", "two"), ""},
	} {
		var diags diag.Diagnostics
		doubtColours(test.plan, test.prior, routesOf(test.plan.Routes, &diags), &diags)
		text := ""
		for _, warning := range diags {
			text += warning.Detail()
		}
		if diags.HasError() || (test.want == "") != (text == "") || !strings.Contains(text, test.want) {
			t.Errorf("%s: %v, want %q", name, diags, test.want)
		}
	}
}

func TestAFightIsCountedOncePerMove(t *testing.T) {
	t.Parallel()
	var f fight
	for i, step := range []struct {
		next func(fight) fight
		want fight
	}{
		{func(f fight) fight { return f.next(false) }, fight{}},
		{func(f fight) fight { return f.next(true) }, fight{1, true}},
		{func(f fight) fight { return f.next(true) }, fight{1, true}}, // the same move, looked at once more
		{fight.settled, fight{1, false}},
		{func(f fight) fight { return f.next(false) }, fight{1, false}}, // the other owner's turn comes with the next apply
		{func(f fight) fight { return f.next(true) }, fight{2, true}},
		{func(f fight) fight { return f.next(false) }, fight{2, false}}, // put right by whoever moved it
	} {
		if f = step.next(f); f != step.want {
			t.Errorf("step %d: %+v, want %+v", i, f, step.want)
		}
	}
	for count, want := range map[int]string{1: "when that was a one-off, apply", 2: "two owners write the same weights"} {
		var diags diag.Diagnostics
		wordFight(switching(t, "blue", "blue", "green"), count, &diags)
		if len(diags) != 1 || diags.HasError() || !strings.Contains(diags[0].Detail(), want) || !strings.Contains(diags[0].Detail(), "blue 70 % / green 30 %") {
			t.Errorf("%d: %v", count, diags)
		}
	}
}
