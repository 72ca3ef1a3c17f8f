package probe

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

func (d *Database) mysql(dsn string, trust *tls.Config) error {
	dsn, err := mysqlDSN(dsn)
	if err != nil {
		return err
	}
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return err
	}
	// A server may answer a query by asking for a file of ours, and the driver would log to standard error.
	config.AllowAllFiles = false
	config.Logger = &mysql.NopLogger{}
	host, _, err := net.SplitHostPort(config.Addr)
	if err != nil {
		host = config.Addr
	}
	if trust != nil {
		config.TLS = trust.Clone()
		config.TLS.ServerName = host
	}
	if _, err := mysql.NewConnector(config); err != nil {
		return err
	}
	d.secrets = append(d.secrets, config.Passwd, config.User, config.DBName, host)
	d.connect = func(ctx, lasting context.Context) (databaseSession, error) {
		own := config.Clone()
		own.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialWithin(ctx, lasting, network, address)
		}
		connector, err := mysql.NewConnector(own)
		if err != nil {
			return nil, err
		}
		conn, err := connector.Connect(ctx)
		if err != nil {
			return nil, mysqlError(err)
		}
		session := &mysqlSession{conn: conn}
		if err := session.limit(ctx); err != nil {
			session.close()
			return nil, mysqlError(err)
		}
		return session, nil
	}
	return nil
}

// mysqlDSN turns a mysql:// URL into what the driver takes.
func mysqlDSN(text string) (string, error) {
	scheme, _, isURL := strings.Cut(text, "://")
	if !isURL || strings.ContainsAny(scheme, "@/:()") {
		return text, nil
	}
	if scheme != "mysql" && scheme != "mariadb" {
		return "", errScheme
	}
	parsed, err := url.Parse(text)
	if err != nil {
		return "", err
	}
	config := mysql.NewConfig()
	config.User = parsed.User.Username()
	config.Passwd, _ = parsed.User.Password()
	port := parsed.Port()
	if port == "" {
		port = "3306"
	}
	config.Net, config.Addr, config.DBName = "tcp", net.JoinHostPort(parsed.Hostname(), port), strings.TrimPrefix(parsed.Path, "/")
	dsn := config.FormatDSN()
	if parsed.RawQuery != "" {
		separator := "?"
		if strings.Contains(dsn[strings.LastIndex(dsn, "/"):], "?") {
			separator = "&"
		}
		dsn += separator + parsed.RawQuery
	}
	return dsn, nil
}

// mysqlSession is a connection for one query.
type mysqlSession struct{ conn driver.Conn }

func (*mysqlSession) facts() map[string]string { return nil }

// outlive is how much longer than we wait a query may run.
const outlive = time.Second

// limit has the server end a query that is given up: it does not notice that nobody waits for its answer any more. MySQL
// and MariaDB name the variable differently, and a server with neither goes without.
// https://dev.mysql.com/doc/refman/8.0/en/server-system-variables.html#sysvar_max_execution_time
// https://mariadb.com/kb/en/server-system-variables/#max_statement_time
func (s *mysqlSession) limit(ctx context.Context) error {
	deadline, ok := ctx.Deadline()
	teller, tells := s.conn.(driver.ExecerContext)
	if !ok || !tells {
		return nil
	}
	left := max(time.Until(deadline), 0) + outlive
	var err error
	for _, statement := range []string{
		fmt.Sprintf("SET SESSION max_execution_time = %d", left.Milliseconds()),
		fmt.Sprintf("SET SESSION max_statement_time = %.3f", left.Seconds()),
	} {
		var answered *mysql.MySQLError
		if _, err = teller.ExecContext(ctx, statement, nil); !errors.As(err, &answered) {
			return err
		}
	}
	return nil
}

// first uses the text protocol. Rows beyond the first are read for the error that one of them may be, up to a MiB.
func (s *mysqlSession) first(ctx context.Context, query string) (databaseValue, error) {
	asker, ok := s.conn.(driver.QueryerContext)
	if !ok {
		return databaseValue{}, errors.New("the driver takes no query")
	}
	rows, err := asker.QueryContext(ctx, query, nil)
	if err != nil {
		return databaseValue{}, mysqlError(err)
	}
	value := databaseValue{none: true}
	row := make([]driver.Value, len(rows.Columns()))
	for read := 0; read <= maxBody; read++ {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return databaseValue{}, mysqlError(err)
		}
		if read == 0 && len(row) > 0 {
			value = databaseValue{text: mysqlText(row[0]), null: row[0] == nil}
		}
		for _, field := range row {
			if bytes, ok := field.([]byte); ok {
				read += len(bytes)
			}
		}
	}
	return value, nil
}

func mysqlText(value driver.Value) string {
	switch v := value.(type) {
	case []byte:
		return string(v)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float32:
		return strconv.FormatFloat(float64(v), 'f', -1, 32)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	default:
		text, _ := render(value)
		return text
	}
}

func (s *mysqlSession) close() {
	_ = s.conn.Close() // whether it can be closed says nothing of its health
}

// mysqlError words what the server answered; anything else is returned as it is.
// https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
func mysqlError(err error) error {
	var answered *mysql.MySQLError
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) {
		return io.ErrUnexpectedEOF
	}
	if !errors.As(err, &answered) {
		return err
	}
	reason, final := "the server answered an error", false
	switch answered.Number {
	case 1044, 1045, 1130, 1698:
		reason, final = "the server does not let this user in: check user and password of the dsn, and the host that the user may come from", true
	case 1049:
		reason = "the server has no such database"
	case 1142, 1143, 1227:
		reason, final = "the user lacks a privilege that the query needs", true
	case 1064:
		reason, final = "the query is not valid SQL", true
	case 1054:
		reason = "the query names a column that does not exist"
	case 1146:
		reason = "the query names a table that does not exist"
	case 1305:
		reason = "the query names a function that does not exist"
	case 1040, 1203, 1129, 1053:
		reason = "the server does not serve now: it is full, stops or has blocked this host"
	case 1317, 1969, 3024:
		reason = "the server ended the query, which took too long for it"
	}
	return &serverError{reason: fmt.Sprintf("%s (error %d)", reason, answered.Number), final: final}
}
