package scenario

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// recorded is what AWS Config says of the stack, or of one type of it.
func (l *look) recorded(types ...string) *drift.Result {
	l.t.Helper()
	readers := live.Recorded(l.clients(), live.Aggregator{})
	return l.detect(readers, l.read(readers), types...)
}

// cleanRecorded: what AWS Config recorded of a fresh stack shows no drift, every type that it knows is looked at, and what it does
// not tell is said.
func (l *look) cleanRecorded() {
	l.t.Helper()
	result := l.recorded()
	for _, item := range result.Items {
		l.t.Errorf("a fresh stack differs from what AWS Config recorded: %s %s %+v", item.Kind, item.Address, item.Changes)
	}
	for _, resource := range result.Unverified {
		if !strings.Contains(resource.Reason, "AWS Config does not tell its ") {
			l.t.Errorf("%s was not read: %s", resource.Address, resource.Reason)
		}
	}
	for kind, skipped := range result.Skipped {
		if slices.Contains(recordedTypes(), kind) {
			l.t.Errorf("%s was skipped: %s", kind, skipped.Reason)
		}
	}
	if result.Checked == 0 {
		l.t.Error("nothing was checked")
	}
	l.t.Logf("AWS Config: %d checked, %d open, %d calls, %d ms", result.Checked, len(result.Unverified), result.Calls, result.Duration.Milliseconds())
}

func recordedTypes() []string {
	var types []string
	for kind, spec := range drift.Specs(live.Recorded(nil, live.Aggregator{})) {
		if spec.Part == nil {
			types = append(types, kind)
		}
	}
	return types
}

// agrees: what a person did is found in what AWS Config recorded as it is in AWS itself, unless AWS Config does not tell of it;
// then the resource is not verified.
func (l *look) agrees(t *testing.T, hand hand, read *drift.Result) {
	t.Helper()
	kind, _, _ := strings.Cut(hand.address, ".")
	if !slices.Contains(recordedTypes(), kind) {
		return
	}
	result := l.recorded(kind)
	open := map[string]string{}
	for _, resource := range result.Unverified {
		open[string(resource.Address)] = resource.Reason
	}
	if len(result.Items) == 0 && hand.path != "" && strings.Contains(open[hand.address], hand.path) {
		return
	}
	type seen struct {
		Address string
		Kind    drift.Kind
		Changes []drift.Change
	}
	list := func(items []drift.Item) (all []seen) {
		for _, item := range items {
			all = append(all, seen{string(item.Address), item.Kind, item.Changes})
		}
		return all
	}
	unexported := cmp.FilterPath(func(path cmp.Path) bool {
		field, ok := path.Last().(cmp.StructField)
		return ok && strings.ToLower(field.Name()[:1]) == field.Name()[:1]
	}, cmp.Ignore())
	if diff := cmp.Diff(list(read.Items), list(result.Items), unexported); diff != "" {
		t.Errorf("%s %s: AWS (-) and AWS Config (+) do not agree:\n%s\nopen: %v", hand.address, hand.path, diff, open)
	}
}
