package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// CloudFrontReferenceAPI reads what a distribution refers to.
type CloudFrontReferenceAPI interface {
	DescribeFunction(ctx context.Context, in *cloudfront.DescribeFunctionInput, opts ...func(*cloudfront.Options)) (*cloudfront.DescribeFunctionOutput, error)
	GetCachePolicy(ctx context.Context, in *cloudfront.GetCachePolicyInput, opts ...func(*cloudfront.Options)) (*cloudfront.GetCachePolicyOutput, error)
	GetOriginRequestPolicy(ctx context.Context, in *cloudfront.GetOriginRequestPolicyInput, opts ...func(*cloudfront.Options)) (*cloudfront.GetOriginRequestPolicyOutput, error)
	GetResponseHeadersPolicy(ctx context.Context, in *cloudfront.GetResponseHeadersPolicyInput, opts ...func(*cloudfront.Options)) (*cloudfront.GetResponseHeadersPolicyOutput, error)
	GetOriginAccessControl(ctx context.Context, in *cloudfront.GetOriginAccessControlInput, opts ...func(*cloudfront.Options)) (*cloudfront.GetOriginAccessControlOutput, error)
	GetCloudFrontOriginAccessIdentity(ctx context.Context, in *cloudfront.GetCloudFrontOriginAccessIdentityInput, opts ...func(*cloudfront.Options)) (*cloudfront.GetCloudFrontOriginAccessIdentityOutput, error)
	GetKeyGroup(ctx context.Context, in *cloudfront.GetKeyGroupInput, opts ...func(*cloudfront.Options)) (*cloudfront.GetKeyGroupOutput, error)
	GetContinuousDeploymentPolicy(ctx context.Context, in *cloudfront.GetContinuousDeploymentPolicyInput, opts ...func(*cloudfront.Options)) (*cloudfront.GetContinuousDeploymentPolicyOutput, error)
}

// EdgeFunctionAPI reads Lambda@Edge functions.
type EdgeFunctionAPI interface {
	GetFunctionConfiguration(ctx context.Context, in *lambda.GetFunctionConfigurationInput, opts ...func(*lambda.Options)) (*lambda.GetFunctionConfigurationOutput, error)
}

// EdgeFunctions returns the client of Lambda@Edge functions, which all live in one Region; it is asked for only where a
// distribution has some.
type EdgeFunctions func(ctx context.Context) (EdgeFunctionAPI, error)

// reference is one thing that a configuration names.
type reference struct{ kind, id string }

// What a configuration refers to. Certificates, web ACLs, real-time logs and field-level encryption are not looked up:
// CloudFront itself says so when one is gone.
const (
	refFunction        = "function"
	refEdgeFunction    = "Lambda@Edge function"
	refCachePolicy     = "cache policy"
	refOriginRequest   = "origin request policy"
	refResponseHeaders = "response headers policy"
	refAccessControl   = "origin access control"
	refAccessIdentity  = "origin access identity"
	refKeyGroup        = "key group"
)

// references lists what a configuration names, in order and once.
func references(config *types.DistributionConfig) []reference {
	var found []reference
	add := func(kind, id string) {
		if r := (reference{kind, id}); id != "" && !slices.Contains(found, r) {
			found = append(found, r)
		}
	}
	for _, behavior := range behaviors(config) {
		add(refCachePolicy, aws.ToString(behavior.CachePolicyId))
		add(refOriginRequest, aws.ToString(behavior.OriginRequestPolicyId))
		add(refResponseHeaders, aws.ToString(behavior.ResponseHeadersPolicyId))
		if groups := behavior.TrustedKeyGroups; groups != nil {
			for _, group := range groups.Items {
				add(refKeyGroup, group)
			}
		}
		if functions := behavior.FunctionAssociations; functions != nil {
			for _, function := range functions.Items {
				add(refFunction, aws.ToString(function.FunctionARN))
			}
		}
		if functions := behavior.LambdaFunctionAssociations; functions != nil {
			for _, function := range functions.Items {
				add(refEdgeFunction, aws.ToString(function.LambdaFunctionARN))
			}
		}
	}
	for _, origin := range config.Origins.Items {
		add(refAccessControl, aws.ToString(origin.OriginAccessControlId))
		if s3 := origin.S3OriginConfig; s3 != nil { // "origin-access-identity/cloudfront/ID"
			id := aws.ToString(s3.OriginAccessIdentity)
			add(refAccessIdentity, id[strings.LastIndex(id, "/")+1:])
		}
	}
	return found
}

// needReferences returns ErrUnrestorable, naming them, when things that want refers to are gone. What the live
// configuration refers to as well is there: CloudFront does not let it go.
func (c *CloudFrontDistribution) needReferences(ctx context.Context, want, live *types.DistributionConfig) error {
	used := references(live)
	var gone []string
	for _, r := range references(want) {
		if slices.Contains(used, r) && r.kind != refEdgeFunction {
			continue
		}
		switch err := c.lookUp(ctx, r); {
		case awsapi.IsNotFound(err) || awsapi.HasCode(err, noSuch...):
			gone = append(gone, r.kind+" "+r.id)
		case awsapi.IsDenied(err): // CloudFront itself will say
		case err != nil:
			return fmt.Errorf("read %s %s: %w", r.kind, r.id, err)
		}
	}
	if len(gone) > 0 {
		return fmt.Errorf("the captured configuration of distribution %s refers to what does not exist any more: %s. Make it again under the same name, or choose an older snapshot: %w",
			c.id, strings.Join(gone, ", "), ErrUnrestorable)
	}
	return nil
}

// noSuch are CloudFront's codes of what is not there.
var noSuch = []string{
	"NoSuchFunctionExists", "NoSuchCachePolicy", "NoSuchOriginRequestPolicy", "NoSuchResponseHeadersPolicy", "NoSuchOriginAccessControl",
	"NoSuchCloudFrontOriginAccessIdentity", "NoSuchResource", "NoSuchContinuousDeploymentPolicy",
}

func (c *CloudFrontDistribution) lookUp(ctx context.Context, r reference) (err error) {
	id := &r.id
	switch r.kind {
	case refFunction: // arn:aws:cloudfront::ACCOUNT:function/NAME
		name := r.id[strings.LastIndex(r.id, "/")+1:]
		_, err = c.client.DescribeFunction(ctx, &cloudfront.DescribeFunctionInput{Name: &name, Stage: types.FunctionStageLive})
	case refEdgeFunction: // ...:function:NAME:VERSION
		var client EdgeFunctionAPI
		if client, err = c.edge(ctx); err == nil {
			_, err = client.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: id})
		}
	case refCachePolicy:
		_, err = c.client.GetCachePolicy(ctx, &cloudfront.GetCachePolicyInput{Id: id})
	case refOriginRequest:
		_, err = c.client.GetOriginRequestPolicy(ctx, &cloudfront.GetOriginRequestPolicyInput{Id: id})
	case refResponseHeaders:
		_, err = c.client.GetResponseHeadersPolicy(ctx, &cloudfront.GetResponseHeadersPolicyInput{Id: id})
	case refAccessControl:
		_, err = c.client.GetOriginAccessControl(ctx, &cloudfront.GetOriginAccessControlInput{Id: id})
	case refAccessIdentity:
		_, err = c.client.GetCloudFrontOriginAccessIdentity(ctx, &cloudfront.GetCloudFrontOriginAccessIdentityInput{Id: id})
	case refKeyGroup:
		_, err = c.client.GetKeyGroup(ctx, &cloudfront.GetKeyGroupInput{Id: id})
	}
	return err
}

// withoutGonePolicy takes a continuous deployment policy that was deleted since out of want. partly is then
// ErrUnrestorable: the rest can be put back.
func (c *CloudFrontDistribution) withoutGonePolicy(ctx context.Context, want, live *types.DistributionConfig) (partly, err error) {
	id := aws.ToString(want.ContinuousDeploymentPolicyId)
	if id == "" || id == aws.ToString(live.ContinuousDeploymentPolicyId) {
		return nil, nil
	}
	_, err = c.client.GetContinuousDeploymentPolicy(ctx, &cloudfront.GetContinuousDeploymentPolicyInput{Id: &id})
	switch {
	case awsapi.IsNotFound(err) || awsapi.HasCode(err, noSuch...):
		want.ContinuousDeploymentPolicyId = live.ContinuousDeploymentPolicyId
		return fmt.Errorf("the continuous deployment policy %s of distribution %s does not exist any more; everything else can be put back: %w", id, c.id, ErrUnrestorable), nil
	case err != nil && !awsapi.IsDenied(err):
		return nil, errors.Join(fmt.Errorf("read continuous deployment policy %s", id), err)
	}
	return nil, nil
}
