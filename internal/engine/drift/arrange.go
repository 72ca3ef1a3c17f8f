package drift

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// arrangement is what of a state is looked at, and how it is grouped into reads.
type arrangement struct {
	resources []Resource
	batches   []readBatch
	// parts is how many other instances of the state are compared with a resource.
	parts map[live.Address]int
	left  *State // only what is skipped
}

type readBatch struct {
	reader live.Reader
	batch  live.Batch
}

type ownerKey struct{ kind, id string }

// arrange picks the resources that are wanted, adds the rules of standalone resources to their owners, and groups by
// type and Region. Pieces follow their owner, whatever types says of them: without them the owner would seem to differ.
func arrange(options Options, specs map[string]live.Spec, region string) *arrangement {
	plan := &arrangement{parts: map[live.Address]int{}, left: &State{Unread: map[string]map[string]int{}}}
	for kind, reasons := range options.State.Unread {
		for reason, count := range reasons {
			plan.left.skip(kind, reason, count)
		}
	}
	owners := map[ownerKey]int{}
	unwantedOwners := map[ownerKey]string{}
	for _, resource := range options.State.Resources {
		if specs[resource.Type].Part != nil {
			continue
		}
		if resource.Region == "" {
			resource.Region = region
		}
		key := ownerKey{resource.Type, resource.ID}
		if reason := options.refuses(resource); reason != "" {
			unwantedOwners[key] = reason
			plan.left.skip(resource.Type, reason, 1)
			continue
		}
		owners[key] = len(plan.resources)
		plan.resources = append(plan.resources, resource)
	}
	for _, resource := range options.State.Resources {
		part := specs[resource.Type].Part
		if part == nil {
			continue
		}
		id, adds := part.Owner(resource.Resource)
		key := ownerKey{part.OwnerType, id}
		if i, ok := owners[key]; ok {
			owner := &plan.resources[i]
			owner.Merged = append(owner.Merged, adds)
			plan.parts[owner.Address]++
			continue
		}
		plan.left.skip(resource.Type, cmp.Or(unwantedOwners[key], noOwner), 1)
	}
	plan.group(options)
	return plan
}

// refuses returns why a resource is not wanted, or "".
func (o Options) refuses(resource Resource) string {
	matches := func(glob string) bool { return match(glob, resource.Type) }
	switch {
	case len(o.Types) > 0 && !slices.ContainsFunc(o.Types, matches), slices.ContainsFunc(o.ExcludeTypes, matches):
		return unwanted
	case len(o.Regions) > 0 && !slices.Contains(o.Regions, resource.Region):
		return elsewhere
	}
	return ""
}

func (a *arrangement) group(options Options) {
	type key struct{ kind, region string }
	groups := map[key][]live.Resource{}
	for _, resource := range a.resources {
		k := key{resource.Type, resource.Region}
		groups[k] = append(groups[k], resource.Resource)
	}
	keys := slices.SortedFunc(maps.Keys(groups), func(x, y key) int {
		return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.region, y.region))
	})
	for _, k := range keys {
		for _, reader := range options.Readers {
			if slices.ContainsFunc(reader.Types(), func(spec live.Spec) bool { return spec.Type == k.kind }) {
				a.batches = append(a.batches, readBatch{reader, live.Batch{Type: k.kind, Region: k.region, Resources: groups[k]}})
			}
		}
	}
}

// skipped sums up what was not looked at, by type.
func (a *arrangement) skipped() map[string]Skipped {
	all := map[string]Skipped{}
	for kind, reasons := range a.left.Unread {
		summary := Skipped{}
		var words []string
		for _, reason := range slices.Sorted(maps.Keys(reasons)) {
			summary.Count += reasons[reason]
			words = append(words, reason)
			if len(reasons) > 1 {
				words[len(words)-1] += fmt.Sprintf(" (%d)", reasons[reason])
			}
		}
		summary.Reason = strings.Join(words, "; ")
		all[kind] = summary
	}
	return all
}
