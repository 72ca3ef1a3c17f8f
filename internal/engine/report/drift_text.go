package report

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Markdown is the document for a pull request or a build summary: a table of what differs, and below it the commands.
func (d Drift) Markdown() ([]byte, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "## %s\n\n%s.", d.headline(), d.coverage())
	if cost := d.cost(); cost != "" {
		fmt.Fprintf(&out, " %s.", cost)
	}
	out.WriteString("\n")
	if len(d.Items) > 0 {
		out.WriteString("\n| category | resource | what | in the state | live | why |\n|---|---|---|---|---|---|\n")
	}
	for _, item := range d.Items {
		if len(item.Changes) == 0 {
			fmt.Fprintf(&out, "| %s | %s | %s | | | %s |\n", item.Category, cell(item.Address), item.Kind, cell(item.Reason))
		}
		for _, change := range item.Changes {
			fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s |\n", change.Category, cell(item.Address), cell(change.Path),
				cell(value(change.Expected)), cell(value(change.Actual)), cell(change.Reason))
		}
	}
	for _, item := range d.Items {
		fmt.Fprintf(&out, "\n<details><summary>%s</summary>\n\n", cell(item.Address))
		if who := item.who(); who != "" {
			fmt.Fprintf(&out, "Changed by: %s\n\n", cell(who))
		}
		fmt.Fprintf(&out, "Put it back:\n\n%s\nAccept it:\n\n%s\n", block(item.Remediation), block(item.Reconciliation))
		if item.Configuration != "" {
			fmt.Fprintf(&out, "In the configuration, to accept it:\n\n%s\n", block(strings.Split(strings.TrimSuffix(item.Configuration, "\n"), "\n")))
		}
		out.WriteString("</details>\n")
	}
	for _, unverified := range d.Unverified {
		fmt.Fprintf(&out, "\n- not verified: %s: %s", cell(unverified.Address), cell(unverified.Reason))
	}
	for _, kind := range d.skippedTypes() {
		fmt.Fprintf(&out, "\n- not looked at: %d %s: %s", d.Skipped[kind].Count, cell(kind), cell(d.Skipped[kind].Reason))
	}
	return []byte(strings.TrimRight(out.String(), "\n") + "\n"), nil
}

// block indents lines, so that nothing in them is markup.
func block(lines []string) string {
	var out strings.Builder
	for _, line := range lines {
		out.WriteString("    " + printable(line) + "\n")
	}
	return out.String()
}

// JUnit is the document as JUnit XML: a failure for each item, an error for each resource that could not be verified, and a case
// that passed for all that are in sync.
func (d Drift) JUnit() ([]byte, error) {
	suite := junitSuite{Name: "drift", Time: seconds(0)}
	if d.Run != nil {
		suite.Time, suite.Timestamp = seconds(d.Run.DurationMS), d.Run.StartedAt.UTC().Format("2006-01-02T15:04:05")
	}
	for _, item := range d.Items {
		suite.Failures++
		suite.Cases = append(suite.Cases, junitCase{
			Name: printable(item.Address), Class: "drift." + item.Type, Time: seconds(0),
			Failure: &junitOutcome{Message: printable(item.Reason), Type: item.Category, Text: item.text()},
		})
	}
	for _, unverified := range d.Unverified {
		suite.Errors++
		suite.Cases = append(suite.Cases, junitCase{
			Name: printable(unverified.Address), Class: "drift." + unverified.Type, Time: seconds(0),
			Error: &junitOutcome{Message: printable(unverified.Reason), Type: "unverified", Text: printable(unverified.Reason)},
		})
	}
	for _, kind := range d.skippedTypes() {
		suite.Skipped++
		suite.Cases = append(suite.Cases, junitCase{
			Name: fmt.Sprintf("%d of type %s", d.Skipped[kind].Count, kind), Class: "drift." + kind, Time: seconds(0), Skipped: &junitOutcome{Message: d.Skipped[kind].Reason},
		})
	}
	suite.Cases = append(suite.Cases, junitCase{Name: d.coverage(), Class: "drift", Time: seconds(0)})
	suite.Tests = len(suite.Cases)
	data, err := xml.MarshalIndent(junitSuites{Suite: suite, Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors}, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}

// text is an item in lines.
func (i DriftItem) text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s (%s) %s: %s\n", printable(i.ID), i.Region, i.Kind, printable(i.Reason))
	for _, change := range i.Changes {
		fmt.Fprintf(&out, "%s: %s in the state, live %s (%s: %s)\n", printable(change.Path), value(change.Expected), value(change.Actual), change.Category, printable(change.Reason))
	}
	for _, line := range i.Remediation {
		out.WriteString("put back: " + printable(line) + "\n")
	}
	for _, line := range i.Reconciliation {
		out.WriteString("accept: " + printable(line) + "\n")
	}
	return out.String()
}
