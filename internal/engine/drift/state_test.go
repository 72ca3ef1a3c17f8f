package drift

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// first are the types whose tables these tests know; readers of others come and go without them.
var first = []string{
	"aws_vpc", "aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule", "aws_lambda_function", "aws_db_instance",
}

func specs() map[string]live.Spec {
	all := Specs(live.Readers(nil))
	maps.DeleteFunc(all, func(kind string, _ live.Spec) bool { return !slices.Contains(first, kind) })
	return all
}

// golden was written by Terraform 1.11.4 with hashicorp/aws 5.100.0.
func golden(t testing.TB) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "aws-5.100.0.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestReadState(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]io.Reader{"whole": bytes.NewReader(golden(t)), "byte by byte": iotest.OneByteReader(bytes.NewReader(golden(t)))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state, err := ReadState(source, specs())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, resource := range state.Resources {
				got = append(got, fmt.Sprintf("%s %s", resource.Address, resource.Region))
			}
			slices.Sort(got)
			want := []string{
				`aws_db_instance.db us-east-1`,
				`aws_lambda_function.fn["a"] us-east-1`,
				`aws_lambda_function.fn["b"] us-east-1`,
				`aws_security_group.db[0] us-east-1`,
				`aws_security_group.db[1] us-east-1`,
				`aws_security_group.web us-east-1`,
				`aws_security_group_rule.db_cidr us-east-1`,
				`aws_security_group_rule.db_in us-east-1`,
				`aws_vpc.main us-east-1`,
				`aws_vpc.west us-west-2`,
				`aws_vpc_security_group_egress_rule.db us-east-1`,
				`aws_vpc_security_group_ingress_rule.db us-east-1`,
				`module.net.aws_vpc.this["blue one"] us-east-1`,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if state.Serial != 18 || state.Managed != 17 || state.Lineage == "" {
				t.Errorf("serial %d, lineage %q, managed %d", state.Serial, state.Lineage, state.Managed)
			}
			if diff := cmp.Diff(map[string]map[string]int{"aws_db_subnet_group": {noReader: 1}, "aws_iam_role": {noReader: 1}, "aws_subnet": {noReader: 2}}, state.Unread); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Secrets of the state that nothing compares are not even kept.
func TestReadStateKeepsNoPassword(t *testing.T) {
	t.Parallel()
	state, err := ReadState(bytes.NewReader(golden(t)), specs())
	if err != nil {
		t.Fatal(err)
	}
	for _, resource := range state.Resources {
		if _, ok := resource.State.Get("password"); ok {
			t.Errorf("%s keeps its password", resource.Address)
		}
		if resource.Type == "aws_db_instance" && !slices.Equal(resource.Sensitive, []string{"password_wo", "password"}) {
			t.Errorf("sensitive: %q", resource.Sensitive)
		}
	}
}

func TestReadStateProblems(t *testing.T) {
	t.Parallel()
	whole := string(golden(t))
	for name, c := range map[string]struct {
		source string
		want   Problem
	}{
		"nothing":          {"", EmptyFile},
		"blank":            {" \n\t ", EmptyFile},
		"HCL":              {`resource "aws_vpc" "a" {}`, NotJSON},
		"binary":           {"\x00\x01\x02", NotJSON},
		"version 3":        {`{"version":3,"modules":[]}`, OtherVersion},
		"version 5":        {`{"version":5}`, OtherVersion},
		"list":             {`[]`, NotState},
		"null":             {`null`, NotState},
		"no version":       {`{"serial":1}`, NotState},
		"resources object": {`{"version":4,"resources":{}}`, NotState},
		"instances object": {`{"version":4,"resources":[{"mode":"managed","type":"aws_vpc","instances":{}}]}`, NotState},
		"bad resource":     {`{"version":4,"resources":[7]}`, NotState},
		"bad instance":     {`{"version":4,"resources":[{"mode":"managed","type":"aws_vpc","name":"a","instances":[7]}]}`, NotState},
		"text serial":      {`{"version":4,"serial":"x"}`, NotState},
		"two documents":    {`{"version":4,"resources":[]} {}`, NotState},
		"broken inside":    {`{"version":4,"resources":[{"mode":"managed",]}`, NotJSON},
		"encrypted":        {`{"serial":1,"lineage":"x","meta":{"key_provider.pbkdf2.a":"e30="},"encrypted_data":"AAAA","encryption_version":"v0"}`, Encrypted},
		"a plan":           {`{"format_version":"1.0","terraform_version":"1.11.4","planned_values":{}}`, PlanOutput},
		"a saved plan":     {"PK\x03\x04\x14\x00", BinaryPlan},
		"show of tomorrow": {`{"format_version":"2.0","values":{}}`, OtherVersion},
		"show of a list":   {`{"format_version":"1.0","values":{"root_module":[]}}`, NotState},
	} {
		_, err := ReadState(strings.NewReader(c.source), specs())
		var problem *StateError
		if !errors.As(err, &problem) || problem.Problem != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	for cut := 1; cut < len(whole)-1; cut += 997 {
		_, err := ReadState(strings.NewReader(whole[:cut]), specs())
		var problem *StateError
		if !errors.As(err, &problem) || problem.Problem != Truncated {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

func TestReadStatePassesTheSourcesErrorOn(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk")
	if _, err := ReadState(iotest.ErrReader(broken), specs()); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestReadStateInstances(t *testing.T) {
	t.Parallel()
	source := `{"version":4,"terraform_version":"9.9.9","resources":[
	 {"mode":"data","type":"aws_vpc","name":"d","instances":[{"attributes":{"id":"vpc-0"}}]},
	 {"module":"module.a[\"x\"].module.b[0]","mode":"managed","type":"aws_vpc","name":"n","instances":[
	  {"index_key":"q\"uo${te}","attributes":{"id":"vpc-1","arn":"arn:aws-cn:ec2:cn-north-1:111122223333:vpc/vpc-1"}},
	  {"index_key":2,"attributes":{"id":"vpc-2","region":"eu-west-1","owner_id":"111122223333"}},
	  {"deposed":"abcd1234","attributes":{"id":"vpc-3"}},
	  {"index_key":4,"attributes":{}},
	  {"index_key":5,"attributes":{"id":"vpc-5"},"sensitive_attributes":"?"}]}]}`
	state, err := ReadState(strings.NewReader(source), specs())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range state.Resources {
		got = append(got, fmt.Sprintf("%s|%s|%s|%q", r.Address, r.Region, r.AccountID, r.Sensitive))
	}
	want := []string{
		`module.a["x"].module.b[0].aws_vpc.n["q\"uo$${te}"]|cn-north-1|111122223333|[]`,
		`module.a["x"].module.b[0].aws_vpc.n[2]|eu-west-1|111122223333|[]`,
		`module.a["x"].module.b[0].aws_vpc.n[5]|||[""]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]map[string]int{"aws_vpc": {deposed: 1, noID: 1}}, state.Unread); diff != "" {
		t.Error(diff)
	}
}

// stateOf writes a state of count resources of one block, as Terraform lays it out.
func stateOf(t *testing.T, count int, head, instance string) io.Reader {
	t.Helper()
	reader, writer := io.Pipe()
	t.Cleanup(func() { _ = reader.Close() })
	go func() {
		_, err := io.WriteString(writer, `{"version":4,"resources":[{"mode":"managed",`+head+`,"instances":[`)
		for i := 0; i < count && err == nil; i++ {
			comma := ","
			if i == 0 {
				comma = ""
			}
			_, err = io.WriteString(writer, comma+strings.ReplaceAll(instance, "NUMBER", fmt.Sprintf("%08d", i)))
		}
		if err == nil {
			_, err = io.WriteString(writer, `]}]}`)
		}
		writer.CloseWithError(err)
	}()
	return reader
}

// heap reads a state, and returns by how much the heap is larger while it is held, and at most was on the way.
func heap(t *testing.T, source io.Reader, use func(*State)) (held, most int64) {
	t.Helper()
	now := func() int64 {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	runtime.GC()
	before := now()
	reading := &watched{source: source, look: func() { most = max(most, now()-before) }}
	state, err := ReadState(reading, specs())
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	held = now() - before
	if use != nil {
		use(state)
		most = max(most, now()-before)
	}
	runtime.KeepAlive(state)
	return held, max(most, held)
}

// watched looks at the heap every few megabytes.
type watched struct {
	source io.Reader
	look   func()
	read   int
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.source.Read(p)
	if w.read/(4<<20) != (w.read+n)/(4<<20) {
		w.look()
	}
	w.read += n
	return n, err
}

// What nobody reads is never in memory as a whole: here 10,000 instances of one resource, about 25 MB of text.
func TestReadStateStreams(t *testing.T) {
	const count = 10_000
	source := stateOf(t, count, `"type":"other","name":"n"`, `{"attributes":{"id":"i","text":"`+strings.Repeat("x", 2500)+`"}}`)
	held, _ := heap(t, source, func(state *State) {
		if state.Managed != count || state.Unread["other"][noReader] != count {
			t.Errorf("managed %d, unread %v", state.Managed, state.Unread)
		}
	})
	if held > 8<<20 {
		t.Errorf("the heap grew by %d bytes", held)
	}
}

// 50,000 functions with all of their attributes, 180 MB of text, are compared within 150 MB.
func TestFiftyThousandResourcesWithin150MB(t *testing.T) {
	if underRaceDetector() {
		t.Skip("the race detector's own memory would be measured")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(30)) // as main does
	const count, bound = 50_000, 150 << 20
	var function string
	for _, resource := range decodeGolden(t) {
		if resource["type"] == "aws_lambda_function" {
			encoded, err := json.MarshalIndent(resource["instances"].([]any)[0], "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			function = strings.ReplaceAll(string(encoded), `"index_key": "a"`, `"index_key": "fn-NUMBER"`)
			function = strings.ReplaceAll(function, `"id": "fn-a"`, `"id": "fn-NUMBER"`)
		}
	}
	if strings.Count(function, "NUMBER") < 1 {
		t.Fatal("the golden state has changed")
	}
	held, most := heap(t, stateOf(t, count, `"type":"aws_lambda_function","name":"fn"`, function), func(state *State) {
		if len(state.Resources) != count {
			t.Fatalf("%d resources", len(state.Resources))
		}
		result, err := Detect(t.Context(), Options{
			State: state, Readers: fakeReaders(inSync), Parallelism: 4, Clock: clock.NewFake(now), Log: slog.New(slog.DiscardHandler),
			Region:  func(context.Context) (string, error) { return "us-east-1", nil },
			Account: func(context.Context) (string, error) { return "123456789012", nil },
		})
		if err != nil || result.Checked != count || len(result.Items) != 0 {
			t.Errorf("%d checked, %d items, %v", result.Checked, len(result.Items), err)
		}
	})
	t.Logf("state %d MB, most %d MB", held>>20, most>>20)
	if most > bound {
		t.Errorf("the heap grew by %d MB, %d MB of it for the state", most>>20, held>>20)
	}
}

func decodeGolden(t *testing.T) []map[string]any {
	t.Helper()
	var state struct {
		Resources []map[string]any `json:"resources"`
	}
	if err := json.Unmarshal(golden(t), &state); err != nil {
		t.Fatal(err)
	}
	return state.Resources
}

// underRaceDetector tells that this binary was built with -race, which multiplies the heap.
func underRaceDetector() bool {
	built, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(built.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
