package proof

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// plan is one deployment as it is drawn from a seed: what is deployed, how, and what goes wrong meanwhile.
type plan struct {
	seed     uint64
	routes   []lever
	strategy traffic.Strategy
	code     []string // kinds of targets of the snapshot
	policy   gate.Policy
	hold     bool          // on_failure = "hold"
	created  bool          // nothing remembers which colour was active
	guard    time.Duration // 0: none

	fate    fate
	breaks  time.Duration // green breaks so long after it first had traffic
	lies    time.Duration // and its checks do not see that for so long
	stumble int           // attempts of the gate that fail before a release that is well shows it

	propagation time.Duration // how slow AWS is
	trouble     trouble
	death       death
	lapse       [2]int  // the store is away for these calls of it; none where equal
	lapseLate   bool    // it takes what it is given, and its answers are lost
	meddles     int     // somebody else moves traffic before this call; 0: nobody does
	rival       *rival  // another process at the same time
	outage      *outage // one more thing, from a call on
	from        int
	again       bool // the next apply asks for the release once more; else it goes back
	rest        time.Duration
}

// fate is what becomes of a release.
type fate string

const (
	isWell      fate = "is well"
	failsGate   fate = "fails its gate"
	failsSwitch fate = "fails under traffic"
)

// trouble is what is wrong with the way to AWS for as long as the first process lives, and the next one too.
type trouble string

const (
	noTrouble    trouble = "none"
	throttled    trouble = "30 % throttled"
	serverErrors trouble = "bursts of 5xx"
	lostAnswers  trouble = "answers are lost"
	slow         trouble = "2 s a call"
	inPart       trouble = "calls over several objects are done in part"
)

// rival moves traffic to a colour, some time after the beginning.
type rival struct {
	to    traffic.Colour
	after time.Duration
}

// codeKinds are the targets that a snapshot may have. Hashing the value of a parameter is slow on purpose.
var codeKinds = []string{"lambda_alias", "s3_bucket", "route53_record", "listener_rule", "rest_api_stage", "cloudfront_distribution"}

func chance(random *rand.Rand, percent int) bool { return random.IntN(100) < percent }

func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)+1)).Round(time.Millisecond)
}

// draw returns the deployment of a seed.
func draw(seed uint64) plan {
	random := rand.New(rand.NewPCG(seed, 8))
	p := plan{seed: seed}
	choices := slices.DeleteFunc(slices.Clone(levers), func(l lever) bool { return l.slow && !chance(random, 35) })
	random.Shuffle(len(choices), func(i, j int) { choices[i], choices[j] = choices[j], choices[i] })
	p.routes = choices[:1]
	if chance(random, 25) {
		p.routes = choices[:2]
	}
	p.drawStrategy(random)
	kinds := slices.Clone(codeKinds)
	if chance(random, 6) {
		kinds = []string{"ssm_parameter", "s3_bucket"}
	}
	random.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	p.code = kinds[:random.IntN(min(4, len(kinds)+1))]
	p.policy = gate.Policy{MaxRetries: random.IntN(3), RetryDelay: between(random, time.Second, 5*time.Second), Timeout: 2 * time.Minute}
	p.hold, p.created = chance(random, 10), chance(random, 25)
	if chance(random, 35) && !slices.ContainsFunc(p.routes, func(l lever) bool { return !l.reversible }) {
		p.guard = between(random, traffic.MinGuard, 6*time.Minute)
	}
	p.drawFate(random)
	p.drawTrouble(random)
	return p
}

func (p *plan) drawStrategy(random *rand.Rand) {
	s := &p.strategy
	s.Type, s.Bake = traffic.AllAtOnce, between(random, 0, 90*time.Second)
	s.CheckInterval = between(random, 3*time.Second, 15*time.Second)
	if chance(random, 25) {
		s.Drain = between(random, 0, 2*time.Minute)
	}
	if slices.ContainsFunc(p.routes, func(l lever) bool { return len(l.steps) == 0 }) || chance(random, 30) {
		return
	}
	s.Type, s.Interval = traffic.Canary, between(random, time.Second, time.Minute)
	s.Steps = [][]int{{5}, {10, 50}, {1, 20, 70}, {33}}[random.IntN(4)]
	for _, l := range p.routes {
		if l.most > 0 {
			s.Steps = l.steps
		}
	}
	if chance(random, 30) && s.Steps[len(s.Steps)-1] > 15 {
		s.Type, s.Steps = traffic.Linear, []int{25 + random.IntN(40)}
	}
}

func (p *plan) drawFate(random *rand.Rand) {
	switch roll := random.IntN(100); {
	case roll < 45:
		p.fate = isWell
		p.stumble = random.IntN(p.policy.MaxRetries + 1)
	case roll < 60 && len(p.code) > 0:
		p.fate = failsGate
	default:
		p.fate = failsSwitch
		p.breaks = between(random, 0, time.Minute)
		if chance(random, 40) {
			p.lies = between(random, 0, 40*time.Second)
		}
	}
}

func (p *plan) drawTrouble(random *rand.Rand) {
	p.propagation = between(random, 50*time.Millisecond, 2*time.Second)
	if chance(random, 20) {
		p.propagation = between(random, 10*time.Second, time.Minute)
	}
	p.trouble = []trouble{noTrouble, noTrouble, throttled, serverErrors, lostAnswers, slow, inPart}[random.IntN(7)]
	if chance(random, 60) {
		p.death = death{at: 1 + random.IntN(140), late: chance(random, 50)}
		if chance(random, 30) {
			p.death.at = 1 + random.IntN(40)
		}
	}
	if chance(random, 15) {
		from := 1 + random.IntN(40)
		p.lapse, p.lapseLate = [2]int{from, from + 1 + random.IntN(6)}, chance(random, 40)
	}
	if chance(random, 8) {
		p.meddles = 1 + random.IntN(90)
	}
	if chance(random, 12) {
		p.rival = &rival{to: traffic.Blue, after: between(random, 0, 3*time.Minute)}
		if p.fate == isWell && chance(random, 50) {
			p.rival.to = traffic.Green
		}
	}
	p.again = chance(random, 60)
	p.rest = leaseOver + between(random, 0, time.Minute)
	if chance(random, 30) {
		p.rest = between(random, 8*time.Minute, 12*time.Minute)
	}
}

func (p plan) String() string {
	var names []string
	for _, l := range p.routes {
		names = append(names, l.name)
	}
	text := fmt.Sprintf("seed %d: routes %s, %s %v (interval %s, bake %s, drain %s, check every %s), code %v, %d retries of %s, hold %t, created %t, guard %s; the release %s (breaks after %s, checks lie for %s)",
		p.seed, strings.Join(names, " and "), p.strategy.Type, p.strategy.Steps, p.strategy.Interval, p.strategy.Bake, p.strategy.Drain, p.strategy.CheckInterval, p.code,
		p.policy.MaxRetries, p.policy.RetryDelay, p.hold, p.created, p.guard, p.fate, p.breaks, p.lies)
	text += fmt.Sprintf("; trouble: %s, propagation %s, %s, store away for its calls %v (late %t), somebody meddles before call %d", p.trouble, p.propagation, p.death, p.lapse, p.lapseLate, p.meddles)
	if p.rival != nil {
		text += fmt.Sprintf(", a rival to %s after %s", p.rival.to, p.rival.after)
	}
	return text + fmt.Sprintf("; then, after %s, once more (else back): %t", p.rest, p.again)
}
