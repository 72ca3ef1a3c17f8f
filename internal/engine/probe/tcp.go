package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// TCP connects to an address and, where asked, says something and waits for an answer.
type TCP struct {
	Address string // host:port
	Send    string // sent once connected; empty sends nothing
	Expect  string // must appear in the first MiB of the answer; empty waits for none
}

// Name is "tcp".
func (*TCP) Name() string { return "tcp" }

// Probe makes one connection and closes it. What was answered is in no reason.
func (t *TCP) Probe(ctx context.Context) Observation {
	started := time.Now()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", t.Address)
	if err != nil {
		return trouble(ctx, "connect to "+t.Address, err, time.Since(started))
	}
	defer conn.Close() //nolint:errcheck // whether it can be closed says nothing of its health
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer release()
	if t.Send != "" {
		if _, err := io.WriteString(conn, t.Send); err != nil {
			return trouble(ctx, "send to "+t.Address, err, time.Since(started))
		}
	}
	seen := Observation{Status: Pass, Values: map[string]string{"address": conn.RemoteAddr().String()}}
	if t.Expect != "" {
		read, found, err := await(conn, []byte(t.Expect))
		switch {
		case found:
		case err == nil || errors.Is(err, io.EOF):
			seen = seen.fail("%s closed or said enough after %d bytes without %q", t.Address, read, t.Expect)
		default:
			seen = trouble(ctx, fmt.Sprintf("wait for %q from %s, which sent %d bytes", t.Expect, t.Address, read), err, 0)
		}
	}
	seen.Latency = time.Since(started)
	return seen
}

// await reads until want appears, the answer ends or maxBody was read.
func await(r io.Reader, want []byte) (read int, found bool, err error) {
	var kept []byte
	chunk := make([]byte, 4096)
	for read < maxBody {
		n, err := r.Read(chunk)
		read += n
		kept = append(kept, chunk[:n]...)
		if bytes.Contains(kept, want) {
			return read, true, nil
		}
		if err != nil {
			return read, false, err
		}
		if over := len(kept) - len(want); over > 0 { // the match may span two reads
			kept = append(kept[:0], kept[over:]...)
		}
	}
	return read, false, nil
}
