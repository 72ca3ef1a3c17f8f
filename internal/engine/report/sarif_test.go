package report_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
)

// sarifFile is what is looked at of a SARIF file.
type sarifFile struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []struct{ ID, Name string }
			}
		}
		Results []sarifResult
	}
}

type sarifResult struct {
	RuleID, Level string
	RuleIndex     int
	Message       struct{ Text string }
	Locations     []struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           map[string]int
		}
		LogicalLocations []struct{ FullyQualifiedName string }
	}
	PartialFingerprints map[string]string
}

// samples are documents of every shape.
func samples(t *testing.T) map[string]report.Drift {
	t.Helper()
	return map[string]report.Drift{"sample": parsed(t, driftSample(t)), "hostile": hostileDrift(t), "nothing": parsed(t, []byte(`{"version":1}`))}
}

func sarifOf(t *testing.T, drift report.Drift) ([]byte, sarifFile) {
	t.Helper()
	text, err := drift.SARIF()
	if err != nil {
		t.Fatal(err)
	}
	var file sarifFile
	if err := json.Unmarshal(text, &file); err != nil || len(file.Runs) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	return text, file
}

// What is written follows the standard's own schema.
func TestDriftSARIFFollowsTheStandard(t *testing.T) {
	t.Parallel()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(filepath.Join("testdata", "sarif-schema-2.1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	validate := func(text []byte) error {
		read, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(read)
	}
	for name, drift := range samples(t) {
		text, _ := sarifOf(t, drift)
		if err := validate(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	text, _ := sarifOf(t, parsed(t, driftSample(t)))
	for _, change := range [][2]string{{`"level": "error"`, `"level": "fatal"`}, {`"startLine": 1`, `"startLine": 0`}, {`"ruleIndex": 0`, `"ruleIndex": "0"`}, {`"columnKind"`, `"columnSort"`}} {
		wrong := bytes.ReplaceAll(text, []byte(change[0]), []byte(change[1]))
		if bytes.Equal(wrong, text) || validate(wrong) == nil {
			t.Errorf("%s goes through, or is not there", change[1])
		}
	}
}

// required are what code scanning takes nothing without, by where it is; lists are walked through. An empty text counts as missing:
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning#supported-sarif-output-file-properties.
var required = []string{
	"$schema", "version", "runs", "runs.tool.driver", "runs.results", "runs.tool.driver.name", "runs.tool.driver.rules",
	"runs.tool.driver.rules.id", "runs.tool.driver.rules.shortDescription.text", "runs.tool.driver.rules.fullDescription.text", "runs.tool.driver.rules.help.text",
	"runs.results.message.text", "runs.results.locations", "runs.results.partialFingerprints.primaryLocationLineHash",
	"runs.results.locations.physicalLocation.artifactLocation.uri", "runs.results.locations.physicalLocation.region.startLine", "runs.results.locations.physicalLocation.region.startColumn",
	"runs.results.locations.physicalLocation.region.endLine", "runs.results.locations.physicalLocation.region.endColumn",
}

func missing(value any, steps []string) bool {
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, func(element any) bool { return len(steps) > 0 && missing(element, steps) })
	case map[string]any:
		return len(steps) > 0 && missing(value[steps[0]], steps[1:])
	case string:
		return value == ""
	}
	return value == nil
}

func TestDriftSARIFForCodeScanning(t *testing.T) {
	t.Parallel()
	for name, drift := range samples(t) {
		text, file := sarifOf(t, drift)
		var document any
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		for _, path := range required {
			if missing(document, strings.Split(path, ".")) {
				t.Errorf("%s: %s is missing somewhere", name, path)
			}
		}
		run, ids := file.Runs[0], map[string]bool{}
		for _, rule := range run.Tool.Driver.Rules {
			if ids[rule.ID] || len(rule.Name) > 255 {
				t.Errorf("%s: rule %q", name, rule.ID)
			}
			ids[rule.ID] = true
		}
		prints := map[string]bool{}
		for _, result := range run.Results {
			hash := result.PartialFingerprints["primaryLocationLineHash"]
			if run.Tool.Driver.Rules[result.RuleIndex].ID != result.RuleID || len(result.Locations) != 1 || (name == "sample" && prints[hash]) {
				t.Errorf("%s: %+v", name, result)
			}
			prints[hash] = true
		}
		if name == "sample" && (!ids["critical/aws_security_group.ingress"] || !ids["minor/aws_security_group.tags"] || !ids["critical/aws_vpc.deleted"] || len(run.Results) < 6) {
			t.Errorf("rules %v, %d results", slices.Collect(maps.Keys(ids)), len(run.Results))
		}
	}
}

// A result is where its attribute is written; where nobody knows, it is at the beginning of a file that a repository may have. What is
// the same from one look to the next keeps its fingerprint when it moves.
func TestDriftSARIFPlaces(t *testing.T) {
	t.Parallel()
	drift := parsed(t, driftSample(t))
	_, before := sarifOf(t, drift)
	place := report.Place{URI: "stacks/web/main.tf", Line: 12, Column: 3, EndLine: 12, EndColumn: 20}
	drift.Locate = func(address, attribute string) (report.Place, bool) {
		return place, strings.HasPrefix(address, "aws_security_group.") && attribute == "ingress"
	}
	_, after := sarifOf(t, drift)
	located := 0
	for i, result := range after.Runs[0].Results {
		at := result.Locations[0].PhysicalLocation
		want := report.Place{URI: "main.tf", Line: 1, Column: 1, EndLine: 1, EndColumn: 2}
		if strings.HasSuffix(result.RuleID, ".ingress") {
			want, located = place, located+1
		}
		if got := (report.Place{URI: at.ArtifactLocation.URI, Line: at.Region["startLine"], Column: at.Region["startColumn"], EndLine: at.Region["endLine"], EndColumn: at.Region["endColumn"]}); got != want {
			t.Errorf("%s of %s: %+v", result.RuleID, result.Locations[0].LogicalLocations[0].FullyQualifiedName, got)
		}
		if !maps.Equal(result.PartialFingerprints, before.Runs[0].Results[i].PartialFingerprints) {
			t.Errorf("%s: the fingerprint moved with its line", result.RuleID)
		}
		if !strings.Contains(result.Message.Text, "put back: terraform apply") && !strings.HasSuffix(result.RuleID, ".unverified") {
			t.Errorf("nothing says what to do: %s", result.Message.Text)
		}
	}
	if located == 0 {
		t.Error("nothing was located")
	}
}
