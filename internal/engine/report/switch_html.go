package report

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"time"
)

//go:embed switch.html.tmpl
var switchBody string

var switchPage = bodied(switchBody)

type (
	switchView struct {
		Head    pageHead
		Traffic trafficView
		Routes  []switchRoute
		Failed  *switchFailed
	}
	switchRoute  struct{ Key, Name, BlueBefore, GreenBefore, Blue, Green string }
	switchFailed struct {
		Stage  string
		Checks checksView
	}
)

var switchStates = map[string]string{"steady": "completed", "reverted": "moved back", "held": "held", "interrupted": "interrupted"}

// HTML is the document as one self-contained page: the traffic over time with the health below it, and the checks that ended it.
func (s Switch) HTML() ([]byte, error) {
	var numbers ids
	view := switchView{Head: s.head(), Traffic: s.picture(&numbers)}
	view.Traffic.Open = s.Status != "steady"
	for _, key := range slices.Sorted(maps.Keys(s.Routes)) {
		route := s.Routes[key]
		row := switchRoute{Key: name(key), Name: name(route.Name), BlueBefore: whole(route.Before.Blue), GreenBefore: whole(route.Before.Green), Blue: "unknown", Green: "unknown"}
		if route.Live != nil {
			row.Blue, row.Green = whole(route.Live.Blue), whole(route.Live.Green)
		}
		view.Routes = append(view.Routes, row)
	}
	if s.Failed != nil {
		view.Failed = &switchFailed{Stage: spaced(s.Failed.Verdict), Checks: s.Failed.checksView(&numbers)}
	}
	return render(switchPage, view)
}

func whole(percent int) string { return fmt.Sprintf("%d %%", percent) }

func (s Switch) head() pageHead {
	state := switchStates[s.Status]
	head := pageHead{
		Title: words(s.headline()), Class: s.Status, Subject: "Switch to " + name(s.To), State: state, Lead: words(s.Reason), Foot: "It holds no header values and no bodies.",
		Lines: []string{fmt.Sprintf("%s in %s", plural(len(s.Routes), "route"), brief(time.Duration(s.DurationMS)*time.Millisecond))},
	}
	switch {
	case s.Status == "steady" && !s.Moved:
		head.Class, head.State = "passed", "not needed"
	case s.Status == "steady":
		head.Class = "passed"
	case state == "":
		head.Class, head.State = "failed", "not begun"
	}
	if s.Deployment != "" {
		head.Lines = append([]string{"Deployment " + name(s.Deployment)}, head.Lines...)
	}
	head.start(s.StartedAt)
	target, known := 100, len(s.Routes) > 0
	for _, route := range s.Routes {
		if route.Live == nil {
			known = false
			continue
		}
		share := route.Live.Green
		if s.To == "blue" {
			share = route.Live.Blue
		}
		target = min(target, share)
	}
	live := pageTile{Class: head.Class, Value: whole(target), Text: "of the traffic on " + name(s.To)}
	if !known {
		live.Value = "unknown"
	}
	head.Tiles = append(head.Tiles, live)
	rounds := 0
	for _, m := range s.Moments {
		rounds += m.Rounds
	}
	if rounds > 0 {
		head.Tiles = append(head.Tiles, pageTile{"", thousands(rounds), "rounds of checks"})
	}
	if recovery, ok := s.recovery(); ok {
		head.Tiles = append(head.Tiles, recoveryTile(recovery, time.Duration(s.RecoveryBudgetMS)*time.Millisecond))
	}
	return head
}

// recoveryTile is how long recovery took beside how long it was allowed to take.
func recoveryTile(took, budget time.Duration) pageTile {
	tile := pageTile{Class: "good", Value: brief(took), Text: "to recover"}
	if budget > 0 {
		tile.Text += ", " + brief(budget) + " allowed"
		if took > budget {
			tile.Class = "bad"
		}
	}
	return tile
}
