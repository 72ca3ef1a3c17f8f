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
		l.result.remade(kind)
	}
}

// remade finds, for what is gone, what was made anew by hand under the same name and so has another id: the state can take that in
// the place of what it had.
func (r *Result) remade(kind string) {
	for i := range r.Items {
		gone := &r.Items[i]
		if gone.Kind != Deleted || gone.Type != kind {
			continue
		}
		var same []*Item
		for j := range r.Items {
			if other := &r.Items[j]; other.Kind == Unmanaged && other.Type == kind && other.Region == gone.Region && other.name != "" && slices.Contains(namesInState(gone.resource), other.name) {
				same = append(same, other)
			}
		}
		if len(same) != 1 { // nobody can tell which of several it is
			continue
		}
		gone.Reason += "; " + same[0].ID + " has the same name and is in no state: it seems to have been made anew by hand"
		gone.Configuration = importBlock(string(gone.Address), same[0].ID)
		gone.Reconciliation = []string{
			"# if " + oneLine(same[0].ID) + " is to take its place:",
			"terraform state rm " + shellQuote(string(gone.Address)),
			importPrint(string(gone.Address), shellQuote(hclQuote(same[0].ID))),
			"terraform apply -target=" + shellQuote(string(gone.Address)),
			"# what that apply would change of it is what differs from the configuration",
		}
		same[0].Reason += "; it seems to be " + string(gone.Address) + ", made anew by hand"
		same[0].Reconciliation = []string{"# see " + oneLine(string(gone.Address))}
		same[0].Configuration = ""
	}
}

// namesInState are the names that a state has for a resource.
func namesInState(resource Resource) []string {
	names := []string{resource.Text("name"), resource.Text("bucket"), resource.Text("function_name")}
	for _, tags := range []string{"tags", "tags_all"} {
		if tags, ok := resource.Value(tags).(map[string]any); ok {
			if name, ok := tags["Name"].(string); ok {
				names = append(names, name)
			}
		}
	}
	return names
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
		item.Configuration = configuration(item, Resource{}, nil)
		item.name = thing.Name
		l.result.Items = append(l.result.Items, item)
	}
}

// label is a name for it that Terraform takes.
func label(thing live.Thing) string {
	if thing.Name == "" {
		return identifier(thing.ID)
	}
	return identifier(thing.Name)
}

// identifier makes a name for Terraform out of a text.
func identifier(name string) string {
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

// adopt is how something unmanaged comes into the state.
func adopt(item Item) (remediation, reconciliation []string) {
	return []string{"# nothing manages " + oneLine(item.ID) + ": if nobody needs it, delete it in AWS"},
		importLines(string(item.Address), shellQuote(hclQuote(item.ID)))
}

// importLines take something into the state by an import block, and a configuration that Terraform writes for it. id is a word of the
// shell that becomes the id in HCL, with its quotes.
func importLines(address, id string) []string {
	return []string{
		importPrint(address, id),
		"terraform plan -generate-config-out=" + shellQuote("generated_"+strings.ReplaceAll(address, ".", "_")+".tf"),
		"# look through the generated configuration and mend it where that plan complained of it (attributes that exclude each other), then",
		"terraform apply -target=" + shellQuote(address),
	}
}

// importPrint writes an import block into a file.
func importPrint(address, id string) string {
	return `printf 'import {\n  to = %s\n  id = %s\n}\n' ` + shellQuote(address) + " " + id + " >> imports.tf"
}
