package drift

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/feature/tfdiag"
)

// errorAt adds m at the attribute that at lies in, and names at in the text: Terraform shows the line of an attribute, but
// only the line of the whole block for a path that leads into one.
func errorAt(diags *diag.Diagnostics, at path.Path, m tfdiag.Message) {
	m.Facts = append([]tfdiag.Fact{{Name: "Attribute", Value: at.String()}}, m.Facts...)
	tfdiag.ErrorAt(diags, rootOf(at), m)
}

// warningAt is errorAt for a warning.
func warningAt(diags *diag.Diagnostics, at path.Path, m tfdiag.Message) {
	m.Facts = append([]tfdiag.Fact{{Name: "Attribute", Value: at.String()}}, m.Facts...)
	tfdiag.WarningAt(diags, rootOf(at), m)
}

func rootOf(at path.Path) path.Path {
	for steps := at.Steps(); len(steps) > 1; steps = at.Steps() {
		at = at.ParentPath()
	}
	return at
}
