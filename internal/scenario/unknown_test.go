package scenario

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// TestAccWholeObjectsMayBeUnknown: a module hands objects through its variables, and Terraform validates before it knows their
// values; at plan they may come from what is yet to be made.
func TestAccWholeObjectsMayBeUnknown(t *testing.T) {
	e := acctest.Emulator(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: e.Env(), Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Copy(filepath.Join("testdata", "unknown"), "*.tf"); err != nil {
		t.Fatal(err)
	}
	if err := w.Init(ctx); err != nil {
		t.Fatal(err)
	}
	must(t, 0)(w.Run(ctx, "validate", "-no-color"))
	if out := must(t, 0)(w.Plan(ctx)); !strings.Contains(out, "8 to add") {
		t.Errorf("not all was planned:\n%s", out)
	}
}
