// Package fuzz throws what a hostile or broken neighbour might send at everything that reads something from outside:
// state files, plans, snapshots, the ledger, the journal, scanners' reports, servers' answers and name servers' answers. No
// input may crash the provider, make it allocate more than a bound, or lead it outside its store. `make fuzz` runs each
// target for ten minutes; what is in testdata/fuzz and the seeds run in every `make unit`.
package fuzz

import (
	"runtime/metrics"
	"testing"
)

// mostAllocated bounds what reading one input may allocate in all, garbage included, in bytes.
const mostAllocated = 512 << 20

// bounded runs do and fails the test when it allocated more than the bound. Fuzzing runs one input at a time in a
// process, so what others allocate meanwhile is next to nothing.
func bounded(t *testing.T, do func()) {
	t.Helper()
	before := allocated()
	do()
	if more := allocated() - before; more > mostAllocated {
		t.Errorf("one input made the reader allocate %d MB, which may be %d at most", more>>20, mostAllocated>>20)
	}
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// TestTheBoundIsNoticed: the check can fail.
func TestTheBoundIsNoticed(t *testing.T) {
	before := allocated()
	held := make([]byte, 8<<20)
	held[len(held)-1] = 1
	if grown := allocated() - before; grown < 8<<20 {
		t.Errorf("eight megabytes were allocated, and %d bytes were noticed", grown)
	}
}
