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

// SelectAggregateResourceConfig calls AWS Config.
func (f *ConfigService) SelectAggregateResourceConfig(ctx context.Context, in *configservice.SelectAggregateResourceConfigInput, options ...func(*configservice.Options)) (*configservice.SelectAggregateResourceConfigOutput, error) {
	return f.sdk().SelectAggregateResourceConfig(ctx, in, options...)
}

// SelectResourceConfig calls AWS Config.
func (f *ConfigService) SelectResourceConfig(ctx context.Context, in *configservice.SelectResourceConfigInput, options ...func(*configservice.Options)) (*configservice.SelectResourceConfigOutput, error) {
	return f.sdk().SelectResourceConfig(ctx, in, options...)
}

// GetAggregateResourceConfig calls AWS Config.
func (f *ConfigService) GetAggregateResourceConfig(ctx context.Context, in *configservice.GetAggregateResourceConfigInput, options ...func(*configservice.Options)) (*configservice.GetAggregateResourceConfigOutput, error) {
	return f.sdk().GetAggregateResourceConfig(ctx, in, options...)
}

// GetResourceConfigHistory calls AWS Config.
func (f *ConfigService) GetResourceConfigHistory(ctx context.Context, in *configservice.GetResourceConfigHistoryInput, options ...func(*configservice.Options)) (*configservice.GetResourceConfigHistoryOutput, error) {
	return f.sdk().GetResourceConfigHistory(ctx, in, options...)
}

// DescribeConfigurationAggregatorSourcesStatus calls AWS Config.
func (f *ConfigService) DescribeConfigurationAggregatorSourcesStatus(ctx context.Context, in *configservice.DescribeConfigurationAggregatorSourcesStatusInput, options ...func(*configservice.Options)) (*configservice.DescribeConfigurationAggregatorSourcesStatusOutput, error) {
	return f.sdk().DescribeConfigurationAggregatorSourcesStatus(ctx, in, options...)
}
