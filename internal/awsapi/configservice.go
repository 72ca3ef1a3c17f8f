package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
)

// ConfigService is the part of the client of AWS Config that the engines call: a call is one line here.
type ConfigService struct{ client unsafe.Pointer }

func (f *ConfigService) sdk() *configservice.Client { return (*configservice.Client)(f.client) }

// ConfigService returns the client for region.
func (c *Clients) ConfigService(ctx context.Context, region string) (*ConfigService, error) {
	return facade(ctx, c, c.configservice, region, func(config aws.Config) *ConfigService {
		return &ConfigService{unsafe.Pointer(configservice.NewFromConfig(config, func(o *configservice.Options) { override(&o.BaseEndpoint, c.endpoint("configservice")) }))}
	})
}
