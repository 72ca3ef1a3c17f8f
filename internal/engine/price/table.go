package price

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"sync"
)

//go:generate go run ./gen ec2_us_east_1.json
//go:embed ec2_us_east_1.json
var embedded []byte

// Table is the part of the provider: EC2 instances in us-east-1, on the day that it is from.
type Table struct{}

type tableFile struct {
	Source string             `json:"source"`
	Date   string             `json:"date"`
	Region string             `json:"region"`
	Hourly map[string]float64 `json:"hourly"`
}

var readTable = sync.OnceValues(func() (tableFile, error) {
	var table tableFile
	err := json.Unmarshal(embedded, &table)
	if err == nil && (table.Date == "" || len(table.Hourly) == 0) {
		err = errors.New("the offline table of prices is empty")
	}
	return table, err
})

// Price knows Linux instances with shared tenancy.
func (Table) Price(_ context.Context, query Query) (Price, bool, error) {
	table, err := readTable()
	if err != nil {
		return Price{}, false, err
	}
	instance := Instance(table.Region, query.Attributes["instanceType"])
	usd, ok := table.Hourly[query.Attributes["instanceType"]]
	if !ok || !query.Equal(instance) {
		return Price{}, false, nil
	}
	return Price{USD: usd, Basis: Offline, Date: table.Date}, true, nil
}

// Instance is the query for an hour of a Linux instance with shared tenancy.
func Instance(region, kind string) Query {
	return Query{Service: "AmazonEC2", Region: region, Unit: "Hrs", Attributes: map[string]string{
		"instanceType": kind, "operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used",
	}}
}
