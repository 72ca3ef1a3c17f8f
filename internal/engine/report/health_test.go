package report_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func sample() report.Health {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return report.Health{
		Verdict: "failed", StartedAt: at, DurationMS: 1234, Deployment: "web/000012",
		Checks: map[string]report.Check{
			"site": {
				Kind: "http", Status: "failed", Reason: "status 503 instead of 200-299 <no body>", LatencyMS: 12,
				Attempts: []report.Attempt{{StartedAt: at, Status: "fail", Reason: "status 503 instead of 200-299 <no body>", LatencyMS: 12, Values: map[string]string{"status": "503"}}},
			},
			"api":   {Kind: "lambda", Status: "passed", LatencyMS: 7, Attempts: []report.Attempt{{StartedAt: at, Status: "pass", LatencyMS: 7}}},
			"after": {Kind: "tcp", Status: "skipped", Reason: `skipped: it needs "site" (failed), which did not pass`},
			"docs":  {Kind: "http", Status: "error", Reason: "a | b", Advisory: true, Attempts: []report.Attempt{{StartedAt: at, Status: "error", Reason: "a | b"}}},
			"queue": {Kind: "alarm", Status: "timed_out", Reason: "timed out"},
		},
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestHealthFormats(t *testing.T) {
	t.Parallel()
	for format, file := range map[string]string{"json": "health.json", "junit": "health.xml", "markdown": "health.md", "html": "health.html"} {
		got, err := report.HealthFormats[format](sample())
		if err != nil {
			t.Fatal(err)
		}
		golden(t, file, got)
	}
	if err := sample().Write("pdf", filepath.Join(t.TempDir(), "x")); err == nil {
		t.Error("pdf is no format")
	}
}

func TestWriteIsWhole(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "deep", "er")
	file := filepath.Join(folder, "health.json")
	for range 2 { // the second replaces the first
		if err := sample().Write("json", file); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "health.json", got)
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if err := sample().Write("json", filepath.Join(file, "below a file")); err == nil {
		t.Error("a file is no folder")
	}
	taken := filepath.Join(folder, "taken")
	if err := os.Mkdir(taken, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := sample().Write("json", taken); err == nil {
		t.Error("a folder is no file")
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 2 {
		t.Errorf("a failure leaves its temporary file: %v, %v", entries, err)
	}
}
