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
	points     []point
}

type point struct {
	size      int
	processor time.Duration
	heap      int64 // the most that was in use after a collection
}

// steepest is the slope that still counts as linear, on logarithmic axes: 1 is linear.
const steepest = 1.05

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
		{curve{name: "capture", what: "a made-up bucket is listed and captured", letter: 'C'}, min(10*largest, 1_000_000), growCapture},
		{curve{name: "restore", what: "every object of a made-up bucket is found changed and copied back", letter: 'R'}, largest, growRestore},
		{curve{name: "gate", what: "a gate of so many checks that pass at once", letter: 'G'}, min(largest, 100_000), growGate},
	}
	measured = nil
	var rows []row
	for _, work := range works {
		for size := 1000; size <= work.largest; size *= 10 {
			at, err := measureOne(ctx, size, work.do)
			if err != nil {
				return nil, fmt.Errorf("%s of %d: %w", work.curve.name, size, err)
			}
			fmt.Fprintf(os.Stderr, "  %s of %d: %s\n", work.curve.name, size, tenths(at.processor))
			work.curve.points = append(work.curve.points, at)
		}
		measured = append(measured, work.curve)
		last := work.curve.points[len(work.curve.points)-1]
		slope := work.curve.slope()
		rows = append(rows, row{
			What: fmt.Sprintf("growth of %s: slope of processor time from 10000 up, on logarithmic axes (1 is linear)", work.curve.name), Ours: fmt.Sprintf("%.2f", slope), Bound: "each is looked at: 1",
			Limit: fmt.Sprint(steepest), Beside: fmt.Sprintf("%d: %s, heap %s", last.size, ms(last.processor), mb(last.heap)), Exceeded: slope > steepest+0.05, // a fit over two or three points is that uncertain
		})
	}
	return rows, nil
}

// measureOne does a thing as often as it takes to have something to measure, and takes the quickest.
func measureOne(ctx context.Context, size int, do func(context.Context, int) error) (point, error) {
	best := point{size: size, processor: time.Hour}
	for range max(2, min(100_000/size, 10)) {
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
		if spent := ended - began; spent < best.processor {
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

// slope is that of the line through the points from 10,000 up, on logarithmic axes, by least squares.
func (c curve) slope() float64 {
	var n, sx, sy, sxx, sxy float64
	for _, p := range c.points {
		if p.size < 10_000 && len(c.points) > 2 {
			continue
		}
		x, y := math.Log10(float64(p.size)), math.Log10(float64(p.processor))
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
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
		legend = append(legend, fmt.Sprintf("%c %s (slope %.2f)", c.letter, c.name, c.slope()))
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
