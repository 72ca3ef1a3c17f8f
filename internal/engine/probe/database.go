package probe

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"
)

// DatabaseEngine is the protocol that a database speaks.
type DatabaseEngine string

// The engines: MySQL is MariaDB and Aurora MySQL too, Postgres is Aurora PostgreSQL too.
const (
	Postgres DatabaseEngine = "postgres"
	MySQL    DatabaseEngine = "mysql"
)

// DatabaseEngines are all there are.
var DatabaseEngines = []DatabaseEngine{Postgres, MySQL}

// Database connects to a database, asks one query and judges the first value of its answer. Nothing of the dsn (host,
// user, password, database) and nothing of the answer is in any observation: the dsn is the user's secret as a whole.
// It is made by ParseDatabase.
type Database struct {
	Query  string  // empty means "SELECT 1"
	Expect *string // the first value of the first row as text; nil accepts any answer

	engine DatabaseEngine
	// connect makes a connection before ctx ends; nothing that it makes outlives lasting.
	connect func(ctx, lasting context.Context) (databaseSession, error)
	secrets []string
}

// databaseSession is one connection for one query.
type databaseSession interface {
	first(ctx context.Context, query string) (databaseValue, error)
	facts() map[string]string
	// close ends the connection and whatever is left of the query.
	close()
}

// databaseValue is the first value of the first row.
type databaseValue struct {
	text string
	null bool
	none bool // there was no row, or it had no column
}

// serverError is what a database server answered instead of a result, in words of our own: the server's may hold names
// of the dsn or values of the data.
type serverError struct {
	reason string
	final  bool
}

func (e *serverError) Error() string { return e.reason }

// InvalidDSNError says that a dsn is none, and shows nothing of it.
type InvalidDSNError struct {
	Engine DatabaseEngine
	Reason string
}

// Error names the engine and what is wrong.
func (e *InvalidDSNError) Error() string {
	return fmt.Sprintf("the dsn is not one of %s: %s", e.Engine, e.Reason)
}

// ParseDatabase takes what the engine's own clients take: for PostgreSQL a postgres:// URL or keywords and values
// (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING), for MySQL user:password@tcp(host:port)/name
// or a mysql:// URL. caPEM, where it is not empty, has the connection encrypted and verified with these certificates.
// The error is an *InvalidDSNError when the dsn is wrong, and shows nothing of it.
func ParseDatabase(engine DatabaseEngine, dsn, caPEM string) (*Database, error) {
	trust, err := ParseTLS(caPEM, "", "", false)
	if err != nil {
		return nil, err
	}
	database := &Database{engine: engine}
	switch engine {
	case Postgres:
		err = database.postgres(dsn, trust)
	case MySQL:
		err = database.mysql(dsn, trust)
	default:
		return nil, fmt.Errorf("%q is none of the engines", engine)
	}
	if err != nil {
		return nil, &InvalidDSNError{Engine: engine, Reason: wrongDSN(err)}
	}
	database.secrets = append(database.secrets, dsn)
	slices.SortFunc(database.secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return database, nil
}

// wrongDSN never quotes: what cannot be parsed cannot be redacted either.
func wrongDSN(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it names a file that does not exist"
	case errors.Is(err, errScheme):
		return errScheme.Error()
	default:
		return "it cannot be parsed"
	}
}

var errScheme = errors.New("it is a URL of another kind")

// Name is "database".
func (*Database) Name() string { return "database" }

// Probe makes one connection, asks the query, reads at most the first MiB of the answer and closes the connection. The
// last tenth of the time, at most a second, is kept for having the server stop a query that was given up.
func (d *Database) Probe(ctx context.Context) (seen Observation) {
	started := time.Now()
	defer func() {
		if recover() != nil { // a driver fell over what no server should say (packets that are too short, of MySQL)
			seen = Observation{Status: Error, Latency: time.Since(started), Reason: errNonsense.Error(), Values: map[string]string{"engine": string(d.engine)}}
		}
	}()
	lasting, end := context.WithCancel(ctx)
	defer end()
	inTime, cancel := leave(lasting, 10, time.Second)
	defer cancel()
	session, err := d.connect(inTime, lasting)
	if err != nil {
		return d.trouble(inTime, "connect", err, time.Since(started))
	}
	defer session.close()
	query := d.Query
	if query == "" {
		query = "SELECT 1"
	}
	value, err := session.first(inTime, query)
	latency := time.Since(started)
	if err != nil {
		return d.trouble(inTime, "query", err, latency)
	}
	seen = Observation{Status: Pass, Latency: latency, Values: map[string]string{"engine": string(d.engine)}}
	maps.Copy(seen.Values, d.known(session.facts()))
	if d.Expect == nil {
		return seen
	}
	switch {
	case value.none:
		return seen.fail("the query answered nothing instead of %q", *d.Expect)
	case value.null && *d.Expect != "null":
		return seen.fail("the query answered NULL instead of %q", *d.Expect)
	case !value.null && value.text != *d.Expect:
		return seen.fail("the query did not answer %q but a value of %d bytes", *d.Expect, len(value.text))
	}
	return seen
}

// leave returns a context that ends before ctx does, by one part in so many of the time that is left, but at most most.
func leave(ctx context.Context, parts int, most time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	kept := min(time.Until(deadline)/time.Duration(parts), most)
	return context.WithDeadline(ctx, deadline.Add(-max(kept, 0)))
}

func (d *Database) trouble(ctx context.Context, what string, err error, latency time.Duration) Observation {
	seen := Observation{Status: Error, Latency: latency, Values: map[string]string{"engine": string(d.engine)}}
	var answered *serverError
	if errors.As(err, &answered) && context.Cause(ctx) == nil {
		seen.Status, seen.Final, seen.Reason = Fail, answered.final, what+": "+d.shown(answered.reason)
		return seen
	}
	seen.Reason = what + ": " + d.shown(databaseWords(ctx, err))
	return seen
}

func (d *Database) redact(text string) string {
	for _, secret := range d.secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "(redacted)")
		}
	}
	return text
}

// databaseWords says what went wrong on the way to a server, without an address.
func databaseWords(ctx context.Context, err error) string {
	var (
		unresolved *net.DNSError
		untrusted  *tls.CertificateVerificationError
		system     syscall.Errno
		network    net.Error
	)
	switch {
	case context.Cause(ctx) != nil:
		return words(ctx, err)
	case errors.Is(err, errDatabaseFlood):
		return errDatabaseFlood.Error()
	case errors.As(err, &unresolved):
		return "the host of the dsn does not resolve"
	case errors.As(err, &untrusted):
		return "the server's certificate does not verify" + unverified(untrusted.Err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the server closed the connection before it had answered"
	case errors.As(err, &system):
		return system.Error()
	case errors.As(err, &network) && network.Timeout():
		return "no answer in time"
	default:
		return innermost(err).Error()
	}
}

func unverified(err error) string {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &authority):
		return ": it is of an unknown authority, whose certificate belongs into ca_pem"
	case errors.As(err, &name):
		return ": it is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return ": it has expired or is not valid yet"
	default:
		return ""
	}
}

func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
