package emulator

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Fault is a rule that spoils calls. The first matching rule that is not used up wins; a rule that lets a call through
// (After, Rate) leaves it to the next one.
type Fault struct {
	Service   string  // empty matches all
	Operation string  // empty matches all
	Resource  string  // empty matches all; else a substring
	Caller    string  // empty matches all; else an access key
	Region    string  // empty matches all
	Mutating  bool    // match only mutating calls
	After     int     // let that many matching calls through first
	Times     int     // then spoil that many; 0 means all
	Rate      float64 // spoil only this share of them (0 means every one), by a seeded generator
	Seed      uint64  // of that generator; 0 means one of its own for each fault

	// What happens, one of (Latency may stand beside another):
	Throttle bool          // the service's own throttling error
	Off      bool          // the account has not enabled the Region, in each protocol's words
	Status   int           // an HTTP error of this status ...
	Code     string        // ... with this AWS code
	Latency  time.Duration // wait, then serve
	Drop     bool          // close the connection without an answer, before moto has seen the request
	DropLate bool          // close the connection without an answer, after moto has done the request
	Truncate bool          // do the request, and answer with half of the answer as if it were all
	Hook     func(Call)    `json:"-"` // run before serving (kill a process, change something by hand), then serve
	HookLate func(Call)    `json:"-"` // serve, and run before the answer is sent
}

// Inject adds a fault and returns what removes it.
func (e *Emulator) Inject(fault Fault) (remove func()) { return e.faults.add(fault) }

// faultList holds the faults in the order in which they were added.
type faultList struct {
	mu     sync.Mutex
	added  uint64
	faults []*armedFault
}

type armedFault struct {
	Fault
	seen, spoiled int
	random        *rand.Rand
}

func (l *faultList) add(fault Fault) (remove func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.added++
	armed := &armedFault{Fault: fault, random: rand.New(rand.NewPCG(1, l.added))} //nolint:gosec // to be repeatable
	if fault.Seed != 0 {
		armed.random = rand.New(rand.NewPCG(2, fault.Seed)) //nolint:gosec // as above
	}
	l.faults = append(l.faults, armed)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for i, other := range l.faults {
			if other == armed {
				l.faults = append(l.faults[:i:i], l.faults[i+1:]...)
				return
			}
		}
	}
}

func (l *faultList) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults, l.added = nil, 0
}

// choose returns the fault that spoils a call, or nil.
func (l *faultList) choose(call Call) *Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, fault := range l.faults {
		if fault.spoils(call) {
			chosen := fault.Fault
			return &chosen
		}
	}
	return nil
}

func (f *armedFault) spoils(call Call) bool {
	if (f.Service != "" && f.Service != call.Service) || (f.Operation != "" && f.Operation != call.Operation) ||
		(f.Caller != "" && f.Caller != call.Caller) || (f.Region != "" && f.Region != call.Region) || !strings.Contains(call.Resource, f.Resource) || (f.Mutating && !call.Mutating) {
		return false
	}
	if f.Times > 0 && f.spoiled == f.Times {
		return false
	}
	f.seen++
	if f.seen <= f.After || (f.Rate > 0 && f.random.Float64() >= f.Rate) {
		return false
	}
	f.spoiled++
	return true
}

// before does what a fault does ahead of serving. An answer ends the call there; drop closes its connection.
func (f *Fault) before(ctx context.Context, x *exchange) (spoiled *answer, drop bool) {
	if f.Hook != nil {
		f.Hook(x.Call)
	}
	if f.Latency > 0 {
		select {
		case <-time.After(f.Latency):
		case <-ctx.Done():
			return nil, true
		}
	}
	switch {
	case f.Drop:
		return nil, true
	case f.Throttle:
		return x.throttled(), false
	case f.Off:
		return x.regionOff(), false
	case f.Status != 0 || f.Code != "":
		return x.spoiled(f.Status, f.Code), false
	}
	return nil, false
}

// regionOff is how a Region answers that the account has not enabled: it knows none of the account's credentials there,
// https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html. What it says was seen by others:
// https://github.com/turbot/steampipe-plugin-aws/issues/75 (EC2) and https://github.com/aws/chalice/issues/1445 (JSON services).
func (x *exchange) regionOff() *answer {
	switch x.protocol {
	case protocolEC2:
		return x.fail(http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials")
	case protocolQuery:
		return x.fail(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
	case protocolS3:
		return x.fail(http.StatusBadRequest, "InvalidToken", "The provided token is malformed or otherwise invalid.")
	default:
		return x.fail(http.StatusForbidden, "UnrecognizedClientException", "The security token included in the request is invalid.")
	}
}
