package probe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// wrote returns the path of a file with the text.
func wrote(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scan.sarif")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run is a log of one run of a scanner with three rules in its driver, and one in an extension.
func run(results string, more ...string) string {
	return `{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"results":` + results + `,` + strings.Join(append(more, ""), ",") + `"tool":{"driver":{"name":"scanner","rules":[
		{"id":"ERR","defaultConfiguration":{"level":"error"}},{"id":"NOTE","defaultConfiguration":{"level":"note"}},{"id":"PLAIN"}]},
		"extensions":[{"guid":"1A","rules":[{"id":"EXT","defaultConfiguration":{"level":"error"}}]}]}}]}`
}

func TestScanLevels(t *testing.T) {
	t.Parallel()
	const at = `"locations":[{"physicalLocation":{"artifactLocation":{"uri":"main.tf"},"region":{"startLine":12}}}]`
	overridden := `"invocations":[{"executionSuccessful":true,"ruleConfigurationOverrides":[{"descriptor":{"id":"NOTE"},"configuration":{"level":"error"}},{"descriptor":{"index":0},"configuration":{"level":"note"}}]}]`
	for name, test := range map[string]struct {
		log    string
		limit  ScanLevel
		want   Status
		reason string
	}{
		"nothing":                 {run(`[]`), LevelNote, Pass, ""},
		"own level":               {run(`[{"level":"error","ruleId":"NOTE",` + at + `,"message":{"text":"hunter2"}}]`), LevelError, Fail, "holds 1 at or above level error: 1 error of NOTE, first at main.tf:12"},
		"own level, milder":       {run(`[{"level":"note","ruleId":"ERR"}]`), LevelWarning, Pass, ""},
		"rule's default by id":    {run(`[{"ruleId":"ERR"},{"ruleId":"ERR"}]`), LevelError, Fail, "holds 2 at or above level error: 2 error of ERR"},
		"by index":                {run(`[{"ruleIndex":0}]`), LevelError, Fail, "1 error of ERR"},
		"index 0 is not no index": {run(`[{"message":{"text":"x"}}]`), LevelError, Pass, ""},
		"index -1 is no index":    {run(`[{"ruleIndex":-1,"ruleId":"ERR"}]`), LevelError, Fail, "1 error of ERR"},
		"index out of range":      {run(`[{"ruleIndex":9,"ruleId":"NOTE"}]`), LevelWarning, Pass, ""},
		"by reference":            {run(`[{"rule":{"id":"ERR"}}]`), LevelError, Fail, "1 error of ERR"},
		"of an extension":         {run(`[{"rule":{"index":0,"toolComponent":{"index":0}}}]`), LevelError, Fail, "1 error of EXT"},
		"of an extension by GUID": {run(`[{"ruleId":"EXT","rule":{"toolComponent":{"guid":"1a"}}}]`), LevelError, Fail, "1 error of EXT"},
		"no such extension":       {run(`[{"ruleId":"ERR","rule":{"toolComponent":{"index":7}}}]`), LevelError, Pass, ""},
		"part of a rule":          {run(`[{"ruleId":"ERR/2/a"}]`), LevelError, Fail, "1 error of ERR/2/a"},
		"rule without default":    {run(`[{"ruleId":"PLAIN"}]`), LevelWarning, Fail, "1 warning of PLAIN"},
		"unknown rule":            {run(`[{"ruleId":"GONE"}]`), LevelWarning, Fail, "1 warning of GONE"},
		"warning, limit error":    {run(`[{"ruleId":"GONE"}]`), LevelError, Pass, ""},
		"no failure":              {run(`[{"ruleId":"ERR","kind":"pass"},{"ruleId":"ERR","kind":"notApplicable"}]`), LevelNote, Pass, ""},
		"a failure":               {run(`[{"ruleId":"ERR","kind":"fail"}]`), LevelError, Fail, "1 error of ERR"},
		"raised for this run":     {run(`[{"ruleId":"NOTE","provenance":{"invocationIndex":0}}]`, overridden), LevelError, Fail, "1 error of NOTE"},
		"lowered for this run":    {run(`[{"ruleIndex":0,"provenance":{"invocationIndex":0}}]`, overridden), LevelWarning, Pass, ""},
		"of no invocation":        {run(`[{"ruleId":"NOTE"}]`, overridden), LevelError, Pass, ""},
		"suppressed":              {run(`[{"ruleId":"ERR","suppressions":[{"kind":"inSource"}]},{"ruleId":"ERR","suppressions":[{"kind":"external","status":"accepted"}]}]`), LevelNote, Pass, ""},
		"suppression rejected":    {run(`[{"ruleId":"ERR","suppressions":[{"kind":"inSource"},{"kind":"external","status":"rejected"}]}]`), LevelError, Fail, "1 error of ERR"},
		"suppression in review":   {run(`[{"ruleId":"ERR","suppressions":[{"kind":"external","status":"underReview"}]}]`), LevelError, Fail, "1 error of ERR"},
		"no suppression":          {run(`[{"ruleId":"ERR","suppressions":[]}]`), LevelError, Fail, "1 error of ERR"},
		"gone since the baseline": {run(`[{"ruleId":"ERR","baselineState":"absent"}]`), LevelNote, Pass, ""},
		"worst first": {
			run(`[{"ruleId":"N1","level":"note"},{"ruleId":"N2","level":"note"},{"ruleId":"N2","level":"note"},{"ruleId":"W","level":"warning"},{"ruleId":"E","level":"error"},{"ruleId":"N3","level":"note"},{"ruleId":"N4","level":"note"}]`),
			LevelNote, Fail, "holds 7 at or above level note: 1 error of E; 1 warning of W; 2 note of N2; 1 note of N1; 1 note of N3; and 1 more rules",
		},
		"did not finish":       {run(`[]`, `"invocations":[{"executionSuccessful":false}]`), LevelError, Inconclusive, "did not run to its end"},
		"did not finish, bad":  {run(`[{"ruleId":"ERR"}]`, `"invocations":[{"executionSuccessful":false}]`), LevelError, Fail, "1 error of ERR"},
		"no results":           {run(`null`), LevelError, Inconclusive, "nothing was scanned"},
		"no runs":              {`{"version":"2.1.0","runs":[]}`, LevelError, Inconclusive, "nothing was scanned"},
		"results elsewhere":    {run(`[]`, `"externalPropertyFileReferences":{"results":[{"location":{"uri":"more.sarif-external-properties"}}]}`), LevelError, Inconclusive, "in other files"},
		"results at the end":   {`{"version":"2.1.0","inlineExternalProperties":[{"results":[{}]}],"runs":[{"results":[]}]}`, LevelError, Inconclusive, "in other files"},
		"terminal escapes":     {run(`[{"ruleId":"A\u001b[2J\nB","level":"error"}]`), LevelError, Fail, "1 error of A?[2J?B"},
		"large, other members": {run(`[]`, `"artifacts":[`+strings.Repeat(`{"location":{"uri":"x"}},`, 1000)+`{}]`, `"properties":{"a":[1,true,null,{"b":"c"}]}`), LevelError, Pass, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := (&Scan{Path: wrote(t, test.log), Limit: test.limit}).Probe(t.Context())
			if seen.Status != test.want || !strings.Contains(seen.Reason, test.reason) || seen.Final != (test.want != Pass) || (test.want == Pass && seen.Reason != "") {
				t.Errorf("got %+v", seen)
			}
			if strings.Contains(fmt.Sprint(seen), "hunter2") {
				t.Errorf("shows a message: %+v", seen)
			}
		})
	}
}

func TestScanNoSARIF(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, reason string }{
		"empty":          {"", "it ends in the middle"},
		"cut off":        {run(`[]`)[:120], "it ends in the middle"},
		"no JSON":        {"hunter2", "the JSON is broken at byte 1"},
		"XML":            {"<testsuite/>", "the JSON is broken"},
		"a list":         {`[{"version":"2.1.0"}]`, "an object is missing"},
		"another JSON":   {`{"results":[],"secret":"hunter2"}`, "there is no version 2 in it"},
		"old version":    {`{"version":"1.0.0","runs":[]}`, "there is no version 2 in it"},
		"no runs":        {`{"version":"2.1.0"}`, "there are no runs in it"},
		"runs no list":   {`{"version":"2.1.0","runs":{}}`, "a list is missing"},
		"run no object":  {`{"version":"2.1.0","runs":[7]}`, "an object is missing"},
		"level a number": {run(`[{"level":7}]`), "a number stands where none belongs, in level"},
		"more behind":    {run(`[]`) + `{}`, "something stands behind its end"},
		"deep":           {`{"version":"2.1.0","x":` + strings.Repeat("[", 100_000), "it is nested too deeply"},
		"deep result":    {run(`[{"level":` + strings.Repeat("[", 100_000) + `}]`), "the JSON is broken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := (&Scan{Path: wrote(t, test.text), Limit: LevelError}).Probe(t.Context())
			if seen.Status != Error || !strings.Contains(seen.Reason, "it is not a SARIF file: "+test.reason) || seen.Final || strings.Contains(seen.Reason, "hunter2") {
				t.Errorf("got %+v", seen)
			}
		})
	}
}

func TestScanFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	huge := filepath.Join(folder, "huge.sarif")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, maxScan+1); err != nil { // a hole: it takes no room
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		path   string
		reason string
		final  bool
	}{
		"missing":  {filepath.Join(folder, "gone.sarif"), "there is no such file", false},
		"a folder": {folder, "it is not a file", true},
		"a device": {"/dev/zero", "it is not a file", true},
		"huge":     {huge, "more than the 268435456 that are read", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := (&Scan{Path: test.path, Limit: LevelError}).Probe(t.Context())
			if seen.Status != Error || seen.Final != test.final || !strings.Contains(seen.Reason, test.reason) {
				t.Errorf("got %+v", seen)
			}
		})
	}
	ended, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	if seen := (&Scan{Path: wrote(t, run(`[]`)), Limit: LevelError}).Probe(ended); seen.Status != Error || !strings.Contains(seen.Reason, "no answer in time") {
		t.Errorf("out of time: %+v", seen)
	}
}

func TestParseScanLevel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]ScanLevel{"note": LevelNote, "warning": LevelWarning, "error": LevelError} {
		if got, err := ParseScanLevel(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "none", "Error", "critical"} {
		if _, err := ParseScanLevel(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
