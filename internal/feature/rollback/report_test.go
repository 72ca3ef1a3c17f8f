package rollback_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
)

// reporting has the result written in each format, as rollback.FORMAT.
func reporting(folder string) string {
	var files []string
	for format := range report.RollbackFormats {
		files = append(files, fmt.Sprintf("%s = %q", format, filepath.Join(folder, "rollback."+format)))
	}
	return "report = { " + strings.Join(files, ", ") + " }"
}

// expectReports reads them: what want says, and so many targets that were put back, each at its times.
func expectReports(t *testing.T, folder string, want report.Rollback, targets int) report.Rollback {
	t.Helper()
	text := map[string]string{}
	for format := range report.RollbackFormats {
		data, err := os.ReadFile(filepath.Join(folder, "rollback."+format))
		if err != nil {
			t.Error(err)
			return want
		}
		text[format] = string(data)
	}
	var got report.Rollback
	if err := json.Unmarshal([]byte(text["json"]), &got); err != nil {
		t.Error(err)
		return want
	}
	if got.Status != want.Status || got.Snapshot != want.Snapshot || got.Reason != want.Reason || got.Undone != want.Undone || got.Accepted != want.Accepted || got.BudgetMS != want.BudgetMS {
		t.Errorf("the report says %.1000s", text["json"])
	}
	if len(got.Targets) != targets {
		t.Errorf("%d targets: %s", len(got.Targets), text["json"])
	}
	for name, target := range got.Targets {
		if target.Status == "restored" && (target.Things == 0 || len(target.Changes) == 0 || target.Service == "" || target.BegunMS == nil || target.ChangedMS == nil || target.CheckedMS == nil ||
			*target.BegunMS > *target.ChangedMS || *target.ChangedMS > *target.CheckedMS || *target.CheckedMS > got.RecoveryMS) {
			t.Errorf("%s: %+v in %d ms", name, target, got.RecoveryMS)
		}
		if !strings.Contains(text["html"], "<bdi>"+name+"</bdi>") || !strings.Contains(text["markdown"], "| "+name+" |") || !strings.Contains(text["junit"], `name="`+name+`"`) {
			t.Errorf("%s is not in every report", name)
		}
	}
	if failed := strings.Contains(text["junit"], `type="rolled_back"`); failed != (want.Undone && !want.Accepted) {
		t.Errorf("JUnit: %s", text["junit"])
	}
	return got
}
