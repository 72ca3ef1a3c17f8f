package traffic

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// Route53API is the part of Route 53 that the router calls.
type Route53API interface {
	ListResourceRecordSets(context.Context, *route53.ListResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error)
	ChangeResourceRecordSets(context.Context, *route53.ChangeResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error)
	GetChange(context.Context, *route53.GetChangeInput, ...func(*route53.Options)) (*route53.GetChangeOutput, error)
}

// Route53Target names two weighted records of one name and type.
type Route53Target struct {
	ZoneID  string // with or without "/hostedzone/"
	Name    string // any spelling: case, trailing dot and the escape of "*" do not matter
	Type    string // "A", "AAAA", "CNAME"
	BlueID  string // set identifier
	GreenID string
}

const (
	// route53Settling: "changes generally propagate to all Route 53 name servers within 60 seconds".
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
	route53Settling = 60 * time.Second
	// route53SettleLimit is when Wait gives up asking.
	route53SettleLimit = 10 * time.Minute
	// aliasTTL: Route 53 answers an alias with the TTL of its target, which is 60 s for load balancers, CloudFront,
	// API Gateway and S3 websites.
	// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
	aliasTTL = 60 * time.Second
	// cloudFrontZone is the hosted zone of every alias to a distribution.
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
	cloudFrontZone = "Z2FDTNDATAQYW2"
)

// route53Polls are the pauses between two GetChange; the last one repeats. Short at first, for a change that is quick,
// and mindful of the account's five requests a second afterwards.
var route53Polls = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second}

// Route53 moves traffic by the weights of two records. The percent is the weight, so that a share reads the same in
// the AWS console.
type Route53 struct {
	api    Route53API
	clock  clock.Clock
	target Route53Target
}

// NewRoute53 returns a router over target.
func NewRoute53(api Route53API, c clock.Clock, target Route53Target) *Route53 {
	target.ZoneID = strings.TrimPrefix(target.ZoneID, "/hostedzone/")
	target.Name = NormalName(target.Name)
	return &Route53{api: api, clock: c, target: target}
}

// NormalName returns a DNS name as Route 53 compares it: lower case, with the trailing dot, and "*" for its octal escape.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
func NormalName(name string) string {
	name = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), `\052`, "*"))
	return strings.TrimSuffix(name, ".") + "."
}

// Name names the records for people.
func (r *Route53) Name() string {
	return fmt.Sprintf("%s %s in hosted zone %s", strings.TrimSuffix(r.target.Name, "."), r.target.Type, r.target.ZoneID)
}

// Target is zone, name and type: whoever moves any record of that name and type needs the same lease.
func (r *Route53) Target() string {
	return strings.Join([]string{"route53", r.target.ZoneID, r.target.Name, r.target.Type}, ",")
}

// Tier is TierDNS: nothing stands between a name and the client.
func (r *Route53) Tier() Tier { return TierDNS }

// Read asks once (again only for names with more than a hundred records). ErrMissing names what is not there.
func (r *Route53) Read(ctx context.Context) (State, error) {
	records, err := r.list(ctx)
	if awsapi.IsNotFound(err) {
		return State{}, fmt.Errorf("hosted zone %s: %w", r.target.ZoneID, ErrMissing)
	}
	if err != nil {
		return State{}, err
	}
	pair, others, err := r.pick(records)
	if err != nil {
		return State{}, err
	}
	return pair.state(others), nil
}

// list returns every record of the target's name and type. The listing starts there and is sorted, so the first other
// record ends it.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
func (r *Route53) list(ctx context.Context) ([]types.ResourceRecordSet, error) {
	input := &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(r.target.ZoneID), StartRecordName: aws.String(r.target.Name),
		StartRecordType: types.RRType(r.target.Type), MaxItems: aws.Int32(100),
	}
	var found []types.ResourceRecordSet
	for {
		page, err := r.api.ListResourceRecordSets(ctx, input)
		if err != nil {
			return nil, err
		}
		for _, record := range page.ResourceRecordSets {
			if NormalName(aws.ToString(record.Name)) != r.target.Name || string(record.Type) != r.target.Type {
				return found, nil
			}
			found = append(found, record)
		}
		if !page.IsTruncated {
			return found, nil
		}
		input.StartRecordName, input.StartRecordType, input.StartRecordIdentifier = page.NextRecordName, page.NextRecordType, page.NextRecordIdentifier
	}
}

// pick finds the two colours among the records.
func (r *Route53) pick(records []types.ResourceRecordSet) (pair route53Pair, others []types.ResourceRecordSet, err error) {
	var blue, green *types.ResourceRecordSet
	for i := range records {
		switch aws.ToString(records[i].SetIdentifier) {
		case r.target.BlueID:
			blue = &records[i]
		case r.target.GreenID:
			green = &records[i]
		default:
			others = append(others, records[i])
		}
	}
	record := func(colour Colour, id string) error {
		return fmt.Errorf("the %s record %s %s with set identifier %q in hosted zone %s: %w",
			colour, strings.TrimSuffix(r.target.Name, "."), r.target.Type, id, r.target.ZoneID, ErrMissing)
	}
	switch {
	case len(records) == 0:
		return pair, nil, fmt.Errorf("the record %s: %w", r.Name(), ErrMissing)
	case blue == nil && green == nil:
		return pair, nil, errors.Join(record(Blue, r.target.BlueID), record(Green, r.target.GreenID))
	case blue == nil:
		return pair, nil, record(Blue, r.target.BlueID)
	case green == nil:
		return pair, nil, record(Green, r.target.GreenID)
	}
	return route53Pair{blue: *blue, green: *green}, others, nil
}

// Set submits one batch that deletes both records with their exact old values and creates them with the new weights.
// Route 53 carries out a batch whole or not at all and refuses a DELETE whose values do not match, so a change by
// somebody else in between is refused and never overwritten. (That a batch may delete and create the same record is
// what AWS documents; it was tried on the emulator only, not on live AWS.)
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
func (r *Route53) Set(ctx context.Context, weights Weights, precondition Precondition) (Change, error) {
	old, ok := precondition.Token.(route53Pair)
	if !ok {
		return Change{}, fmt.Errorf("%s: the precondition is not one of Route 53", r.Name())
	}
	next := old.weighted(weights)
	change, err := r.swap(ctx, old, next)
	if err == nil || !awsapi.HasCode(err, "InvalidChangeBatch", "InvalidInput") {
		return change, err
	}
	return r.refused(ctx, old, next, err)
}

// refused finds out why a batch was not taken, by reading again.
func (r *Route53) refused(ctx context.Context, old, next route53Pair, refusal error) (Change, error) {
	records, err := r.list(ctx)
	if err != nil {
		return Change{}, errors.Join(refusal, err)
	}
	now, _, err := r.pick(records)
	switch {
	case err != nil:
		return Change{}, fmt.Errorf("%s: %w: %w", r.Name(), ErrConcurrentChange, err)
	case now.same(next):
		// An earlier try of the same call was carried out and its answer was lost. The records are as they should be;
		// the same batch over again gives a change to wait for, and is refused too if they change now.
		return r.swap(ctx, next, next)
	case now.same(old):
		return Change{}, refusal // not because of anybody else
	default:
		return Change{}, fmt.Errorf("%s: %w", r.Name(), ErrConcurrentChange)
	}
}

func (r *Route53) swap(ctx context.Context, old, next route53Pair) (Change, error) {
	output, err := r.api.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(r.target.ZoneID),
		ChangeBatch: &types.ChangeBatch{
			Comment: aws.String("terraform-provider-reliability: " + next.weights().String()),
			Changes: []types.Change{
				{Action: types.ChangeActionDelete, ResourceRecordSet: &old.blue},
				{Action: types.ChangeActionDelete, ResourceRecordSet: &old.green},
				{Action: types.ChangeActionCreate, ResourceRecordSet: &next.blue},
				{Action: types.ChangeActionCreate, ResourceRecordSet: &next.green},
			},
		},
	})
	if err != nil {
		return Change{}, err
	}
	if output.ChangeInfo == nil || aws.ToString(output.ChangeInfo.Id) == "" {
		return Change{}, fmt.Errorf("%s: Route 53 took the batch without naming a change", r.Name())
	}
	id := strings.TrimPrefix(aws.ToString(output.ChangeInfo.Id), "/change/")
	state := next.state(nil)
	state.Settled = output.ChangeInfo.Status == types.ChangeStatusInsync
	return Change{ID: id, Label: "Route 53 change " + id, State: state}, nil
}

// Wait asks GetChange until it says INSYNC: the change is on all name servers of Route 53.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html
func (r *Route53) Wait(ctx context.Context, change Change) error {
	if change.State.Settled {
		return nil
	}
	ctx, cancel := r.clock.WithTimeout(ctx, route53SettleLimit)
	defer cancel()
	for poll := 0; ; poll++ {
		if err := r.clock.Sleep(ctx, route53Polls[min(poll, len(route53Polls)-1)]); err != nil {
			return fmt.Errorf("%s is not INSYNC yet: %w", change.Label, err)
		}
		output, err := r.api.GetChange(ctx, &route53.GetChangeInput{Id: aws.String(change.ID)})
		if err != nil {
			return err
		}
		if output.ChangeInfo != nil && output.ChangeInfo.Status == types.ChangeStatusInsync {
			return nil
		}
	}
}
