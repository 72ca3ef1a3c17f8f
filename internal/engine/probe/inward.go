package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
)

// Who answers a request may say where the next one goes, by a redirect, by a captured URL, or by what its name resolves to. What only this
// machine can reach is not for them to choose: the addresses where a cloud hands out credentials, and services on loopback.
var (
	errMetadata = errors.New("it leads to an address where a cloud hands out credentials, which the check does not name")
	errLoopback = errors.New("a redirect leads to this machine itself, which the check does not name")
)

// metadataNetworks are where EC2, ECS and EKS hand out credentials, and other clouds too:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html and
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
var metadataNetworks = []netip.Prefix{netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fd00:ec2::/32")}

func isMetadata(address netip.Addr) bool {
	for _, network := range metadataNetworks {
		if network.Contains(address.Unmap().WithZone("")) {
			return true
		}
	}
	return false
}

// literal is the address that a host or host:port is, if it is one.
func literal(host string) netip.Addr {
	if only, _, err := net.SplitHostPort(host); err == nil {
		host = only
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return address.Unmap()
}

// way is where one attempt goes: first where the check says, then where its server leads.
type way struct {
	origin    string // host:port of the check's URL
	connectTo string
	named     []netip.Addr // addresses that the check itself names

	mu   sync.Mutex
	led  map[string]bool // by host:port
	home bool            // the check's own server is on loopback
}

func (h *HTTP) way() *way {
	w := &way{origin: hostPort(h.URL), connectTo: h.ConnectTo, led: map[string]bool{}}
	if h.led {
		w.led[strings.ToLower(w.origin)] = true
		return w
	}
	w.named = []netip.Addr{literal(h.URL.Hostname()), literal(h.ConnectTo)}
	return w
}

func (w *way) names(address netip.Addr) bool {
	for _, named := range w.named {
		if named.IsValid() && named == address {
			return true
		}
	}
	return false
}

// lead notes a URL that a server leads to, or refuses it. An address behind a name is known when it is dialled.
func (w *way) lead(next *url.URL) error {
	if address := literal(next.Hostname()); address.IsValid() && isMetadata(address) && !w.names(address) {
		return errMetadata
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.led[strings.ToLower(hostPort(next))] = true
	return nil
}

// dial connects. An address that is neither the check's nor one that was led to is a proxy's, which the environment names.
func (w *way) dial(ctx context.Context, network, address string) (net.Conn, error) {
	own := strings.EqualFold(address, w.origin)
	w.mu.Lock()
	led := w.led[strings.ToLower(address)] && (!own || len(w.named) == 0)
	w.mu.Unlock()
	target := address
	if own && w.connectTo != "" {
		target = w.connectTo
	}
	dialer := &net.Dialer{}
	if own || led {
		dialer.Control = func(_, resolved string, _ syscall.RawConn) error { return w.allow(resolved, own) }
	}
	conn, err := dialer.DialContext(ctx, network, target)
	if err == nil && own && literal(conn.RemoteAddr().String()).IsLoopback() {
		w.mu.Lock()
		w.home = true
		w.mu.Unlock()
	}
	return conn, err
}

func (w *way) allow(resolved string, own bool) error {
	address := literal(resolved)
	w.mu.Lock()
	home := w.home
	w.mu.Unlock()
	switch {
	case isMetadata(address) && !w.names(address):
		return errMetadata
	case !own && !home && (address.IsLoopback() || address.IsUnspecified()):
		return errLoopback
	}
	return nil
}
