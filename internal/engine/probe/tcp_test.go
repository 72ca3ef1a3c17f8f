package probe

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// talk accepts connections, each served by serve and closed after it, until the test ends.
func talk(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serve(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	return listener.Addr().String()
}

func TestTCP(t *testing.T) {
	t.Parallel()
	echo := talk(t, func(conn net.Conn) {
		line := make([]byte, 6)
		if _, err := io.ReadFull(conn, line); err == nil && string(line) == "PING\r\n" {
			io.WriteString(conn, "hunter2 +PO")
			io.WriteString(conn, "NG\r\n")
		}
	})
	hanging := talk(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	for name, test := range map[string]struct {
		check  TCP
		want   Status
		reason string
	}{
		"connects":       {TCP{Address: echo}, Pass, ""},
		"answers":        {TCP{Address: echo, Send: "PING\r\n", Expect: "+PONG"}, Pass, ""},
		"answers wrong":  {TCP{Address: echo, Send: "PING\r\n", Expect: "+GONE"}, Fail, `without "+GONE"`},
		"never answers":  {TCP{Address: hanging, Expect: "220"}, Error, "no answer in time"},
		"nobody listens": {TCP{Address: "127.0.0.1:1"}, Error, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			seen := test.check.Probe(ctx)
			if seen.Status != test.want || !strings.Contains(seen.Reason, test.reason) || strings.Contains(seen.Reason, "hunter2") {
				t.Errorf("got %+v", seen)
			}
		})
	}
}
