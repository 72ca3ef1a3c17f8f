package drift

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// Why people left other drift detectors, each with a test. What several Regions take is in region_test.go; how few calls groups and
// rules take is in live/predecessors_test.go.

// snyk/driftctl compared what exists, and not how it is set up.
func TestPredecessorsMoreThanExistence(t *testing.T) {
	t.Parallel()
	result, err := look(t, changed)
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{}
	for _, item := range result.Items {
		for _, change := range item.Changes {
			paths[string(item.Address)+" "+change.Path] = true
		}
	}
	if !paths[`aws_lambda_function.fn["a"] memory_size`] || !paths["aws_security_group.web ingress"] {
		t.Errorf("found %v", paths)
	}
}

// snyk/driftctl#1671: it decoded a state by the schema of one provider version, and ended at the next one. Here whatever version wrote it,
// with attributes that nobody has heard of and without others, is read; what it does not hold is not compared.
func TestPredecessorsStatesOfAnyProviderVersion(t *testing.T) {
	t.Parallel()
	for name, instance := range map[string]string{
		"a schema version of long ago": `{"schema_version":0,"attributes":{"id":"vpc-1"}}`,
		"one of years from now":        `{"schema_version":99,"attributes":{"id":"vpc-1","enable_dns_support":true,"quantum_mode":{"on":[[1,{"a":null}]]},"region":"us-east-1"}}`,
		"none at all":                  `{"attributes":{"id":"vpc-1","enable_dns_support":null,"tags":null}}`,
		"flat ones, as before 0.12":    `{"schema_version":1,"attributes":{"id":"vpc-1"},"attributes_flat":{"id":"vpc-1","tags.%":"1"}}`,
		"another kind of value":        `{"schema_version":1,"attributes":{"id":"vpc-1","enable_dns_support":"true","tags":["a"],"tags_all":"b","instance_tenancy":["default"]}}`,
		"an identity, as from 1.12":    `{"schema_version":1,"attributes":{"id":"vpc-1"},"identity_schema_version":0,"identity":{"id":"vpc-1"}}`,
	} {
		state, err := ReadState(strings.NewReader(`{"version":4,"terraform_version":"1.99.0","resources":[{"mode":"managed","type":"aws_vpc","name":"a","instances":[`+instance+`]}]}`), specs())
		if err != nil || len(state.Resources) != 1 || state.Resources[0].ID != "vpc-1" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		result, err := look(t, inSync, func(o *Options) { o.State = state })
		if err != nil || result.Checked != 1 || len(result.Unverified) != 0 {
			t.Errorf("%s: %+v %v", name, result, err)
		}
	}
	// A state that holds only flat attributes holds no id: the resource is skipped, and said to be.
	state, err := ReadState(strings.NewReader(`{"version":4,"resources":[{"mode":"managed","type":"aws_vpc","name":"a","instances":[{"schema_version":1,"attributes_flat":{"id":"vpc-1"}}]}]}`), specs())
	if err != nil || len(state.Resources) != 0 || state.Unread["aws_vpc"][noID] != 1 {
		t.Errorf("flat attributes alone: %+v %v", state, err)
	}
}

// snyk/driftctl#1173: it looked with one role. Here each account is read through its own, side by side.
func TestPredecessorsSeveralRoles(t *testing.T) {
	t.Parallel()
	var lock sync.Mutex
	asked := map[string][]string{}
	through := func(role string) []live.Reader {
		return fakeReaders(func(batch live.Batch) (map[live.Address]live.Outcome, error) {
			lock.Lock()
			for _, resource := range batch.Resources {
				asked[role] = append(asked[role], string(resource.Address))
			}
			lock.Unlock()
			return inSync(batch)
		})
	}
	result, err := look(t, nil, func(o *Options) {
		for i, resource := range o.State.Resources {
			if resource.Address == "aws_vpc.west" {
				o.State.Resources[i].AccountID = "111111111111"
			}
			if resource.Address == "aws_vpc.main" {
				o.State.Resources[i].AccountID = "222222222222"
			}
		}
		own := func(id string) func(context.Context) (string, error) {
			return func(context.Context) (string, error) { return id, nil }
		}
		o.Readers = through("own")
		o.Accounts = map[string]Account{"111111111111": {through("one"), own("111111111111")}, "222222222222": {through("two"), own("222222222222")}}
	})
	if err != nil || len(result.Unverified) != 0 || len(result.Items) != 0 {
		t.Fatalf("%+v %v", result, err)
	}
	if !slices.Equal(asked["one"], []string{"aws_vpc.west"}) || !slices.Equal(asked["two"], []string{"aws_vpc.main"}) || slices.Contains(asked["own"], "aws_vpc.west") || len(asked["own"]) == 0 {
		t.Errorf("asked %v", asked)
	}
}

// snyk/driftctl#1344: throttled at about 100 resources it ended. Here what was throttled is not verified, and the rest is compared.
func TestPredecessorsThrottling(t *testing.T) {
	t.Parallel()
	throttled := &smithy.OperationError{ServiceID: "EC2", OperationName: "DescribeSecurityGroups", Err: &smithy.GenericAPIError{Code: "RequestLimitExceeded"}}
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, `,{"mode":"managed","type":"aws_security_group","name":"g%d","instances":[{"attributes":{"id":"sg-%d"}}]}`, i, i)
	}
	state, err := ReadState(strings.NewReader(`{"version":4,"resources":[{"mode":"managed","type":"aws_vpc","name":"a","instances":[{"attributes":{"id":"vpc-1"}}]}`+text.String()+`]}`), specs())
	if err != nil {
		t.Fatal(err)
	}
	result, err := look(t, func(batch live.Batch) (map[live.Address]live.Outcome, error) {
		if batch.Type == "aws_security_group" {
			return nil, throttled
		}
		return inSync(batch)
	}, func(o *Options) { o.State = state })
	if err != nil || result.Checked != 1 || len(result.Unverified) != 300 || len(result.Items) != 0 || !strings.Contains(result.Unverified[0].Reason, "throttled") {
		t.Errorf("%d checked, %d unverified, %v", result.Checked, len(result.Unverified), err)
	}
}

// tfdrift-falco knows drift by the events of a list, and misses what the list lacks. Here drift is what differs; an event only tells who it
// was, whatever it is called.
func TestPredecessorsNoListOfEvents(t *testing.T) {
	t.Parallel()
	text := `{"userIdentity":{"arn":"arn:aws:iam::123456789012:user/eve"},"userAgent":"aws-cli","requestParameters":{"groupId":"sg-1"}}`
	found := newest([]types.Event{{EventName: aws.String("AnOperationOf2031"), EventTime: aws.Time(now), CloudTrailEvent: &text}}, []string{"sg-1"}, Changed)
	if found == nil || found.Event != "AnOperationOf2031" || found.Who != "arn:aws:iam::123456789012:user/eve" {
		t.Errorf("%+v", found)
	}
	result, err := look(t, changed) // no event at all is asked for
	if err != nil || len(result.Items) == 0 {
		t.Errorf("%+v %v", result, err)
	}
}
