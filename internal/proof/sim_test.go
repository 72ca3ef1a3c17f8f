package proof

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// simulated runs a deployment on a clock of its own.
func simulated(t *testing.T, p plan, sabotage func(*deployed)) (d *deployed) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { d = simulate(t, p, sabotage) })
	return d
}

// number is one of the environment's, or another one.
func number(name string, otherwise uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// tell fails the test with what did not hold, the whole story, and how to hear it again.
func (d *deployed) tell(t *testing.T) {
	t.Helper()
	t.Logf("%s\n%s", d.plan, strings.Join(d.trace, "\n"))
	for _, problem := range d.problems {
		t.Errorf("seed %d: %s", d.plan.seed, problem)
	}
	t.Logf("again: RELIABILITY_SEED=%d go test -v -run 'TestSimulatedDeployments$' ./internal/proof", d.plan.seed)
}

// fewSeeds is how many deployments the ordinary tests draw.
func fewSeeds() uint64 {
	if raced {
		return 60
	}
	return 300
}

// TestSimulatedDeployments draws deployments from seeds, and lets everything go wrong with them that can.
// RELIABILITY_SEEDS says how many there are (make proof: 10,000); RELIABILITY_SEED tells one again, alone and in full.
func TestSimulatedDeployments(t *testing.T) {
	t.Parallel()
	if one := number("RELIABILITY_SEED", 0); one > 0 {
		simulated(t, draw(one), nil).tell(t)
		return
	}
	most := number("RELIABILITY_SEEDS", fewSeeds())
	seeded(t, 1, most)
	var next, losses atomic.Uint64
	for worker := range runtime.GOMAXPROCS(0) {
		t.Run(fmt.Sprint(worker), func(t *testing.T) {
			t.Parallel()
			const enough = 10 // losses: what is broken is broken
			for seed := next.Add(1); seed <= most && losses.Load() < enough; seed = next.Add(1) {
				d := simulated(t, draw(seed), nil)
				count(t, 1, min(len(d.problems), 1))
				if len(d.problems) > 0 {
					losses.Add(1)
					d.tell(t)
				}
			}
		})
	}
}

// TestASimulationCanFail breaks the world of simulated deployments on purpose, each time in another way: within a few seeds
// each is found out. Nothing in the engines is there for that.
func TestASimulationCanFail(t *testing.T) {
	t.Parallel()
	loses := func(service, operation string) func(*deployed) {
		return func(d *deployed) {
			d.aws.loses = func(s, o string) bool { return s == service && o == operation }
		}
	}
	forgets := func(part string) func(*deployed) {
		return func(d *deployed) { d.losesKey = func(key string) bool { return strings.HasPrefix(key, part) } }
	}
	for name, broken := range map[string]struct {
		world func(*deployed)
		from  uint64 // the first seed that found it out, when this was written: to begin there spares time
	}{
		"an alias is not moved":                 {loses("lambda", "UpdateAlias"), 6},
		"a stage is not moved":                  {loses("apigateway", "UpdateStage"), 1},
		"a listener is not moved":               {loses("elasticloadbalancing", "ModifyListener"), 47},
		"a rule is not put back":                {loses("elasticloadbalancing", "ModifyRule"), 2},
		"an object is not copied":               {loses("s3", "CopyObject"), 29},
		"a delete marker stays":                 {loses("s3", "DeleteObjects"), 29},
		"the ledger is not kept":                {forgets("ledger/"), 1},
		"the journal is not kept":               {forgets("journal/"), 47},
		"a lease is not kept":                   {forgets("lease/"), 22},
		"parts of a snapshot are not kept":      {forgets("deployments/web/parts/"), 1},
		"a version of an object is really gone": {func(d *deployed) { d.ruins = true }, 5},
		"a broken green is not seen":            {func(d *deployed) { d.blindfolded = true }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := broken.from; seed <= 300; seed++ {
				if d := simulated(t, draw(seed), broken.world); len(d.problems) > 0 {
					t.Logf("found out with seed %d: %s", seed, d.problems[0])
					return
				}
			}
			t.Error("nobody found out")
		})
	}
}

// TestASeedTellsTheSameStory: what happens is a matter of the seed alone.
func TestASeedTellsTheSameStory(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 8; seed++ {
		first, second := simulated(t, draw(seed), nil), simulated(t, draw(seed), nil)
		if a, b := strings.Join(first.trace, "\n"), strings.Join(second.trace, "\n"); a != b {
			t.Errorf("seed %d tells two stories:\n%s\n\n%s", seed, a, b)
		}
	}
}
