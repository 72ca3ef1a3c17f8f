package healthgate_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// TestAccHealthGate_badInput: wrong at plan, with the attribute's path, what is wrong and what to do.
func TestAccHealthGate_badInput(t *testing.T) {
	acctest.Emulator(t)
	const fine = `a = { http = { url = "http://127.0.0.1:1" } }`
	for name, test := range map[string]struct{ checks, more, want string }{
		"two kinds":              {`a = { http = { url = "http://127.0.0.1:1" }, tcp = { address = "127.0.0.1:1" } }`, "", `Two kinds in one check.*check "a" is http and tcp at once`},
		"no kind":                {`a = { advisory = true }`, "", `No kind in a check.*exactly one of http, tcp, dns, lambda, alarm`},
		"a check without a name": {`"" = { tcp = { address = "127.0.0.1:1" } }`, "", `at least 1`},
		"no check":               {``, "", `at least 1`},
		"negative duration":      {fine, `timeout = "-5s"`, `Invalid duration.*"-5s" is negative.*write a positive number`},
		"duration without unit":  {fine, `retry_delay = "5"`, `Invalid duration.*"5" is no duration`},
		"negative delay":         {fine, `retry_delay = "-1s"`, `"-1s" is negative`},
		"attempt without time":   {`a = { timeout = "0s", tcp = { address = "127.0.0.1:1" } }`, "", `"0s" is no time at all`},
		"no time for a check":    {fine, "initial_delay = \"5s\"\ntimeout = \"5s\"", `No time for a check`},
		"bad status":             {`a = { http = { url = "http://127.0.0.1:1", expect = { status = ["2xx"] } } }`, "", `Invalid HTTP status range.*"2xx"`},
		"status backwards":       {`a = { http = { url = "http://127.0.0.1:1", expect = { status = ["299-200"] } } }`, "", `Invalid HTTP status range`},
		"bad expression":         {`a = { http = { url = "http://127.0.0.1:1", expect = { success = "json.ok =" } } }`, "", `Invalid expression`},
		"unknown name":           {`a = { http = { url = "http://127.0.0.1:1", expect = { success = "statuz == 200" } } }`, "", `Invalid expression.*unknown name statuz`},
		"unknown name in json":   {`a = { http = { url = "http://127.0.0.1:1", expect = { json = { "jsn.a" = "b" } } } }`, "", `Invalid expression.*jsn.a: unknown name jsn.*Attribute: checks\["a"\].http.expect.json\["jsn.a"\]`},
		"payload over http":      {`a = { http = { url = "http://127.0.0.1:1", expect = { failure = "payload.a" } } }`, "", `unknown name payload`},
		"no condition":           {`a = { http = { url = "http://127.0.0.1:1", expect = { success = "status" } } }`, "", `expected bool`},
		"bad regex":              {`a = { http = { url = "http://127.0.0.1:1", expect = { body_matches = "(" } } }`, "", `Invalid regular expression`},
		"bad URL":                {`a = { http = { url = "www.example.com" } }`, "", `Invalid URL`},
		"bad address":            {`a = { tcp = { address = "localhost" } }`, "", `Invalid address`},
		"bad DNS type":           {`a = { dns = { name = "x.test", type = "B" } }`, "", `Invalid DNS record type`},
		"payload is not JSON":    {`a = { lambda = { function_name = "f", payload = "{" } }`, "", `Invalid JSON`},
		"bad PEM":                {`a = { http = { url = "https://127.0.0.1:1", ca_pem = "x" } }`, "", `Invalid PEM.*ca_pem holds no certificate`},
		"key without cert":       {`a = { http = { url = "https://127.0.0.1:1", client_key_pem = "x" } }`, "", `client_cert_pem`},
		"unknown need":           {`a = { needs = ["z"], tcp = { address = "127.0.0.1:1" } }`, "", `Unknown check in needs.*check "a" needs "z"`},
		"circle of needs": {
			`a = { needs = ["b"], tcp = { address = "127.0.0.1:1" } }
			 b = { needs = ["a"], tcp = { address = "127.0.0.1:1" } }`, "", `wait for each other.*a -> b -> a`,
		},
		"negative parallelism": {fine, `parallelism = -1`, `at least 0`},
		"bad jitter":           {fine, `backoff = { jitter = 2 }`, `between 0.0`},
		"bad on_failure":       {fine, `on_failure = "ignore"`, `one of`},
		"bad on_inconclusive":  {fine, `on_inconclusive = "ignore"`, `one of`},
		"bad run":              {fine, `run = "always"`, `one of`},
		"unknown attribute":    {`a = { htp = { url = "x" } }`, "", `htp`},
		"unknown deployment":   {fine, `deployment_id = "web/000001"`, `Unknown deployment.*has no deployment web/000001`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
				Config: gateOf(t, test.checks, test.more), PlanOnly: true,
				ExpectError: regexp.MustCompile("(?s)" + strings.ReplaceAll(test.want, " ", `[\s│]+`)),
			}}})
		})
	}
}

// TestAccHealthGate_unknownAtPlan: values of other resources are judged once they are known.
func TestAccHealthGate_unknownAtPlan(t *testing.T) {
	acctest.Emulator(t)
	s := serve(t)
	text := func(url string) string {
		return acctest.ProviderBlock(t) + `
resource "terraform_data" "url" {
  input = "` + url + `"
}
resource "reliability_health_gate" "test" {
  checks      = { for name in ["a", "b"] : name => { http = { url = terraform_data.url.output, expect = { success = "status == ${length(terraform_data.url.output) * 0 + 200}" } } } }
  max_retries = 0
}
`
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: text("nowhere"), ExpectError: regexp.MustCompile("Invalid URL")},
		{Config: text(s.URL)},
	}})
}
