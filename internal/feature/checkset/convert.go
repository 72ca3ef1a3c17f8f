package checkset

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// toDuration parses a duration; null is otherwise.
func toDuration(text types.String, otherwise time.Duration, at path.Path, diags *diag.Diagnostics) time.Duration {
	if text.IsNull() || text.IsUnknown() {
		return otherwise
	}
	d, err := time.ParseDuration(text.ValueString())
	invalid(diags, at, err)
	return d
}

func toInt(number types.Int64, otherwise int) int {
	if number.IsNull() || number.IsUnknown() {
		return otherwise
	}
	return int(number.ValueInt64())
}

func toFloat(number types.Float64, otherwise float64) float64 {
	if number.IsNull() || number.IsUnknown() {
		return otherwise
	}
	return number.ValueFloat64()
}

func toBool(value types.Bool, otherwise bool) bool {
	if value.IsNull() || value.IsUnknown() {
		return otherwise
	}
	return value.ValueBool()
}

type collection interface {
	attr.Value
	ElementsAs(ctx context.Context, target any, allowUnhandled bool) diag.Diagnostics
}

// stringList returns the elements of a list or set that are known and not null.
func stringList(ctx context.Context, values collection, diags *diag.Diagnostics) []string {
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

// stringMap returns the elements that are known and not null.
func stringMap(ctx context.Context, values types.Map, diags *diag.Diagnostics) map[string]string {
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
