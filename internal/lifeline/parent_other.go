//go:build !windows

package lifeline

import (
	"os"
	"time"
)

// glance is the pause between two looks at the parent. A look is one system call that takes less than a microsecond.
const glance = 250 * time.Millisecond

// parentGone is closed when the parent is another one: a process whose parent ends is given to init or to a subreaper.
func parentGone() <-chan struct{} {
	parent, gone := os.Getppid(), make(chan struct{})
	go func() { // owner: the process
		defer close(gone)
		ticker := time.NewTicker(glance)
		defer ticker.Stop()
		for range ticker.C {
			if os.Getppid() != parent {
				return
			}
		}
	}()
	return gone
}
