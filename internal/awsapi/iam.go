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
