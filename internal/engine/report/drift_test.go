package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
)

// driftSample is what the drift engine writes, and hostileDrift the same with hostile text everywhere.
func driftSample(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "drift", "testdata", "report.golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func hostileDrift(t *testing.T) report.Drift {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal(driftSample(t), &document); err != nil {
		t.Fatal(err)
	}
	for _, element := range document["items"].([]any) {
		item := element.(map[string]any)
		item["address"], item["reason"] = hostile, hostile
		item["remediation"], item["reconciliation"] = []any{hostile}, []any{"```\n" + hostile}
		item["changed_by"] = map[string]any{"who": hostile, "at": "2026-11-24T12:00:00Z", "event": hostile, "from": hostile, "note": hostile}
		item["monthly_cost_delta"] = 12.5
		for _, change := range item["changes"].([]any) {
			change := change.(map[string]any)
			change["path"], change["expected"], change["actual"], change["reason"] = "tags."+hostile, hostile, nil, hostile
		}
	}
	document["summary"].(map[string]any)["monthly_cost_delta"] = 12.5
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, text)
}

func parsed(t *testing.T, text []byte) report.Drift {
	t.Helper()
	drift, err := report.ParseDrift(text)
	if err != nil {
		t.Fatal(err)
	}
	return drift
}

// What the engine writes is what the documentation promises, and the schema would notice if not.
func TestDriftFollowsItsSchema(t *testing.T) {
	t.Parallel()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("drift.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	validate := func(text string) error {
		read, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(read)
	}
	sample := string(driftSample(t))
	if err := validate(sample); err != nil {
		t.Error(err)
	}
	for _, change := range [][2]string{
		{`"version": 1`, `"version": 2`}, {`"kind": "deleted"`, `"kind": "gone"`}, {`"category": "major"`, `"category": "bad"`}, {`"cost_basis"`, `"cost_bases"`}, {`"critical": 2`, `"critical": -2`},
	} {
		wrong := strings.Replace(sample, change[0], change[1], 1)
		if wrong == sample {
			t.Fatalf("the sample holds no %s", change[0])
		}
		if validate(wrong) == nil {
			t.Errorf("%s goes through", change[1])
		}
	}
}

func TestDriftJUnit(t *testing.T) {
	t.Parallel()
	text, err := parsed(t, driftSample(t)).JUnit()
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suite    struct {
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Type string `xml:"type,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &suites); err != nil {
		t.Fatal(err)
	}
	if suites.Failures != 3 || suites.Errors != 1 || suites.Tests != len(suites.Suite.Cases) || suites.Suite.Cases[0].Failure.Type != "critical" {
		t.Errorf("%+v", suites)
	}
	hostileText, err := hostileDrift(t).JUnit()
	if err != nil || xml.Unmarshal(hostileText, &suites) != nil {
		t.Errorf("hostile text breaks the XML: %v", err)
	}
}

func TestDriftPagesKeepHostileTextText(t *testing.T) {
	t.Parallel()
	page, err := hostileDrift(t).HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, forbidden := range []string{"<script", "<img", "\x1b", "\u202e"} {
		if bytes.Contains(page, []byte(forbidden)) {
			t.Errorf("the page holds %q", forbidden)
		}
	}
	if !bytes.Contains(page, []byte("<title>Drift: 2 critical, 1 major, 1 unverified</title>")) || !bytes.Contains(page, []byte("&#43;12.50 USD a month")) {
		t.Errorf("%s", page)
	}
	markdown, err := hostileDrift(t).Markdown()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(markdown), "\n") {
		if !strings.HasPrefix(line, "    ") && (strings.Contains(line, "<script") || strings.Contains(line, "<img") || strings.HasPrefix(line, "```")) {
			t.Errorf("markup: %s", line)
		}
	}
}

func TestDriftIsWrittenWhole(t *testing.T) {
	t.Parallel()
	drift := parsed(t, driftSample(t))
	for format := range report.DriftFormats {
		name := filepath.Join(t.TempDir(), "new", "report."+format)
		if err := drift.Write(format, name); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(name); err != nil || len(text) == 0 {
			t.Errorf("%s: %v", format, err)
		}
	}
	if drift.Write("pdf", filepath.Join(t.TempDir(), "x")) == nil {
		t.Error("a format that is none")
	}
	if _, err := report.ParseDrift([]byte("[")); err == nil {
		t.Error("broken JSON")
	}
}
