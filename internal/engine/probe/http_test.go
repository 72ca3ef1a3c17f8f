package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func at(t *testing.T, text string) *url.URL {
	t.Helper()
	parsed, err := ParseURL(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func condition(t *testing.T, text string) *Expression {
	t.Helper()
	compiled, err := CompileCondition(text, HTTPDialect)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func TestHTTPExpectations(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-App", "blue")
		if r.URL.Path == "/down" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		if r.URL.Path == "/big" {
			fmt.Fprint(w, strings.Repeat("x", maxBody+10), "needle")
			return
		}
		fmt.Fprint(w, `{"status":"ok","token":"hunter2"}`)
	}))
	t.Cleanup(server.Close)
	status, err := CompileExpression("json.status", HTTPDialect)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		path   string
		expect Expect
		want   Status
		reason string
		final  bool
	}{
		"default":        {"/", Expect{}, Pass, "", false},
		"down":           {"/down", Expect{}, Fail, "status 503 instead of 200-299", false},
		"wanted down":    {"/down", Expect{Status: []StatusRange{{404, 404}, {500, 503}}}, Pass, "", false},
		"contains":       {"/", Expect{BodyContains: "token"}, Pass, "", false},
		"contains not":   {"/", Expect{BodyContains: "nowhere"}, Fail, `does not contain "nowhere"`, false},
		"matches not":    {"/", Expect{BodyMatches: regexp.MustCompile("^x")}, Fail, "does not match", false},
		"header":         {"/", Expect{Header: map[string]string{"x-app": "blue"}}, Pass, "", false},
		"header differs": {"/", Expect{Header: map[string]string{"X-App": "green"}}, Fail, `header X-App is not "green"`, false},
		"header missing": {"/", Expect{Header: map[string]string{"X-Gone": "1"}}, Fail, "there is no header X-Gone", false},
		"json":           {"/", Expect{JSON: []JSONExpectation{{status, "ok"}}}, Pass, "", false},
		"json differs":   {"/", Expect{JSON: []JSONExpectation{{status, "broken"}}}, Fail, `json.status is not "broken" but a string of 2 bytes`, false},
		"success":        {"/", Expect{Success: condition(t, `json.status == "ok"`)}, Pass, "", false},
		"success not":    {"/", Expect{Success: condition(t, `json.token == "x"`)}, Fail, "the success expression is false", false},
		"success errs":   {"/", Expect{Success: condition(t, `json.gone == "x"`)}, Fail, "the answer has no gone", false},
		"failure":        {"/", Expect{Failure: condition(t, `json.status == "ok"`)}, Fail, "the failure expression is true", true},
		"too slow":       {"/", Expect{MaxLatency: 1}, Fail, "more than 1ns", false},
		"first MiB":      {"/big", Expect{BodyContains: "needle"}, Fail, "1048576 bytes or more", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := (&HTTP{URL: at(t, server.URL+test.path+"?key=t0ken"), Expect: test.expect}).Probe(t.Context())
			if seen.Status != test.want || seen.Final != test.final || !strings.Contains(seen.Reason, test.reason) {
				t.Errorf("got %+v", seen)
			}
			if strings.Contains(fmt.Sprint(seen), "hunter2") || strings.Contains(fmt.Sprint(seen), "t0ken") {
				t.Errorf("shows a secret: %+v", seen)
			}
			if seen.Latency <= 0 {
				t.Error("no latency")
			}
		})
	}
}

// TestHTTPEachAttemptIsItsOwn: the body is sent again, on a new connection, and the old answer is forgotten.
func TestHTTPEachAttemptIsItsOwn(t *testing.T) {
	t.Parallel()
	var asked, connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != "ping" || asked.Add(1) == 2 {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	check := &HTTP{URL: at(t, server.URL), Method: "POST", Body: "ping"}
	var got []Status
	for range 3 {
		got = append(got, check.Probe(t.Context()).Status)
	}
	if fmt.Sprint(got) != "[pass fail pass]" || connections.Load() != 3 {
		t.Errorf("%v on %d connections", got, connections.Load())
	}
}

func TestHTTPRedirects(t *testing.T) {
	t.Parallel()
	var leaked atomic.Value
	abroad := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		leaked.Store(fmt.Sprint(r.Header["Authorization"], r.Header["X-Api-Key"], r.Header["Cookie"], r.Header["X-Plain"]))
	}))
	t.Cleanup(abroad.Close)
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/abroad":
			http.Redirect(w, r, abroad.URL, http.StatusTemporaryRedirect)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/home":
			http.Redirect(w, r, "/", http.StatusFound)
		default:
			if r.Header.Get("X-Api-Key") != "s3cr3t" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		}
	}))
	t.Cleanup(home.Close)
	check := func(path string) *HTTP {
		return &HTTP{
			URL: at(t, home.URL+path), FollowRedirects: true, Headers: map[string]string{"Authorization": "Bearer b3arer", "Cookie": "a=c00kie", "X-Plain": "plain"},
			SensitiveHeaders: map[string]string{"X-Api-Key": "s3cr3t"},
		}
	}
	if seen := check("/home").Probe(t.Context()); seen.Status != Pass {
		t.Errorf("the same host gets the headers: %+v", seen)
	}
	if seen := check("/abroad").Probe(t.Context()); seen.Status != Pass || leaked.Load() != "[] [] [] [plain]" {
		t.Errorf("another host got %v: %+v", leaked.Load(), seen)
	}
	withBody := check("/abroad")
	withBody.Method, withBody.Body = "POST", "pass=word"
	if seen := withBody.Probe(t.Context()); seen.Status != Fail || !strings.Contains(seen.Reason, "status 307") {
		t.Errorf("a body goes abroad: %+v", seen)
	}
	if seen := check("/loop").Probe(t.Context()); seen.Status != Error || !strings.Contains(seen.Reason, "more than 10 redirects") {
		t.Errorf("a loop: %+v", seen)
	}
	still := check("/home")
	still.FollowRedirects = false
	if seen := still.Probe(t.Context()); seen.Values["status"] != "302" {
		t.Errorf("not followed: %+v", seen)
	}
}

func TestHTTPVerifiesTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	if seen := (&HTTP{URL: at(t, server.URL)}).Probe(t.Context()); seen.Status != Error || !strings.Contains(seen.Reason, "certificate") {
		t.Errorf("an unknown authority: %+v", seen)
	}
	trusted, err := ParseTLS(ca, "", "", false)
	if err != nil {
		t.Fatal(err)
	}
	// The name in the certificate, at the address of the server.
	named := &HTTP{URL: at(t, "https://example.com/"), TLS: trusted, ConnectTo: server.Listener.Addr().String()}
	if seen := named.Probe(t.Context()); seen.Status != Pass {
		t.Errorf("connect_to with ca_pem: %+v", seen)
	}
	named.URL = at(t, "https://example.org/")
	if seen := named.Probe(t.Context()); seen.Status != Error {
		t.Errorf("another name: %+v", seen)
	}
	blind, err := ParseTLS("", "", "", true)
	if err != nil {
		t.Fatal(err)
	}
	if seen := (&HTTP{URL: at(t, server.URL), TLS: blind}).Probe(t.Context()); seen.Status != Pass {
		t.Errorf("insecure_skip_verify: %+v", seen)
	}
	for _, bad := range [][3]string{{"x", "", ""}, {"", "x", "y"}} {
		if _, err := ParseTLS(bad[0], bad[1], bad[2], false); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}

func TestHTTPTrouble(t *testing.T) {
	t.Parallel()
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hanging.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if seen := (&HTTP{URL: at(t, hanging.URL)}).Probe(ctx); seen.Status != Error || !strings.Contains(seen.Reason, "no answer in time") {
		t.Errorf("a server that hangs: %+v", seen)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	seen := (&HTTP{URL: at(t, "http://user:hunter2@"+address+"/p?key=t0ken")}).Probe(t.Context())
	if seen.Status != Error || !strings.Contains(seen.Reason, "refused") || strings.Contains(seen.Reason, "hunter2") || strings.Contains(seen.Reason, "t0ken") {
		t.Errorf("nobody listens: %+v", seen)
	}
}

// TestHTTPProvesWhoItIs: with a client certificate, at home; and not on the way to another host.
func TestHTTPProvesWhoItIs(t *testing.T) {
	t.Parallel()
	abroad := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the certificate went abroad") }))
	t.Cleanup(abroad.Close)
	home := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/abroad" {
			http.Redirect(w, r, abroad.URL, http.StatusFound)
		} else if len(r.TLS.PeerCertificates) == 0 {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	home.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	home.StartTLS()
	t.Cleanup(home.Close)
	certPEM, keyPEM := pairOf(t, home)
	trust, err := ParseTLS(certPEM, certPEM, keyPEM, false)
	if err != nil {
		t.Fatal(err)
	}
	check := &HTTP{URL: at(t, home.URL), TLS: trust, FollowRedirects: true}
	if seen := check.Probe(t.Context()); seen.Status != Pass {
		t.Errorf("got %+v", seen)
	}
	check.URL = at(t, home.URL+"/abroad")
	if seen := check.Probe(t.Context()); seen.Values["status"] != "302" {
		t.Errorf("got %+v", seen)
	}
}

// pairOf returns a server's own certificate and key, which serve as a client's.
func pairOf(t *testing.T, server *httptest.Server) (certPEM, keyPEM string) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
}
