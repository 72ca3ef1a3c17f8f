package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

const (
	switchCalls    = 6
	switchFewest   = 3
	switchOverhead = time.Second
)

const switchConfig = `
terraform {
  required_providers {
    reliability = { source = "project3-ls/reliability" }
  }
}

variable "zone_id" {}
variable "active" {}

resource "reliability_blue_green_switch" "site" {
  active = var.active
  routes = {
    www = {
      route53 = {
        zone_id = var.zone_id
        name    = "www.bench.example"
        type    = "A"
        blue    = { set_identifier = "blue" }
        green   = { set_identifier = "green" }
      }
    }
  }
  strategy = { type = "all_at_once" }
}

output "seconds" {
  value = reliability_blue_green_switch.site.last_switch_seconds
}
`

// switchRows measure an all-at-once switch over Route 53: how many calls, and how much time beside the same calls made
// by hand.
func switchRows(ctx context.Context, b *bench) ([]row, error) {
	e, err := emulator.Start(ctx, emulator.Options{})
	if err != nil {
		return nil, err
	}
	defer e.Close() //nolint:errcheck // the process ends
	client := route53.NewFromConfig(e.AWSConfig())
	zone, err := weightedZone(ctx, client)
	if err != nil {
		return nil, err
	}
	w, err := workspace.New(ctx, workspace.Options{Dir: filepath.Join(b.dir, "switch"), Root: ".", Env: e.Env()})
	if err != nil {
		return nil, err
	}
	if err := w.Write("main.tf", switchConfig); err != nil {
		return nil, err
	}
	w.Vars = []string{"-var=zone_id=" + zone}
	if err := w.Init(ctx); err != nil {
		return nil, err
	}
	m, err := b.switches(ctx, w, e, client, zone)
	if err != nil {
		return nil, err
	}
	if err := apply(ctx, w, "blue"); err != nil { // what the others begin with
		return nil, err
	}
	took := m.whole - m.nothing
	back, err := revertRow(ctx, w, e)
	if err != nil {
		return nil, err
	}
	beside, err := b.besideRecords(ctx, w, e, client, took, m.byHand)
	if err != nil {
		return nil, err
	}
	return append([]row{
		{
			What: "route53 switch, all at once: AWS calls of the apply", Ours: fmt.Sprint(m.calls), Bound: fmt.Sprintf("a read, the change, and whether it arrived: %d (%s)", switchFewest, ratio(m.calls, switchFewest)), Limit: fmt.Sprint(switchCalls),
			Beside: fmt.Sprintf("by hand %d", m.handCalls), Ratio: ratio(m.calls, m.handCalls), Exceeded: m.calls > switchCalls,
		},
		{
			What: "route53 switch: apply, less an apply with nothing to do", Ours: ms(took), Bound: "the same calls by hand: " + ms(m.byHand) + " (" + ratio(took, m.byHand) + ")", Limit: ms(m.byHand + switchOverhead),
			Beside: "the same calls by hand " + ms(m.byHand), Ratio: ratio(took, m.byHand), Exceeded: took > m.byHand+switchOverhead,
		},
		back,
	}, beside...), nil
}

// switched is what a switch took, and how many calls: the least time and the most calls of some runs.
type switched struct {
	whole, nothing, byHand time.Duration
	calls, handCalls       int
}

// switches measures in turns a switch, an apply with nothing to do, and the same switch by hand, there and back, so that a
// busy moment of the machine is not taken for one of the three; the least of each counts. The first turn warms up.
func (b *bench) switches(ctx context.Context, w *workspace.Workspace, e *emulator.Emulator, client *route53.Client, zone string) (m switched, err error) {
	timed := func(least *time.Duration, most *int, do func() error) {
		if err != nil {
			return
		}
		e.ResetCalls()
		began := time.Now()
		err = do()
		if took := time.Since(began); *least == 0 || took < *least {
			*least = took
		}
		*most = max(*most, len(e.Calls()))
	}
	colours := []string{"blue", "green"}
	for turn := range b.runs + 1 {
		here, there := colours[turn%2], colours[(turn+1)%2]
		if turn <= 1 {
			m = switched{}
		}
		var idle int
		timed(&m.whole, &m.calls, func() error { return apply(ctx, w, here) })
		timed(&m.nothing, &idle, func() error { return apply(ctx, w, here) })
		timed(&m.byHand, &m.handCalls, func() error { return switchByHand(ctx, client, zone, there) })
		timed(&m.byHand, &m.handCalls, func() error { return switchByHand(ctx, client, zone, here) })
	}
	return m, err
}

func apply(ctx context.Context, w *workspace.Workspace, colour string) error {
	ended, err := w.Apply(ctx, "-var=active="+colour)
	if err == nil && ended.Exit != 0 {
		err = fmt.Errorf("apply ended with %d:\n%s", ended.Exit, ended.Output)
	}
	return err
}

func record(colour string, weight int64) *types.ResourceRecordSet {
	return &types.ResourceRecordSet{
		Name: aws.String("www.bench.example."), Type: types.RRTypeA, SetIdentifier: aws.String(colour), Weight: aws.Int64(weight), TTL: aws.Int64(0),
		ResourceRecords: []types.ResourceRecord{{Value: aws.String(map[string]string{"blue": "127.0.0.11", "green": "127.0.0.12"}[colour])}},
	}
}

func weightedZone(ctx context.Context, client *route53.Client) (string, error) {
	zone, err := client.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String("bench.example"), CallerReference: aws.String("bench")})
	if err != nil {
		return "", err
	}
	_, err = client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: zone.HostedZone.Id, ChangeBatch: &types.ChangeBatch{
		Changes: []types.Change{
			{Action: types.ChangeActionCreate, ResourceRecordSet: record("blue", 100)},
			{Action: types.ChangeActionCreate, ResourceRecordSet: record("green", 0)},
		},
	}})
	return strings.TrimPrefix(aws.ToString(zone.HostedZone.Id), "/hostedzone/"), err
}

// switchByHand is what the fewest calls would be: read, change, and ask until it is in sync.
func switchByHand(ctx context.Context, client *route53.Client, zone, colour string) error {
	if _, err := client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(zone), StartRecordName: aws.String("www.bench.example."), StartRecordType: types.RRTypeA,
	}); err != nil {
		return err
	}
	weights := map[string]int64{"blue": 0, "green": 0}
	weights[colour] = 100
	changed, err := client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: aws.String(zone), ChangeBatch: &types.ChangeBatch{
		Changes: []types.Change{
			{Action: types.ChangeActionUpsert, ResourceRecordSet: record("blue", weights["blue"])},
			{Action: types.ChangeActionUpsert, ResourceRecordSet: record("green", weights["green"])},
		},
	}})
	if err != nil {
		return err
	}
	waiter := route53.NewResourceRecordSetsChangedWaiter(client, func(o *route53.ResourceRecordSetsChangedWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 50*time.Millisecond
	})
	return waiter.Wait(ctx, &route53.GetChangeInput{Id: changed.ChangeInfo.Id}, time.Minute)
}
