package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// headline says in one line how it ended.
func (s Switch) headline() string {
	switch s.Status {
	case "steady":
		if !s.Moved {
			return "Nothing to switch: " + s.To + " has all traffic"
		}
		return "Switched to " + s.To
	case "reverted":
		return "Switch to " + s.To + " failed, and traffic is where it was"
	case "held":
		return "Switch to " + s.To + " failed, and is held"
	case "interrupted":
		return "Switch to " + s.To + " was interrupted"
	}
	return "Switch to " + s.To + " did not begin"
}

// text is a moment in words.
func (m Moment) text() string {
	stage := map[string]string{"before": "before the first step", "step": "step", "bake": "bake", "revert": "moving back", "promotion": "promotion"}[m.Stage]
	if stage == "" {
		stage = m.Stage
	}
	switch {
	case m.Rounds > 0:
		text := fmt.Sprintf("%s: checks %s", stage, m.Verdict)
		if m.Rounds > 1 {
			text += fmt.Sprintf(" (%d rounds)", m.Rounds)
		}
		if len(m.Failed) > 0 {
			text += ": " + strings.Join(m.Failed, ", ")
		}
		return text
	case m.What == "":
		return stage + ": weights set"
	}
	return stage + ": " + m.What
}

// Markdown is the document for a pull request or a build summary: where the traffic went, and what the checks said of it.
func (s Switch) Markdown() ([]byte, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "## %s\n\nIn %s, started %s.", cell(s.headline()), brief(time.Duration(s.DurationMS)*time.Millisecond), s.StartedAt.UTC().Format(time.RFC3339))
	if recovery, ok := s.recovery(); ok {
		fmt.Fprintf(&out, " Traffic was back %s after the failure.", brief(recovery))
	}
	if s.Deployment != "" {
		fmt.Fprintf(&out, " Deployment %s.", cell(s.Deployment))
	}
	if s.Reason != "" {
		fmt.Fprintf(&out, "\n\nWhy it failed: %s", cell(s.Reason))
	}
	out.WriteString("\n\n| route | blue before | green before | blue now | green now |\n|---|---:|---:|---:|---:|\n")
	for _, key := range slices.Sorted(maps.Keys(s.Routes)) {
		route := s.Routes[key]
		blue, green := "unknown", "unknown"
		if route.Live != nil {
			blue, green = fmt.Sprintf("%d %%", route.Live.Blue), fmt.Sprintf("%d %%", route.Live.Green)
		}
		fmt.Fprintf(&out, "| %s | %d %% | %d %% | %s | %s |\n", cell(key), route.Before.Blue, route.Before.Green, blue, green)
	}
	if len(s.Moments) > 0 {
		out.WriteString("\n| after | what | route | blue | green |\n|---:|---|---|---:|---:|\n")
	}
	for _, m := range s.Moments {
		blue, green := "", ""
		if m.Share != nil {
			blue, green = fmt.Sprintf("%d %%", m.Share.Blue), fmt.Sprintf("%d %%", m.Share.Green)
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", brief(m.At.Sub(s.StartedAt)), cell(m.text()), cell(m.Route), blue, green)
	}
	return []byte(out.String()), nil
}

// JUnit is the document as JUnit XML: the switch is a case, and so is each check of the round that ended it.
func (s Switch) JUnit() ([]byte, error) {
	entry := junitCase{Name: "switch to " + s.To, Class: "switch", Time: seconds(s.DurationMS)}
	var out strings.Builder
	for _, m := range s.Moments {
		fmt.Fprintf(&out, "%s %s %s", m.At.UTC().Format("15:04:05.000"), m.text(), m.Route)
		if m.Share != nil {
			fmt.Fprintf(&out, " blue %d %% / green %d %%", m.Share.Blue, m.Share.Green)
		}
		out.WriteByte('\n')
	}
	entry.Out = out.String()
	if s.Status != "steady" {
		entry.Failure = &junitOutcome{Message: s.headline(), Type: s.Status, Text: s.headline() + "\n" + s.Reason}
	}
	cases := []junitCase{entry}
	if s.Failed != nil {
		cases = append(cases, s.Failed.cases("switch")...)
	}
	return junit("switch", s.StartedAt, s.DurationMS, cases)
}
