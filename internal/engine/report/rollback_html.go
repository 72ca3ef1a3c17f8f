package report

import (
	_ "embed"
	"fmt"
	"time"
)

//go:embed rollback.html.tmpl
var rollbackBody string

var rollbackPage = bodied(rollbackBody)

type (
	rollbackView struct {
		Head    pageHead
		Against string
		Budget  *pageFigure
		Lanes   []rollbackLane
		Ticks   []string
		Targets []rollbackCard
		Traffic *trafficView
		Verify  *rollbackVerify
	}
	rollbackLane struct {
		ID, Name, Class, Numbers, Alt, Begun, Changed, Checked string
		Bars                                                   []pageBar
	}
	rollbackCard struct {
		Name, Class, Status, Service, Numbers, Captured, Error, Summary, More string

		Changes []Change
		Open    bool
	}
	rollbackVerify struct {
		Verdict string
		Checks  checksView
	}
)

// HTML is the document as one self-contained page: how long recovery took, target by target, what was changed, and what the
// checks said afterwards.
func (r Rollback) HTML() ([]byte, error) {
	var numbers ids
	view := rollbackView{Head: r.head(), Against: r.against(), Budget: r.budgetBar()}
	total := r.span()
	for _, key := range r.order() {
		target := r.Targets[key]
		view.Targets = append(view.Targets, target.card(key))
		if target.BegunMS != nil {
			lane := target.lane(key, total)
			lane.ID = numbers.next()
			view.Lanes = append(view.Lanes, lane)
		}
	}
	view.Ticks = ticks(total)
	if r.Traffic != nil {
		view.Traffic = new(r.Traffic.picture(&numbers))
		view.Traffic.Title, view.Traffic.Numbers = "Before the rollback", view.Traffic.Numbers+", "+moment(r.Traffic.StartedAt)
	}
	if r.Verify != nil {
		view.Verify = &rollbackVerify{Verdict: spaced(r.Verify.Verdict), Checks: r.Verify.checksView(&numbers)}
	}
	return render(rollbackPage, view)
}

var rollbackStates = map[string]string{"not_needed": "not needed", "restored": "complete", "partial": "partial"}

func (r Rollback) head() pageHead {
	state := rollbackStates[r.Status]
	if state == "" {
		state = "failed"
	}
	head := pageHead{Title: r.headline(), Class: r.Status, Subject: "Rollback", State: state, Lead: words(r.Reason)}
	if r.Snapshot != "" {
		head.Title += ": " + name(r.Snapshot)
		head.Subject += " to " + name(r.Snapshot)
	}
	switch {
	case r.Undone:
		head.Lines = append(head.Lines, "The release is not live, and in quarantine.")
	case r.Status == "not_needed":
		head.Lines = append(head.Lines, "Nothing was changed.")
	}
	head.start(r.StartedAt)
	counts := map[string]int{}
	for _, target := range r.Targets {
		counts[target.Status]++
	}
	for _, status := range []string{"failed", "partial", "restored", "not_needed"} {
		if counts[status] > 0 {
			head.Tiles = append(head.Tiles, pageTile{status, thousands(counts[status]), noun(counts[status], "target") + " " + spaced(status)})
		}
	}
	if r.things() > 0 {
		head.Tiles = append(head.Tiles, pageTile{"", thousands(r.things()), noun(r.things(), "change")}, recoveryTile(r.recovery(), r.budget()))
	}
	if r.Verify != nil {
		head.Tiles = append(head.Tiles, pageTile{r.Verify.Verdict, spaced(r.Verify.Verdict), "health afterwards"})
	}
	return head
}

// budgetBar draws the recovery beside what was allowed.
func (r Rollback) budgetBar() *pageFigure {
	if r.budget() <= 0 {
		return nil
	}
	return budgetFigure("recovery", r.recovery(), r.budget())
}

// budgetFigure is a bar as long as it took, with a line at what was allowed.
func budgetFigure(called string, took, budget time.Duration) *pageFigure {
	scale := max(took, budget)
	figure := &pageFigure{Name: called, Class: "good", X: percent(budget, scale), Width: percent(max(took, scale/200), scale), Number: brief(took), Note: "of " + brief(budget)}
	if took > budget {
		figure.Class, figure.Bar, figure.Note = "bad", "over", "of "+brief(budget)+", too long"
	}
	return figure
}

// span is the time that the lanes show.
func (r Rollback) span() time.Duration {
	total := r.recovery()
	for _, target := range r.Targets {
		if target.BegunMS != nil {
			total = max(total, time.Duration(*target.BegunMS+target.took())*time.Millisecond)
		}
	}
	return max(total, time.Millisecond)
}

func (t Target) lane(key string, total time.Duration) rollbackLane {
	at := func(ms *int64) (time.Duration, string) {
		if ms == nil {
			return 0, "never"
		}
		d := time.Duration(*ms) * time.Millisecond
		return d, brief(d)
	}
	begun, begunText := at(t.BegunMS)
	changed, changedText := at(t.ChangedMS)
	checked, checkedText := at(t.CheckedMS)
	lane := rollbackLane{Name: name(key), Class: t.Status, Begun: begunText, Changed: changedText, Checked: checkedText, Numbers: spaced(t.Status)}
	lane.Alt = fmt.Sprintf("Begun after %s, changed after %s, read back after %s.", begunText, changedText, checkedText)
	class := ""
	if t.Error != "" {
		class = "failed"
	}
	if t.ChangedMS == nil {
		changed = total
	}
	lane.Bars = []pageBar{span(class, begun, changed, total, "changed from "+begunText+" to "+changedText)}
	if t.CheckedMS != nil && t.ChangedMS != nil {
		lane.Bars = append(lane.Bars, span("checking", changed, checked, total, "read back after "+checkedText))
		lane.Numbers = "back after " + checkedText
	}
	return lane
}

func (t Target) card(key string) rollbackCard {
	card := rollbackCard{
		Name: name(key), Class: t.Status, Status: spaced(t.Status), Service: name(t.Service), Captured: words(t.Captured), Error: words(t.Error), Summary: "What was changed",
		Numbers: plural(t.Things, "change"), Open: len(t.Changes) <= 10,
	}
	for _, change := range t.Changes {
		card.Changes = append(card.Changes, Change{Action: spaced(change.Action), Detail: words(change.Detail), Reversible: change.Reversible})
	}
	if t.More > 0 {
		card.More = fmt.Sprintf("and %s more", thousands(t.More))
	}
	return card
}
