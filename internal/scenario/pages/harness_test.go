package pages

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// internet is a proxy that stands for every web site of the examples: whatever the name, it is well unless the test says otherwise. A process that has env in
// its environment reaches it by the name that the example has, with a certificate that it trusts (which Go takes from SSL_CERT_FILE
// on Linux); what it asks of loopback addresses does not come here.
type internet struct {
	env []string
	ca  string // PEM

	unwell *sync.Map // host to the number of answers that it still gives well (*atomic.Int64)
	aws    *url.URL  // the emulator
}

// spoil lets a host answer that many times well, and no more.
func (i internet) spoil(host string, well int64) {
	left := new(atomic.Int64)
	left.Store(well)
	i.unwell.Store(host, left)
}

func (i internet) heal(host string) { i.unwell.Delete(host) }

// ServeHTTP answers as a web site does. The SDK's client of key value stores puts the account in front of the endpoint's host, which no
// name server knows, so that its calls come here, too: they are passed on.
func (i internet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Host == emulator.AccountID+"."+i.aws.Host {
		(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.Out.URL.Host = i.aws.Host }}).ServeHTTP(w, r)
		return
	}
	if left, spoiled := i.unwell.Load(r.Host); spoiled && left.(*atomic.Int64).Add(-1) < 0 {
		http.Error(w, "out of order", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"status":"ok"}`)) // a client that has gone away is none of ours
}

func newInternet(t *testing.T, e *emulator.Emulator) internet {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "examples"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	signed, err := x509.CreateCertificate(rand.Reader, authority, authority, &key.PublicKey, key)
	must(err)
	certificate := func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		leaf := &x509.Certificate{
			SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: hello.ServerName}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
			DNSNames: []string{hello.ServerName}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		der, err := x509.CreateCertificate(rand.Reader, leaf, authority, &key.PublicKey, key)
		return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
	}
	address, err := url.Parse(e.URL())
	must(err)
	web := internet{unwell: new(sync.Map), aws: address}
	site := httptest.NewUnstartedServer(web)
	site.TLS = &tls.Config{GetCertificate: certificate, MinVersion: tls.VersionTLS12}
	site.StartTLS()
	t.Cleanup(site.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			web.ServeHTTP(w, r)
			return
		}
		tunnel(w, r, site.Listener.Addr().String())
	}))
	t.Cleanup(proxy.Close)
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}))
	file := filepath.Join(t.TempDir(), "ca.pem")
	must(os.WriteFile(file, []byte(text), 0o600))
	web.env, web.ca = []string{"HTTP_PROXY=" + proxy.URL, "HTTPS_PROXY=" + proxy.URL, "SSL_CERT_FILE=" + file}, text
	return web
}

// tunnel joins the caller's connection with one to address, until either ends.
func tunnel(w http.ResponseWriter, r *http.Request, address string) {
	far, err := new(net.Dialer).DialContext(r.Context(), "tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer far.Close() //nolint:errcheck // its end is the tunnel's
	near, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer near.Close() //nolint:errcheck // its end is the tunnel's
	if _, err := near.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")); err != nil {
		return
	}
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{far, near}, {near, far}} {
		go func() { // ends when either connection does
			_, _ = way[0].(*net.TCPConn).ReadFrom(way[1])
			done <- struct{}{}
		}()
	}
	<-done
}
