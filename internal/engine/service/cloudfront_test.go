package service_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

// edgeOfTest is a distribution with two origins, a cache policy, a function, an access control and a secret header.
type edgeOfTest struct {
	*testing.T
	client             *cloudfront.Client
	id                 string
	policy, policyETag string
	function           string
	accessControl      string
}

func origin(id string) types.Origin {
	return types.Origin{
		Id: &id, DomainName: aws.String(id + ".test"), CustomOriginConfig: &types.CustomOriginConfig{
			HTTPPort: aws.Int32(80), HTTPSPort: aws.Int32(443), OriginProtocolPolicy: types.OriginProtocolPolicyHttpOnly,
		},
		CustomHeaders: &types.CustomHeaders{Quantity: aws.Int32(1), Items: []types.OriginCustomHeader{
			{HeaderName: aws.String("X-Origin-Verify"), HeaderValue: aws.String("hunter2")},
		}},
	}
}

func newEdge(t *testing.T, name string) *edgeOfTest {
	t.Helper()
	ctx := t.Context()
	e := &edgeOfTest{T: t, client: cloudfront.NewFromConfig(acctest.Emulator(t).AWSConfig())}
	policy, err := e.client.CreateCachePolicy(ctx, &cloudfront.CreateCachePolicyInput{CachePolicyConfig: &types.CachePolicyConfig{Name: &name, MinTTL: aws.Int64(1)}})
	must(t, err)
	e.policy, e.policyETag = *policy.CachePolicy.Id, *policy.ETag
	function, err := e.client.CreateFunction(ctx, &cloudfront.CreateFunctionInput{
		Name: &name, FunctionCode: []byte("function handler(event) { return event.request }"), FunctionConfig: &types.FunctionConfig{Comment: &name, Runtime: types.FunctionRuntimeCloudfrontJs20},
	})
	must(t, err)
	_, err = e.client.PublishFunction(ctx, &cloudfront.PublishFunctionInput{Name: &name, IfMatch: function.ETag})
	must(t, err)
	e.function = *function.FunctionSummary.FunctionMetadata.FunctionARN
	access, err := e.client.CreateOriginAccessControl(ctx, &cloudfront.CreateOriginAccessControlInput{OriginAccessControlConfig: &types.OriginAccessControlConfig{
		Name: &name, OriginAccessControlOriginType: types.OriginAccessControlOriginTypesLambda, SigningBehavior: types.OriginAccessControlSigningBehaviorsAlways,
		SigningProtocol: types.OriginAccessControlSigningProtocolsSigv4,
	}})
	must(t, err)
	e.accessControl = *access.OriginAccessControl.Id
	blue := origin("blue")
	blue.OriginAccessControlId = &e.accessControl
	created, err := e.client.CreateDistribution(ctx, &cloudfront.CreateDistributionInput{DistributionConfig: &types.DistributionConfig{
		CallerReference: &name, Comment: aws.String("first"), Enabled: aws.Bool(true),
		Aliases: &types.Aliases{Quantity: aws.Int32(2), Items: []string{"www." + name + ".test", name + ".test"}},
		Origins: &types.Origins{Quantity: aws.Int32(2), Items: []types.Origin{blue, origin("green")}},
		DefaultCacheBehavior: &types.DefaultCacheBehavior{
			TargetOriginId: aws.String("blue"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll, CachePolicyId: &e.policy,
			FunctionAssociations: &types.FunctionAssociations{Quantity: aws.Int32(1), Items: []types.FunctionAssociation{{EventType: types.EventTypeViewerRequest, FunctionARN: &e.function}}},
		},
	}})
	must(t, err)
	e.id = *created.Distribution.Id
	return e
}

// edit changes the live configuration.
func (e *edgeOfTest) edit(change func(*types.DistributionConfig)) {
	e.Helper()
	read, err := e.client.GetDistributionConfig(e.Context(), &cloudfront.GetDistributionConfigInput{Id: &e.id})
	must(e.T, err)
	change(read.DistributionConfig)
	_, err = e.client.UpdateDistribution(e.Context(), &cloudfront.UpdateDistributionInput{Id: &e.id, IfMatch: read.ETag, DistributionConfig: read.DistributionConfig})
	must(e.T, err)
}

func (e *edgeOfTest) etag() *string {
	e.Helper()
	read, err := e.client.GetDistributionConfig(e.Context(), &cloudfront.GetDistributionConfigInput{Id: &e.id})
	must(e.T, err)
	return read.ETag
}

// release is what a bad release does.
func (e *edgeOfTest) release(config *types.DistributionConfig) {
	config.DefaultCacheBehavior.TargetOriginId = aws.String("green")
	config.DefaultCacheBehavior.FunctionAssociations = nil
	config.DefaultCacheBehavior.CachePolicyId = aws.String("658327ea-f89d-4fab-a63d-7e88639e58f6")
	config.Origins.Items[0].OriginAccessControlId = nil
	config.Origins.Items[0].CustomHeaders.Items[0].HeaderValue = aws.String("correct horse")
	config.Comment, config.PriceClass, config.DefaultRootObject = aws.String("second"), types.PriceClassPriceClass100, aws.String("home.html")
}

func (e *edgeOfTest) service() *service.CloudFrontDistribution {
	edge := func(context.Context) (service.EdgeFunctionAPI, error) {
		return lambda.NewFromConfig(acctest.Emulator(e.T).AWSConfig()), nil
	}
	return service.NewCloudFrontDistribution(e.client, edge, clock.System{}, e.id)
}

func TestCloudFrontDistribution(t *testing.T) {
	name := acctest.Unique(t)
	e := newEdge(t, name)
	s := e.service()
	conform(t, subject{
		service: s,
		change:  func(*testing.T) { e.edit(e.release) },
		missing: func() service.Service {
			return service.NewCloudFrontDistribution(e.client, nil, clock.System{}, "E0NONE")
		},
		awsService: "cloudfront", operation: "UpdateDistribution",
	})
	item, err := s.Capture(t.Context())
	must(t, err)

	t.Run("what a person sees", func(t *testing.T) {
		e.edit(e.release)
		changes := expectDifferent(t, s, item)
		detail := changes[0].Detail
		if !strings.Contains(detail, "DefaultCacheBehavior.TargetOriginId green -> blue") || !strings.Contains(detail, "Origins.blue.CustomHeaders.X-Origin-Verify.HeaderValue") {
			t.Errorf("detail %q", detail)
		}
		for _, secret := range []string{"hunter2", "correct horse"} {
			if strings.Contains(detail+item.Summary+strings.Join(item.Warnings, " "), secret) {
				t.Errorf("the value of a header is shown: %s %s %v", detail, item.Summary, item.Warnings)
			}
		}
		if len(item.Warnings) != 2 {
			t.Errorf("warnings %q, want one a header", item.Warnings)
		}
		must(t, s.Restore(t.Context(), changes))
		expectSame(t, s, item)
	})
	t.Run("somebody else in between", func(t *testing.T) {
		e.edit(e.release)
		changes := expectDifferent(t, s, item)
		e.edit(func(config *types.DistributionConfig) { config.Comment = aws.String("third") })
		if err := s.Restore(t.Context(), changes); !errors.Is(err, service.ErrConcurrentChange) {
			t.Errorf("restore over another change: %v", err)
		}
		// A new version of the same content is no other change.
		changes = expectDifferent(t, s, item)
		e.edit(func(*types.DistributionConfig) {})
		must(t, s.Restore(t.Context(), changes))
		expectSame(t, s, item)
	})
	t.Run("the order of behaviours", func(t *testing.T) {
		behavior := func(path string) types.CacheBehavior {
			return types.CacheBehavior{PathPattern: &path, TargetOriginId: aws.String("green"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll, CachePolicyId: &e.policy}
		}
		set := func(paths ...string) func(config *types.DistributionConfig) {
			return func(config *types.DistributionConfig) {
				config.CacheBehaviors = &types.CacheBehaviors{Quantity: aws.Int32(int32(len(paths)))}
				for _, path := range paths {
					config.CacheBehaviors.Items = append(config.CacheBehaviors.Items, behavior(path))
				}
			}
		}
		e.edit(set("/a/*", "/*"))
		ordered, err := s.Capture(t.Context())
		must(t, err)
		e.edit(set("/*", "/a/*"))
		restore(t, s, ordered)
		expectSame(t, s, ordered)
		restore(t, s, item)
		expectSame(t, s, item)
	})
	t.Run("a name that another distribution took", func(t *testing.T) {
		e.edit(func(config *types.DistributionConfig) { config.Aliases = nil })
		other := newEdge(t, acctest.Unique(t))
		other.edit(func(config *types.DistributionConfig) {
			config.Aliases = &types.Aliases{Quantity: aws.Int32(1), Items: []string{name + ".test"}}
		})
		err := s.Restore(t.Context(), expectDifferent(t, s, item))
		if !errors.Is(err, service.ErrUnrestorable) || !strings.Contains(err.Error(), name+".test") || !strings.Contains(err.Error(), "belongs to another distribution") {
			t.Errorf("restore: %v", err)
		}
		other.edit(func(config *types.DistributionConfig) { config.Aliases = nil })
		restore(t, s, item)
		expectSame(t, s, item)
	})
	t.Run("what it referred to is gone", func(t *testing.T) {
		e.edit(e.release)
		name := aws.String(name)
		described, err := e.client.DescribeFunction(t.Context(), &cloudfront.DescribeFunctionInput{Name: name})
		must(t, err)
		_, err = e.client.DeleteFunction(t.Context(), &cloudfront.DeleteFunctionInput{Name: name, IfMatch: described.ETag})
		must(t, err)
		_, err = e.client.DeleteCachePolicy(t.Context(), &cloudfront.DeleteCachePolicyInput{Id: &e.policy, IfMatch: &e.policyETag})
		must(t, err)
		access, err := e.client.GetOriginAccessControl(t.Context(), &cloudfront.GetOriginAccessControlInput{Id: &e.accessControl})
		must(t, err)
		_, err = e.client.DeleteOriginAccessControl(t.Context(), &cloudfront.DeleteOriginAccessControlInput{Id: &e.accessControl, IfMatch: access.ETag})
		must(t, err)
		changes, err := s.Diff(t.Context(), item)
		if !errors.Is(err, service.ErrUnrestorable) || len(changes) > 0 {
			t.Fatalf("%d changes, %v", len(changes), err)
		}
		for _, gone := range []string{"function " + e.function, "cache policy " + e.policy, "origin access control " + e.accessControl} {
			if !strings.Contains(err.Error(), gone) {
				t.Errorf("%s is not named in %v", gone, err)
			}
		}
	})
	t.Run("staging or not", func(t *testing.T) {
		other := item
		other.State = []byte(strings.Replace(string(item.State), `"Staging":false`, `"Staging":true`, 1))
		if string(other.State) == string(item.State) {
			other.State = []byte(strings.Replace(string(item.State), `"Staging":null`, `"Staging":true`, 1))
		}
		if _, err := s.Diff(t.Context(), other); !errors.Is(err, service.ErrUnrestorable) {
			t.Errorf("Diff: %v", err)
		}
	})
	t.Run("a deleted distribution", func(t *testing.T) {
		e.edit(func(config *types.DistributionConfig) { config.Enabled = aws.Bool(false) })
		read, err := e.client.GetDistributionConfig(t.Context(), &cloudfront.GetDistributionConfigInput{Id: &e.id})
		must(t, err)
		_, err = e.client.DeleteDistribution(t.Context(), &cloudfront.DeleteDistributionInput{Id: &e.id, IfMatch: read.ETag})
		must(t, err)
		if _, err := s.Diff(t.Context(), item); !errors.Is(err, service.ErrUnrestorable) {
			t.Errorf("Diff: %v", err)
		}
	})
}

// A policy that was attached at the capture is attached again, one that was not is taken off, and one that is gone is said.
func TestCloudFrontContinuousDeployment(t *testing.T) {
	e := newEdge(t, acctest.Unique(t))
	s := e.service()
	item, err := s.Capture(t.Context())
	must(t, err)
	staging, err := e.client.CopyDistribution(t.Context(), &cloudfront.CopyDistributionInput{
		PrimaryDistributionId: &e.id, CallerReference: aws.String(acctest.Unique(t)), Staging: aws.Bool(true), IfMatch: e.etag(),
	})
	must(t, err)
	policy, err := e.client.CreateContinuousDeploymentPolicy(t.Context(), &cloudfront.CreateContinuousDeploymentPolicyInput{
		ContinuousDeploymentPolicyConfig: &types.ContinuousDeploymentPolicyConfig{
			Enabled: aws.Bool(true), StagingDistributionDnsNames: &types.StagingDistributionDnsNames{Quantity: aws.Int32(1), Items: []string{*staging.Distribution.DomainName}},
			TrafficConfig: &types.TrafficConfig{Type: types.ContinuousDeploymentPolicyTypeSingleWeight, SingleWeightConfig: &types.ContinuousDeploymentSingleWeightConfig{Weight: aws.Float32(0.1)}},
		},
	})
	must(t, err)
	e.edit(func(config *types.DistributionConfig) {
		config.ContinuousDeploymentPolicyId = policy.ContinuousDeploymentPolicy.Id
	})
	canary, err := s.Capture(t.Context())
	must(t, err)
	if !strings.Contains(strings.Join(canary.Warnings, " "), "continuous deployment") {
		t.Errorf("warnings %q", canary.Warnings)
	}
	restore(t, s, item) // takes it off
	expectSame(t, s, item)
	restore(t, s, canary) // and attaches it again
	expectSame(t, s, canary)
	e.edit(func(config *types.DistributionConfig) {
		config.ContinuousDeploymentPolicyId, config.Comment = nil, aws.String("second")
	})
	_, err = e.client.DeleteContinuousDeploymentPolicy(t.Context(), &cloudfront.DeleteContinuousDeploymentPolicyInput{Id: policy.ContinuousDeploymentPolicy.Id, IfMatch: policy.ETag})
	must(t, err)
	changes, err := s.Diff(t.Context(), canary)
	if !errors.Is(err, service.ErrUnrestorable) || len(changes) != 1 || !strings.Contains(err.Error(), *policy.ContinuousDeploymentPolicy.Id) {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	must(t, s.Restore(t.Context(), changes))
	expectSame(t, s, item)
}
