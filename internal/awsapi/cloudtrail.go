package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// lookupsPerSecond is what CloudTrail takes in an account and Region,
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html.
const lookupsPerSecond = 2

// CloudTrail is the part of the client of CloudTrail that the engines call: a call is one line here.
type CloudTrail struct{ client unsafe.Pointer }

func (f *CloudTrail) sdk() *cloudtrail.Client { return (*cloudtrail.Client)(f.client) }

// CloudTrail returns the client for region.
func (c *Clients) CloudTrail(ctx context.Context, region string) (*CloudTrail, error) {
	return facade(ctx, c, c.cloudtrail, region, func(config aws.Config) *CloudTrail {
		return &CloudTrail{unsafe.Pointer(cloudtrail.NewFromConfig(config, func(o *cloudtrail.Options) {
			override(&o.BaseEndpoint, c.endpoint("cloudtrail"))
			o.Retryer = keepPace(o.Retryer, lookupsPerSecond)
		}))}
	})
}

// LookupEvents calls CloudTrail.
func (f *CloudTrail) LookupEvents(ctx context.Context, in *cloudtrail.LookupEventsInput, options ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error) {
	return f.sdk().LookupEvents(ctx, in, options...)
}
