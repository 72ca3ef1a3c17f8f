// Command table makes the table of make proof: it reads what the proofs counted and what go test -json said, writes the table
// into the guide between its two marks, prints it, and ends non-zero on a loss, or when a proof did not run.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

// The marks between which the table stands in the guide.
const (
	begins = "<!-- make proof writes what follows -->"
	ends   = "<!-- make proof wrote what precedes -->"
)

func main() {
	counted := flag.String("counted", "", "file with what internal/proof counted, one JSON object a line")
	tested := flag.String("tested", "", "file with the output of go test -json")
	guide := flag.String("guide", "", "file into which the table is written")
	date := flag.String("date", "", "day of the run")
	version := flag.String("version", "", "commit that was run")
	flag.Parse()
	if err := run(*counted, *tested, *guide, *date, *version); err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		os.Exit(1)
	}
}

func run(counted, tested, guide, date, version string) error {
	rows, err := readCounted(counted)
	if err != nil {
		return err
	}
	more, err := readTested(tested)
	if err != nil {
		return err
	}
	rows = append(rows, more...)
	text := table(rows, date, version)
	fmt.Println(text) //nolint:forbidigo // what it is for
	if err := verdict(rows); err != nil {
		return err // the guide keeps the last proof that held
	}
	return replace(guide, text)
}

// replace puts text between the marks of a file.
func replace(path, text string) error {
	page, err := os.ReadFile(path) //nolint:gosec // named by whoever runs us
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(page), begins)
	_, after, closed := strings.Cut(rest, ends)
	if !found || !closed {
		return fmt.Errorf("%s has not both of the marks %q and %q", path, begins, ends)
	}
	return os.WriteFile(path, []byte(before+begins+"\n\n"+text+"\n\n"+ends+after), 0o644) //nolint:gosec // a page of the documentation
}
