package checkset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// Validate reports, with the attribute path, what no single attribute's validator sees: a check of two kinds or of none, needs
// that do not exist or go in a circle, nulls where a value decides, certificates that are none, an initial delay that leaves no time. What is not
// known yet is left for later. at is where the attributes are, as for Build. Call it from ValidateConfig.
func (g *Gate) Validate(ctx context.Context, at path.Path, diags *diag.Diagnostics) {
	g.validateDelay(at, diags)
	if g.Checks.IsNull() || g.Checks.IsUnknown() {
		return
	}
	elements := g.Checks.Elements()
	needs := make(map[string][]string, len(elements))
	for _, name := range slices.Sorted(maps.Keys(elements)) {
		needs[name] = nil
		object, ok := elements[name].(types.Object)
		if !ok || object.IsUnknown() {
			continue
		}
		at := at.AtName("checks").AtMapKey(name)
		if object.IsNull() {
			noKind(name, at, diags)
			continue
		}
		validateKind(ctx, name, object, at, diags)
		refuseNulls(object, at, diags)
		if set, ok := object.Attributes()["needs"].(types.Set); ok {
			needs[name] = configured.Strings(ctx, set, diags)
		}
	}
	validateNeeds(needs, at.AtName("checks"), diags)
}

func (g *Gate) validateDelay(at path.Path, diags *diag.Diagnostics) {
	delay, known := parsed(g.InitialDelay)
	timeout, limited := parsed(g.Timeout)
	if known && limited && timeout > 0 && delay >= timeout {
		wrong(diags, at.AtName("initial_delay"), tfdiag.Message{
			Summary: "No time for a check", Happened: fmt.Sprintf("initial_delay is %s and timeout, which includes it, is %s: no attempt could be made.", delay, timeout),
			Next: "raise timeout or lower initial_delay.",
		})
	}
}

func validateKind(ctx context.Context, name string, object types.Object, at path.Path, diags *diag.Diagnostics) {
	var chosen []string
	maybe := false
	for _, kind := range kinds {
		value, ok := object.Attributes()[kind.name].(types.Object)
		switch {
		case !ok || value.IsNull():
		case value.IsUnknown():
			maybe = true
		default:
			chosen = append(chosen, kind.name)
			if kind.validate != nil {
				kind.validate(ctx, value, at.AtName(kind.name), diags)
			}
		}
	}
	switch {
	case len(chosen) > 1:
		wrong(diags, at, tfdiag.Message{
			Summary: "Two kinds in one check", Happened: fmt.Sprintf("check %q is %s at once.", name, strings.Join(chosen, " and ")),
			Next: "make a check of each, under a name of its own; needs can order them.",
		})
	case len(chosen) == 0 && !maybe:
		noKind(name, at, diags)
	}
}

func noKind(name string, at path.Path, diags *diag.Diagnostics) {
	var names []string
	for _, kind := range kinds {
		names = append(names, kind.name)
	}
	wrong(diags, at, tfdiag.Message{
		Summary: "No kind in a check", Happened: fmt.Sprintf("check %q does not say what to check.", name),
		Next: "give it exactly one of " + strings.Join(names, ", ") + ". Check the spelling too: Terraform silently drops names that it does not know inside a nested attribute, so a misspelt kind looks like none.",
	})
}

func validateNeeds(needs map[string][]string, at path.Path, diags *diag.Diagnostics) {
	err := gate.ValidateNeeds(needs)
	var unknown *gate.UnknownNeedError
	var cycle *gate.NeedCycleError
	switch {
	case errors.As(err, &unknown):
		wrong(diags, at.AtMapKey(unknown.Check).AtName("needs"), tfdiag.Message{
			Summary: "Unknown check in needs", Err: err, Next: "name one of the checks beside it: " + strings.Join(slices.Sorted(maps.Keys(needs)), ", ") + ".",
		})
	case errors.As(err, &cycle):
		wrong(diags, at.AtMapKey(cycle.Cycle[0]).AtName("needs"), tfdiag.Message{
			Summary: "Checks that wait for each other", Err: err, Next: "take one of these needs away.",
		})
	}
}
