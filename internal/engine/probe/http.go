package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"
)

// HTTP makes a request and judges the answer. Every attempt builds its request anew and uses a connection of its own.
type HTTP struct {
	Method           string // empty means GET
	URL              *url.URL
	Headers          map[string]string // Host is one of them
	SensitiveHeaders map[string]string // win over Headers; shown nowhere, and dropped on the way to another host
	Body             string
	FollowRedirects  bool        // up to 10
	TLS              *tls.Config // nil means the machine's roots
	ConnectTo        string      // ip:port that stands in for the URL's host, whose name is still used for Host and TLS
	Expect           Expect

	jar http.CookieJar // nil keeps no cookies
	led bool           // a server chose where URL leads
}

// ParseURL takes an absolute http or https URL.
func ParseURL(text string) (*url.URL, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		var inURL *url.Error
		if errors.As(err, &inURL) {
			err = inURL.Err // without the URL, which may hold a password
		}
		return nil, err
	}
	if (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
		return nil, errors.New("it is not an absolute http or https URL")
	}
	return parsed, nil
}

// ParseTLS returns the TLS settings of a check; with every argument empty they are the machine's, as nil.
func ParseTLS(caPEM, certPEM, keyPEM string, insecure bool) (*tls.Config, error) {
	if caPEM == "" && certPEM == "" && keyPEM == "" && !insecure {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure} //nolint:gosec // only where the user asks for it
	if caPEM != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(caPEM)) {
			return nil, errors.New("ca_pem holds no certificate in PEM")
		}
	}
	if certPEM != "" || keyPEM != "" {
		pair, err := tls.X509KeyPair([]byte(certPEM), []byte(keyPEM))
		if err != nil {
			return nil, fmt.Errorf("client_cert_pem and client_key_pem are no pair: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// Name is "http".
func (*HTTP) Name() string { return "http" }

// Probe makes one request.
func (h *HTTP) Probe(ctx context.Context) Observation {
	answer, failed := h.fetch(ctx)
	seen := failed
	if answer != nil {
		seen = h.Expect.judge(answer, HTTPDialect)
	}
	if seen.Reason != "" {
		seen.Reason = h.method() + " " + h.where() + ": " + seen.Reason
	}
	return seen
}

// fetch makes one request and returns its answer, or nil and the observation of none, whose reason does not name the
// request. secrets are taken out of the reason, beside the request's own.
func (h *HTTP) fetch(ctx context.Context, secrets ...string) (*Answer, Observation) {
	started := time.Now()
	secrets = append(secrets, h.secrets()...)
	request, err := h.request(ctx)
	if err != nil {
		return nil, trouble(ctx, "the request", err, 0, secrets...)
	}
	way := h.way()
	if h.led {
		if err := way.lead(h.URL); err != nil {
			return nil, trouble(ctx, "", err, 0, secrets...)
		}
	}
	transport := h.transport(way)
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Jar: h.jar, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if err := h.redirect(next, via); err != nil {
			return err
		}
		return way.lead(next.URL)
	}}
	response, err := client.Do(request)
	if err != nil {
		return nil, trouble(ctx, "", err, time.Since(started), secrets...)
	}
	defer response.Body.Close() //nolint:errcheck // it was read as far as it is judged
	answer := &Answer{Status: response.StatusCode, Headers: response.Header}
	answer.Body, answer.Truncated, err = readBody(response.Body)
	answer.Latency = time.Since(started)
	if err != nil {
		return nil, trouble(ctx, fmt.Sprintf("status %d, but its body broke off after %d bytes", answer.Status, len(answer.Body)), err, answer.Latency, secrets...)
	}
	return answer, Observation{}
}

func (h *HTTP) method() string {
	if h.Method == "" {
		return http.MethodGet
	}
	return h.Method
}

// where is the URL without what may be secret: user, query and fragment.
func (h *HTTP) where() string {
	return (&url.URL{Scheme: h.URL.Scheme, Host: h.URL.Host, Path: h.URL.Path}).String()
}

func (h *HTTP) secrets() []string {
	var secrets []string
	for _, value := range h.SensitiveHeaders {
		secrets = append(secrets, value)
	}
	for name, value := range h.Headers {
		if slices.Contains(credentialHeaders, textproto.CanonicalMIMEHeaderKey(name)) {
			secrets = append(secrets, value)
		}
	}
	if password, ok := h.URL.User.Password(); ok {
		secrets = append(secrets, password)
	}
	return append(secrets, h.URL.RawQuery)
}

func (h *HTTP) request(ctx context.Context) (*http.Request, error) {
	var body io.Reader = http.NoBody
	if h.Body != "" {
		body = strings.NewReader(h.Body)
	}
	request, err := http.NewRequestWithContext(ctx, h.method(), h.URL.String(), body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "terraform-provider-reliability")
	for _, headers := range []map[string]string{h.Headers, h.SensitiveHeaders} {
		for name, value := range headers {
			if strings.EqualFold(name, "Host") {
				request.Host = value
				continue
			}
			request.Header.Set(name, value)
		}
	}
	return request, nil
}

// transport is for one attempt: no connection outlives it, and names are resolved afresh. Proxies come from the
// environment, except where ConnectTo says where to go.
func (h *HTTP) transport(way *way) *http.Transport {
	transport := &http.Transport{
		DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DialContext: way.dial,
		MaxResponseHeaderBytes: maxBody,
	}
	if h.TLS != nil {
		transport.TLSClientConfig = h.TLS.Clone()
	}
	if h.ConnectTo != "" {
		transport.Proxy = nil
	}
	return transport
}

const maxRedirects = 10

// credentialHeaders prove who we are, whoever sets them.
var credentialHeaders = []string{"Authorization", "Proxy-Authorization", "Cookie", "Cookie2"}

var errRedirects = fmt.Errorf("more than %d redirects", maxRedirects)

// redirect follows as far as is asked and safe. What proves who we are goes to the host of the URL only, and never from
// https to http: headers are dropped, and a redirect that would take a body or a client certificate elsewhere is not
// followed but judged as it stands.
func (h *HTTP) redirect(next *http.Request, via []*http.Request) error {
	if !h.FollowRedirects {
		return http.ErrUseLastResponse
	}
	if len(via) > maxRedirects {
		return errRedirects
	}
	abroad := !sameOrigin(h.URL, next.URL)
	for _, earlier := range via {
		abroad = abroad || !sameOrigin(h.URL, earlier.URL)
	}
	if !abroad {
		return nil
	}
	if (next.Body != nil && next.Body != http.NoBody) || (h.TLS != nil && len(h.TLS.Certificates) > 0) {
		return http.ErrUseLastResponse
	}
	for name := range h.SensitiveHeaders {
		next.Header.Del(name)
	}
	for _, name := range credentialHeaders {
		next.Header.Del(name)
	}
	next.Header.Del("Referer")
	return nil
}

// sameOrigin tells that next is the same host and port, reached no less safely.
func sameOrigin(first, next *url.URL) bool {
	if first.Scheme == "http" && next.Scheme == "https" && strings.EqualFold(first.Hostname(), next.Hostname()) && first.Port() == "" && next.Port() == "" {
		return true
	}
	return first.Scheme == next.Scheme && strings.EqualFold(hostPort(first), hostPort(next))
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
