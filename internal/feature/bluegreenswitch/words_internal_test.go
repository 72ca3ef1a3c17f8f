package bluegreenswitch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/gate"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/journal"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/restore"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

func TestTheSchemaIsSound(t *testing.T) {
	t.Parallel()
	var resp resource.SchemaResponse
	NewResource().Schema(t.Context(), resource.SchemaRequest{}, &resp)
	if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Fatal(diags)
	}
	for name, attribute := range resp.Schema.Attributes {
		if attribute.GetMarkdownDescription() == "" {
			t.Errorf("%s has no description", name)
		}
	}
}

func TestEveryFailureSaysWhatHappenedWhatIsLiveAndWhatToDo(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	live := map[string]traffic.Weights{"www": {Blue: 90, Green: 10}}
	held := &journal.HeldError{Target: "route53,Z1", Holder: "ci", Expires: time.Unix(0, 0)}
	failed := gate.Result{Verdict: gate.Failed, Checks: map[string]gate.CheckResult{"app": {Kind: "http", Status: gate.CheckTimedOut, Reason: "503", Attempts: make([]gate.Attempt, 3)}}}
	for name, test := range map[string]struct {
		err     error
		outcome traffic.Outcome
		code    code
		want    []string
	}{
		"checks": {
			&traffic.ChecksError{Stage: traffic.Stage{Phase: traffic.AtStep, Percent: 10}, Result: failed},
			traffic.Outcome{Status: traffic.StatusReverted, Moved: true, Live: map[string]traffic.Weights{"www": {Blue: 100}}, Recovery: 3 * time.Second},
			code{},
			[]string{"checks did not pass", "The checks of green failed at 10 %", "app (http) timed out after 3 attempts: 503", "www: blue 100 % / green 0 %", "moved back in 3s", "The next apply tries"},
		},
		"inconclusive": {
			&traffic.ChecksError{Stage: traffic.Stage{Phase: traffic.Before}, Result: gate.Result{Verdict: gate.Inconclusive}},
			traffic.Outcome{Status: traffic.StatusReverted, Live: live},
			code{},
			[]string{"did not come to a verdict before the first step", "Nothing was moved"},
		},
		"held lease": {held, traffic.Outcome{Live: live}, code{}, []string{"another process is at it", "is held by ci until 1970-01-01T00:00:00Z", "Nothing was moved"}},
		"lost lease": {
			&traffic.LeaseLostError{Err: held},
			traffic.Outcome{Status: traffic.StatusInterrupted, Live: live, Moved: true},
			code{id: "web/000001"},
			[]string{"the lease was lost", "is held by ci", "NOT back", "The snapshot web/000001 was not restored, because traffic is not back", `set active = "blue"`},
		},
		"foreign": {
			&traffic.ForeignChangeError{Route: "www", Expected: traffic.On(traffic.Blue, 100), Found: traffic.On(traffic.Blue, 90)},
			traffic.Outcome{Status: traffic.StatusInterrupted, Live: live},
			code{},
			[]string{"somebody else moved it", "blue 100 % / green 0 %", "moved it to blue 90 % / green 10 %", "ignore_changes"},
		},
		"foreign, and back where it was": {
			&traffic.ForeignChangeError{Route: "www", Expected: traffic.On(traffic.Green, 50), Found: traffic.On(traffic.Blue, 100)},
			traffic.Outcome{Status: traffic.StatusReverted, Moved: true, Live: map[string]traffic.Weights{"www": {Blue: 100}}, Recovery: time.Second},
			code{},
			[]string{"somebody else moved it", "www: blue 100 % / green 0 %. Traffic is back where it was."},
		},
		"journal":                  {&traffic.JournalError{Err: boom}, traffic.Outcome{}, code{}, []string{"the journal cannot be used", "boom", "as before: nothing was moved", "writable"}},
		"cancelled at the journal": {&traffic.JournalError{Err: context.Canceled}, traffic.Outcome{}, code{}, []string{"the apply was cancelled", "as before: nothing was moved"}},
		"deadline at the journal":  {&traffic.JournalError{Err: context.DeadlineExceeded}, traffic.Outcome{}, code{}, []string{"it took too long", "raise timeouts", "as before: nothing was moved"}},
		"limit of one call to the store": {
			&traffic.JournalError{Err: fmt.Errorf("s3 does not answer: %w", context.DeadlineExceeded)},
			traffic.Outcome{},
			code{},
			[]string{"the journal cannot be used", "s3 does not answer", "writable"},
		},
		"cancelled": {context.Canceled, traffic.Outcome{Status: traffic.StatusHeld, Moved: true, Live: live}, code{}, []string{"the apply was cancelled", `on_failure = "hold"`, "goes on from there"}},
		"deadline of the whole, at a route": {
			&traffic.RouteError{Route: "www", Doing: "move", Err: context.DeadlineExceeded},
			traffic.Outcome{Status: traffic.StatusReverted, Live: live},
			code{},
			[]string{"it took too long", "raise timeouts"},
		},
		"limit of one wait": {
			&traffic.RouteError{Route: "www", Doing: "wait for Route 53 change C1 of", Err: fmt.Errorf("C1 is not INSYNC yet: %w", context.DeadlineExceeded)},
			traffic.Outcome{Status: traffic.StatusReverted, Live: live},
			code{},
			[]string{"AWS took too long", `not possible to wait for Route 53 change C1 of the route "www": C1 is not INSYNC yet`},
		},
		"deadline": {context.DeadlineExceeded, traffic.Outcome{Status: traffic.StatusReverted, Live: live}, code{}, []string{"it took too long", "raise timeouts"}},
		"route": {
			&traffic.RouteError{Route: "www", Doing: "move", Err: boom},
			traffic.Outcome{Status: traffic.StatusInterrupted, Unknown: []string{"www"}, Unproven: []error{boom}},
			code{},
			[]string{"AWS did not do it", `not possible to move the route "www": boom`, "While looking after it: boom", `set active = "blue"`, "could not be read, look at it", "NOT back"},
		},
		"anything else": {boom, traffic.Outcome{Status: traffic.StatusReverted, Live: live}, code{}, []string{"The switch failed: boom"}},
		"code back": {
			boom,
			traffic.Outcome{Status: traffic.StatusReverted, Moved: true, Live: live},
			code{id: "web/000001", tried: true, result: restore.Result{Status: restore.Restored, Recovery: time.Second}},
			[]string{"The snapshot web/000001 was restored in 1s (changes: 0)", "Its release is in quarantine now"},
		},
		"code as it was": {
			boom,
			traffic.Outcome{Status: traffic.StatusReverted, Live: live},
			code{id: "web/000001", tried: true, result: restore.Result{Status: restore.NotNeeded}},
			[]string{"The code is as in snapshot web/000001 already"},
		},
		"code in part": {
			boom,
			traffic.Outcome{Status: traffic.StatusReverted, Live: live},
			code{id: "web/000001", tried: true, err: &restore.IncompleteError{Status: restore.Partial}},
			[]string{"was restored in part only", "The snapshot was not restored", "reliability_rollback"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var diags diag.Diagnostics
			wordFailure(&diags, failure{run: &run{outcome: test.outcome, err: test.err, code: test.code}, to: traffic.Green, plan: &model{}})
			text := ""
			for _, d := range diags {
				text += d.Summary() + "\n" + d.Detail() + "\n"
			}
			for _, want := range append(test.want, "What to do: ") {
				if name == "route" && want == "What to do: " {
					continue // AWS's own error decides
				}
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in:\n%s", want, text)
				}
			}
		})
	}
}

func TestFaultsOfATargetAreShownAtItsAttribute(t *testing.T) {
	t.Parallel()
	at := path.Root("routes").AtMapKey("www").AtName("route53")
	var diags diag.Diagnostics
	states := []traffic.State{{Unfit: []*traffic.UnfitError{
		{Reason: traffic.UnfitTTL}, {Reason: traffic.UnfitCloudFront}, {Reason: traffic.UnfitThird}, {Reason: traffic.UnfitRouting},
	}}}
	wordFailure(&diags, failure{
		run:   &run{routes: []traffic.Route{{Key: "www"}}, outcome: traffic.Outcome{States: states}, err: &traffic.UnfitRouteError{Route: "www", Unfit: states[0].Unfit[0]}},
		where: map[string]route{"www": {key: "www", kind: route53Kind, at: at}}, to: traffic.Green, plan: &model{},
	})
	for i, attribute := range []string{"green", "green", "name", "type"} {
		withPath, ok := diags[i].(diag.DiagnosticWithPath)
		if !ok || !withPath.Path().Equal(at.AtName(attribute)) || !strings.Contains(diags[i].Detail(), "What to do: ") {
			t.Errorf("%d: %+v", i, diags[i])
		}
	}
}

func TestImportIdentifiers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"route53,Z1,www.example.com,A,b,g":                        "main",
		"www=route53,Z1,www.example.com,a,b,g":                    "www",
		" www = route53 , /hostedzone/Z1 , www.example.com,A,b,g": "www",
		"route53,Z1,www.example.com,A,k=v,g":                      "main",
	} {
		key, value, err := importedRoute(text)
		if err != nil || key != want {
			t.Errorf("%q: %q, %v", text, key, err)
			continue
		}
		object, _ := value.(types.Object)
		found := routesOf(types.MapValueMust(routeType(), map[string]attr.Value{key: object}), &diag.Diagnostics{})
		if len(found) != 1 || !found[0].known(t.Context()) || found[0].value.Attributes()["zone_id"].String() != `"Z1"` || found[0].value.Attributes()["type"].String() != `"A"` {
			t.Errorf("%q: %+v", text, found)
		}
	}
	for _, text := range []string{"", "route53", "route53,Z1,www,A,b", "route53,Z1,,A,b,g", "listener,arn", "route53,Z1,www,A,b,g,h"} {
		if _, _, err := importedRoute(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
