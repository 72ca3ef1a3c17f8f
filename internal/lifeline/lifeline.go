// Package lifeline lets the provider outlive Terraform for as long as it takes to leave everything in order.
//
// A Terraform that is killed takes nothing with it: its providers go on, until their first word to its closed pipe kills
// them (SIGPIPE), or for ever. Here the provider ignores SIGPIPE, notices that its parent is gone, cancels the work that
// changes something, waits until that has put things in order (a switch moves traffic back on a deadline of its own), and exits. It does the
// same when it is told to end itself (SIGTERM).
package lifeline

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// farewell is how long a provider that was told to end stays after its work, for Terraform to take the answers.
const farewell = 30 * time.Second

// patience is how long the work may take to put things in order: longer than anybody would allow a revert to take.
const patience = time.Hour

// ErrTerminated is the cause of the contexts that end because the provider was told to end (SIGTERM), as by a service
// manager that ends all processes of a build. It is a context.Canceled.
var ErrTerminated = fmt.Errorf("the provider was told to end: %w", context.Canceled)

// ErrGone is the cause of the contexts that end because Terraform is gone. It is a context.Canceled.
var ErrGone = fmt.Errorf("the process that started the provider is gone: %w", context.Canceled)

// Line is the tie between the provider and the process that started it.
type Line struct {
	parent context.Context // ends with ErrGone or ErrTerminated
	lost   context.CancelCauseFunc

	mu   sync.Mutex
	busy int
	idle chan struct{} // told when the last work ends
}

// Hold ignores SIGPIPE for good and watches the parent. When it is gone and all work has ended, the process exits with
// status 1: nobody is left to tell. Call it once, and not in debug mode, where the parent is a shell or a debugger.
func Hold() *Line {
	signal.Ignore(syscall.SIGPIPE)
	line := newLine()
	gone := parentGone()
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	go func() { // owner: the process
		select {
		case <-gone:
		case <-told: // by default that would be the end, in the middle of things
			line.terminate(gone)
		}
		line.end(patience)
		os.Exit(1)
	}()
	return line
}

// terminate cancels the work and returns when there is none (at once, where nothing was under way) and Terraform, which
// still wants the answers, is gone or was given the time to take them.
func (l *Line) terminate(gone <-chan struct{}) {
	l.mu.Lock()
	busy := l.busy > 0
	l.mu.Unlock()
	l.lost(ErrTerminated)
	if !busy {
		return
	}
	l.wait(patience)
	deadline := time.NewTimer(farewell)
	defer deadline.Stop()
	select {
	case <-gone:
	case <-deadline.C:
	}
}

func newLine() *Line {
	parent, lost := context.WithCancelCause(context.Background())
	return &Line{parent: parent, lost: lost, idle: make(chan struct{}, 1)}
}

// end cancels the work and returns when it has ended, or after limit.
func (l *Line) end(limit time.Duration) {
	l.lost(ErrGone)
	l.wait(limit)
}

// wait returns when no work is left, or after limit.
func (l *Line) wait(limit time.Duration) {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for l.working() {
		select {
		case <-l.idle:
		case <-deadline.C:
			return
		}
	}
}

func (l *Line) working() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.busy > 0
}

// begin counts a piece of work, whose context ends with ErrGone when the parent is gone. done must be called once.
func (l *Line) begin(ctx context.Context) (work context.Context, done func()) {
	l.mu.Lock()
	l.busy++
	l.mu.Unlock()
	work, cancel := context.WithCancelCause(ctx)
	untie := context.AfterFunc(l.parent, func() { cancel(context.Cause(l.parent)) })
	return work, func() {
		untie()
		cancel(nil)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.busy--
		select {
		case l.idle <- struct{}{}:
		default: // somebody was told already
		}
	}
}
