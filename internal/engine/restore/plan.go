package restore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
)

// parallel is how many targets are looked at, or put back, at a time.
const parallel = 8

// order is the order in which targets are begun: what moves the traffic away from a bad release comes first, what takes
// long comes last, and a kind comes after those in after. A kind that is not here comes after all of them. Nobody waits
// for a target that it does not depend on.
var order = map[string]int{
	"route53_record": 1, "cloudfront_distribution": 2, "listener_rule": 2, "lambda_alias": 3, "http_api_stage": 4, "rest_api_stage": 4, "ssm_parameter": 5, "ecs_service": 6, "s3_bucket": 7,
}

const otherRank = 8

// after says which kinds have to be back before a target of a kind is begun: what is called before what calls it, and
// what is read at a start before what is started.
var after = map[string][]string{
	"http_api_stage": {"lambda_alias"},
	"rest_api_stage": {"lambda_alias"},
	"ecs_service":    {"ssm_parameter"},
}

// bound is a target that is ready to be put back.
type bound struct {
	service service.Service
	item    service.Item
}

// Preview returns the changes that a Run would do now, without doing any. The error says that there is nothing to
// preview (no such snapshot, a corrupt one, another account); what is wrong with single targets is in the plan.
func Preview(ctx context.Context, request Request) (Plan, error) {
	request = request.defaults()
	m, names, err := request.load(ctx)
	if err != nil {
		return Plan{}, err
	}
	plan, _ := request.plan(ctx, m, names)
	if err := plan.foreign(); err != nil {
		return Plan{}, err
	}
	return plan, context.Cause(ctx)
}

// errForeign: what a manifest holds of a target was captured from another one, so somebody wrote the manifest who is not this provider.
var errForeign = errors.New("it was put together by somebody else")

// foreign returns why nothing of the snapshot may be used, or nil.
func (p Plan) foreign() error {
	for _, name := range slices.Sorted(maps.Keys(p.Targets)) {
		if err := p.Targets[name].Err; errors.Is(err, errForeign) {
			return err
		}
	}
	return nil
}

func (r Request) plan(ctx context.Context, m snapshot.Manifest, names []string) (Plan, map[string]bound) {
	var mu sync.Mutex
	plan := Plan{Snapshot: m, Targets: make(map[string]Target, len(names))}
	ready := make(map[string]bound, len(names))
	side(names, func(name string) {
		b, target := r.planOne(ctx, m, name)
		mu.Lock()
		defer mu.Unlock()
		plan.Targets[name], ready[name] = target, b
	})
	r.planCleanup(ctx, &plan, ready, names)
	plan.Recovery, plan.Estimate = plan.estimate()
	return plan, ready
}

// side does something for each name, side by side, and returns when all is done.
func side(names []string, do func(name string)) {
	var group errgroup.Group
	group.SetLimit(parallel)
	for _, name := range names {
		group.Go(func() error {
			do(name)
			return nil
		})
	}
	_ = group.Wait() // nothing returns an error
}

func (r Request) planOne(ctx context.Context, m snapshot.Manifest, name string) (bound, Target) {
	target := Target{Summary: m.Items[name].Summary}
	item, err := m.Item(ctx, r.Store, name)
	if err != nil {
		target.Err = err
		return bound{}, target
	}
	s, err := r.Services(ctx, m.Items[name].Spec)
	if err != nil {
		target.Err = err
		return bound{}, target
	}
	if s.Target() != item.Target {
		target.Err = &snapshot.CorruptError{URI: m.URI, Err: fmt.Errorf("%w: the settings of its target %q are of %s, and what it holds is of %s", errForeign, name, s.Target(), item.Target)}
		return bound{}, target
	}
	target.Changes, target.Err = s.Diff(ctx, item)
	for i := range target.Changes {
		target.Changes[i].Target = name
	}
	return bound{service: s, item: item}, target
}

// planCleanup adds what would be taken away. Two targets of one function, say, find the same: it is listed once.
func (r Request) planCleanup(ctx context.Context, plan *Plan, ready map[string]bound, names []string) {
	var mu sync.Mutex
	found := map[string]Target{}
	side(names, func(name string) {
		if plan.Targets[name].Err != nil || !slices.Contains(r.Cleanup, plan.kind(name)) {
			return
		}
		var target Target
		switch cleaner := ready[name].service.(type) {
		case service.SharedCleaner:
			target.Changes, target.Err = cleaner.CleanupBeside(ctx, ready[name].item, beside(name, names, ready))
		case service.Cleaner:
			target.Changes, target.Err = cleaner.Cleanup(ctx, ready[name].item)
		}
		mu.Lock()
		defer mu.Unlock()
		found[name] = target
	})
	listed := map[string]bool{}
	for _, name := range names {
		target := plan.Targets[name]
		target.Err = errors.Join(target.Err, found[name].Err)
		for _, change := range found[name].Changes {
			if id := change.Service + " " + string(change.Apply); !listed[id] {
				listed[id] = true
				change.Target = name
				target.Cleanup = append(target.Cleanup, change)
			}
		}
		plan.Targets[name] = target
	}
}

func beside(name string, names []string, ready map[string]bound) []service.Item {
	var items []service.Item
	for _, other := range names {
		if other != name && ready[other].service != nil {
			items = append(items, ready[other].item)
		}
	}
	return items
}

// names returns the targets that have something to do, in the order in which they are begun.
func (p Plan) names(of func(Target) []service.Change) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(p.Targets)) {
		if len(of(p.Targets[name])) > 0 {
			names = append(names, name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return p.rank(a) - p.rank(b) })
	return names
}

func restoring(t Target) []service.Change { return t.Changes }
func cleaning(t Target) []service.Change  { return t.Cleanup }

func (p Plan) rank(name string) int {
	if rank, known := order[p.kind(name)]; known {
		return rank
	}
	return otherRank
}

func (p Plan) kind(name string) string { return p.Snapshot.Items[name].Spec.Kind }

// waitsFor returns which of names have to be back before name is begun. They all come before it in names.
func (p Plan) waitsFor(name string, names []string) []string {
	var first []string
	for _, other := range names {
		if slices.Contains(after[p.kind(name)], p.kind(other)) {
			first = append(first, other)
		}
	}
	return first
}

// Part is what one target adds to an estimate.
type Part struct {
	Target  string
	Kind    string // of the target
	Changes int    // how many things
	Takes   time.Duration
	After   []string // targets that have to be back before it is begun
}

// Parts returns what the estimate is made of, in the order in which the targets are begun.
func (p Plan) Parts() []Part {
	var parts []Part
	names := p.names(restoring)
	for _, name := range names {
		parts = append(parts, Part{
			Target: name, Kind: p.kind(name), Changes: things(p.Targets[name].Changes), Takes: takes(p.Targets[name].Changes), After: p.waitsFor(name, names),
		})
	}
	return parts
}

// estimate is the longest chain of targets that wait for each other, and that with the longest clean-up.
func (p Plan) estimate() (recovery, total time.Duration) {
	ends := map[string]time.Duration{}
	var cleanup time.Duration
	for _, part := range p.Parts() {
		var begins time.Duration
		for _, first := range part.After {
			begins = max(begins, ends[first])
		}
		ends[part.Target] = begins + part.Takes
		recovery = max(recovery, ends[part.Target])
	}
	for _, name := range p.names(cleaning) {
		cleanup = max(cleanup, takes(p.Targets[name].Cleanup))
	}
	return recovery, recovery + cleanup
}

// takes estimates the changes of one target: those of one bucket go side by side.
func takes(changes []service.Change) time.Duration {
	const atOnce = 16
	var sum, most time.Duration
	for _, change := range changes {
		sum += change.Estimate
		most = max(most, change.Estimate)
	}
	return max(most, sum/atOnce)
}

// things is how many things are changed.
func things(changes []service.Change) int {
	n := 0
	for _, change := range changes {
		n += change.Things()
	}
	return n
}
