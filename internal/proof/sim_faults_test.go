package proof

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// outage is a fault that begins at a call of the first process, and is over when the next one comes.
type outage struct {
	name  string
	fault emulator.Fault
	slow  time.Duration // of each call
	store bool          // it is the store
}

var outages = []outage{
	{name: "30 % of the calls are throttled", fault: emulator.Fault{Throttle: true, Rate: 0.3}},
	{name: "every call is throttled", fault: emulator.Fault{Throttle: true}},
	{name: "each call takes 5 s", slow: 5 * time.Second},
	{name: "30 % of the connections are reset", fault: emulator.Fault{Drop: true, Rate: 0.3}},
	{name: "answers are cut off", fault: emulator.Fault{Truncate: true}},
	{name: "one answer is cut off", fault: emulator.Fault{Truncate: true, Times: 1}},
	{name: "the clock is refused", fault: emulator.Fault{Status: http.StatusForbidden, Code: "RequestTimeTooSkewed"}},
	{name: "the credentials expire", fault: emulator.Fault{Status: http.StatusForbidden, Code: "ExpiredTokenException"}},
	{name: "the store is away", store: true},
}

// TestUnderEachFaultNothingIsLeftUnexplained: from each call of a deployment on, one fault after the other. The apply ends, with
// an error that names the call where there is one; no call is tried more often than it may be; and the next apply, when the
// trouble is over, ends at one release.
func TestUnderEachFaultNothingIsLeftUnexplained(t *testing.T) {
	t.Parallel()
	every, turn := 61, 0
	if full {
		every = 5
	}
	var mu sync.Mutex
	eachStory(t, func(t *testing.T, s story) {
		t.Helper()
		calls := s.calls(t)
		for i, o := range outages {
			mu.Lock()
			turn++
			from, skip := turn%every, !full && (turn+i/2)%4 != 0 // of all stories together, each outage has its turn
			mu.Unlock()
			for ; from < calls && !skip; from += every {
				p := s.plan
				p.outage, p.from, p.again = &o, from, from%2 == 0
				d := simulated(t, p, nil)
				d.explained(&o)
				report(t, d.problems, "%s, %s from call %d on, again %t", s.name, o.name, from, p.again)
				if t.Failed() {
					d.tell(t)
					t.FailNow()
				}
				if o.slow > 0 {
					break
				}
			}
		}
	})
}

// explained: the error of the first apply says which call went wrong, and none was tried too often.
func (d *deployed) explained(o *outage) {
	var operation *smithy.OperationError
	var checks *traffic.ChecksError
	switch err := d.first; {
	case err == nil, errors.Is(err, errGate), errors.As(err, &checks):
	case o.store && !errors.Is(err, errAway) && !errors.As(err, new(*traffic.LeaseLostError)):
		d.complain("the error does not say that it was the store: %v", err)
	case !o.store && !errors.As(err, &operation):
		d.complain("the error names no call: %v", err)
	case !o.store && !strings.Contains(err.Error(), operation.Operation()):
		d.complain("the error does not say which call: %v", err)
	}
	tries, last := 0, ""
	for _, call := range d.emulator.Calls() {
		if call.Caller != "the-first" || call.Code == "" {
			continue
		}
		name := call.Operation + " " + call.Resource
		if name != last {
			tries, last = 0, name
		}
		if tries++; tries > awsapi.DefaultMaxAttempts && strings.HasPrefix(call.Code, "Throttl") && o.fault.Rate > 0 {
			d.complain("%s was tried %d times in a row", name, tries)
		}
	}
}

// TestTenAppliesAtOnceOverTenTargets: they share AWS and the store, and nothing else.
func TestTenAppliesAtOnceOverTenTargets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := plan{seed: 1, strategy: traffic.Strategy{Type: traffic.AllAtOnce, Bake: 30 * time.Second}, fate: isWell, propagation: time.Second, trouble: noTrouble}
		for range 10 {
			p.routes = append(p.routes, route53Lever)
		}
		d := prepare(t, p)
		var all sync.WaitGroup
		views := make([]*deployed, len(d.routes))
		for i := range d.routes {
			view := &deployed{plan: p, aws: d.aws, emulator: d.emulator, medium: d.medium, routes: d.routes[i : i+1], passed: map[string]bool{}, working: map[*actor]bool{}, began: d.began}
			views[i] = view
			all.Go(func() {
				state := tfstate{active: traffic.Blue}
				a := view.actor(fmt.Sprintf("apply %d", i))
				if err := a.apply(a.lives(t.Context()), &state, 2, traffic.Green); err != nil {
					view.complain("apply %d: %v", i, err)
				}
				view.at(t.Context(), 2, traffic.Green)
			})
		}
		all.Wait()
		for i, view := range views {
			report(t, view.problems, "apply %d", i)
		}
	})
}
