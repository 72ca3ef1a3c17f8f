package rollback_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

// TestAccGuideRollBackARelease applies the configuration of the guide: a release that is well, and one that is not.
func TestAccGuideRollBackARelease(t *testing.T) {
	acctest.Emulator(t)
	guide, err := os.ReadFile("../../../examples/guides/roll-back-a-release/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t, acctest.Unique(t))
	var bad atomic.Bool
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if bad.CompareAndSwap(true, false) { // the release is out, and broken; once it is rolled back the site is well
			s.release()
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(site.Close)
	config := string(guide)
	for from, to := range map[string]string{
		`store = { s3 = { bucket = "example-deployments" } }`: fmt.Sprintf("s3_use_path_style = true\n  store = { local = { path = %q } }", s.folder),
		`name    = "web"`:            fmt.Sprintf("name = %q", s.Name),
		`bucket = "www.example.com"`: fmt.Sprintf("bucket = %q", s.Name),
		`function_name = "api"`:      fmt.Sprintf("function_name = %q", s.Name),
		`"Z0123456789EXAMPLE"`:       fmt.Sprintf("%q", s.ZoneID),
		`name = "www.example.com"`:   fmt.Sprintf("name = %q", s.Record()),
		`https://www.example.com`:    site.URL,
		`on_failure    = "record"`:   "on_failure = \"record\"\n  max_retries = 0",
	} {
		if !strings.Contains(config, from) {
			t.Fatalf("the guide does not hold %s", from)
		}
		config = strings.ReplaceAll(config, from, to)
	}
	_, config, _ = strings.Cut(config, "}\n}\n") // the terraform block, which at adds
	run := at(t, "terraform", config)
	run(0, []string{`4 added`}, "-var", "release=v1")
	s.expectLive(before)
	bad.Store(true)
	run(1, []string{`The release was rolled back`, `site`}, "-var", "release=v2")
	s.expectLive(before)
	s.expectLedger("succeeded rolled_back")
	run(1, []string{`allow_redeploy`}, "-var", "release=v2")
	run(0, []string{`0 added`}, "-var", "release=v3")
	s.expectLedger("succeeded rolled_back succeeded")
}
