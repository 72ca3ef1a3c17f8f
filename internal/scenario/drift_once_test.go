package scenario

import (
	"context"
	"log/slog"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/price"
)

// asksOnce: one look at the whole stack, with everything unmanaged of every type that can be listed, asks AWS for nothing twice;
// and it asks CloudTrail and the Price List about nothing that has not drifted.
func (l *look) asksOnce() {
	l.t.Helper()
	for name, readersOf := range map[string]live.ReadersOf{"AWS": live.Readers, "AWS Config": live.RecordedBy(live.Aggregator{})} {
		clients := l.clients()
		readers := readersOf(clients)
		var listed []string
		for kind, spec := range drift.Specs(readers) {
			if spec.Listed {
				listed = append(listed, kind)
			}
		}
		l.lookOnce(name, drift.Options{State: l.read(readers), Readers: readers, Account: clients.AccountID, Unmanaged: listed})
		prices := price.List{Client: func(ctx context.Context) (price.API, error) { return clients.Pricing(ctx, price.APIRegion) }}
		l.lookOnce(name, drift.Options{State: l.read(readers), Readers: readers, Account: clients.AccountID, Cost: &drift.Cost{Prices: prices}})
	}
}

func (l *look) lookOnce(name string, options drift.Options) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	clients := l.clients()
	options.Parallelism, options.Clock, options.Log = 8, clock.System{}, slog.New(slog.DiscardHandler)
	options.Region = func(context.Context) (string, error) { return emulator.Region, nil }
	options.Attribution = &drift.Attributor{Clock: clock.System{}, Budget: time.Minute, Client: func(ctx context.Context, region string) (drift.CloudTrailAPI, error) {
		return clients.CloudTrail(ctx, region)
	}}
	l.emulator.ResetCalls()
	result, err := drift.Detect(ctx, options)
	if err != nil {
		l.t.Fatal(err)
	}
	seen := map[string]emulator.Call{}
	for _, call := range l.emulator.Calls() {
		if twin, twice := seen[call.Digest]; twice && call.Digest != "" {
			l.t.Errorf("%s was asked twice: %s %s %s", name, twin.Service, twin.Operation, twin.Resource)
		}
		seen[call.Digest] = call
		if call.Service == "cloudtrail" || call.Service == "pricing" {
			l.t.Errorf("%s %s was called, and nothing of the state has drifted", call.Service, call.Operation)
		}
	}
	l.t.Logf("%s: %d calls, %d unmanaged", name, result.Calls, result.Unmanaged)
}
