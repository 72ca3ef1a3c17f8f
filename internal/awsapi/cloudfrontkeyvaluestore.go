package awsapi

import (
	"context"
	"net/netip"
	"net/url"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
)

// CloudFrontKeyValueStore is the part of the client of CloudFront KeyValueStore that the engines call: a call is one line here.
type CloudFrontKeyValueStore struct{ client unsafe.Pointer }

func (f *CloudFrontKeyValueStore) sdk() *cloudfrontkeyvaluestore.Client {
	return (*cloudfrontkeyvaluestore.Client)(f.client)
}

// CloudFrontKeyValueStore returns the client for region.
func (c *Clients) CloudFrontKeyValueStore(ctx context.Context, region string) (*CloudFrontKeyValueStore, error) {
	return facade(ctx, c, c.cloudfrontkeyvaluestore, region, func(config aws.Config) *CloudFrontKeyValueStore {
		return &CloudFrontKeyValueStore{unsafe.Pointer(cloudfrontkeyvaluestore.NewFromConfig(config, func(o *cloudfrontkeyvaluestore.Options) {
			override(&o.BaseEndpoint, c.endpoint("cloudfrontkeyvaluestore"))
			o.EndpointResolverV2 = keyValueStoreEndpoints{cloudfrontkeyvaluestore.NewDefaultEndpointResolverV2()}
		}))}
	})
}

// keyValueStoreEndpoints resolves as the SDK does, but for addresses that are no names. The SDK puts the account in front
// of the host (123456789012.cloudfront-kvs.global.api.aws), and in front of an IP address or localhost that leads nowhere.
type keyValueStoreEndpoints struct {
	sdk cloudfrontkeyvaluestore.EndpointResolverV2
}

// ResolveEndpoint implements the SDK's interface.
func (r keyValueStoreEndpoints) ResolveEndpoint(ctx context.Context, params cloudfrontkeyvaluestore.EndpointParameters) (smithyendpoints.Endpoint, error) {
	if params.Endpoint == nil {
		return r.sdk.ResolveEndpoint(ctx, params)
	}
	replaced, err := url.Parse(*params.Endpoint)
	if err != nil || !hasNoSubdomains(replaced.Hostname()) {
		return r.sdk.ResolveEndpoint(ctx, params)
	}
	params.Endpoint = nil
	endpoint, err := r.sdk.ResolveEndpoint(ctx, params)
	endpoint.URI = *replaced
	return endpoint, err
}

func hasNoSubdomains(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || host == "localhost"
}

// DescribeKeyValueStore calls CloudFront KeyValueStore.
func (f *CloudFrontKeyValueStore) DescribeKeyValueStore(ctx context.Context, in *cloudfrontkeyvaluestore.DescribeKeyValueStoreInput, options ...func(*cloudfrontkeyvaluestore.Options)) (*cloudfrontkeyvaluestore.DescribeKeyValueStoreOutput, error) {
	return f.sdk().DescribeKeyValueStore(ctx, in, options...)
}

// GetKey calls CloudFront KeyValueStore.
func (f *CloudFrontKeyValueStore) GetKey(ctx context.Context, in *cloudfrontkeyvaluestore.GetKeyInput, options ...func(*cloudfrontkeyvaluestore.Options)) (*cloudfrontkeyvaluestore.GetKeyOutput, error) {
	return f.sdk().GetKey(ctx, in, options...)
}

// PutKey calls CloudFront KeyValueStore.
func (f *CloudFrontKeyValueStore) PutKey(ctx context.Context, in *cloudfrontkeyvaluestore.PutKeyInput, options ...func(*cloudfrontkeyvaluestore.Options)) (*cloudfrontkeyvaluestore.PutKeyOutput, error) {
	return f.sdk().PutKey(ctx, in, options...)
}
