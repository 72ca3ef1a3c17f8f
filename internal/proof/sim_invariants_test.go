package proof

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/snapshot"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// checkOutcome: what a switch says at its end is so, and a colour that failed its checks had no traffic for longer than
// it takes to find out and to go back.
func (d *deployed) checkOutcome(a *actor, outcome traffic.Outcome, err error) {
	if a.died() {
		return
	}
	d.held = d.held || outcome.Status == traffic.StatusHeld
	if (err == nil) != (outcome.Status == traffic.StatusSteady) {
		d.complain("%s: status %q with the error %v", a.name, outcome.Status, err)
	}
	for _, route := range d.routes {
		served, lookErr := route.target.serves(context.Background())
		said, known := outcome.Live[route.key]
		if known && lookErr == nil && !d.meddled && d.plan.rival == nil && float64(said.Green) != math.Round(served.percent()) {
			d.complain("%s: it says %s of %s, and %s", a.name, said, route.key, served)
		}
	}
	var checks *traffic.ChecksError
	if !errors.As(err, &checks) || d.plan.hold || d.meddled || d.plan.rival != nil {
		return
	}
	d.mu.Lock()
	failed, broken, out, still := d.failed, d.broken, d.out, !d.greenSince.IsZero()
	d.mu.Unlock()
	if broken.IsZero() || failed.IsZero() || out.Before(broken) && !still {
		return // green had no traffic when it failed
	}
	if still {
		if outcome.Status == traffic.StatusReverted {
			d.complain("%s: it says that traffic is back, and green has some", a.name)
		}
		return
	}
	patience, delay := time.Duration(0), d.plan.policy.RetryDelay
	for range d.plan.policy.MaxRetries {
		patience, delay = patience+delay, 2*delay
	}
	call := time.Second + 2*a.latency*time.Duration(3*len(d.routes)) // one step back: a look, the journal's word and the move, for each route
	if d.plan.trouble != noTrouble && d.plan.trouble != slow || d.plan.lapse[0] != d.plan.lapse[1] || d.plan.outage != nil {
		call = maxRecovery
	}
	if took := out.Sub(failed); took > patience+call {
		d.complain("%s: green failed its checks and had traffic for %s more, of %s", a.name, took, patience+call)
	}
	since := broken.Add(d.plan.lies)
	if outcome.StartedAt.After(since) { // it is the second, and nobody was there meanwhile
		since = outcome.StartedAt
	}
	if took := out.Sub(since); took > d.plan.strategy.CheckInterval+2*patience+2*call {
		d.complain("%s: green was broken, for all to see, and had traffic for %s more", a.name, took)
	}
}

// truthful looks at the end of an apply that lived: what the ledger says of it is so.
func (d *deployed) truthful(ctx context.Context, err error) {
	if len(d.code) == 0 {
		return
	}
	history, readErr := ledger.New(d.medium, clock.System{}).History(ctx, subject)
	latest, ok := history.Latest()
	if readErr != nil || !ok {
		d.complain("the ledger: %v", readErr)
		return
	}
	want := 0
	switch {
	case err == nil:
		want = 2
		if latest.Status != ledger.Succeeded || latest.Release != releaseName(2) {
			d.complain("the apply went well, and the ledger says %+v", latest)
		}
	case latest.Status == ledger.RolledBack:
		want = 1
	}
	if want > 0 {
		d.codeAt(ctx, want)
	}
}

func (d *deployed) codeAt(ctx context.Context, release int) {
	for i, each := range d.code {
		if live, err := each.shows(ctx); err != nil || live != release {
			d.complain("%s shows release %d (%v), not %d", d.plan.code[i], live, err, release)
		}
	}
}

// guarded: whoever set a guard and died in a switch has nobody on a half-way. A switch that was to hold and came to its end
// has taken its guard away.
func (d *deployed) guarded(ctx context.Context) {
	for _, route := range d.routes {
		served, err := route.target.serves(ctx)
		if err != nil || (!served.only(traffic.Blue) && !served.only(traffic.Green)) {
			if !d.meddled && !d.held {
				d.complain("after the guard, %s is at %s (%v)", route.key, served, err)
			}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.plan.fate == failsSwitch && !d.broken.IsZero() && !d.greenSince.IsZero() && !d.meddled && d.plan.rival == nil && !d.plan.hold {
		d.problems = append(d.problems, "the process died, and its guard left traffic on a broken green")
	}
}

// at: everything is at one release, nothing is left of any operation, and one more apply of it changes nothing.
func (d *deployed) at(ctx context.Context, release int, colour traffic.Colour) {
	book := journal.New(d.medium, clock.System{}, "a reader")
	outside := d.config("outside", direct{d.emulator.Transport()})
	for _, route := range d.routes {
		served, err := route.target.serves(ctx)
		if err != nil || !served.only(colour) {
			d.complain("%s ended at %s (%v), and not with everything at %s", route.key, served, err, colour)
		}
		target := route.target.router(outside).Target()
		if _, open, err := traffic.Died(ctx, book, target); open || err != nil {
			d.complain("the journal of %s is still open (%v)", route.key, err)
		}
		if holder, err := book.Holder(ctx, target); holder != nil || err != nil {
			d.complain("the lease of %s is still held: %v (%v)", route.key, holder, err)
		}
	}
	if len(d.code) == 0 {
		return
	}
	d.codeAt(ctx, release)
	if holder, err := book.Holder(ctx, restore.LeaseOf(subject)); holder != nil || err != nil {
		d.complain("the lease of the rollbacks is still held: %v (%v)", holder, err)
	}
	history, err := ledger.New(d.medium, clock.System{}).History(ctx, subject)
	latest, _ := history.Latest()
	switch {
	case err != nil:
		d.complain("the ledger: %v", err)
	case latest.Status == ledger.Succeeded && latest.Release == releaseName(release):
	case release == 1 && latest.Release == releaseName(2) && (latest.Status == ledger.RolledBack || latest.Status == ledger.Abandoned):
	default:
		d.complain("release %d is live, and the ledger says %s is %s", release, latest.Release, latest.Status)
	}
}

// atTheEnd: nothing that was there before is lost, and the ledger never said that something was well that was not.
func (d *deployed) atTheEnd(ctx context.Context) {
	for _, each := range d.code {
		for _, gone := range each.lost(ctx) {
			d.complain("lost: %s", gone)
		}
	}
	if len(d.code) == 0 {
		return
	}
	history, err := ledger.New(d.medium, clock.System{}).History(ctx, subject)
	if err != nil {
		d.complain("the ledger: %v", err)
	}
	for _, kept := range d.manifest {
		loaded, err := snapshot.Load(ctx, d.medium, kept.Name, kept.Version)
		if err != nil || loaded.Digest != kept.Digest {
			d.complain("lost: snapshot %s (%v)", kept.ID(), err)
			continue
		}
		for name := range loaded.Items {
			item, err := loaded.Item(ctx, d.medium, name)
			for i := 0; err == nil && item.Parts != nil && i < item.Parts.Len(); i++ {
				_, err = item.Parts.Part(ctx, i)
			}
			if err != nil {
				d.complain("lost: %s of snapshot %s: %v", name, kept.ID(), err)
			}
		}
	}
	for _, deployment := range history.Deployments {
		if deployment.Status == ledger.Succeeded && !d.passed[deployment.ID] {
			d.complain("the ledger says that %s succeeded, and its gate never passed", deployment.ID)
		}
		i := slices.IndexFunc(d.manifest, func(m snapshot.Manifest) bool { return m.ID() == deployment.ID })
		if i < 0 {
			if _, err := d.medium.Get(ctx, "deployments/"+subject+"/"+deployment.ID[len(subject)+1:]+"/manifest.json"); errors.Is(err, store.ErrNotFound) {
				d.complain("the ledger has %s, of which there is no snapshot", deployment.ID)
			}
		}
	}
}
