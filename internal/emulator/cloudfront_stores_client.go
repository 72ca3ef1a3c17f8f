package emulator

import (
	"context"
	"net"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
)

// KeyValueStores is a client of CloudFront KeyValueStore, with which a test sets keys up and looks at them. The SDK puts
// the account in front of the endpoint's host, so a client of its own does not find the emulator.
func (e *Emulator) KeyValueStores() *kvs.Client {
	config := e.AWSConfig()
	config.BaseEndpoint = aws.String("http://kvs.emulator.test")
	config.HTTPClient = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(e.url, "http://"))
		},
	}}
	return kvs.NewFromConfig(config)
}
