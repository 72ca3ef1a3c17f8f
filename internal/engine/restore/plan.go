package restore

import (
	"context"
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

// order is by how fast and how far out a lever is: what moves the traffic away from a bad release comes first, what
// takes long comes last. A kind that is not here comes after all of them. Deletions come after everything.
var order = map[string]int{"route53_record": 1, "cloudfront_distribution": 2, "listener_rule": 2, "http_api_stage": 3, "rest_api_stage": 3, "lambda_alias": 4, "ssm_parameter": 5, "ecs_service": 6, "s3_bucket": 7}

const (
	otherRank   = 8
	cleanupRank = 9
)

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
	return plan, context.Cause(ctx)
}

func (r Request) plan(ctx context.Context, m snapshot.Manifest, names []string) (Plan, map[string]bound) {
	var mu sync.Mutex
	plan := Plan{Snapshot: m, Targets: make(map[string]Target, len(names))}
	ready := make(map[string]bound, len(names))
	var group errgroup.Group
	group.SetLimit(parallel)
	for _, name := range names {
		group.Go(func() error {
			b, target := r.planOne(ctx, m, name)
			mu.Lock()
			defer mu.Unlock()
			plan.Targets[name], ready[name] = target, b
			return nil
		})
	}
	_ = group.Wait() // every error is its target's
	plan.Estimate = plan.estimate()
	return plan, ready
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
	target.Changes, target.Err = s.Diff(ctx, item)
	if cleaner, ok := s.(service.Cleaner); ok && r.Cleanup && target.Err == nil {
		var cleanup []service.Change
		cleanup, target.Err = cleaner.Cleanup(ctx, item)
		target.Changes = append(target.Changes, cleanup...)
	}
	for i := range target.Changes {
		target.Changes[i].Target = name
	}
	return bound{service: s, item: item}, target
}

// phase is what is done side by side.
type phase struct {
	rank    int
	names   []string
	changes map[string][]service.Change
}

// phases groups the changes: one phase a rank, and one for all deletions of things that do no harm. The deletions of a
// service that puts everything back in one call stay with it: they are part of that call.
func (p Plan) phases() []phase {
	byRank := map[int]*phase{}
	add := func(rank int, name string, change service.Change) {
		group := byRank[rank]
		if group == nil {
			group = &phase{rank: rank, changes: map[string][]service.Change{}}
			byRank[rank] = group
		}
		if _, seen := group.changes[name]; !seen {
			group.names = append(group.names, name)
		}
		group.changes[name] = append(group.changes[name], change)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Targets)) {
		for _, change := range p.Targets[name].Changes {
			add(rank(change), name, change)
		}
	}
	var sorted []phase
	for _, r := range slices.Sorted(maps.Keys(byRank)) {
		sorted = append(sorted, *byRank[r])
	}
	return sorted
}

func rank(change service.Change) int {
	if change.Action == service.Delete && change.Service != "route53_record" {
		return cleanupRank
	}
	if r, known := order[change.Service]; known {
		return r
	}
	return otherRank
}

// estimate adds up the phases, each as long as its longest target. The changes of one bucket go side by side, and a
// change batch is one change.
func (p Plan) estimate() time.Duration {
	var total time.Duration
	for _, group := range p.phases() {
		var longest time.Duration
		for _, changes := range group.changes {
			var sum, most time.Duration
			for _, change := range changes {
				sum += change.Estimate
				most = max(most, change.Estimate)
			}
			longest = max(longest, most, sum/16)
		}
		total += longest
	}
	return total
}
