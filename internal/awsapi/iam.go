package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// IAM is the part of the client of IAM that the engines call: a call is one line here.
type IAM struct{ client unsafe.Pointer }

func (f *IAM) sdk() *iam.Client { return (*iam.Client)(f.client) }

// IAM returns the client for region.
func (c *Clients) IAM(ctx context.Context, region string) (*IAM, error) {
	return facade(ctx, c, c.iam, region, func(config aws.Config) *IAM {
		return &IAM{unsafe.Pointer(iam.NewFromConfig(config, func(o *iam.Options) { override(&o.BaseEndpoint, c.endpoint("iam")) }))}
	})
}

// SimulatePrincipalPolicy calls IAM.
func (f *IAM) SimulatePrincipalPolicy(ctx context.Context, in *iam.SimulatePrincipalPolicyInput, options ...func(*iam.Options)) (*iam.SimulatePrincipalPolicyOutput, error) {
	return f.sdk().SimulatePrincipalPolicy(ctx, in, options...)
}

// GetAccountAuthorizationDetails calls IAM.
func (f *IAM) GetAccountAuthorizationDetails(ctx context.Context, in *iam.GetAccountAuthorizationDetailsInput, options ...func(*iam.Options)) (*iam.GetAccountAuthorizationDetailsOutput, error) {
	return f.sdk().GetAccountAuthorizationDetails(ctx, in, options...)
}

// ListRoles calls IAM.
func (f *IAM) ListRoles(ctx context.Context, in *iam.ListRolesInput, options ...func(*iam.Options)) (*iam.ListRolesOutput, error) {
	return f.sdk().ListRoles(ctx, in, options...)
}

// GetRole calls IAM.
func (f *IAM) GetRole(ctx context.Context, in *iam.GetRoleInput, options ...func(*iam.Options)) (*iam.GetRoleOutput, error) {
	return f.sdk().GetRole(ctx, in, options...)
}

// GetPolicy calls IAM.
func (f *IAM) GetPolicy(ctx context.Context, in *iam.GetPolicyInput, options ...func(*iam.Options)) (*iam.GetPolicyOutput, error) {
	return f.sdk().GetPolicy(ctx, in, options...)
}

// GetRolePolicy calls IAM.
func (f *IAM) GetRolePolicy(ctx context.Context, in *iam.GetRolePolicyInput, options ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error) {
	return f.sdk().GetRolePolicy(ctx, in, options...)
}

// ListAttachedRolePolicies calls IAM.
func (f *IAM) ListAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesInput, options ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error) {
	return f.sdk().ListAttachedRolePolicies(ctx, in, options...)
}

// ListEntitiesForPolicy calls IAM.
func (f *IAM) ListEntitiesForPolicy(ctx context.Context, in *iam.ListEntitiesForPolicyInput, options ...func(*iam.Options)) (*iam.ListEntitiesForPolicyOutput, error) {
	return f.sdk().ListEntitiesForPolicy(ctx, in, options...)
}
