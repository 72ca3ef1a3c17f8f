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
	colours := []string{"blue", "green"}
	if err := apply(ctx, w, colours[0]); err != nil {
		return nil, err
	}
	calls, turn := 0, 0
	whole, err := b.median(func() (time.Duration, error) {
		turn++
		e.ResetCalls()
		began := time.Now()
		err := apply(ctx, w, colours[turn%2])
		took := time.Since(began)
		calls = max(calls, len(e.Calls()))
		return took, err
	})
	if err != nil {
		return nil, err
	}
	nothing, err := b.median(func() (time.Duration, error) {
		began := time.Now()
		err := apply(ctx, w, colours[turn%2])
		return time.Since(began), err
	})
	if err != nil {
		return nil, err
	}
	fewest := 0
	byHand, err := b.median(func() (time.Duration, error) {
		turn++
		e.ResetCalls()
		began := time.Now()
		err := switchByHand(ctx, client, zone, colours[turn%2])
		took := time.Since(began)
		fewest = max(fewest, len(e.Calls()))
		return took, err
	})
	if err != nil {
		return nil, err
	}
	over := whole - nothing - byHand
	back, err := revertRow(ctx, w, e)
	if err != nil {
		return nil, err
	}
	beside, err := b.besideRecords(ctx, w, e, client, whole-nothing)
	if err != nil {
		return nil, err
	}
	return append([]row{
		{
			What: "route53 switch, all at once: AWS calls of the apply", Ours: fmt.Sprint(calls), Limit: fmt.Sprint(switchCalls),
			Beside: fmt.Sprintf("by hand %d", fewest), Ratio: ratio(calls, fewest), Exceeded: calls > switchCalls,
		},
		{
			What: "route53 switch: apply, less an apply with nothing to do", Ours: ms(whole - nothing), Limit: ms(byHand + switchOverhead),
			Beside: "the same calls by hand " + ms(byHand), Ratio: ratio(whole-nothing, byHand), Exceeded: over > switchOverhead,
		},
		back,
	}, beside...), nil
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
