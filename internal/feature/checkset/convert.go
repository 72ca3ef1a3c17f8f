package checkset

import (
	"time"

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
