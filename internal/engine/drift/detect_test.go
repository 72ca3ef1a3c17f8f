package drift

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

var update = flag.Bool("update", false, "write the golden files anew")

var now = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// fakeReader has the real readers' specs and answers from a function.
type fakeReader struct {
	specs []live.Spec
	read  func(live.Batch) (map[live.Address]live.Outcome, error)
}

func (f fakeReader) Types() []live.Spec { return f.specs }

func (f fakeReader) Read(_ context.Context, batch live.Batch) (map[live.Address]live.Outcome, error) {
	return f.read(batch)
}

func fakeReaders(read func(live.Batch) (map[live.Address]live.Outcome, error)) []live.Reader {
	var readers []live.Reader
	for _, reader := range live.Readers(nil) {
		known := slices.DeleteFunc(reader.Types(), func(spec live.Spec) bool { return !slices.Contains(first, spec.Type) })
		if len(known) > 0 {
			readers = append(readers, fakeReader{known, read})
		}
	}
	return readers
}

// inSync answers with exactly what the state holds.
func inSync(batch live.Batch) (map[live.Address]live.Outcome, error) {
	table := specs()[batch.Type].Attributes
	outcomes := map[live.Address]live.Outcome{}
	for _, resource := range batch.Resources {
		attributes := live.Attributes{}
		for _, attribute := range table {
			if value, known := attribute.Expected(resource); known {
				attributes[attribute.Path] = value
			}
		}
		outcome := live.Outcome{Status: live.Found, Attributes: attributes}
		if batch.Done != nil && len(batch.Resources) > 1000 { // as readers do
			batch.Done(resource.Address, outcome)
			continue
		}
		outcomes[resource.Address] = outcome
	}
	return outcomes, nil
}

func look(t *testing.T, read func(live.Batch) (map[live.Address]live.Outcome, error), change ...func(*Options)) (*Result, error) {
	t.Helper()
	state, err := ReadState(strings.NewReader(string(golden(t))), specs())
	if err != nil {
		t.Fatal(err)
	}
	options := Options{
		State: state, Readers: fakeReaders(read), Region: func(context.Context) (string, error) { return "eu-west-1", nil }, Parallelism: 2, Clock: clock.NewFake(now), Log: slog.New(slog.DiscardHandler),
		Account: func(context.Context) (string, error) { return "123456789012", nil },
	}
	for _, f := range change {
		f(&options)
	}
	return Detect(t.Context(), options)
}

func TestDetectInSync(t *testing.T) {
	t.Parallel()
	result, err := look(t, inSync)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Items) != 0 || len(result.Unverified) != 0 || result.Checked != 13 || result.Managed != 17 || result.CoveragePercent() != 76.4 {
		t.Errorf("%+v, coverage %v", result, result.CoveragePercent())
	}
}

func TestDetectGroupsByTypeAndRegion(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 20)
	if _, err := look(t, func(batch live.Batch) (map[live.Address]live.Outcome, error) {
		seen <- batch.Type + " " + batch.Region
		return inSync(batch)
	}); err != nil {
		t.Fatal(err)
	}
	close(seen)
	got := map[string]int{}
	for group := range seen {
		got[group]++
	}
	want := map[string]int{"aws_db_instance us-east-1": 1, "aws_lambda_function us-east-1": 1, "aws_security_group us-east-1": 1, "aws_vpc us-east-1": 1, "aws_vpc us-west-2": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// changed answers with a few differences.
func changed(batch live.Batch) (map[live.Address]live.Outcome, error) {
	outcomes, err := inSync(batch)
	for address, outcome := range outcomes {
		switch address {
		case `aws_lambda_function.fn["a"]`:
			outcome.Attributes["memory_size"] = "512"
			outcome.Attributes["environment.0.variables"] = map[string]string{"STAGE": "prod", "TOKEN": "stolen", "NEW": "also secret"}
		case "aws_security_group.web":
			rules, _ := outcome.Attributes["ingress"].([]live.Rule)
			outcome.Attributes["ingress"] = append(rules[1:], live.Rule{Protocol: "tcp", From: 22, To: 22, Peer: "0.0.0.0/0"})
			outcome.Attributes["tags"] = map[string]string{}
		case "aws_vpc.west":
			outcome = live.Outcome{Status: live.Deleted}
		case "aws_vpc.main":
			outcome.Reason, outcome.Err = "its DNS attributes could not be read", denied("DescribeVpcAttribute")
		}
		outcomes[address] = outcome
	}
	return outcomes, err
}

func denied(operation string) error {
	return &smithy.OperationError{ServiceID: "EC2", OperationName: operation, Err: &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "no"}}
}

func TestReportJSON(t *testing.T) {
	t.Parallel()
	result, err := look(t, changed)
	if err != nil {
		t.Fatal(err)
	}
	got, err := result.JSON(true)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("testdata", "report.golden.json")
	if *update {
		if err := os.WriteFile(name, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
	for _, secret := range []string{"stolen", "also secret", "s3cr3t"} {
		if strings.Contains(string(got), secret) {
			t.Errorf("%q is in the report", secret)
		}
	}
	// Without the run, the same world gives the same text.
	first, _ := result.JSON(false)
	again, err := look(t, changed, func(o *Options) { o.Clock, o.Parallelism = clock.NewFake(now.Add(time.Hour)), 1 })
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := again.JSON(false); string(first) != string(second) {
		t.Error("the same world gives another text")
	}
}

func TestDetectFilters(t *testing.T) {
	t.Parallel()
	result, err := look(t, changed, func(o *Options) {
		o.Types, o.Regions = []string{"aws_vpc", "aws_security*"}, []string{"us-east-1"}
		o.Ignores = []Ignore{{Address: "aws_security_group.web", Attribute: "tags"}, {Type: "aws_security_group", Expires: now}}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Items) != 1 || result.Items[0].Address != "aws_security_group.web" || len(result.Items[0].Changes) != 2 || result.Ignored != 1 || len(result.Expired) != 1 {
		t.Errorf("%+v", result)
	}
	if got := result.Skipped["aws_vpc"]; got != (Skipped{1, elsewhere}) {
		t.Errorf("%+v", got)
	}
	if got := result.Skipped["aws_lambda_function"]; got != (Skipped{2, unwanted}) {
		t.Errorf("%+v", got)
	}
	// Groups that are left out take their rules along.
	result, err = look(t, inSync, func(o *Options) { o.ExcludeTypes = []string{"aws_security_group"} })
	if err != nil || result.Skipped["aws_security_group_rule"] != (Skipped{2, unwanted}) {
		t.Errorf("%+v %v", result.Skipped, err)
	}
}

func TestRulesWithoutTheirGroupAreSkipped(t *testing.T) {
	t.Parallel()
	result, err := look(t, inSync, func(o *Options) {
		for i, resource := range o.State.Resources {
			if resource.Address == "aws_security_group_rule.db_in" {
				o.State.Resources[i].State = live.ValuesOf(map[string]any{"security_group_id": "sg-elsewhere"})
			}
		}
	})
	if err != nil || result.Skipped["aws_security_group_rule"] != (Skipped{1, noOwner("aws_security_group")}) || result.Checked != 12 {
		t.Errorf("%+v %v", result, err)
	}
}

func TestFailedReadsLeaveOnlyTheirOwnUnverified(t *testing.T) {
	t.Parallel()
	result, err := look(t, func(batch live.Batch) (map[live.Address]live.Outcome, error) {
		if batch.Type == "aws_security_group" {
			return nil, denied("DescribeSecurityGroups")
		}
		return inSync(batch)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Unverified) != 3 || result.Checked != 6 || result.CoveragePercent() >= 100 {
		t.Errorf("%+v", result)
	}
	if want := "it could not be listed: access denied, EC2 DescribeSecurityGroups, UnauthorizedOperation, which needs ec2:DescribeSecurityGroups"; result.Unverified[0].Reason != want {
		t.Errorf("got %q", result.Unverified[0].Reason)
	}
}

func TestForgottenResourcesAreUnverified(t *testing.T) {
	t.Parallel()
	result, err := look(t, func(live.Batch) (map[live.Address]live.Outcome, error) { return map[live.Address]live.Outcome{}, nil })
	if err != nil || len(result.Unverified) != 9 || result.Checked != 0 {
		t.Errorf("%+v %v", result, err)
	}
}

func TestNothingReachedIsAnError(t *testing.T) {
	t.Parallel()
	network := &smithy.OperationError{ServiceID: "EC2", OperationName: "DescribeVpcs", Err: &net.OpError{Op: "dial", Err: errors.New("refused")}}
	for name, c := range map[string]struct {
		failure error
		fatal   bool
	}{
		"no way to AWS":  {network, true},
		"no credentials": {&awsapi.ConfigError{Problems: []string{"none"}}, true},
		"no Region":      {awsapi.ErrNoRegion, true},
		"denied":         {denied("x"), false},
	} {
		result, err := look(t, func(live.Batch) (map[live.Address]live.Outcome, error) { return nil, c.failure })
		var unreachable *UnreachableError
		if errors.As(err, &unreachable) != c.fatal || (!c.fatal && len(result.Unverified) != 9) {
			t.Errorf("%s: %v", name, err)
		}
		if c.fatal && !errors.Is(err, c.failure) {
			t.Errorf("%s: the cause is lost", name)
		}
	}
}

func TestDetectEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	state, err := ReadState(strings.NewReader(string(golden(t))), specs())
	if err != nil {
		t.Fatal(err)
	}
	_, err = Detect(ctx, Options{
		State: state, Clock: clock.NewFake(now), Log: slog.New(slog.DiscardHandler), Parallelism: 1,
		Region: func(context.Context) (string, error) { return "", awsapi.ErrNoRegion },
		Readers: fakeReaders(func(batch live.Batch) (map[live.Address]live.Outcome, error) {
			cancel()
			return inSync(batch)
		}),
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSensitivePathsHide(t *testing.T) {
	t.Parallel()
	resource := Resource{Sensitive: []string{"tags_all.Token", "vpc_config"}}
	for path, want := range map[string]bool{
		"tags.Token": true, "tags.Name": false, "vpc_config.subnet_ids": true, "vpc_configuration": false, "timeout": false,
	} {
		if got := resource.isSensitive(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
	if everything := (Resource{Sensitive: []string{""}}); !everything.isSensitive("timeout") {
		t.Error("marks that cannot be read hide everything")
	}
	marks := `[[{"type":"get_attr","value":"environment"},{"type":"index","value":{"value":0,"type":"number"}},{"type":"get_attr","value":"variables"},{"type":"index","value":{"value":"K","type":"string"}}]]`
	if diff := cmp.Diff([]string{"environment.variables.K"}, sensitivePaths([]byte(marks))); diff != "" {
		t.Error(diff)
	}
}

// A small difference does not hide that the rest was not read.
func TestPartlyReadIsUnverifiedEvenWhenItDiffers(t *testing.T) {
	t.Parallel()
	result, err := look(t, func(batch live.Batch) (map[live.Address]live.Outcome, error) {
		outcomes, err := changed(batch)
		if outcome, ok := outcomes["aws_vpc.main"]; ok {
			outcome.Attributes["tags"] = map[string]string{"Name": "other", "Team": "web"}
			delete(outcome.Attributes, "enable_dns_support")
		}
		return outcomes, err
	}, func(o *Options) { o.Types = []string{"aws_vpc"} })
	if err != nil {
		t.Fatal(err)
	}
	if result.Count(Minor) != 1 || len(result.Unverified) != 1 || result.Unverified[0].Address != "aws_vpc.main" || result.Checked != 2 {
		t.Errorf("%+v", result)
	}
}
