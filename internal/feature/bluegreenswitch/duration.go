package bluegreenswitch

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// durationValidator takes Go durations that are not negative, or positive ones only.
type durationValidator struct{ positive bool }

func (v durationValidator) Description(context.Context) string {
	if v.positive {
		return `a positive duration, such as "30s" or "5m"`
	}
	return `a duration, such as "0s", "30s" or "5m"`
}

func (v durationValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v durationValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	d, err := time.ParseDuration(req.ConfigValue.ValueString())
	if err != nil || d < 0 || (d == 0 && v.positive) {
		tfdiag.ErrorAt(&resp.Diagnostics, req.Path, tfdiag.Message{
			Summary: "Invalid duration", Happened: fmt.Sprintf("%q is not %s.", req.ConfigValue.ValueString(), v.Description(ctx)),
			Next: "write a number with a unit.",
		})
	}
}

// durationOf returns a validated duration; known is false for an unknown one, and a null one is zero.
func durationOf(text types.String) (d time.Duration, known bool) {
	if text.IsUnknown() {
		return 0, false
	}
	d, err := time.ParseDuration(text.ValueString())
	if err != nil {
		return 0, true
	}
	return d, true
}
