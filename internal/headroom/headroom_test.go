package headroom

import (
	"runtime"
	"testing"
	"time"
)

// The headroom is there from the beginning, and goes with a collection once it was said that it may.
func TestUntilCollected(t *testing.T) {
	inUse := func() uint64 {
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		return memory.HeapAlloc
	}
	held.CompareAndSwap(nil, new([untouched]byte)) // an earlier run of the test let it go
	if before := inUse(); before < untouched {
		t.Fatalf("%d bytes are in use, less than the headroom", before)
	}
	UntilCollected()
	for deadline := time.Now().Add(time.Minute); inUse() >= untouched; runtime.Gosched() { // cleanups run beside
		if time.Now().After(deadline) {
			t.Fatal("the headroom is held after collections")
		}
	}
}
