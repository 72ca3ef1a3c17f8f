package report

import (
	"bytes"
	_ "embed"
	"html/template"
)

//go:embed drift.html.tmpl
var driftPageText string

var driftPage = template.Must(template.New("drift").Funcs(template.FuncMap{"value": value, "printable": printable}).Parse(driftPageText))

// HTML is the document as one self-contained page: it asks for nothing from outside, and its policy forbids it.
func (d Drift) HTML() ([]byte, error) {
	type itemView struct {
		DriftItem
		Who string
	}
	items := make([]itemView, 0, len(d.Items))
	for _, item := range d.Items {
		items = append(items, itemView{item, item.who()})
	}
	worst := "clean"
	switch {
	case d.Summary.Critical > 0:
		worst = "critical"
	case d.Summary.Major > 0 || d.Summary.Unverified > 0:
		worst = "major"
	case d.Summary.Minor > 0:
		worst = "minor"
	}
	var out bytes.Buffer
	err := driftPage.Execute(&out, map[string]any{
		"Worst": worst, "Headline": d.headline(), "Coverage": d.coverage(), "Cost": d.cost(), "Items": items, "Unverified": d.Unverified, "Skipped": d.Skipped, "Types": d.skippedTypes(),
	})
	return out.Bytes(), err
}
