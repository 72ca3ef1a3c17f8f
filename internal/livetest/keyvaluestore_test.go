package livetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore/types"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// TestAccLive_edge: weights move in a key value store, and a writer with an old version of it is refused.
func TestAccLive_edge(t *testing.T) {
	a := open(t, "edge", "store")
	s := newStore(a)
	config := func(active string) string {
		return acctest.ProviderBlock(t) + fmt.Sprintf(`
resource "reliability_blue_green_switch" "test" {
  active   = %q
  strategy = { type = "canary", steps = [50], interval = "1s", bake = "1s" }
  routes   = { edge = { cloudfront_kvs = { kvs_arn = %q, key = "weights" } } }
}
`, active, s.arn)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config("blue"), Check: s.holds(100, 0)},
			{Config: config("green"), Check: s.holds(0, 100)},
		},
	})
	old := s.etag()
	a.must(s.put(old, `{"blue":90,"green":10,"salt":"x"}`))
	if err := s.put(old, `{"blue":50,"green":50,"salt":"x"}`); !is[*types.ConflictException](err) {
		t.Errorf("a second writer with the same version: %v, want a ConflictException", err)
	}
}

// edgeStore is a key value store whose key "weights" says all blue.
type edgeStore struct {
	*account
	client *cloudfrontkeyvaluestore.Client
	arn    string
}

func newStore(a *account) *edgeStore {
	a.t.Helper()
	s := &edgeStore{account: a, client: cloudfrontkeyvaluestore.NewFromConfig(a.config)}
	if !a.live {
		s.client = acctest.Emulator(a.t).KeyValueStores()
	}
	stores := cloudfront.NewFromConfig(a.config)
	made, err := stores.CreateKeyValueStore(a.ctx(), &cloudfront.CreateKeyValueStoreInput{Name: &a.name})
	a.must(err)
	s.arn = *made.KeyValueStore.ARN
	a.must(within(a, 10*time.Minute, func() error {
		now, err := stores.DescribeKeyValueStore(a.ctx(), &cloudfront.DescribeKeyValueStoreInput{Name: &a.name})
		if err == nil && aws.ToString(now.KeyValueStore.Status) != "READY" {
			return again{fmt.Errorf("the store is %s", aws.ToString(now.KeyValueStore.Status))}
		}
		return err
	}))
	a.must(s.put(s.etag(), `{"blue":100,"green":0,"salt":"x"}`))
	return s
}

func (s *edgeStore) etag() *string {
	s.t.Helper()
	now, err := s.client.DescribeKeyValueStore(s.ctx(), &cloudfrontkeyvaluestore.DescribeKeyValueStoreInput{KvsARN: &s.arn})
	s.must(err)
	return now.ETag
}

func (s *edgeStore) put(etag *string, value string) error {
	_, err := s.client.PutKey(s.ctx(), &cloudfrontkeyvaluestore.PutKeyInput{KvsARN: &s.arn, Key: aws.String("weights"), Value: &value, IfMatch: etag})
	return err
}

// holds compares the weights of the key; what else the switch keeps beside them is its own.
func (s *edgeStore) holds(blue, green int) resource.TestCheckFunc {
	return func(*terraform.State) error {
		out, err := s.client.GetKey(s.ctx(), &cloudfrontkeyvaluestore.GetKeyInput{KvsARN: &s.arn, Key: aws.String("weights")})
		if err != nil {
			return err
		}
		var weights struct{ Blue, Green int }
		if err := json.Unmarshal([]byte(*out.Value), &weights); err != nil {
			return fmt.Errorf("the key is %s: %w", *out.Value, err)
		}
		if weights.Blue != blue || weights.Green != green {
			return fmt.Errorf("the key is %s, want blue %d and green %d", *out.Value, blue, green)
		}
		return nil
	}
}

func sweepStores(ctx context.Context, config aws.Config, match func(string) bool) (all error) {
	client := cloudfront.NewFromConfig(config)
	for pages := cloudfront.NewListKeyValueStoresPaginator(client, &cloudfront.ListKeyValueStoresInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return errors.Join(all, err)
		}
		if page.KeyValueStoreList == nil {
			return all
		}
		for i := range page.KeyValueStoreList.Items {
			name := page.KeyValueStoreList.Items[i].Name
			if !match(*name) {
				continue
			}
			now, err := client.DescribeKeyValueStore(ctx, &cloudfront.DescribeKeyValueStoreInput{Name: name})
			if err == nil {
				_, err = client.DeleteKeyValueStore(ctx, &cloudfront.DeleteKeyValueStoreInput{Name: name, IfMatch: now.ETag})
			}
			all = errors.Join(all, err)
		}
	}
	return all
}
