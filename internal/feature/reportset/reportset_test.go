package reportset_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/reportset"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	kinds := map[string]attr.Type{"json": types.StringType, "junit": types.StringType, "html": types.StringType}
	report := types.ObjectValueMust(kinds, map[string]attr.Value{"json": types.StringValue("a.json"), "junit": types.StringNull(), "html": types.StringValue("a.html")})
	var written []string
	write := func(format, file string) error {
		written = append(written, format+" "+file)
		if format == "json" {
			return errors.New("the disk is full")
		}
		return nil
	}
	var diags diag.Diagnostics
	reportset.Write(report, write, "The rollback was done", "name another path.", &diags)
	if diff := cmp.Diff([]string{"html a.html", "json a.json"}, written); diff != "" {
		t.Error(diff)
	}
	if len(diags) != 1 || diags[0].Severity() != diag.SeverityWarning || !strings.Contains(diags[0].Detail(), "The rollback was done: the disk is full") || !strings.Contains(diags[0].Detail(), "report.json") {
		t.Errorf("%+v", diags)
	}
	written = nil
	reportset.Write(types.ObjectNull(kinds), write, "", "", &diags)
	if len(written) != 0 || len(diags) != 1 {
		t.Errorf("without the attribute: %v, %v", written, diags)
	}
}

func TestSchemasAreAlike(t *testing.T) {
	t.Parallel()
	texts := reportset.Texts{Whole: "Files.", Files: map[string]string{"json": "JSON.", "html": "A page."}}
	for name, got := range map[string]interface{ GetType() attr.Type }{"resource": texts.Resource(), "data source": texts.DataSource(), "action": texts.Action()} {
		object, ok := got.GetType().(types.ObjectType)
		if !ok || len(object.AttrTypes) != 2 || object.AttrTypes["html"] != types.StringType {
			t.Errorf("%s: %v", name, got.GetType())
		}
	}
}
