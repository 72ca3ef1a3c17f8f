package probe

import (
	"context"
	"errors"
	"net"
	"regexp"
	"strings"
)

// maxDatabaseRead is what is read of a server in one attempt. Drivers keep a message whole, and one of MySQL's may go on for ever.
const maxDatabaseRead = 32 << 20

var (
	errDatabaseFlood = errors.New("the server sent more than an answer may hold")
	errNonsense      = errors.New("connect: what the server says is not the protocol of such a database")
)

// bounded ends a connection that brings too much.
type bounded struct {
	net.Conn

	left int // reads come one at a time
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errDatabaseFlood
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func dialBounded(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &bounded{Conn: conn, left: maxDatabaseRead}, nil
}

// version is what servers say of themselves: "16.4 (Debian 16.4-1.pgdg120+1)".
var version = regexp.MustCompile(`^[0-9][0-9A-Za-z.()+~_ -]{0,79}$`)

// known leaves out what a server says of itself and no version is, or what holds a part of the dsn, which it was told.
func (d *Database) known(facts map[string]string) map[string]string {
	kept := map[string]string{}
	for name, text := range facts {
		if version.MatchString(text) && d.redact(text) == text {
			kept[name] = text
		}
	}
	return kept
}

// shown is a server's text without the dsn's parts, on one line.
func (d *Database) shown(text string) string { return printable(d.redact(strings.TrimSpace(text))) }
