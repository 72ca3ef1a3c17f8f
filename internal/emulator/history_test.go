package emulator_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	pricetypes "github.com/aws/aws-sdk-go-v2/service/pricing/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// CloudTrail knows the emulator's calls, two requests a second.
func TestCloudTrail(t *testing.T) {
	ctx, name := t.Context(), "/history/"+strings.ToLower(t.Name())
	if _, err := ssm.NewFromConfig(shared.AWSConfig()).PutParameter(ctx, &ssm.PutParameterInput{Name: &name, Value: aws.String("x"), Type: ssmtypes.ParameterTypeString}); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(time.Hour)
	lookup := func(in cloudtrail.LookupEventsInput, after time.Duration) (*cloudtrail.LookupEventsOutput, error) {
		at = at.Add(after)
		client := cloudtrail.NewFromConfig(shared.AWSConfig(), func(o *cloudtrail.Options) {
			o.RetryMaxAttempts = 1
			o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue(emulator.TimeHeader, at.UTC().Format(time.RFC3339Nano)))
		})
		return client.LookupEvents(ctx, &in)
	}
	attribute := func(key trailtypes.LookupAttributeKey, value string) []trailtypes.LookupAttribute {
		return []trailtypes.LookupAttribute{{AttributeKey: key, AttributeValue: &value}}
	}
	found, err := lookup(cloudtrail.LookupEventsInput{LookupAttributes: attribute("ResourceName", name)}, time.Second)
	if err != nil || len(found.Events) != 1 || *found.Events[0].EventName != "PutParameter" || !strings.Contains(*found.Events[0].CloudTrailEvent, `"eventSource":"ssm.amazonaws.com"`) {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err := lookup(cloudtrail.LookupEventsInput{LookupAttributes: attribute("ReadOnly", "false"), MaxResults: aws.Int32(1)}, time.Second); err != nil || len(found.Events) != 1 {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := lookup(cloudtrail.LookupEventsInput{}, 0); err != nil {
		t.Errorf("the second in a second: %v", err)
	}
	var refused smithy.APIError
	if _, err := lookup(cloudtrail.LookupEventsInput{}, 0); !errors.As(err, &refused) || refused.ErrorCode() != "ThrottlingException" {
		t.Errorf("the third in a second: %v", err)
	}
	if _, err := lookup(cloudtrail.LookupEventsInput{MaxResults: aws.Int32(51)}, time.Minute); !errors.As(err, &refused) || refused.ErrorCode() != "InvalidMaxResultsException" {
		t.Errorf("51 events: %v", err)
	}
}

// The Price List API filters and pages.
func TestPricing(t *testing.T) {
	client := pricing.NewFromConfig(shared.AWSConfig())
	match := func(field, value string) pricetypes.Filter {
		return pricetypes.Filter{Type: pricetypes.FilterTypeTermMatch, Field: &field, Value: &value}
	}
	one, err := client.GetProducts(t.Context(), &pricing.GetProductsInput{ServiceCode: aws.String("AmazonEC2"), Filters: []pricetypes.Filter{match("instanceType", "c5.large"), match("operatingSystem", "Linux")}})
	if err != nil || len(one.PriceList) != 1 || !strings.Contains(one.PriceList[0], `"USD":"0.2500000000"`) {
		t.Errorf("%+v, %v", one, err)
	}
	first, err := client.GetProducts(t.Context(), &pricing.GetProductsInput{ServiceCode: aws.String("AmazonEC2"), MaxResults: aws.Int32(2)})
	if err != nil || len(first.PriceList) != 2 || first.NextToken == nil {
		t.Fatalf("%+v, %v", first, err)
	}
	next, err := client.GetProducts(t.Context(), &pricing.GetProductsInput{ServiceCode: aws.String("AmazonEC2"), NextToken: first.NextToken})
	if err != nil || len(next.PriceList) == 0 || next.PriceList[0] == first.PriceList[0] {
		t.Errorf("%+v, %v", next, err)
	}
	if none, err := client.GetProducts(t.Context(), &pricing.GetProductsInput{ServiceCode: aws.String("Nothing")}); err != nil || len(none.PriceList) != 0 {
		t.Errorf("%+v, %v", none, err)
	}
}
