package report

import (
	"bytes"
	"html/template"
	"maps"
	"slices"
	"time"
)

// page needs nothing from outside: no script, no font, no style sheet.
var page = template.Must(template.New("health").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Health checks: {{.Verdict}}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1b1b; background: #fff }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #ccc }
.passed { color: #166534 } .failed, .error, .timed_out { color: #991b1b; font-weight: 600 } .inconclusive, .skipped { color: #854d0e }
</style>
</head>
<body>
<h1>Health checks: <span class="{{.Verdict}}">{{.Verdict}}</span></h1>
<p>{{len .Rows}} checks in {{.Took}}, started <time datetime="{{.Started}}">{{.Started}}</time>{{with .Deployment}}, deployment {{.}}{{end}}.</p>
<table>
<thead><tr><th scope="col">Check</th><th scope="col">Kind</th><th scope="col">Status</th><th scope="col">Attempts</th><th scope="col">Latency</th><th scope="col">Reason</th></tr></thead>
<tbody>
{{- range .Rows}}
<tr><th scope="row">{{.Name}}</th><td>{{.Kind}}</td><td class="{{.Class}}">{{.Status}}</td><td>{{.Attempts}}</td><td>{{.LatencyMS}} ms</td><td>{{.Reason}}</td></tr>
{{- end}}
</tbody>
</table>
</body>
</html>
`))

type pageRow struct {
	Name, Kind, Class, Status, Reason string
	Attempts                          int
	LatencyMS                         int64
}

// HTML is the document as one self-contained page.
func (h Health) HTML() ([]byte, error) {
	view := struct {
		Verdict, Started, Deployment string
		Took                         time.Duration
		Rows                         []pageRow
	}{h.Verdict, h.StartedAt.UTC().Format(time.RFC3339), h.Deployment, time.Duration(h.DurationMS) * time.Millisecond, nil}
	for _, name := range slices.Sorted(maps.Keys(h.Checks)) {
		check := h.Checks[name]
		view.Rows = append(view.Rows, pageRow{name, check.Kind, check.Status, status(check), check.Reason, len(check.Attempts), check.LatencyMS})
	}
	var out bytes.Buffer
	err := page.Execute(&out, view)
	return out.Bytes(), err
}
