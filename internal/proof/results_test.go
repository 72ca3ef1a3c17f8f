package proof

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// Each proof counts its runs, and those that lost what was promised. make proof writes them into its table: a run is one
// line of JSON in the file that RELIABILITY_PROOF_RESULTS names.

// promises are what each test shows, and how, in the order of the table.
var promises = []struct{ test, promise, tried string }{
	{"TestSimulatedDeployments", "A deployment ends at one release, whatever happens", "simulated deployments drawn from seeds: routers, strategies, snapshots, gates; throttling, 5xx, lost answers, slowness, partial success, lying checks, an absent store, outside changes, rivals, a death at any call; then one further apply"},
	{"TestAtEachCallOfADeploymentTheNextApplyEndsAtOneRelease", "Killed at any call, the next apply ends at one release", "each call of snapshot, gate, switch (with guard and drain) and rollback, to AWS and to the store, before it gets there and after it took effect"},
	{"TestUnderEachFaultNothingIsLeftUnexplained", "A fault ends in an error that names the call, and nothing is left unexplained", "throttling, latency, resets, truncated answers, clock skew, credentials that expire half-way, an absent store; from each call of a deployment on"},
	{"TestAccKilledAtAnyCallTheNextApplyEndsAtOneColour", "A switch that is killed ends at one colour with the next apply", "each router, each strategy, before and after each call to AWS and each write to the store"},
	{"TestAccUnderFaultsASwitchEndsAtOneColour", "Under faults, a switch ends at one colour", "each router: 30 % throttled, 2 s a call, bursts of 5xx, lost answers; with and without a death"},
	{"TestAccAnOutsideChangeEndsAtOneColourOrIsSaid", "What somebody else does is not overwritten, or is said", "each router, before each call to AWS"},
	{"TestAccInTwoHundredSwitchesNoRequestFails", "No request fails while traffic moves", "200 switches of each router under load; a run is a switch"},
	{"TestAccABrokenGreenIsOutWithinAProbeIntervalPlusOneSecond", "A broken colour is out within a check interval and a second", "each router, broken at a moment drawn at random"},
	{"TestAccOfManyAppliesAtOnceOneMovesTrafficAndTheOthersAreToldWho", "Of ten applies at once over one target, one moves traffic", "each router; the others are told who holds it and until when"},
	{"TestTenAppliesAtOnceOverTenTargets", "Ten applies at once over ten targets do not hinder each other", "one store, one account"},
}

// counts are the runs and losses so far, by test.
var counts = struct {
	sync.Mutex
	runs, losses map[string]int
	seeds        map[string]string
}{runs: map[string]int{}, losses: map[string]int{}, seeds: map[string]string{}}

// count adds runs of a test, of which some were losses.
func count(t *testing.T, runs, losses int) {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	counts.Lock()
	defer counts.Unlock()
	counts.runs[name] += runs
	counts.losses[name] += losses
}

// seeded says which seeds a test has drawn from.
func seeded(t *testing.T, first, last uint64) {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	counts.Lock()
	defer counts.Unlock()
	counts.seeds[name] = fmt.Sprintf("%d to %d", first, last)
}

// writeResults writes what was counted.
func writeResults() error {
	path := os.Getenv("RELIABILITY_PROOF_RESULTS")
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for _, p := range promises {
		if counts.runs[p.test] == 0 {
			continue
		}
		line, err := json.Marshal(map[string]any{
			"promise": p.promise, "tried": p.tried, "runs": counts.runs[p.test], "losses": counts.losses[p.test], "seeds": counts.seeds[p.test],
		})
		if err != nil {
			return err
		}
		if _, err := file.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return file.Close()
}
