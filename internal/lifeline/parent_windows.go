package lifeline

import "os"

// parentGone is closed when the parent has ended. Windows gives an orphan no other parent, but lets anybody wait for a
// process. When the parent cannot be opened, it is never closed: the provider then lives as it would without a Line.
func parentGone() <-chan struct{} {
	gone := make(chan struct{})
	parent, err := os.FindProcess(os.Getppid())
	if err != nil {
		return gone
	}
	go func() { // owner: the process
		if _, err := parent.Wait(); err == nil {
			close(gone)
		}
	}()
	return gone
}
