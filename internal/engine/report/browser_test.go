package report_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
)

// axeFile is what scripts/install-browser leaves; RELIABILITY_AXE can name another.
const axeFile = "../../../.tools/axe-core/axe.min.js"

// findAxe returns the program that looks for what keeps people out: https://github.com/dequelabs/axe-core.
func findAxe(t *testing.T) string {
	t.Helper()
	file := axeFile
	if named := os.Getenv("RELIABILITY_AXE"); named != "" {
		file = named
	}
	program, err := os.ReadFile(file)
	if err != nil {
		lacking(t, "there is no axe-core here: "+installBrowser)
	}
	return string(program)
}

// pages are all kinds of page, each full, empty, and with hostile text in all its fields.
func pages(t *testing.T) map[string][]byte {
	t.Helper()
	drift, few := parsed(t, driftSample(t)), history()
	few.Deployments = few.Deployments[55:]
	all := map[string]func() ([]byte, error){
		"health": everything().HTML, "drift": costly(t).HTML, "switch": reverted().HTML, "switch-well": switched().HTML, "rollback": rolledBack().HTML, "history": history().HTML,

		"health-empty": report.Health{Verdict: "inconclusive", StartedAt: day}.HTML, "drift-empty": report.Drift{}.HTML, "history-empty": report.History{Name: "shop", GeneratedAt: day}.HTML,
		"rollback-empty": report.Rollback{Status: "not_needed", Reason: "the latest deployment shop/000012 is succeeded", StartedAt: day}.HTML, "switch-empty": report.Switch{Traffic: report.Traffic{To: "green", StartedAt: day}}.HTML,

		"health-hostile": poisoned(everything()).HTML, "drift-hostile": poisoned(drift).HTML, "switch-hostile": poisoned(reverted()).HTML, "rollback-hostile": poisoned(rolledBack()).HTML,
		"history-hostile": poisoned(few).HTML,
	}
	out := make(map[string][]byte, len(all))
	for name, html := range all {
		page, err := html()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = page
	}
	return out
}

// poisoned puts hostile text into every field of a document, its statuses included, and into the names in its maps.
func poisoned[T any](document T) T {
	text := attack(1250) // 10,000 characters without a space
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			v.SetString(text)
		case reflect.Pointer:
			if !v.IsNil() {
				fresh := reflect.New(v.Type().Elem())
				fresh.Elem().Set(v.Elem())
				walk(fresh.Elem())
				v.Set(fresh)
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(v.Field(i))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			fresh := reflect.MakeMap(v.Type())
			for i, key := range v.MapKeys() {
				value := reflect.New(v.Type().Elem()).Elem()
				value.Set(v.MapIndex(key))
				walk(value)
				fresh.SetMapIndex(reflect.ValueOf(fmt.Sprint(text, i)), value)
			}
			if !v.IsNil() {
				v.Set(fresh)
			}
		default:
		}
	}
	walk(reflect.ValueOf(&document).Elem())
	return document
}

// TestPagesInABrowser opens each page in Chromium as somebody would, and looks at it in light and dark, at a desk, on a phone and
// printed: axe-core finds nothing that keeps anybody out, nothing has to be moved sideways, nothing runs, asks or is fetched. With
// REPORT_PAGES set to a folder, the pages are left there with pictures of them.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	axe, chromium := findAxe(t), startBrowser(t)
	folder := os.Getenv("REPORT_PAGES")
	if folder == "" {
		folder = t.TempDir()
	}
	all := pages(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		file := filepath.Join(folder, name+".html")
		must(t, os.WriteFile(file, all[name], 0o600))
		page := chromium.open(file)
		page.quiet(name, file)
		page.evaluate(axe, nil)
		page.evaluate(`document.querySelectorAll("details").forEach(d => d.dataset.was = d.open)`, nil)
		for _, look := range []struct {
			name, scheme, media string
			width               int
		}{{"light", "light", "screen", 1200}, {"dark", "dark", "screen", 1200}, {"phone", "light", "screen", 360}, {"phone-dark", "dark", "screen", 360}, {"print", "dark", "print", 794}} {
			page.look(look.scheme, look.width, look.media)
			if os.Getenv("REPORT_PAGES") != "" {
				page.evaluate(`document.querySelectorAll("details").forEach(d => d.open = d.dataset.was === "true")`, nil)
				page.shoot(filepath.Join(folder, name+"-"+look.name), look.width)
			}
			// What is folded is looked at too.
			page.evaluate(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil)
			var wide int
			page.evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &wide)
			if wide > 0 {
				t.Errorf("%s, %s: %d pixels have to be moved sideways", name, look.name, wide)
			}
			if look.media == "print" || look.name == "phone-dark" || strings.Contains(name, "-") && look.name != "light" {
				continue // neither paper nor that phone has colours of its own; an empty or hostile page has those of the full one
			}
			page.axe(name + ", " + look.name)
		}
		page.quiet(name, file)
		page.policed(name)
		page.do("Page.close", object{}, nil)
	}
}

// axe reports what keeps people out: every rule but the experimental ones, those of best practice too.
func (p *tab) axe(name string) {
	p.t.Helper()
	var found []struct {
		ID, Help string
		Nodes    []struct {
			HTML, FailureSummary string
		}
	}
	p.evaluate(`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map(n => ({html: n.html.slice(0, 300), failureSummary: n.failureSummary}))})))`, &found)
	for _, violation := range found {
		p.t.Errorf("%s: axe-core: %s: %s: %+v", name, violation.ID, violation.Help, violation.Nodes)
	}
	var pictures []string
	p.evaluate(`[...document.querySelectorAll("svg[role=img]")].filter(s => !s.querySelector("title")?.textContent.trim() || !s.querySelector("desc")?.textContent.trim()).map(s => s.outerHTML.slice(0, 200))`, &pictures)
	if len(pictures) > 0 {
		p.t.Errorf("%s: pictures without a title and a description: %q", name, pictures)
	}
}

// quiet tells that nothing ran, asked, broke or was fetched but the page itself, and that nothing on it could.
func (p *tab) quiet(name, file string) {
	p.t.Helper()
	for _, event := range p.seen("Page.javascriptDialogOpening", "Runtime.exceptionThrown", "Network.requestWillBeSent", "Log.entryAdded") {
		if !strings.Contains(event, "file://"+file) || strings.Contains(event, "Dialog") || strings.Contains(event, "Log.") {
			p.t.Errorf("%s: %.600s", name, event)
		}
	}
	var active []string
	p.evaluate(`[...document.querySelectorAll("*")].filter(e => ["SCRIPT", "IMG", "IFRAME", "LINK", "A", "FORM", "OBJECT", "EMBED", "BASE", "FOREIGNOBJECT", "USE", "IMAGE"].includes(e.tagName.toUpperCase()) ||
		[...e.attributes].some(a => a.name.startsWith("on") || ["href", "src", "style", "xlink:href"].includes(a.name))).map(e => e.outerHTML.slice(0, 200))`, &active)
	if len(active) > 0 {
		p.t.Errorf("%s: what could act: %q", name, active)
	}
	var styles int
	if p.evaluate(`document.styleSheets.length`, &styles); styles != 1 {
		p.t.Errorf("%s: %d style sheets are in force", name, styles)
	}
}

// policed puts into the page what an attacker would, and expects its policy to stop each.
func (p *tab) policed(name string) {
	p.t.Helper()
	var stopped []string
	p.evaluate(`new Promise(done => {
		const stopped = [], end = () => done([...stopped, window.ran === undefined ? "nothing ran" : "it ran: " + window.ran]), add = (tag, set) => { const e = document.createElement(tag); set(e); document.body.append(e) }
		document.addEventListener("securitypolicyviolation", v => { stopped.push(v.effectiveDirective); if (new Set(stopped).size === 6) setTimeout(end) })
		add("script", e => e.textContent = "window.ran = 1")
		add("script", e => e.src = "data:text/javascript,window.ran=2")
		add("div", e => e.setAttribute("onclick", "window.ran = 3") || e.click())
		add("style", e => e.textContent = "* { display: none }")
		add("div", e => e.setAttribute("style", "display: none"))
		add("img", e => e.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=")
		add("iframe", e => e.src = "data:text/html,<p>")
		setTimeout(end, 30_000)
	})`, &stopped)
	slices.Sort(stopped)
	if got := slices.Compact(stopped); !slices.Equal(got, []string{"frame-src", "img-src", "nothing ran", "script-src-attr", "script-src-elem", "style-src-attr", "style-src-elem"}) {
		p.t.Errorf("%s: the policy stops %q", name, got)
	}
}

// TestPagesHoldNoBytesThatAreObeyed: what is in the file, whatever reads it.
func TestPagesHoldNoBytesThatAreObeyed(t *testing.T) {
	t.Parallel()
	for name, page := range pages(t) {
		if !bytes.Equal(page, bytes.ToValidUTF8(page, nil)) {
			t.Errorf("%s is no UTF-8", name)
		}
		for _, never := range []string{"\x00", "\x1b", "\u0085", "\u202e", "\u2066", "\u200f", "ZgotmplZ"} {
			if bytes.Contains(page, []byte(never)) {
				t.Errorf("%s holds %q", name, never)
			}
		}
		if strings.HasSuffix(name, "-hostile") && !bytes.Contains(page, []byte("&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;")) {
			t.Errorf("%s does not show the hostile text", name)
		}
		if len(page) > 3_000_000 {
			t.Errorf("%s has %d bytes", name, len(page))
		}
	}
}
