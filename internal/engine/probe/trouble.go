package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// trouble is the observation of an attempt that got no usable answer. what, where it is not empty, begins the reason;
// secrets are taken out of it.
func trouble(ctx context.Context, what string, err error, latency time.Duration, secrets ...string) Observation {
	reason := words(ctx, err)
	if what != "" {
		reason = what + ": " + reason
	}
	for _, secret := range secrets {
		if secret != "" {
			reason = strings.ReplaceAll(reason, secret, "(redacted)")
		}
	}
	var unresolved *net.DNSError
	final := errors.As(err, &unresolved) && unresolved.IsNotFound && cannotExist(unresolved.Name)
	return Observation{Status: Error, Reason: reason, Latency: latency, Final: final}
}

// cannotExist tells whether no attempt will ever resolve name: it is no domain name, or below "invalid", which is kept
// for names that do not exist. https://www.rfc-editor.org/rfc/rfc6761#section-6.4
func cannotExist(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	_, ok := dns.IsDomainName(name)
	return !ok || name == "invalid" || strings.HasSuffix(name, ".invalid")
}

// words says what went wrong, without the URL, which may hold a token.
func words(ctx context.Context, err error) string {
	var (
		inURL       *url.Error
		unresolved  *net.DNSError
		certificate x509.CertificateInvalidError
		network     net.Error
		operation   *net.OpError
	)
	switch {
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(context.Cause(ctx), context.Canceled):
		return "interrupted"
	case errors.As(err, &unresolved) && unresolved.IsNotFound && cannotExist(unresolved.Name):
		return "the name " + unresolved.Name + " cannot exist"
	case errors.As(err, &unresolved) && unresolved.IsNotFound:
		return "the name " + unresolved.Name + " does not resolve"
	case errors.As(err, &certificate):
		return "the certificate is not valid: " + certificate.Error()
	case errors.As(err, &network) && network.Timeout():
		return "no answer in time"
	case errors.As(err, &operation):
		return operation.Err.Error() // the address is in the reason already
	case errors.As(err, &inURL):
		return inURL.Err.Error()
	default:
		return err.Error()
	}
}
