package probe

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// bothProtocols listens over UDP and over TCP on one port. What is free for the one may be taken for the other: then on the next.
func bothProtocols(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	var taken error
	for range 20 {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, listener
		}
		_ = packets.Close()
		taken = err
	}
	t.Fatal(taken)
	return nil, nil
}

// resolve serves the records over UDP, and over TCP on the same port; a name that starts with "big." is truncated over UDP.
func resolve(t *testing.T, records ...string) string {
	t.Helper()
	packets, listener := bothProtocols(t)
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		answer := new(dns.Msg).SetReply(question)
		asked := question.Question[0]
		_, udp := w.RemoteAddr().(*net.UDPAddr)
		switch {
		case strings.HasPrefix(asked.Name, "gone."):
			answer.Rcode = dns.RcodeNameError
		case strings.HasPrefix(asked.Name, "silent."):
			return
		case udp && strings.HasPrefix(asked.Name, "big."):
			answer.Truncated = true
		default:
			for _, text := range records {
				record, err := dns.NewRR(text)
				if err != nil {
					panic(err)
				}
				if record.Header().Name == asked.Name && (record.Header().Rrtype == asked.Qtype || record.Header().Rrtype == dns.TypeCNAME) {
					answer.Answer = append(answer.Answer, record)
				}
			}
		}
		w.WriteMsg(answer)
	})
	for _, server := range []*dns.Server{{PacketConn: packets, Handler: handler}, {Listener: listener, Handler: handler}} {
		started, done := make(chan struct{}), make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		go func() { defer close(done); server.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { server.Shutdown(); <-done })
	}
	return packets.LocalAddr().String()
}

func TestDNS(t *testing.T) {
	t.Parallel()
	resolver := resolve(t, "www.example.test. 1 IN A 192.0.2.1", "www.example.test. 1 IN A 192.0.2.2", "www.example.test. 1 IN AAAA 2001:db8::1",
		"big.example.test. 1 IN A 192.0.2.9", "example.test. 1 IN MX 10 Mail.Example.test.", `example.test. 1 IN TXT "v=spf1 " "-all"`,
		"alias.example.test. 1 IN CNAME www.example.test.", "empty.example.test. 1 IN TXT x")
	for name, test := range map[string]struct {
		check  DNS
		want   Status
		reason string
	}{
		"answers":         {DNS{Domain: "www.example.test"}, Pass, ""},
		"the whole set":   {DNS{Domain: "www.example.test", Expect: []string{"192.0.2.2", "192.0.2.1"}}, Pass, ""},
		"a part of it":    {DNS{Domain: "www.example.test", Expect: []string{"192.0.2.1"}}, Fail, "answered 192.0.2.1, 192.0.2.2 instead of 192.0.2.1"},
		"too few":         {DNS{Domain: "www.example.test", MinAnswers: 3}, Fail, "2 answers instead of at least 3"},
		"IPv6, long form": {DNS{Domain: "www.example.test.", Type: dns.TypeAAAA, Expect: []string{"2001:db8:0::1"}}, Pass, ""},
		"MX":              {DNS{Domain: "example.test", Type: dns.TypeMX, Expect: []string{"10 mail.example.test."}}, Pass, ""},
		"TXT":             {DNS{Domain: "example.test", Type: dns.TypeTXT, Expect: []string{"v=spf1 -all"}}, Pass, ""},
		"CNAME":           {DNS{Domain: "alias.example.test", Type: dns.TypeCNAME, Expect: []string{"www.example.test"}}, Pass, ""},
		"only the type":   {DNS{Domain: "alias.example.test"}, Fail, "0 answers"},
		"truncated":       {DNS{Domain: "big.example.test", Expect: []string{"192.0.2.9"}}, Pass, ""},
		"no such name":    {DNS{Domain: "gone.example.test"}, Fail, "NXDOMAIN"},
		"no answer":       {DNS{Domain: "silent.example.test"}, Error, "no answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			test.check.Resolver = resolver
			if seen := test.check.Probe(ctx); seen.Status != test.want || !strings.Contains(seen.Reason, test.reason) {
				t.Errorf("got %+v", seen)
			}
		})
	}
}
