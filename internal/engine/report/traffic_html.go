package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

type (
	// trafficView is the picture of a switch: of each route who had how much of the traffic, and below it, on the same scale of
	// time, what the checks said.
	trafficView struct {
		ID, Title, Numbers, Alt string

		Lanes  []trafficLane
		Rounds []pageBar
		Ticks  []string
		Rows   []trafficRow
		Open   bool
	}
	trafficLane struct {
		ID, Name, Numbers, Alt string
		Areas                  []trafficArea
	}
	trafficArea struct{ Class, X, Y, Width, Height, Title string }
	trafficRow  struct{ Class, After, What, Route, Blue, Green string }
)

// verdictClasses are the classes of what a round of checks came to.
var verdictClasses = map[string]string{"passed": "pass", "failed": "fail", "inconclusive": "inconclusive"}

// picture draws the traffic.
func (t Traffic) picture(numbers *ids) trafficView {
	total := t.span()
	view := trafficView{ID: numbers.next(), Title: "Traffic and health", Ticks: ticks(total), Numbers: "to " + name(t.To) + " in " + brief(time.Duration(t.DurationMS)*time.Millisecond)}
	for _, key := range slices.Sorted(maps.Keys(t.Routes)) {
		lane := t.lane(key, t.Routes[key], total)
		lane.ID = numbers.next()
		view.Lanes = append(view.Lanes, lane)
	}
	counts := map[string]int{}
	var bad []string
	for _, m := range t.Moments {
		view.Rows = append(view.Rows, m.row(t.StartedAt))
		if m.Rounds == 0 {
			continue
		}
		counts[m.Verdict] += m.Rounds
		from, to := m.At.Sub(t.StartedAt), m.end().Sub(t.StartedAt)
		view.Rounds = append(view.Rounds, span(verdictClasses[m.Verdict], from, to, total, "after "+brief(max(from, 0))+", "+words(m.text())))
		if m.Verdict != "passed" {
			bad = append(bad, fmt.Sprintf("%s after %s", spaced(m.Verdict), brief(max(from, 0))))
		}
	}
	var parts []string
	for _, verdict := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %s", plural(counts[verdict], "round"), spaced(verdict)))
	}
	view.Alt = "Checks: " + strings.Join(parts, ", ") + ". "
	if len(bad) > 0 {
		view.Alt += strings.Join(bad[:min(len(bad), 10)], ", ") + ". "
	}
	view.Alt += "The table below has them."
	return view
}

// span is the time that the picture shows.
func (t Traffic) span() time.Duration {
	total := time.Duration(t.DurationMS) * time.Millisecond
	for _, m := range t.Moments {
		total = max(total, m.end().Sub(t.StartedAt))
	}
	return max(total, time.Millisecond)
}

// lane draws one route: weights change in steps, so that each stretch between two changes is a pair of rectangles.
func (t Traffic) lane(key string, route Route, total time.Duration) trafficLane {
	lane := trafficLane{Name: name(key)}
	if route.Name != "" {
		lane.Name += ": " + name(route.Name)
	}
	share, from := route.Before, time.Duration(0)
	alt := []string{fmt.Sprintf("At the start %s", share)}
	stretch := func(to time.Duration) {
		if to <= from {
			return
		}
		title := fmt.Sprintf("%s to %s: %s", brief(from), brief(to), share)
		x, width, blue := percent(from, total), percent(to-from, total), float64(share.Blue)
		if share.Green > 0 {
			lane.Areas = append(lane.Areas, trafficArea{"green", x, "0", width, fmt.Sprintf("%.2f", 100-blue), title})
		}
		if share.Blue > 0 {
			lane.Areas = append(lane.Areas, trafficArea{"blue", x, fmt.Sprintf("%.2f", 100-blue), width, fmt.Sprintf("%.2f", blue), title})
		}
		from = to
	}
	for _, m := range t.Moments {
		if m.Share == nil || m.Route != key {
			continue
		}
		at := min(max(m.At.Sub(t.StartedAt), 0), total)
		stretch(at)
		share = *m.Share
		alt = append(alt, fmt.Sprintf("after %s %s", brief(at), share))
	}
	stretch(total)
	lane.Numbers = "ended with " + share.String()
	lane.Alt = strings.Join(alt, "; ") + "."
	return lane
}

// String returns "blue 90 %, green 10 %".
func (s Share) String() string { return fmt.Sprintf("blue %d %%, green %d %%", s.Blue, s.Green) }

func (m Moment) row(start time.Time) trafficRow {
	row := trafficRow{Class: verdictClasses[m.Verdict], After: brief(max(m.At.Sub(start), 0)), What: words(m.text()), Route: name(m.Route)}
	if m.Share != nil {
		row.Blue, row.Green = fmt.Sprintf("%d %%", m.Share.Blue), fmt.Sprintf("%d %%", m.Share.Green)
	}
	return row
}
