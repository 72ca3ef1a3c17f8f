package awsapi

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
)

const storeARN = "arn:aws:cloudfront::123456789012:key-value-store/0a1b2c3d-0000-0000-0000-000000000000"

// An address without subdomains is used as it is, and the call is signed for every Region; a name gets the account in front.
func TestTheKeyValueStoreIsReachedWhereverItIs(t *testing.T) {
	bare(t)
	var asked atomic.Value
	address, _ := answering(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method + " " + r.URL.EscapedPath() + " " + r.Header.Get("Authorization") + " " + r.Header.Get("X-Amz-Region-Set"))
		w.WriteHeader(http.StatusForbidden)
	})
	settings := configuration("http://127.0.0.1:1")
	settings.Endpoints["cloudfrontkeyvaluestore"] = address
	client, err := New(settings, "test").CloudFrontKeyValueStore(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.GetKey(t.Context(), &kvs.GetKeyInput{KvsARN: aws.String(storeARN), Key: aws.String("weights")})
	if failure, ok := Explain(err); !ok || failure.Status != http.StatusForbidden {
		t.Fatal(err)
	}
	got, _ := asked.Load().(string)
	for _, want := range []string{"GET /key-value-stores/arn%3Aaws", "%2F0a1b2c3d-0000-0000-0000-000000000000/keys/weights", "AWS4-ECDSA-P256-SHA256", "/cloudfront-keyvaluestore/", " *"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}

	for endpoint, want := range map[string]string{
		"":                       "https://123456789012.cloudfront-kvs.global.api.aws",
		"https://kvs.example":    "https://123456789012.kvs.example",
		"http://localhost:4566":  "http://localhost:4566",
		"http://[::1]:4566/root": "http://[::1]:4566/root",
	} {
		params := kvs.EndpointParameters{KvsARN: aws.String(storeARN), Region: aws.String("eu-west-1")}
		if endpoint != "" {
			params.Endpoint = &endpoint
		}
		resolved, err := keyValueStoreEndpoints{kvs.NewDefaultEndpointResolverV2()}.ResolveEndpoint(t.Context(), params)
		if err != nil || resolved.URI.String() != want {
			t.Errorf("%q leads to %s (%v), want %s", endpoint, resolved.URI.String(), err, want)
		}
	}
}
