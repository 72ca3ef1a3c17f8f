package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// timeline prints what happens, with the time since the start.
type timeline struct {
	out   io.Writer
	start time.Time
	mu    sync.Mutex
}

func (t *timeline) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, "%6.1fs  %s\n", time.Since(t.start).Seconds(), fmt.Sprintf(format, args...)) //nolint:errcheck // a terminal
}

func (t *timeline) chapter(title string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, "\n%s\n%s\n", title, strings.Repeat("-", len(title))) //nolint:errcheck // a terminal
}

// excerpt prints the error of a run as Terraform showed it, indented.
func (t *timeline) excerpt(output string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range strings.SplitSeq(errorsOf(output), "\n") {
		fmt.Fprintf(t.out, "         | %s\n", line) //nolint:errcheck // a terminal
	}
}

// errorsOf returns what Terraform printed from its first error on, without the frame.
func errorsOf(output string) string {
	_, after, found := strings.Cut(output, "Error: ")
	if !found {
		return strings.TrimSpace(output)
	}
	var lines []string
	for line := range strings.SplitSeq("Error: "+after, "\n") {
		line = strings.TrimRight(strings.TrimLeft(line, "│╷╵ "), " ")
		if line != "" || (len(lines) > 0 && lines[len(lines)-1] != "") {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
