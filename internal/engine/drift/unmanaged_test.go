package drift

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

type listingReader struct {
	fakeReader
	list func(live.Inventory) ([]live.Thing, error)
}

func (r listingReader) Types() []live.Spec {
	specs := r.fakeReader.Types()
	for i := range specs {
		specs[i].Listed = true
	}
	return specs
}

func (r listingReader) List(_ context.Context, inventory live.Inventory) ([]live.Thing, error) {
	return r.list(inventory)
}

func lookForUnmanaged(t *testing.T, list func(live.Inventory) ([]live.Thing, error), change ...func(*Options)) *Result {
	t.Helper()
	result, err := look(t, inSync, append(change, func(o *Options) {
		for i, reader := range o.Readers {
			o.Readers[i] = listingReader{reader.(fakeReader), list}
		}
		if o.Unmanaged == nil {
			o.Unmanaged = []string{"aws_vpc", "aws_db_instance"}
		}
	})...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestUnmanaged(t *testing.T) {
	t.Parallel()
	var state *State
	asked := map[string]bool{}
	result := lookForUnmanaged(t, func(inventory live.Inventory) ([]live.Thing, error) {
		asked[inventory.Type+" "+inventory.Region] = true
		if inventory.Region != "us-east-1" {
			return nil, nil
		}
		if inventory.Type == "aws_db_instance" {
			for _, resource := range state.Resources {
				if resource.Type == inventory.Type {
					return []live.Thing{{ID: "renamed", Aliases: []string{resource.ID}}, {ID: "hand made", Name: "by hand"}}, nil
				}
			}
		}
		return []live.Thing{{ID: "vpc-1", Name: "lab"}, {ID: "vpc-2", Name: "lab"}, {ID: "vpc-3", Excluded: "default"}, {ID: "0ignored"}}, nil
	}, func(o *Options) {
		state = o.State
		o.Ignores = []Ignore{{Address: "0ignored", Reason: "r"}}
	})
	var got []string
	for _, item := range result.Items {
		got = append(got, string(item.Kind)+" "+string(item.Category)+" "+string(item.Address)+" "+item.ID)
	}
	if diff := cmp.Diff([]string{"unmanaged major aws_db_instance.by_hand hand made", "unmanaged major aws_vpc.lab vpc-1", "unmanaged major aws_vpc.lab_2 vpc-2"}, got); diff != "" {
		t.Error(diff)
	}
	if result.Unmanaged != 4 || result.Excluded["default"] != 1 || result.Ignored != 1 || result.CoveragePercent() != 61.9 { // 13 of 17 + 4
		t.Errorf("%+v, coverage %v", result, result.CoveragePercent())
	}
	if !asked["aws_vpc us-west-2"] || !asked["aws_vpc us-east-1"] {
		t.Errorf("asked %v", asked)
	}
	text := strings.Join(result.Items[1].Reconciliation, "\n")
	for _, want := range []string{`'aws_vpc.lab' '"vpc-1"' >> imports.tf`, "terraform plan -generate-config-out='generated_aws_vpc_lab.tf'"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
}

// A listing that fails is no empty account.
func TestUnmanagedThatCannotBeListed(t *testing.T) {
	t.Parallel()
	result := lookForUnmanaged(t, func(live.Inventory) ([]live.Thing, error) { return nil, errors.New("broken") }, func(o *Options) {
		o.Unmanaged, o.Regions = []string{"aws_vpc"}, []string{"us-east-1"}
	})
	if len(result.Items) != 0 || len(result.Unverified) != 1 || !strings.Contains(result.Unverified[0].Reason, "could not be listed: broken") {
		t.Errorf("%+v", result.Unverified)
	}
}

func TestWithoutKeys(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		`aws_vpc.a`: "aws_vpc.a", `aws_vpc.a[0]`: "aws_vpc.a", `module.a["x]\"y["].aws_vpc.a["b"]`: "module.a.aws_vpc.a",
	} {
		if got := WithoutKeys(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}
