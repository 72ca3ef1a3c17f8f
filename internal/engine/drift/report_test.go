package drift_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
)

// What a report says is what is read back from it, and what is none is refused.
func TestParseReport(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "report.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	result, err := drift.ParseReport(string(text))
	if err != nil {
		t.Fatal(err)
	}
	again, err := result.JSON(true)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Items) == 0 || !bytes.Equal(bytes.TrimSpace(text), again) {
		t.Errorf("%d items; got\n%s\nof\n%s", len(result.Items), again, text)
	}
	for _, other := range []string{"", "{}", "null", "[]", `{"version": 2}`, `{"version": 1, "summary": {"total": 1}, "items": []}`} {
		if _, err := drift.ParseReport(other); !errors.Is(err, drift.ErrNotReport) {
			t.Errorf("%s: %v", other, err)
		}
	}
}
