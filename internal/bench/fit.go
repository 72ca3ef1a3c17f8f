package main

import (
	"cmp"
	"fmt"
	"math"
)

const (
	// steepest is the exponent of time that still counts as linear: 1 is linear, a sort of ten thousand to a million is 1.09, and a fit
	// over two or three points is some hundredths uncertain.
	steepest = 1.15
	// steepestHeap is that of memory that may follow what is worked on; it is only seen when the runtime has collected, now and then.
	steepestHeap = 1.4
	// flattest is that of memory that must not follow what is worked on.
	flattest = 0.5
	// noise is how much memory says nothing: the runtime does not collect beneath it.
	noise = 4 << 20
)

// fit is the exponent of growth with size by least squares on logarithmic axes, over the larger half of the points: of two or more,
// those from the geometric middle of the sizes up. It is 0 where there is nothing to fit.
func fit(points []point, of func(point) float64) float64 {
	if len(points) < 2 {
		return 0
	}
	middle := math.Sqrt(float64(points[0].size)*float64(points[len(points)-1].size)) * 0.99
	larger := points
	for len(larger) > 2 && float64(larger[0].size) < middle {
		larger = larger[1:]
	}
	var n, sx, sy, sxx, sxy float64
	for _, p := range larger {
		x, y := math.Log10(float64(p.size)), math.Log10(max(of(p), 1))
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// slope is the exponent of processor time.
func (c curve) slope() float64 {
	return fit(c.points, func(p point) float64 { return float64(p.processor) })
}

// heapSlope is the exponent of memory; what is beneath the noise is all the same.
func (c curve) heapSlope() float64 {
	return fit(c.points, func(p point) float64 { return float64(max(p.heap, noise)) })
}

// limit is the exponent that processor time may have.
func (c curve) limit() float64 {
	return cmp.Or(c.steepest, steepest)
}

// worse says in which way a curve grows worse than it may; "" is that it does not.
func (c curve) worse() string {
	if slope := c.slope(); slope > c.limit() {
		return fmt.Sprintf("processor time grows with the power %.2f", slope)
	}
	limit := steepestHeap
	if c.flat {
		limit = flattest
	}
	if slope := c.heapSlope(); slope > limit {
		return fmt.Sprintf("memory grows with the power %.2f", slope)
	}
	return ""
}
