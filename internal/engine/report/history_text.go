package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// rates are the figures of a history in words.
func (h History) rates() string {
	if h.Summary.Judged == 0 {
		return "Nothing was judged yet."
	}
	text := fmt.Sprintf("%d of %d judged.", h.Summary.Judged, h.Summary.Total)
	if h.Summary.SuccessRate != nil && h.Summary.ChangeFailureRate != nil {
		text += fmt.Sprintf(" Success rate %s, change failure rate %s.", rate(*h.Summary.SuccessRate), rate(*h.Summary.ChangeFailureRate))
	}
	if h.Summary.MeanRecoverySeconds != nil {
		text += fmt.Sprintf(" Mean recovery %s.", brief(secondsOf(*h.Summary.MeanRecoverySeconds)))
	}
	return text
}

func rate(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// mostLines is how many deployments Markdown lists: a pull request takes no more.
const mostLines = 50

// Markdown is the document for a pull request or a build summary: the figures, and the deployments, newest first.
func (h History) Markdown() ([]byte, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "## Deployments of %s\n\n%s\n", cell(h.Name), h.rates())
	if len(h.Deployments) > 0 {
		out.WriteString("\n| deployment | release | status | started | took | recovery | reason |\n|---|---|---|---|---:|---:|---|\n")
	}
	newest := slices.Clone(h.Deployments)
	slices.Reverse(newest)
	for _, d := range newest[:min(len(newest), mostLines)] {
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s | %s |\n", cell(d.ID), cell(d.Release), cell(d.words()), d.StartedAt.UTC().Format(time.RFC3339), d.took(), d.recovery(), cell(d.Reason))
	}
	if more := len(newest) - mostLines; more > 0 {
		fmt.Fprintf(&out, "\nand %d older ones.\n", more)
	}
	for _, q := range h.Quarantine {
		fmt.Fprintf(&out, "\n- in quarantine: %s, since %s: %s", cell(q.Release), q.At.UTC().Format(time.RFC3339), cell(q.Reason))
	}
	return []byte(strings.TrimRight(out.String(), "\n") + "\n"), nil
}

// words is its status as a person reads it.
func (d Deployment) words() string {
	switch {
	case d.Overdue:
		return "open, overdue"
	case d.Held:
		return "rolled back along with a later one"
	}
	return spaced(d.Status)
}

func (d Deployment) took() string {
	if d.DurationSeconds == nil {
		return ""
	}
	return brief(secondsOf(*d.DurationSeconds))
}

// recovery is how long it took to recover beside how long it was allowed to take; empty where it did not have to.
func (d Deployment) recovery() string {
	switch {
	case d.RecoverySeconds == nil:
		return ""
	case d.RecoveryBudgetSeconds == nil:
		return brief(secondsOf(*d.RecoverySeconds))
	}
	return brief(secondsOf(*d.RecoverySeconds)) + " of " + brief(secondsOf(*d.RecoveryBudgetSeconds))
}

// JUnit is the document as JUnit XML, a case for each deployment: one that failed or was rolled back is a failure, and one that
// nobody judged is skipped.
func (h History) JUnit() ([]byte, error) {
	var cases []junitCase
	for _, d := range h.Deployments {
		entry := junitCase{Name: d.ID + " " + d.Release, Class: "deployments." + h.Name, Time: seconds(0), Out: d.Reason}
		if d.DurationSeconds != nil {
			entry.Time = seconds(int64(*d.DurationSeconds * 1000))
		}
		switch {
		case d.Status == "succeeded", d.Held:
		case d.Status == "failed", d.Status == "rolled_back", d.Overdue:
			entry.Failure = &junitOutcome{Message: d.words() + ": " + d.Reason, Type: d.Status, Text: d.Reason}
		default:
			entry.Skipped = &junitOutcome{Message: d.words() + ": " + d.Reason}
		}
		cases = append(cases, entry)
	}
	return junit("deployments", h.GeneratedAt, 0, cases)
}
