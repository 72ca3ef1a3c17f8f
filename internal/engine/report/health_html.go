package report

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

//go:embed health.html.tmpl
var healthBody string

var healthPage = bodied(healthBody)

type (
	healthView struct {
		Head   pageHead
		Checks checksView
	}
	// checksView is what the picture of checks and their attempts shows.
	checksView struct{ Checks []pageCheck }
	pageCheck  struct {
		ID, Name, Kind, Class, Glyph, Status, Reason, Numbers, Attempts, Alt string

		Notes    []string
		From, To string
		Bars     []pageBar
		Rows     []pageRow
		Ticks    []string
		Open     bool
	}
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
	head := pageHead{
		Title: "Health checks " + spaced(h.Verdict), Class: h.Verdict, Subject: "Health checks", State: spaced(h.Verdict), Foot: "It holds no header values and no bodies.",
		Lines: []string{plural(len(h.Checks), "check") + " in " + brief(time.Duration(h.DurationMS)*time.Millisecond)},
		Tiles: h.tiles(),
	}
	head.start(h.StartedAt)
	if h.Deployment != "" {
		head.Title += ": " + name(h.Deployment)
		head.Lines = append([]string{"Deployment " + name(h.Deployment)}, head.Lines...)
	}
	var numbers ids
	return render(healthPage, healthView{Head: head, Checks: h.checksView(&numbers)})
}

// tiles count the checks by how they ended.
func (h Health) tiles() []pageTile {
	counts := map[string]int{}
	for _, check := range h.Checks {
		counts[check.Status]++
	}
	var tiles []pageTile
	for _, status := range statusOrder {
		if counts[status] > 0 {
			tiles = append(tiles, pageTile{status, thousands(counts[status]), spaced(status)})
		}
	}
	return tiles
}

// checksView draws the checks, all on one scale of time.
func (h Health) checksView(numbers *ids) checksView {
	total := h.span()
	names := slices.Sorted(maps.Keys(h.Checks))
	slices.SortStableFunc(names, func(a, b string) int { return rank(h.Checks[a]) - rank(h.Checks[b]) })
	var view checksView
	for _, name := range names {
		check := h.pageCheck(name, h.Checks[name], total)
		check.ID, check.Ticks = numbers.next(), ticks(total)
		view.Checks = append(view.Checks, check)
	}
	return view
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

func (h Health) pageCheck(called string, check Check, total time.Duration) pageCheck {
	view := pageCheck{
		Name: name(called), Kind: name(check.Kind), Class: check.Status, Glyph: glyphs[check.Status], Status: spaced(check.Status), Reason: words(check.Reason),
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
		view.Bars = append(view.Bars, span(attempt.Status, from, from+attempt.took(), total, fmt.Sprintf("%s after %s, %s", spaced(attempt.Status), brief(from), brief(attempt.took()))))
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
			Class: attempt.Status, N: i + 1, After: brief(max(attempt.StartedAt.Sub(h.StartedAt), 0)), Status: spaced(attempt.Status), Latency: brief(attempt.took()),
			Share: percent(attempt.took(), max(slowest, time.Millisecond)), Reason: words(attempt.Reason),
		}
		for _, key := range slices.Sorted(maps.Keys(attempt.Values)) {
			row.Values = append(row.Values, name(key)+"="+name(attempt.Values[key]))
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
		parts = append(parts, fmt.Sprintf("%d %s", counts[status], spaced(status)))
	}
	return plural(len(check.Attempts), "attempt") + ": " + strings.Join(parts, ", ")
}
