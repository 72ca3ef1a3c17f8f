package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// headline says in one line how it ended.
func (r Rollback) headline() string {
	switch r.Status {
	case "not_needed":
		return "Nothing had to be rolled back"
	case "restored":
		return "Rolled back"
	case "partial":
		return "Rolled back in part only"
	}
	return "The rollback failed"
}

// against says how long it took beside how long it was allowed to take.
func (r Rollback) against() string {
	if r.budget() <= 0 {
		return brief(r.recovery())
	}
	return brief(r.recovery()) + " of " + brief(r.budget())
}

// Markdown is the document for a pull request or a build summary: what became of each target, and what was changed.
func (r Rollback) Markdown() ([]byte, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "## %s", r.headline())
	if r.Snapshot != "" {
		fmt.Fprintf(&out, " to %s", cell(r.Snapshot))
	}
	fmt.Fprintf(&out, "\n\n%s, back in %s, started %s.", plural(r.things(), "change"), r.against(), r.StartedAt.UTC().Format(time.RFC3339))
	if r.Reason != "" {
		fmt.Fprintf(&out, " Reason: %s", cell(r.Reason))
	}
	out.WriteString("\n")
	if len(r.Targets) > 0 {
		out.WriteString("\n| target | service | status | changes | what |\n|---|---|---|---:|---|\n")
	}
	for _, name := range r.order() {
		target := r.Targets[name]
		fmt.Fprintf(&out, "| %s | %s | %s | %d | %s |\n", cell(name), cell(target.Service), cell(spaced(target.Status)), target.Things, cell(target.what()))
	}
	if r.Verify != nil {
		fmt.Fprintf(&out, "\nChecks afterwards: %s.\n\n| check | kind | status | reason |\n|---|---|---|---|\n", cell(r.Verify.Verdict))
		for _, name := range slices.Sorted(maps.Keys(r.Verify.Checks)) {
			check := r.Verify.Checks[name]
			fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", cell(name), cell(check.Kind), cell(status(check)), cell(check.Reason))
		}
	}
	return []byte(out.String()), nil
}

// what is what was done to a target, in a line.
func (t Target) what() string {
	const shown = 3
	var parts []string
	for _, change := range t.Changes[:min(len(t.Changes), shown)] {
		parts = append(parts, change.Detail)
	}
	if more := len(t.Changes) + t.More - shown; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	if t.Error != "" {
		parts = append([]string{t.Error}, parts...)
	}
	return strings.Join(parts, "; ")
}

// JUnit is the document as JUnit XML: a case for each target and each check afterwards, and one for the release, which failed
// where it was rolled back and nobody takes that for a good end.
func (r Rollback) JUnit() ([]byte, error) {
	release := junitCase{Name: "release", Class: "rollback", Time: seconds(r.DurationMS), Out: r.headline() + "\n" + r.Reason}
	if r.Undone && !r.Accepted {
		release.Failure = &junitOutcome{Message: "the release was rolled back to " + r.Snapshot + ": " + r.Reason, Type: "rolled_back", Text: r.Reason}
	}
	cases := []junitCase{release}
	for _, name := range r.order() {
		target := r.Targets[name]
		entry := junitCase{Name: name, Class: "rollback." + target.Service, Time: seconds(target.took())}
		for _, change := range target.Changes {
			entry.Out += change.Action + ": " + change.Detail + "\n"
		}
		if target.Error != "" {
			entry.Failure = &junitOutcome{Message: "not put back: " + target.Error, Type: target.Status, Text: target.Error}
		}
		cases = append(cases, entry)
	}
	if r.Verify != nil {
		cases = append(cases, r.Verify.cases("verify")...)
	}
	return junit("rollback", r.StartedAt, r.DurationMS, cases)
}

// took is how long a target took, in milliseconds, as far as it came.
func (t Target) took() int64 {
	if t.BegunMS == nil {
		return 0
	}
	end := *t.BegunMS
	for _, later := range []*int64{t.ChangedMS, t.CheckedMS} {
		if later != nil {
			end = max(end, *later)
		}
	}
	return end - *t.BegunMS
}

// order is that of the targets: what is not back first, then what was changed, then the rest.
func (r Rollback) order() []string {
	rank := map[string]int{"failed": 0, "partial": 1, "restored": 2, "not_needed": 3}
	names := slices.Sorted(maps.Keys(r.Targets))
	slices.SortStableFunc(names, func(a, b string) int { return rank[r.Targets[a].Status] - rank[r.Targets[b].Status] })
	return names
}
