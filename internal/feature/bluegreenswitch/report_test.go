package bluegreenswitch_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
)

// reporting has what became of the switch written in each format, as switch.FORMAT.
func reporting(folder string) string {
	var files []string
	for format := range report.SwitchFormats {
		files = append(files, fmt.Sprintf("%s = %q", format, filepath.Join(folder, "switch."+format)))
	}
	return "report = { " + strings.Join(files, ", ") + " }"
}

// expectReports reads them: what want says, and what is live on each route.
func expectReports(t *testing.T, folder string, want report.Switch, live report.Share) report.Switch {
	t.Helper()
	text := map[string]string{}
	for format := range report.SwitchFormats {
		data, err := os.ReadFile(filepath.Join(folder, "switch."+format))
		if err != nil {
			t.Error(err)
			return want
		}
		text[format] = string(data)
	}
	var got report.Switch
	if err := json.Unmarshal([]byte(text["json"]), &got); err != nil {
		t.Error(err)
		return want
	}
	if got.Status != want.Status || got.Moved != want.Moved || got.Deployment != want.Deployment || got.To != want.To || (got.Reason == "") != (want.Status == "steady") || got.StartedAt.IsZero() {
		t.Errorf("the report says %s", text["json"])
	}
	if len(got.Routes) == 0 {
		t.Error("the report knows no route")
	}
	for key, route := range got.Routes {
		if route.Live == nil || *route.Live != live || route.Name == "" {
			t.Errorf("%s: %+v", key, route)
		}
		if want.Moved && !strings.Contains(text["html"], `<svg class="weights"`) {
			t.Error("the page has no picture of the traffic")
		}
	}
	rounds, changes := 0, 0
	for _, m := range got.Moments {
		rounds += m.Rounds
		if m.Share != nil {
			changes++
		}
	}
	if want.Moved && (rounds == 0 || changes == 0) {
		t.Errorf("%d rounds of checks, %d changes: %s", rounds, changes, text["json"])
	}
	if failed := strings.Contains(text["junit"], `type="`+want.Status+`"`); failed != (want.Status != "steady") {
		t.Errorf("JUnit: %s", text["junit"])
	}
	return got
}

// expectTraffic reads what the ledger keeps of a deployment's switch.
func expectTraffic(t *testing.T, book *ledger.Ledger, version int, to, verdict string) {
	t.Helper()
	history, err := book.History(t.Context(), "switched")
	if err != nil {
		t.Fatal(err)
	}
	deployment, _ := history.Get(version)
	if deployment.Traffic == nil || deployment.Traffic.To != to || deployment.RecoveryBudgetSeconds != 300 {
		t.Errorf("the ledger keeps %+v", deployment)
		return
	}
	verdicts, reverted := "", false
	for _, m := range deployment.Traffic.Moments {
		verdicts += " " + m.Verdict
		reverted = reverted || m.Stage == "revert" && m.Share != nil
	}
	if !strings.Contains(verdicts, verdict) || !reverted || len(deployment.Traffic.Routes) == 0 {
		t.Errorf("the ledger keeps %+v", *deployment.Traffic)
	}
}
