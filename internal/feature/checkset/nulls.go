package checkset

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// refuseNulls reports nulls within the lists, sets and maps below value: left out silently, an expectation that came out
// null would make a check pass without having looked. A header may be null, which leaves it out, as everywhere in Terraform.
func refuseNulls(value attr.Value, at path.Path, diags *diag.Diagnostics) {
	switch value := value.(type) {
	case types.Object:
		members := value.Attributes()
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if !strings.Contains(name, "headers") {
				refuseNulls(members[name], at.AtName(name), diags)
			}
		}
	case types.Map:
		elements := value.Elements()
		for _, key := range slices.Sorted(maps.Keys(elements)) {
			refuseNull(elements[key], at.AtMapKey(key), diags)
		}
	case types.List:
		for i, element := range value.Elements() {
			refuseNull(element, at.AtListIndex(i), diags)
		}
	case types.Set:
		for _, element := range value.Elements() {
			refuseNull(element, at, diags)
		}
	}
}

func refuseNull(element attr.Value, at path.Path, diags *diag.Diagnostics) {
	if !element.IsNull() {
		refuseNulls(element, at, diags)
		return
	}
	wrong(diags, at, tfdiag.Message{
		Summary: "Null in a check", Happened: "a value in it is null, and leaving it out would make the check pass without having looked.",
		Next: "give a value, or take the null out on purpose, for example with compact(...) or { for k, v in ... : k => v if v != null }.",
	})
}
