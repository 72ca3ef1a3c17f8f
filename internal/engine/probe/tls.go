package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// TLS makes a TLS connection and judges the certificates, which are public: reasons show their names and times.
type TLS struct {
	Address    string // host:port
	ServerName string // that the certificate must be for; empty means the host of Address
	MinDays    int    // whole days for which the chain must hold yet
	Roots      *tls.Config
}

// Name is "tls".
func (*TLS) Name() string { return "tls" }

// Probe makes one handshake and closes the connection. The server's certificate must be signed, through the ones that
// the server sends along, by one of the roots, be valid now and be for the name.
func (c *TLS) Probe(ctx context.Context) Observation {
	started := time.Now()
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", c.Address)
	if err != nil {
		return trouble(ctx, "connect to "+c.Address, err, time.Since(started))
	}
	defer raw.Close() //nolint:errcheck // whether it can be closed says nothing of its health
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.Roots != nil {
		config = c.Roots.Clone()
	}
	config.ServerName = c.name()
	conn := tls.Client(raw, config)
	err = conn.HandshakeContext(ctx)
	latency := time.Since(started)
	var unverified *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unverified):
		seen := Observation{Latency: latency, Values: map[string]string{}}
		if len(unverified.UnverifiedCertificates) > 0 {
			seen.Values = certificateFacts(unverified.UnverifiedCertificates[0], unverified.UnverifiedCertificates[0].NotAfter)
		}
		return seen.fail("%s: %s", c.where(), c.refusal(unverified))
	case err != nil:
		return c.broken(ctx, err, latency)
	}
	return c.judge(conn.ConnectionState(), latency)
}

func (c *TLS) name() string {
	if c.ServerName != "" {
		return c.ServerName
	}
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return c.Address
	}
	return host
}

func (c *TLS) where() string {
	if c.ServerName == "" {
		return c.Address
	}
	return c.ServerName + " at " + c.Address
}

func (c *TLS) broken(ctx context.Context, err error, latency time.Duration) Observation {
	what := "handshake with " + c.where()
	var notTLS tls.RecordHeaderError
	switch {
	case context.Cause(ctx) == nil && errors.As(err, &notTLS):
		return Observation{Status: Error, Latency: latency, Reason: what + ": the server does not speak TLS on this port"}
	case context.Cause(ctx) == nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return Observation{Status: Error, Latency: latency, Reason: what + ": the server closed the connection in the middle"}
	}
	return trouble(ctx, what, err, latency)
}

// judge looks at the end of the chain that holds longest: a chain ends with the first of its certificates.
func (c *TLS) judge(state tls.ConnectionState, latency time.Duration) Observation {
	var end time.Time
	var first *x509.Certificate
	for _, chain := range state.VerifiedChains {
		soonest := chain[0]
		for _, certificate := range chain {
			if certificate.NotAfter.Before(soonest.NotAfter) {
				soonest = certificate
			}
		}
		if soonest.NotAfter.After(end) {
			end, first = soonest.NotAfter, soonest
		}
	}
	if first == nil { // handshakes without verification make no chains
		return Observation{Status: Error, Latency: latency, Reason: c.where() + ": the server showed no certificate"}
	}
	seen := Observation{Status: Pass, Latency: latency, Values: certificateFacts(state.PeerCertificates[0], end)}
	seen.Values["version"] = tls.VersionName(state.Version)
	if left := daysUntil(end); left < c.MinDays {
		return seen.fail("%s: the certificate of %s expires in %s (%s), fewer than %d", c.where(), holder(first), days(left), end.UTC().Format(time.DateOnly), c.MinDays)
	}
	return seen
}

// certificateFacts are of the server's own certificate; end is when the chain does not hold any more.
func certificateFacts(leaf *x509.Certificate, end time.Time) map[string]string {
	return map[string]string{
		"days_remaining": strconv.Itoa(daysUntil(end)), "not_after": end.UTC().Format(time.RFC3339), "issuer": printable(leaf.Issuer.String()),
	}
}

// daysUntil rounds down: -1 is within the first day after end.
func daysUntil(end time.Time) int {
	left := time.Until(end)
	whole := int(left / (24 * time.Hour))
	if left < 0 {
		whole--
	}
	return whole
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return strconv.Itoa(n) + " days"
}

// refusal says why the certificates do not verify, and what to do.
func (c *TLS) refusal(failed *tls.CertificateVerificationError) string {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(failed, &invalid) && invalid.Reason == x509.Expired:
		certificate := invalid.Cert
		if time.Now().Before(certificate.NotBefore) {
			return fmt.Sprintf("the certificate of %s is valid only from %s", holder(certificate), certificate.NotBefore.UTC().Format(time.RFC3339))
		}
		return fmt.Sprintf("the certificate of %s expired %s ago (%s)", holder(certificate), days(-1-daysUntil(certificate.NotAfter)), certificate.NotAfter.UTC().Format(time.DateOnly))
	case errors.As(failed, &name):
		return fmt.Sprintf("the certificate is for %s, not for %s", subjects(name.Certificate), c.name())
	case errors.As(failed, &authority) && len(failed.UnverifiedCertificates) == 1 && selfSigned(failed.UnverifiedCertificates[0]):
		return "the certificate is self-signed and not one of those that are trusted; give it in ca_pem if it is meant"
	case errors.As(failed, &authority):
		return fmt.Sprintf("the certificate is signed by an unknown authority, %s; give its certificate in ca_pem, or have the server send the intermediate certificates along",
			printable(failed.UnverifiedCertificates[len(failed.UnverifiedCertificates)-1].Issuer.String()))
	default:
		return "the certificate does not verify: " + printable(failed.Err.Error())
	}
}

func selfSigned(certificate *x509.Certificate) bool {
	return certificate.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature) == nil
}

func holder(certificate *x509.Certificate) string {
	if certificate.Subject.CommonName != "" {
		return printable(certificate.Subject.CommonName)
	}
	return subjects(certificate)
}

// subjects are the names that a certificate is for.
func subjects(certificate *x509.Certificate) string {
	names := certificate.DNSNames
	for _, address := range certificate.IPAddresses {
		names = append(names, address.String())
	}
	switch {
	case len(names) == 0:
		return "no host name"
	case len(names) > 5:
		names = append(names[:5:5], fmt.Sprintf("%d more", len(names)-5))
	}
	return printable(strings.Join(names, ", "))
}

const maxShown = 300

// printable is text of a stranger on one line of bearable length.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "..."
	}
	return text
}
