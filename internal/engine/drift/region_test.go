package drift

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// A Region that the account has not enabled knows no credentials. What lies there is not verified; the rest is compared.
func TestARegionThatIsOff(t *testing.T) {
	t.Parallel()
	for code, words := range map[string]string{
		"AuthFailure": "has not enabled", "UnrecognizedClientException": "has not enabled", "InvalidClientTokenId": "has not enabled", "OptInRequired": "has not enabled this Region",
	} {
		off := &smithy.OperationError{ServiceID: "EC2", OperationName: "DescribeVpcs", Err: &smithy.GenericAPIError{Code: code}}
		result, err := look(t, func(batch live.Batch) (map[live.Address]live.Outcome, error) {
			if batch.Region == "us-west-2" {
				return nil, off
			}
			return inSync(batch)
		})
		if err != nil {
			t.Fatalf("%s: %v", code, err)
		}
		if len(result.Items) != 0 || len(result.Unverified) != 1 || result.Unverified[0].Address != "aws_vpc.west" || !strings.Contains(result.Unverified[0].Reason, words) || result.CoveragePercent() == 100 {
			t.Errorf("%s: %+v", code, result)
		}
		// Where every Region of the state is off, the credentials are asked for by themselves: known elsewhere, they are good.
		everywhere := func(live.Batch) (map[live.Address]live.Outcome, error) { return nil, off }
		result, err = look(t, everywhere)
		if err != nil || len(result.Unverified) != 9 || len(result.Items) != 0 {
			t.Errorf("%s everywhere: %v", code, err)
		}
		unknown := func(o *Options) { o.Account = func(context.Context) (string, error) { return "", off } }
		var unreachable *UnreachableError
		if _, err := look(t, everywhere, unknown); errors.As(err, &unreachable) != (code != "OptInRequired") {
			t.Errorf("%s, and nobody knows the credentials: %v", code, err)
		}
	}
}

// Every Region that the state names is read in itself, whatever the provider's own is.
func TestSeveralRegionsAreReadEachInItself(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 20)
	if _, err := look(t, func(batch live.Batch) (map[live.Address]live.Outcome, error) {
		asked <- batch.Region
		return inSync(batch)
	}); err != nil {
		t.Fatal(err)
	}
	close(asked)
	var regions []string
	for region := range asked {
		regions = append(regions, region)
	}
	slices.Sort(regions)
	if got := slices.Compact(regions); !slices.Equal(got, []string{"us-east-1", "us-west-2"}) {
		t.Errorf("read in %v; the provider's own is eu-west-1", got)
	}
}
