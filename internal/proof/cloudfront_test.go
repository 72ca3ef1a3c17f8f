package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

var cloudFrontOriginLever = lever{name: "cloudfront_origin", propagates: true, build: func(t *testing.T, w *world) target {
	t.Helper()
	client := cloudfront.NewFromConfig(w.outside())
	config := &types.DistributionConfig{
		CallerReference: &w.name, Comment: aws.String(""), Enabled: aws.Bool(true),
		Origins:              &types.Origins{Quantity: aws.Int32(2), Items: []types.Origin{origin("blue"), origin("green")}},
		DefaultCacheBehavior: &types.DefaultCacheBehavior{TargetOriginId: aws.String("blue"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll},
		CacheBehaviors: &types.CacheBehaviors{Quantity: aws.Int32(1), Items: []types.CacheBehavior{
			{PathPattern: aws.String("/api/*"), TargetOriginId: aws.String("blue"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll},
		}},
	}
	made := must[*cloudfront.CreateDistributionOutput](t)(client.CreateDistribution(t.Context(), &cloudfront.CreateDistributionInput{DistributionConfig: config}))
	return &distribution{client: client, id: *made.Distribution.Id}
}}

func origin(id string) types.Origin {
	return types.Origin{Id: &id, DomainName: aws.String(id + ".test"), CustomOriginConfig: &types.CustomOriginConfig{
		HTTPPort: aws.Int32(80), HTTPSPort: aws.Int32(443), OriginProtocolPolicy: types.OriginProtocolPolicyHttpOnly,
	}}
}

// distribution has two behaviours that lead to the same colour.
type distribution struct {
	client *cloudfront.Client
	id     string
}

func (d *distribution) router(config aws.Config) traffic.Router {
	return traffic.NewCloudFrontOrigin(cloudfront.NewFromConfig(config), clock.System{}, traffic.CloudFrontOriginTarget{
		Distribution: d.id, Behaviors: []string{traffic.DefaultBehavior, "/api/*"}, BlueOriginID: "blue", GreenOriginID: "green",
	})
}

func (d *distribution) give(ctx context.Context, weights traffic.Weights) error {
	got, err := d.client.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: &d.id})
	if err != nil {
		return err
	}
	first, second := "blue", "blue" // with half of the weights one of them leads elsewhere
	if weights.Green == 100 {
		first = "green"
	}
	if weights.Green > 0 {
		second = "green"
	}
	got.DistributionConfig.DefaultCacheBehavior.TargetOriginId = &first
	got.DistributionConfig.CacheBehaviors.Items[0].TargetOriginId = &second
	_, err = d.client.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: &d.id, IfMatch: got.ETag, DistributionConfig: got.DistributionConfig})
	return err
}

func (d *distribution) serves(ctx context.Context) (shares, error) {
	got, err := d.client.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: &d.id})
	if err != nil {
		return shares{}, err
	}
	var found shares
	for _, origin := range []*string{got.DistributionConfig.DefaultCacheBehavior.TargetOriginId, got.DistributionConfig.CacheBehaviors.Items[0].TargetOriginId} {
		switch aws.ToString(origin) {
		case "blue":
			found.blue++
		case "green":
			found.green++
		default:
			found.other++
		}
	}
	return found, nil
}

// kvsTTL is for how long functions at the edge may go on with an old value.
const kvsTTL = 5 * time.Second

var cloudFrontKVSLever = lever{name: "cloudfront_kvs", quick: true, steps: []int{10, 50}, ttl: kvsTTL, build: func(t *testing.T, w *world) target {
	t.Helper()
	made := must[*cloudfront.CreateKeyValueStoreOutput](t)(cloudfront.NewFromConfig(w.outside()).CreateKeyValueStore(t.Context(), &cloudfront.CreateKeyValueStoreInput{Name: &w.name}))
	s := &keyValueStore{client: keyValueStores(w.outside()), arn: *made.KeyValueStore.ARN}
	if err := s.give(t.Context(), traffic.On(traffic.Blue, 100)); err != nil {
		t.Fatal(err)
	}
	return s
}}

// keyValueStores returns a client that goes to the address of the configuration as it is: the SDK would put the account in
// front of it.
func keyValueStores(config aws.Config) *kvs.Client {
	address := aws.ToString(config.BaseEndpoint)
	config.BaseEndpoint = nil
	return kvs.NewFromConfig(config, func(o *kvs.Options) {
		o.EndpointResolverV2 = atAddress{kvs.NewDefaultEndpointResolverV2(), address}
	})
}

type atAddress struct {
	kvs.EndpointResolverV2
	address string
}

func (a atAddress) ResolveEndpoint(ctx context.Context, params kvs.EndpointParameters) (smithyendpoints.Endpoint, error) {
	endpoint, err := a.EndpointResolverV2.ResolveEndpoint(ctx, params)
	if err != nil {
		return endpoint, err
	}
	to, err := url.Parse(a.address)
	if err == nil {
		endpoint.URI = *to
	}
	return endpoint, err
}

// keyValueStore has weights under the key "weights".
type keyValueStore struct {
	client *kvs.Client
	arn    string
}

func (s *keyValueStore) router(config aws.Config) traffic.Router {
	return traffic.NewCloudFrontKVS(keyValueStores(config), traffic.CloudFrontKVSTarget{ARN: s.arn, Key: "weights"})
}

func (s *keyValueStore) give(ctx context.Context, weights traffic.Weights) error {
	now, err := s.client.DescribeKeyValueStore(ctx, &kvs.DescribeKeyValueStoreInput{KvsARN: &s.arn})
	if err != nil {
		return err
	}
	_, err = s.client.PutKey(ctx, &kvs.PutKeyInput{
		KvsARN: &s.arn, Key: aws.String("weights"), IfMatch: now.ETag, Value: aws.String(fmt.Sprintf(`{"blue":%d,"green":%d}`, weights.Blue, weights.Green)),
	})
	return err
}

func (s *keyValueStore) serves(ctx context.Context) (found shares, err error) {
	out, err := s.client.GetKey(ctx, &kvs.GetKeyInput{KvsARN: &s.arn, Key: aws.String("weights")})
	if err != nil {
		return shares{}, err
	}
	return found, json.Unmarshal([]byte(aws.ToString(out.Value)), &struct{ Blue, Green *float64 }{&found.blue, &found.green})
}
