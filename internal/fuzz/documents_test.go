package fuzz

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

// seed adds a file of the project.
func seed(f *testing.F, parts ...string) {
	f.Helper()
	content, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, parts...)...))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add(content[:len(content)/2]) // cut off
}

// FuzzState: a state file of anybody's making is read, or refused with a *drift.StateError.
func FuzzState(f *testing.F) {
	seed(f, "internal", "engine", "drift", "testdata", "aws-5.100.0.tfstate")
	for _, text := range []string{
		``, `{`, `[]`, `null`, `{"version":3}`, `{"version":99}`, `{"version":4,"resources":null}`, `{"version":4,"resources":[{"instances":[{"attributes":[]}]}]}`,
		`{"format_version":"1.0","values":{"root_module":{"child_modules":[{"child_modules":[{}]}]}}}`, `{"encrypted_data":"x"}`, `{"version":4,"resources":{"a":1}}`,
		`{"version":4,"resources":[{"mode":"managed","type":"aws_instance","name":"a","provider":"provider[\"registry.terraform.io/hashicorp/aws\"].west","instances":[{"index_key":1e400,"attributes":{"id":null,"tags":{"a":1}},"sensitive_attributes":[[{"type":"get_attr","value":"id"}]]}]}]}`,
	} {
		f.Add([]byte(text))
	}
	specs := drift.Specs(live.Readers(nil))
	f.Fuzz(func(t *testing.T, content []byte) {
		bounded(t, func() {
			state, err := drift.ReadState(bytes.NewReader(content), specs)
			var refused *drift.StateError
			if err != nil && !errors.As(err, &refused) {
				t.Errorf("the error is a %T, not a StateError: %v", err, err)
			}
			if err == nil && state == nil {
				t.Error("neither a state nor an error")
			}
		})
	})
}

// FuzzPlan: what `terraform show -json` might have written of a plan becomes items, or a *drift.PlanError.
func FuzzPlan(f *testing.F) {
	seed(f, "internal", "engine", "drift", "testdata", "refresh-only-plan.json")
	for _, text := range []string{
		``, `{}`, `{"format_version":"1.2"}`, `{"format_version":"9.9","resource_drift":[]}`, `{"format_version":"1.2","resource_drift":[null]}`,
		`{"format_version":"1.2","resource_drift":[{"address":"a.b","type":"aws_x","change":{"actions":["update"],"before":{"a":[1,{"b":2}]},"after":{"a":[2]},"before_sensitive":{"a":true},"after_sensitive":[[]]}}]}`,
		`{"format_version":"1.2","prior_state":{"values":{"root_module":{"resources":[{"address":"x","mode":"managed","type":"aws_instance","values":{"id":[]}}]}}}}`,
	} {
		f.Add([]byte(text))
	}
	specs := drift.Specs(live.Readers(nil))
	f.Fuzz(func(t *testing.T, content []byte) {
		bounded(t, func() {
			_, err := drift.FromPlan(t.Context(), string(content), specs)
			var refused *drift.PlanError
			if err != nil && !errors.As(err, &refused) {
				t.Errorf("the error is a %T, not a PlanError: %v", err, err)
			}
		})
	})
}

// FuzzSARIF: a scanner's report passes, fails or cannot be read; it never passes when it is not JSON.
func FuzzSARIF(f *testing.F) {
	for _, text := range []string{
		``, `{}`, `{"version":"2.1.0","runs":[]}`, `{"version":"2.1.0","runs":[{"results":[{"level":"error","ruleId":"x"}]}]}`,
		`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"s","rules":[{"id":"a","defaultConfiguration":{"level":"error"}}]}},"results":[{"ruleIndex":0},{"ruleIndex":-1},{"ruleIndex":99}]}]}`,
		`{"version":"2.1.0","runs":[{"results":[{"suppressions":[{"status":"accepted"}],"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a"},"region":{"startLine":-1}}}]}]}]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "scan.sarif")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		bounded(t, func() {
			seen := (&probe.Scan{Path: path, Limit: probe.LevelError}).Probe(t.Context())
			if seen.Status == probe.Pass && !json.Valid(content) {
				t.Errorf("a report that is no JSON passed: %q", content)
			}
		})
	})
}

// sealed is a manifest with the digest that it must have: what somebody who can write the store would forge.
func sealed(body []byte) []byte {
	sum := sha256.Sum256(body)
	return fmt.Appendf(nil, `{"sha256":%q,"manifest":%s}`, hex.EncodeToString(sum[:]), body)
}

// soon is a deadline for what must not hang.
const soon = 30 * time.Second
