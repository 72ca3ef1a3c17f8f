package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/google/go-cmp/cmp"
)

// fakeConfig answers every query with its results, 100 a page, and knows nothing else.
type fakeConfig struct {
	ConfigAPI
	mu      sync.Mutex
	results []string
	queries []string
	asked   int
	refuse  error
	status  configtypes.AggregatedSourceStatusType
}

func (f *fakeConfig) SelectAggregateResourceConfig(
	_ context.Context, in *configservice.SelectAggregateResourceConfigInput, _ ...func(*configservice.Options),
) (*configservice.SelectAggregateResourceConfigOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queries = append(f.queries, *in.Expression)
	if f.refuse != nil {
		return nil, f.refuse
	}
	if strings.Contains(*in.Expression, "COUNT(*)") {
		return &configservice.SelectAggregateResourceConfigOutput{Results: []string{fmt.Sprintf(`{"COUNT(*)":%d}`, len(f.results))}}, nil
	}
	page, next := window(f.results, in.NextToken, int(in.Limit))
	return &configservice.SelectAggregateResourceConfigOutput{Results: page, NextToken: next}, nil
}

func (f *fakeConfig) GetAggregateResourceConfig(
	context.Context, *configservice.GetAggregateResourceConfigInput, ...func(*configservice.Options),
) (*configservice.GetAggregateResourceConfigOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	return nil, refused("Config Service", "GetAggregateResourceConfig", codeNotDiscovered)
}

func (f *fakeConfig) DescribeConfigurationAggregatorSourcesStatus(
	context.Context, *configservice.DescribeConfigurationAggregatorSourcesStatusInput, ...func(*configservice.Options),
) (*configservice.DescribeConfigurationAggregatorSourcesStatusOutput, error) {
	return &configservice.DescribeConfigurationAggregatorSourcesStatusOutput{AggregatedSourceStatusList: []configtypes.AggregatedSourceStatus{
		{SourceId: aws.String("o-1"), SourceType: configtypes.AggregatedSourceTypeOrganization, AwsRegion: aws.String("eu-west-1"), LastUpdateStatus: configtypes.AggregatedSourceStatusTypeSucceeded},
		{SourceId: aws.String("9"), SourceType: configtypes.AggregatedSourceTypeAccount, AwsRegion: aws.String("eu-west-1"), LastUpdateStatus: f.status},
	}}, nil
}

func recordedReaderOf(fake *fakeConfig) Reader {
	return recordedBy(func(context.Context, string) (ConfigAPI, error) { return fake, nil }, Aggregator{Name: "all"})[0]
}

// Thousands in many accounts are one query of full pages, and what the query does not hold is asked for by itself.
func TestRecordedInPages(t *testing.T) {
	t.Parallel()
	fake := &fakeConfig{status: configtypes.AggregatedSourceStatusTypeSucceeded}
	batch := Batch{Type: "aws_security_group", Caller: caller(4, account)}
	for i := range 1050 {
		owner := fmt.Sprintf("%012d", i%7)
		id := fmt.Sprintf("sg-%06d", i)
		batch.Resources = append(batch.Resources, Resource{
			Address: Address("aws_security_group.a" + id), Type: "aws_security_group", ID: id, AccountID: owner, Region: "eu-west-1", State: ValuesOf(map[string]any{"tags_all": map[string]any{"n": id}}),
		})
		if i < 1030 {
			fake.results = append(fake.results, fmt.Sprintf(`{"accountId":%q,"awsRegion":"eu-west-1","resourceId":%q,"configurationItemStatus":"OK","configurationItemCaptureTime":"2026-01-02T03:04:05.678Z",`+
				`"configuration":{"groupId":%q,"ipPermissions":[{"fromPort":443,"toPort":443,"ipProtocol":"tcp","ipv4Ranges":[{"cidrIp":"10.0.0.0/8","description":"in"}],"ipRanges":["10.0.0.0/8"],"ipv6Ranges":[],`+
				`"prefixListIds":[],"userIdGroupPairs":[]}]},"tags":[{"key":"n","value":%q,"tag":"n=%s"},{"key":"aws:x","value":"y"}]}`, owner, id, id, id, id))
		}
	}
	outcomes, err := recordedReaderOf(fake).Read(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	found, deleted := 0, 0
	for _, resource := range batch.Resources {
		switch outcome := outcomes[resource.Address]; outcome.Status {
		case Found:
			found++
			want := Attributes{"ingress": []Rule{newRule("tcp", 443, 443, "10.0.0.0/8", "in")}, "egress": []Rule(nil), "tags": map[string]string{"n": resource.ID}}
			if diff := cmp.Diff(want, outcome.Attributes); diff != "" || len(outcome.Lacking) != 0 || !outcome.Recorded.Equal(time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)) {
				t.Fatalf("%s: %s, lacking %v, recorded %s", resource.ID, diff, outcome.Lacking, outcome.Recorded)
			}
		case Deleted:
			deleted++
		case Unverified:
			t.Fatalf("%s: %s %v", resource.ID, outcome.Reason, outcome.Err)
		}
	}
	if found != 1030 || deleted != 20 || fake.asked != 20 {
		t.Errorf("%d found, %d deleted after %d questions", found, deleted, fake.asked)
	}
	counts := slices.DeleteFunc(slices.Clone(fake.queries), func(query string) bool { return !strings.Contains(query, "COUNT") })
	if pages := len(fake.queries) - len(counts); pages != 11 || len(counts) > 7 {
		t.Errorf("%d pages and %d counts", pages, len(counts))
	}
	if query := fake.queries[0]; len(query) > recordedQuery || !strings.Contains(query, "accountId IN ('000000000000', ") || !strings.Contains(query, "awsRegion IN ('eu-west-1')") {
		t.Errorf("the query is %s", query)
	}
}

// What a table gains is lacking until somebody says that AWS Config tells it, and every path that is named is one of the table's.
func TestRecordedTablesNameTheirPaths(t *testing.T) {
	t.Parallel()
	reader := recordedReaderOf(&fakeConfig{})
	item := recordedItem{Configuration: map[string]json.RawMessage{}, Supplementary: map[string]json.RawMessage{
		"BucketVersioningConfiguration": []byte(`{"status":"Off"}`), "ServerSideEncryptionConfiguration": []byte(`{"rules":[]}`), "PublicAccessBlockConfiguration": []byte(`{}`),
		"BucketWebsiteConfiguration": []byte(`{}`),
	}}
	for _, kind := range reader.(*recordedReader).kinds {
		state := map[string]any{"policy_arn": "p", "role": "r"}
		for _, name := range kind.Keep() {
			state[name] = map[string]any{"x": "y"} // everything is held
		}
		if kind.Type == "aws_iam_role_policy_attachment" {
			continue // it has no table of its own
		}
		taken, err := kind.take(item, Resource{Type: kind.Type, ID: "x", State: ValuesOf(state)})
		if err != nil || taken.gone {
			t.Errorf("%s: %v, gone %t", kind.Type, err, taken.gone)
		}
		known := map[string]bool{}
		for _, attribute := range kind.Attributes {
			known[attribute.Name()] = true
		}
		for path := range taken.attributes {
			if !slices.ContainsFunc(kind.Attributes, func(a Attribute) bool { return a.Path == path }) {
				t.Errorf("%s has no %s", kind.Type, path)
			}
		}
		for _, name := range taken.lacking {
			if !known[name] {
				t.Errorf("%s lacks %s, which it has not", kind.Type, name)
			}
		}
		if len(taken.attributes)+len(taken.lacking) < len(kind.Attributes)*2/3 {
			t.Errorf("%s: only %d told and %d lacking of %d", kind.Type, len(taken.attributes), len(taken.lacking), len(kind.Attributes))
		}
	}
}

// A bucket and its parts are one query, in the form of configuration items outside of queries too.
func TestRecordedBuckets(t *testing.T) {
	t.Parallel()
	fake := &fakeConfig{status: configtypes.AggregatedSourceStatusTypeSucceeded, results: []string{`{"accountId":"1","awsRegion":"eu-west-1","resourceId":"b","resourceName":"b",` +
		`"configuration":{"name":"b"},"tags":[],"supplementaryConfiguration":{"BucketVersioningConfiguration":{"status":"Suspended","isMfaDeleteEnabled":null},` +
		`"PublicAccessBlockConfiguration":"{\"blockPublicAcls\":true,\"blockPublicPolicy\":true,\"ignorePublicAcls\":false,\"restrictPublicBuckets\":true}",` +
		`"ServerSideEncryptionConfiguration":{"rules":[{"applyServerSideEncryptionByDefault":{"sseAlgorithm":"aws:kms","kmsMasterKeyID":"k"},"bucketKeyEnabled":true}]},` +
		`"BucketWebsiteConfiguration":{"indexDocumentSuffix":"index.html","errorDocument":"e.html"}}}`}}
	reader, who := recordedReaderOf(fake), caller(1, account)
	for kind, want := range map[string]Attributes{
		"aws_s3_bucket":                     {"tags": map[string]string{}},
		"aws_s3_bucket_versioning":          {"versioning_configuration.0.status": "Suspended", "versioning_configuration.0.mfa_delete": "Disabled"},
		"aws_s3_bucket_public_access_block": {"block_public_acls": "true", "block_public_policy": "true", "ignore_public_acls": "false", "restrict_public_buckets": "true"},
		"aws_s3_bucket_server_side_encryption_configuration": {
			"rule.0.apply_server_side_encryption_by_default.0.sse_algorithm": "aws:kms", "rule.0.apply_server_side_encryption_by_default.0.kms_master_key_id": "k", "rule.0.bucket_key_enabled": "true",
		},
		"aws_s3_bucket_website_configuration": {
			"index_document.0.suffix": "index.html", "error_document.0.key": "e.html", "redirect_all_requests_to.0.host_name": "", "redirect_all_requests_to.0.protocol": "",
		},
	} {
		resource := Resource{Address: Address(kind + ".b"), Type: kind, ID: "b", AccountID: "1", Region: "eu-west-1", State: ValuesOf(map[string]any{"bucket": "b", "tags": map[string]any{}})}
		outcomes, err := reader.Read(t.Context(), Batch{Type: kind, Caller: who, Resources: []Resource{resource}})
		outcome := outcomes[resource.Address]
		if diff := cmp.Diff(want, outcome.Attributes); err != nil || outcome.Status != Found || diff != "" {
			t.Errorf("%s: %v, %+v\n%s", kind, err, outcome, diff)
		}
	}
	if len(fake.queries) != 1 {
		t.Errorf("the bucket was asked for %d times", len(fake.queries))
	}
}

// What is in doubt is not clean: a source that is behind, a resource that may be one of two, a shape that nobody documented.
func TestRecordedInDoubt(t *testing.T) {
	t.Parallel()
	fake := &fakeConfig{status: configtypes.AggregatedSourceStatusTypeOutdated, results: []string{
		`{"accountId":"1","awsRegion":"eu-west-1","resourceId":"sg-1","configuration":{"ipPermissions":{"x":1}}}`,
		`{"accountId":"1","awsRegion":"eu-west-1","resourceId":"sg-2","configuration":{}}`,
		`{"accountId":"2","awsRegion":"eu-west-1","resourceId":"sg-2","configuration":{}}`,
		`{"accountId":"1","awsRegion":"eu-west-1","resourceId":"sg-3","configurationItemStatus":"ResourceNotRecorded","configuration":{}}`,
		`{"accountId":"1","awsRegion":"eu-west-1","resourceId":"sg-4","configurationItemStatus":"ResourceDeleted"}`,
	}}
	resources := []Resource{
		{Address: "g.shape", ID: "sg-1", AccountID: "1", Region: "eu-west-1"},
		{Address: "g.two", ID: "sg-2"},
		{Address: "g.unrecorded", ID: "sg-3", AccountID: "1", Region: "eu-west-1"},
		{Address: "g.deleted", ID: "sg-4", AccountID: "1", Region: "eu-west-1"},
		{Address: "g.behind", ID: "sg-5", AccountID: "9", Region: "eu-west-1"},
		{Address: "g.where", ID: "sg-6"},
	}
	outcomes, err := recordedReaderOf(fake).Read(t.Context(), Batch{Type: "aws_security_group", Caller: caller(2, account), Resources: resources})
	if err != nil {
		t.Fatal(err)
	}
	for address, reason := range map[Address]string{
		"g.shape": "another shape", "g.two": "several of this name", "g.unrecorded": "does not record it", "g.behind": "not up to date", "g.where": "does not tell its account",
	} {
		if outcome := outcomes[address]; outcome.Status != Unverified || !strings.Contains(outcome.Reason, reason) {
			t.Errorf("%s: %+v", address, outcome)
		}
	}
	if outcomes["g.deleted"].Status != Deleted {
		t.Errorf("what AWS Config calls deleted: %+v", outcomes["g.deleted"])
	}
	fake.refuse = refused("Config Service", "SelectAggregateResourceConfig", "AccessDeniedException")
	if _, err := recordedReaderOf(fake).Read(t.Context(), Batch{Type: "aws_security_group", Caller: caller(2, account), Resources: resources}); err == nil {
		t.Error("a refusal is an error")
	}
}
