package scenario

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// TestAccDriftOverManyWorkspaces: what several looks and a refresh found is merged by the configuration of the guide: sums, the
// critical ones by workspace, and who was not looked at.
func TestAccDriftOverManyWorkspaces(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Copy(filepath.Join(root, "examples", "guides", "drift-over-many-workspaces", "merge"), "*.tf"); err != nil {
		t.Fatal(err)
	}
	reports := filepath.Join(w.Dir, "reports")
	if err := os.Mkdir(reports, 0o700); err != nil {
		t.Fatal(err)
	}
	outputs := filepath.Join(root, "internal", "engine", "drift", "testdata")
	for name, from := range map[string]string{"network.report.json": "report.golden.json", "web-prod.report.json": "report.golden.json", "dns.plan.json": "refresh-only-plan.json"} {
		text, err := os.ReadFile(filepath.Join(outputs, from))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(reports, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Init(ctx); err != nil {
		t.Fatal(err)
	}
	ended, err := w.Apply(ctx, `-var=workspaces=["network","web-prod","dns","forgotten"]`)
	if err != nil || ended.Exit != 0 {
		t.Fatalf("%v, exit %d:\n%s", err, ended.Exit, ended.Output)
	}
	text, err := w.Command(ctx, "output", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var merged struct {
		Summary struct {
			Value map[string]int `json:"value"`
		} `json:"summary"`
		Missing struct {
			Value []string `json:"value"`
		} `json:"missing"`
		Critical struct {
			Value []string `json:"value"`
		} `json:"critical"`
	}
	if err := json.Unmarshal(text, &merged); err != nil {
		t.Fatal(err)
	}
	found := merged.Summary.Value
	if found["workspaces"] != 3 || found["critical"] < 4 || found["unverified"] != 2 || len(merged.Critical.Value) != found["critical"] {
		t.Errorf("merged to %v, critical %q", found, merged.Critical.Value)
	}
	if len(merged.Missing.Value) != 1 || merged.Missing.Value[0] != "forgotten" {
		t.Errorf("missing %v", merged.Missing.Value)
	}
	for _, workspace := range []string{"network: ", "web-prod: "} {
		if !strings.Contains(strings.Join(merged.Critical.Value, "\n"), workspace) {
			t.Errorf("nothing of %s among %q", workspace, merged.Critical.Value)
		}
	}
}
