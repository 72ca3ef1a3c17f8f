package proof

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// deployed is one simulated deployment: AWS, the store, the release, and all that was seen of them.
type deployed struct {
	plan     plan
	aws      *memoryAWS
	emulator *emulator.Emulator
	medium   *memory
	routes   []*moved
	code     []code
	// These are for showing that a simulation can fail: writes to the store that are not kept, versions of objects that go,
	// checks that never see a broken green.
	losesKey           func(key string) bool
	ruins, blindfolded bool
	began              time.Time

	mu       sync.Mutex
	problems []string
	trace    []string
	manifest []snapshot.Manifest // every one that was taken
	passed   map[string]bool     // deployments whose gate passed
	first    error               // what the first apply ended with
	meddled  bool
	held     bool            // a switch ended with "held", and said so: traffic stays where it failed, as was asked
	working  map[*actor]bool // who is at a switch, and whether it has moved anything

	greenSince time.Time // green has had traffic without a pause since; zero: it has none
	broken     time.Time // green broke
	failed     time.Time // the first of the unbroken run of looks that saw it
	out        time.Time // green lost its last traffic
}

// moved is a route of the deployment.
type moved struct {
	lever  lever
	key    string
	target target
}

// direct is the way of those who look on: their calls are served at once.
type direct struct{ transport http.RoundTripper }

func (c direct) Do(request *http.Request) (*http.Response, error) {
	return c.transport.RoundTrip(request)
}

func (d *deployed) worldOf(l lever, name string) *world {
	return &world{lever: l, emulator: d.emulator, lines: direct{d.emulator.Transport()}, name: name}
}

// prepare sets up what the plan deploys to: release 1, all traffic on blue.
func prepare(t *testing.T, p plan) *deployed {
	t.Helper()
	d := &deployed{plan: p, aws: newMemoryAWS(), medium: &memory{objects: map[string]store.Object{}}, passed: map[string]bool{}, working: map[*actor]bool{}, began: time.Now()}
	d.emulator = emulator.Behind(d.aws, emulator.Options{Propagation: p.propagation})
	for i, l := range p.routes {
		w := d.worldOf(l, fmt.Sprintf("route-%d", i))
		d.routes = append(d.routes, &moved{lever: l, key: fmt.Sprintf("%d %s", i, l.name), target: l.build(t, w)})
		if err := d.routes[i].target.give(t.Context(), traffic.On(traffic.Blue, 100)); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range p.code {
		d.code = append(d.code, d.build(t, kind))
	}
	time.Sleep(p.propagation) //nolint:forbidigo // on the clock of a bubble
	return d
}

func (d *deployed) complain(format string, values ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.problems = append(d.problems, fmt.Sprintf(format, values...))
}

func (d *deployed) note(format string, values ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trace = append(d.trace, fmt.Sprintf("%10s ", time.Since(d.began).Round(time.Millisecond))+fmt.Sprintf(format, values...))
}

func (d *deployed) committed(m snapshot.Manifest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.manifest = append(d.manifest, m)
}

func (d *deployed) judged(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passed[id] = true
}

// switching notes that a process begins to switch, or ends.
func (d *deployed) switching(a *actor, begins bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.working, a)
	if begins {
		d.working[a] = false
	}
}

// moves notes that a process moves a route. Nobody else who lives may be in the middle of a switch of it.
func (d *deployed) moves(a *actor) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, switching := d.working[a]; !switching {
		return
	}
	d.working[a] = true
	for other, moved := range d.working {
		if other != a && moved && !other.died() {
			d.problems = append(d.problems, fmt.Sprintf("%s moves traffic in the middle of a switch of %s", a.name, other.name))
		}
	}
}

// look is at each change of a route: nobody may ever get nothing.
func (d *deployed) look(after string) {
	green := 0.0
	for _, route := range d.routes {
		served, err := route.target.serves(context.Background())
		if err != nil {
			d.complain("look after %s: %v", after, err)
			continue
		}
		if served.total() <= 0 || served.blue < 0 || served.green < 0 {
			d.complain("after %s nobody has any traffic: %s", after, served)
		}
		if served.other > 0 {
			d.complain("after %s traffic goes where nobody meant it: %s", after, served)
		}
		green = max(green, served.percent())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch now := time.Now(); {
	case green > 0 && d.greenSince.IsZero():
		d.greenSince = now
	case green == 0 && !d.greenSince.IsZero():
		d.greenSince, d.out = time.Time{}, now
	}
}

// observe is what a check of a colour sees now.
func (d *deployed) observe(colour traffic.Colour) probe.Observation {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if d.plan.fate == failsSwitch && d.broken.IsZero() && !d.greenSince.IsZero() && now.Sub(d.greenSince) >= d.plan.breaks {
		d.broken = d.greenSince.Add(d.plan.breaks)
	}
	if colour == traffic.Blue || d.broken.IsZero() || now.Sub(d.broken) < d.plan.lies {
		d.failed = time.Time{}
		return passing
	}
	if d.failed.IsZero() {
		d.failed = now
	}
	if d.blindfolded {
		return passing
	}
	return failing
}

// unseen begins a process that has seen nothing yet.
func (d *deployed) unseen() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = time.Time{}
}

// sawNothing tells that no check has seen that green is broken.
func (d *deployed) sawNothing() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed.IsZero()
}

// faults are what the plan's trouble is for one process.
func (d *deployed) faults(a *actor) (over func()) {
	random := rand.New(rand.NewPCG(d.plan.seed, uint64(len(a.name))))
	var faults []emulator.Fault
	switch d.plan.trouble {
	case throttled:
		faults = append(faults, emulator.Fault{Throttle: true, Rate: 0.3})
	case serverErrors:
		for _, status := range []int{http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusBadGateway} {
			faults = append(faults, emulator.Fault{Status: status, Code: "InternalError", After: random.IntN(30), Times: 1 + random.IntN(4)})
		}
	case lostAnswers:
		faults = append(faults, emulator.Fault{DropLate: true, Rate: 0.3})
	case slow:
		a.latency = 2 * time.Second
	case inPart:
		n := 0
		d.aws.partly = func(string) bool { n++; return n <= 3 && n%2 == 1 }
	case noTrouble:
	}
	if o := d.plan.outage; o != nil {
		a.latency = o.slow
		if o.store {
			a.lapse = [2]int{d.plan.from, 1 << 30}
		} else if o.slow == 0 {
			fault := o.fault
			fault.After = d.plan.from
			faults = append(faults, fault)
		}
	}
	var remove []func()
	for i, fault := range faults {
		fault.Caller, fault.Seed = a.key(), d.plan.seed*8+uint64(i)+1
		remove = append(remove, d.emulator.Inject(fault))
	}
	return func() {
		for _, each := range remove {
			each()
		}
	}
}

// meddle moves traffic by hand.
func (d *deployed) meddle() {
	for _, route := range d.routes[:1] {
		theirs := traffic.On(traffic.Blue, 70)
		switch {
		case len(route.lever.steps) == 0:
			theirs = traffic.On(traffic.Blue, 50)
		case route.lever.most > 0:
			theirs = traffic.On(traffic.Green, route.lever.most-3)
		}
		if err := route.target.give(context.Background(), theirs); err != nil {
			d.note("somebody could not meddle: %v", err)
			return
		}
		d.note("somebody moves %s to %s", route.key, theirs)
	}
	d.meddled = true
	d.look("somebody meddled")
}

// guards lets EventBridge Scheduler do what it is to do, every minute, until ctx ends.
func (d *deployed) guards(ctx context.Context) {
	for (clock.System{}).Sleep(ctx, 20*time.Second+777*time.Microsecond) == nil {
		fired, err := d.emulator.FireSchedules(context.WithoutCancel(ctx), time.Now())
		if fired > 0 {
			d.note("%d guards fire (%v)", fired, err)
			d.look("a guard fired")
		}
	}
}

// simulate tells one deployment to its end and returns what did not hold.
func simulate(t *testing.T, p plan, sabotage func(*deployed)) *deployed {
	t.Helper()
	d := prepare(t, p)
	ctx, over := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	defer beside.Wait()
	defer over()
	beside.Go(func() { d.guards(ctx) })
	state := tfstate{active: traffic.Blue}
	if len(d.code) > 0 { // release 1 was deployed well
		if err := d.actor("the one before").apply(ctx, &state, 1, traffic.Blue); err != nil {
			d.complain("the deployment before: %v", err)
			return d
		}
	}
	if p.created {
		state.active = ""
	}
	if sabotage != nil {
		sabotage(d)
	}
	first := d.actor("the first")
	first.death, first.lapse, first.lapseLate = p.death, p.lapse, p.lapseLate
	first.before = func(n int) {
		if n == p.meddles {
			d.meddle()
		}
	}
	calm := d.faults(first)
	var rival sync.WaitGroup
	if p.rival != nil {
		theirs := state // as it is now
		rival.Go(func() { d.opposed(ctx, theirs) })
	}
	living := first.lives(ctx)
	err := first.apply(living, &state, 2, traffic.Green)
	d.first = err
	d.note("the first apply ended with %v: %s", err, d.live(ctx))
	if err != nil && len(d.code) > 0 && !first.died() {
		err = errors.Join(err, first.rollback(living))
	}
	rival.Wait()
	if !first.died() {
		d.truthful(ctx, err)
	}
	if p.guard > 0 && first.died() && p.rest > 8*time.Minute {
		_ = clock.System{}.Sleep(ctx, p.guard+2*time.Minute)
		d.guarded(ctx)
	}
	_ = clock.System{}.Sleep(ctx, p.rest)
	d.aws.partly = nil
	if p.outage != nil {
		calm()
	}
	d.next(ctx, state, err)
	calm()
	if d.ruins {
		d.aws.ruin()
	}
	d.atTheEnd(ctx)
	return d
}

// opposed is another process that wants traffic elsewhere.
func (d *deployed) opposed(ctx context.Context, state tfstate) {
	if (clock.System{}).Sleep(ctx, d.plan.rival.after) != nil {
		return
	}
	other := d.actor("the rival")
	state.snapshot = "" // it has none
	before := d.actorsAtWork()
	err := other.move(other.lives(ctx), &state, d.plan.rival.to)
	var held *journal.HeldError
	if errors.As(err, &held) && (held.Holder != "the first" || !strings.Contains(err.Error(), "the first")) {
		d.complain("the rival is told %v", err)
	}
	d.note("the rival ended with %v (at work: %v): %s", err, before, d.live(ctx))
}

func (d *deployed) actorsAtWork() (found []string) {
	for _, route := range d.routes {
		holder, err := journal.New(d.medium, clock.System{}, "").Holder(context.Background(), route.target.router(d.config("outside", direct{d.emulator.Transport()})).Target())
		if err == nil && holder != nil {
			found = append(found, holder.Holder)
		}
	}
	return found
}

// next is the one further apply, after which everything has to be in order.
func (d *deployed) next(ctx context.Context, state tfstate, first error) {
	second := d.actor("the second")
	if d.plan.trouble == slow {
		second.latency = 2 * time.Second
	}
	ctx = second.lives(ctx)
	release, colour, again := 2, traffic.Green, d.plan.again
	history, err := ledger.New(d.medium, clock.System{}).History(ctx, subject)
	if err != nil {
		d.complain("read the ledger: %v", err)
	}
	if _, quarantined := history.Quarantined(releaseName(2)); quarantined {
		again = false // the pipeline has learnt that it must not
	}
	if first == nil && !d.meddled && d.plan.rival == nil {
		again = true // there is nothing to go back from
	}
	if d.plan.hold && d.plan.fate != isWell {
		again = false // whoever holds decides
	}
	if d.meddled && d.plan.fate != isWell && (d.plan.fate == failsGate || d.plan.created) {
		again = false // it would not come as far as the traffic that somebody moved, or take that for home
	}
	if !again {
		release, colour = 1, traffic.Blue
		if err := second.rollback(ctx); err != nil {
			d.complain("the rollback of the second: %v", err)
		}
	}
	applied := second.apply(ctx, &state, release, colour)
	d.note("the second apply of release %d ended with %v: %s", release, applied, d.live(ctx))
	well := d.plan.fate == isWell
	if applied != nil && len(d.code) > 0 {
		if err := second.rollback(ctx); err != nil {
			d.complain("the rollback after the second: %v", err)
		}
	}
	if applied == nil && d.plan.fate == failsSwitch && d.sawNothing() { // it does not break as long as anybody looks
		well = true
	}
	if (applied == nil) != (release == 1 || well) {
		d.complain("the second apply of release %d ended with %v", release, applied)
	}
	if applied != nil {
		release, colour = 1, traffic.Blue
	}
	d.at(ctx, release, colour)
}
