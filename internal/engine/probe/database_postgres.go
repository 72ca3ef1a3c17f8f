package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// maxPostgresMessage is how long one message of a server may be: it is read as a whole.
const maxPostgresMessage = 16 << 20

const postgresBool = 16 // the type's OID

func (d *Database) postgres(dsn string, trust *tls.Config) error {
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return err
	}
	config.OnNotice = nil
	config.TLSConfig = postgresTLS(config.TLSConfig, trust, config.Host)
	for _, other := range config.Fallbacks {
		other.TLSConfig = postgresTLS(other.TLSConfig, trust, other.Host)
	}
	d.secrets = append(d.secrets, config.Password, config.User, config.Database, config.Host)
	d.connect = func(ctx, lasting context.Context) (databaseSession, error) {
		own := config.Copy()
		own.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialWithin(ctx, lasting, network, address)
		}
		own.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend { // from its first message on, before anybody is let in
			frontend := config.BuildFrontend(r, w)
			frontend.SetMaxBodyLen(maxPostgresMessage)
			return frontend
		}
		conn, err := pgconn.ConnectConfig(ctx, own)
		if err != nil {
			return nil, postgresError(err)
		}
		return &postgresSession{conn: conn, lasting: lasting}, nil
	}
	return nil
}

// dialWithin makes a connection that ends with lasting, whoever still holds it.
func dialWithin(ctx, lasting context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	release := context.AfterFunc(lasting, cancel)
	defer release()
	conn, err := dialBounded(ctx, network, address)
	if err == nil {
		context.AfterFunc(lasting, func() { _ = conn.Close() })
	}
	return conn, err
}

func postgresTLS(own, trust *tls.Config, host string) *tls.Config {
	if trust == nil {
		return own
	}
	config := trust.Clone()
	config.ServerName = host
	return config
}

// postgresSession is a connection for one query.
type postgresSession struct {
	conn    *pgconn.PgConn
	lasting context.Context
}

func (s *postgresSession) facts() map[string]string {
	return map[string]string{"server_version": s.conn.ParameterStatus("server_version")}
}

// first sends one statement; every value comes as text. Rows beyond the first are read for the error that one of them
// may be, up to a MiB.
func (s *postgresSession) first(ctx context.Context, query string) (databaseValue, error) {
	result := s.conn.ExecParams(ctx, query, nil, nil, nil, nil)
	value := databaseValue{none: true}
	read := 0
	for result.NextRow() {
		row := result.Values()
		if read == 0 && len(row) > 0 {
			value = databaseValue{text: postgresText(row[0], result.FieldDescriptions()[0].DataTypeOID), null: row[0] == nil}
		}
		read++
		for _, field := range row {
			read += len(field)
		}
		if read > maxBody {
			return value, nil
		}
	}
	if _, err := result.Close(); err != nil {
		return databaseValue{}, postgresError(err)
	}
	return value, nil
}

func postgresText(field []byte, kind uint32) string {
	if kind == postgresBool {
		return map[string]string{"t": "true", "f": "false"}[string(field)]
	}
	return string(field)
}

// close also waits for a query that was given up to be cancelled on the server, as long as the attempt lasts.
func (s *postgresSession) close() {
	_ = s.conn.Close(s.lasting) // whether it can be closed says nothing of its health
	<-s.conn.CleanupDone()
}

// postgresError words what the server answered; anything else is returned as it is.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func postgresError(err error) error {
	var answered *pgconn.PgError
	if !errors.As(err, &answered) {
		return err
	}
	class := answered.Code[:min(len(answered.Code), 2)]
	reason, final := "the server answered an error", false
	switch {
	case class == "28":
		reason, final = "the server does not let this user in: check user and password of the dsn, and the server's pg_hba.conf", true
	case class == "3D":
		reason = "the server has no such database"
	case answered.Code == "42501":
		reason, final = "the user lacks a privilege: "+answered.Message, true
	case answered.Code == "42601":
		reason, final = answered.Message, true
	case class == "42":
		reason = answered.Message // names that are in the query
	case answered.Code == "57014":
		reason = "the server ended the query, which took too long for it"
	case class == "57" || class == "53":
		reason = "the server does not serve now: " + answered.Message // it starts, stops or is full
	}
	return &serverError{reason: fmt.Sprintf("%s (SQLSTATE %s)", reason, answered.Code), final: final}
}
