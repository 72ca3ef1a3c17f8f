package proof

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

const recordTTL = 2 * time.Second

var route53Lever = lever{name: "route53", reversible: true, quick: true, steps: []int{10, 50}, ttl: recordTTL, propagates: true, build: func(t *testing.T, w *world) target {
	t.Helper()
	client := route53.NewFromConfig(w.outside())
	made := must[*route53.CreateHostedZoneOutput](t)(client.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: aws.String(w.name + ".example"), CallerReference: aws.String(w.name),
	}))
	z := &zone{client: client, id: *made.HostedZone.Id, name: "www." + w.name + ".example."}
	if err := z.give(t.Context(), traffic.On(traffic.Blue, 100)); err != nil {
		t.Fatal(err)
	}
	return z
}}

// zone holds two weighted records.
type zone struct {
	client   *route53.Client
	id, name string
}

func (z *zone) router(config aws.Config) traffic.Router {
	return traffic.NewRoute53(route53.NewFromConfig(config), clock.System{}, traffic.Route53Target{ZoneID: z.id, Name: z.name, Type: "A", BlueID: "blue", GreenID: "green"})
}

func (z *zone) give(ctx context.Context, weights traffic.Weights) error {
	var changes []types.Change
	for _, colour := range []traffic.Colour{traffic.Blue, traffic.Green} {
		changes = append(changes, types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: &types.ResourceRecordSet{
			Name: &z.name, Type: types.RRTypeA, SetIdentifier: aws.String(string(colour)), Weight: aws.Int64(int64(weights.Of(colour))),
			TTL: aws.Int64(int64(recordTTL.Seconds())), ResourceRecords: []types.ResourceRecord{{Value: aws.String("192.0.2.1")}},
		}})
	}
	_, err := z.client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &z.id, ChangeBatch: &types.ChangeBatch{Changes: changes}})
	return err
}

func (z *zone) serves(ctx context.Context) (shares, error) {
	out, err := z.client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &z.id, StartRecordName: &z.name, StartRecordType: types.RRTypeA})
	if err != nil {
		return shares{}, err
	}
	var found shares
	for _, record := range out.ResourceRecordSets {
		if aws.ToString(record.Name) != z.name {
			continue
		}
		switch weight := float64(aws.ToInt64(record.Weight)); aws.ToString(record.SetIdentifier) {
		case "blue":
			found.blue = weight
		case "green":
			found.green = weight
		default:
			found.other += weight
		}
	}
	return found, nil
}
