package deployment_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
)

func TestAccHistory(t *testing.T) {
	acctest.Emulator(t)
	h, ctx := newHome(t), context.Background()
	book := h.ledger(t)
	for version, release := range []string{"v1", "v2", "v3", "v4"} {
		if _, err := book.Open(ctx, fmt.Sprintf("web/%06d", version+1), release); err != nil {
			t.Fatal(err)
		}
		if release == "v1" || release == "v2" {
			h.close(t, fmt.Sprintf("web/%06d", version+1), ledger.Succeeded)()
		}
		if release == "v3" {
			moved := ledger.Traffic{To: "green", StartedAt: time.Now(), EndedAt: time.Now(), Routes: map[string]ledger.TrafficShare{"main": {Blue: 100}}, Moments: []ledger.TrafficMoment{
				{At: time.Now(), Stage: "step", Route: "main", Share: &ledger.TrafficShare{Blue: 90, Green: 10}}, {At: time.Now(), Stage: "step", Rounds: 2, Until: new(time.Now()), Verdict: "failed", Failed: []string{"site"}},
			}}
			if err := errors.Join(book.Moved(ctx, "web/000003", moved), book.RollBackWithin(ctx, "web/000003", "503 on /", 4*time.Second, time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
	}
	one := func(label, selection string) string {
		return fmt.Sprintf("data \"reliability_deployment\" %q {\n  name = \"web\"\n  %s\n}\n", label, selection)
	}
	expect := func(label, attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.reliability_deployment."+label, tfjsonpath.New(attribute), check)
	}
	all := func(attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.reliability_deployments.all", tfjsonpath.New(attribute), check)
	}
	none := func(attribute string, check knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.reliability_deployments.none", tfjsonpath.New(attribute), check)
	}
	folder := filepath.Join(t.TempDir(), "reports")
	reporting := fmt.Sprintf("report = { json = %[1]q, html = %[2]q, junit = %[3]q, markdown = %[4]q }", folder+"/d.json", folder+"/d.html", folder+"/d.junit", folder+"/d.markdown")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Check: func(*terraform.State) error { return expectReports(folder) },
				Config: h.provider() + one("latest", "") + one("good", `select = "last_good"`) + one("third", `select = "3"`) +
					"data \"reliability_deployments\" \"all\" {\n  name = \"web\"\n  " + reporting + "\n}\ndata \"reliability_deployments\" \"none\" {\n  name = \"none\"\n}\n",
				ConfigStateChecks: []statecheck.StateCheck{
					expect("latest", "id", knownvalue.StringExact("web/000004")), expect("latest", "status", knownvalue.StringExact("open")),
					expect("latest", "ended_at", knownvalue.Null()), expect("latest", "digest", knownvalue.Null()),
					expect("good", "id", knownvalue.StringExact("web/000002")), expect("good", "release", knownvalue.StringExact("v2")),
					expect("good", "reason", knownvalue.StringExact("by the test")), expect("good", "version", knownvalue.StringExact("000002")),
					expect("third", "status", knownvalue.StringExact("rolled_back")), expect("third", "reason", knownvalue.StringExact("503 on /")),
					all("deployments", knownvalue.ListSizeExact(4)),
					statecheck.ExpectKnownValue("data.reliability_deployments.all", tfjsonpath.New("deployments").AtSliceIndex(0).AtMapKey("id"), knownvalue.StringExact("web/000001")),
					all("success_rate", knownvalue.Float64Func(near(2.0/3))), all("change_failure_rate", knownvalue.Float64Func(near(1.0/3))),
					all("mean_recovery_seconds", knownvalue.Float64Exact(4)),
					none("deployments", knownvalue.ListSizeExact(0)), none("success_rate", knownvalue.Null()), none("mean_recovery_seconds", knownvalue.Null()),
				},
			},
			{Config: h.provider() + one("x", `select = "9"`), ExpectError: regexp.MustCompile(`(?s)No such deployment.*select\s+= "9".*its\s+latest is web/000004`)},
			{Config: h.provider() + one("x", `select = "newest"`), ExpectError: regexp.MustCompile(`Invalid selection`)},
			{Config: h.provider() + "data \"reliability_deployment\" \"x\" {\n  name = \"none\"\n}\n", ExpectError: regexp.MustCompile(`(?s)No such deployment.*name\s+= "none"`)},
			{Config: h.provider() + "data \"reliability_deployments\" \"x\" {\n  name = \"a/b\"\n}\n", ExpectError: regexp.MustCompile(`Invalid deployment name`)},
			{Config: h.provider() + one("latest", "")},
		},
	})
}

// expectReports reads what the data source wrote beside its attributes.
func expectReports(folder string) error {
	text := map[string]string{}
	for format := range report.HistoryFormats {
		data, err := os.ReadFile(filepath.Join(folder, "d."+format))
		if err != nil {
			return err
		}
		text[format] = string(data)
	}
	var got report.History
	if err := json.Unmarshal([]byte(text["json"]), &got); err != nil {
		return err
	}
	if got.Name != "web" || got.Summary.Judged != 3 || len(got.Deployments) != 4 || len(got.Quarantine) != 1 || got.Deployments[3].EndedAt != nil {
		return fmt.Errorf("the report is %s", text["json"])
	}
	third := got.Deployments[2]
	if third.Status != "rolled_back" || *third.RecoverySeconds != 4 || *third.RecoveryBudgetSeconds != 60 || third.Traffic.To != "green" || *third.Traffic.Routes["main"].Live != (report.Share{Blue: 90, Green: 10}) ||
		third.Traffic.Moments[1].Failed[0] != "site" || got.Deployments[0].RecoverySeconds != nil {
		return fmt.Errorf("the third deployment is %+v", third)
	}
	for format, want := range map[string]string{"html": "1 of 1 within budget", "junit": `failures="1"`, "markdown": "| web/000003 | v3 | rolled back |"} {
		if !strings.Contains(text[format], want) {
			return fmt.Errorf("%s holds no %q: %s", format, want, text[format])
		}
	}
	return nil
}

func near(want float64) func(float64) error {
	return func(got float64) error {
		if got < want-1e-9 || got > want+1e-9 {
			return fmt.Errorf("got %g, want %g", got, want)
		}
		return nil
	}
}
