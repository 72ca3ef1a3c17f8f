package drift

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// Both sides of every secret in these tests hold one of these.
const (
	stateCanary = "canary-in-the-state"
	liveCanary  = "canary-in-aws"
)

// secretTable has an attribute of each kind, each marked as sensitive in one way or another.
var secretTable = []live.Attribute{
	{Path: "password", API: "a"},
	{Path: "folded", API: "a", Fold: true},
	{Path: "groups", API: "a", Kind: live.Set},
	{Path: "layers", API: "a", Kind: live.List},
	{Path: "tags", API: "a", Kind: live.Map},
	{Path: "environment.0.variables", API: "a", Kind: live.Map, Hidden: true},
	{Path: "labels", API: "a", Kind: live.Map},
	{Path: "route", API: "a", Kind: live.Map, Blocks: &live.Blocks{Key: []string{"cidr"}, Fields: []string{"target"}}},
	{Path: "ingress", API: "a", Kind: live.Rules},
	{Path: "policy", API: "a", Kind: live.Policy},
	{Path: "document", API: "a", Kind: live.JSON},
}

var secretMarks = []string{"password", "folded", "groups", "layers", "tags_all.Token", "labels", "route", "ingress", "policy", "document"}

// secretValues are what one side holds: canary in every secret place.
func secretValues(canary string) map[string]any {
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"` + canary + `"}]}`
	return map[string]any{
		"id": "i", "password": canary, "folded": strings.ToUpper(canary), "groups": []any{"a", canary}, "layers": []any{canary, "b"},
		"tags": map[string]any{"Token": canary, "Name": "same"}, "environment": []any{map[string]any{"variables": map[string]any{"TOKEN": canary}}},
		"labels": map[string]any{canary: canary}, "route": []any{map[string]any{"cidr": canary, "target": canary}},
		"ingress": []any{map[string]any{"protocol": "tcp", "from_port": 22, "to_port": 22, "security_groups": []any{canary}, "description": canary}},
		"policy":  policy, "document": `{"a":"` + canary + `"}`,
	}
}

func secretResource(canary string) Resource {
	return Resource{
		Resource:  live.Resource{Address: "aws_secret.a", Type: "aws_secret", ID: "i", Region: "us-east-1", State: live.ValuesOf(secretValues(canary))},
		Sensitive: secretMarks,
	}
}

func secretFetched(canary string) live.Attributes {
	fetched := live.Attributes{}
	for _, attribute := range secretTable {
		if value, known := attribute.Expected(secretResource(canary).Resource); known {
			fetched[attribute.Path] = value
		}
	}
	return fetched
}

// What is secret is compared as well as anything else, and is nowhere in what comes out: not in text, not in what the engine keeps.
func TestSecretsAreComparedByFingerprint(t *testing.T) {
	t.Parallel()
	if changes := Compare(secretResource(stateCanary), secretTable, secretFetched(stateCanary)); len(changes) != 0 {
		t.Errorf("equal secrets differ: %+v", changes)
	}
	changes := Compare(secretResource(stateCanary), secretTable, secretFetched(liveCanary))
	found := map[string]bool{}
	for _, change := range changes {
		found[change.Path] = true
		for _, side := range []*string{change.Expected, change.Actual} {
			if side != nil && *side != Hidden {
				t.Errorf("%s shows %q", change.Path, *side)
			}
		}
	}
	for _, path := range []string{"password", "folded", "groups", "layers", "tags.Token", "environment.variables.TOKEN", "labels", "route", "ingress", "policy", "document"} {
		if !found[path] {
			t.Errorf("%s differs and was not found", path)
		}
	}
	if found["tags.Name"] || len(found) != 11 {
		t.Errorf("found %v", found)
	}
	for _, place := range leaks(changes) {
		t.Errorf("a secret is in %s", place)
	}
	if seal(stateCanary) == seal(liveCanary) || strings.Contains(seal(stateCanary), "canary") {
		t.Error("a fingerprint is of its text alone, and does not hold it")
	}
}

// A rule that is a secret is still judged as one: that it is only its description which differs is seen.
func TestSecretRules(t *testing.T) {
	t.Parallel()
	state := secretResource(stateCanary)
	fetched := secretFetched(stateCanary)
	rules, _ := fetched["ingress"].([]live.Rule)
	described := rules[0]
	described.Description = liveCanary
	fetched["ingress"] = []live.Rule{described}
	changes := Compare(state, secretTable, fetched)
	if len(changes) != 1 || changes[0].Path != "ingress.description" || *changes[0].Actual != Hidden {
		t.Errorf("%+v", changes)
	}
}

// secretReader is a reader of aws_secret.
type secretReader struct{ outcome live.Outcome }

func (secretReader) Types() []live.Spec {
	return []live.Spec{{Type: "aws_secret", Attributes: secretTable, Context: []string{"name"}}}
}

func (r secretReader) Read(_ context.Context, batch live.Batch) (map[live.Address]live.Outcome, error) {
	return map[live.Address]live.Outcome{batch.Resources[0].Address: r.outcome}, nil
}

// From state to result, report and log, no secret leaves the comparison.
func TestNoSecretLeavesDetect(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]live.Outcome{
		"changed": {Status: live.Found, Attributes: secretFetched(liveCanary)}, "in part": {Status: live.Found, Attributes: secretFetched(liveCanary), Reason: "some", Err: denied("x")},
		"deleted": {Status: live.Deleted}, "unverified": {Reason: "denied", Err: denied("x")},
	} {
		var log bytes.Buffer
		result, err := Detect(t.Context(), Options{
			State: &State{Managed: 1, Resources: []Resource{secretResource(stateCanary)}}, Readers: []live.Reader{secretReader{outcome}}, Parallelism: 1,
			Clock: clock.NewFake(now), Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Region: func(context.Context) (string, error) { return "us-east-1", nil }, Account: func(context.Context) (string, error) { return "", nil },
			Cost: &Cost{Prices: prices},
		})
		if err != nil {
			t.Fatal(err)
		}
		text, err := result.JSON(true)
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range append(leaks(result), leaks(string(text))...) {
			t.Errorf("%s: a secret is in the result, %s", name, place)
		}
		if strings.Contains(log.String(), "canary") {
			t.Errorf("%s: a secret is in the log: %s", name, &log)
		}
		if name == "changed" && len(result.Items[0].Changes) != 15 { // two of each of labels, route, ingress and policy
			t.Errorf("%d changes", len(result.Items[0].Changes))
		}
	}
}

// An id that is a secret is not shown either, nor asked for.
func TestSecretID(t *testing.T) {
	t.Parallel()
	resource := secretResource(stateCanary)
	resource.ID, resource.Sensitive = stateCanary, []string{"id", "name"}
	resource.State = live.ValuesOf(map[string]any{"id": stateCanary, "name": stateCanary, "password": "x"})
	result := &Result{}
	judge(result, resource, live.Outcome{Status: live.Deleted}, secretTable, nil, nil, 0)
	judge(result, resource, live.Outcome{}, secretTable, nil, nil, 0)
	if names := namesOf(result.Items[0]); len(names) != 0 || result.Items[0].ID != Hidden || result.Unverified[0].ID != Hidden {
		t.Errorf("%v, %+v, %+v", names, result.Items[0], result.Unverified[0])
	}
}

// leaks finds every place of a value, whatever it is and however deep, exported or not, that holds a canary.
func leaks(value any) []string {
	var found []string
	seen := map[uintptr]bool{}
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			if strings.Contains(strings.ToLower(v.String()), "canary") {
				found = append(found, path+": "+v.String())
			}
		case reflect.Pointer:
			if !v.IsNil() && !seen[v.Pointer()] {
				seen[v.Pointer()] = true
				walk(path, v.Elem())
			}
		case reflect.Interface:
			walk(path, v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Slice, reflect.Array:
			if v.Type().Elem().Kind() == reflect.Uint8 {
				if v.Kind() == reflect.Slice && bytes.Contains(bytes.ToLower(v.Bytes()), []byte("canary")) {
					found = append(found, path)
				}
				return
			}
			for i := range v.Len() {
				walk(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				walk(path+" key", key)
				walk(path+"["+fmt.Sprint(key)+"]", v.MapIndex(key))
			}
		default:
		}
	}
	walk("", reflect.ValueOf(value))
	return found
}
