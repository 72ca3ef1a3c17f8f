package emulator

import (
	"slices"
	"sync"
	"time"
)

// Call is one request that reached the proxy.
type Call struct {
	At        time.Time
	Service   string // as in IAM: "lambda", "route53", "s3", "cloudfront", "ec2", ...
	Operation string // "GetAlias"
	Resource  string // the name or id in the request, where there is one
	Region    string
	Caller    string // the access key that signed it
	Status    int    // HTTP status of the answer; 0 for a dropped connection, and while there is no answer yet
	Code      string // AWS error code, if any
	Mutating  bool
	// Digest is the same for requests that ask for the same: method, path, query, operation and body. It is empty where the body was
	// streamed.
	Digest string
}

// Calls returns the calls since the start or the last ResetCalls, in the order in which they arrived.
func (e *Emulator) Calls() []Call { return e.calls.list() }

// ResetCalls empties the call log.
func (e *Emulator) ResetCalls() { e.calls.reset() }

// callLog keeps calls in the order in which they arrived. An answer's status is in it before its first byte is sent.
type callLog struct {
	mu    sync.Mutex
	calls []*Call
}

// begin adds a call and returns what notes its answer.
func (l *callLog) begin(call Call) (finish func(status int, code string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry := &call
	l.calls = append(l.calls, entry)
	return func(status int, code string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		entry.Status, entry.Code = status, code
	}
}

func (l *callLog) list() []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := make([]Call, 0, len(l.calls))
	for _, call := range l.calls {
		calls = append(calls, *call)
	}
	return slices.Clip(calls)
}

func (l *callLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = nil
}
