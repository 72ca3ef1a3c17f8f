package probe

import (
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestHTTP2IsSpoken where the server offers it, and HTTP/1.1 where it does not.
func TestHTTP2IsSpoken(t *testing.T) {
	t.Parallel()
	for _, offered := range []bool{true, false} {
		var spoken atomic.Int64
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { spoken.Store(int64(r.ProtoMajor)) }))
		server.EnableHTTP2 = offered
		server.StartTLS()
		t.Cleanup(server.Close)
		config, err := ParseTLS(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})), "", "", false)
		if err != nil {
			t.Fatal(err)
		}
		address, err := ParseURL(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		seen := (&HTTP{URL: address, TLS: config}).Probe(t.Context())
		if want := map[bool]int64{true: 2, false: 1}[offered]; seen.Status != Pass || spoken.Load() != want {
			t.Errorf("%s %s: HTTP/%d was spoken, not HTTP/%d", seen.Status, seen.Reason, spoken.Load(), want)
		}
	}
}

// TestHTTPOverIPv6: an address in brackets.
func TestHTTPOverIPv6(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp6", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6 loopback:", err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{ReadHeaderTimeout: time.Second, Handler: http.NotFoundHandler()}}
	server.Start()
	t.Cleanup(server.Close)
	if !strings.HasPrefix(server.URL, "http://[::1]:") {
		t.Fatal(server.URL)
	}
	address, err := ParseURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if seen := (&HTTP{URL: address, Expect: Expect{Status: []StatusRange{{404, 404}}}}).Probe(t.Context()); seen.Status != Pass {
		t.Error(seen)
	}
	if seen := (&TCP{Address: listener.Addr().String()}).Probe(t.Context()); seen.Status != Pass {
		t.Error(seen)
	}
}

const proxied = "RELIABILITY_TEST_ASK"

// TestHTTPThroughAProxy: HTTP_PROXY and NO_PROXY of the environment are heeded. Go reads them once in a process, so that
// each case is a process of its own.
func TestHTTPThroughAProxy(t *testing.T) {
	if address := os.Getenv(proxied); address != "" {
		target, err := ParseURL(address)
		if err != nil {
			t.Fatal(err)
		}
		seen := (&HTTP{URL: target}).Probe(t.Context())
		t.Log("observed:", seen.Status, seen.Reason)
		return
	}
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked.Store(r.URL.String()) }))
	t.Cleanup(proxy.Close)
	for name, test := range map[string]struct {
		noProxy string
		through bool
	}{
		"proxy":       {"", true},
		"not for it":  {"health.test", false},
		"for another": {"other.test", true},
	} {
		asked.Store("")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestHTTPThroughAProxy$", "-test.v")
		child.Env = append(os.Environ(), proxied+"=http://health.test/x", "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY="+test.noProxy, "no_proxy="+test.noProxy)
		out, err := child.CombinedOutput()
		cancel()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		if passed := strings.Contains(string(out), "observed: pass"); passed != test.through || (asked.Load() == "http://health.test/x") != test.through {
			t.Errorf("%s: the proxy was asked for %q\n%s", name, asked.Load(), out)
		}
	}
}

// TestHTTPLyingServers: whatever a server does, the attempt ends in time, reads no more than it may, and says what was
// wrong with the answer.
func TestHTTPLyingServers(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		case "/truncated":
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"status":"ok"`)
		case "/drip":
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for {
				fmt.Fprint(w, ".")
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
					return
				case <-tick.C:
				}
			}
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/error":
			fmt.Fprint(w, `{"status":"error"}`)
		case "/half-open":
			<-r.Context().Done()
		}
	}))
	t.Cleanup(server.Close)
	status, err := CompileExpression("json.status", HTTPDialect)
	if err != nil {
		t.Fatal(err)
	}
	for path, test := range map[string]struct {
		expect Expect
		want   Status
		reason string
	}{
		"/endless":   {Expect{BodyContains: "needle"}, Fail, "1048576 bytes or more"},
		"/truncated": {Expect{}, Error, "status 200, but its body broke off after 14 bytes"},
		"/drip":      {Expect{}, Error, "no answer in time"},
		"/loop":      {Expect{}, Error, "more than 10 redirects"},
		"/error":     {Expect{JSON: []JSONExpectation{{status, "ok"}}}, Fail, `json.status is not "ok"`},
		"/half-open": {Expect{}, Error, "no answer in time"},
	} {
		address, err := ParseURL(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		began := time.Now()
		seen := (&HTTP{URL: address, FollowRedirects: true, Expect: test.expect}).Probe(ctx)
		cancel()
		if seen.Status != test.want || !strings.Contains(seen.Reason, test.reason) {
			t.Errorf("%s: %s, %q", path, seen.Status, seen.Reason)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s took %s", path, took)
		}
	}
}
