package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// DynamoDB is the part of the client of DynamoDB that the engines call: a call is one line here.
type DynamoDB struct{ client unsafe.Pointer }

func (f *DynamoDB) sdk() *dynamodb.Client { return (*dynamodb.Client)(f.client) }

// DynamoDB returns the client for region.
func (c *Clients) DynamoDB(ctx context.Context, region string) (*DynamoDB, error) {
	return facade(ctx, c, c.dynamodb, region, func(config aws.Config) *DynamoDB {
		return &DynamoDB{unsafe.Pointer(dynamodb.NewFromConfig(config, func(o *dynamodb.Options) { override(&o.BaseEndpoint, c.endpoint("dynamodb")) }))}
	})
}
