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

// schemaOf compiles a schema of this folder, which may refer to its siblings.
func schemaOf(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	var named string
	for _, sibling := range []string{"health.schema.json", "switch.schema.json", "rollback.schema.json", "history.schema.json"} {
		text, err := os.ReadFile(sibling)
		must(t, err)
		read, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		must(t, err)
		var id struct {
			ID string `json:"$id"`
		}
		must(t, json.Unmarshal(text, &id))
		must(t, compiler.AddResource(id.ID, read))
		if sibling == file {
			named = id.ID
		}
	}
	schema, err := compiler.Compile(named)
	must(t, err)
	return schema
}

// TestDocumentsFollowTheirSchemas: what is written is what the documentation promises, and the schema would notice if not.
func TestDocumentsFollowTheirSchemas(t *testing.T) {
	t.Parallel()
	open := report.Switch{Status: "not_begun", Traffic: report.Traffic{To: "green", StartedAt: day}}
	for file, test := range map[string]struct {
		documents []func() ([]byte, error)
		wrong     [][2]string
	}{
		"switch.schema.json": {
			[]func() ([]byte, error){reverted().JSON, switched().JSON, open.JSON},
			[][2]string{{`"version": 1,`, `"version": 2,`}, {`"status": "reverted"`, `"status": "broken"`}, {`"stage": "revert"`, `"stage": "back"`}, {`"blue": 100`, `"blue": 101`}, {`"kind": "health"`, `"kind": "x"`}, {`"recovery_ms"`, `"recovery"`}},
		},
		"rollback.schema.json": {
			[]func() ([]byte, error){rolledBack().JSON, report.Rollback{Status: "not_needed", StartedAt: day}.JSON},
			[][2]string{{`"version": 1,`, `"version": 2,`}, {`"status": "partial"`, `"status": "half"`}, {`"begun_ms": 700`, `"begun_ms": -1`}, {`"action": "update"`, `"action": "patch"`}, {`"verdict": "failed"`, `"verdict": "bad"`}, {`"undone"`, `"undid"`}},
		},
		"history.schema.json": {
			[]func() ([]byte, error){history().JSON, report.History{Name: "shop", GeneratedAt: day}.JSON},
			[][2]string{{`"version": 1,`, `"version": 0,`}, {`"status": "succeeded"`, `"status": "fine"`}, {`"success_rate": 0.917`, `"success_rate": 91.7`}, {`"stage": "step"`, `"stage": "x"`}, {`"held"`, `"holds"`}},
		},
	} {
		schema := schemaOf(t, file)
		for i, write := range test.documents {
			data, err := write()
			must(t, err)
			read, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
			must(t, err)
			if err := schema.Validate(read); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			for _, change := range test.wrong {
				if i > 0 {
					break
				}
				wrong := strings.ReplaceAll(string(data), change[0], change[1])
				if wrong == string(data) {
					t.Fatalf("%s: the sample holds no %s", file, change[0])
				}
				read, err := jsonschema.UnmarshalJSON(strings.NewReader(wrong))
				must(t, err)
				if schema.Validate(read) == nil {
					t.Errorf("%s: %s goes through", file, change[1])
				}
			}
		}
	}
}

func TestFormatsOfTheOtherDocuments(t *testing.T) {
	t.Parallel()
	small := history()
	small.Deployments = small.Deployments[58:]
	for name, formats := range map[string]map[string]func() ([]byte, error){
		"switch":   {"md": reverted().Markdown, "xml": reverted().JUnit},
		"rollback": {"md": rolledBack().Markdown, "xml": rolledBack().JUnit},
		"history":  {"md": small.Markdown, "xml": small.JUnit},
	} {
		for extension, write := range formats {
			got, err := write()
			must(t, err)
			golden(t, name+"."+extension, got)
		}
	}
}

type junitRead struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Suite    struct {
		Skipped int `xml:"skipped,attr"`
		Cases   []struct {
			Name    string    `xml:"name,attr"`
			Failure *struct{} `xml:"failure"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func readJUnit(t *testing.T, write func() ([]byte, error)) junitRead {
	t.Helper()
	data, err := write()
	must(t, err)
	var read junitRead
	if err := xml.Unmarshal(data, &read); err != nil {
		t.Fatalf("%v\n%.2000s", err, data)
	}
	if read.Tests != len(read.Suite.Cases) {
		t.Errorf("%d tests, %d cases", read.Tests, len(read.Suite.Cases))
	}
	return read
}

// TestWhatTurnsABuildRed: what a CI system reads out of the JUnit of each document.
func TestWhatTurnsABuildRed(t *testing.T) {
	t.Parallel()
	good, accepted := rolledBack(), rolledBack()
	good.Status, good.Undone, good.Verify, accepted.Accepted = "restored", true, nil, true
	delete(good.Targets, "site")
	for name, test := range map[string]struct {
		write            func() ([]byte, error)
		failures, errors int
		skipped, tests   int
	}{
		"a switch that went well":             {switched().JUnit, 0, 0, 0, 1},
		"a switch that was moved back":        {reverted().JUnit, 2, 2, 3, 8},
		"a rollback in part":                  {rolledBack().JUnit, 3, 0, 0, 7},
		"a release that was rolled back":      {good.JUnit, 1, 0, 0, 4},
		"one that somebody asked for by hand": {accepted.JUnit, 2, 0, 0, 7},
		"nothing to roll back":                {report.Rollback{Status: "not_needed"}.JUnit, 0, 0, 0, 1},
		"a history":                           {history().JUnit, 7, 0, 1, 64},
	} {
		read := readJUnit(t, test.write)
		if read.Failures != test.failures || read.Errors != test.errors || read.Suite.Skipped != test.skipped || read.Tests != test.tests {
			t.Errorf("%s: %d failures, %d errors, %d skipped of %d", name, read.Failures, read.Errors, read.Suite.Skipped, read.Tests)
		}
	}
}

// TestHostileTextInTheOtherFormats: XML stays XML, and nothing in Markdown is markup.
func TestHostileTextInTheOtherFormats(t *testing.T) {
	t.Parallel()
	for name, write := range map[string][2]func() ([]byte, error){
		"switch": {poisoned(reverted()).JUnit, poisoned(reverted()).Markdown}, "rollback": {poisoned(rolledBack()).JUnit, poisoned(rolledBack()).Markdown}, "history": {poisoned(history()).JUnit, poisoned(history()).Markdown},
	} {
		readJUnit(t, write[0])
		markdown, err := write[1]()
		must(t, err)
		for _, never := range []string{"<script", "<img", "\x1b", "\u202e", "\x00"} {
			if bytes.Contains(markdown, []byte(never)) {
				t.Errorf("%s: Markdown holds %q", name, never)
			}
		}
	}
}

func TestOtherDocumentsAreWritten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for format := range report.HealthFormats { // the names are the same for each
		for name, write := range map[string]func(string, string) error{"switch": reverted().Write, "rollback": rolledBack().Write, "history": history().Write} {
			file := filepath.Join(folder, "new", name+"."+format)
			must(t, write(format, file))
			if text, err := os.ReadFile(file); err != nil || len(text) < 500 {
				t.Errorf("%s as %s: %d bytes, %v", name, format, len(text), err)
			}
			if write("pdf", file) == nil {
				t.Errorf("%s: pdf is no format", name)
			}
		}
	}
}
