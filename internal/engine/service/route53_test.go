package service_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

func weighted(name, set, value string, weight int64) *types.ResourceRecordSet {
	return &types.ResourceRecordSet{
		Name: &name, Type: types.RRTypeA, SetIdentifier: &set, Weight: &weight, TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: &value}},
	}
}

func TestRoute53Record(t *testing.T) {
	ctx := t.Context()
	client := route53.NewFromConfig(acctest.Emulator(t).AWSConfig())
	zone, err := client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String("conform.example"), CallerReference: aws.String("conform")})
	must(t, err)
	id := aws.ToString(zone.HostedZone.Id)
	do := func(t *testing.T, changes ...types.Change) {
		t.Helper()
		_, err := client.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &id, ChangeBatch: &types.ChangeBatch{Changes: changes}})
		must(t, err)
	}
	upsert := func(r *types.ResourceRecordSet) types.Change {
		return types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: r}
	}
	drop := func(r *types.ResourceRecordSet) types.Change {
		return types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: r}
	}

	const name = "www.conform.example."
	do(t, upsert(weighted(name, "blue", "192.0.2.1", 100)), upsert(weighted(name, "green", "192.0.2.2", 0)),
		upsert(&types.ResourceRecordSet{Name: aws.String("wwx.conform.example."), Type: types.RRTypeA, TTL: aws.Int64(5), ResourceRecords: []types.ResourceRecord{{Value: aws.String("192.0.2.9")}}}))
	record := service.NewRoute53Record(client, clock.System{}, id, "WWW.conform.example", "a")
	conform(t, subject{
		service: record,
		change: func(t *testing.T) { // one changed, one gone, one new
			do(t, upsert(weighted(name, "blue", "192.0.2.1", 10)), drop(weighted(name, "green", "192.0.2.2", 0)), upsert(weighted(name, "red", "192.0.2.3", 90)))
		},
		missing: func() service.Service {
			return service.NewRoute53Record(client, clock.System{}, "Z0NOSUCHZONE", name, "A")
		},
		awsService: "route53", operation: "ChangeResourceRecordSets",
	})

	t.Run("no record", func(t *testing.T) {
		if _, err := service.NewRoute53Record(client, clock.System{}, id, "none.conform.example", "A").Capture(t.Context()); !errors.Is(err, service.ErrMissing) {
			t.Errorf("capture: %v, want ErrMissing", err)
		}
	})
	t.Run("somebody else in between", func(t *testing.T) {
		item, err := record.Capture(t.Context())
		must(t, err)
		do(t, upsert(weighted(name, "blue", "192.0.2.1", 50)))
		changes, err := record.Diff(t.Context(), item)
		must(t, err)
		do(t, upsert(weighted(name, "blue", "192.0.2.1", 60)))
		if err := record.Restore(t.Context(), changes); !errors.Is(err, service.ErrConcurrentChange) {
			t.Errorf("restore over another change: %v", err)
		}
		restore(t, record, item)
		expectSame(t, record, item)
	})
	t.Run("one batch", func(t *testing.T) {
		item, err := record.Capture(t.Context())
		must(t, err)
		do(t, upsert(weighted(name, "blue", "192.0.2.1", 0)), upsert(weighted(name, "green", "192.0.2.2", 100)))
		e := acctest.Emulator(t)
		before := len(mutating(e))
		restore(t, record, item)
		if got := len(mutating(e)) - before; got != 1 {
			t.Errorf("%d mutating calls, want one change batch", got)
		}
	})
	t.Run("alias and wildcard", func(t *testing.T) {
		alias := func(target string) *types.ResourceRecordSet {
			return &types.ResourceRecordSet{Name: aws.String("*.conform.example."), Type: types.RRTypeA, AliasTarget: &types.AliasTarget{
				DNSName: &target, HostedZoneId: aws.String("Z2FDTNDATAQYW2"), EvaluateTargetHealth: false,
			}}
		}
		do(t, upsert(alias("one.cloudfront.net.")))
		record := service.NewRoute53Record(client, clock.System{}, id, "*.conform.example", "A")
		item, err := record.Capture(t.Context())
		must(t, err)
		do(t, upsert(alias("two.cloudfront.net.")))
		expectDifferent(t, record, item)
		restore(t, record, item)
		expectSame(t, record, item)
	})
}
