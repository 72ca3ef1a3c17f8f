package bluegreenswitch_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// weightStore is a key value store whose key "weights" has weights.
type weightStore struct {
	t      *testing.T
	client *kvs.Client
	arn    string
}

func newWeightStore(t *testing.T, value string) *weightStore {
	t.Helper()
	e := acctest.Emulator(t)
	s := &weightStore{t: t, client: e.KeyValueStores()}
	made, err := cloudfront.NewFromConfig(e.AWSConfig()).CreateKeyValueStore(t.Context(), &cloudfront.CreateKeyValueStoreInput{Name: aws.String(acctest.Unique(t))})
	s.must(err)
	s.arn = *made.KeyValueStore.ARN
	s.put("weights", value)
	return s
}

func (s *weightStore) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *weightStore) put(key, value string) {
	s.t.Helper()
	ctx := context.WithoutCancel(s.t.Context())
	now, err := s.client.DescribeKeyValueStore(ctx, &kvs.DescribeKeyValueStoreInput{KvsARN: &s.arn})
	s.must(err)
	_, err = s.client.PutKey(ctx, &kvs.PutKeyInput{KvsARN: &s.arn, Key: &key, Value: &value, IfMatch: now.ETag})
	s.must(err)
}

// value is the value of the key.
func (s *weightStore) value() string {
	s.t.Helper()
	out, err := s.client.GetKey(context.WithoutCancel(s.t.Context()), &kvs.GetKeyInput{KvsARN: &s.arn, Key: aws.String("weights")})
	s.must(err)
	return *out.Value
}

func (s *weightStore) want(want string) func(*terraformState) error {
	return func(*terraformState) error {
		s.t.Helper()
		if got := s.value(); got != want {
			s.t.Errorf("the value is %s, want %s", got, want)
		}
		return nil
	}
}

func (s *weightStore) config(active string, extra ...string) string {
	return acctest.ProviderBlock(s.t) + fmt.Sprintf(`
resource "reliability_blue_green_switch" "test" {
  active = %q
  routes = {
    main = { cloudfront_kvs = { kvs_arn = %q, key = "weights" } }
  }
  %s
}
`, active, s.arn, strings.Join(extra, "\n  "))
}

func TestAccSwitchOfACloudFrontKeyValueStore(t *testing.T) {
	s := newWeightStore(t, `{"blue":100,"green":0,"salt":"x"}`)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config: s.config("blue"),
				ConfigStateChecks: []statecheck.StateCheck{
					live(100, 0), value("id", knownvalue.StringExact("cloudfront_kvs,"+s.arn+",weights")),
					value("estimated_recovery_seconds", knownvalue.Int64Exact(7)), value("max_recovery_time", knownvalue.StringExact("5m")),
				},
				Check: s.want(`{"blue":100,"green":0,"salt":"x"}`),
			},
			{
				Config:            s.config("green", quick),
				ConfigPlanChecks:  planned(plancheck.ResourceActionUpdate),
				ConfigStateChecks: []statecheck.StateCheck{live(0, 100), value("status", knownvalue.StringExact("steady"))},
				Check:             s.want(`{"blue":0,"green":100,"salt":"x","version":1}`),
			},
			{ // another key is nobody's business
				PreConfig: func() { s.put("other", "x") }, RefreshState: true,
			},
			{ // somebody else's weights are a change, and go
				PreConfig:        func() { s.put("weights", `{"blue":1,"green":3}`) },
				Config:           s.config("green"),
				ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
				Check:            s.want(`{"blue":0,"green":100,"version":1}`),
			},
			{
				ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateId: "cloudfront_kvs," + s.arn + ",weights",
				ImportStateVerifyIgnore: []string{"switched_at", "last_switch_seconds"},
			},
			{
				PreConfig:   func() { s.put("weights", `{"blue":0,"green":0}`) },
				Config:      s.config("green"),
				ExpectError: saying("cannot be switched as it is", "gives neither colour a share", "give the key a value"),
			},
			{
				PreConfig: func() { s.put("weights", `{"blue":100,"green":0}`) },
				Config:    s.config("blue"),
			},
		},
		CheckDestroy: s.want(`{"blue":100,"green":0}`),
	})
}

func TestAccAKeyValueStoreThatCannotBeSwitchedIsRefusedAtPlan(t *testing.T) {
	s := newWeightStore(t, `{"version":2,"blue":100,"green":0}`)
	refused := func(config string, want ...string) resource.TestStep {
		return resource.TestStep{Config: config, PlanOnly: true, ExpectError: saying(want...)}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			refused(s.config("green"), "has the format version 2"),
			refused(strings.ReplaceAll(s.config("green"), `key = "weights"`, `key = "none"`), "The target of the route does not exist", "key none of key value store"),
			refused(strings.ReplaceAll(s.config("green"), s.arn, s.arn+"0"), "The target of the route does not exist"),
			refused(strings.ReplaceAll(s.config("green"), "key-value-store", "distribution"), "the ARN of a key value store"),
		},
	})
}
