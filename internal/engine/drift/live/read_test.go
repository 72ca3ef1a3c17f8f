package live

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

func vpcs(count int) (live []ec2types.Vpc, state []Resource) {
	for i := range count {
		id := fmt.Sprintf("vpc-%d", i)
		live = append(live, ec2types.Vpc{VpcId: &id, InstanceTenancy: ec2types.TenancyDefault})
		state = append(state, Resource{Address: Address("aws_vpc." + id), Type: "aws_vpc", ID: id, Region: "us-east-1", AccountID: account, State: ValuesOf(map[string]any{"id": id})})
	}
	return live, state
}

func TestVPCsFilteredListedAndPaged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		count, page, listings int
		filtered              bool
	}{{1, 1000, 1, true}, {200, 1000, 1, true}, {200, 60, 4, true}, {201, 1000, 1, false}, {450, 100, 5, false}} {
		all, state := vpcs(c.count)
		fake := &fakeEC2{vpcs: all, page: c.page}
		caller := caller(8, account)
		outcomes, err := fake.reader().Read(t.Context(), Batch{Type: "aws_vpc", Region: "us-east-1", Resources: state, Caller: caller})
		if err != nil {
			t.Fatal(err)
		}
		for _, resource := range state {
			if outcome := outcomes[resource.Address]; outcome.Status != Found || outcome.Partial() || outcome.Attributes["enable_dns_support"] != "true" {
				t.Fatalf("%s: %+v", resource.Address, outcome)
			}
		}
		if fake.listings != c.listings || fake.filtered[0] != c.filtered || int(caller.Calls()) != c.listings+2*c.count {
			t.Errorf("%d: %d listings, filtered %v, %d calls", c.count, fake.listings, fake.filtered, caller.Calls())
		}
	}
}

func TestVPCOutcomes(t *testing.T) {
	t.Parallel()
	all, state := vpcs(3)
	read := func(fake *fakeEC2, own string) map[Address]Outcome {
		fake.page = 1000
		outcomes, err := fake.reader().Read(t.Context(), Batch{Type: "aws_vpc", Region: "us-east-1", Resources: state, Caller: caller(1, own)})
		if err != nil {
			t.Fatal(err)
		}
		return outcomes
	}
	// One that is gone does not spoil the others.
	outcomes := read(&fakeEC2{vpcs: all[:2]}, account)
	if outcomes["aws_vpc.vpc-1"].Status != Found || outcomes["aws_vpc.vpc-2"].Status != Deleted {
		t.Errorf("%+v", outcomes)
	}
	// Seen with another account's eyes it is not gone.
	if got := read(&fakeEC2{vpcs: all[:2]}, "999999999999")["aws_vpc.vpc-2"]; got.Status != Unverified || !strings.Contains(got.Reason, "999999999999") {
		t.Errorf("%+v", got)
	}
	// A listing that is behind is corrected by the targeted question.
	if got := read(&fakeEC2{vpcs: all, hidden: map[string]bool{"vpc-2": true}}, account)["aws_vpc.vpc-2"]; got.Status != Found {
		t.Errorf("%+v", got)
	}
	// What was read counts, what was not is absent and said.
	denied := refused("EC2", "DescribeVpcAttribute", "UnauthorizedOperation")
	got := read(&fakeEC2{vpcs: all, refuse: map[string]error{"DescribeVpcAttribute": denied}}, account)["aws_vpc.vpc-0"]
	if _, present := got.Attributes["enable_dns_support"]; !got.Partial() || !awsapi.IsDenied(got.Err) || present || got.Attributes["instance_tenancy"] != "default" {
		t.Errorf("%+v", got)
	}
}

func TestListingThatFailsLeavesAllUnverified(t *testing.T) {
	t.Parallel()
	_, state := vpcs(2)
	denied := refused("EC2", "DescribeVpcs", "UnauthorizedOperation")
	outcomes, err := (&fakeEC2{refuse: map[string]error{"DescribeVpcs": denied}}).reader().Read(t.Context(), Batch{Type: "aws_vpc", Resources: state, Caller: caller(1, account)})
	if !awsapi.IsDenied(err) || len(outcomes) != 0 || outcomes["aws_vpc.vpc-0"].Status != Unverified {
		t.Errorf("%v %v", outcomes, err)
	}
}

func TestCallerStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	caller := caller(1, account)
	if err := caller.enter(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := caller.enter(ctx); err == nil || caller.Calls() != 1 {
		t.Errorf("a second call was let in: %v, %d calls", err, caller.Calls())
	}
}

func functions(count int) (live []lambdatypes.FunctionConfiguration, state []Resource) {
	for i := range count {
		name := fmt.Sprintf("fn-%d", i)
		arn := "arn:aws:lambda:us-east-1:" + account + ":function:" + name
		live = append(live, lambdatypes.FunctionConfiguration{FunctionName: &name, FunctionArn: &arn, MemorySize: aws.Int32(128)})
		state = append(state, Resource{Address: Address(name), Type: "aws_lambda_function", ID: name, AccountID: account, State: ValuesOf(map[string]any{"function_name": name})})
	}
	return live, state
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	all, state := functions(120)
	fake := &fakeLambda{functions: all, page: 50}
	read := func(state []Resource) map[Address]Outcome {
		fake.listings = 0
		outcomes, err := fake.reader().Read(t.Context(), Batch{Type: "aws_lambda_function", Resources: state, Caller: caller(4, account)})
		if err != nil {
			t.Fatal(err)
		}
		return outcomes
	}
	if outcomes := read(state[:10]); fake.listings != 1 || outcomes["fn-9"].Status != Found || outcomes["fn-9"].Attributes["memory_size"] != "128" {
		t.Errorf("%d listings: the first page holds all that is wanted", fake.listings)
	}
	if outcomes := read(state); fake.listings != 3 || outcomes["fn-119"].Status != Found {
		t.Errorf("%d listings", fake.listings)
	}
	gone := Resource{Address: "gone", Type: "aws_lambda_function", ID: "gone", AccountID: account, State: ValuesOf(map[string]any{"function_name": "gone"})}
	if outcomes := read([]Resource{gone, state[0]}); fake.listings != 3 || outcomes["gone"].Status != Deleted || outcomes["fn-0"].Status != Found {
		t.Errorf("%d listings, %+v", fake.listings, outcomes)
	}
	fake.refuse = refused("Lambda", "GetFunctionConfiguration", "AccessDeniedException")
	if got := read([]Resource{gone})["gone"]; got.Status != Unverified || !awsapi.IsDenied(got.Err) {
		t.Errorf("%+v", got)
	}
	foreign := state[1]
	foreign.AccountID = "999999999999"
	if got := read([]Resource{foreign})["fn-1"]; got.Status != Unverified || !strings.Contains(got.Reason, account) {
		t.Errorf("a function of the same name in another account: %+v", got)
	}
	fake.refuseTags = refused("Lambda", "ListTags", "AccessDeniedException")
	if got := read(state[:1])["fn-0"]; !got.Partial() || !awsapi.IsDenied(got.Err) || got.Attributes["tags"] != nil || got.Attributes["memory_size"] != "128" {
		t.Errorf("tags that are denied: %+v", got)
	}
	fake.refuseTags = nil
	if got := read(state[:1])["fn-0"].Attributes["tags"]; !cmp.Equal(got, map[string]string{"arn": *all[0].FunctionArn}) {
		t.Errorf("tags: %+v", got)
	}
	fake.refuse, fake.hidden = nil, map[string]bool{"fn-2": true}
	if got := read([]Resource{state[2]})["fn-2"]; got.Status != Found || got.Attributes["memory_size"] != "128" {
		t.Errorf("not listed, and there: %+v", got)
	}
}

func TestFunctionWhoseEnvironmentCannotBeDecrypted(t *testing.T) {
	t.Parallel()
	all, state := functions(1)
	all[0].Environment = &lambdatypes.EnvironmentResponse{Error: &lambdatypes.EnvironmentError{ErrorCode: aws.String("AccessDeniedException")}}
	fake := &fakeLambda{}
	got := functionOutcome(t.Context(), fake, caller(1, account), liveFunction{FunctionConfiguration: all[0]}, state[0])
	if _, ok := got.Attributes["environment.0.variables"]; ok || !got.Partial() || !strings.Contains(got.Reason, "AccessDeniedException") {
		t.Errorf("%+v", got)
	}
}

func instance(id, name string) rdstypes.DBInstance {
	return rdstypes.DBInstance{
		DbiResourceId: &id, DBInstanceIdentifier: &name, DBInstanceArn: aws.String("arn:aws:rds:us-east-1:" + account + ":db:" + name), DBInstanceClass: aws.String("db.t3.micro"),
	}
}

func database(id, name string) Resource {
	return Resource{Address: Address(name), Type: "aws_db_instance", ID: id, AccountID: account, State: ValuesOf(map[string]any{"id": id, "identifier": name, "instance_class": "db.t3.micro"})}
}

func TestInstances(t *testing.T) {
	t.Parallel()
	fake := &fakeRDS{page: 100, instances: []rdstypes.DBInstance{instance("db-A", "a"), instance("db-B", "renamed"), instance("db-C2", "c"), instance("db-E", "e")}}
	outcomes, err := fake.reader().Read(t.Context(), Batch{Type: "aws_db_instance", Caller: caller(2, account), Resources: []Resource{
		database("db-A", "a"), database("db-B", "b"), database("db-C1", "c"), database("db-D", "d"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if outcomes["a"].Status != Found {
		t.Errorf("a: %+v", outcomes["a"])
	}
	if got := outcomes["b"]; got.Status != Found || got.Attributes["identifier"] != "renamed" {
		t.Errorf("a renamed instance is still itself: %+v", got)
	}
	if got := outcomes["c"]; got.Status != Deleted || !strings.Contains(got.Reason, "db-C2") {
		t.Errorf("another of the same name is another: %+v", got)
	}
	if outcomes["d"].Status != Deleted {
		t.Errorf("d: %+v", outcomes["d"])
	}
	if len(fake.filters) != 1 || fake.filters[0] != 1 {
		t.Errorf("filters: %v", fake.filters)
	}
	// Before version 5 of hashicorp/aws the id was the name.
	outcomes, err = fake.reader().Read(t.Context(), Batch{Type: "aws_db_instance", Caller: caller(2, account), Resources: []Resource{database("e", "e")}})
	if err != nil || outcomes["e"].Status != Found || fake.filters[1] != 0 {
		t.Errorf("%+v %v %v", outcomes, fake.filters, err)
	}
}

func TestManyInstancesAreListed(t *testing.T) {
	t.Parallel()
	fake := &fakeRDS{page: 100}
	var state []Resource
	for i := range 250 {
		id, name := fmt.Sprintf("db-%d", i), fmt.Sprintf("name-%d", i)
		fake.instances = append(fake.instances, instance(id, name))
		state = append(state, database(id, name))
	}
	outcomes, err := fake.reader().Read(t.Context(), Batch{Type: "aws_db_instance", Caller: caller(2, account), Resources: state})
	if err != nil || len(outcomes) != 250 || outcomes["name-249"].Status != Found || len(fake.filters) != 3 || fake.filters[0] != 0 {
		t.Errorf("%d outcomes, filters %v, %v", len(outcomes), fake.filters, err)
	}
}

func TestGroupsPaged(t *testing.T) {
	t.Parallel()
	fake := &fakeEC2{page: 2}
	var state []Resource
	for i := range 5 {
		id := fmt.Sprintf("sg-%d", i)
		fake.groups = append(fake.groups, ec2types.SecurityGroup{GroupId: &id})
		state = append(state, Resource{Address: Address(id), Type: "aws_security_group", ID: id, State: ValuesOf(map[string]any{})})
	}
	state = append(state, Resource{Address: "gone", ID: "sg-gone", State: ValuesOf(map[string]any{})})
	outcomes, err := fake.reader().Read(t.Context(), Batch{Type: "aws_security_group", Caller: caller(2, account), Resources: state})
	if err != nil || outcomes["sg-4"].Status != Found || outcomes["gone"].Status != Deleted {
		t.Errorf("%+v %v", outcomes, err)
	}
}
