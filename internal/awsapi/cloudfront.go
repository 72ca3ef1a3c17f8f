package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
)

// CloudFront is the part of the client of CloudFront that the engines call: a call is one line here.
type CloudFront struct{ client unsafe.Pointer }

func (f *CloudFront) sdk() *cloudfront.Client { return (*cloudfront.Client)(f.client) }

// CloudFront returns the client for region.
func (c *Clients) CloudFront(ctx context.Context, region string) (*CloudFront, error) {
	return facade(ctx, c, c.cloudfront, region, func(config aws.Config) *CloudFront {
		return &CloudFront{unsafe.Pointer(cloudfront.NewFromConfig(config, func(o *cloudfront.Options) { override(&o.BaseEndpoint, c.endpoint("cloudfront")) }))}
	})
}

// GetDistribution calls CloudFront.
func (f *CloudFront) GetDistribution(ctx context.Context, in *cloudfront.GetDistributionInput, options ...func(*cloudfront.Options)) (*cloudfront.GetDistributionOutput, error) {
	return f.sdk().GetDistribution(ctx, in, options...)
}

// UpdateDistribution calls CloudFront.
func (f *CloudFront) UpdateDistribution(ctx context.Context, in *cloudfront.UpdateDistributionInput, options ...func(*cloudfront.Options)) (*cloudfront.UpdateDistributionOutput, error) {
	return f.sdk().UpdateDistribution(ctx, in, options...)
}

// DescribeFunction calls CloudFront.
func (f *CloudFront) DescribeFunction(ctx context.Context, in *cloudfront.DescribeFunctionInput, options ...func(*cloudfront.Options)) (*cloudfront.DescribeFunctionOutput, error) {
	return f.sdk().DescribeFunction(ctx, in, options...)
}

// GetCachePolicy calls CloudFront.
func (f *CloudFront) GetCachePolicy(ctx context.Context, in *cloudfront.GetCachePolicyInput, options ...func(*cloudfront.Options)) (*cloudfront.GetCachePolicyOutput, error) {
	return f.sdk().GetCachePolicy(ctx, in, options...)
}

// GetOriginRequestPolicy calls CloudFront.
func (f *CloudFront) GetOriginRequestPolicy(ctx context.Context, in *cloudfront.GetOriginRequestPolicyInput, options ...func(*cloudfront.Options)) (*cloudfront.GetOriginRequestPolicyOutput, error) {
	return f.sdk().GetOriginRequestPolicy(ctx, in, options...)
}

// GetResponseHeadersPolicy calls CloudFront.
func (f *CloudFront) GetResponseHeadersPolicy(ctx context.Context, in *cloudfront.GetResponseHeadersPolicyInput, options ...func(*cloudfront.Options)) (*cloudfront.GetResponseHeadersPolicyOutput, error) {
	return f.sdk().GetResponseHeadersPolicy(ctx, in, options...)
}

// GetOriginAccessControl calls CloudFront.
func (f *CloudFront) GetOriginAccessControl(ctx context.Context, in *cloudfront.GetOriginAccessControlInput, options ...func(*cloudfront.Options)) (*cloudfront.GetOriginAccessControlOutput, error) {
	return f.sdk().GetOriginAccessControl(ctx, in, options...)
}

// GetCloudFrontOriginAccessIdentity calls CloudFront.
func (f *CloudFront) GetCloudFrontOriginAccessIdentity(ctx context.Context, in *cloudfront.GetCloudFrontOriginAccessIdentityInput, options ...func(*cloudfront.Options)) (*cloudfront.GetCloudFrontOriginAccessIdentityOutput, error) {
	return f.sdk().GetCloudFrontOriginAccessIdentity(ctx, in, options...)
}

// GetKeyGroup calls CloudFront.
func (f *CloudFront) GetKeyGroup(ctx context.Context, in *cloudfront.GetKeyGroupInput, options ...func(*cloudfront.Options)) (*cloudfront.GetKeyGroupOutput, error) {
	return f.sdk().GetKeyGroup(ctx, in, options...)
}

// GetContinuousDeploymentPolicy calls CloudFront.
func (f *CloudFront) GetContinuousDeploymentPolicy(ctx context.Context, in *cloudfront.GetContinuousDeploymentPolicyInput, options ...func(*cloudfront.Options)) (*cloudfront.GetContinuousDeploymentPolicyOutput, error) {
	return f.sdk().GetContinuousDeploymentPolicy(ctx, in, options...)
}

// ListTagsForResource calls CloudFront.
func (f *CloudFront) ListTagsForResource(ctx context.Context, in *cloudfront.ListTagsForResourceInput, options ...func(*cloudfront.Options)) (*cloudfront.ListTagsForResourceOutput, error) {
	return f.sdk().ListTagsForResource(ctx, in, options...)
}

// UpdateDistributionWithStagingConfig calls CloudFront.
func (f *CloudFront) UpdateDistributionWithStagingConfig(ctx context.Context, in *cloudfront.UpdateDistributionWithStagingConfigInput, options ...func(*cloudfront.Options)) (*cloudfront.UpdateDistributionWithStagingConfigOutput, error) {
	return f.sdk().UpdateDistributionWithStagingConfig(ctx, in, options...)
}

// ListContinuousDeploymentPolicies calls CloudFront.
func (f *CloudFront) ListContinuousDeploymentPolicies(ctx context.Context, in *cloudfront.ListContinuousDeploymentPoliciesInput, options ...func(*cloudfront.Options)) (*cloudfront.ListContinuousDeploymentPoliciesOutput, error) {
	return f.sdk().ListContinuousDeploymentPolicies(ctx, in, options...)
}

// CreateContinuousDeploymentPolicy calls CloudFront.
func (f *CloudFront) CreateContinuousDeploymentPolicy(ctx context.Context, in *cloudfront.CreateContinuousDeploymentPolicyInput, options ...func(*cloudfront.Options)) (*cloudfront.CreateContinuousDeploymentPolicyOutput, error) {
	return f.sdk().CreateContinuousDeploymentPolicy(ctx, in, options...)
}

// UpdateContinuousDeploymentPolicy calls CloudFront.
func (f *CloudFront) UpdateContinuousDeploymentPolicy(ctx context.Context, in *cloudfront.UpdateContinuousDeploymentPolicyInput, options ...func(*cloudfront.Options)) (*cloudfront.UpdateContinuousDeploymentPolicyOutput, error) {
	return f.sdk().UpdateContinuousDeploymentPolicy(ctx, in, options...)
}

// ListDistributions calls CloudFront.
func (f *CloudFront) ListDistributions(ctx context.Context, in *cloudfront.ListDistributionsInput, options ...func(*cloudfront.Options)) (*cloudfront.ListDistributionsOutput, error) {
	return f.sdk().ListDistributions(ctx, in, options...)
}
