package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// live is what customers get, read from AWS itself.
type live struct {
	blue, green int64
	version     string
	asset       string
}

func (d *demo) live(ctx context.Context) (live, error) {
	if err := d.edge.follow(ctx); err != nil {
		return live{}, err
	}
	var now live
	d.edge.mu.Lock()
	for _, record := range d.edge.records {
		if record.colour == "blue" {
			now.blue = record.weight
		} else {
			now.green = record.weight
		}
	}
	d.edge.mu.Unlock()
	var err error
	if now.version, err = d.world.aliasVersion(ctx); err != nil {
		return live{}, err
	}
	now.asset, err = d.world.asset(ctx)
	return now, err
}

// goodRelease brings v2 out on green.
func (d *demo) goodRelease(ctx context.Context) error {
	d.chapter("(a) Release v2: snapshot, gate, canary switch to green")
	sent0, failed0 := d.customers.count()
	ended, err := d.terraform.Apply(ctx, "-var=release=v2", "-var=active=green")
	if err != nil {
		return err
	}
	sent, failed := d.customers.count()
	now, err := d.live(ctx)
	if err != nil {
		return err
	}
	d.say("terraform apply exit %d; alias live -> version %s; %s; %d requests sent, %d failed", ended.Exit, now.version, now.asset, sent-sent0, failed-failed0)
	err = expect("release v2", map[string]bool{
		"terraform apply exits 0":          ended.Exit == 0,
		"all traffic is on green":          now.blue == 0 && now.green > 0,
		"the alias serves the new version": now.version == "2",
		"the bucket serves the new assets": strings.Contains(now.asset, "v2"),
		"customers were there":             sent-sent0 > 50,
		"no request failed":                failed == failed0,
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, ended.Output)
	}
	second, err := d.terraform.Plan(ctx, "-var=release=v2", "-var=active=green")
	if err != nil {
		return err
	}
	d.say("a second plan: exit %d", second.Exit)
	return expect("the second plan", map[string]bool{"it says that there is nothing to do": strings.Contains(second.Output, "No changes.")})
}

// brokenRelease brings v3 out on blue; it fails under real traffic only.
func (d *demo) brokenRelease(ctx context.Context) error {
	d.chapter("(b) Release v3 is broken, and hides it until customers arrive")
	sent0, failed0 := d.customers.count()
	ended, err := d.terraform.Apply(ctx, "-var=release=v3", "-var=active=blue")
	if err != nil {
		return err
	}
	back := time.Now()
	sent, failed := d.customers.count()
	now, err := d.live(ctx)
	if err != nil {
		return err
	}
	_, sick := d.blue.status()
	d.excerpt(ended.Output)
	recovery := "never"
	if !sick.IsZero() {
		recovery = fmt.Sprintf("%.1f s", back.Sub(sick).Seconds())
	}
	d.say("terraform apply exit %d; alias live -> version %s; %s; %d requests sent, %d failed", ended.Exit, now.version, now.asset, sent-sent0, failed-failed0)
	d.say("from the first failed probe to everything back: %s", recovery)
	err = expect("release v3", map[string]bool{
		"terraform apply exits 1":            ended.Exit == 1,
		"a probe saw that v3 is broken":      !sick.IsZero(),
		"all traffic is back on green":       now.blue == 0 && now.green > 0,
		"the alias serves version 2 again":   now.version == "2",
		"the bucket serves v2 again":         strings.Contains(now.asset, "v2"),
		"at most one request in five failed": (failed-failed0)*5 <= sent-sent0,
		"the error says what is live":        strings.Contains(ended.Output, "Live now"),
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, ended.Output)
	}
	return nil
}

// changeByHand opens a security group and plans the next release.
func (d *demo) changeByHand(ctx context.Context) error {
	d.chapter("(c) Somebody opens port 22 to the world by hand; the next plan")
	if err := d.world.openByHand(ctx); err != nil {
		return err
	}
	ended, err := d.terraform.Plan(ctx, "-var=release=v4", "-var=active=blue")
	if err != nil {
		return err
	}
	d.excerpt(ended.Output)
	d.say("terraform plan exit %d", ended.Exit)
	err = expect("the plan after a change by hand", map[string]bool{
		"terraform plan exits 1":             ended.Exit == 1,
		"the error names the security group": strings.Contains(ended.Output, "aws_security_group.shop"),
		"the error says that it is critical": strings.Contains(ended.Output, "critical"),
		"the error names the source":         strings.Contains(ended.Output, "0.0.0.0/0"),
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, ended.Output)
	}
	return nil
}
