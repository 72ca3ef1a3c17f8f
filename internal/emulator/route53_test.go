package emulator_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

func zone(t *testing.T, client *route53.Client, name string) string {
	t.Helper()
	created := must[*route53.CreateHostedZoneOutput](t)(client.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: aws.String(name), CallerReference: aws.String(t.Name()),
	}))
	if created.ChangeInfo.Status != types.ChangeStatusPending {
		t.Errorf("a new zone is %s, want PENDING", created.ChangeInfo.Status)
	}
	return aws.ToString(created.HostedZone.Id)
}

func record(name, value string) *types.ResourceRecordSet {
	return &types.ResourceRecordSet{
		Name: aws.String(name), Type: types.RRTypeA, TTL: aws.Int64(5), ResourceRecords: []types.ResourceRecord{{Value: aws.String(value)}},
	}
}

func weighted(name, id, value string, weight int64) *types.ResourceRecordSet {
	set := record(name, value)
	set.SetIdentifier, set.Weight = aws.String(id), aws.Int64(weight)
	return set
}

func change(action types.ChangeAction, set *types.ResourceRecordSet) types.Change {
	return types.Change{Action: action, ResourceRecordSet: set}
}

const (
	create = types.ChangeActionCreate
	upsert = types.ChangeActionUpsert
	remove = types.ChangeActionDelete
)

func apply(t *testing.T, client *route53.Client, zoneID string, changes ...types.Change) (*route53.ChangeResourceRecordSetsOutput, error) {
	t.Helper()
	return client.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(zoneID), ChangeBatch: &types.ChangeBatch{Changes: changes},
	})
}

// weights returns the weights under a name, by set identifier.
func weights(t *testing.T, client *route53.Client, zoneID, name string) map[string]int64 {
	t.Helper()
	listed := must[*route53.ListResourceRecordSetsOutput](t)(client.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(zoneID), StartRecordName: aws.String(name), StartRecordType: types.RRTypeA,
	}))
	found := map[string]int64{}
	for _, set := range listed.ResourceRecordSets {
		if aws.ToString(set.Name) == name && set.Type == types.RRTypeA {
			found[aws.ToString(set.SetIdentifier)] = aws.ToInt64(set.Weight)
		}
	}
	return found
}

func TestRoute53Refuses(t *testing.T) {
	client := route53.NewFromConfig(shared.AWSConfig())
	zoneID := zone(t, client, "refuses.test")
	must[*route53.ChangeResourceRecordSetsOutput](t)(apply(t, client, zoneID,
		change(create, record("simple.refuses.test", "192.0.2.1")),
		change(create, weighted("app.refuses.test", "blue", "192.0.2.1", 100)),
		change(create, weighted("app.refuses.test", "green", "192.0.2.2", 0)),
	))
	latency := record("app.refuses.test", "192.0.2.3")
	latency.SetIdentifier, latency.Region = aws.String("far"), types.ResourceRecordSetRegionEuWest1
	near := record("latency.refuses.test", "192.0.2.3")
	near.SetIdentifier, near.Region = aws.String("near"), types.ResourceRecordSetRegionEuWest1
	nearer := *near
	nearer.SetIdentifier = aws.String("nearer")
	nameless := record("app.refuses.test", "192.0.2.3")
	nameless.Weight = aws.Int64(1)
	alias := record("simple.refuses.test", "192.0.2.1")
	cname := &types.ResourceRecordSet{
		Name: aws.String("simple.refuses.test"), Type: types.RRTypeCname, TTL: aws.Int64(5), ResourceRecords: []types.ResourceRecord{{Value: aws.String("elsewhere.test")}},
	}
	alias.AliasTarget = &types.AliasTarget{DNSName: aws.String("app.refuses.test"), HostedZoneId: aws.String("Z1")}
	cases := map[string]struct {
		code, message string
		changes       []types.Change
	}{
		"create twice":                {"InvalidChangeBatch", "but it already exists", []types.Change{change(create, record("simple.refuses.test", "192.0.2.9"))}},
		"same set identifier":         {"InvalidChangeBatch", "but it already exists", []types.Change{change(create, weighted("app.refuses.test", "blue", "192.0.2.9", 1))}},
		"same twice in a batch":       {"InvalidChangeBatch", "invalid set of changes", []types.Change{change(upsert, record("twice.refuses.test", "192.0.2.1")), change(upsert, record("twice.refuses.test", "192.0.2.2"))}},
		"delete other weight":         {"InvalidChangeBatch", "do not match the current values", []types.Change{change(remove, weighted("app.refuses.test", "blue", "192.0.2.1", 99))}},
		"delete other value":          {"InvalidChangeBatch", "do not match the current values", []types.Change{change(remove, record("simple.refuses.test", "192.0.2.9"))}},
		"delete nothing":              {"InvalidChangeBatch", "but it was not found", []types.Change{change(remove, record("none.refuses.test", "192.0.2.1"))}},
		"simple next to weighted":     {"InvalidChangeBatch", "cannot be created", []types.Change{change(upsert, record("app.refuses.test", "192.0.2.9"))}},
		"weighted next to simple":     {"InvalidChangeBatch", "cannot be created", []types.Change{change(create, weighted("simple.refuses.test", "blue", "192.0.2.9", 1))}},
		"mixed policies":              {"InvalidChangeBatch", "cannot be created", []types.Change{change(create, latency)}},
		"same region twice":           {"InvalidChangeBatch", "and region already exists", []types.Change{change(create, near), change(create, &nearer)}},
		"weight too large":            {"InvalidInput", "from 0 to 255", []types.Change{change(upsert, weighted("app.refuses.test", "blue", "192.0.2.1", 256))}},
		"weight without identifier":   {"InvalidInput", "SetIdentifier", []types.Change{change(create, nameless)}},
		"values and alias":            {"InvalidInput", "AliasTarget", []types.Change{change(upsert, alias)}},
		"another zone":                {"InvalidChangeBatch", "is not permitted in zone", []types.Change{change(create, record("a.elsewhere.test", "192.0.2.1"))}},
		"not an address":              {"InvalidChangeBatch", "not a valid IPv4", []types.Change{change(create, record("bad.refuses.test", "nowhere"))}},
		"cname beside another record": {"InvalidChangeBatch", "conflicting RRSet", []types.Change{change(create, cname)}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := apply(t, client, zoneID, test.changes...)
			wantCode(t, err, test.code)
			if !strings.Contains(err.Error(), test.message) {
				t.Errorf("error %v, want %q in it", err, test.message)
			}
		})
	}
	var typed *types.InvalidChangeBatch
	if _, err := apply(t, client, zoneID, cases["create twice"].changes...); !errors.As(err, &typed) {
		t.Errorf("error %v is not InvalidChangeBatch", err)
	}
	_, err := apply(t, client, "ZNONE", change(create, record("a.refuses.test", "192.0.2.1")))
	wantCode(t, err, "NoSuchHostedZone")
}

// The compare-and-swap of a weighted pair: exact old values out, new values in, both records, one batch.
func TestRoute53BatchIsAtomic(t *testing.T) {
	client := route53.NewFromConfig(shared.AWSConfig())
	zoneID := zone(t, client, "atomic.test")
	for _, other := range []string{"app.atomic.test.", "other.atomic.test."} {
		must[*route53.ChangeResourceRecordSetsOutput](t)(apply(t, client, zoneID,
			change(create, weighted(other, "blue", "192.0.2.1", 100)), change(create, weighted(other, "green", "192.0.2.2", 0))))
	}
	swap := []types.Change{
		change(remove, weighted("app.atomic.test", "blue", "192.0.2.1", 100)),
		change(remove, weighted("app.atomic.test", "green", "192.0.2.2", 0)),
		change(create, weighted("app.atomic.test", "blue", "192.0.2.1", 90)),
		change(create, weighted("app.atomic.test", "green", "192.0.2.2", 10)),
	}
	must[*route53.ChangeResourceRecordSetsOutput](t)(apply(t, client, zoneID, swap...))
	want := map[string]int64{"blue": 90, "green": 10}
	if got := weights(t, client, zoneID, "app.atomic.test."); got["blue"] != 90 || got["green"] != 10 || len(got) != 2 {
		t.Fatalf("weights %v, want %v", got, want)
	}
	_, err := apply(t, client, zoneID, swap...)
	wantCode(t, err, "InvalidChangeBatch")
	_, err = apply(t, client, zoneID,
		change(create, record("new.atomic.test", "192.0.2.3")), change(remove, weighted("app.atomic.test", "green", "192.0.2.2", 11)))
	wantCode(t, err, "InvalidChangeBatch")
	if got := weights(t, client, zoneID, "app.atomic.test."); got["blue"] != 90 || got["green"] != 10 {
		t.Errorf("a refused batch left weights %v, want %v", got, want)
	}
	if got := weights(t, client, zoneID, "new.atomic.test."); len(got) != 0 {
		t.Errorf("a refused batch left %v", got)
	}
	if got := weights(t, client, zoneID, "other.atomic.test."); got["blue"] != 100 || len(got) != 2 {
		t.Errorf("the other name has weights %v", got)
	}
}

func TestRoute53ChangePropagates(t *testing.T) {
	client := route53.NewFromConfig(shared.AWSConfig())
	zoneID := zone(t, client, "propagates.test")
	changed := must[*route53.ChangeResourceRecordSetsOutput](t)(apply(t, client, zoneID, change(upsert, record("a.propagates.test", "192.0.2.1"))))
	id := changed.ChangeInfo.Id
	if changed.ChangeInfo.Status != types.ChangeStatusPending {
		t.Errorf("the answer says %s, want PENDING", changed.ChangeInfo.Status)
	}
	got := must[*route53.GetChangeOutput](t)(client.GetChange(t.Context(), &route53.GetChangeInput{Id: id}))
	if got.ChangeInfo.Status != types.ChangeStatusPending {
		t.Errorf("at once it is %s, want PENDING", got.ChangeInfo.Status)
	}
	deadline := time.Now().Add(5 * time.Second)
	for got.ChangeInfo.Status != types.ChangeStatusInsync {
		if time.Now().After(deadline) {
			t.Fatal("the change never came to INSYNC")
		}
		got = must[*route53.GetChangeOutput](t)(client.GetChange(t.Context(), &route53.GetChangeInput{Id: id}))
	}
	if elapsed := time.Since(*got.ChangeInfo.SubmittedAt); elapsed < 50*time.Millisecond {
		t.Errorf("INSYNC after %v, before the propagation time", elapsed)
	}
	_, err := client.GetChange(t.Context(), &route53.GetChangeInput{Id: aws.String("C0NOSUCHCHANGE")})
	wantCode(t, err, "NoSuchChange")
}

// A caller that says what time it is sees its change propagate by that time, however long that takes on the machine.
func TestRoute53PropagatesByTheCallersClock(t *testing.T) {
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	config := shared.AWSConfig()
	config.APIOptions = append(config.APIOptions, func(stack *middleware.Stack) error {
		return stack.Build.Add(middleware.BuildMiddlewareFunc("time", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
			in.Request.(*smithyhttp.Request).Header.Set(emulator.TimeHeader, at.Format(time.RFC3339Nano))
			return next.HandleBuild(ctx, in)
		}), middleware.After)
	})
	client := route53.NewFromConfig(config)
	changed := must[*route53.ChangeResourceRecordSetsOutput](t)(apply(t, client, zone(t, client, "clock.test"), change(create, record("a.clock.test", "192.0.2.1"))))
	for _, step := range []struct {
		after time.Duration
		want  types.ChangeStatus
	}{{0, types.ChangeStatusPending}, {299 * time.Millisecond, types.ChangeStatusPending}, {time.Millisecond, types.ChangeStatusInsync}} {
		at = at.Add(step.after)
		if got := must[*route53.GetChangeOutput](t)(client.GetChange(t.Context(), &route53.GetChangeInput{Id: changed.ChangeInfo.Id})); got.ChangeInfo.Status != step.want {
			t.Errorf("at %s it is %s, want %s", at, got.ChangeInfo.Status, step.want)
		}
	}
}

func TestRoute53ListAndDelete(t *testing.T) {
	client := route53.NewFromConfig(shared.AWSConfig())
	zoneID := zone(t, client, "list.test")
	wildcard := record("*.list.test", "192.0.2.7")
	must[*route53.ChangeResourceRecordSetsOutput](t)(apply(t, client, zoneID,
		change(create, record("B.list.test", "192.0.2.1")), change(create, record("a.b.list.test", "192.0.2.2")),
		change(create, record("c.list.test", "192.0.2.3")), change(create, wildcard)))
	var names []string
	pages := route53.NewListResourceRecordSetsPaginator(client, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(zoneID), MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		page := must[*route53.ListResourceRecordSetsOutput](t)(pages.NextPage(t.Context()))
		if len(page.ResourceRecordSets) > 2 {
			t.Errorf("a page of %d", len(page.ResourceRecordSets))
		}
		for _, set := range page.ResourceRecordSets {
			names = append(names, aws.ToString(set.Name))
		}
	}
	want := []string{"list.test.", "list.test.", `\052.list.test.`, "b.list.test.", "a.b.list.test.", "c.list.test."}
	if !slices.Equal(names, want) {
		t.Errorf("names %v, want %v", names, want)
	}
	described := must[*route53.GetHostedZoneOutput](t)(client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String(zoneID)}))
	if got := aws.ToInt64(described.HostedZone.ResourceRecordSetCount); got != 6 {
		t.Errorf("the zone counts %d records, want 6", got)
	}
	_, err := client.DeleteHostedZone(t.Context(), &route53.DeleteHostedZoneInput{Id: aws.String(zoneID)})
	wantCode(t, err, "HostedZoneNotEmpty")
	must[*route53.ChangeResourceRecordSetsOutput](t)(apply(t, client, zoneID,
		change(remove, record("b.list.test.", "192.0.2.1")), change(remove, record("a.b.list.test", "192.0.2.2")),
		change(remove, record("c.list.test", "192.0.2.3")), change(remove, wildcard)))
	must[*route53.DeleteHostedZoneOutput](t)(client.DeleteHostedZone(t.Context(), &route53.DeleteHostedZoneInput{Id: aws.String(zoneID)}))
	_, err = client.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String(zoneID)})
	wantCode(t, err, "NoSuchHostedZone")
}
