package configured

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Collection is a list or a set.
type Collection interface {
	attr.Value
	ElementsAs(ctx context.Context, target any, allowUnhandled bool) diag.Diagnostics
}

// Strings returns the elements of a list or set of strings that are known and not null.
func Strings(ctx context.Context, values Collection, diags *diag.Diagnostics) []string {
	if values.IsNull() || values.IsUnknown() {
		return nil
	}
	var elements []types.String
	diags.Append(values.ElementsAs(ctx, &elements, false)...)
	var found []string
	for _, element := range elements {
		if !element.IsNull() && !element.IsUnknown() {
			found = append(found, element.ValueString())
		}
	}
	return found
}

// StringMap returns the elements of a map of strings that are known and not null.
func StringMap(ctx context.Context, values types.Map, diags *diag.Diagnostics) map[string]string {
	if values.IsNull() || values.IsUnknown() {
		return nil
	}
	var elements map[string]types.String
	diags.Append(values.ElementsAs(ctx, &elements, false)...)
	found := make(map[string]string, len(elements))
	for key, element := range elements {
		if !element.IsNull() && !element.IsUnknown() {
			found[key] = element.ValueString()
		}
	}
	return found
}
