package proof

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// story is a deployment with a name in which nothing goes wrong that is not the release's own fault.
type story struct {
	name string
	plan plan
}

// stories has, between them, all kinds of code, all routers, both ways out, guard and drain.
func stories() (all []story) {
	strategy := traffic.Strategy{Type: traffic.Canary, Interval: 20 * time.Second, Bake: 20 * time.Second, Drain: time.Minute, CheckInterval: 5 * time.Second}
	for i, l := range levers {
		for _, end := range []fate{isWell, failsGate, failsSwitch} {
			p := plan{
				seed: uint64(1000 + i), routes: []lever{l}, strategy: strategy, policy: gate.Policy{MaxRetries: 1, RetryDelay: time.Second, Timeout: time.Minute},
				fate: end, breaks: 25 * time.Second, propagation: 500 * time.Millisecond, trouble: noTrouble, rest: leaseOver,
			}
			p.strategy.Steps = l.steps
			if len(l.steps) == 0 {
				p.strategy.Type, p.strategy.Interval = traffic.AllAtOnce, 0
			}
			if l.reversible {
				p.guard = 3 * time.Minute
			}
			kinds := append([]string{}, codeKinds...)
			p.code = append(kinds[i%len(kinds):], kinds[:i%len(kinds)]...)[:3]
			all = append(all, story{fmt.Sprintf("%s, the release %s", l.name, end), p})
		}
	}
	return all
}

// calls is how many calls the first process of a story makes.
func (s story) calls(t *testing.T) int {
	t.Helper()
	d := simulated(t, s.plan, nil)
	for _, problem := range d.problems {
		t.Errorf("%s, undisturbed: %s", s.name, problem)
	}
	n := 0
	for _, line := range d.trace {
		if strings.Contains(line, " the first, call ") {
			n++
		}
	}
	return n
}

// eachCall tries some of the calls of each story, or all for make proof.
func eachCall(t *testing.T, every int, do func(t *testing.T, s story, call int)) {
	t.Helper()
	if full {
		every = 1
	}
	var turn atomic.Int64
	eachStory(t, func(t *testing.T, s story) {
		t.Helper()
		for call, calls := 1+int(turn.Add(1))%every, s.calls(t); call <= calls; call += every {
			do(t, s, call)
		}
	})
}

// eachStory tells the stories side by side.
func eachStory(t *testing.T, do func(t *testing.T, s story)) {
	t.Helper()
	var next atomic.Int64
	all := stories()
	for worker := range runtime.GOMAXPROCS(0) {
		t.Run(fmt.Sprint(worker), func(t *testing.T) {
			t.Parallel()
			for i := next.Add(1); int(i) <= len(all); i = next.Add(1) {
				do(t, all[i-1])
			}
		})
	}
}

// TestAtEachCallOfADeploymentTheNextApplyEndsAtOneRelease kills the process at each call of snapshot, gate, switch and
// rollback, to AWS and to the store, before it gets there and after it took effect.
func TestAtEachCallOfADeploymentTheNextApplyEndsAtOneRelease(t *testing.T) {
	t.Parallel()
	eachCall(t, 61, func(t *testing.T, s story, call int) {
		t.Helper()
		for _, late := range []bool{false, true} {
			for _, again := range []bool{false, true} {
				p := s.plan
				p.death, p.again = death{at: call, late: late}, again
				if !full && late == again {
					continue
				}
				d := simulated(t, p, nil)
				report(t, d.problems, "%s, %s, again %t", s.name, p.death, again)
				if t.Failed() {
					d.tell(t)
					t.FailNow()
				}
			}
		}
	})
}
