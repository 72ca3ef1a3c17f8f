package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime/metrics"
	"slices"
	"strings"
	"time"
)

// A curve is how time and memory grow with the size of what is worked on.
type curve struct {
	name, what string
	letter     byte // of it in the picture
	flat       bool // memory must not follow the size
	// steepest is the exponent of time that it may have where that is not the common one: a gate looks up each check by its name, in tables
	// that a processor's cache holds up to some ten thousand, and not beyond.
	steepest float64
	points   []point
}

type point struct {
	size      int
	processor time.Duration
	heap      int64 // the most that was in use after a collection
}

// measured are the curves of this run.
var measured []curve

// curveRows measure each kind of work at ten times the size, again and again.
func curveRows(ctx context.Context, _ *bench) ([]row, error) {
	works := []struct {
		curve   curve
		largest int
		do      func(ctx context.Context, size int) error
	}{
		{curve{name: "drift", what: "a state is read, and each of its resources compared", letter: 'D'}, largest, growDrift},
		{curve{name: "capture", what: "a made-up bucket is listed and captured", letter: 'C', flat: true}, 10 * largest, growCapture},
		{curve{name: "restore", what: "every object of a made-up bucket is found changed and copied back", letter: 'R'}, 10 * largest, growRestore},
		{curve{name: "gate", what: "a gate of so many checks that pass at once", letter: 'G', steepest: 1.4}, largest, growGate},
	}
	measured = nil
	var rows []row
	for _, work := range works {
		for _, size := range sizes(work.largest) {
			at, err := measureOne(ctx, size, work.do)
			if err != nil {
				return nil, fmt.Errorf("%s of %d: %w", work.curve.name, size, err)
			}
			fmt.Fprintf(os.Stderr, "  %s of %d: %s\n", work.curve.name, size, tenths(at.processor))
			work.curve.points = append(work.curve.points, at)
		}
		measured = append(measured, work.curve)
		last := work.curve.points[len(work.curve.points)-1]
		worse := work.curve.worse()
		rows = append(rows, row{
			What: fmt.Sprintf("growth of %s: exponent of processor time in the larger half of the sizes", work.curve.name), Ours: strings.Join(slices.DeleteFunc([]string{fmt.Sprintf("%.2f", work.curve.slope()), worse}, func(text string) bool { return text == "" }), ": "),
			Bound: "each is looked at: 1", Limit: fmt.Sprintf("%.2f; memory %s", work.curve.limit(), work.curve.memory()), Beside: fmt.Sprintf("%d: %s, heap %s", last.size, ms(last.processor), mb(last.heap)), Exceeded: worse != "",
		})
	}
	return rows, nil
}

// sizes go by tens from a thousand, and end with the largest.
func sizes(largest int) (all []int) {
	for size := 1000; size < largest; size *= 10 {
		all = append(all, size)
	}
	return append(all, largest)
}

// memory is how memory may grow, in words.
func (c curve) memory() string {
	if c.flat {
		return "does not follow the size"
	}
	return fmt.Sprintf("%.2f", steepestHeap)
}

// measureOne does a thing as often as it takes to have something to measure, and takes the quickest.
func measureOne(ctx context.Context, size int, do func(context.Context, int) error) (point, error) {
	best := point{size: size, processor: time.Hour}
	var all time.Duration
	for runs := 0; runs < 2 || (runs < 10 && all < 8*time.Second); runs++ {
		before := held()
		stop, most := watchHeap()
		began, err := processor()
		if err != nil {
			return best, err
		}
		err = do(ctx, size)
		ended, failure := processor()
		stop()
		if err != nil || failure != nil {
			return best, fmt.Errorf("%w %w", err, failure)
		}
		spent := ended - began
		all += spent
		if spent < best.processor {
			best.processor, best.heap = spent, max(most()-before, 0)
		}
	}
	return best, nil
}

// watchHeap looks now and then at what was in use after the last collection.
func watchHeap() (stop func(), most func() int64) {
	done, ended := make(chan struct{}), make(chan struct{})
	var top int64
	go func() { // owner: stop waits for it
		defer close(ended)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for {
			metrics.Read(sample)
			top = max(top, int64(sample[0].Value.Uint64())) //nolint:gosec // far below
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	return func() { close(done); <-ended }, func() int64 { return top }
}

// curves are a table and a picture of what was measured; "" when nothing was.
func curves() string {
	if len(measured) == 0 {
		return ""
	}
	lines := []string{"| what | size | processor time | of one | heap |", "|---|---:|---:|---:|---:|"}
	for _, c := range measured {
		for _, p := range c.points {
			lines = append(lines, fmt.Sprintf("| %s: %s | %d | %s | %s | %s |", c.name, c.what, p.size, tenths(p.processor), us(p.processor/time.Duration(p.size)), mb(p.heap)))
		}
	}
	var legend []string
	for _, c := range measured {
		legend = append(legend, fmt.Sprintf("%c %s (exponent %.2f)", c.letter, c.name, c.slope()))
	}
	return strings.Join(lines, "\n") + "\n\nBoth axes are logarithmic: what is linear climbs by one mark of time, four lines, for each tenfold.\n\n```text\n" + picture() + "```\n\n" + strings.Join(legend, ", ") + "; `*` where several meet."
}

func tenths(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Nanoseconds())/1e6) }

// picture draws the curves: four lines to a tenfold, and sixteen columns.
func picture() string {
	const perDecade, columns = 4, 16
	low, high := math.Inf(1), math.Inf(-1)
	least, most := math.MaxInt, 0
	for _, c := range measured {
		for _, p := range c.points {
			low, high = min(low, math.Log10(float64(p.processor))), max(high, math.Log10(float64(p.processor)))
			least, most = min(least, p.size), max(most, p.size)
		}
	}
	low, high = math.Floor(low), math.Ceil(high)
	height := int(high-low)*perDecade + 1
	width := int(math.Round(math.Log10(float64(most)/float64(least))))*columns + 1
	grid := make([][]byte, height)
	for i := range grid {
		grid[i] = slices.Repeat([]byte{' '}, width)
	}
	for _, c := range measured {
		for _, p := range c.points {
			x := int(math.Round(math.Log10(float64(p.size)/float64(least)) * columns))
			y := int(math.Round((math.Log10(float64(p.processor)) - low) * perDecade))
			if grid[y][x] != ' ' {
				grid[y][x] = '*'
			} else {
				grid[y][x] = c.letter
			}
		}
	}
	var text strings.Builder
	for y := height - 1; y >= 0; y-- {
		label := ""
		if y%perDecade == 0 {
			label = time.Duration(math.Pow(10, low+float64(y/perDecade))).String()
		}
		fmt.Fprintf(&text, "%7s | %s\n", label, strings.TrimRight(string(grid[y]), " "))
	}
	fmt.Fprintf(&text, "%7s +%s\n%9s", "", strings.Repeat("-", width+1), "")
	for size := least; size <= most; size *= 10 {
		fmt.Fprintf(&text, "%-*d", columns, size)
	}
	return strings.TrimRight(text.String(), " ") + "\n"
}
