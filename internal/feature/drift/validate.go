package drift

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	engine "github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// ValidateConfig refuses what can never work: types that nobody reads, ignores that cover everything, and entries that lack something.
func (d *dataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var kinds, ignores, rules, accounts types.List
	for name, list := range map[string]*types.List{"types": &kinds, "ignore": &ignores, "rules": &rules, "accounts": &accounts} {
		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(name), list)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	var source types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("source"), &source)...)
	switch {
	case source.IsNull() || source.ValueString() == "live": // a refresh knows every type
		validateTypes(kinds, engine.Specs(live.Readers(nil)), &resp.Diagnostics)
	case source.ValueString() == "config":
		validateTypes(kinds, engine.Specs(live.Recorded(nil, live.Aggregator{})), &resp.Diagnostics)
	}
	validateAggregator(ctx, source, req, &resp.Diagnostics)
	validateSource(ctx, source, req, &resp.Diagnostics)
	var unmanaged types.List
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("unmanaged"), &unmanaged)...)
	validateUnmanaged(unmanaged, source, &resp.Diagnostics)
	eachKnown(ctx, ignores, path.Root("ignore"), &resp.Diagnostics, validateIgnore)
	eachKnown(ctx, rules, path.Root("rules"), &resp.Diagnostics, validateRule)
	eachKnown(ctx, accounts, path.Root("accounts"), &resp.Diagnostics, validateAccount)
}

// validateSource: only Terraform's own working directory can be refreshed.
func validateSource(ctx context.Context, source types.String, req datasource.ValidateConfigRequest, diags *diag.Diagnostics) {
	var state types.Object
	diags.Append(req.Config.GetAttribute(ctx, path.Root("state"), &state)...)
	if diags.HasError() || source.ValueString() != "refresh" || state.IsUnknown() || state.IsNull() {
		return
	}
	if dir := state.Attributes()["working_dir"]; dir == nil || dir.IsNull() {
		errorAt(diags, path.Root("source"), tfdiag.Message{
			Summary:  "A refresh needs a working directory",
			Happened: "source = \"refresh\" runs Terraform, and state names no directory to run it in.",
			Next:     "set state = { working_dir = ... }, or leave source out to read AWS directly.",
		})
	}
}

// validateAggregator: only AWS Config has aggregators.
func validateAggregator(ctx context.Context, source types.String, req datasource.ValidateConfigRequest, diags *diag.Diagnostics) {
	var aggregator types.Object
	diags.Append(req.Config.GetAttribute(ctx, path.Root("aggregator"), &aggregator)...)
	if aggregator.IsNull() || source.IsUnknown() || source.ValueString() == "config" {
		return
	}
	errorAt(diags, path.Root("aggregator"), tfdiag.Message{
		Summary: "An aggregator belongs to AWS Config", Happened: "aggregator names where AWS Config is asked, and source is not \"config\".", Next: "set source = \"config\", or leave aggregator out.",
	})
}

func validateTypes(kinds types.List, specs map[string]live.Spec, diags *diag.Diagnostics) {
	for i, element := range kinds.Elements() {
		kind, ok := element.(types.String)
		if !ok || kind.IsUnknown() || kind.IsNull() {
			continue
		}
		supported, owner := engine.Supports(specs, kind.ValueString())
		at := path.Root("types").AtListIndex(i)
		switch {
		case supported, owner != "" && names(kinds, owner, specs[owner]): // what is named with its owner follows it
		case owner != "":
			errorAt(diags, at, tfdiag.Message{
				Summary:  "Type is compared with its owner",
				Happened: fmt.Sprintf("%s is no thing of its own in AWS: it is a part of %s and compared together with it.", kind.ValueString(), owner),
				Next:     "write " + owner + " instead.",
			})
		default:
			errorAt(diags, at, tfdiag.Message{
				Summary:  "Type cannot be read",
				Happened: fmt.Sprintf("no reader knows %q.", kind.ValueString()),
				Next:     "choose among " + strings.Join(ownTypes(specs), ", ") + ", or leave types out: what cannot be read is then counted in skipped.",
			})
		}
	}
}

// names tells that one of the globs is for a type.
func names(kinds types.List, name string, spec live.Spec) bool {
	return slices.ContainsFunc(kinds.Elements(), func(element attr.Value) bool {
		kind, ok := element.(types.String)
		if !ok || kind.IsUnknown() || kind.IsNull() {
			return false
		}
		supported, _ := engine.Supports(map[string]live.Spec{name: spec}, kind.ValueString())
		return supported
	})
}

// validateUnmanaged: only what a reader lists can be found to be unmanaged, and a refresh sees nothing but the state.
func validateUnmanaged(kinds types.List, source types.String, diags *diag.Diagnostics) {
	specs := engine.Specs(live.Readers(nil))
	listed := slices.DeleteFunc(slices.Sorted(maps.Keys(specs)), func(kind string) bool { return !specs[kind].Listed })
	if kind := source.ValueString(); len(kinds.Elements()) > 0 && (kind == "refresh" || kind == "config") {
		errorAt(diags, path.Root("unmanaged"), tfdiag.Message{
			Summary: "Only a live look sees what is unmanaged", Happened: fmt.Sprintf("source = %q looks at nothing but the resources of the state.", kind), Next: "leave source out.",
		})
	}
	for i, element := range kinds.Elements() {
		kind, ok := element.(types.String)
		if !ok || kind.IsUnknown() || kind.IsNull() || slices.Contains(listed, kind.ValueString()) {
			continue
		}
		errorAt(diags, path.Root("unmanaged").AtListIndex(i), tfdiag.Message{
			Summary: "Type cannot be listed", Happened: fmt.Sprintf("no reader lists everything in AWS of type %q.", kind.ValueString()), Next: "choose among " + strings.Join(listed, ", ") + ".",
		})
	}
}

// ownTypes are the types that can be asked for.
func ownTypes(specs map[string]live.Spec) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(specs)), func(kind string) bool { return specs[kind].Part != nil })
}
