package deployment_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/targettest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"

	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestMain(m *testing.M) { acctest.Main(m, "snapshot/", "health/", "notices/", "store/") }

const address = "reliability_deployment_snapshot.web"

// home is a store folder with the provider block that uses it.
type home struct{ folder string }

func newHome(t *testing.T) home {
	t.Helper()
	return home{filepath.Join(t.TempDir(), "store")}
}

func (h home) provider() string {
	return fmt.Sprintf("provider \"reliability\" {\n  s3_use_path_style = true\n  store = { local = { path = %q } }\n}\n", h.folder)
}

func (h home) ledger(t *testing.T) *ledger.Ledger {
	t.Helper()
	s, err := store.OpenLocal(h.folder)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.New(s, clock.System{})
}

func (h home) close(t *testing.T, id string, status ledger.Status) func() {
	return func() {
		if err := h.ledger(t).Close(context.Background(), id, status, "by the test"); err != nil {
			t.Fatal(err)
		}
	}
}

func (h home) snapshot(w *targettest.World, release, more string) string {
	return h.provider() + fmt.Sprintf("resource \"reliability_deployment_snapshot\" \"web\" {\n  name    = %q\n  release = %q\n  %s\n  %s\n}\n", w.Name, release, w.Targets(), more)
}

func value(attribute string, check knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), check)
}

func text(attribute, want string) statecheck.StateCheck {
	return value(attribute, knownvalue.StringExact(want))
}

// settled expects an empty plan after the apply.
var settled = resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}

func TestAccSnapshot_basic(t *testing.T) {
	acctest.Emulator(t)
	w, h := targettest.New(t, "life"), newHome(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config: h.snapshot(w, "v1", ""),
				ConfigStateChecks: []statecheck.StateCheck{
					text("id", "life/000001"), text("version", "000001"), value("previous_id", knownvalue.Null()), value("last_good_id", knownvalue.Null()),
					value("digest", knownvalue.StringRegexp(regexp.MustCompile(`^[0-9a-f]{64}$`))), value("uri", knownvalue.StringRegexp(regexp.MustCompile(`^file:///.*/manifest.json$`))),
					value("captured_at", knownvalue.StringRegexp(regexp.MustCompile(`^20..-`))), value("warnings", knownvalue.ListSizeExact(0)), value("allow_redeploy", knownvalue.Bool(false)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("items").AtMapKey("code"), knownvalue.ObjectExact(map[string]knownvalue.Check{
						"service": knownvalue.StringExact("lambda_alias"), "summary": knownvalue.StringExact("alias live on version 1"), "objects": knownvalue.Int64Exact(1), "bytes": knownvalue.Int64Exact(0),
					})),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("items").AtMapKey("site").AtMapKey("bytes"), knownvalue.Int64Exact(3)),
					statecheck.ExpectKnownValue(address, tfjsonpath.New("items").AtMapKey("dns").AtMapKey("objects"), knownvalue.Int64Exact(2)),
				},
				ConfigPlanChecks: settled,
			},
			{
				ResourceName: address, ImportState: true, ImportStateId: "life/1", ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "id",
			},
			{
				PreConfig: h.close(t, "life/000001", ledger.Succeeded),
				Config:    h.snapshot(w, "v2", ""),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
						plancheck.ExpectUnknownValue(address, tfjsonpath.New("id")), plancheck.ExpectUnknownValue(address, tfjsonpath.New("version")),
					},
					PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				},
				ConfigStateChecks: []statecheck.StateCheck{text("id", "life/000002"), text("previous_id", "life/000001"), text("last_good_id", "life/000001")},
			},
			{ // a trigger alone
				Config:            h.snapshot(w, "v2", `triggers = { build = "17" }`),
				ConfigStateChecks: []statecheck.StateCheck{text("id", "life/000003"), text("previous_id", "life/000002")},
				ConfigPlanChecks:  settled,
			},
		},
		CheckDestroy: func(*terraform.State) error { // destroy removes no snapshot
			for _, version := range []string{"000001", "000002", "000003"} {
				if _, err := os.Stat(filepath.Join(h.folder, "deployments/life", version, "manifest.json")); err != nil {
					return err
				}
			}
			return nil
		},
	})
	history, err := h.ledger(t).History(t.Context(), "life")
	if err != nil {
		t.Fatal(err)
	}
	var statuses []string
	for _, d := range history.Deployments {
		statuses = append(statuses, string(d.Status))
	}
	if got := strings.Join(statuses, " "); got != "succeeded abandoned open" {
		t.Errorf("statuses: %s", got)
	}
}

func TestAccImportNeedsNoChange(t *testing.T) {
	acctest.Emulator(t)
	w, h := targettest.New(t, "imported"), newHome(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: h.snapshot(w, "v1", "")},
			{
				Config: h.provider() + "removed {\n  from = " + address + "\n  lifecycle { destroy = false }\n}\n",
			},
			{
				Config:           h.snapshot(w, "v1", "") + "import {\n  to = " + address + "\n  id = \"imported/000001\"\n}\n",
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionNoop)}},
			},
			{
				ResourceName: address, ImportState: true, ImportStateId: "imported/9", ExpectError: regexp.MustCompile(`The snapshot does not exist`),
			},
			{
				ResourceName: address, ImportState: true, ImportStateId: "nonsense", ExpectError: regexp.MustCompile(`Invalid import identifier`),
			},
		},
	})
}

func TestAccDisappears(t *testing.T) {
	acctest.Emulator(t)
	w, h := targettest.New(t, "disappears"), newHome(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: h.snapshot(w, "v1", "")},
			{
				PreConfig: func() {
					if err := os.Remove(filepath.Join(h.folder, "deployments/disappears/000001/manifest.json")); err != nil {
						t.Fatal(err)
					}
				},
				Config: h.snapshot(w, "v1", ""),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)},
				},
				ConfigStateChecks: []statecheck.StateCheck{text("id", "disappears/000002")}, // no version comes twice
			},
		},
	})
}

func TestAccRetention(t *testing.T) {
	acctest.Emulator(t)
	w, h := targettest.New(t, "retention"), newHome(t)
	keep := `retention = { keep_last = 1 }`
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: h.snapshot(w, "v1", keep), ConfigPlanChecks: settled},
			{PreConfig: h.close(t, "retention/000001", ledger.Succeeded), Config: h.snapshot(w, "v2", keep)},
			{PreConfig: h.close(t, "retention/000002", ledger.Failed), Config: h.snapshot(w, "v3", keep)},
			{PreConfig: h.close(t, "retention/000003", ledger.Failed), Config: h.snapshot(w, "v4", keep), ConfigPlanChecks: settled},
		},
	})
	// 1 is the last good deployment, 2 holds what it left behind, 4 is the latest; 3 is neither.
	for version, want := range map[string]bool{"000001": true, "000002": true, "000003": false, "000004": true} {
		_, err := os.Stat(filepath.Join(h.folder, "deployments/retention", version, "manifest.json"))
		if (err == nil) != want {
			t.Errorf("snapshot %s is kept: %v, want %v", version, err == nil, want)
		}
	}
}

func TestAccQuarantine(t *testing.T) {
	acctest.Emulator(t)
	w, h := targettest.New(t, "quarantine"), newHome(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: h.snapshot(w, "v1", "")},
			{
				PreConfig: func() {
					if err := h.ledger(t).RollBack(context.Background(), "quarantine/000001", "503 on /", 0); err != nil {
						t.Fatal(err)
					}
				},
				Config: h.snapshot(w, "v1", ""), ExpectError: regexp.MustCompile(`(?s)The release was rolled back.*release\s+= "v1".*503 on /.*allow_redeploy`),
			},
			{
				Config: h.snapshot(w, "v1", `triggers = { again = "1" }`), PlanOnly: true, ExpectError: regexp.MustCompile(`The release was rolled back`),
			},
			{Config: h.snapshot(w, "v1", `allow_redeploy = true`), ConfigStateChecks: []statecheck.StateCheck{text("id", "quarantine/000002")}, ConfigPlanChecks: settled},
			{Config: h.snapshot(w, "v2", ""), ConfigStateChecks: []statecheck.StateCheck{text("id", "quarantine/000003")}},
		},
	})
}

func TestAccBadInput(t *testing.T) {
	e := acctest.Emulator(t)
	w, h := targettest.New(t, "badinput"), newHome(t)
	plain := targettest.New(t, "badinput-plain")
	plain.Versioning(s3types.BucketVersioningStatusSuspended)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	config := func(targets string) string {
		return h.provider() + "resource \"reliability_deployment_snapshot\" \"web\" {\n  name = \"bad\"\n  release = \"v1\"\n  targets = {\n" + targets + "\n  }\n}\n"
	}
	before := len(e.Calls())
	for name, test := range map[string]struct {
		config string
		want   string
		apply  bool // found at apply, because the plan could not know
	}{
		"no target":       {config(""), `(?s)targets.*at least 1`, false},
		"no kind":         {config(`x = {}`), `(?s)of exactly one kind.*"x".*names no kind.*misspelt`, false},
		"two kinds":       {config(`x = { s3_bucket = { bucket = "a" }, lambda_alias = { function_name = "f", name = "n" } }`), `(?s)of exactly one kind.*lambda_alias,\s+s3_bucket`, false},
		"a null":          {config(`x = { s3_bucket = { bucket = "a", exclude = [null] } }`), `(?s)exclude.*[Nn]ull`, false},
		"unknown kind":    {config(`x = { s3_bukket = { bucket = "a" } }`), `(?i)s3_bukket`, false},
		"a bad type":      {config(`x = { route53_record = { zone_id = "Z", name = "n", type = "B" } }`), `(?s)type.*must be one of`, false},
		"a bad name":      {strings.Replace(h.snapshot(w, "v1", ""), `"badinput"`, `"../x"`, 1), `(?s)Invalid deployment name`, false},
		"no release":      {strings.Replace(h.snapshot(w, "v1", ""), `"v1"`, `""`, 1), `(?s)release.*length`, false},
		"keep nothing":    {h.snapshot(w, "v1", `retention = { keep_last = 0 }`), `(?s)keep_last.*at least 1`, false},
		"unversioned":     {config(`x = { s3_bucket = { bucket = "badinput-plain" } }`), `(?s)could not be put back.*enable versioning.*Attribute: targets\["x"\]\.s3_bucket`, false},
		"no bucket":       {config(`x = { s3_bucket = { bucket = "badinput-none" } }`), `(?s)does not exist.*no snapshot was taken.*depends_on`, true},
		"no function":     {config(`x = { lambda_alias = { function_name = "badinput-none", name = "live" } }`), `(?s)does not exist.*badinput-none`, true},
		"no zone":         {config(`x = { route53_record = { zone_id = "Z0000000NONE", name = "www.example.com", type = "A" } }`), `(?s)does not exist.*Z0000000NONE`, true},
		"no record":       {config(fmt.Sprintf(`x = { route53_record = { zone_id = %q, name = "none.badinput.example", type = "A" } }`, w.ZoneID)), `(?s)does not exist.*none\.badinput`, true},
		"a file as store": {strings.Replace(h.snapshot(w, "v1", ""), h.folder, file, 1), `(?s)store cannot be used.*not a folder.*path`, false},
		"below a file":    {strings.Replace(h.snapshot(w, "v1", ""), h.folder, filepath.Join(file, "x"), 1), `(?s)store cannot be used.*not a directory`, false},
	} {
		t.Run(name, func(t *testing.T) {
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps:                    []resource.TestStep{{Config: test.config, PlanOnly: !test.apply, ExpectError: regexp.MustCompile(test.want)}},
			})
		})
	}
	for _, call := range e.Calls()[before:] {
		if call.Mutating {
			t.Errorf("bad input made the mutating call %s %s", call.Service, call.Operation)
		}
	}
	if _, err := os.Stat(h.folder); err == nil {
		t.Error("bad input made a store")
	}
}

func TestAccFailureHalfWay(t *testing.T) {
	e := acctest.Emulator(t)
	w, h := targettest.New(t, "halfway"), newHome(t)
	var remove func()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				PreConfig: func() {
					remove = e.Inject(emulator.Fault{Service: "s3", Operation: "ListObjectVersions", Status: 403, Code: "AccessDenied"})
				},
				Config:      h.snapshot(w, "v1", ""),
				ExpectError: regexp.MustCompile(`(?s)cannot be captured.*"site".*AccessDenied.*Live now: nothing was changed`),
			},
			{PreConfig: func() { remove() }, Config: h.snapshot(w, "v1", ""), ConfigStateChecks: []statecheck.StateCheck{text("id", "halfway/000001")}, ConfigPlanChecks: settled},
			{
				PreConfig: func() {
					remove = e.Inject(emulator.Fault{Service: "s3", Operation: "ListObjectVersions", Status: 403, Code: "AccessDenied"})
				},
				Config: h.snapshot(w, "v2", ""), ExpectError: regexp.MustCompile(`cannot be captured`),
			},
			{ // the failed update kept the old state
				PreConfig: func() { remove() }, Config: h.snapshot(w, "v1", ""), PlanOnly: true,
			},
			{Config: h.snapshot(w, "v2", ""), ConfigStateChecks: []statecheck.StateCheck{text("id", "halfway/000002")}},
		},
	})
}

func TestAccCorruptManifest(t *testing.T) {
	acctest.Emulator(t)
	w, h := targettest.New(t, "corrupt"), newHome(t)
	name := filepath.Join(h.folder, "deployments/corrupt/000001/manifest.json")
	var kept []byte
	write := func(edit func(string) string) func() {
		return func() {
			if kept == nil {
				var err error
				if kept, err = os.ReadFile(name); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(name, []byte(edit(string(kept))), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: h.snapshot(w, "v1", "")},
			{
				PreConfig: write(func(s string) string { return strings.Replace(s, `"v1"`, `"v9"`, 1) }), Config: h.snapshot(w, "v1", ""),
				ExpectError: regexp.MustCompile(`(?s)The snapshot is corrupt.*Expected digest:\s+[0-9a-f]{64}.*Found digest:\s+[0-9a-f]{64}`),
			},
			{
				PreConfig: write(func(s string) string { return s[:len(s)/2] }), Config: h.snapshot(w, "v1", ""), ExpectError: regexp.MustCompile(`(?s)The snapshot is corrupt.*cannot be read`),
			},
			{PreConfig: write(func(s string) string { return s }), Config: h.snapshot(w, "v1", ""), PlanOnly: true},
		},
	})
}
