package scenario

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	planted "github.com/project3-ls/terraform-provider-reliability/internal/acctest/canary"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/inprocess"
)

// echo is a server that gives back whatever it was told, in its body, its headers and where it redirects to, as servers do that explain
// why they refuse.
func echo(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		told := strings.Join([]string{r.Header.Get("Authorization"), r.Header.Get("X-Token"), r.URL.RawQuery}, " ")
		w.Header().Set("X-Echo", base64.StdEncoding.EncodeToString([]byte(told))+" "+told)
		if strings.HasPrefix(r.URL.Path, "/away") {
			w.Header().Set("Location", "http://"+r.Host+"/refused?"+r.URL.RawQuery)
			w.WriteHeader(http.StatusFound)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, "no entry for %s", told) //nolint:gosec // it is what is tried
	}))
	t.Cleanup(server.Close)
	return server
}

// TestAccFailuresTellNoSecret: everything that can fail on the way fails, over secrets, with every report; what is said, what is reported,
// what is kept as a result and what is sent holds none.
func TestAccFailuresTellNoSecret(t *testing.T) {
	t.Parallel()
	e := acctest.Emulator(t)
	house, name, site, folder := planted.House, acctest.Unique(t), echo(t), t.TempDir()
	acctest.Watched(t, folder)
	encrypted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(encrypted.Close)
	e.OnInvoke(name, func(_ string, payload []byte) ([]byte, string) {
		return fmt.Appendf(nil, `{"errorType":%q,"errorMessage":%q}`, payload, payload), "Unhandled"
	})
	secrets := map[string]string{}
	for _, label := range []string{"header", "query", "password", "refused header", "user info", "postgres", "wrong dsn", "mysql", "unresolved", "sent header", "state"} {
		secrets[label] = house.PlantToken(planted.Sensitive, strings.ReplaceAll(label, " ", "-")+"-failure")
	}
	said := inprocess.New(t).Apply(fmt.Sprintf(`
provider "reliability" {
  s3_use_path_style = true
  store             = { local = { path = %[1]q } }
}

data "reliability_health" "web" {
  on_failure  = "record"
  max_retries = 0
  timeout     = "20s"
  checks = {
    refused   = { http = { url = "%[2]s/x?token=%[3]s", sensitive_headers = { Authorization = "Bearer %[4]s" }, expect = { header = { "X-Echo" = "none" }, body_contains = "welcome" } } }
    away      = { http = { url = "%[2]s/away?token=%[3]s", sensitive_headers = { "X-Token" = "%[5]s" }, follow_redirects = true } }
    untrusted = { http = { url = "%[6]s/?token=%[3]s", sensitive_headers = { "X-Token" = "%[5]s" } } }
    nobody    = { http = { url = "http://app:%[7]s@127.0.0.1:1/?token=%[3]s" } }
    nowhere   = { http = { url = "http://app:%[7]s@nowhere.invalid/?token=%[3]s" } }
    postgres  = { database = { engine = "postgres", dsn = "postgres://app:%[8]s@%[9]s/shop?sslmode=disable" } }
    mysql     = { database = { engine = "mysql", dsn = "app:%[10]s@tcp(%[9]s)/shop" } }
    host      = { database = { engine = "postgres", dsn = "postgres://app:%[11]s@nowhere.invalid/shop" } }
    code      = { lambda = { function_name = %[12]q, payload = "{}" } }
    flow      = { workflow = { steps = [{ name = "in", url = "%[2]s/in?token=%[3]s", sensitive_headers = { Authorization = "Bearer %[4]s" }, capture = { token = "headers.x" } }] } }
  }
  report = { json = "%[1]s/h.json", junit = "%[1]s/h.xml", markdown = "%[1]s/h.md", html = "%[1]s/h.html" }
}
`, folder, site.URL, secrets["query"], secrets["header"], secrets["sent header"], encrypted.URL, secrets["user info"], secrets["postgres"], strings.TrimPrefix(site.URL, "http://"), secrets["mysql"], secrets["unresolved"], name))
	if said.Failed() {
		t.Fatalf("%v", said.Errors)
	}
	health := said.Values["data.reliability_health.web"]
	results := health.GetAttr("results").AsValueMap()
	if len(results) != 10 {
		t.Errorf("%d checks ran", len(results))
	}
	absent := func(where, text string) {
		t.Helper()
		planted.Secrets(secrets).Absent(t, where, []byte(text))
	}
	for check, result := range results {
		reason := result.GetAttr("reason").AsString()
		if reason == "" || result.GetAttr("status").AsString() == "passed" {
			t.Errorf("%s did not fail", check)
		}
		absent("the reason of "+check, reason)
	}
	absent("report_json", health.GetAttr("report_json").AsString())
	for _, report := range []string{"h.json", "h.xml", "h.md", "h.html"} {
		content, err := os.ReadFile(filepath.Join(folder, report))
		if err != nil {
			t.Fatal(err)
		}
		absent(report, string(content))
	}

	for what, block := range map[string]string{
		"a dsn that cannot be parsed": fmt.Sprintf(`data "reliability_health" "x" {
  checks = { db = { database = { engine = "postgres", dsn = "postgres://app:%s%%zz@db/x" } } }
}`, secrets["wrong dsn"]),
		"a URL that cannot be parsed": fmt.Sprintf(`data "reliability_health" "x" {
  checks = { web = { http = { url = "http://app:%s@[::1/" } } }
}`, secrets["password"]),
		"a header that cannot be sent": fmt.Sprintf(`data "reliability_health" "x" {
  max_retries = 0
  checks      = { web = { http = { url = "%s", sensitive_headers = { "X-Token" = "%s\nX: y" } } } }
}`, site.URL, secrets["refused header"]),
		"a state that is broken": fmt.Sprintf(`data "reliability_drift" "x" {
  state = { json = "{\"version\":4,\"resources\":[{\"instances\":%s" }
}`, secrets["state"]),
	} {
		failed := inprocess.New(t).Apply(fmt.Sprintf("provider \"reliability\" {\n  store = { local = { path = %q } }\n}\n%s", folder, block))
		if !failed.Failed() {
			t.Errorf("%s is taken", what)
		}
		absent(what, strings.Join(failed.Errors, "\n"))
	}
}
