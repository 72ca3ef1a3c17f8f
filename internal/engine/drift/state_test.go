package drift

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

func specs() map[string]live.Spec { return Specs(live.Readers(nil)) }

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
				`aws_security_group_rule.db_cidr `,
				`aws_security_group_rule.db_in `,
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
		"bad instance":     {`{"version":4,"resources":[{"mode":"managed","type":"aws_vpc","name":"a","instances":[7]}]}`, NotState},
		"text serial":      {`{"version":4,"serial":"x"}`, NotState},
		"two documents":    {`{"version":4,"resources":[]} {}`, NotState},
		"broken inside":    {`{"version":4,"resources":[{"mode":"managed",]}`, NotJSON},
		"encrypted":        {`{"serial":1,"lineage":"x","meta":{"key_provider.pbkdf2.a":"e30="},"encrypted_data":"AAAA","encryption_version":"v0"}`, Encrypted},
		"show":             {`{"format_version":"1.0","terraform_version":"1.11.4","values":{}}`, ShowOutput},
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

// A large state is never in memory as a whole: here 10,000 resources of an unknown type, about 25 MB of text.
func TestReadStateStreams(t *testing.T) {
	const count = 10_000
	reader, writer := io.Pipe()
	go func() {
		padding := strings.Repeat("x", 2500)
		_, err := io.WriteString(writer, `{"version":4,"resources":[`)
		for i := 0; i < count && err == nil; i++ {
			comma := ","
			if i == 0 {
				comma = ""
			}
			_, err = fmt.Fprintf(writer, `%s{"mode":"managed","type":"other","name":"n%d","instances":[{"attributes":{"id":"i","text":%q}}]}`, comma, i, padding)
		}
		if err == nil {
			_, err = io.WriteString(writer, `]}`)
		}
		writer.CloseWithError(err)
	}()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	state, err := ReadState(reader, specs())
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if state.Managed != count || state.Unread["other"][noReader] != count {
		t.Errorf("managed %d, unread %v", state.Managed, state.Unread)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	runtime.KeepAlive(state)
}
