package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
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
		}))}
	})
}
