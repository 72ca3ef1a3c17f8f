package probe

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// mostForOneAnswer bounds what one attempt may allocate in all, whatever a server sends. Tests that run beside one count too.
const mostForOneAnswer = 256 << 20

func allocatedBy(do func()) uint64 {
	read := func() uint64 {
		sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before := read()
	do()
	return read() - before
}

// speak lets each connection to a port of loopback be answered by say, until the test ends.
func speak(t *testing.T, say func(net.Conn)) (address string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { _ = listener.Close(); all.Wait() })
	all.Go(func() { // owner: the clean-up waits for it
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				say(conn)
			})
		}
	})
	return listener.Addr().String()
}

// flood writes until whoever reads is gone.
func flood(conn io.Writer, piece []byte) {
	for {
		if _, err := conn.Write(piece); err != nil {
			return
		}
	}
}

// TestHostileAnswersAreBounded: a server that never ends, in whatever it may leave unended, costs a bounded amount of memory, and the attempt ends.
func TestHostileAnswersAreBounded(t *testing.T) { //nolint:paralleltest // it measures what is allocated meanwhile
	var bomb bytes.Buffer
	packed := gzip.NewWriter(&bomb)
	for range 300 { // more than may be allocated
		if _, err := packed.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	web := func(answer func(io.Writer)) func(net.Conn) {
		return func(conn net.Conn) {
			if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_ = request.Body.Close()
				answer(conn)
			}
		}
	}
	asked := func(address string) *HTTP {
		return &HTTP{URL: &url.URL{Scheme: "http", Host: address, Path: "/"}, FollowRedirects: true, Expect: Expect{BodyContains: "needle"}}
	}
	database := func(engine DatabaseEngine, scheme string) func(string) Probe {
		return func(address string) Probe {
			check, err := ParseDatabase(engine, scheme+"://app:hunter2@"+address+"/shop?"+map[DatabaseEngine]string{Postgres: "sslmode=disable"}[engine], "")
			if err != nil {
				t.Fatal(err)
			}
			return check
		}
	}
	huge := binary.BigEndian.AppendUint32([]byte{'R'}, 1<<30) // a message of a GB is announced before anybody was let in
	for name, test := range map[string]struct {
		say   func(net.Conn)
		check func(address string) Probe
		want  string
	}{
		"endless body": {web(func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\n\r\n")
			flood(w, make([]byte, 64<<10))
		}), func(a string) Probe { return asked(a) }, "1048576 bytes or more"},
		"endless headers": {web(func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\n")
			flood(w, []byte("X-Again: "+strings.Repeat("x", 4096)+"\r\n"))
		}), func(a string) Probe { return asked(a) }, "exceeded"},
		"one endless header": {web(func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nX: ")
			flood(w, bytes.Repeat([]byte("x"), 64<<10))
		}), func(a string) Probe { return asked(a) }, ""},
		"endless interim answers": {web(func(w io.Writer) { flood(w, []byte("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")) }), func(a string) Probe { return asked(a) }, ""},
		"compression bomb": {web(func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", bomb.Len())
			_, _ = w.Write(bomb.Bytes())
		}), func(a string) Probe { return asked(a) }, "1048576 bytes or more"},
		"endless TCP":                {func(c net.Conn) { flood(c, make([]byte, 64<<10)) }, func(a string) Probe { return &TCP{Address: a, Expect: "needle"} }, "said enough"},
		"TLS that speaks no TLS":     {func(c net.Conn) { flood(c, bytes.Repeat([]byte{22, 3, 3, 255, 255}, 4096)) }, func(a string) Probe { return &TLS{Address: a} }, ""},
		"a GB announced by Postgres": {func(c net.Conn) { _, _ = c.Write(huge); flood(c, make([]byte, 64<<10)) }, database(Postgres, "postgres"), ""},
		"endless notices of Postgres": {func(c net.Conn) {
			flood(c, append(binary.BigEndian.AppendUint32([]byte{'N'}, 4+1<<20), make([]byte, 1<<20)...))
		}, database(Postgres, "postgres"), ""},
		"an endless packet of MySQL": {func(c net.Conn) {
			for i := byte(0); ; i++ { // packets of the most bytes go on in the next one
				if _, err := c.Write([]byte{255, 255, 255, i}); err != nil {
					return
				}
				if _, err := c.Write(make([]byte, 1<<24-1)); err != nil {
					return
				}
			}
		}, database(MySQL, "mysql"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			check := test.check(speak(t, test.say))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var seen Observation
			grown := allocatedBy(func() { seen = check.Probe(ctx) })
			if seen.Status == Pass || !strings.Contains(seen.Reason, test.want) || ctx.Err() != nil || len(seen.Reason) > 1000 {
				t.Errorf("%s: %.300s (%v)", seen.Status, seen.Reason, ctx.Err())
			}
			if grown > mostForOneAnswer {
				t.Errorf("one attempt allocated %d MB", grown>>20)
			}
		})
	}
}

// TestAServerLeadsNowhereInward: no redirect leads to where a cloud hands out credentials, to a file, or from elsewhere to this machine.
func TestAServerLeadsNowhereInward(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"http://169.254.169.254/latest/meta-data/iam/security-credentials/": "hands out credentials",
		"http://169.254.170.2/v2/credentials/x":                             "hands out credentials",
		"http://[fd00:ec2::254]/latest/meta-data/":                          "hands out credentials",
		"http://[::ffff:169.254.169.254]/":                                  "hands out credentials",
		"file:///etc/passwd":                                                "unsupported protocol scheme",
		"gopher://127.0.0.1:70/":                                            "unsupported protocol scheme",
	} {
		server := httptest.NewServer(http.RedirectHandler(target, http.StatusFound))
		t.Cleanup(server.Close)
		seen := (&HTTP{URL: at(t, server.URL), FollowRedirects: true}).Probe(t.Context())
		if seen.Status != Error || !strings.Contains(seen.Reason, want) {
			t.Errorf("to %s: %s %s", target, seen.Status, seen.Reason)
		}
		captured, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		if seen := (&HTTP{led: true, URL: captured}).Probe(t.Context()); seen.Status != Error || !strings.Contains(seen.Reason, want) {
			t.Errorf("a captured %s: %s %s", target, seen.Status, seen.Reason)
		}
	}
	// What a name resolves to counts when it is dialled, of the check's own name as well, unless the check names the address itself.
	for _, test := range []struct {
		url, connectTo, resolved string
		own, home, led           bool
		want                     error
	}{
		{url: "http://shop.test", resolved: "169.254.169.254:80", own: true, want: errMetadata},
		{url: "http://shop.test", resolved: "[fd00:ec2::254]:80", own: true, want: errMetadata},
		{url: "http://169.254.169.254", resolved: "169.254.169.254:80", own: true},
		{url: "http://shop.test", connectTo: "169.254.170.2:80", resolved: "169.254.170.2:80", own: true},
		{url: "http://169.254.169.254", resolved: "169.254.169.254:80", own: true, led: true, want: errMetadata},
		{url: "http://shop.test", resolved: "127.0.0.1:80", own: true},
		{url: "http://shop.test", resolved: "127.0.0.1:80", want: errLoopback},
		{url: "http://shop.test", resolved: "[::1]:80", want: errLoopback},
		{url: "http://shop.test", resolved: "0.0.0.0:80", want: errLoopback},
		{url: "http://shop.test", resolved: "127.0.0.1:80", home: true},
		{url: "http://shop.test", resolved: "192.0.2.1:80"},
	} {
		way := (&HTTP{URL: at(t, test.url), ConnectTo: test.connectTo, led: test.led}).way()
		way.home = test.home
		if err := way.allow(test.resolved, test.own); err != test.want { //nolint:errorlint // it is not wrapped
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// TestSecretsStayWithTheirHost: what proves who we are goes neither to another host, nor to another port, nor back home from there.
func TestSecretsStayWithTheirHost(t *testing.T) {
	t.Parallel()
	var seen atomic.Pointer[http.Header]
	var home *httptest.Server
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(&r.Header)
		if r.URL.Path == "/back" {
			http.Redirect(w, r, home.URL+"/end", http.StatusFound)
		}
	}))
	t.Cleanup(other.Close)
	home = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			seen.Store(&r.Header)
			return
		}
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusFound) //nolint:gosec // that is what is tried
	}))
	t.Cleanup(home.Close)
	for _, path := range []string{"/away", "/back"} {
		address := at(t, home.URL+path+"?token=qu3ry")
		address.User = url.UserPassword("app", "us3rinfo")
		check := &HTTP{
			URL: address, FollowRedirects: true, Headers: map[string]string{"Cookie": "c00kie", "Proxy-Authorization": "pr0xy"},
			SensitiveHeaders: map[string]string{"Authorization": "Bearer b3arer", "X-Secret": "cust0m"},
		}
		if got := check.Probe(t.Context()); got.Status != Pass {
			t.Errorf("%s: %+v", path, got)
		}
		for _, secret := range []string{"qu3ry", "us3rinfo", "YXBwOnVzM3JpbmZv", "c00kie", "pr0xy", "b3arer", "cust0m"} {
			if text := fmt.Sprint(*seen.Load()); strings.Contains(text, secret) {
				t.Errorf("%s: %s was sent: %s", path, secret, text)
			}
		}
	}
}
