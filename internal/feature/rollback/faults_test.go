package rollback_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// TestAccRollback_throttled: AWS throttles three calls of ten, reads and writes, and everything is put back all the same.
func TestAccRollback_throttled(t *testing.T) {
	e := acctest.Emulator(t)
	s := newScene(t, acctest.Unique(t))
	var remove func()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: s.snapshot("v2"), PostApplyFunc: s.release},
		{
			PreConfig: func() {
				remove = e.Inject(emulator.Fault{Throttle: true, Rate: 0.3, Times: 25})
				t.Cleanup(remove)
			},
			Config:            s.provider() + rollback(fmt.Sprintf("%q", s.Name+"/open"), "on_complete = \"ok\"\n  cleanup = { new_objects = true }") + forget,
			ConfigStateChecks: []statecheck.StateCheck{is("status", "restored"), value("executed", knownvalue.Bool(true))},
			PostApplyFunc:     func() { remove() },
			ConfigPlanChecks:  settled,
		},
	}})
	s.expectLive(before)
	s.expectLedger("rolled_back")
}

// TestAccRollback_clockSkew: AWS refuses the machine's clock: the error says so in AWS's own word, what was put back stays, and once
// the clock is right the next apply does what is left.
func TestAccRollback_clockSkew(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "2")
	e := acctest.Emulator(t)
	s := newScene(t, acctest.Unique(t))
	config := s.provider() + rollback(fmt.Sprintf("%q", s.Name+"/000001"), "")
	var remove func()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: s.snapshot("v2"), PostApplyFunc: s.release},
		{
			PreConfig: func() {
				remove = e.Inject(emulator.Fault{Service: "lambda", Operation: "UpdateAlias", Status: http.StatusForbidden, Code: "RequestTimeTooSkewed"})
				t.Cleanup(remove)
			},
			Config:      config + forget,
			ExpectError: regexp.MustCompile(`(?s)A target was not put back.*"code".*RequestTimeTooSkewed.*The rollback is not complete.*as\s+captured:\s+dns,\s+site\..*not:\s+code`),
		},
		{
			PreConfig: func() {
				s.expectLive("alias 2, index one, blue 100 green 0, new true")
				s.expectLedger("open")
				remove()
			},
			Config: config, ExpectError: regexp.MustCompile(`(?s)The release was rolled back.*1 change\(s\)`),
		},
		{Config: config, ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed")}, ConfigPlanChecks: settled},
	}})
	s.expectLive(back)
	s.expectLedger("rolled_back")
}

// expireLeases is what half a minute does to a lease that could not be given up.
func (s scene) expireLeases() {
	s.t.Helper()
	leases, err := filepath.Glob(filepath.Join(s.folder, "lease", "*.json"))
	if err != nil || len(leases) != 1 {
		s.t.Fatalf("leases %q: %v", leases, err)
	}
	kept, err := os.ReadFile(leases[0])
	if err != nil {
		s.t.Fatal(err)
	}
	expired := regexp.MustCompile(`("expires":\s*)"[^"]*"`).ReplaceAll(kept, []byte(`$1"2026-01-01T00:00:00Z"`))
	if err := os.WriteFile(leases[0], expired, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// TestAccRollback_storeVanishes: the store is gone once the rollback has begun to put things back, which it goes on with. What cannot be
// read back without the store is named. When the store is there again, nothing is left to put back, and the next apply tells the ledger.
func TestAccRollback_storeVanishes(t *testing.T) {
	e := acctest.Emulator(t)
	s := newScene(t, acctest.Unique(t))
	config := s.provider() + rollback(fmt.Sprintf("%q", s.Name+"/000001"), "")
	aside := filepath.Join(t.TempDir(), "aside")
	move := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Error(err)
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: s.snapshot("v2"), PostApplyFunc: s.release},
		{
			PreConfig: func() {
				t.Cleanup(e.Inject(emulator.Fault{Service: "s3", Operation: "CopyObject", Times: 1, HookLate: func(emulator.Call) {
					move(s.folder, aside)
					if err := os.WriteFile(s.folder, nil, 0o600); err != nil { // nor can it be made anew
						t.Error(err)
					}
				}}))
			},
			Config: config + forget, ExpectError: regexp.MustCompile(`(?s)A target was not put back.*"site".*store.*Live now.*The rollback is not complete.*as\s+captured:\s+code,\s+dns\.`),
		},
		{
			PreConfig: func() {
				s.expectLive(back)
				if err := os.Remove(s.folder); err != nil {
					t.Error(err)
				}
				move(aside, s.folder)
				s.expectLedger("open")
				s.expireLeases()
			},
			Config: config, ExpectError: regexp.MustCompile(`(?s)The release was rolled back.*nothing\s+had\s+to\s+be\s+put\s+back`),
		},
		{PreConfig: func() { s.expectLedger("rolled_back") }, Config: config, ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed")}, ConfigPlanChecks: settled},
	}})
	s.expectLive(back)
}
