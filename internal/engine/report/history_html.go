package report

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"
)

//go:embed history.html.tmpl
var historyBody string

var historyPage = bodied(historyBody)

type (
	historyView struct {
		Head                                             pageHead
		ID, Alt, StripNote, Oldest, Newest, RecoveryNote string

		Strip       []historyColumn
		Recoveries  []pageFigure
		Switches    []trafficView
		Quarantine  []historyQuarantine
		Rows, Older []historyRow
		OlderNote   string
	}
	historyColumn     struct{ Class, Bar, X, Middle, Width, Y, Height, Title, Glyph string }
	historyQuarantine struct{ Release, Since, Deployment, Why string }
	historyRow        struct{ Class, ID, Release, Glyph, Status, Started, Took, Recovery, Reason string }
)

// What a page shows at once.
const (
	mostColumns    = 40
	mostRecoveries = 20
	mostSwitches   = 3
	mostRows       = 50
)

var historyGlyphs = map[string]string{"succeeded": "✓", "failed": "✕", "rolled_back": "↺", "abandoned": "–", "open": "?"}

// HTML is the document as one self-contained page: how the latest went, how long recovery took, where the traffic was, and all
// of them in a table.
func (h History) HTML() ([]byte, error) {
	var numbers ids
	newest := slices.Clone(h.Deployments)
	slices.Reverse(newest)
	view := historyView{Head: h.head(newest), ID: numbers.next()}
	view.strip(newest[:min(len(newest), mostColumns)])
	view.recoveries(newest)
	for _, d := range newest {
		if d.Traffic != nil && len(view.Switches) < mostSwitches {
			picture := d.Traffic.picture(&numbers)
			picture.Title = name(d.ID) + ", " + name(d.Release)
			picture.Numbers += ", " + moment(d.Traffic.StartedAt)
			view.Switches = append(view.Switches, picture)
		}
	}
	for _, q := range h.Quarantine {
		view.Quarantine = append(view.Quarantine, historyQuarantine{name(q.Release), minute(q.At), name(q.Deployment), words(q.Reason)})
	}
	for _, d := range newest {
		view.Rows = append(view.Rows, d.row())
	}
	if len(view.Rows) > mostRows {
		view.Rows, view.Older = view.Rows[:mostRows], view.Rows[mostRows:]
		view.OlderNote = plural(len(view.Older), "older deployment")
	}
	return render(historyPage, view)
}

func minute(at time.Time) string { return at.UTC().Format("2006-01-02 15:04") }

func (h History) head(newest []Deployment) pageHead {
	head := pageHead{Title: "Deployments of " + name(h.Name), Class: "none", Subject: "Deployments of " + name(h.Name), State: "none yet", Lines: []string{"As of " + moment(h.GeneratedAt)}}
	if len(newest) > 0 {
		latest := newest[0]
		head.Class, head.State = latest.Status, "latest "+latest.words()
		head.Lead = fmt.Sprintf("%s, release %s", name(latest.ID), name(latest.Release))
	}
	s := h.Summary
	head.Tiles = append(head.Tiles, pageTile{"", thousands(s.Total), noun(s.Total, "deployment")})
	if s.SuccessRate != nil {
		head.Tiles = append(head.Tiles, pageTile{"good", rate(*s.SuccessRate), "success rate"})
	}
	if s.ChangeFailureRate != nil {
		tile := pageTile{"bad", rate(*s.ChangeFailureRate), "change failure rate"}
		if *s.ChangeFailureRate == 0 {
			tile.Class = "good"
		}
		head.Tiles = append(head.Tiles, tile)
	}
	if s.MeanRecoverySeconds != nil {
		head.Tiles = append(head.Tiles, pageTile{"unsure", brief(secondsOf(*s.MeanRecoverySeconds)), "mean recovery"})
	}
	return head
}

// strip draws the latest deployments side by side, oldest first, each as high as it took. One that
// took far longer than most, as one does that nobody judged for days, is cut, so that the others can be told apart.
func (v *historyView) strip(newest []Deployment) {
	if len(newest) == 0 {
		return
	}
	const top, room, gap = 2.0, 40.0, 0.16
	cell := 100 / float64(max(len(newest), 12))
	counts, longest := map[string]int{}, tallest(newest)
	for i, d := range slices.Backward(newest) {
		at := float64(len(newest) - 1 - i)
		height := room / 8
		if d.DurationSeconds != nil {
			height = max(height, room*min(*d.DurationSeconds/longest, 1))
		}
		column := historyColumn{
			Class: d.Status, Bar: d.Status, X: fmt.Sprintf("%.2f", cell*(at+gap/2)), Middle: fmt.Sprintf("%.2f", cell*(at+0.5)), Width: fmt.Sprintf("%.2f", cell*(1-gap)),
			Y: fmt.Sprintf("%.1f", top+room-height), Height: fmt.Sprintf("%.1f", height), Glyph: historyGlyphs[d.Status],
			Title: fmt.Sprintf("%s, release %s: %s %s", name(d.ID), name(d.Release), d.words(), d.took()),
		}
		v.Strip = append(v.Strip, column)
		counts[d.Status]++
	}
	var parts []string
	for _, status := range []string{"succeeded", "failed", "rolled_back", "abandoned", "open"} {
		if counts[status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[status], spaced(status)))
		}
	}
	v.Alt = strings.Join(parts, ", ") + "."
	v.StripNote = "the latest " + plural(len(newest), "deployment")
	v.Oldest, v.Newest = name(newest[len(newest)-1].ID), name(newest[0].ID)
}

// tallest is the duration, in seconds, that is as high as there is room: the longest, or four times the median.
func tallest(deployments []Deployment) float64 {
	var all []float64
	for _, d := range deployments {
		if d.DurationSeconds != nil {
			all = append(all, *d.DurationSeconds)
		}
	}
	if len(all) == 0 {
		return 1
	}
	slices.Sort(all)
	return max(min(all[len(all)-1], 4*all[len(all)/2]), 0.001)
}

// recoveries draws how long it took to recover from the latest that were rolled back, all on one scale.
func (v *historyView) recoveries(newest []Deployment) {
	var back []Deployment
	for _, d := range newest {
		if d.RecoverySeconds != nil {
			back = append(back, d)
		}
	}
	all := len(back)
	back = back[:min(len(back), mostRecoveries)]
	var scale time.Duration
	for _, d := range back {
		scale = max(scale, secondsOf(*d.RecoverySeconds))
		if d.RecoveryBudgetSeconds != nil {
			scale = max(scale, secondsOf(*d.RecoveryBudgetSeconds))
		}
	}
	within, budgeted := 0, 0
	for _, d := range back {
		took := secondsOf(*d.RecoverySeconds)
		figure := pageFigure{Name: name(d.ID) + ", " + name(d.Release), Class: "good", Width: percent(max(took, scale/200), scale), Number: brief(took)}
		if d.RecoveryBudgetSeconds != nil {
			budget := secondsOf(*d.RecoveryBudgetSeconds)
			budgeted++
			figure.X, figure.Note = percent(budget, scale), "of "+brief(budget)
			if took > budget {
				figure.Class, figure.Bar, figure.Note = "bad", "over", "of "+brief(budget)+", too long"
			} else {
				within++
			}
		}
		v.Recoveries = append(v.Recoveries, figure)
	}
	if budgeted > 0 {
		v.RecoveryNote = fmt.Sprintf("%d of %d within budget; the line is the budget", within, budgeted)
	}
	if all > len(back) {
		v.RecoveryNote += fmt.Sprintf("; the latest %d of %d", len(back), all)
	}
}

func (d Deployment) row() historyRow {
	return historyRow{
		Class: d.Status, ID: name(d.ID), Release: name(d.Release), Glyph: historyGlyphs[d.Status], Status: d.words(), Started: minute(d.StartedAt), Took: d.took(), Recovery: d.recovery(),
		Reason: words(d.Reason),
	}
}
