package emulator

import (
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// pricingRules are the Price List Query API, which moto lacks, over a few products in the form of AWS with figures of the
// emulator's own: none of them is a price.
type pricingRules struct{}

//go:embed pricing_products.json
var pricingProducts []byte

func (pricingRules) reset() {}

func (pricingRules) rule(operation string) rule {
	if operation == "GetProducts" {
		return getProducts
	}
	return nil
}

// pricingProduct is a line of the file; what is answered is made of it.
type pricingProduct struct {
	Service    string            `json:"service"`
	Family     string            `json:"family"`
	Attributes map[string]string `json:"attributes"`
	Unit       string            `json:"unit"`
	USD        string            `json:"usd"`
}

// getProducts is https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html: filters are joined
// by AND, and a page has at most 100 products.
func getProducts(_ context.Context, x *exchange) (*answer, error) {
	var in struct {
		ServiceCode, FormatVersion, NextToken string
		MaxResults                            int
		Filters                               []struct{ Type, Field, Value string }
	}
	if err := json.Unmarshal(x.body, &in); err != nil {
		return x.fail(http.StatusBadRequest, "SerializationException", err.Error()), nil
	}
	if in.ServiceCode == "" || in.MaxResults < 0 || in.MaxResults > 100 {
		return x.fail(http.StatusBadRequest, "InvalidParameterException", "ServiceCode is required, and MaxResults is 1 to 100."), nil
	}
	if in.FormatVersion != "" && in.FormatVersion != "aws_v1" {
		return x.fail(http.StatusBadRequest, "InvalidParameterException", "FormatVersion is aws_v1."), nil
	}
	var all []pricingProduct
	if err := json.Unmarshal(pricingProducts, &all); err != nil {
		return nil, err
	}
	matching := []string{}
	for i, product := range all {
		fits := product.Service == in.ServiceCode
		for _, filter := range in.Filters {
			if filter.Type != "TERM_MATCH" {
				return x.fail(http.StatusBadRequest, "InvalidParameterException", "Only TERM_MATCH is emulated."), nil
			}
			value := product.Attributes[filter.Field]
			if filter.Field == "productFamily" {
				value = product.Family
			}
			fits = fits && value == filter.Value
		}
		if fits {
			matching = append(matching, product.listing(i))
		}
	}
	from, err := strconv.Atoi("0" + in.NextToken)
	if err != nil || from > len(matching) {
		return x.fail(http.StatusBadRequest, "InvalidNextTokenException", "The pagination token is invalid."), nil
	}
	size := in.MaxResults
	if size == 0 {
		size = 100
	}
	out := map[string]any{"FormatVersion": "aws_v1", "PriceList": slices.Clone(matching[from:min(from+size, len(matching))])}
	if from+size < len(matching) {
		out["NextToken"] = strconv.Itoa(from + size)
	}
	encoded, err := json.Marshal(out)
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, body: encoded}, err
}

// listing is a product as the price list has it.
func (p pricingProduct) listing(number int) string {
	sku := "EMULATOR" + strconv.Itoa(number)
	term := sku + ".JRTCKXETXF"
	text, err := json.Marshal(map[string]any{
		"product":     map[string]any{"productFamily": p.Family, "attributes": p.Attributes, "sku": sku},
		"serviceCode": p.Service, "version": "20261101000000", "publicationDate": "2026-11-01T00:00:00Z",
		"terms": map[string]any{"OnDemand": map[string]any{term: map[string]any{
			"sku": sku, "offerTermCode": "JRTCKXETXF", "effectiveDate": "2026-11-01T00:00:00Z", "termAttributes": map[string]any{},
			"priceDimensions": map[string]any{term + ".6YS6EN2CT7": map[string]any{
				"unit": p.Unit, "beginRange": "0", "endRange": "Inf", "description": "made up for tests", "appliesTo": []any{}, "rateCode": term + ".6YS6EN2CT7", "pricePerUnit": map[string]string{"USD": p.USD},
			}},
		}}},
	})
	if err != nil {
		return "{}"
	}
	return string(text)
}
