package rollback_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

func (s scene) judge(version int, status ledger.Status) {
	s.t.Helper()
	if err := s.ledger().Close(context.Background(), fmt.Sprintf("%s/%06d", s.Name, version), status, "503 on /"); err != nil {
		s.t.Fatal(err)
	}
}

func (s scene) expectLedger(want string) {
	s.t.Helper()
	if got := s.status(); got != want {
		s.t.Errorf("ledger: %s, want %s", got, want)
	}
}

func (s scene) latest() ledger.Deployment {
	s.t.Helper()
	history, err := s.ledger().History(context.Background(), s.Name)
	if err != nil {
		s.t.Fatal(err)
	}
	latest, _ := history.Latest()
	return latest
}

// forget lets a step leave the snapshot resource out of the configuration: a pipeline's next step has a small one of its own.
const forget = "removed {\n  from = reliability_deployment_snapshot.web\n  lifecycle { destroy = false }\n}\n"

// TestAccAFailedApply: the step after a failed apply undoes the open deployment, and does nothing when it was committed.
func TestAccAFailedApply(t *testing.T) {
	e := acctest.Emulator(t)
	s := newScene(t, "failed-apply")
	step := s.provider() + rollback(`"failed-apply/open"`, "") + "data \"reliability_rollback_plan\" \"web\" {\n  snapshot_id = \"failed-apply/open\"\n}\n"
	var calls int
	none := []statecheck.StateCheck{
		value("executed", knownvalue.Bool(false)), is("status", "not_needed"), value("recovery_seconds", knownvalue.Null()),
		statecheck.ExpectKnownValue(planAddress, tfjsonpath.New("resolved_id"), knownvalue.Null()), statecheck.ExpectKnownValue(planAddress, tfjsonpath.New("valid"), knownvalue.Bool(true)),
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: step, ConfigStateChecks: none, ConfigPlanChecks: settled}, // nothing was ever deployed
			{Config: s.snapshot("v1"), PostApplyFunc: func() { s.judge(1, ledger.Succeeded); calls = len(e.Calls()) }},
			{Config: step + forget, ConfigStateChecks: none, ConfigPlanChecks: settled},
			{
				PreConfig: func() {
					if made := len(e.Calls()) - calls; made != 0 {
						t.Errorf("%d call(s) to AWS though nothing is open", made)
					}
				},
				Config: s.snapshot("v2"), PostApplyFunc: func() { s.release(); s.expectLedger("succeeded open") },
			},
			{ // the apply of v2 died half-way
				PreConfig: func() { s.expectLive(broken) },
				Config:    step + forget, ExpectError: regexp.MustCompile(`(?s)The release was rolled back.*to\s+snapshot\s+failed-apply/000002`),
			},
			{Config: step, ConfigStateChecks: none, ConfigPlanChecks: settled},
		},
	})
	s.expectLive(back)
	s.expectLedger("succeeded rolled_back")
}

// TestAccADeploymentTimesOut: an open deployment past its timeout is rolled back by the next plan and apply.
func TestAccADeploymentTimesOut(t *testing.T) {
	acctest.Emulator(t)
	s := newScene(t, "times-out")
	watch := s.provider() + "data \"reliability_deployment\" \"web\" {\n  name = \"times-out\"\n}\n" +
		"resource \"reliability_rollback\" \"web\" {\n  snapshot_id = \"times-out/open\"\n  when = data.reliability_deployment.web.overdue\n  on_complete = \"ok\"\n}\n"
	timed := s.provider() + fmt.Sprintf("resource \"reliability_deployment_snapshot\" \"web\" {\n  name = %q\n  release = \"v2\"\n  timeout = \"1h\"\n  %s\n}\n", s.Name, s.Targets())
	file := filepath.Join(s.folder, "ledger", s.Name+".json")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: timed, PostApplyFunc: s.release},
			{Config: watch + forget, ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed")}, ConfigPlanChecks: settled},
			{
				PreConfig: func() { // two hours later
					s.expectLive(broken)
					kept, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					began := regexp.MustCompile(`"started_at":"[^"]*"`)
					earlier := began.ReplaceAllString(string(kept), `"started_at":"`+time.Now().Add(-2*time.Hour).UTC().Format(time.RFC3339)+`"`)
					if err := os.WriteFile(file, []byte(earlier), 0o600); err != nil {
						t.Fatal(err)
					}
				},
				Config:            watch,
				ConfigStateChecks: []statecheck.StateCheck{is("status", "restored"), value("executed", knownvalue.Bool(true))},
				// Once it is undone it is not overdue any more, so that the rollback stands by again.
				ExpectNonEmptyPlan: true,
			},
			{Config: watch, ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed")}, ConfigPlanChecks: settled},
		},
	})
	s.expectLive(back)
	s.expectLedger("rolled_back")
	if why := s.latest().Reason; !regexp.MustCompile(`has been open for 2h0m\d+s, longer than its timeout of 1h0m0s`).MatchString(why) {
		t.Errorf("reason: %s", why)
	}
}

// TestAccCriticalDrift: a drift that blocks is a trigger.
func TestAccCriticalDrift(t *testing.T) {
	acctest.Emulator(t)
	s := newScene(t, "critical-drift")
	state := func(zone string) string {
		return fmt.Sprintf(`data "reliability_drift" "web" {
  fail_on = "none"
  state = { json = jsonencode({ version = 4, terraform_version = "1.11.4", serial = 1, lineage = "x", outputs = {}, resources = [{ mode = "managed", type = "aws_s3_bucket", name = "b",
    provider = "provider[\"registry.terraform.io/hashicorp/aws\"]", instances = [{ schema_version = 0, attributes = { id = %q, bucket = %q, region = "us-east-1" } }] }] }) }
}
`, zone, zone)
	}
	trigger := "when = data.reliability_drift.web.critical > 0"
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.snapshot("v2"), PostApplyFunc: s.release},
			{Config: s.snapshot("v2") + state(s.Name) + rollback("", trigger), ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed")}},
			{ // what the state holds is not there: deleted is critical
				PreConfig: func() { s.expectLive(broken) },
				Config:    s.snapshot("v2") + state("no-such-bucket-anywhere") + rollback("", trigger), ExpectError: regexp.MustCompile(`The release was rolled back`),
			},
			{Config: s.snapshot("v3") + state(s.Name) + rollback("", trigger), ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed")}},
		},
	})
	s.expectLive(back)
}

// TestAccAGateThatRecords: the gate records, and the rollback that waits for it ends the apply red.
func TestAccAGateThatRecords(t *testing.T) {
	acctest.Emulator(t)
	s := newScene(t, "gate-records")
	config := func(release, address string) string {
		return s.snapshot(release) + fmt.Sprintf(`
resource "reliability_health_gate" "web" {
  deployment_id = reliability_deployment_snapshot.web.id
  on_failure    = "record"
  max_retries   = 0
  checks        = { door = { tcp = { address = %q } } }
}
`, address) + rollback("", "when = !reliability_health_gate.web.healthy")
	}
	alive := acctest.Emulator(t).URL()[len("http://"):]
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config("v1", alive), ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed")}, ConfigPlanChecks: settled, PostApplyFunc: s.release},
			// Between the snapshot of v2 and its gate nothing changed, and still the apply of a release that failed is red.
			{Config: config("v2", "127.0.0.1:1"), ExpectError: regexp.MustCompile(`(?s)The release was rolled back.*nothing\s+had\s+to\s+be\s+put\s+back.*in\s+quarantine`)},
			{Config: config("v3", alive), ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed")}, ConfigPlanChecks: settled},
		},
	})
	s.expectLedger("succeeded rolled_back succeeded")
}

// TestAccNothingOfItWasLive: a rollback of a deployment that nobody had judged, and of which nothing is live, closes it
// without a quarantine.
func TestAccNothingOfItWasLive(t *testing.T) {
	acctest.Emulator(t)
	s := newScene(t, "nothing-live")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.snapshot("v2") + rollback("", ""), ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed"), value("executed", knownvalue.Bool(false))}, ConfigPlanChecks: settled},
			{Config: s.snapshot("v2") + rollback("", "when = false"), ConfigPlanChecks: settled},
		},
	})
	s.expectLedger("abandoned")
}

// TestAccResumed: a rollback that died after everything was back, before the ledger knew, is known for what it was.
func TestAccResumed(t *testing.T) {
	acctest.Emulator(t)
	s := newScene(t, "resumed")
	ledgerFile := filepath.Join(s.folder, "ledger", s.Name+".json")
	var kept []byte
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.snapshot("v2"), PostApplyFunc: s.release},
			{
				PreConfig: func() {
					var err error
					if kept, err = os.ReadFile(ledgerFile); err != nil {
						t.Fatal(err)
					}
				},
				Config: s.provider() + rollback(`"resumed/000001"`, "") + forget, ExpectError: regexp.MustCompile(`The release was rolled back`),
			},
			{ // as if it had never written the ledger
				PreConfig: func() {
					if err := os.WriteFile(ledgerFile, kept, 0o600); err != nil {
						t.Fatal(err)
					}
					s.expectLedger("open")
				},
				Config: s.provider() + rollback(`"resumed/000001"`, ""), ExpectError: regexp.MustCompile(`(?s)The release was rolled back.*nothing\s+had\s+to\s+be\s+put\s+back`),
			},
			{Config: s.provider() + rollback(`"resumed/000001"`, ""), ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed")}, ConfigPlanChecks: settled},
		},
	})
	s.expectLedger("rolled_back")
}

// TestAccTooSlow: a rollback that cannot end in its time is refused at plan, and named part by part.
func TestAccTooSlow(t *testing.T) {
	e := acctest.Emulator(t)
	s := newScene(t, "too-slow")
	var calls int
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.snapshot("v2"), PostApplyFunc: func() { s.release(); calls = mutating(e) }},
			{
				Config:      s.snapshot("v2") + rollback("", `max_recovery_time = "30s"`),
				ExpectError: regexp.MustCompile(`(?s)cannot end in its time.*max_recovery_time.*about\s+1m0s.*dns\s+\(route53_record,\s+2\s+change.*code\s+\(lambda_alias,\s+1\s+change.*1s.*site\s+\(s3_bucket.*Live\s+now.*set\s+max_recovery_time\s+to\s+1m0s\s+or\s+more`),
			},
			{PreConfig: func() {
				if made := mutating(e) - calls; made != 0 {
					t.Errorf("%d mutating call(s)", made)
				}
			}, Config: s.snapshot("v2") + rollback("", "max_recovery_time = \"30s\"\n  on_complete = \"ok\"\n  targets = [\"code\", \"site\"]"), ConfigStateChecks: []statecheck.StateCheck{is("status", "restored")}, ConfigPlanChecks: settled},
		},
	})
	s.expectLive("alias 1, index one, blue 0 green 100, new true")
	s.expectLedger("open") // undone in part only
}

// TestAccTwoAtOnce: the second is told who is at it, and changes nothing.
func TestAccTwoAtOnce(t *testing.T) {
	e := acctest.Emulator(t)
	s := newScene(t, "two-at-once")
	kept, err := store.OpenLocal(s.folder)
	if err != nil {
		t.Fatal(err)
	}
	var release func()
	var calls int
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.snapshot("v2"), PostApplyFunc: s.release},
			{
				PreConfig:   func() { release = hold(t, kept, s.Name); calls = mutating(e) },
				Config:      s.provider() + rollback(`"two-at-once/000001"`, "") + forget,
				ExpectError: regexp.MustCompile(`(?s)Another rollback is running.*held by somebody else.*this one\s+changed\s+nothing.*apply\s+again`),
			},
			{
				PreConfig: func() {
					if made := mutating(e) - calls; made != 0 {
						t.Errorf("%d mutating call(s)", made)
					}
					release()
				},
				Config: s.provider() + rollback(`"two-at-once/000001"`, `on_complete = "ok"`), ConfigStateChecks: []statecheck.StateCheck{is("status", "restored")}, ConfigPlanChecks: settled,
			},
		},
	})
}

// hold takes the lease as another rollback does.
func hold(t *testing.T, kept store.Store, name string) (release func()) {
	t.Helper()
	lease, err := journal.New(kept, clock.System{}, "somebody else").Acquire(context.Background(), restore.LeaseOf(name), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := lease.Release(context.Background()); err != nil {
			t.Error(err)
		}
	}
}
