// Package dbtest starts real database servers on loopback, for one test each: from the binaries that Debian's packages
// postgresql and mariadb-server install. Where they are missing, the test is skipped and says so.
package dbtest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Server is one that runs until the test ends, with a user and a database of the test's own.
type Server struct {
	Address  string // host:port
	User     string
	Password string
	Database string
	CAPEM    string // what signed the server's certificate, which is for 127.0.0.1
}

const (
	startTimeout = time.Minute
	stopTimeout  = 20 * time.Second
)

// Install says what to do where a server's binaries are missing.
const Install = "run scripts/install-databases"

// account is whom a server runs as: both refuse to run as root.
type account struct{ uid, gid int }

// unprivileged returns the account of a server: of the package where the test is root, else the test's own.
func unprivileged(t testing.TB, name string) account {
	t.Helper()
	if os.Geteuid() != 0 {
		return account{os.Geteuid(), os.Getegid()}
	}
	found, err := user.Lookup(name)
	if err != nil {
		t.Skipf("no account %q to run the server as; %s", name, Install)
	}
	uid, uidErr := strconv.Atoi(found.Uid)
	gid, gidErr := strconv.Atoi(found.Gid)
	if uidErr != nil || gidErr != nil {
		t.Fatalf("account %q: %v %v", name, uidErr, gidErr)
	}
	return account{uid, gid}
}

// folder is one that the account owns. t.TempDir is below a folder that only its maker may enter.
func (a account) folder(t testing.TB) string {
	t.Helper()
	path, err := os.MkdirTemp("", "dbtest-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(path); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chown(path, a.uid, a.gid); err != nil {
		t.Fatal(err)
	}
	return path
}

func (a account) write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, a.uid, a.gid); err != nil {
		t.Fatal(err)
	}
}

func (a account) command(ctx context.Context, folder, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, args...) //nolint:gosec // a server's binary
	command.Dir = folder
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + folder}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		command.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)} //nolint:gosec // ids are no larger
	}
	return command
}

// run runs a command to its end.
func (a account) run(t testing.TB, folder, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	if output, err := a.command(ctx, folder, name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, output)
	}
}

// serve runs a server until the test ends, and returns once ready answers no error.
func (a account) serve(t testing.TB, folder string, stop os.Signal, ready func(context.Context) error, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), startTimeout)
	defer cancel()
	command := a.command(context.WithoutCancel(t.Context()), folder, name, args...)
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		_ = command.Process.Signal(stop)
		late := time.AfterFunc(stopTimeout, func() { _ = command.Process.Kill() })
		defer late.Stop()
		if err := <-ended; t.Failed() {
			t.Logf("%s: %v\n%s", filepath.Base(name), err, log.String())
		}
	})
	for {
		attempt, done := context.WithTimeout(ctx, 2*time.Second)
		err := ready(attempt)
		done()
		if err == nil {
			return
		}
		select {
		case early := <-ended:
			ended <- early
			t.Fatalf("%s ended: %v\n%s", filepath.Base(name), early, log.String())
		case <-ctx.Done():
			t.Fatalf("%s does not answer: %v", filepath.Base(name), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// freePort returns one that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // it was only asked for its port
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// password needs care in every notation that it is written in.
func password() string { return "p@ss/w:rd'%?" + rand.Text()[:8] }

// certificate writes a self-signed one for 127.0.0.1 and its key, and returns the certificate.
func (a account) certificate(t testing.TB, certPath, keyPath string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "dbtest"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	a.write(t, certPath, certPEM)
	a.write(t, keyPath, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
	return certPEM
}
