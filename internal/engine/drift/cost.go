package drift

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/price"
)

// Cost is how prices are found.
type Cost struct {
	Prices price.Source
	// Duration returns how long a Lambda function ran in the last 30 days, in seconds; known is false where nothing was recorded.
	// nil knows of none.
	Duration func(ctx context.Context, region, function string) (seconds float64, known bool, err error)
}

// The bases of a cost that no price list gives.
const (
	// basisUnknown: there is no price.
	basisUnknown = "unknown"
	// basisNone: nothing that has a price differs.
	basisNone = "no_priced_attribute"
	// basisPerMillion: no calls are recorded; the figure is for a million calls of one second each a month, and in no sum.
	basisPerMillion = "per_million_invocations_of_1s"
)

// part is one line of a bill: so much of a query's unit a month.
type part struct {
	query    price.Query
	quantity float64
	// hypothetical is set for what rests on no record (basisPerMillion).
	hypothetical bool
}

// attributesOfSide reads an attribute of one side of a comparison, by Terraform's name.
type attributesOfSide func(name string) string

func (a attributesOfSide) number(name string) float64 {
	n, err := strconv.ParseFloat(a(name), 64)
	if err != nil {
		return 0
	}
	return n
}

// bill is what a resource costs a month; known is false where something of it cannot be put as a query.
type bill func(ctx context.Context, cost Cost, region string, of attributesOfSide) (parts []part, known bool)

// bills are the types that have a price, and the attributes that set it. What a resource uses (traffic, requests, capacity
// units of a load balancer) is not in them: it does not differ because the configuration does.
var bills = map[string]bill{
	"aws_instance":        instanceBill,
	"aws_ebs_volume":      volumeBill,
	"aws_db_instance":     databaseBill,
	"aws_nat_gateway":     natBill,
	"aws_lb":              balancerBill,
	"aws_dynamodb_table":  tableBill,
	"aws_lambda_function": functionBill,
}

// price finds what an item costs.
func (c Cost) price(ctx context.Context, item *Item, before, after attributesOfSide) error {
	priced, ok := bills[item.Type]
	if !ok {
		item.CostBasis = basisUnknown
		return nil
	}
	was, wasKnown := side(ctx, c, priced, item.Region, before)
	is, isKnown := side(ctx, c, priced, item.Region, after)
	item.CostBasis = basisUnknown
	if !wasKnown || !isKnown {
		return nil
	}
	sum, basis, date := 0.0, basisNone, ""
	for _, part := range difference(was, is) {
		found, known, err := c.Prices.Price(ctx, part.query)
		if err != nil || !known {
			return err
		}
		sum += found.USD * part.quantity
		if basis != price.Offline {
			basis = found.Basis
		}
		if part.hypothetical {
			basis = basisPerMillion
		}
		if date == "" || found.Date < date {
			date = found.Date
		}
	}
	cents := math.Round(sum*10_000) / 10_000
	item.MonthlyCostDelta, item.CostBasis, item.PriceDate = &cents, basis, date
	return nil
}

func side(ctx context.Context, cost Cost, priced bill, region string, of attributesOfSide) ([]part, bool) {
	if of == nil { // it is not there
		return nil, true
	}
	return priced(ctx, cost, region, of)
}

// difference is what is more (or, with a negative quantity, less) on the second bill. What both have alike needs no price.
func difference(was, is []part) []part {
	var out []part
	add := func(added part, sign float64) {
		for i := range out {
			if out[i].query.Equal(added.query) {
				out[i].quantity += sign * added.quantity
				return
			}
		}
		added.quantity *= sign
		out = append(out, added)
	}
	for _, part := range is {
		add(part, 1)
	}
	for _, part := range was {
		add(part, -1)
	}
	changed := out[:0]
	for _, part := range out {
		if math.Abs(part.quantity) > 1e-9 {
			changed = append(changed, part)
		}
	}
	return changed
}

func query(service, region, unit string, attributes ...string) price.Query {
	q := price.Query{Service: service, Region: region, Unit: unit, Attributes: map[string]string{}}
	for i := 0; i+1 < len(attributes); i += 2 {
		q.Attributes[attributes[i]] = attributes[i+1]
	}
	return q
}

// instanceBill takes it for Linux with shared tenancy, which is what the state of an instance does not contradict.
func instanceBill(_ context.Context, _ Cost, region string, of attributesOfSide) ([]part, bool) {
	kind, tenancy := of("instance_type"), of("tenancy")
	if kind == "" || (tenancy != "" && tenancy != "default") {
		return nil, false
	}
	return []part{{query: price.Instance(region, kind), quantity: price.HoursAMonth}}, true
}

// volumeBill: size by type, and for those types that are billed by them, provisioned operations:
// https://aws.amazon.com/ebs/pricing/. Throughput and the operations of gp3 beyond what is included are left unknown.
func volumeBill(_ context.Context, _ Cost, region string, of attributesOfSide) ([]part, bool) {
	kind := of("type")
	parts := []part{{query: query("AmazonEC2", region, "GB-Mo", "productFamily", "Storage", "volumeApiName", kind), quantity: of.number("size")}}
	switch kind {
	case "":
		return nil, false
	case "io1", "io2":
		parts = append(parts, part{query: query("AmazonEC2", region, "IOPS-Mo", "productFamily", "System Operation", "volumeApiName", kind), quantity: of.number("iops")})
	case "gp3":
		if of.number("iops") > 3000 || of.number("throughput") > 125 {
			return nil, false
		}
	}
	return parts, true
}

// engines are the names that the Price List API has for those that Terraform knows.
var engines = map[string]string{"postgres": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}

// storages likewise.
var storages = map[string]string{"gp2": "General Purpose", "gp3": "General Purpose-GP3", "io1": "Provisioned IOPS", "io2": "Provisioned IOPS-IO2", "standard": "Magnetic"}

// databaseBill knows the engines without licences. Provisioned operations and throughput beyond what is included are unknown.
func databaseBill(_ context.Context, _ Cost, region string, of attributesOfSide) ([]part, bool) {
	engine, storage := engines[of("engine")], storages[of("storage_type")]
	if engine == "" || storage == "" || of("instance_class") == "" {
		return nil, false
	}
	deployment := "Single-AZ"
	if of("multi_az") == "true" {
		deployment = "Multi-AZ"
	}
	parts := []part{
		{query: query("AmazonRDS", region, "Hrs", "productFamily", "Database Instance", "instanceType", of("instance_class"), "databaseEngine", engine, "deploymentOption", deployment), quantity: price.HoursAMonth},
		{query: query("AmazonRDS", region, "GB-Mo", "productFamily", "Database Storage", "volumeType", storage, "deploymentOption", deployment), quantity: of.number("allocated_storage")},
	}
	if strings.HasPrefix(of("storage_type"), "io") {
		parts = append(parts, part{query: query("AmazonRDS", region, "IOPS-Mo", "productFamily", "Provisioned IOPS", "deploymentOption", deployment), quantity: of.number("iops")})
	}
	return parts, true
}

func natBill(_ context.Context, _ Cost, region string, _ attributesOfSide) ([]part, bool) {
	return []part{{query: query("AmazonEC2", region, "Hrs", "productFamily", "NAT Gateway"), quantity: price.HoursAMonth}}, true
}

// balancers are the product families of load balancers.
var balancers = map[string]string{"": "Load Balancer-Application", "application": "Load Balancer-Application", "network": "Load Balancer-Network", "gateway": "Load Balancer-Gateway"}

func balancerBill(_ context.Context, _ Cost, region string, of attributesOfSide) ([]part, bool) {
	family := balancers[of("load_balancer_type")]
	if family == "" {
		return nil, false
	}
	return []part{{query: query("AWSELB", region, "Hrs", "productFamily", family), quantity: price.HoursAMonth}}, true
}

func tableBill(_ context.Context, _ Cost, region string, of attributesOfSide) ([]part, bool) {
	if of("billing_mode") == "PAY_PER_REQUEST" {
		return nil, true // what is not used costs nothing
	}
	return []part{
		{query: query("AmazonDynamoDB", region, "ReadCapacityUnit-Hrs", "group", "DDB-ReadUnits"), quantity: of.number("read_capacity") * price.HoursAMonth},
		{query: query("AmazonDynamoDB", region, "WriteCapacityUnit-Hrs", "group", "DDB-WriteUnits"), quantity: of.number("write_capacity") * price.HoursAMonth},
	}, true
}

// functionBill is memory by recorded time, https://aws.amazon.com/lambda/pricing/: a million seconds where there is no record.
func functionBill(ctx context.Context, cost Cost, region string, of attributesOfSide) ([]part, bool) {
	group := "AWS-Lambda-Duration"
	if strings.Contains(of("architectures"), "arm64") {
		group = "AWS-Lambda-Duration-ARM"
	}
	seconds, recorded := 1_000_000.0, false
	if cost.Duration != nil {
		if ran, known, err := cost.Duration(ctx, region, of("function_name")); err == nil && known {
			seconds, recorded = ran, true
		}
	}
	return []part{{
		query: query("AWSLambda", region, "Lambda-GB-Second", "group", group), quantity: of.number("memory_size") / 1024 * seconds, hypothetical: !recorded,
	}}, true
}
