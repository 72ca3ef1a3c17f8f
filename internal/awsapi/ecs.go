package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// ECS is the part of the client of ECS that the engines call: a call is one line here.
type ECS struct{ client unsafe.Pointer }

func (f *ECS) sdk() *ecs.Client { return (*ecs.Client)(f.client) }

// ECS returns the client for region.
func (c *Clients) ECS(ctx context.Context, region string) (*ECS, error) {
	return facade(ctx, c, c.ecs, region, func(config aws.Config) *ECS {
		return &ECS{unsafe.Pointer(ecs.NewFromConfig(config, func(o *ecs.Options) { override(&o.BaseEndpoint, c.endpoint("ecs")) }))}
	})
}

// DescribeServices calls ECS.
func (f *ECS) DescribeServices(ctx context.Context, in *ecs.DescribeServicesInput, options ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	return f.sdk().DescribeServices(ctx, in, options...)
}

// ListServiceDeployments calls ECS.
func (f *ECS) ListServiceDeployments(ctx context.Context, in *ecs.ListServiceDeploymentsInput, options ...func(*ecs.Options)) (*ecs.ListServiceDeploymentsOutput, error) {
	return f.sdk().ListServiceDeployments(ctx, in, options...)
}

// DescribeTaskDefinition calls ECS.
func (f *ECS) DescribeTaskDefinition(ctx context.Context, in *ecs.DescribeTaskDefinitionInput, options ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	return f.sdk().DescribeTaskDefinition(ctx, in, options...)
}

// RegisterTaskDefinition calls ECS.
func (f *ECS) RegisterTaskDefinition(ctx context.Context, in *ecs.RegisterTaskDefinitionInput, options ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error) {
	return f.sdk().RegisterTaskDefinition(ctx, in, options...)
}

// UpdateService calls ECS.
func (f *ECS) UpdateService(ctx context.Context, in *ecs.UpdateServiceInput, options ...func(*ecs.Options)) (*ecs.UpdateServiceOutput, error) {
	return f.sdk().UpdateService(ctx, in, options...)
}

// DescribeClusters calls ECS.
func (f *ECS) DescribeClusters(ctx context.Context, in *ecs.DescribeClustersInput, options ...func(*ecs.Options)) (*ecs.DescribeClustersOutput, error) {
	return f.sdk().DescribeClusters(ctx, in, options...)
}
