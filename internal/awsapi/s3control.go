package awsapi

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/smithy-go"
	smithyauth "github.com/aws/smithy-go/auth"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// S3Control is the part of the client of S3 Control that the engines call: a call is one line here.
type S3Control struct{ client unsafe.Pointer }

func (f *S3Control) sdk() *s3control.Client { return (*s3control.Client)(f.client) }

// S3Control returns the client for region. The SDK puts the account in front of the host of an endpoint, which an address of
// digits, or localhost, cannot have; such an endpoint is used as it is.
func (c *Clients) S3Control(ctx context.Context, region string) (*S3Control, error) {
	return facade(ctx, c, c.s3control, region, func(config aws.Config) *S3Control {
		return &S3Control{unsafe.Pointer(s3control.NewFromConfig(config, func(o *s3control.Options) {
			override(&o.BaseEndpoint, c.endpoint("s3control"))
			if address, err := url.Parse(aws.ToString(o.BaseEndpoint)); err == nil && (net.ParseIP(address.Hostname()) != nil || address.Hostname() == "localhost") {
				o.EndpointResolverV2 = asIs{address, config.Region}
			}
		}))}
	})
}

// asIs resolves every endpoint to one address.
type asIs struct {
	address *url.URL
	region  string
}

// ResolveEndpoint returns the address, for requests that are signed as those of S3 are.
func (a asIs) ResolveEndpoint(context.Context, s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	var signing smithy.Properties
	smithyhttp.SetDisableDoubleEncoding(&signing, true)
	smithyhttp.SetSigV4SigningName(&signing, "s3")
	smithyhttp.SetSigV4SigningRegion(&signing, a.region)
	endpoint := smithyendpoints.Endpoint{URI: *a.address, Headers: http.Header{}}
	smithyauth.SetAuthOptions(&endpoint.Properties, []*smithyauth.Option{{SchemeID: smithyauth.SchemeIDSigV4, SignerProperties: signing}})
	return endpoint, nil
}

// CreateJob calls S3 Control.
func (f *S3Control) CreateJob(ctx context.Context, in *s3control.CreateJobInput, options ...func(*s3control.Options)) (*s3control.CreateJobOutput, error) {
	return f.sdk().CreateJob(ctx, in, options...)
}

// DescribeJob calls S3 Control.
func (f *S3Control) DescribeJob(ctx context.Context, in *s3control.DescribeJobInput, options ...func(*s3control.Options)) (*s3control.DescribeJobOutput, error) {
	return f.sdk().DescribeJob(ctx, in, options...)
}

// UpdateJobStatus calls S3 Control.
func (f *S3Control) UpdateJobStatus(ctx context.Context, in *s3control.UpdateJobStatusInput, options ...func(*s3control.Options)) (*s3control.UpdateJobStatusOutput, error) {
	return f.sdk().UpdateJobStatus(ctx, in, options...)
}
