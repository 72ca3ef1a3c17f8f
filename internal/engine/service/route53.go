package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// Route53API is what the route53_record service asks of the Route 53 client.
type Route53API interface {
	ListResourceRecordSets(ctx context.Context, in *route53.ListResourceRecordSetsInput, opts ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error)
	ChangeResourceRecordSets(ctx context.Context, in *route53.ChangeResourceRecordSetsInput, opts ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error)
	GetChange(ctx context.Context, in *route53.GetChangeInput, opts ...func(*route53.Options)) (*route53.GetChangeOutput, error)
}

// Route53Record is the route53_record service: every record set of one name and type, whatever its set identifier,
// alias records too. A restore is one change batch, which Route 53 does whole or not at all, of DELETE with the values
// that Diff saw and CREATE with the captured ones: a batch that meets other values is refused.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
type Route53Record struct {
	client Route53API
	clock  clock.Clock
	zone   string
	name   string
	kind   types.RRType
}

// NewRoute53Record returns the service of name (with or without the last dot) and type in a zone.
func NewRoute53Record(client Route53API, c clock.Clock, zoneID, name, recordType string) *Route53Record {
	return &Route53Record{client: client, clock: c, zone: strings.TrimPrefix(zoneID, "/hostedzone/"), name: dnsName(name), kind: types.RRType(strings.ToUpper(recordType))}
}

// dnsName returns a name as Route 53 lists it: lower case, a last dot, an asterisk in octal.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
func dnsName(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(name, ".")), "*", `\052`) + "."
}

// The waits for a change to reach all name servers, "generally within 60 seconds".
const (
	insyncFirst   = 250 * time.Millisecond
	insyncMax     = 5 * time.Second
	insyncTimeout = 5 * time.Minute
)

type recordState struct {
	Records []types.ResourceRecordSet `json:"records"` // by set identifier
}

type recordApply struct {
	Old *types.ResourceRecordSet `json:"old,omitempty"`
	New *types.ResourceRecordSet `json:"new,omitempty"`
}

// Name is route53_record.
func (r *Route53Record) Name() string { return "route53_record" }

// Target is zone/name/type.
func (r *Route53Record) Target() string { return fmt.Sprintf("%s/%s/%s", r.zone, r.name, r.kind) }

// Capture reads the record sets.
func (r *Route53Record) Capture(ctx context.Context) (Item, error) {
	records, err := r.read(ctx)
	if err != nil {
		return Item{}, err
	}
	if len(records) == 0 {
		return Item{}, fmt.Errorf("zone %s has no %s record %s: %w", r.zone, r.kind, r.name, ErrMissing)
	}
	described := make([]string, 0, len(records))
	for _, record := range records {
		if record.TrafficPolicyInstanceId != nil {
			return Item{}, fmt.Errorf("%s belongs to the traffic policy instance %s, which alone may change it: %w", r.Target(), *record.TrafficPolicyInstanceId, ErrUnrestorable)
		}
		described = append(described, describeRecord(record))
	}
	raw, err := canonical(recordState{Records: records})
	return Item{Service: r.Name(), Target: r.Target(), Summary: fmt.Sprintf("%s %s: %s", r.name, r.kind, strings.Join(described, "; ")), Objects: len(records), State: raw}, err
}

// read returns the live record sets, by set identifier.
func (r *Route53Record) read(ctx context.Context) ([]types.ResourceRecordSet, error) {
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: &r.zone, StartRecordName: &r.name, StartRecordType: r.kind}
	var records []types.ResourceRecordSet
	for {
		out, err := r.client.ListResourceRecordSets(ctx, in)
		if awsapi.IsNotFound(err) {
			return nil, fmt.Errorf("hosted zone %s: %w: %w", r.zone, ErrMissing, err)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", r.Target(), err)
		}
		done := !out.IsTruncated
		for _, record := range out.ResourceRecordSets {
			if dnsName(aws.ToString(record.Name)) != r.name || record.Type != r.kind {
				done = true
				break
			}
			record.Name = &r.name
			slices.SortFunc(record.ResourceRecords, func(a, b types.ResourceRecord) int {
				return strings.Compare(aws.ToString(a.Value), aws.ToString(b.Value))
			})
			records = append(records, record)
		}
		if done {
			break
		}
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
	}
	slices.SortFunc(records, func(a, b types.ResourceRecordSet) int {
		return strings.Compare(aws.ToString(a.SetIdentifier), aws.ToString(b.SetIdentifier))
	})
	return records, nil
}

// describeRecord is for people: "blue weight 100 -> 192.0.2.1".
func describeRecord(record types.ResourceRecordSet) string {
	var parts []string
	if record.SetIdentifier != nil {
		parts = append(parts, *record.SetIdentifier)
	}
	if record.Weight != nil {
		parts = append(parts, fmt.Sprintf("weight %d", *record.Weight))
	}
	if record.TTL != nil {
		parts = append(parts, fmt.Sprintf("TTL %d", *record.TTL))
	}
	if record.AliasTarget != nil {
		parts = append(parts, "alias "+aws.ToString(record.AliasTarget.DNSName))
	}
	for _, value := range record.ResourceRecords {
		parts = append(parts, aws.ToString(value.Value))
	}
	return strings.Join(parts, " ")
}

// Diff returns one change per record set that differs. A record set that was not there at the capture is deleted: it
// would go on taking traffic.
func (r *Route53Record) Diff(ctx context.Context, item Item) ([]Change, error) {
	var state recordState
	if err := json.Unmarshal(item.State, &state); err != nil || len(state.Records) == 0 {
		return nil, fmt.Errorf("the captured state of %s cannot be read: %w", r.Target(), errors.Join(err, ErrUnrestorable))
	}
	live, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	liveBySet, wantBySet := bySet(live), bySet(state.Records)
	var updates, creates, deletes []Change
	for _, want := range state.Records {
		old, there := liveBySet[aws.ToString(want.SetIdentifier)]
		same, err := equalRecords(old, want)
		if err != nil {
			return nil, err
		}
		switch {
		case !there:
			change, err := r.change(Create, recordApply{New: &want}, fmt.Sprintf("%s %s: gone -> %s", r.name, r.kind, describeRecord(want)))
			if err != nil {
				return nil, err
			}
			creates = append(creates, change)
		case !same:
			change, err := r.change(Update, recordApply{Old: &old, New: &want}, fmt.Sprintf("%s %s: %s -> %s", r.name, r.kind, describeRecord(old), describeRecord(want)))
			if err != nil {
				return nil, err
			}
			updates = append(updates, change)
		}
	}
	for _, old := range live {
		if _, kept := wantBySet[aws.ToString(old.SetIdentifier)]; kept {
			continue
		}
		change, err := r.change(Delete, recordApply{Old: &old}, fmt.Sprintf("%s %s: %s -> gone, as at the capture", r.name, r.kind, describeRecord(old)))
		if err != nil {
			return nil, err
		}
		deletes = append(deletes, change)
	}
	return slices.Concat(creates, updates, deletes), nil
}

func (r *Route53Record) change(action Action, apply recordApply, detail string) (Change, error) {
	raw, err := canonical(apply)
	return Change{Service: r.Name(), Action: action, Detail: detail, Reversible: true, Estimate: time.Minute, Apply: raw}, err
}

func bySet(records []types.ResourceRecordSet) map[string]types.ResourceRecordSet {
	found := make(map[string]types.ResourceRecordSet, len(records))
	for _, record := range records {
		found[aws.ToString(record.SetIdentifier)] = record
	}
	return found
}

func equalRecords(a, b types.ResourceRecordSet) (bool, error) {
	left, err := canonical(a)
	if err != nil {
		return false, err
	}
	right, err := canonical(b)
	return string(left) == string(right), err
}

// Restore does all changes in one batch and waits until every name server has it.
func (r *Route53Record) Restore(ctx context.Context, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	var removals, additions []types.Change
	want := map[string]*types.ResourceRecordSet{}
	for _, change := range changes {
		var apply recordApply
		if err := json.Unmarshal(change.Apply, &apply); err != nil {
			return fmt.Errorf("restore %s: %w", r.Target(), err)
		}
		if apply.Old != nil {
			removals = append(removals, types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: apply.Old})
			want[aws.ToString(apply.Old.SetIdentifier)] = nil
		}
		if apply.New != nil {
			additions = append(additions, types.Change{Action: types.ChangeActionCreate, ResourceRecordSet: apply.New})
			want[aws.ToString(apply.New.SetIdentifier)] = apply.New
		}
	}
	out, err := r.client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &r.zone,
		ChangeBatch:  &types.ChangeBatch{Comment: aws.String("terraform-provider-reliability: rollback"), Changes: append(removals, additions...)},
	})
	if awsapi.HasCode(err, "InvalidChangeBatch") {
		// Done before (or its answer was lost), or somebody else came in between.
		done, readErr := r.holds(ctx, want)
		if readErr == nil && done {
			return nil
		}
		return fmt.Errorf("restore %s: %w: %w", r.Target(), ErrConcurrentChange, errors.Join(err, readErr))
	}
	if err != nil {
		return fmt.Errorf("restore %s: %w", r.Target(), err)
	}
	return r.wait(ctx, aws.ToString(out.ChangeInfo.Id))
}

// holds tells whether the live record sets are as wanted; nil wants none.
func (r *Route53Record) holds(ctx context.Context, want map[string]*types.ResourceRecordSet) (bool, error) {
	live, err := r.read(ctx)
	if err != nil {
		return false, err
	}
	found := bySet(live)
	for set, record := range want {
		old, there := found[set]
		if record == nil {
			if there {
				return false, nil
			}
			continue
		}
		if same, err := equalRecords(old, *record); !there || !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (r *Route53Record) wait(ctx context.Context, id string) error {
	ctx, cancel := r.clock.WithTimeout(ctx, insyncTimeout)
	defer cancel()
	for delay := insyncFirst; ; delay = min(2*delay, insyncMax) {
		out, err := r.client.GetChange(ctx, &route53.GetChangeInput{Id: &id})
		if err != nil {
			return fmt.Errorf("restore %s: Route 53 took change %s, but whether it has reached the name servers is not known: %w", r.Target(), id, err)
		}
		if out.ChangeInfo.Status == types.ChangeStatusInsync {
			return nil
		}
		if err := r.clock.Sleep(ctx, delay); err != nil {
			return fmt.Errorf("restore %s: Route 53 took change %s, which had not reached all name servers yet: %w", r.Target(), id, err)
		}
	}
}

// Verify reads the record sets back.
func (r *Route53Record) Verify(ctx context.Context, item Item) error { return verify(ctx, r, item) }

// Check is a Capture: one call.
func (r *Route53Record) Check(ctx context.Context) error {
	_, err := r.Capture(ctx)
	return err
}
