package rollback_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

func TestMain(m *testing.M) {
	acctest.Main(m, "rollback/", "snapshot/", "health/", "notices/", "store/", "drift/")
}

const (
	address     = "reliability_rollback.web"
	planAddress = "data.reliability_rollback_plan.web"

	before = "alias 1, index one, blue 100 green 0, new false" // release 1
	broken = "alias 2, index release 2, blue 0 green 100, new true"
	back   = "alias 1, index one, blue 100 green 0, new true" // newer objects stay
)

// scene is a world with a store of its own.
type scene struct {
	*targettest.World
	t      *testing.T
	folder string
}

func newScene(t *testing.T, name string) scene {
	t.Helper()
	return scene{targettest.New(t, name), t, filepath.Join(t.TempDir(), "store")}
}

func (s scene) provider() string {
	return fmt.Sprintf("provider \"reliability\" {\n  s3_use_path_style = true\n  store = { local = { path = %q } }\n}\n", s.folder)
}

func (s scene) snapshot(release string) string {
	return s.provider() + fmt.Sprintf("resource \"reliability_deployment_snapshot\" \"web\" {\n  name    = %q\n  release = %q\n  %s\n}\n", s.Name, release, s.Targets())
}

// rollback is the resource; an empty id is that of the snapshot.
func rollback(id, more string) string {
	if id == "" {
		id = "reliability_deployment_snapshot.web.id"
	}
	return "resource \"reliability_rollback\" \"web\" {\n  snapshot_id = " + id + "\n  reason = \"unhealthy\"\n  " + more + "\n}\n"
}

// release deploys release 2 between two applies.
func (s scene) release() { s.Release(2) }

func (s scene) expectLive(want string) {
	s.t.Helper()
	if got := s.Live(); got != want {
		s.t.Errorf("live: %s\nwant: %s", got, want)
	}
}

func (s scene) ledger() *ledger.Ledger {
	s.t.Helper()
	kept, err := store.OpenLocal(s.folder)
	if err != nil {
		s.t.Fatal(err)
	}
	return ledger.New(kept, clock.System{})
}

func (s scene) status() string {
	s.t.Helper()
	history, err := s.ledger().History(context.Background(), s.Name)
	if err != nil {
		s.t.Fatal(err)
	}
	var all []string
	for _, d := range history.Deployments {
		all = append(all, string(d.Status))
	}
	return strings.Join(all, " ")
}

func value(attribute string, check knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), check)
}

func is(attribute, want string) statecheck.StateCheck {
	return value(attribute, knownvalue.StringExact(want))
}

var settled = resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}

func TestAccRollback_basic(t *testing.T) {
	acctest.Emulator(t)
	s := newScene(t, "bad-release")
	folder := filepath.Join(t.TempDir(), "reports")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{ // the resource stands by
				Config: s.snapshot("v2") + rollback("", "when = false"),
				ConfigStateChecks: []statecheck.StateCheck{
					value("executed", knownvalue.Bool(false)), is("status", "not_needed"), value("changes", knownvalue.ListSizeExact(0)), value("recovery_seconds", knownvalue.Null()),
					is("on_complete", "error"), is("max_recovery_time", "5m"),
				},
				ConfigPlanChecks: settled,
			},
			{
				PreConfig: func() {
					s.release()
					moved := ledger.Traffic{To: "green", StartedAt: time.Now(), EndedAt: time.Now(), Routes: map[string]ledger.TrafficShare{"www": {Blue: 100}}}
					if err := s.ledger().Moved(t.Context(), "bad-release/000001", moved); err != nil {
						t.Error(err)
					}
				},
				Config:      s.snapshot("v2") + rollback("", "when = true\n  "+reporting(folder)),
				ExpectError: regexp.MustCompile(`(?s)The release was rolled back.*4 change\(s\) put everything back to snapshot\s+bad-release/000001.*unhealthy.*dns:.*code:.*site:.*Live now: what snapshot.*read\s+back.*What to do`),
			},
			{ // it was done: the same inputs do not ask for it again. The release is in quarantine.
				PreConfig: func() {
					s.expectLive(back)
					got := expectReports(t, folder, report.Rollback{Status: "restored", Snapshot: "bad-release/000001", Reason: "unhealthy", Undone: true, BudgetMS: 300_000}, 3)
					if got.Traffic == nil || got.Traffic.To != "green" || got.Traffic.Routes["www"].Live.Blue != 100 {
						t.Errorf("the traffic of what was rolled back: %+v", got.Traffic)
					}
				},
				Config:      s.snapshot("v2") + rollback("", "when = true"),
				PlanOnly:    true,
				ExpectError: regexp.MustCompile(`(?s)The release was rolled back.*allow_redeploy`),
			},
			{ // the next release
				Config:            s.snapshot("v3") + rollback("", "when = false"),
				ConfigStateChecks: []statecheck.StateCheck{value("executed", knownvalue.Bool(false)), is("status", "not_needed")},
				ConfigPlanChecks:  settled,
			},
		},
	})
	s.expectLive(back)
	if got := s.status(); got != "rolled_back open" {
		t.Errorf("ledger: %s", got)
	}
}

func TestAccARollbackByHand(t *testing.T) {
	e := acctest.Emulator(t)
	s := newScene(t, "by-hand")
	id := `"by-hand/000001"`
	only := func(more string) string { return s.provider() + rollback(id, more) }
	var calls int
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.snapshot("v2")},
			{ // created red: nothing is saved, everything is back
				PreConfig: func() { s.release(); s.expectLive(broken) },
				Config:    only("") + "removed {\n  from = reliability_deployment_snapshot.web\n  lifecycle { destroy = false }\n}\n", ExpectError: regexp.MustCompile(`The release was rolled back`),
			},
			{ // the next apply finds nothing to do and ends green
				PreConfig:         func() { s.expectLive(back); calls = mutating(e) },
				Config:            only(""),
				ConfigPlanChecks:  settled,
				ConfigStateChecks: []statecheck.StateCheck{value("executed", knownvalue.Bool(false)), is("status", "not_needed"), value("changes", knownvalue.ListSizeExact(0))},
			},
			{ // again, on request, green, with a clean-up
				PreConfig: func() {
					if made := mutating(e) - calls; made != 0 {
						t.Errorf("a rollback that was not needed made %d mutating call(s)", made)
					}
					s.Alias("2")
				},
				Config:           only("on_complete = \"ok\"\n  triggers = { again = \"1\" }\n  cleanup = { new_objects = true }"),
				ConfigPlanChecks: settled,
				ConfigStateChecks: []statecheck.StateCheck{
					value("executed", knownvalue.Bool(true)), is("status", "restored"), value("recovery_seconds", knownvalue.Float64Func(positive)),
					value("changes", knownvalue.ListExact([]knownvalue.Check{
						change("code", "update", "alias live: version 2 -> version 1"), change("site", "delete", "s3://by-hand/new-2.txt: newer than the capture -> delete marker"),
					})),
				},
			},
		},
	})
	s.expectLive(before)
}

func change(target, action, detail string) knownvalue.Check {
	return knownvalue.ObjectExact(map[string]knownvalue.Check{
		"target": knownvalue.StringExact(target), "action": knownvalue.StringExact(action), "detail": knownvalue.StringExact(detail), "reversible": knownvalue.Bool(true),
	})
}

func positive(got float64) error {
	if got <= 0 || got > 300 {
		return fmt.Errorf("got %g seconds", got)
	}
	return nil
}

func mutating(e *emulator.Emulator) int {
	n := 0
	for _, call := range e.Calls() {
		if call.Mutating {
			n++
		}
	}
	return n
}

func TestAccLastGood(t *testing.T) {
	acctest.Emulator(t)
	s := newScene(t, "last-good")
	judge := func(id string, status ledger.Status) {
		if err := s.ledger().Close(context.Background(), id, status, ""); err != nil {
			t.Fatal(err)
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.snapshot("v1")},
			{ // nothing is to be undone, and the deployment keeps its status
				PreConfig:         func() { judge("last-good/000001", ledger.Succeeded) },
				Config:            s.snapshot("v1") + rollback(`"last-good/last_good"`, ""),
				ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed")},
				ConfigPlanChecks:  settled,
			},
			{Config: s.snapshot("v2")},
			{
				PreConfig:         func() { judge("last-good/000002", ledger.Failed); s.release() },
				Config:            s.snapshot("v2") + rollback(`"last-good/last_good"`, `on_complete = "ok"`),
				ConfigStateChecks: []statecheck.StateCheck{is("status", "restored"), is("snapshot_id", "last-good/last_good")},
				ExpectError:       regexp.MustCompile(`(?s)The release was rolled back.*allow_redeploy`), // the plan after the apply: v2 is in quarantine
			},
		},
	})
	s.expectLive(back)
	if got := s.status(); got != "succeeded rolled_back" {
		t.Errorf("ledger: %s", got)
	}
}

func TestAccPreview(t *testing.T) {
	e := acctest.Emulator(t)
	s := newScene(t, "preview")
	data := func(more string) string {
		return s.snapshot("v2") + "data \"reliability_rollback_plan\" \"web\" {\n  snapshot_id = reliability_deployment_snapshot.web.id\n  " + more + "\n}\n"
	}
	preview := func(attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(planAddress, tfjsonpath.New(attribute), check)
	}
	var calls int
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config: data(""),
				ConfigStateChecks: []statecheck.StateCheck{
					preview("changes", knownvalue.ListSizeExact(0)), preview("valid", knownvalue.Bool(true)), preview("estimated_seconds", knownvalue.Float64Exact(0)),
					preview("unrestorable", knownvalue.MapSizeExact(0)), preview("resolved_id", knownvalue.StringExact("preview/000001")),
				},
			},
			{
				PreConfig: func() { s.release(); calls = mutating(e) },
				Config:    data("cleanup = { new_objects = true }"),
				ConfigStateChecks: []statecheck.StateCheck{
					preview("changes", knownvalue.ListSizeExact(5)), preview("valid", knownvalue.Bool(true)), preview("estimated_seconds", knownvalue.Float64Func(positive)),
					statecheck.ExpectKnownValue(planAddress, tfjsonpath.New("changes").AtSliceIndex(0).AtMapKey("target"), knownvalue.StringExact("dns")),
					statecheck.ExpectKnownValue(planAddress, tfjsonpath.New("changes").AtSliceIndex(4).AtMapKey("action"), knownvalue.StringExact("delete")),
				},
			},
			{Config: data(`targets = ["code"]`), ConfigStateChecks: []statecheck.StateCheck{preview("changes", knownvalue.ListSizeExact(1))}},
			{Config: data(`targets = ["cod"]`), ExpectError: regexp.MustCompile(`(?s)has no such target.*targets\s+= \["cod"\].*code,\s+dns,\s+site`)},
			{Config: data("")},
		},
	})
	if made := mutating(e) - calls; made != 0 {
		t.Errorf("previews made %d mutating call(s)", made)
	}
	s.expectLive(broken)
}

func TestAccHalfWay(t *testing.T) {
	e := acctest.Emulator(t)
	s := newScene(t, "half-way")
	var remove func()
	folder := filepath.Join(t.TempDir(), "reports")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.snapshot("v2") + rollback("", "when = false")},
			{
				PreConfig: func() {
					s.release()
					remove = e.Inject(emulator.Fault{Service: "lambda", Operation: "UpdateAlias", Status: 403, Code: "AccessDeniedException"})
				},
				Config:      s.snapshot("v2") + rollback("", reporting(folder)),
				ExpectError: regexp.MustCompile(`(?s)A target was not put back.*"code".*AccessDenied.*Live now.*not complete.*as\s+captured:\s+dns,\s+site\..*not:\s+code`),
			},
			{ // the failure is in the state, and the plan proposes to go on
				PreConfig: func() {
					s.expectLive("alias 2, index one, blue 100 green 0, new true")
					remove()
					got := expectReports(t, folder, report.Rollback{Status: "partial", Snapshot: "half-way/000001", Reason: "unhealthy", BudgetMS: 300_000}, 3)
					if code := got.Targets["code"]; code.Status != "failed" || !strings.Contains(code.Error, "AccessDenied") || code.BegunMS == nil || code.ChangedMS != nil {
						t.Errorf("the target that is not back: %+v", code)
					}
				},
				Config: s.snapshot("v2") + rollback("", ""),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)},
				},
				ExpectError: regexp.MustCompile(`(?s)The release was rolled back.*1 change\(s\)`),
			},
			{
				PreConfig: func() { s.expectLive(back) },
				Config:    s.snapshot("v3") + rollback("", "when = false"),
			},
		},
	})
}

func TestAccVerify(t *testing.T) {
	acctest.Emulator(t)
	s := newScene(t, "verify")
	check := func(address string) string {
		return "verify = {\n    max_retries = 0\n    checks = { door = { tcp = { address = \"" + address + "\" } } }\n  }"
	}
	folder := filepath.Join(t.TempDir(), "reports")
	alive := strings.TrimPrefix(acctest.Emulator(t).URL(), "http://")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: s.snapshot("v2") + rollback("", "when = false\n  "+check(alive)), ConfigPlanChecks: settled},
			{
				PreConfig:   s.release,
				Config:      s.snapshot("v2") + rollback("", "on_complete = \"ok\"\n  "+check("127.0.0.1:1")+"\n  "+reporting(folder)),
				ExpectError: regexp.MustCompile(`(?s)Rolled back, and still not healthy.*door \(tcp\)`),
			},
			{ // the state keeps the prior inputs, so that it is tried again
				PreConfig: func() {
					got := expectReports(t, folder, report.Rollback{Status: "restored", Snapshot: "verify/000001", Reason: "unhealthy", Undone: true, Accepted: true, BudgetMS: 300_000}, 3)
					if got.Verify == nil || got.Verify.Verdict != "failed" || len(got.Verify.Checks["door"].Attempts) != 1 {
						t.Errorf("what the checks found: %+v", got.Verify)
					}
				},
				Config: s.snapshot("v3") + rollback("", "on_complete = \"ok\"\n  "+check(alive)), ConfigStateChecks: []statecheck.StateCheck{is("status", "not_needed")}, ConfigPlanChecks: settled,
			},
		},
	})
	s.expectLive(back)
}

// foreign takes a snapshot "foreign/000001" of another account.
func (s scene) foreign() {
	s.t.Helper()
	kept, err := store.OpenLocal(s.folder)
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = snapshot.Capture(context.Background(), snapshot.Request{Store: kept, Clock: clock.System{}, Name: "foreign", Release: "v1", AccountID: "999999999999", Region: emulator.Region})
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestAccBadInput(t *testing.T) {
	e := acctest.Emulator(t)
	s := newScene(t, "rollback-bad")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{Config: s.snapshot("v2")}}})
	s.release()
	s.foreign()
	calls := mutating(e)
	id := `"rollback-bad/000001"`
	name := filepath.Join(s.folder, "deployments/rollback-bad/000001/manifest.json")
	kept, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	moved := func(from, to string) func() {
		return func() {
			tampered := strings.Replace(string(kept), from, to, 1)
			if tampered == string(kept) {
				t.Fatalf("the manifest does not hold %s", from)
			}
			if err := os.WriteFile(name, []byte(tampered), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	restored := func() {
		if err := os.WriteFile(name, kept, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for title, test := range map[string]struct {
		config string
		want   string
		before func()
	}{
		"malformed id":      {rollback(`"web"`, ""), `(?s)Invalid snapshot id.*NAME/VERSION`, nil},
		"no such version":   {rollback(`"rollback-bad/000009"`, ""), `(?s)snapshot does not exist.*snapshot_id\s+= "rollback-bad/000009"`, nil},
		"no such name":      {rollback(`"nobody/last_good"`, ""), `(?s)no last good state.*snapshot_id\s+= "nobody/last_good"`, nil},
		"no such target":    {rollback(id, `targets = ["x"]`), `(?s)has no such target.*code,\s+dns,\s+site`, nil},
		"no target":         {rollback(id, `targets = []`), `(?s)targets.*at least 1`, nil},
		"a null target":     {rollback(id, `targets = [null]`), `(?s)targets.*[Nn]ull`, nil}, // left out silently, it would put back all
		"negative duration": {rollback(id, `max_recovery_time = "-5m"`), `(?s)Invalid duration.*max_recovery_time`, nil},
		"bad on_complete":   {rollback(id, `on_complete = "maybe"`), `(?s)on_complete.*must be one of`, nil},
		"another Region":    {rollback(id, `region = "eu-west-1"`), `(?s)of another Region.*region\s+= "eu-west-1".*set region = "us-east-1"`, nil},
		"two kinds in a check": {
			rollback(id, "verify = { checks = { x = { tcp = { address = \"a:1\" }, dns = { name = \"a\" } } } }"), `(?s)Two kinds`, nil,
		},
		"corrupt manifest": {rollback(id, ""), `(?s)snapshot is corrupt.*snapshot_id.*Expected digest:.*Found digest:`, moved(`"v2"`, `"v9"`)},
		"tampered account": {rollback(id, ""), `(?s)snapshot is corrupt`, moved(emulator.AccountID, "999999999999")},
		"another account":  {rollback(`"foreign/000001"`, ""), `(?s)of another account.*999999999999.*Live now: nothing.*credentials of account\s+999999999999`, nil},
	} {
		t.Run(title, func(t *testing.T) {
			restored()
			if test.before != nil {
				test.before()
			}
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps:                    []resource.TestStep{{Config: s.provider() + test.config, PlanOnly: true, ExpectError: regexp.MustCompile(test.want)}},
			})
		})
	}
	if made := mutating(e) - calls; made != 0 {
		t.Errorf("bad input made %d mutating call(s)", made)
	}
	s.expectLive(broken)
}
