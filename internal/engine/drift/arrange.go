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

// readBatch is what one Read looks at: resources of one type, account and Region, by their place in arrangement.resources.
type readBatch struct {
	reader                live.Reader
	account, kind, region string
	resources             []int
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
		global := specs[resource.Type].Global
		if resource.Region == "" || global {
			resource.Region = region
		}
		key := ownerKey{resource.Type, resource.ID}
		if reason := options.refuses(resource, global); reason != "" {
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
		if len(specs[resource.Type].Attributes) > 0 && unwantedOwners[key] == "" {
			plan.alone(options, resource, region)
			continue
		}
		plan.left.skip(resource.Type, cmp.Or(unwantedOwners[key], noOwner(part.OwnerType)), 1)
	}
	plan.group(options)
	return plan
}

// alone adds a piece whose owner is not in the state, and whose reader can look at it by itself.
func (a *arrangement) alone(options Options, piece Resource, region string) {
	if piece.Region == "" {
		piece.Region = region
	}
	if reason := options.refuses(piece, false); reason != "" {
		a.left.skip(piece.Type, reason, 1)
		return
	}
	a.resources = append(a.resources, piece)
}

// refuses returns why a resource is not wanted, or "".
func (o Options) refuses(resource Resource, global bool) string {
	matches := func(glob string) bool { return match(glob, resource.Type) }
	switch {
	case len(o.Types) > 0 && !slices.ContainsFunc(o.Types, matches), slices.ContainsFunc(o.ExcludeTypes, matches):
		return unwanted
	case !global && len(o.Regions) > 0 && !slices.Contains(o.Regions, resource.Region):
		return elsewhere
	}
	return ""
}

func (a *arrangement) group(options Options) {
	type key struct{ account, kind, region string }
	groups := map[key][]int{}
	for i, resource := range a.resources {
		k := key{"", resource.Type, resource.Region}
		if gathers(readerOf(options.Readers, resource.Type)) {
			k.region = ""
		} else if _, ok := options.Accounts[resource.AccountID]; ok {
			k.account = resource.AccountID
		}
		groups[k] = append(groups[k], i)
	}
	keys := slices.SortedFunc(maps.Keys(groups), func(x, y key) int {
		return cmp.Or(cmp.Compare(x.account, y.account), cmp.Compare(x.kind, y.kind), cmp.Compare(x.region, y.region))
	})
	for _, k := range keys {
		readers := options.Readers
		if k.account != "" {
			readers = options.Accounts[k.account].Readers
		}
		if reader := readerOf(readers, k.kind); reader != nil {
			a.batches = append(a.batches, readBatch{reader: reader, account: k.account, kind: k.kind, region: k.region, resources: groups[k]})
		}
	}
}

// gathers tells that a reader takes resources of all accounts and Regions in one batch.
func gathers(reader live.Reader) bool {
	all, ok := reader.(interface{ Gathers() bool })
	return ok && all.Gathers()
}

// readerOf is the reader of a type, or nil.
func readerOf(readers []live.Reader, kind string) live.Reader {
	for _, reader := range readers {
		if slices.ContainsFunc(reader.Types(), func(spec live.Spec) bool { return spec.Type == kind }) {
			return reader
		}
	}
	return nil
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
