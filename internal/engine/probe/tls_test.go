package probe

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

// issuer is a certificate authority of the test's own.
type issuer struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func authority(t *testing.T) *issuer {
	t.Helper()
	root := &issuer{t: t}
	pair := root.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Test Root"}, NotAfter: time.Now().Add(3650 * day),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	root.cert, root.key = pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey)
	return root
}

func (i *issuer) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw}))
}

// sign makes a certificate of the template; without a certificate of its own, i signs with the new one's key.
func (i *issuer) sign(template *x509.Certificate) tls.Certificate {
	i.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		i.t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		i.t.Fatal(err)
	}
	template.SerialNumber = serial
	if template.NotBefore.IsZero() {
		template.NotBefore = time.Now().Add(-400 * day)
	}
	parent, signer := i.cert, i.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		i.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		i.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (i *issuer) server(name string, notAfter time.Time) tls.Certificate {
	return i.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: notAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

// swallow reads until the other side has gone, and says nothing.
func swallow(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// encrypt serves a handshake with a certificate, and nothing after it.
func encrypt(t *testing.T, certificate tls.Certificate) string {
	t.Helper()
	return talk(t, func(conn net.Conn) {
		_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{certificate}}).HandshakeContext(t.Context())
	})
}

func trusting(t *testing.T, ca string) *tls.Config {
	t.Helper()
	config, err := ParseTLS(ca, "", "", false)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestTLS(t *testing.T) {
	t.Parallel()
	root := authority(t)
	roots := trusting(t, root.pem())
	const name = "www.example.test"
	good := encrypt(t, root.server(name, time.Now().Add(30*day+time.Hour)))
	expired := encrypt(t, root.server(name, time.Now().Add(-3*day-time.Hour)))
	future := encrypt(t, root.sign(&x509.Certificate{DNSNames: []string{name}, NotBefore: time.Now().Add(day), NotAfter: time.Now().Add(9 * day)}))
	alone := (&issuer{t: t}).server(name, time.Now().Add(90*day))
	selfSigned := encrypt(t, alone)
	own := trusting(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: alone.Certificate[0]})))
	// The chain is as good as its weakest certificate; the server may forget to send it along.
	between := &issuer{t: t}
	pair := root.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Between"}, NotAfter: time.Now().Add(5*day + time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	between.cert, between.key = pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey)
	whole := between.server(name, time.Now().Add(90*day))
	forgotten := encrypt(t, whole)
	whole.Certificate = append(whole.Certificate, pair.Certificate[0])
	chained := encrypt(t, whole)
	silent := talk(t, swallow)
	plain := talk(t, func(conn net.Conn) {
		fmt.Fprint(conn, "220 mail ready\r\n")
		swallow(conn)
	})
	closing := talk(t, func(net.Conn) {})

	for test, check := range map[string]struct {
		probe  TLS
		want   Status
		reason string
		left   string
	}{
		"good":              {TLS{Address: good, ServerName: name, MinDays: 14, Roots: roots}, Pass, "", "30"},
		"by address":        {TLS{Address: good, MinDays: 30, Roots: roots}, Pass, "", "30"},
		"soon":              {TLS{Address: good, ServerName: name, MinDays: 31, Roots: roots}, Fail, "www.example.test expires in 30 days", "30"},
		"expired":           {TLS{Address: expired, ServerName: name, Roots: roots}, Fail, "www.example.test expired 3 days ago", "-4"},
		"not yet":           {TLS{Address: future, ServerName: name, Roots: roots}, Fail, "is valid only from", "8"},
		"wrong name":        {TLS{Address: good, ServerName: "api.example.test", Roots: roots}, Fail, "is for www.example.test, 127.0.0.1, not for api.example.test", "30"},
		"another root":      {TLS{Address: good, ServerName: name, Roots: own}, Fail, "unknown authority, CN=Test Root", "30"},
		"machine's roots":   {TLS{Address: good, ServerName: name}, Fail, "unknown authority", "30"},
		"self-signed":       {TLS{Address: selfSigned, ServerName: name, Roots: roots}, Fail, "self-signed", "89"},
		"self-signed, ours": {TLS{Address: selfSigned, ServerName: name, Roots: own}, Pass, "", "89"},
		"weakest":           {TLS{Address: chained, ServerName: name, MinDays: 14, Roots: roots}, Fail, "Between expires in 5 days", "5"},
		"forgotten":         {TLS{Address: forgotten, ServerName: name, Roots: roots}, Fail, "have the server send the intermediate certificates along", "89"},
		"half-open":         {TLS{Address: silent, ServerName: name, Roots: roots}, Error, "handshake with www.example.test at " + silent + ": no answer in time", ""},
		"no TLS":            {TLS{Address: plain, Roots: roots}, Error, "does not speak TLS", ""},
		"closes":            {TLS{Address: closing, Roots: roots}, Error, "handshake with " + closing, ""},
		"nobody listens":    {TLS{Address: "127.0.0.1:1", Roots: roots}, Error, "connect to 127.0.0.1:1", ""},
	} {
		t.Run(test, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			seen := check.probe.Probe(ctx)
			if seen.Status != check.want || !strings.Contains(seen.Reason, check.reason) || seen.Values["days_remaining"] != check.left || seen.Latency <= 0 {
				t.Errorf("got %+v", seen)
			}
		})
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	if got := printable("a\x1b[31m\nb"); got != "a?[31m?b" {
		t.Errorf("got %q", got)
	}
	if got := printable(strings.Repeat("ü", maxShown)); len(got) > maxShown+3 {
		t.Errorf("%d bytes", len(got))
	}
}
