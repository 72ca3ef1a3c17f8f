package drift

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/price"
)

// madeUp has figures of this test's own.
type madeUp map[string]float64

func (m madeUp) Price(_ context.Context, query price.Query) (price.Price, bool, error) {
	if query.Service == "Fails" {
		return price.Price{}, false, errors.New("fails")
	}
	for _, name := range []string{"instanceType", "volumeApiName", "volumeType", "group", "productFamily"} {
		if usd, ok := m[query.Attributes[name]+"/"+query.Attributes["deploymentOption"]+"/"+query.Unit]; ok {
			return price.Price{USD: usd, Basis: price.PriceList, Date: "2026-11-01"}, true, nil
		}
	}
	return price.Price{}, false, nil
}

var prices = madeUp{
	"c.large//Hrs": 0.10, "c.small//Hrs": 0.04, "gp3//GB-Mo": 0.08, "gp2//GB-Mo": 0.1, "io1//GB-Mo": 0.12, "io1//IOPS-Mo": 0.06,
	"db.large/Single-AZ/Hrs": 0.2, "db.large/Multi-AZ/Hrs": 0.4, "General Purpose-GP3/Single-AZ/GB-Mo": 0.11, "General Purpose-GP3/Multi-AZ/GB-Mo": 0.22,
	"NAT Gateway//Hrs": 0.05, "Load Balancer-Network//Hrs": 0.03, "DDB-ReadUnits//ReadCapacityUnit-Hrs": 0.001, "DDB-WriteUnits//WriteCapacityUnit-Hrs": 0.01,
	"AWS-Lambda-Duration//Lambda-GB-Second": 0.0001,
}

func TestCostOfItems(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	cost := &Cost{Prices: prices, Duration: func(_ context.Context, _, function string) (float64, bool, error) {
		return 5000, function == "busy", nil
	}}
	for name, c := range map[string]struct {
		kind    string
		of      Kind
		state   map[string]any
		changes []Change
		want    float64
		basis   string
	}{
		"an instance grew":             {"aws_instance", Changed, map[string]any{"instance_type": "c.small"}, []Change{{Path: "instance_type", Actual: text("c.large")}}, 43.8, "price_list"},
		"an instance is gone":          {"aws_instance", Deleted, map[string]any{"instance_type": "c.small"}, nil, -29.2, "price_list"},
		"an instance nobody manages":   {"aws_instance", Unmanaged, map[string]any{"instance_type": "c.small"}, nil, 29.2, "price_list"},
		"no price":                     {"aws_instance", Changed, map[string]any{"instance_type": "c.small"}, []Change{{Path: "instance_type", Actual: text("c.huge")}}, -1, "unknown"},
		"dedicated":                    {"aws_instance", Deleted, map[string]any{"instance_type": "c.small", "tenancy": "dedicated"}, nil, -1, "unknown"},
		"a tag":                        {"aws_instance", Changed, map[string]any{"instance_type": "no price"}, []Change{{Path: "tags.a", Actual: text("b")}}, 0, "no_priced_attribute"},
		"a volume grew":                {"aws_ebs_volume", Changed, map[string]any{"type": "gp3", "size": 10}, []Change{{Path: "size", Actual: text("110")}}, 8, "price_list"},
		"a volume changed its type":    {"aws_ebs_volume", Changed, map[string]any{"type": "gp3", "size": 100}, []Change{{Path: "type", Actual: text("gp2")}}, 2, "price_list"},
		"operations":                   {"aws_ebs_volume", Changed, map[string]any{"type": "io1", "size": 100, "iops": 100}, []Change{{Path: "iops", Actual: text("200")}}, 6, "price_list"},
		"operations of gp3":            {"aws_ebs_volume", Changed, map[string]any{"type": "gp3", "size": 100, "iops": 3000}, []Change{{Path: "iops", Actual: text("9000")}}, -1, "unknown"},
		"a standby":                    {"aws_db_instance", Changed, map[string]any{"engine": "postgres", "instance_class": "db.large", "storage_type": "gp3", "allocated_storage": 100, "multi_az": false}, []Change{{Path: "multi_az", Actual: text("true")}}, 157, "price_list"},
		"a licensed engine":            {"aws_db_instance", Deleted, map[string]any{"engine": "oracle-ee", "instance_class": "db.large", "storage_type": "gp3"}, nil, -1, "unknown"},
		"a NAT gateway":                {"aws_nat_gateway", Unmanaged, map[string]any{}, nil, 36.5, "price_list"},
		"a load balancer":              {"aws_lb", Deleted, map[string]any{"load_balancer_type": "network"}, nil, -21.9, "price_list"},
		"a table's capacity":           {"aws_dynamodb_table", Changed, map[string]any{"billing_mode": "PROVISIONED", "read_capacity": 10, "write_capacity": 10}, []Change{{Path: "write_capacity", Actual: text("20")}}, 73, "price_list"},
		"a table billed by request":    {"aws_dynamodb_table", Deleted, map[string]any{"billing_mode": "PAY_PER_REQUEST"}, nil, 0, "no_priced_attribute"},
		"a function that runs":         {"aws_lambda_function", Changed, map[string]any{"function_name": "busy", "memory_size": 1024}, []Change{{Path: "memory_size", Actual: text("2048")}}, 0.5, "price_list"},
		"a function without a record":  {"aws_lambda_function", Changed, map[string]any{"function_name": "idle", "memory_size": 1024}, []Change{{Path: "memory_size", Actual: text("2048")}}, 100, "per_million_invocations_of_1s"},
		"a function on another system": {"aws_lambda_function", Changed, map[string]any{"function_name": "busy", "memory_size": 1024, "architectures": []any{"x86_64"}}, []Change{{Path: "architectures", Actual: text(`["arm64"]`)}}, -1, "unknown"},
		"no bill":                      {"aws_vpc", Deleted, map[string]any{}, nil, -1, "unknown"},
	} {
		item := Item{Type: c.kind, Kind: c.of, Region: "us-east-1", Changes: c.changes, resource: Resource{Resource: live.Resource{State: live.ValuesOf(c.state)}}}
		before, after := sides(item)
		if err := cost.price(t.Context(), &item, before, after); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		switch {
		case item.CostBasis != c.basis:
			t.Errorf("%s: %s", name, item.CostBasis)
		case c.basis == "unknown" && item.MonthlyCostDelta != nil:
			t.Errorf("%s: %v for something without a price", name, *item.MonthlyCostDelta)
		case c.basis != "unknown" && (item.MonthlyCostDelta == nil || *item.MonthlyCostDelta != c.want):
			t.Errorf("%s: %v", name, item.MonthlyCostDelta)
		}
	}
}

// What the state and its readers keep is enough for the price, of the types that are read.
func TestPricesAreOfWhatIsKept(t *testing.T) {
	t.Parallel()
	all := Specs(live.Readers(nil))
	for kind, names := range map[string][]string{
		"aws_db_instance": {"engine", "instance_class", "multi_az", "storage_type", "allocated_storage", "iops"}, "aws_lambda_function": {"function_name", "memory_size", "architectures"},
	} {
		kept := map[string]bool{}
		for _, name := range all[kind].Keep() {
			kept[name] = true
		}
		for _, name := range names {
			if !kept[name] {
				t.Errorf("%s does not keep %s", kind, name)
			}
		}
	}
}

func TestSumSaysWhatItCovers(t *testing.T) {
	t.Parallel()
	three, minus := 3.0, -1.0
	for name, c := range map[string]struct {
		items    []Item
		want     *float64
		complete bool
	}{
		"nothing":      {nil, new(float64), true},
		"all known":    {[]Item{{MonthlyCostDelta: &three}, {MonthlyCostDelta: &minus}}, new(2.0), true},
		"one unknown":  {[]Item{{MonthlyCostDelta: &three}, {}}, &three, false},
		"none known":   {[]Item{{}}, nil, false},
		"hypothetical": {[]Item{{MonthlyCostDelta: &three}, {MonthlyCostDelta: &three, CostBasis: basisPerMillion}}, &three, false},
	} {
		result := &Result{Items: c.items}
		result.sum()
		if (result.MonthlyCostDelta == nil) != (c.want == nil) || (c.want != nil && *result.MonthlyCostDelta != *c.want) || result.CostComplete != c.complete {
			t.Errorf("%s: %v, complete %v", name, result.MonthlyCostDelta, result.CostComplete)
		}
	}
}

// A price that cannot be had spoils nothing.
func TestDetectWithoutPrices(t *testing.T) {
	t.Parallel()
	item := Item{Type: "aws_nat_gateway", Kind: Unmanaged, Region: "us-east-1"}
	result := &Result{Items: []Item{item}}
	Options{Cost: &Cost{Prices: failing{}}, Clock: clock.NewFake(now), Log: slog.New(slog.DiscardHandler)}.evaluate(t.Context(), result)
	if got := result.Items[0]; got.MonthlyCostDelta != nil || got.CostBasis != basisUnknown || result.CostComplete {
		t.Errorf("%+v", got)
	}
}

type failing struct{}

func (failing) Price(context.Context, price.Query) (price.Price, bool, error) {
	return price.Price{}, false, errors.New("denied")
}
