package traffic_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// zone is a hosted zone in memory that takes batches whole or not at all.
type zone struct {
	records []types.ResourceRecordSet
	pending int // GetChange answers PENDING so often
	calls   []string
	batches [][]types.Change
	page    int // records a page; 0 is all
	// fault spoils the next ChangeResourceRecordSets; late: after it took effect.
	fault error
	late  bool
	gone  bool
}

func (z *zone) ListResourceRecordSets(_ context.Context, in *route53.ListResourceRecordSetsInput, _ ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error) {
	z.calls = append(z.calls, "list")
	if z.gone {
		return nil, &smithy.OperationError{ServiceID: "Route 53", OperationName: "ListResourceRecordSets", Err: &types.NoSuchHostedZone{}}
	}
	from := 0
	for i, record := range z.records {
		if traffic.NormalName(*record.Name) == *in.StartRecordName && record.Type == in.StartRecordType &&
			(in.StartRecordIdentifier == nil || aws.ToString(record.SetIdentifier) == *in.StartRecordIdentifier) {
			from = i
			break
		}
	}
	found := z.records[from:]
	out := &route53.ListResourceRecordSetsOutput{ResourceRecordSets: found}
	if z.page > 0 && len(found) > z.page {
		next := found[z.page]
		out.ResourceRecordSets, out.IsTruncated = found[:z.page], true
		out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier = aws.String(traffic.NormalName(*next.Name)), next.Type, next.SetIdentifier
	}
	return out, nil
}

func (z *zone) ChangeResourceRecordSets(_ context.Context, in *route53.ChangeResourceRecordSetsInput, _ ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error) {
	z.calls = append(z.calls, "change")
	fault := z.fault
	z.fault = nil
	if fault != nil && !z.late {
		return nil, fault
	}
	next := slices.Clone(z.records)
	for _, change := range in.ChangeBatch.Changes {
		at := slices.IndexFunc(next, func(r types.ResourceRecordSet) bool {
			return aws.ToString(r.SetIdentifier) == aws.ToString(change.ResourceRecordSet.SetIdentifier) && r.Type == change.ResourceRecordSet.Type
		})
		switch {
		case change.Action == types.ChangeActionDelete && at >= 0 && reflect.DeepEqual(next[at], *change.ResourceRecordSet):
			next = slices.Delete(next, at, at+1)
		case change.Action == types.ChangeActionCreate && at < 0:
			next = append(next, *change.ResourceRecordSet)
		default:
			return nil, &smithy.OperationError{ServiceID: "Route 53", OperationName: "ChangeResourceRecordSets", Err: &types.InvalidChangeBatch{}}
		}
	}
	z.records = next
	z.batches = append(z.batches, in.ChangeBatch.Changes)
	if fault != nil {
		return nil, fault
	}
	return &route53.ChangeResourceRecordSetsOutput{ChangeInfo: &types.ChangeInfo{
		Id: aws.String(fmt.Sprintf("/change/C%d", len(z.batches))), Status: types.ChangeStatusPending,
	}}, nil
}

func (z *zone) GetChange(_ context.Context, in *route53.GetChangeInput, _ ...func(*route53.Options)) (*route53.GetChangeOutput, error) {
	z.calls = append(z.calls, "get "+*in.Id)
	status := types.ChangeStatusInsync
	if z.pending > 0 {
		z.pending--
		status = types.ChangeStatusPending
	}
	return &route53.GetChangeOutput{ChangeInfo: &types.ChangeInfo{Id: in.Id, Status: status}}, nil
}

func weighted(id string, weight int64) types.ResourceRecordSet {
	return types.ResourceRecordSet{
		Name: aws.String("www.example.com."), Type: types.RRTypeA, SetIdentifier: aws.String(id), Weight: aws.Int64(weight), TTL: aws.Int64(30),
		HealthCheckId: aws.String("hc-" + id), ResourceRecords: []types.ResourceRecord{{Value: aws.String("192.0.2.1")}, {Value: aws.String("192.0.2.2")}},
	}
}

func alias(id string, weight int64, hostedZone, name string) types.ResourceRecordSet {
	record := weighted(id, weight)
	record.TTL, record.ResourceRecords = nil, nil
	record.AliasTarget = &types.AliasTarget{DNSName: aws.String(name), HostedZoneId: aws.String(hostedZone), EvaluateTargetHealth: true}
	return record
}

func cname(id string, value string) types.ResourceRecordSet {
	record := weighted(id, 1)
	record.Type, record.ResourceRecords = types.RRTypeCname, []types.ResourceRecord{{Value: aws.String(value)}}
	return record
}

func router(z *zone, kind string) *traffic.Route53 {
	return traffic.NewRoute53(z, clock.System{}, traffic.Route53Target{ZoneID: "/hostedzone/Z1", Name: "WWW.example.com", Type: kind, BlueID: "b", GreenID: "g"})
}

func TestNormalName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"*.Example.com", `\052.example.com.`, "*.example.com."} {
		equal(t, name, traffic.NormalName(name), "*.example.com.")
	}
}

func TestRoute53ReadsWeightsAsPercent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		blue, green int64
		want        traffic.Weights
	}{
		{100, 0, traffic.Weights{Blue: 100}},
		{1, 0, traffic.Weights{Blue: 100}},
		{0, 255, traffic.Weights{Green: 100}},
		{0, 0, traffic.Weights{Blue: 50, Green: 50}},
		{255, 1, traffic.Weights{Blue: 99, Green: 1}},
		{1, 255, traffic.Weights{Blue: 1, Green: 99}},
		{1, 2, traffic.Weights{Blue: 33, Green: 67}},
		{90, 10, traffic.Weights{Blue: 90, Green: 10}},
	} {
		z := &zone{records: []types.ResourceRecordSet{weighted("b", test.blue), weighted("g", test.green)}}
		state, err := router(z, "A").Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprint(test.blue, test.green), state.Weights, test.want)
		equal(t, "TTL", state.Propagation, 30*time.Second)
		equal(t, "calls", z.calls, []string{"list"})
	}
}

func TestRoute53SetKeepsEveryField(t *testing.T) {
	t.Parallel()
	for name, records := range map[string][]types.ResourceRecordSet{
		"values": {weighted("b", 100), weighted("g", 0)},
		"alias":  {alias("b", 100, "Z35SXDOTRQ7X7K", "blue.elb.amazonaws.com."), alias("g", 0, "Z35SXDOTRQ7X7K", "green.elb.amazonaws.com.")},
	} {
		z := &zone{records: slices.Clone(records), pending: 2}
		synctest.Test(t, func(t *testing.T) {
			r := router(z, "A")
			state, err := r.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			change, err := r.Set(t.Context(), traffic.On(traffic.Green, 10), state.Precondition)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Wait(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			equal(t, name+" change", change.State.Weights, traffic.On(traffic.Green, 10))
			equal(t, name+" calls", z.calls, []string{"list", "change", "get C1", "get C1", "get C1"})
			for i, weight := range []int64{90, 10} {
				want := records[i]
				want.Weight = aws.Int64(weight)
				if !reflect.DeepEqual(z.records[i], want) {
					t.Errorf("%s: %+v became %+v", name, records[i], z.records[i])
				}
			}
			var actions []string
			for _, c := range z.batches[0] {
				actions = append(actions, string(c.Action))
			}
			equal(t, name+" batch", actions, []string{"DELETE", "DELETE", "CREATE", "CREATE"})
			// The change is the precondition of the next one: no read in between.
			if _, err := r.Set(t.Context(), traffic.On(traffic.Blue, 100), change.State.Precondition); err != nil {
				t.Errorf("%s: the next step: %v", name, err)
			}
		})
	}
}

func TestRoute53RefusesToOverwrite(t *testing.T) {
	t.Parallel()
	z := &zone{records: []types.ResourceRecordSet{weighted("b", 100), weighted("g", 0)}}
	r := router(z, "A")
	state, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	z.records[1].Weight = aws.Int64(7)
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition); !errors.Is(err, traffic.ErrConcurrentChange) {
		t.Fatalf("error %v", err)
	}
	equal(t, "weight", *z.records[1].Weight, 7)
	z.records = z.records[:1]
	if _, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition); !errors.Is(err, traffic.ErrConcurrentChange) || !errors.Is(err, traffic.ErrMissing) {
		t.Fatalf("a record that went away: %v", err)
	}
}

func TestRoute53TellsARefusalFromAConcurrentChange(t *testing.T) {
	t.Parallel()
	refusal := &smithy.OperationError{ServiceID: "Route 53", OperationName: "ChangeResourceRecordSets", Err: &types.InvalidChangeBatch{Messages: []string{"no"}}}
	z := &zone{records: []types.ResourceRecordSet{weighted("b", 100), weighted("g", 0)}, fault: refusal}
	r := router(z, "A")
	state, _ := r.Read(t.Context())
	_, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition)
	if errors.Is(err, traffic.ErrConcurrentChange) || !errors.Is(err, refusal) {
		t.Fatalf("error %v", err)
	}
	// The answer to a batch was lost and the retry is refused, because the first try was carried out.
	z.fault, z.late = refusal, true
	change, err := r.Set(t.Context(), traffic.On(traffic.Green, 100), state.Precondition)
	if err != nil || change.ID == "" || change.State.Weights.Green != 100 {
		t.Fatalf("%+v, %v", change, err)
	}
}

func TestRoute53NamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	other := weighted("x", 1)
	other.Name = aws.String("zzz.example.com.")
	for name, test := range map[string]struct {
		zone *zone
		want []string
	}{
		"zone":   {&zone{gone: true}, []string{"hosted zone Z1"}},
		"record": {&zone{records: []types.ResourceRecordSet{other}}, []string{"www.example.com A", "Z1"}},
		"green":  {&zone{records: []types.ResourceRecordSet{weighted("b", 1)}}, []string{"green", `"g"`}},
		"blue":   {&zone{records: []types.ResourceRecordSet{weighted("g", 1)}}, []string{"blue", `"b"`}},
		"both":   {&zone{records: []types.ResourceRecordSet{weighted("x", 1)}}, []string{`"b"`, `"g"`}},
	} {
		_, err := router(test.zone, "A").Read(t.Context())
		if !errors.Is(err, traffic.ErrMissing) {
			t.Fatalf("%s: %v", name, err)
		}
		for _, word := range test.want {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q is not in %q", name, word, err)
			}
		}
	}
}

func TestRoute53ReadsOnWhenTheNameHasManyRecords(t *testing.T) {
	t.Parallel()
	z := &zone{page: 2, records: []types.ResourceRecordSet{weighted("a", 0), weighted("b", 100), weighted("c", 0), weighted("g", 0)}}
	state, err := router(z, "A").Read(t.Context())
	if err != nil || state.Weights.Blue != 100 || len(state.Unfit) > 0 {
		t.Fatalf("%+v, %v", state, err)
	}
	equal(t, "calls", z.calls, []string{"list", "list"})
}

func TestRoute53KnowsWhatMustNotBeSwitched(t *testing.T) {
	t.Parallel()
	slow := weighted("g", 1)
	slow.TTL = aws.Int64(300)
	latency := weighted("g", 1)
	latency.Weight, latency.Region = nil, types.ResourceRecordSetRegionEuWest1
	const cloudFront = "Z2FDTNDATAQYW2"
	for name, test := range map[string]struct {
		records []types.ResourceRecordSet
		kind    string
		want    []traffic.UnfitReason
	}{
		"sound":        {[]types.ResourceRecordSet{weighted("b", 1), weighted("g", 1)}, "A", nil},
		"zero third":   {[]types.ResourceRecordSet{weighted("b", 1), weighted("g", 1), weighted("x", 0)}, "A", nil},
		"third":        {[]types.ResourceRecordSet{weighted("b", 1), weighted("g", 1), weighted("x", 5)}, "A", []traffic.UnfitReason{traffic.UnfitThird}},
		"TTL":          {[]types.ResourceRecordSet{weighted("b", 1), slow}, "A", []traffic.UnfitReason{traffic.UnfitTTL}},
		"alias TTL":    {[]types.ResourceRecordSet{alias("b", 1, "Z35", "x.elb.amazonaws.com."), weighted("g", 1)}, "A", []traffic.UnfitReason{traffic.UnfitTTL}},
		"latency":      {[]types.ResourceRecordSet{weighted("b", 1), latency}, "A", []traffic.UnfitReason{traffic.UnfitRouting}},
		"cloudfront":   {[]types.ResourceRecordSet{alias("b", 1, cloudFront, "d1.cloudfront.net."), alias("g", 1, cloudFront, "d2.cloudfront.net.")}, "A", []traffic.UnfitReason{traffic.UnfitCloudFront}},
		"one":          {[]types.ResourceRecordSet{alias("b", 1, cloudFront, "d1.cloudfront.net."), alias("g", 1, "Z35", "x.elb.amazonaws.com.")}, "A", nil},
		"cname":        {[]types.ResourceRecordSet{cname("b", "D1.cloudfront.net"), cname("g", "d2.cloudfront.net.")}, "CNAME", []traffic.UnfitReason{traffic.UnfitCloudFront}},
		"cname beside": {[]types.ResourceRecordSet{cname("b", "a.example.net"), cname("g", "b.example.net")}, "CNAME", nil},
	} {
		state, err := router(&zone{records: test.records}, test.kind).Read(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var reasons []traffic.UnfitReason
		for _, unfit := range state.Unfit {
			reasons = append(reasons, unfit.Reason)
		}
		equal(t, name, reasons, test.want)
	}
}

func TestRoute53GivesUpWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		z := &zone{pending: 1 << 30}
		err := router(z, "A").Wait(t.Context(), traffic.Change{ID: "C1", Label: "Route 53 change C1"})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("error %v", err)
		}
	})
}

func TestASwitchOverRoute53CostsFewCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		z := &zone{records: []types.ResourceRecordSet{weighted("b", 100), weighted("g", 0)}, pending: 1}
		request := toGreen()
		request.Routes = []traffic.Route{{Key: "www", Router: router(z, "A")}}
		if _, err := traffic.Switch(t.Context(), request, newBench().options()); err != nil {
			t.Fatal(err)
		}
		equal(t, "forward", z.calls, []string{"list", "change", "get C1", "get C1", "list"})

		z = &zone{records: []types.ResourceRecordSet{weighted("b", 100), weighted("g", 0)}}
		request.Routes[0].Router = router(z, "A")
		request.Check = healthyUntil(100)
		outcome, err := traffic.Switch(t.Context(), request, newBench().options())
		if err == nil || outcome.Status != traffic.StatusReverted {
			t.Fatalf("%+v, %v", outcome, err)
		}
		equal(t, "the way back is the last two", z.calls, []string{"list", "change", "get C1", "change", "get C2"})
	})
}
