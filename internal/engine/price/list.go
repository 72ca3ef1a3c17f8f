package price

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/pricing/types"
)

// API is the call of the Price List Query API that is made.
type API interface {
	GetProducts(context.Context, *pricing.GetProductsInput, ...func(*pricing.Options)) (*pricing.GetProductsOutput, error)
}

// APIRegion is one of those in which the API answers, for all Regions of the partition:
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html.
const APIRegion = "us-east-1"

// List asks the Price List Query API.
type List struct {
	Client func(ctx context.Context) (API, error)
}

// product is what is used of one entry of the answer.
type product struct {
	PublicationDate time.Time `json:"publicationDate"`
	Terms           struct {
		OnDemand map[string]struct {
			PriceDimensions map[string]dimension `json:"priceDimensions"`
		} `json:"OnDemand"`
	} `json:"terms"`
}

type dimension struct {
	Unit         string            `json:"unit"`
	BeginRange   string            `json:"beginRange"`
	PricePerUnit map[string]string `json:"pricePerUnit"`
}

// Price returns the price where all products that the query leaves have the same one; where they have several, the query does
// not say which it is, and there is none. Of tiers it is the first that is not free.
func (l List) Price(ctx context.Context, query Query) (Price, bool, error) {
	client, err := l.Client(ctx)
	if err != nil {
		return Price{}, false, err
	}
	input := &pricing.GetProductsInput{ServiceCode: aws.String(query.Service), FormatVersion: aws.String("aws_v1"), MaxResults: aws.Int32(100)}
	equals := func(name, value string) {
		input.Filters = append(input.Filters, types.Filter{Type: types.FilterTypeTermMatch, Field: aws.String(name), Value: aws.String(value)})
	}
	equals("regionCode", query.Region)
	for name, value := range query.Attributes {
		equals(name, value)
	}
	found := map[float64]string{}
	for {
		page, err := client.GetProducts(ctx, input)
		if err != nil {
			return Price{}, false, err
		}
		for _, text := range page.PriceList {
			var entry product
			if err := json.Unmarshal([]byte(text), &entry); err != nil {
				return Price{}, false, err
			}
			if usd, ok := entry.first(query.Unit); ok {
				found[usd] = entry.PublicationDate.UTC().Format(time.DateOnly)
			}
		}
		if aws.ToString(page.NextToken) == "" {
			break
		}
		input.NextToken = page.NextToken
	}
	if len(found) != 1 {
		return Price{}, false, nil
	}
	for usd, date := range found {
		return Price{USD: usd, Basis: PriceList, Date: date}, true, nil
	}
	return Price{}, false, nil
}

// first is the price of the lowest tier that is not free.
func (p product) first(unit string) (usd float64, ok bool) {
	begin := 0.0
	for _, term := range p.Terms.OnDemand {
		for _, tier := range term.PriceDimensions {
			price, err := strconv.ParseFloat(tier.PricePerUnit["USD"], 64)
			from, fromErr := strconv.ParseFloat(tier.BeginRange, 64)
			if err != nil || fromErr != nil || tier.Unit != unit || price <= 0 || (ok && from >= begin) {
				continue
			}
			usd, begin, ok = price, from, true
		}
	}
	return usd, ok
}
