// Package price tells what things in AWS cost, on demand, in US dollars: from the Price List API with a cache on disk, else
// from a dated table that is part of the provider. What neither knows has no price; it is never guessed.
package price

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// HoursAMonth is what AWS's own calculator uses: 730.
const HoursAMonth = 730

// Query names exactly one price of the Price List API,
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html.
type Query struct {
	// Service is the service code: "AmazonEC2".
	Service string
	// Region is a Region code.
	Region string
	// Attributes are those of the product that make it the one.
	Attributes map[string]string
	// Unit is that of the price: "Hrs", "GB-Mo".
	Unit string
}

// key is the query in one line, the same for the same query.
func (q Query) key() string {
	parts := []string{q.Service, q.Region, q.Unit}
	for _, name := range slices.Sorted(maps.Keys(q.Attributes)) {
		parts = append(parts, name+"="+q.Attributes[name])
	}
	return strings.Join(parts, "|")
}

// Equal tells that two queries ask for the same price.
func (q Query) Equal(other Query) bool { return q.key() == other.key() }

// Price is one price.
type Price struct {
	// USD for one unit of the query.
	USD float64
	// Basis is where it comes from: PriceList or Offline.
	Basis string
	// Date is when it was published, YYYY-MM-DD.
	Date string
}

// The bases.
const (
	PriceList = "price_list"
	Offline   = "offline_table"
)

// Source tells prices.
type Source interface {
	// Price returns the price, or known = false where there is none. The error says that the source could not be asked; a
	// price that is not there is no error.
	Price(ctx context.Context, query Query) (price Price, known bool, err error)
}

// Sources asks each in turn, until one knows; its errors are joined only when none did.
type Sources []Source

// Price asks each in turn.
func (s Sources) Price(ctx context.Context, query Query) (price Price, known bool, err error) {
	var failed error
	for _, source := range s {
		price, known, err = source.Price(ctx, query)
		if known {
			return price, true, nil
		}
		if err != nil && failed == nil {
			failed = err
		}
	}
	return Price{}, false, failed
}
