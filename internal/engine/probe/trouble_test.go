package probe

import (
	"crypto/x509"
	"net"
	"net/url"
	"strings"
	"testing"
)

func TestANameThatCannotExistEndsACheck(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64) + ".example.com"
	for name, final := range map[string]bool{
		"shop.invalid": true, "Shop.INVALID.": true, "invalid": true, long: true, "a..example.com": true,
		"shop.example.com": false, "invalid.example.com": false, "localhost": false,
	} {
		seen := trouble(t.Context(), "", &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}, 0)
		if seen.Status != Error || seen.Final != final || strings.Contains(seen.Reason, "cannot exist") != final {
			t.Errorf("%s: %+v", name, seen)
		}
	}
	if seen := trouble(t.Context(), "", &net.DNSError{Err: "server misbehaving", Name: "shop.invalid", IsTemporary: true}, 0); seen.Final {
		t.Errorf("a resolver that is down says nothing of the name: %+v", seen)
	}
	for _, name := range []string{"shop.invalid", long} {
		asked := (&DNS{Domain: name, Resolver: "127.0.0.1:9"}).Probe(t.Context())
		if asked.Status != Fail || !asked.Final || !strings.Contains(asked.Reason, "cannot exist") {
			t.Errorf("%s: %+v", name, asked)
		}
	}
}

func TestAnExpiredCertificateIsNamed(t *testing.T) {
	t.Parallel()
	err := &url.Error{Op: "Get", URL: "https://user:secret@example.com", Err: x509.CertificateInvalidError{Reason: x509.Expired, Detail: "today"}}
	if seen := trouble(t.Context(), "", err, 0); !strings.HasPrefix(seen.Reason, "the certificate is not valid: ") || strings.Contains(seen.Reason, "secret") {
		t.Errorf("%+v", seen)
	}
}
