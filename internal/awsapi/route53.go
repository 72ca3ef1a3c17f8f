package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
)

// Route53 is the part of the Route 53 client that the engines call: a call is one line here.
type Route53 struct{ client unsafe.Pointer }

func (f *Route53) sdk() *route53.Client { return (*route53.Client)(f.client) }

// Route53 returns the client for region.
func (c *Clients) Route53(ctx context.Context, region string) (*Route53, error) {
	return facade(ctx, c, c.route53, region, func(config aws.Config) *Route53 {
		return &Route53{unsafe.Pointer(route53.NewFromConfig(config, func(o *route53.Options) { override(&o.BaseEndpoint, c.endpoint("route53")) }))}
	})
}

// ListResourceRecordSets calls Route 53.
func (f *Route53) ListResourceRecordSets(ctx context.Context, in *route53.ListResourceRecordSetsInput, options ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error) {
	return f.sdk().ListResourceRecordSets(ctx, in, options...)
}

// ChangeResourceRecordSets calls Route 53.
func (f *Route53) ChangeResourceRecordSets(ctx context.Context, in *route53.ChangeResourceRecordSetsInput, options ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error) {
	return f.sdk().ChangeResourceRecordSets(ctx, in, options...)
}

// GetChange calls Route 53.
func (f *Route53) GetChange(ctx context.Context, in *route53.GetChangeInput, options ...func(*route53.Options)) (*route53.GetChangeOutput, error) {
	return f.sdk().GetChange(ctx, in, options...)
}

// GetHostedZone calls Route 53.
func (f *Route53) GetHostedZone(ctx context.Context, in *route53.GetHostedZoneInput, options ...func(*route53.Options)) (*route53.GetHostedZoneOutput, error) {
	return f.sdk().GetHostedZone(ctx, in, options...)
}

// ListHostedZones calls Route 53.
func (f *Route53) ListHostedZones(ctx context.Context, in *route53.ListHostedZonesInput, options ...func(*route53.Options)) (*route53.ListHostedZonesOutput, error) {
	return f.sdk().ListHostedZones(ctx, in, options...)
}

// ListTagsForResource calls Route 53.
func (f *Route53) ListTagsForResource(ctx context.Context, in *route53.ListTagsForResourceInput, options ...func(*route53.Options)) (*route53.ListTagsForResourceOutput, error) {
	return f.sdk().ListTagsForResource(ctx, in, options...)
}
