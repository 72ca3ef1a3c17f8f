package tfdiag

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestNoNulls(t *testing.T) {
	t.Parallel()
	at := path.Root("targets").AtMapKey("site").AtName("exclude")
	values := []attr.Value{types.StringValue("a"), types.StringUnknown()}
	for wrong, elements := range map[bool][]attr.Value{false: values, true: append(values[:2:2], types.StringNull())} {
		var list validator.ListResponse
		NoNulls{}.ValidateList(t.Context(), validator.ListRequest{Path: at, ConfigValue: types.ListValueMust(types.StringType, elements)}, &list)
		var set validator.SetResponse
		NoNulls{}.ValidateSet(t.Context(), validator.SetRequest{Path: at, ConfigValue: types.SetValueMust(types.StringType, elements)}, &set)
		for _, diags := range []interface{ HasError() bool }{list.Diagnostics, set.Diagnostics} {
			if diags.HasError() != wrong {
				t.Errorf("%v: %v", elements, diags)
			}
		}
		if wrong && !strings.Contains(set.Diagnostics[0].Detail(), `targets["site"].exclude holds a null`) {
			t.Errorf("%v", set.Diagnostics)
		}
	}
	var absent validator.SetResponse
	NoNulls{}.ValidateSet(t.Context(), validator.SetRequest{Path: at, ConfigValue: types.SetNull(types.StringType)}, &absent)
	if absent.Diagnostics.HasError() {
		t.Error(absent.Diagnostics)
	}
}
