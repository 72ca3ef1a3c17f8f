package drift

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// reasonUnmanaged is why something unmanaged counts.
const reasonUnmanaged = "nothing in this state manages it: nobody will notice when it changes, and it is paid for"

// unmanaged lists everything in AWS of the types that are asked for, in every Region that the state or regions names and every
// account, and makes an item of what no resource of the state is. The whole state counts, not only what types lets through.
func (l *looking) unmanaged(ctx context.Context, region string) {
	for _, kind := range l.options.Unmanaged {
		managed := l.managed(kind)
		for _, account := range append([]string{""}, slices.Sorted(maps.Keys(l.options.Accounts))...) {
			readers := l.options.Readers
			if account != "" {
				readers = l.options.Accounts[account].Readers
			}
			lister, ok := readerOf(readers, kind).(live.Lister)
			if !ok || !l.specs[kind].Listed {
				l.plan.left.skip(kind, "unmanaged ones of this type cannot be listed", 0)
				break
			}
			for _, region := range l.regions(kind, region) {
				things, err := lister.List(ctx, live.Inventory{Type: kind, Region: region, Caller: l.caller(account)})
				if err != nil {
					l.result.unverified(Resource{Resource: live.Resource{Type: kind, Region: region, AccountID: account}},
						live.Outcome{Reason: "unmanaged resources of this type could not be listed", Err: err})
					continue
				}
				l.found(kind, region, account, things, managed)
			}
		}
	}
}

// managed are all the texts by which the state knows the resources of a type.
func (l *looking) managed(kind string) map[string]bool {
	known := map[string]bool{}
	for _, resource := range l.options.State.Resources {
		if resource.Type == kind {
			known[resource.ID], known[resource.Text("arn")] = true, true
		}
	}
	return known
}

// regions are where to look for a type.
func (l *looking) regions(kind, region string) []string {
	if l.specs[kind].Global {
		return []string{region}
	}
	if len(l.options.Regions) > 0 {
		return l.options.Regions
	}
	named := map[string]bool{}
	for _, resource := range l.options.State.Resources {
		if resource.Region != "" && !l.specs[resource.Type].Global {
			named[resource.Region] = true
		}
	}
	if region != "" || len(named) == 0 {
		named[region] = true
	}
	return slices.Sorted(maps.Keys(named))
}

// found makes the items.
func (l *looking) found(kind, region, account string, things []live.Thing, managed map[string]bool) {
	names := map[string]int{}
	for _, thing := range things {
		if managed[thing.ID] || slices.ContainsFunc(thing.Aliases, func(alias string) bool { return managed[alias] }) {
			continue
		}
		if thing.Excluded != "" {
			if l.result.Excluded == nil {
				l.result.Excluded = map[string]int{}
			}
			l.result.Excluded[thing.Excluded]++
			continue
		}
		name := label(thing)
		if names[name]++; names[name] > 1 {
			name += fmt.Sprintf("_%d", names[name])
		}
		l.result.Unmanaged++
		address := live.Address(kind + "." + name)
		if ignored(l.ignores, address, kind, "") || ignored(l.ignores, live.Address(thing.ID), kind, "") {
			l.result.Ignored++
			continue
		}
		item := Item{
			Address: address, Type: kind, ID: thing.ID, Region: region, AccountID: account, Kind: Unmanaged, Changes: []Change{}, CostBasis: basisUnknown,
			Category: wholeCategory(kind, Major, l.options.Overrides), Reason: reasonUnmanaged,
			resource: Resource{Resource: live.Resource{Type: kind, ID: thing.ID, Region: region, State: live.ValuesOf(thing.Attributes)}},
		}
		item.Remediation, item.Reconciliation = adopt(item)
		l.result.Items = append(l.result.Items, item)
	}
}

// label is a name for it that Terraform takes.
func label(thing live.Thing) string {
	name := thing.Name
	if name == "" {
		name = thing.ID
	}
	name = strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '_'
	}, name), "_")
	if name == "" || (name[0] >= '0' && name[0] <= '9') || name[0] == '-' {
		name = "imported_" + name
	}
	return name
}

// adopt is how something unmanaged comes into the state: an import block, and a configuration that Terraform writes for it.
func adopt(item Item) (remediation, reconciliation []string) {
	block := "import {\\n  to = %s\\n  id = %s\\n}\\n"
	return []string{"# nothing manages " + oneLine(item.ID) + ": if nobody needs it, delete it in AWS"},
		[]string{
			"printf '" + block + "' " + shellQuote(string(item.Address)) + " " + shellQuote(hclQuote(item.ID)) + " >> imports.tf",
			"terraform plan -generate-config-out=" + shellQuote("generated_"+strings.ReplaceAll(string(item.Address), ".", "_")+".tf"),
			"# look through the generated configuration and mend it where that plan complained of it (attributes that exclude each other), then",
			"terraform apply -target=" + shellQuote(string(item.Address)),
		}
}
