package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/report"
)

// TestJSONFollowsItsSchema: what is written is what the documentation promises, and the schema would notice if not.
func TestJSONFollowsItsSchema(t *testing.T) {
	t.Parallel()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("health.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, document := range map[string]report.Health{"sample": sample(), "everything": everything(), "nothing": {Verdict: "inconclusive"}} {
		data, err := document.JSON()
		if err != nil {
			t.Fatal(err)
		}
		read, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(read); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	data, err := sample().JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"version": 1`, `"version": 2`},
		{`"status": "failed"`, `"status": "broken"`},
		{`"status": "pass"`, `"status": "passed"`},
		{`"latency_ms": 12`, `"latency_ms": "12"`},
		{`"verdict"`, `"verdikt"`},
		{`"started_at": "2026-01-02T03:04:05Z"`, `"started_at": "yesterday"`},
	} {
		wrong := strings.ReplaceAll(string(data), change[0], change[1])
		if wrong == string(data) {
			t.Fatalf("the sample holds no %s", change[0])
		}
		read, err := jsonschema.UnmarshalJSON(strings.NewReader(wrong))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(read) == nil {
			t.Errorf("%s goes through", change[1])
		}
	}
}
