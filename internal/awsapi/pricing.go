package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
)

// Pricing is the part of the client of the Price List API that the engines call: a call is one line here.
type Pricing struct{ client unsafe.Pointer }

func (f *Pricing) sdk() *pricing.Client { return (*pricing.Client)(f.client) }

// Pricing returns the client for region.
func (c *Clients) Pricing(ctx context.Context, region string) (*Pricing, error) {
	return facade(ctx, c, c.pricing, region, func(config aws.Config) *Pricing {
		return &Pricing{unsafe.Pointer(pricing.NewFromConfig(config, func(o *pricing.Options) { override(&o.BaseEndpoint, c.endpoint("pricing")) }))}
	})
}

// GetProducts calls the Price List API.
func (f *Pricing) GetProducts(ctx context.Context, in *pricing.GetProductsInput, options ...func(*pricing.Options)) (*pricing.GetProductsOutput, error) {
	return f.sdk().GetProducts(ctx, in, options...)
}
