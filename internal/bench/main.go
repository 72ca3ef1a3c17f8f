// Command bench measures the provider and prints one table, each figure beside what it is compared with in the same
// run. Run it from the project's root with `make bench`; with -write it also puts the table into README.md and
// into the guide on performance, with the curves of growth.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// row is one line of the table.
type row struct {
	What     string
	Ours     string
	Bound    string // what nobody can go below here, and ours in terms of it
	Limit    string // what was promised
	Beside   string // the same, of something else, in the same run
	Ratio    string // ours / beside
	Exceeded bool   // ours is over the limit
}

// A benchmark measures some rows. Adding one is one file and one line here.
type benchmark struct {
	name string
	run  func(ctx context.Context, b *bench) ([]row, error)
}

var benchmarks = []benchmark{
	{"provider", providerRows},
	{"switch", switchRows},
	{"health", healthRows},
	{"rollback", rollbackRows},
	{"levers", leverRows},
	{"growth", growthRows},
	{"curves", curveRows},
	{"drift", driftRows},
}

// bench is what benchmarks share.
type bench struct {
	dir    string // a temporary folder
	mirror string // with hashicorp/aws, or ""
	runs   int
}

func main() {
	only := flag.String("only", "", "run only this benchmark: "+names())
	write := flag.Bool("write", false, "put the table into README.md and "+guide)
	flag.IntVar(&largest, "largest", 100_000, "how large what is made up for the curves becomes; buckets ten times that")
	runs := flag.Int("runs", 5, "runs of each timed figure; the median is shown")
	mirror := flag.String("mirror", workspace.AWSMirror(), "filesystem mirror that holds hashicorp/aws, to measure beside it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only, *write, *runs, *mirror); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // stop only restores the signal handler
	}
}

func names() string {
	var all []string
	for _, b := range benchmarks {
		all = append(all, b.name)
	}
	return strings.Join(all, ", ")
}

func run(ctx context.Context, only string, write bool, runs int, mirror string) error {
	dir, err := os.MkdirTemp("", "reliability-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	b := &bench{dir: dir, mirror: mirror, runs: max(runs, 1)}
	var rows []row
	for _, benchmark := range benchmarks {
		if only != "" && only != benchmark.name {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s ...\n", benchmark.name)
		measured, err := benchmark.run(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", benchmark.name, err)
		}
		rows = append(rows, measured...)
	}
	if len(rows) == 0 {
		return fmt.Errorf("there is no benchmark %q; there are %s", only, names())
	}
	text := table(rows)
	fmt.Println(text)
	if write {
		if err := errors.Join(writeInto("README.md", begin, end, text), writeInto(guide, begin, end, text)); err != nil {
			return err
		}
		if plots := curves(); plots != "" {
			if err := writeInto(guide, beginCurves, endCurves, plots); err != nil {
				return err
			}
		}
	}
	if plots := curves(); plots != "" {
		fmt.Println(plots)
	}
	for _, r := range rows {
		if r.Exceeded {
			return fmt.Errorf("%s: %s is over the limit of %s", r.What, r.Ours, r.Limit)
		}
	}
	return nil
}

func table(rows []row) string {
	lines := []string{"| what | ours | physical limit | promised | beside it | ratio |", "|---|---|---|---|---|---|"}
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", r.What, r.Ours, r.Bound, r.Limit, r.Beside, r.Ratio))
	}
	return strings.Join(lines, "\n")
}

const (
	begin = "<!-- bench: begin -->"
	end   = "<!-- bench: end -->"

	beginCurves = "<!-- growth: begin -->"
	endCurves   = "<!-- growth: end -->"

	// guide is the template of the guide on performance; make docs makes the guide of it.
	guide = "templates/guides/performance.md.tmpl"
)

// largest is how large what is made up for the curves becomes; buckets go to ten times that.
var largest int

// writeInto puts text between two marks of a file.
func writeInto(file, begin, end, text string) error {
	content, err := os.ReadFile(file) //nolint:gosec // the project's own
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(content), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return errors.New(file + " has no place between " + begin + " and " + end)
	}
	return os.WriteFile(file, []byte(before+begin+"\n"+text+"\n"+end+after), 0o600) //nolint:gosec // the project's own
}

// median runs measure several times and returns the median duration.
func (b *bench) median(measure func() (time.Duration, error)) (time.Duration, error) {
	var all []time.Duration
	for range b.runs + 1 {
		d, err := measure()
		if err != nil {
			return 0, err
		}
		all = append(all, d)
	}
	all = all[1:] // the first one warmed up
	slices.Sort(all)
	return all[len(all)/2], nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

func mb(bytes int64) string { return fmt.Sprintf("%.0f MB", float64(bytes)/1e6) }

func ratio[N int | int64 | time.Duration](ours, theirs N) string {
	if theirs == 0 {
		return ""
	}
	return fmt.Sprintf("%.3g", float64(ours)/float64(theirs))
}
