package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"
)

// The page needs nothing from outside: no script, no font, no style sheet; its policy forbids them.
//
//go:embed health.html.tmpl
var pageText string

var page = template.Must(template.New("health").Parse(pageText))

type (
	pageView struct {
		Verdict, Deployment, Started, StartedText, Count, Took string

		Tiles  []pageTile
		Ticks  []string
		Checks []pageCheck
	}
	pageTile struct {
		Class, Text string
		Count       int
	}
	pageCheck struct {
		Name, Kind, Class, Glyph, Status, Reason, Numbers, Attempts, Alt string

		Notes    []string
		From, To string
		Bars     []pageBar
		Rows     []pageRow
		Open     bool
	}
	pageBar struct{ Class, X, Width, Title string }
	pageRow struct {
		Class, Status, After, Latency, Share, Reason, More string

		N      int
		Values []string
	}
)

// statusOrder is that of the page: what stands in the way comes first.
var statusOrder = []string{"failed", "error", "timed_out", "inconclusive", "skipped", "passed"}

var glyphs = map[string]string{"passed": "✓", "failed": "✕", "error": "!", "timed_out": "◷", "inconclusive": "?", "skipped": "–"}

// HTML is the document as one self-contained page: the verdict, and of each check a timeline of its attempts.
func (h Health) HTML() ([]byte, error) {
	total := h.span()
	view := pageView{
		Verdict: h.Verdict, Deployment: h.Deployment, Started: h.StartedAt.UTC().Format(time.RFC3339), StartedText: h.StartedAt.UTC().Format("2 January 2006, 15:04:05 UTC"),
		Count: plural(len(h.Checks), "check"), Took: brief(time.Duration(h.DurationMS) * time.Millisecond),
	}
	counts := map[string]int{}
	for _, check := range h.Checks {
		counts[check.Status]++
	}
	for _, status := range statusOrder {
		if counts[status] > 0 {
			view.Tiles = append(view.Tiles, pageTile{status, strings.ReplaceAll(status, "_", " "), counts[status]})
		}
	}
	for i := range 5 {
		view.Ticks = append(view.Ticks, brief(total*time.Duration(i)/4))
	}
	h = h.printable()
	names := slices.Sorted(maps.Keys(h.Checks))
	slices.SortStableFunc(names, func(a, b string) int { return rank(h.Checks[a]) - rank(h.Checks[b]) })
	for _, name := range names {
		view.Checks = append(view.Checks, h.pageCheck(name, h.Checks[name], total))
	}
	var out bytes.Buffer
	err := page.Execute(&out, view)
	return out.Bytes(), err
}

// rank is a check's place on the page: what blocks comes before what does not.
func rank(check Check) int {
	rank := slices.Index(statusOrder, check.Status)
	if (check.Advisory || check.Excused) && check.Status != "passed" {
		rank = rank + len(statusOrder) - 1
	}
	if check.Status == "passed" {
		rank = 2 * len(statusOrder)
	}
	return rank
}

// span is the time that the timelines show: the run, and an attempt that ended after it.
func (h Health) span() time.Duration {
	total := time.Duration(h.DurationMS) * time.Millisecond
	for _, check := range h.Checks {
		for _, attempt := range check.Attempts {
			total = max(total, attempt.StartedAt.Sub(h.StartedAt)+attempt.took())
		}
	}
	return max(total, time.Millisecond)
}

func (a Attempt) took() time.Duration { return time.Duration(a.LatencyMS) * time.Millisecond }

func (h Health) pageCheck(name string, check Check, total time.Duration) pageCheck {
	view := pageCheck{
		Name: name, Kind: check.Kind, Class: check.Status, Glyph: glyphs[check.Status], Status: strings.ReplaceAll(check.Status, "_", " "), Reason: check.Reason,
		Open: check.Status != "passed" && !check.Advisory && len(check.Attempts) > 1, Attempts: plural(len(check.Attempts), "attempt"), Alt: alt(check),
	}
	if check.Advisory {
		view.Notes = append(view.Notes, "advisory")
	}
	if check.Excused {
		view.Notes = append(view.Notes, "counts as passed")
	}
	if len(check.Attempts) == 0 {
		view.Numbers = "not attempted"
		return view
	}
	view.Numbers = plural(len(check.Attempts), "attempt") + ", " + latencies(check)
	for _, attempt := range check.Attempts {
		from := max(attempt.StartedAt.Sub(h.StartedAt), 0)
		view.Bars = append(view.Bars, pageBar{
			attempt.Status, percent(min(from, total-total/250), total), width(attempt.took(), total),
			fmt.Sprintf("%s after %s, %d ms", attempt.Status, brief(from), attempt.LatencyMS),
		})
	}
	last := check.Attempts[len(check.Attempts)-1]
	view.From, view.To = view.Bars[0].X, percent(last.StartedAt.Sub(h.StartedAt)+last.took(), total)
	view.Rows = h.rows(check)
	return view
}

// A check's table shows the first and the last of its attempts; report_json has them all.
const (
	firstRows = 10
	lastRows  = 40
)

func (h Health) rows(check Check) []pageRow {
	var slowest time.Duration
	for _, attempt := range check.Attempts {
		slowest = max(slowest, attempt.took())
	}
	var rows []pageRow
	count := len(check.Attempts)
	for i, attempt := range check.Attempts {
		if count > firstRows+lastRows && i >= firstRows && i < count-lastRows {
			if i == firstRows {
				rows = append(rows, pageRow{More: fmt.Sprintf("… %d more …", count-firstRows-lastRows)})
			}
			continue
		}
		row := pageRow{
			Class: attempt.Status, N: i + 1, After: brief(max(attempt.StartedAt.Sub(h.StartedAt), 0)), Status: attempt.Status, Latency: brief(attempt.took()),
			Share: percent(attempt.took(), max(slowest, time.Millisecond)), Reason: attempt.Reason,
		}
		for _, name := range slices.Sorted(maps.Keys(attempt.Values)) {
			row.Values = append(row.Values, name+"="+attempt.Values[name])
		}
		rows = append(rows, row)
	}
	return rows
}

// latencies sums up how long the attempts took.
func latencies(check Check) string {
	var all []time.Duration
	for _, attempt := range check.Attempts {
		all = append(all, attempt.took())
	}
	last := all[len(all)-1]
	if len(all) == 1 {
		return brief(last)
	}
	slices.Sort(all)
	return fmt.Sprintf("last %s, median %s, slowest %s", brief(last), brief(all[len(all)/2]), brief(all[len(all)-1]))
}

// alt says in words what the timeline shows.
func alt(check Check) string {
	counts := map[string]int{}
	for _, attempt := range check.Attempts {
		counts[attempt.Status]++
	}
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[status], status))
	}
	return "timeline of " + plural(len(check.Attempts), "attempt") + ": " + strings.Join(parts, ", ")
}

func percent(part, whole time.Duration) string {
	return fmt.Sprintf("%.2f", min(100*float64(part)/float64(whole), 100))
}

// width is a percentage that is wide enough to be seen: SVG draws nothing that has no width.
func width(part, whole time.Duration) string { return percent(max(part, whole/250), whole) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// brief is a duration as a person reads it.
func brief(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}
