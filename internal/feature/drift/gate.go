package drift

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// overrideVariable lets one blocked plan through; its value is the reason.
const overrideVariable = "RELIABILITY_DRIFT_OVERRIDE"

const (
	shownItems   = 10
	shownChanges = 5
	shownValue   = 120
)

// gate is when drift stops a plan.
type gate struct {
	failOn       engine.Category // empty for never
	onUnverified bool
}

func gateOf(data model) gate {
	var g gate
	if name := data.FailOn.ValueString(); name != "" && name != "none" {
		g.failOn, g.onUnverified = engine.Category(name), true
	}
	if !data.FailOnUnverified.IsNull() {
		g.onUnverified = data.FailOnUnverified.ValueBool()
	}
	return g
}

func (g gate) drifted(result *engine.Result) []engine.Item {
	if g.failOn == "" {
		return nil
	}
	return result.AtLeast(g.failOn)
}

func (g gate) blocks(result *engine.Result) bool {
	return len(g.drifted(result)) > 0 || (g.onUnverified && len(result.Unverified) > 0)
}

// diagnose adds what stops the plan, or, with a reason for an override, what was let through.
func (g gate) diagnose(result *engine.Result, override string, diags *diag.Diagnostics) {
	override = strings.TrimSpace(override)
	add := tfdiag.Error
	if override != "" {
		add = tfdiag.Warning
	}
	if items := g.drifted(result); len(items) > 0 {
		add(diags, driftMessage(g, result, items, override))
	}
	switch {
	case len(result.Unverified) == 0:
	case g.onUnverified:
		add(diags, unverifiedMessage(result, override))
	default:
		tfdiag.Warning(diags, unverifiedMessage(result, ""))
	}
}

func driftMessage(g gate, result *engine.Result, items []engine.Item, override string) tfdiag.Message {
	var text strings.Builder
	looked := fmt.Sprintf("%d that were compared", result.Checked)
	if result.Unmanaged > 0 {
		looked += fmt.Sprintf(", and %d that nothing manages,", result.Unmanaged)
	}
	fmt.Fprintf(&text, "%s of %s differ from the state in a way that fail_on = %q stops (%d critical, %d major, %d minor in all).\n",
		resources(len(items)), looked, g.failOn, result.Count(engine.Critical), result.Count(engine.Major), result.Count(engine.Minor))
	for i, item := range items {
		if i == shownItems {
			fmt.Fprintf(&text, "\n... and %d more: they are in the files that report names.", len(items)-shownItems)
			break
		}
		writeItem(&text, item)
	}
	message := tfdiag.Message{
		Summary: "Infrastructure has drifted", Happened: text.String(),
		Live: "AWS runs with the live values above; this plan has changed nothing.",
		Next: "look at each difference and decide, then run in the directory of the drifted configuration" + commands(items) +
			"\n\nIf this same data source stops that run, set " + overrideVariable + " to the reason for it, for that run only.",
	}
	if override != "" {
		message.Summary = "Drift was let through by an override"
		message.Happened = overridden(override) + "\n\n" + message.Happened
	}
	return message
}

func overridden(reason string) string {
	return fmt.Sprintf("%s lets this plan through. Its reason: %s", overrideVariable, reason)
}

func resources(n int) string {
	if n == 1 {
		return "1 resource"
	}
	return fmt.Sprintf("%d resources", n)
}

func writeItem(text *strings.Builder, item engine.Item) {
	fmt.Fprintf(text, "\n- [%s] %s (%s, %s)", item.Category, item.Address, item.ID, item.Region)
	switch item.Kind {
	case engine.Deleted:
		fmt.Fprintf(text, " was deleted: %s", item.Reason)
	case engine.Unmanaged:
		fmt.Fprintf(text, " is in AWS and not in the state: %s", item.Reason)
	case engine.Changed:
	}
	for i, change := range item.Changes {
		if i == shownChanges {
			fmt.Fprintf(text, "\n    ... and %d more changes", len(item.Changes)-shownChanges)
			break
		}
		fmt.Fprintf(text, "\n    %s: %s in the state, live %s: %s", change.Path, shown(change.Expected), shown(change.Actual), change.Reason)
	}
}

func shown(value *string) string {
	switch {
	case value == nil:
		return "absent"
	case len(*value) > shownValue:
		return strings.ToValidUTF8((*value)[:shownValue], "") + "..."
	}
	return *value
}

// commands are the first item's, and a word where to find the others'.
func commands(items []engine.Item) string {
	first := items[0]
	text := ", to put " + string(first.Address) + " back:\n    " + strings.Join(first.Remediation, "\n    ") +
		"\nor, to accept what is live:\n    " + strings.Join(first.Reconciliation, "\n    ")
	if len(items) > 1 {
		text += "\nand likewise for the others. A plan that is stopped has no outputs: each one's commands are in the files that report names (such as report = { markdown = \"drift.md\" }), which are written all the same."
	}
	return text
}

func unverifiedMessage(result *engine.Result, override string) tfdiag.Message {
	var text strings.Builder
	fmt.Fprintf(&text, "%s of the state could not be read, or not completely; whether they have drifted is not known.\n", resources(len(result.Unverified)))
	for i, resource := range result.Unverified {
		if i == shownItems {
			fmt.Fprintf(&text, "\n... and %d more.", len(result.Unverified)-shownItems)
			break
		}
		fmt.Fprintf(&text, "\n- %s (%s, %s): %s", resource.Address, resource.ID, resource.Region, resource.Reason)
	}
	message := tfdiag.Message{
		Summary: "Drift could not be ruled out", Happened: text.String(), Live: "unknown for these resources; nothing was changed.",
		Next: "give the caller the permission, wait out the throttling or the outage, and plan again; or set fail_on_unverified = false to go on without knowing.",
	}
	if override != "" {
		message.Summary = "Unverified resources were let through by an override"
		message.Happened = overridden(override) + "\n\n" + message.Happened
	}
	return message
}
