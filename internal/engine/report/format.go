package report

import (
	"fmt"
	"strings"
	"unicode"
)

// HealthFormats are what a Health document can be written as, one line each; the names are those of the configuration.
var HealthFormats = map[string]func(Health) ([]byte, error){
	"json":     Health.JSON,
	"junit":    Health.JUnit,
	"markdown": Health.Markdown,
	"html":     Health.HTML,
}

// Write puts the document at path in one of HealthFormats, whole or not at all.
func (h Health) Write(format, path string) error { return writeAs(HealthFormats, h, format, path) }

// writeAs puts a document at path in one of its formats, whole or not at all.
func writeAs[T any](formats map[string]func(T) ([]byte, error), document T, format, path string) error {
	render, ok := formats[format]
	if !ok {
		return fmt.Errorf("report: there is no format %q", format)
	}
	data, err := render(document)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return write(path, data)
}

// printable returns the document with every text made harmless for a page that a person reads.
func (h Health) printable() Health {
	checks := make(map[string]Check, len(h.Checks))
	for name, check := range h.Checks {
		check.Reason = printable(check.Reason)
		attempts := make([]Attempt, 0, len(check.Attempts))
		for _, attempt := range check.Attempts {
			values := make(map[string]string, len(attempt.Values))
			for key, value := range attempt.Values {
				values[printable(key)] = printable(value)
			}
			attempt.Reason, attempt.Values = printable(attempt.Reason), values
			attempts = append(attempts, attempt)
		}
		check.Attempts = attempts
		checks[printable(name)] = check
	}
	h.Checks, h.Deployment = checks, printable(h.Deployment)
	return h
}

// printable replaces what a terminal or browser would obey instead of showing: control characters, and those that turn
// the direction of the text that follows (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing).
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return unicode.ReplacementChar
		default:
			return r
		}
	}, text)
}

// multiline is printable of each line of text.
func multiline(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}
