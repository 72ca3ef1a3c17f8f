// Package headroom keeps Go's garbage collector away from a process that is about to end: Terraform starts the provider three times for a
// plan, and a plan with little to do is over before a collection would have paid.
//
// The collector starts when the heap has grown by a share of what is in use. This package puts memory into use that nobody ever touches, so
// that it takes no room in the machine, and only lets that share be larger; with the first collection it goes. It imports little, because
// packages that import nothing are initialised first, and the tables of the AWS SDK fill the heap while the others are.
package headroom

import (
	"runtime"
	"sync/atomic"
)

// untouched is how much: with the collector at 20 percent the heap grows by 15 MB before the first collection, which is more than an idle
// plan makes.
const untouched = 64 << 20

var held atomic.Pointer[[untouched]byte]

func init() { held.Store(new([untouched]byte)) }

// UntilCollected lets the headroom go with the first collection after it is called: a process that has come so far has work to do, and its heap
// grows by the collector's own share from then on.
func UntilCollected() {
	runtime.AddCleanup(new(canary), func(struct{}) { held.Store(nil) }, struct{}{})
}

// canary is found unused by the first collection. It holds a pointer, because small things without one share their memory with others.
type canary struct{ _ *canary }
