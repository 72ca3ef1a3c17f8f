package fuzz

import (
	"bufio"
	"context"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/probe"
)

// FuzzHTTPAnswer: whatever bytes a server answers with, a probe ends within its deadline, and a sensitive header never
// goes to another host than the one that it was meant for.
func FuzzHTTPAnswer(f *testing.F) {
	for _, text := range []string{
		"", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.1 999 x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08",
		"HTTP/1.1 302 Found\r\nLocation: ELSEWHERE/\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 307 x\r\nLocation: //ELSEHOST\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "HTTP/1.1 301 x\r\nLocation: file:///etc/passwd\r\n\r\n", "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\n" + `{"a":` + strings.Repeat("[", 5000),
	} {
		f.Add([]byte(text))
	}
	var answer atomic.Pointer[[]byte]
	var leaked atomic.Bool
	elsewhere := serve(f, func(request string) []byte {
		if strings.Contains(request, canary) {
			leaked.Store(true)
		}
		return []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	server := serve(f, func(string) []byte { return *answer.Load() })
	expression, err := probe.CompileExpression(`json.a ?? "x"`, probe.HTTPDialect)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		told := strings.NewReplacer("ELSEWHERE", "http://"+elsewhere, "ELSEHOST", elsewhere).Replace(string(content))
		raw := []byte(told)
		answer.Store(&raw)
		leaked.Store(false)
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		check := &probe.HTTP{
			URL: &url.URL{Scheme: "http", Host: server, Path: "/health"}, FollowRedirects: true,
			SensitiveHeaders: map[string]string{"Authorization": "Bearer " + canary},
			Expect:           probe.Expect{JSON: []probe.JSONExpectation{{Expression: expression, Want: "x"}}, MaxLatency: soon},
		}
		bounded(t, func() {
			seen := check.Probe(ctx)
			if ctx.Err() != nil {
				t.Errorf("the probe did not end in time: %+v", seen)
			}
			if strings.Contains(seen.Reason, canary) {
				t.Errorf("the reason shows a sensitive header: %s", seen.Reason)
			}
		})
		if leaked.Load() {
			t.Errorf("a sensitive header went to another host after %q", content)
		}
	})
}

const canary = "c4n4ry-of-the-fuzzer"

// serve answers each request on loopback with what answer says, byte by byte as it is, and closes the connection.
func serve(f *testing.F, answer func(request string) []byte) (address string) {
	f.Helper()
	return listen(f, func(connection net.Conn) {
		var request strings.Builder
		for lines := bufio.NewScanner(connection); lines.Scan() && lines.Text() != ""; {
			request.WriteString(lines.Text() + "\n")
		}
		_, _ = connection.Write(answer(request.String()))
	})
}

// listen is a server on loopback that treats each connection in its own way, and closes it then.
func listen(f *testing.F, treat func(net.Conn)) (address string) {
	f.Helper()
	listener, err := new(net.ListenConfig).Listen(f.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	var all sync.WaitGroup
	f.Cleanup(func() { _ = listener.Close(); all.Wait() })
	all.Go(func() { // owner: the clean-up waits for it
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer connection.Close() //nolint:errcheck // whoever asked is gone
				treat(connection)
			})
		}
	})
	return listener.Addr().String()
}

// FuzzDNSAnswer: whatever a name server answers with, a probe ends, and never passes on an answer to another question.
func FuzzDNSAnswer(f *testing.F) {
	question := new(dns.Msg).SetQuestion("www.example.test.", dns.TypeA)
	right := new(dns.Msg).SetReply(question)
	record, err := dns.NewRR("www.example.test. 60 IN A 192.0.2.1")
	if err != nil {
		f.Fatal(err)
	}
	right.Answer = []dns.RR{record}
	packed, err := right.Pack()
	if err != nil {
		f.Fatal(err)
	}
	for _, content := range [][]byte{packed, packed[:12], packed[:len(packed)-2], {}, append(packed[:12:12], 0xc0, 0x0c, 0xc0, 0x0c)} {
		f.Add(content)
	}
	var answer atomic.Pointer[[]byte]
	packets, err := new(net.ListenConfig).ListenPacket(f.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	var all sync.WaitGroup
	f.Cleanup(func() { _ = packets.Close(); all.Wait() })
	all.Go(func() { // owner: the clean-up waits for it
		buffer := make([]byte, 1<<16)
		for {
			n, from, err := packets.ReadFrom(buffer)
			if err != nil {
				return
			}
			reply := append([]byte(nil), *answer.Load()...)
			if n >= 2 && len(reply) >= 2 {
				copy(reply, buffer[:2]) // the id of the question, so that the answer is looked at
			}
			_, _ = packets.WriteTo(reply, from)
		}
	})
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) < 12 || len(content) > 1400 || content[2]&0x02 != 0 {
			return // no header, no datagram, or a truncated answer, after which TCP is tried
		}
		answer.Store(&content)
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		bounded(t, func() {
			seen := (&probe.DNS{Domain: "www.example.test", Type: dns.TypeA, Resolver: packets.LocalAddr().String(), Expect: []string{"192.0.2.1"}}).Probe(ctx)
			if seen.Status == probe.Pass && !strings.Contains(string(content), "\xc0\x00\x02\x01") {
				t.Errorf("an answer without the address passed: %q", content)
			}
		})
	})
}
