package healthgate_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// orders is an application with a login, and orders of one status.
type orders struct {
	mu     sync.Mutex
	status string
	calls  []string
}

func (o *orders) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	o.calls = append(o.calls, r.Method+" "+r.URL.Path)
	switch {
	case r.URL.Path == "/login" && r.Header.Get("X-Api-Key") == "hunter2":
		fmt.Fprint(w, `{"token":"t0ken"}`)
	case r.Header.Get("Authorization") != "Bearer t0ken":
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method == http.MethodPost && string(body) == `{"item":"book"}`:
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"id":4711}`)
	case r.Method == http.MethodDelete && r.URL.Path == "/orders/4711":
		w.WriteHeader(http.StatusNoContent)
	default:
		fmt.Fprintf(w, `{"id":4711,"status":%q}`, o.status)
	}
}

func (o *orders) set(status string) func() {
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.status, o.calls = status, nil
	}
}

// TestAccHealthGate_workflow: a journey that holds, one that breaks and is cleaned up after, and one as a data source.
func TestAccHealthGate_workflow(t *testing.T) {
	acctest.Emulator(t)
	app := &orders{status: "paid"}
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	report := t.TempDir() + "/report.json"
	steps := func(secret string) string {
		return fmt.Sprintf(`journey = { workflow = { steps = [
      { name = "login", url = "%[1]s/login", method = "POST", %[2]s = { X-Api-Key = "hunter2" }, capture = { token = "json.token" } },
      { name = "order", url = "%[1]s/orders", method = "POST", headers = { Authorization = "Bearer {{token}}" }, body = jsonencode({ item = "book" }), expect = { status = ["201"] }, capture = { id = "json.id" } },
      { name = "look", url = "%[1]s/orders/{{id}}", headers = { Authorization = "Bearer {{token}}" }, expect = { json = { "json.status" = "paid", "json.id" = "{{id}}" } } },
      { name = "remove", url = "%[1]s/orders/{{id}}", method = "DELETE", headers = { Authorization = "Bearer {{token}}" }, always = true },
    ] } }`, server.URL, secret)
	}
	hidden := func(*terraform.State) error {
		text, err := os.ReadFile(report)
		if err != nil {
			return err
		}
		for _, secret := range []string{"t0ken", "hunter2", "4711"} {
			if strings.Contains(string(text), secret) {
				return fmt.Errorf("the report shows %q: %s", secret, text)
			}
		}
		app.mu.Lock()
		defer app.mu.Unlock()
		if got := strings.Join(app.calls, ", "); got != "POST /login, POST /orders, GET /orders/4711, DELETE /orders/4711" {
			return fmt.Errorf("the application was asked %s", got)
		}
		return nil
	}
	more := func(step string) string {
		return fmt.Sprintf("report = { json = %q }\ntriggers = { step = %q }", report, step)
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{PreConfig: app.set("paid"), Config: gateOf(t, steps("sensitive_headers"), more("1")), ConfigStateChecks: []statecheck.StateCheck{healthy(true)}, Check: hidden},
		{PreConfig: app.set("paid"), Config: gateOf(t, steps("headers_wo"), more("2")), ConfigStateChecks: []statecheck.StateCheck{healthy(true)}, Check: hidden},
		{
			PreConfig: app.set("lost"), Config: gateOf(t, steps("sensitive_headers"), more("3")),
			ExpectError: says(`journey (workflow) failed after 1 attempt: step "look" (3 of 4): GET ` + server.URL + `/orders/{{id}}: json.status is not "paid" but another string of the same length`),
		},
		{ // and the order was removed
			Config: gateOf(t, steps("sensitive_headers"), more("4")+"\non_failure = \"record\""), ConfigStateChecks: []statecheck.StateCheck{healthy(false)},
			ExpectNonEmptyPlan: true,
			Check: func(state *terraform.State) error {
				app.mu.Lock()
				app.calls = app.calls[len(app.calls)-4:]
				app.mu.Unlock()
				return hidden(state)
			},
		},
		{
			PreConfig: app.set("paid"),
			Config: acctest.ProviderBlock(t) + `
data "reliability_health" "test" {
  checks = {
    ` + steps("sensitive_headers") + `
  }
}`,
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue("data.reliability_health.test", tfjsonpath.New("verdict"), knownvalue.StringExact("passed"))},
		},
	}})
}
