package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Markdown is the document as a table for a pull request or a build summary.
func (h Health) Markdown() ([]byte, error) {
	h = h.printable()
	var out strings.Builder
	fmt.Fprintf(&out, "## Health checks: %s\n\n%d checks in %s, started %s", h.Verdict, len(h.Checks), time.Duration(h.DurationMS)*time.Millisecond, h.StartedAt.UTC().Format(time.RFC3339))
	if h.Deployment != "" {
		fmt.Fprintf(&out, ", deployment `%s`", h.Deployment)
	}
	out.WriteString(".\n\n| check | kind | status | attempts | latency | reason |\n|---|---|---|---:|---:|---|\n")
	for _, name := range slices.Sorted(maps.Keys(h.Checks)) {
		check := h.Checks[name]
		fmt.Fprintf(&out, "| %s | %s | %s | %d | %d ms | %s |\n", cell(name), check.Kind, status(check), len(check.Attempts), check.LatencyMS, cell(check.Reason))
	}
	return []byte(out.String()), nil
}

func status(check Check) string {
	text := strings.ReplaceAll(check.Status, "_", " ")
	if check.Advisory {
		return text + " (advisory)"
	}
	return text
}

// cell keeps text within its cell, and from being read as markup or obeyed.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", ">", "&gt;", "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`).Replace(printable(text))
}
