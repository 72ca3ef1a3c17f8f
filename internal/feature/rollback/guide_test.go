package rollback_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// TestAccGuideManualOperations runs the commands of the guide against its own configuration.
func TestAccGuideManualOperations(t *testing.T) {
	acctest.Emulator(t)
	guide, err := os.ReadFile("../../../examples/guides/manual-operations/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t, "manual")
	config := strings.Replace(string(guide), `store = { s3 = { bucket = "example-deployments" } }`, fmt.Sprintf("s3_use_path_style = true\n  store = { local = { path = %q } }", s.folder), 1)
	_, config, _ = strings.Cut(config, "}\n}\n") // the terraform block, which at adds
	run := at(t, "terraform", config)
	release := at(t, "terraform", s.snapshot("v1"))
	release(0, []string{`1 added`})
	s.release()
	byHand := []string{"-var", "name=manual", "-var", "reason=customers cannot pay", "-var", "roll_back=true"}
	run(0, []string{`valid\s+= true`, `1 added`}, "-var", "name=manual")
	run(1, []string{`The release was rolled back`, `customers cannot pay`}, append(byHand, "-replace=reliability_rollback.by_hand")...)
	s.expectLive(back)
	if got := s.latest(); got.Reason != "customers cannot pay" {
		t.Errorf("reason %q", got.Reason)
	}
	run(0, []string{`1 added`}, append(byHand, "-var", "snapshot=manual/open")...)
	s.expectLedger("rolled_back")
}
