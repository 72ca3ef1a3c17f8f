package scenario

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// disagreements are where a refresh by hashicorp/aws tells another thing than what is read of AWS, by "ADDRESS PATH" or "ADDRESS", and why.
var disagreements = map[string]string{
	"aws_eip.nat": "nobody reads it; the NAT gateway took the address after the state was written, which a refresh tells",
}

// bothSources does everything of hands at once and leaves it: reading AWS in batches and one refresh by hashicorp/aws find the same,
// item by item and attribute by attribute, but for disagreements.
func (l *look) bothSources(t *testing.T, w *workspace.Workspace, hands []hand) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	gone := map[string]bool{}
	for _, hand := range hands {
		gone[hand.address] = gone[hand.address] || hand.path == ""
	}
	for _, hand := range hands {
		if hand.back == nil || gone[hand.address] { // was left as it is, or is not there any more
			continue
		}
		if err := hand.there(ctx); err != nil {
			t.Errorf("%s %s: %v", hand.address, hand.path, err)
		}
	}
	readers := live.Readers(l.clients())
	found := l.detect(readers, l.read(readers))
	for _, entry := range w.Command(ctx).Env { // the engine's child inherits it, as it would a user's
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "TF_") {
			t.Setenv(name, value)
		}
	}
	plan, err := drift.Child{Dir: w.Dir, Program: os.Getenv("TF_ACC_TERRAFORM_PATH")}.Refresh(ctx)
	if err != nil {
		t.Fatal(err)
	}
	refreshed, err := drift.DetectPlan(ctx, plan, drift.Specs(readers), drift.Options{Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	inAWS, byTerraform := differences(found), differences(refreshed)
	both := 0
	for _, key := range slices.Sorted(maps.Keys(merged(inAWS, byTerraform))) {
		address, _, _ := strings.Cut(key, " ")
		why := cmp.Or(disagreements[key], disagreements[address])
		switch agree := slices.Equal(inAWS[key], byTerraform[key]); {
		case agree && why != "":
			t.Errorf("%s: both agree, and it is listed as a disagreement", key)
		case agree:
			both++
		case why == "":
			t.Errorf("%s: AWS says %q, a refresh %q", key, inAWS[key], byTerraform[key])
		}
	}
	t.Logf("%d differences of %d resources, %d agree", len(inAWS), len(found.Items), both)
	if both < 60 {
		t.Errorf("only %d differences agree", both)
	}
}

// differences are what a result says of each attribute, by "ADDRESS PATH".
func differences(result *drift.Result) map[string][]string {
	show := func(text *string) string {
		if text == nil {
			return "-"
		}
		return *text
	}
	all := map[string][]string{}
	for _, item := range result.Items {
		if item.Kind == drift.Unmanaged {
			continue
		}
		if item.Kind == drift.Deleted {
			all[string(item.Address)+" "] = []string{"deleted, " + string(item.Category)}
		}
		for _, change := range item.Changes {
			key := fmt.Sprintf("%s %s", item.Address, change.Path)
			all[key] = append(all[key], fmt.Sprintf("%s -> %s (%s)", show(change.Expected), show(change.Actual), change.Category))
			slices.Sort(all[key])
		}
	}
	return all
}

func merged(a, b map[string][]string) map[string][]string {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return both
}
