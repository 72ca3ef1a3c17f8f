package healthgate_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/ledger"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
)

// TestAccHealthGate_deployment: the verdict closes the deployment in the ledger and is sent as a metric; a sink that
// fails is one warning and fails nothing.
func TestAccHealthGate_deployment(t *testing.T) {
	e := acctest.Emulator(t)
	folder := t.TempDir()
	kept, err := store.OpenLocal(folder)
	if err != nil {
		t.Fatal(err)
	}
	book := ledger.New(kept, clock.System{})
	for _, id := range []string{"gate-web/000001", "gate-web/000002"} {
		if _, err := book.Open(t.Context(), id, "v"+id); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t)
	text := func(id string) string {
		return fmt.Sprintf(`
provider "reliability" {
  store   = { local = { path = %q } }
  metrics = { namespace = "Gate" }
}
resource "reliability_health_gate" "test" {
  checks        = { site = { http = { url = %q } } }
  max_retries   = 0
  deployment_id = %q
}
`, folder, s.URL, id)
	}
	status := func(id string, want ledger.Status, metrics int) func(*terraform.State) error {
		return func(*terraform.State) error {
			history, err := book.History(t.Context(), "gate-web")
			if err != nil {
				return err
			}
			for _, deployment := range history.Deployments {
				if deployment.ID == id && deployment.Status != want {
					return fmt.Errorf("%s is %s, not %s", id, deployment.Status, want)
				}
			}
			if sent := count(e, "PutMetricData"); sent != metrics {
				return fmt.Errorf("%d metrics were sent, not %d", sent, metrics)
			}
			return nil
		}
	}
	e.ResetCalls()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{
			// The first was superseded when the second opened: what a gate finds says nothing of it any more.
			Config: text("gate-web/000002"), ConfigStateChecks: []statecheck.StateCheck{healthy(true)},
			Check: status("gate-web/000002", ledger.Succeeded, 2),
		},
		{
			PreConfig: func() {
				s.status.Store(http.StatusInternalServerError)
				if _, err := book.Open(t.Context(), "gate-web/000003", "v3"); err != nil {
					t.Error(err)
				}
			},
			Config: text("gate-web/000003"), ExpectError: regexp.MustCompile("Health checks failed"),
		},
		{RefreshState: true, ExpectNonEmptyPlan: true, Check: status("gate-web/000003", ledger.Failed, 4)},
		{
			PreConfig: func() {
				s.status.Store(http.StatusOK)
				t.Cleanup(e.Inject(emulator.Fault{Operation: "PutMetricData", Status: http.StatusForbidden, Code: "AccessDenied"}))
			},
			Config: text("gate-web/000003"), ConfigStateChecks: []statecheck.StateCheck{healthy(true)}, Check: status("gate-web/000003", ledger.Succeeded, 6),
		},
	}})
}

func count(e *emulator.Emulator, operation string) int {
	n := 0
	for _, call := range e.Calls() {
		if call.Operation == operation {
			n++
		}
	}
	return n
}
