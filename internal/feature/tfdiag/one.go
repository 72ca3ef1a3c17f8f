package tfdiag

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// ExactlyOne takes an object that sets exactly one of the members names. It says nothing of an object that is null or
// unknown, and counts an unknown member as one that may still turn out either way.
func ExactlyOne(names ...string) validator.Object { return exactlyOne(names) }

type exactlyOne []string

// Description implements validator.Describer.
func (v exactlyOne) Description(context.Context) string {
	return "exactly one of " + strings.Join(v, ", ") + " is set"
}

// MarkdownDescription implements validator.Describer.
func (v exactlyOne) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateObject implements validator.Object.
func (v exactlyOne) ValidateObject(_ context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	var set []string
	maybe := false
	for _, name := range v {
		switch value := req.ConfigValue.Attributes()[name]; {
		case value == nil || value.IsNull():
		case value.IsUnknown():
			maybe = true
		default:
			set = append(set, name)
		}
	}
	if len(set) == 1 || len(set) == 0 && maybe {
		return
	}
	happened := fmt.Sprintf("%s sets none of %s.", req.Path, strings.Join(v, ", "))
	if len(set) > 1 {
		happened = fmt.Sprintf("%s sets %s at once.", req.Path, strings.Join(set, " and "))
	}
	ErrorAt(&resp.Diagnostics, req.Path, Message{Summary: "Invalid Attribute Combination", Happened: happened, Next: "set exactly one of " + strings.Join(v, ", ") + "."})
}
