package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// Lambda is the part of the Lambda client that the engines call: a call is one line here.
type Lambda struct{ client unsafe.Pointer }

func (f *Lambda) sdk() *lambda.Client { return (*lambda.Client)(f.client) }

// Lambda returns the client for region.
func (c *Clients) Lambda(ctx context.Context, region string) (*Lambda, error) {
	return facade(ctx, c, c.lambda, region, func(config aws.Config) *Lambda {
		return &Lambda{unsafe.Pointer(lambda.NewFromConfig(config, func(o *lambda.Options) { override(&o.BaseEndpoint, c.endpoint("lambda")) }))}
	})
}

// GetAlias calls Lambda.
func (f *Lambda) GetAlias(ctx context.Context, in *lambda.GetAliasInput, options ...func(*lambda.Options)) (*lambda.GetAliasOutput, error) {
	return f.sdk().GetAlias(ctx, in, options...)
}

// CreateAlias calls Lambda.
func (f *Lambda) CreateAlias(ctx context.Context, in *lambda.CreateAliasInput, options ...func(*lambda.Options)) (*lambda.CreateAliasOutput, error) {
	return f.sdk().CreateAlias(ctx, in, options...)
}

// UpdateAlias calls Lambda.
func (f *Lambda) UpdateAlias(ctx context.Context, in *lambda.UpdateAliasInput, options ...func(*lambda.Options)) (*lambda.UpdateAliasOutput, error) {
	return f.sdk().UpdateAlias(ctx, in, options...)
}

// GetFunctionConfiguration calls Lambda.
func (f *Lambda) GetFunctionConfiguration(ctx context.Context, in *lambda.GetFunctionConfigurationInput, options ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error) {
	return f.sdk().GetFunctionConfiguration(ctx, in, options...)
}

// ListFunctions calls Lambda.
func (f *Lambda) ListFunctions(ctx context.Context, in *lambda.ListFunctionsInput, options ...func(*lambda.Options)) (*lambda.ListFunctionsOutput, error) {
	return f.sdk().ListFunctions(ctx, in, options...)
}

// ListAliases calls Lambda.
func (f *Lambda) ListAliases(ctx context.Context, in *lambda.ListAliasesInput, options ...func(*lambda.Options)) (*lambda.ListAliasesOutput, error) {
	return f.sdk().ListAliases(ctx, in, options...)
}

// ListVersionsByFunction calls Lambda.
func (f *Lambda) ListVersionsByFunction(ctx context.Context, in *lambda.ListVersionsByFunctionInput, options ...func(*lambda.Options)) (*lambda.ListVersionsByFunctionOutput, error) {
	return f.sdk().ListVersionsByFunction(ctx, in, options...)
}

// DeleteFunction calls Lambda.
func (f *Lambda) DeleteFunction(ctx context.Context, in *lambda.DeleteFunctionInput, options ...func(*lambda.Options)) (*lambda.DeleteFunctionOutput, error) {
	return f.sdk().DeleteFunction(ctx, in, options...)
}

// Invoke calls Lambda.
func (f *Lambda) Invoke(ctx context.Context, in *lambda.InvokeInput, options ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	return f.sdk().Invoke(ctx, in, options...)
}

// GetProvisionedConcurrencyConfig calls Lambda.
func (f *Lambda) GetProvisionedConcurrencyConfig(ctx context.Context, in *lambda.GetProvisionedConcurrencyConfigInput, options ...func(*lambda.Options)) (*lambda.GetProvisionedConcurrencyConfigOutput, error) {
	return f.sdk().GetProvisionedConcurrencyConfig(ctx, in, options...)
}

// ListTags calls Lambda.
func (f *Lambda) ListTags(ctx context.Context, in *lambda.ListTagsInput, options ...func(*lambda.Options)) (*lambda.ListTagsOutput, error) {
	return f.sdk().ListTags(ctx, in, options...)
}

// GetPolicy calls Lambda.
func (f *Lambda) GetPolicy(ctx context.Context, in *lambda.GetPolicyInput, options ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error) {
	return f.sdk().GetPolicy(ctx, in, options...)
}

// ListEventSourceMappings calls Lambda.
func (f *Lambda) ListEventSourceMappings(ctx context.Context, in *lambda.ListEventSourceMappingsInput, options ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error) {
	return f.sdk().ListEventSourceMappings(ctx, in, options...)
}

// GetEventSourceMapping calls Lambda.
func (f *Lambda) GetEventSourceMapping(ctx context.Context, in *lambda.GetEventSourceMappingInput, options ...func(*lambda.Options)) (*lambda.GetEventSourceMappingOutput, error) {
	return f.sdk().GetEventSourceMapping(ctx, in, options...)
}

// PublishVersion calls Lambda.
func (f *Lambda) PublishVersion(ctx context.Context, in *lambda.PublishVersionInput, options ...func(*lambda.Options)) (*lambda.PublishVersionOutput, error) {
	return f.sdk().PublishVersion(ctx, in, options...)
}

// PutProvisionedConcurrencyConfig calls Lambda.
func (f *Lambda) PutProvisionedConcurrencyConfig(ctx context.Context, in *lambda.PutProvisionedConcurrencyConfigInput, options ...func(*lambda.Options)) (*lambda.PutProvisionedConcurrencyConfigOutput, error) {
	return f.sdk().PutProvisionedConcurrencyConfig(ctx, in, options...)
}

// DeleteProvisionedConcurrencyConfig calls Lambda.
func (f *Lambda) DeleteProvisionedConcurrencyConfig(ctx context.Context, in *lambda.DeleteProvisionedConcurrencyConfigInput, options ...func(*lambda.Options)) (*lambda.DeleteProvisionedConcurrencyConfigOutput, error) {
	return f.sdk().DeleteProvisionedConcurrencyConfig(ctx, in, options...)
}
