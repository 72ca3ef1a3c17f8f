package proof

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/traffic"
)

// customerHeader names the customer that a request comes from.
const customerHeader = "X-Customer"

// edge is what stands between the customers and the two colours, on loopback: it sends each request where the weights
// that AWS has would send it. While AWS propagates a change, requests go by the old weights and by the new ones in turn,
// as parts of the edge have heard of it and others have not. A customer stays where it was sent for as long as the TTL
// says. Shares are exact: of any n requests by a weight of p percent, green gets n p / 100, but for one.
type edge struct {
	server   *httptest.Server
	ttl      time.Duration
	settling time.Duration // of a change, after it took effect
	colours  map[traffic.Colour]*backend

	mu        sync.Mutex
	now, old  shares
	changed   time.Time
	turn      bool
	due       map[bool]float64 // what green has coming, in percent, by the old weights (true) and by the new ones
	customers map[string]visit
	count     tally
}

// tally counts requests, and those that green got.
type tally struct{ all, green int }

// visit is where a customer was sent.
type visit struct {
	colour traffic.Colour
	until  time.Time
}

// backend is a colour's application.
type backend struct {
	*httptest.Server
	status atomic.Int64
	proxy  *httputil.ReverseProxy
}

func serve(t *testing.T) *backend {
	t.Helper()
	b := &backend{}
	b.status.Store(http.StatusOK)
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(b.status.Load())) }))
	t.Cleanup(b.Close)
	address := must[*url.URL](t)(url.Parse(b.URL))
	b.proxy = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(address) }}
	return b
}

// newEdge returns an edge in front of two applications that are well.
func (w *world) newEdge(t *testing.T) *edge {
	t.Helper()
	e := &edge{
		ttl: w.lever.ttl, colours: map[traffic.Colour]*backend{traffic.Blue: serve(t), traffic.Green: serve(t)},
		due: map[bool]float64{}, customers: map[string]visit{},
	}
	if w.lever.propagates {
		e.settling = propagation
	}
	e.server = httptest.NewServer(e)
	t.Cleanup(e.server.Close)
	return e
}

// follow is told of each change of the weights in AWS.
func (e *edge) follow(at time.Time, before, after shares) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.old, e.now, e.changed = before, after, at
	e.due = map[bool]float64{}
}

// reset begins a new count.
func (e *edge) reset() (before tally) {
	e.mu.Lock()
	defer e.mu.Unlock()
	before, e.count = e.count, tally{}
	return before
}

// ServeHTTP sends one request on.
func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, err := time.Parse(time.RFC3339Nano, r.Header.Get(emulator.TimeHeader))
	if err == nil {
		var colour traffic.Colour
		if colour, err = e.route(at, r.Header.Get(customerHeader)); err == nil {
			e.colours[colour].proxy.ServeHTTP(w, r)
			return
		}
	}
	http.Error(w, err.Error(), http.StatusBadGateway)
}

// route says which colour gets a request.
func (e *edge) route(at time.Time, customer string) (traffic.Colour, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.count.all++
	stay, known := e.customers[customer]
	if !known || !at.Before(stay.until) {
		colour, err := e.choose(at)
		if err != nil {
			return "", err
		}
		stay = visit{colour, at.Add(e.ttl)}
		e.customers[customer] = stay
	}
	if stay.colour == traffic.Green {
		e.count.green++
	}
	return stay.colour, nil
}

// choose must be called with the lock held.
func (e *edge) choose(at time.Time) (traffic.Colour, error) {
	weights, old := e.now, false
	if at.Before(e.changed.Add(e.settling)) {
		if e.turn = !e.turn; e.turn {
			weights, old = e.old, true
		}
	}
	if weights.total() <= 0 {
		return "", errors.New("nobody has any traffic")
	}
	const almost = 1e-6 // what floats lose
	if e.due[old] += weights.percent(); e.due[old] >= 100-almost {
		e.due[old] -= 100
		return traffic.Green, nil
	}
	return traffic.Blue, nil
}

// ask sends one request of a customer through the edge, and returns what is wrong with the answer.
func (w *world) ask(e *edge, customer int) error {
	request, err := http.NewRequest(http.MethodGet, e.server.URL, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set(customerHeader, fmt.Sprint(customer))
	return w.succeeds(request)
}

// succeeds sends a request out of the bubble.
func (w *world) succeeds(request *http.Request) error {
	response, err := w.lines.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}
