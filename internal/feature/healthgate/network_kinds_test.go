package healthgate_test

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// says matches a diagnostic however it is wrapped; spaces stand for any blanks.
func says(text string) *regexp.Regexp {
	return regexp.MustCompile("(?s)" + strings.ReplaceAll(regexp.QuoteMeta(text), " ", `[\s│]+`))
}

// TestAccHealthGate_cors: a page's own origin is allowed, then another's.
func TestAccHealthGate_cors(t *testing.T) {
	acctest.Emulator(t)
	var allowed atomic.Value
	allowed.Store("https://shop.example.test")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", allowed.Load().(string))
		w.Header().Set("Access-Control-Allow-Methods", "GET, PUT")
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type, X-Api-Key")
		if r.Method == http.MethodPut && (r.Header.Get("X-Api-Key") != "hunter2" || r.ContentLength != 7) {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	check := func(method string) string {
		return fmt.Sprintf(`api = { cors = {
      url = "%s/orders", origin = "https://shop.example.test", method = %q, request_headers = ["content-type"], body = jsonencode({ a = 1 }), sensitive_headers = { X-Api-Key = "hunter2" }
    } }`, server.URL, method)
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: gateOf(t, check("PUT"), `triggers = { step = "1" }`), ConfigStateChecks: []statecheck.StateCheck{healthy(true)}},
		{
			PreConfig: func() { allowed.Store("https://evil.example") },
			Config:    gateOf(t, check("PUT"), `triggers = { step = "2" }`), ExpectError: says("api (cors) failed after 1 attempt: preflight OPTIONS " + server.URL + "/orders: origin https://shop.example.test is not allowed: Access-Control-Allow-Origin is https://evil.example"),
		},
		{
			PreConfig: func() { allowed.Store("https://shop.example.test") },
			Config:    gateOf(t, check("DELETE"), `triggers = { step = "3" }`), ExpectError: says("method DELETE is not allowed: Access-Control-Allow-Methods is GET, PUT"),
		},
	}})
}

// TestAccHealthGate_tls: with the server's authority and name, without, and with more days than are left.
func TestAccHealthGate_tls(t *testing.T) {
	acctest.Emulator(t)
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(more string) string { return fmt.Sprintf(`site = { tls = { address = %q, %s } }`, address, more) }
	ca := fmt.Sprintf("ca_pem = file(%q), ", file)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: gateOf(t, check(ca+`server_name = "example.com"`), ""), ConfigStateChecks: []statecheck.StateCheck{healthy(true)}},
		{Config: gateOf(t, check(ca+`server_name = "example.org"`), ""), ExpectError: says("site (tls) failed after 1 attempt: example.org at " + address + ": the certificate is for example.com")},
		{Config: gateOf(t, check(`server_name = "example.com"`), ""), ExpectError: says("give it in ca_pem")},
	}})
}

const sarif = `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"scanner","rules":[{"id":"open-bucket","defaultConfiguration":{"level":"%s"}}]}},
  "results":[{"ruleId":"open-bucket","message":{"text":"hunter2"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"s3.tf"},"region":{"startLine":7}}}]}]}]}`

// TestAccHealthGate_scan: a warning passes, unless warnings are asked for; an error never does.
func TestAccHealthGate_scan(t *testing.T) {
	acctest.Emulator(t)
	file := filepath.Join(t.TempDir(), "scan.sarif")
	write := func(level string) func() {
		return func() {
			if err := os.WriteFile(file, fmt.Appendf(nil, sarif, level), 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	check := func(more string) string { return fmt.Sprintf(`code = { scan = { path = %q%s } }`, file, more) }
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{PreConfig: write("warning"), Config: gateOf(t, check(""), ""), ConfigStateChecks: []statecheck.StateCheck{healthy(true)}},
		{Config: gateOf(t, check(`, max_level = "warning"`), ""), ExpectError: says("holds 1 at or above level warning: 1 warning of open-bucket, first at s3.tf:7")},
		{PreConfig: write("error"), Config: gateOf(t, check(""), `triggers = { a = "b" }`), ExpectError: says("code (scan) failed after 1 attempt")},
		{PreConfig: func() { _ = os.Remove(file) }, Config: gateOf(t, check(""), `triggers = { a = "c" }`), ExpectError: says("there is no such file; has the scanner run?")},
	}})
}

// TestAccHealthGate_badKinds: wrong at plan, with the path of the attribute.
func TestAccHealthGate_badKinds(t *testing.T) {
	acctest.Emulator(t)
	step := func(name, more string) string {
		return fmt.Sprintf(`{ name = %q, url = "https://h.test/%s", %s }`, name, name, more)
	}
	flow := func(steps ...string) string {
		return `a = { workflow = { steps = [` + strings.Join(steps, ", ") + `] } }`
	}
	for name, test := range map[string]struct{ checks, want string }{
		"origin with a path":   {`a = { cors = { url = "https://h.test", origin = "https://shop.test/" } }`, `Invalid origin`},
		"header with a colon":  {`a = { cors = { url = "https://h.test", origin = "https://shop.test", request_headers = ["x-a: b"] } }`, `Invalid header name`},
		"no origin":            {`a = { cors = { url = "https://h.test" } }`, `attribute "origin" is required`},
		"cors without PEM":     {`a = { cors = { url = "https://h.test", origin = "null", ca_pem = "x" } }`, `Invalid PEM`},
		"address of tls":       {`a = { tls = { address = "h.test" } }`, `Invalid address`},
		"negative days":        {`a = { tls = { address = "h.test:443", min_days_remaining = -1 } }`, `between 0 and 3650`},
		"tls without PEM":      {`a = { tls = { address = "h.test:443", ca_pem = "x" } }`, `Invalid PEM`},
		"level of a scan":      {`a = { scan = { path = "x.sarif", max_level = "high" } }`, `Invalid level`},
		"no path":              {`a = { scan = { path = "" } }`, `at least 1`},
		"engine":               {`a = { database = { engine = "oracle", dsn = "x" } }`, `must be one of`},
		"no DSN":               {`a = { database = { engine = "mysql" } }`, `neither dsn nor dsn_wo`},
		"two DSNs":             {`a = { database = { engine = "mysql", dsn = "a:b@tcp(c)/d", dsn_wo = "a:b@tcp(c)/d" } }`, `Two DSNs in one check`},
		"bad DSN":              {`a = { database = { engine = "postgres", dsn = "hunter2" } }`, `the dsn is not one of postgres: it cannot be parsed`},
		"DSN of another":       {`a = { database = { engine = "mysql", dsn = "postgres://a:hunter2@h/d" } }`, `a URL of another kind`},
		"write-only DSN":       {`a = { database = { engine = "mysql", dsn_wo = "hunter2" } }`, `Invalid DSN`},
		"database without PEM": {`a = { database = { engine = "mysql", dsn = "a:hunter2@tcp(c)/d", ca_pem = "x" } }`, `Invalid PEM`},
		"no step":              {flow(), `at least 1`},
		"steps of one name":    {flow(step("one", ""), step("one", "")), `steps 1 and 2 are both called "one"`},
		"never captured":       {flow(step("one", `capture = { id = "json.id" }`), step("two", `body = "{{it}}"`)), `step "two" uses {{it}}, and the steps before it capture id.`},
		"captured later":       {flow(step("one", `headers = { X-A = "{{id}}" }`), step("two", `capture = { id = "json.id" }`)), `step "one" uses {{id}}, and no step before it captures anything`},
		"captured by itself":   {flow(step("{{id}}", `capture = { id = "json.id" }`)), `uses {{id}}`},
		"expected, unknown":    {flow(step("one", `expect = { json = { "json.a" = "{{id}}" } }`)), `uses {{id}}`},
		"name of a capture":    {flow(step("one", `capture = { "a-b" = "json.id" }`)), `"a-b" cannot stand between double braces`},
		"capture of nothing":   {flow(step("one", `capture = { a = "jsn.id" }`)), `unknown name jsn`},
		"URL of a step":        {flow(`{ name = "one", url = "h.test/{{id}}" }`), `Invalid URL`},
		"PEM of a step":        {flow(step("one", `ca_pem = "x"`)), `Invalid PEM`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
				Config: gateOf(t, test.checks, ""), PlanOnly: true, ExpectError: says(test.want),
			}}})
		})
	}
}
