package main

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// synthetic are points from a thousand up whose time and memory follow size, give or take a few per cent.
func synthetic(tenfolds int, processor, heap func(size float64) float64) []point {
	random := rand.New(rand.NewPCG(9, 9))
	var points []point
	for size := 1000; len(points) < tenfolds; size *= 10 {
		off := 0.96 + 0.08*random.Float64()
		points = append(points, point{size: size, processor: time.Duration(processor(float64(size)) * off), heap: int64(heap(float64(size)) * off)})
	}
	return points
}

// What is linear or a sort passes, what is worse does not; nor does memory that follows a bucket.
func TestWorseThanLinearIsFound(t *testing.T) {
	t.Parallel()
	linear := func(size float64) float64 { return 2000 * size }
	sorts := func(size float64) float64 { return 300 * size * math.Log2(size) }
	square := func(size float64) float64 { return size * size }
	late := func(size float64) float64 { return 2000*size + size*size/20 } // a square that shows at the larger sizes alone
	still := func(float64) float64 { return 9e6 }
	kept := func(size float64) float64 { return 400 * size }
	for name, test := range map[string]struct {
		processor, heap func(float64) float64
		flat, worse     bool
	}{
		"linear": {linear, kept, false, false}, "linear and flat": {linear, still, true, false}, "n log n": {sorts, kept, false, false},
		"quadratic": {square, still, false, true}, "quadratic late": {late, still, true, true}, "kept though it must be flat": {linear, kept, true, true},
		"memory of all pairs": {linear, square, false, true},
	} {
		for _, tenfolds := range []int{3, 4} {
			c := curve{flat: test.flat, points: synthetic(tenfolds, test.processor, test.heap)}
			if got := c.worse(); (got != "") != test.worse {
				t.Errorf("%s over %d points: %q, time %.2f, memory %.2f", name, tenfolds, got, c.slope(), c.heapSlope())
			}
		}
	}
}

// The exponent is that of the larger half; a start that costs something does not hide what comes after it.
func TestFitIsOfTheLargerHalf(t *testing.T) {
	t.Parallel()
	points := []point{{size: 1000, processor: time.Second}, {size: 10_000, processor: time.Second}, {size: 100_000, processor: 10 * time.Second}, {size: 1_000_000, processor: 100 * time.Second}}
	if slope := (curve{points: points}).slope(); math.Abs(slope-1) > 1e-9 {
		t.Errorf("%.3f", slope)
	}
	if slope := (curve{points: points[:1]}).slope(); slope != 0 {
		t.Errorf("%.3f of one point", slope)
	}
}
