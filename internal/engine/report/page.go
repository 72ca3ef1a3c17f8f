package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the templates
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Every page is one file of one design: page.html.tmpl is its frame and the pictures that several pages draw, page.css its
// only style sheet, and each kind of document adds a body. It holds no script and asks for nothing from outside, and its policy
// forbids both: the one style sheet is let in by its digest.
//
//go:embed page.html.tmpl
var frameText string

//go:embed page.css
var styleText string

var frame = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("frame").Funcs(template.FuncMap{
		"style":  func() template.HTML { return template.HTML("<style>" + styleText + "</style>") }, //nolint:gosec // ours, from page.css
		"policy": policy,
		"class":  class,
	}).Parse(frameText))
})

// policy is the page's content security policy (https://www.w3.org/TR/CSP3/). A page that is opened from a folder has no
// header to carry it.
func policy() template.HTML {
	sum := sha256.Sum256([]byte(styleText))
	return template.HTML(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-` + //nolint:gosec // no text from outside is in it
		base64.StdEncoding.EncodeToString(sum[:]) + `'; base-uri 'none'; form-action 'none'">`)
}

// bodied makes the frame with the body of one kind of document when it is first asked for: most processes of the provider write none.
func bodied(body string) func() *template.Template {
	return sync.OnceValue(func() *template.Template {
		return template.Must(template.Must(frame().Clone()).New("body").Parse(body))
	})
}

// render executes a page. Whatever text is in it comes out as text: the template escapes markup, and what a browser would obey
// instead of showing is replaced at the end, for all of the page.
func render(page func() *template.Template, view any) ([]byte, error) {
	var out bytes.Buffer
	if err := page().ExecuteTemplate(&out, "page", view); err != nil {
		return nil, err
	}
	return []byte(multiline(out.String())), nil
}

type (
	// pageHead is what each page begins with: what it is about, how that ended, and the figures that matter most.
	pageHead struct {
		Title, Class, Subject, State, Lead string

		Lines                []string
		Started, StartedText string
		Tiles                []pageTile
		Foot                 string
	}
	pageTile struct{ Class, Value, Text string }
	// pageBar is a bar of a picture, in percent of its width.
	pageBar struct{ Class, X, Width, Title string }
)

// start says when it began.
func (h *pageHead) start(at time.Time) {
	if !at.IsZero() {
		h.Started, h.StartedText = at.UTC().Format(time.RFC3339), moment(at)
	}
}

// ids names the pictures of a page, so that each finds its own title.
type ids int

func (i *ids) next() string {
	*i++
	return fmt.Sprintf("p%d", *i)
}

// The longest texts that a page shows, in characters: what is longer than a person reads is cut, and the JSON has it.
const (
	longestName = 160
	longestText = 1500
)

func name(text string) string  { return clip(text, longestName) }
func words(text string) string { return clip(text, longestText) }

// class is a word that the style sheet may know: a status is part of a document, and what a document says decides upon nothing else.
func class(word string) string {
	if len(word) > 20 || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "none"
	}
	return word
}

// clip shortens text to n characters and says how many are missing.
func clip(text string, n int) string {
	count := utf8.RuneCountInString(text)
	if count <= n {
		return text
	}
	return fmt.Sprintf("%s… (%d more characters)", string([]rune(text)[:n]), count-n)
}

// ticks are the five labels below a picture of that time.
func ticks(total time.Duration) []string {
	var labels []string
	for i := range 5 {
		labels = append(labels, brief(total*time.Duration(i)/4))
	}
	return labels
}

// span returns the bar of a stretch of time, wide enough to be seen: SVG draws nothing that has no width.
func span(class string, from, to, total time.Duration, title string) pageBar {
	least := total / 120
	from = min(max(from, 0), total-least)
	return pageBar{class, percent(from, total), percent(max(to-from, least), total), title}
}

func percent(part, whole time.Duration) string { return share(float64(part), float64(whole)) }

// share is part of whole in percent, from 0 to 100.
func share(part, whole float64) string {
	if whole <= 0 {
		return "0.00"
	}
	return fmt.Sprintf("%.2f", max(min(100*part/whole, 100), 0))
}

func plural(n int, what string) string { return thousands(n) + " " + noun(n, what) }

func noun(n int, what string) string {
	if n == 1 {
		return what
	}
	return what + "s"
}

// thousands writes a number with a space before each group of three.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

// moment is a time as a person reads it.
func moment(at time.Time) string { return at.UTC().Format("2 January 2006, 15:04:05 UTC") }

// brief is a duration as a person reads it.
func brief(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return two(d, time.Minute, "min", time.Second, "s")
	case d < 48*time.Hour:
		return two(d, time.Hour, "h", time.Minute, "min")
	default:
		return two(d, 24*time.Hour, "d", time.Hour, "h")
	}
}

func two(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	d = d.Round(small)
	if rest := d % large; rest > 0 {
		return fmt.Sprintf("%d %s %d %s", d/large, largeName, rest/small, smallName)
	}
	return fmt.Sprintf("%d %s", d/large, largeName)
}

func secondsOf(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func spaced(status string) string { return name(strings.ReplaceAll(status, "_", " ")) }
