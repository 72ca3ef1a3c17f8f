package rollback

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/checkset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/targetset"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// red ends an apply in an error because a release was rolled back.
func (e end) red(diags *diag.Diagnostics) {
	m := tfdiag.Message{
		Summary: "The release was rolled back",
		Happened: fmt.Sprintf("%d change(s) put everything back to snapshot %s in %.1f s%s:\n%s", things(e.result.Changes), e.request.SnapshotID, e.result.Recovery.Seconds(),
			because(e.request.Reason), describe(e.result)),
		Live: "what snapshot " + e.request.SnapshotID + " holds; every target was read back.",
		Next: "correct the release and apply again: the next apply finds nothing left to put back. Where a rollback should not fail the apply, set on_complete = \"ok\".",
	}
	if len(e.result.Changes) == 0 {
		m.Happened = fmt.Sprintf("Everything is as snapshot %s holds it already: nothing had to be put back%s. The deployment is rolled back in the ledger, and its release in quarantine.",
			e.request.SnapshotID, because(e.request.Reason))
	}
	tfdiag.Error(diags, m)
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ", because: " + reason
}

// describe lists the first changes.
func describe(result restore.Result) string {
	const shown = 20
	var lines []string
	for _, change := range result.Changes[:min(len(result.Changes), shown)] {
		lines = append(lines, fmt.Sprintf("  - %s: %s", change.Target, change.Detail))
	}
	if more := len(result.Changes) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("  - and %d more", more))
	}
	return strings.Join(lines, "\n")
}

func wordUnhealthy(diags *diag.Diagnostics, request restore.Request, result restore.Result, verdict gate.Result) {
	tfdiag.ErrorAt(diags, path.Root("verify"), tfdiag.Message{
		Summary:  "Rolled back, and still not healthy",
		Happened: fmt.Sprintf("Everything is as snapshot %s holds it (%d change(s)), but the checks did not pass:\n%s", request.SnapshotID, things(result.Changes), checkset.Describe(verdict)),
		Live:     "what snapshot " + request.SnapshotID + " holds.",
		Next:     "the cause is not in the captured targets, or the snapshot was not healthy either: look at what the checks name, or roll back to an older snapshot. The next apply checks again.",
	})
}

func wordIncomplete(diags *diag.Diagnostics, request restore.Request, result restore.Result) {
	var back, not []string
	late := false
	for _, name := range slices.Sorted(maps.Keys(result.Targets)) {
		target := result.Targets[name]
		if target.Err == nil {
			back = append(back, name)
			continue
		}
		not = append(not, name)
		late = late || errors.Is(target.Err, context.DeadlineExceeded)
		tfdiag.Error(diags, tfdiag.Message{
			Summary: "A target was not put back", Happened: fmt.Sprintf("The target %q (captured: %s) is not back, or not wholly", name, target.Summary), Err: target.Err,
			Live: live(target), Next: "correct the cause and apply again: the next apply does what is left.",
		})
	}
	m := tfdiag.Message{
		Summary:  "The rollback is not complete",
		Happened: fmt.Sprintf("Of the targets of snapshot %s, these are as captured: %s. These are not: %s.", request.SnapshotID, list(back), list(not)),
		Next:     "see the errors of the single targets, then apply again. reliability_rollback_plan lists what is left.",
	}
	if late {
		m.Happened += fmt.Sprintf(" It was given up after max_recovery_time (%s).", request.Timeout)
		m.Next = "apply again: the next apply does what is left. Raise max_recovery_time where it is too short for these targets; reliability_rollback_plan estimates what is left."
	}
	tfdiag.Error(diags, m)
}

func live(target restore.Target) string {
	switch {
	case target.Status == restore.Partial:
		return "a part of it is as captured, the rest is as the release left it."
	case len(target.Changes) == 0:
		return "it is as the release left it."
	default:
		return "it may be as the release left it, or in part as captured."
	}
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func wordNotRun(diags *diag.Diagnostics, request restore.Request, err error) {
	var held *journal.HeldError
	switch {
	case errors.As(err, &held):
		tfdiag.Error(diags, tfdiag.Message{
			Summary: "Another rollback is running", Happened: fmt.Sprintf("%s is held by %s until %s, unless it is extended.", held.Target, held.Holder, held.Expires.UTC().Format(time.RFC3339)),
			Live: "what the other rollback makes of it; this one changed nothing.", Next: "wait until it has ended, then apply again: what it did is not done twice.",
		})
	case isSnapshotError(err):
		wordRefusal(diags, request.SnapshotID, err)
	default:
		targetset.WordStore(diags, "Nothing was put back, because a rollback must be written down before it begins", err)
	}
}
