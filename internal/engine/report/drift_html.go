package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

//go:embed drift.html.tmpl
var driftBody string

var driftPage = bodied(driftBody)

type (
	driftView struct {
		Head                      pageHead
		Categories, Costs         []pageFigure
		CostTotal, CostNote, Zero string
		Items                     []driftCard
		MoreItems                 string
		Unverified, Skipped       []driftLine
	}
	// pageFigure is a bar with its name and number beside it.
	pageFigure struct{ Name, Class, Bar, X, Width, Number, Note string }
	driftCard  struct {
		Address, Category, Kind, Region, Cost, Reason, Who, Remediation, Reconciliation, More string

		Changes []driftDiff
	}
	driftDiff struct{ Path, Expected, Actual, Why string }
	driftLine struct{ Name, Count, Why string }
)

// A page shows so many items, and of each so many changes; the JSON has them all.
const (
	mostItems   = 500
	mostChanges = 50
	mostCosts   = 12
)

// HTML is the document as one self-contained page: what differs by category and by cost, and of each resource what to do.
func (d Drift) HTML() ([]byte, error) {
	view := driftView{Head: d.head(), Categories: d.categories()}
	view.costs(d)
	for _, item := range d.Items[:min(len(d.Items), mostItems)] {
		view.Items = append(view.Items, item.card())
	}
	if more := len(d.Items) - mostItems; more > 0 {
		view.MoreItems = fmt.Sprintf("%s more differ; the JSON document lists them all.", plural(more, "resource"))
	}
	for _, one := range d.Unverified {
		view.Unverified = append(view.Unverified, driftLine{Name: name(one.Address), Why: words(one.Reason)})
	}
	for _, kind := range d.skippedTypes() {
		view.Skipped = append(view.Skipped, driftLine{Name: name(kind), Count: thousands(d.Skipped[kind].Count), Why: words(d.Skipped[kind].Reason)})
	}
	return render(driftPage, view)
}

func (d Drift) head() pageHead {
	head := pageHead{Title: d.headline(), Class: "clean", Subject: "Drift", State: "none", Foot: "Values that the state marks as sensitive are not in it."}
	switch {
	case d.Summary.Critical > 0:
		head.Class, head.State = "critical", "critical"
	case d.Summary.Major > 0:
		head.Class, head.State = "major", "major"
	case d.Summary.Unverified > 0:
		head.Class, head.State = "major", "not verified"
	case d.Summary.Minor > 0:
		head.Class, head.State = "minor", "minor"
	}
	head.Lines = []string{fmt.Sprintf("%s of %s compared (%.1f %%)", thousands(d.Summary.Checked), plural(d.Summary.Managed, "resource"), d.CoveragePercent)}
	if d.Run != nil {
		head.Lines[0] += fmt.Sprintf(", %s in %s", plural(int(d.Run.APICalls), "AWS call"), brief(time.Duration(d.Run.DurationMS)*time.Millisecond))
		head.start(d.Run.StartedAt)
	}
	for _, tile := range []struct {
		class, text string
		count       int
	}{{"critical", "critical", d.Summary.Critical}, {"major", "major", d.Summary.Major}, {"minor", "minor", d.Summary.Minor}, {"unsure", "not verified", d.Summary.Unverified}} {
		if tile.count > 0 {
			head.Tiles = append(head.Tiles, pageTile{tile.class, thousands(tile.count), tile.text})
		}
	}
	if d.Summary.MonthlyCostDelta != nil && d.Summary.Total > 0 {
		text := "USD a month"
		if !d.Summary.CostComplete {
			text += ", as far as prices are known"
		}
		head.Tiles = append(head.Tiles, pageTile{"", dollars(*d.Summary.MonthlyCostDelta), text})
	}
	return head
}

// categories are the bars of what differs, by how bad it is, each with what it costs.
func (d Drift) categories() []pageFigure {
	cost, priced := map[string]float64{}, map[string]bool{}
	for _, item := range d.Items {
		if item.MonthlyCostDelta != nil {
			cost[item.Category] += *item.MonthlyCostDelta
			priced[item.Category] = true
		}
	}
	s := d.Summary
	most := max(s.Critical, s.Major, s.Minor, s.Unverified)
	if most == 0 {
		return nil
	}
	var rows []pageFigure
	for _, row := range []struct {
		category, name string
		count          int
	}{{"critical", "critical", s.Critical}, {"major", "major", s.Major}, {"minor", "minor", s.Minor}, {"unverified", "not verified", s.Unverified}} {
		figure := pageFigure{Name: row.name, Class: row.category, Bar: row.category, Width: share(float64(row.count), float64(most)), Number: thousands(row.count)}
		if row.category == "unverified" {
			figure.Class = "unsure"
		}
		if priced[row.category] {
			figure.Note = dollars(cost[row.category]) + " USD a month"
		}
		rows = append(rows, figure)
	}
	return rows
}

// costs draws the resources that cost more or less than the state says, the largest first, from a common zero.
func (v *driftView) costs(d Drift) {
	var priced []DriftItem
	unknown := 0
	for _, item := range d.Items {
		switch {
		case item.MonthlyCostDelta == nil:
			unknown++
		case *item.MonthlyCostDelta != 0:
			priced = append(priced, item)
		}
	}
	if len(priced) == 0 {
		return
	}
	slices.SortStableFunc(priced, func(a, b DriftItem) int {
		return cmp.Compare(math.Abs(*b.MonthlyCostDelta), math.Abs(*a.MonthlyCostDelta))
	})
	var least, most float64
	for _, item := range priced {
		least, most = min(least, *item.MonthlyCostDelta), max(most, *item.MonthlyCostDelta)
	}
	v.Zero = share(-least, most-least)
	for _, item := range priced[:min(len(priced), mostCosts)] {
		delta := *item.MonthlyCostDelta
		figure := pageFigure{Name: name(item.Address), Class: "unsure", Bar: "major", X: v.Zero, Width: share(delta, most-least), Number: dollars(delta)}
		if delta < 0 {
			figure.Class, figure.Bar, figure.X, figure.Width = "good", "", share(delta-least, most-least), share(-delta, most-least)
		}
		v.Costs = append(v.Costs, figure)
	}
	v.CostTotal = strings.TrimSuffix(d.cost(), ".")
	var notes []string
	if more := len(priced) - mostCosts; more > 0 {
		notes = append(notes, fmt.Sprintf("%s more cost less than these.", plural(more, "resource")))
	}
	if unknown > 0 {
		notes = append(notes, fmt.Sprintf("Of %s no price is known.", plural(unknown, "resource")))
	}
	v.CostNote = strings.Join(notes, " ")
}

// dollars writes an amount with its sign, a true minus for what costs less.
func dollars(amount float64) string {
	return strings.Replace(fmt.Sprintf("%+.2f", amount), "-", "−", 1)
}

func (i DriftItem) card() driftCard {
	card := driftCard{
		Address: name(i.Address), Category: spaced(i.Category), Kind: spaced(i.Kind), Region: name(i.Region), Reason: words(i.Reason), Who: words(i.who()),
		Remediation: lines(i.Remediation), Reconciliation: lines(i.Reconciliation),
	}
	if i.MonthlyCostDelta != nil {
		card.Cost = dollars(*i.MonthlyCostDelta) + " USD a month"
	}
	for _, change := range i.Changes[:min(len(i.Changes), mostChanges)] {
		card.Changes = append(card.Changes, driftDiff{
			Path: name(change.Path), Expected: words(value(change.Expected)), Actual: words(value(change.Actual)), Why: spaced(change.Category) + ": " + words(change.Reason),
		})
	}
	if more := len(i.Changes) - mostChanges; more > 0 {
		card.More = fmt.Sprintf("and %s more", plural(more, "attribute"))
	}
	return card
}

// lines are commands, one a line whatever is in them.
func lines(commands []string) string {
	var out strings.Builder
	for _, command := range commands {
		out.WriteString(printable(command) + "\n")
	}
	return out.String()
}
