package healthgate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/notify"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

type deaf struct{ got []event }

func (d *deaf) Send(ctx context.Context, event notify.Event) error {
	if _, limited := ctx.Deadline(); !limited {
		return errors.New("a sink must not wait without limit")
	}
	d.got = append(d.got, event)
	return errors.New("the topic is gone")
}

// TestASinkThatFailsIsOneWarning: however many events and sinks there are, and although Terraform was interrupted.
func TestASinkThatFailsIsOneWarning(t *testing.T) {
	t.Parallel()
	first, second := &deaf{}, &deaf{}
	data := &configured.Data{Sink: notify.Sinks{first, second}, Clock: clock.System{}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := circumstances{deployment: "web/000003"}
	result := gate.Result{Verdict: gate.Failed, Checks: map[string]gate.CheckResult{"a": {Name: "a", Status: gate.CheckFailed, Reason: "down"}}}
	var diags diag.Diagnostics
	tell(ctx, data, []event{completed(time.Now(), result, c), ended(time.Now(), result, c)}, &diags)
	if len(diags) != 1 || diags.HasError() || diags[0].Summary() != "Nobody was told" || !strings.Contains(diags[0].Detail(), "the topic is gone") {
		t.Errorf("got %v", diags)
	}
	if len(first.got) != 2 || len(second.got) != 2 {
		t.Errorf("%d and %d events were tried", len(first.got), len(second.got))
	}
}

// TestOutcomes: which events and subjects a verdict makes.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		verdict gate.Verdict
		c       circumstances
		want    string
	}{
		"passed":                    {gate.Passed, circumstances{}, "HealthCheckCompleted success"},
		"failed":                    {gate.Failed, circumstances{}, "HealthCheckFailed failure"},
		"inconclusive":              {gate.Inconclusive, circumstances{}, "HealthCheckFailed failure"},
		"failed again":              {gate.Failed, circumstances{unhealthy: true}, "HealthCheckFailed failure"},
		"recovered":                 {gate.Passed, circumstances{unhealthy: true}, "HealthRecovered recovery"},
		"interrupted":               {gate.Inconclusive, circumstances{interrupted: true}, "HealthCheckCompleted interrupted"},
		"its deployment tells that": {gate.Failed, circumstances{deployment: "web/000001"}, "HealthCheckCompleted failure"},
	} {
		got := completed(time.Now(), gate.Result{Verdict: test.verdict}, test.c)
		if line := string(got.Kind) + " " + got.Attributes["outcome"]; line != test.want {
			t.Errorf("%s: %s, not %s", name, line, test.want)
		}
	}
}

// TestAMessageIsBounded: a thousand checks with endless reasons fit a topic, and a long subject its 100 characters.
func TestAMessageIsBounded(t *testing.T) {
	t.Parallel()
	result := gate.Result{Verdict: gate.Failed, Checks: map[string]gate.CheckResult{}}
	for i := range 1000 {
		name := fmt.Sprintf("check-with-a-name-%d", i)
		result.Checks[name] = gate.CheckResult{Name: name, Status: gate.CheckFailed, Reason: strings.Repeat("é", 10_000)}
	}
	e := completed(time.Now(), result, circumstances{})
	body, err := e.JSON()
	if err != nil || len(body) > 256<<10 || len([]rune(e.Subject)) > 100 {
		t.Errorf("%v: %d bytes, subject %q", err, len(body), e.Subject)
	}
}

// TestProgressKeepsOrderAndHurriesNobody: lines come one at a time, in order; a slow terminal makes no check wait.
func TestProgressKeepsOrderAndHurriesNobody(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	var got []string
	lines := newProgress(func(line string) {
		<-open
		got = append(got, line)
	})
	lines.attempted("site", 1, probe.Observation{Status: probe.Fail, Reason: "first\n  line " + strings.Repeat("x", 500)})
	lines.attempted("site", 2, probe.Observation{Status: probe.Pass})
	lines.ended(gate.CheckResult{Name: "site", Kind: "http", Status: gate.CheckTimedOut, Attempts: make([]gate.Attempt, 2), Latency: 12 * time.Millisecond})
	lines.ended(gate.CheckResult{Name: "late", Kind: "tcp", Status: gate.CheckSkipped, Reason: "skipped: it needs \"site\"", Advisory: true})
	for range 2 * waitingLines { // none of these may block
		lines.add("more")
	}
	close(open)
	lines.close()
	if len(got) < 3 || len([]rune(got[0])) > 200 || !strings.HasPrefix(got[0], "site: attempt 1: first line xxx") {
		t.Fatalf("%d lines, the first is %q", len(got), got[:1])
	}
	if diff := cmp.Diff([]string{"site (http): timed out after 2 attempts, 12 ms", `late (tcp): skipped: it needs "site" (advisory)`}, got[1:3]); diff != "" {
		t.Error(diff)
	}
}
