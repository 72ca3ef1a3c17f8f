package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/dbtest"
)

func databaseOf(t *testing.T, engine DatabaseEngine, dsn, ca, query string, expect ...string) *Database {
	t.Helper()
	check, err := ParseDatabase(engine, dsn, ca)
	if err != nil {
		t.Fatal(err)
	}
	check.Query = query
	if len(expect) > 0 {
		check.Expect = &expect[0]
	}
	return check
}

// hides fails when an observation shows anything of the dsn.
func hides(t *testing.T, server *dbtest.Server, seen Observation) {
	t.Helper()
	shown := fmt.Sprint(seen)
	for _, secret := range []string{server.Password, url.QueryEscape(server.Password), server.User, server.Database, server.Address, "127.0.0.1", "hunter2"} {
		if secret != string(Postgres) && strings.Contains(shown, secret) { // the engine is no secret
			t.Errorf("shows %q: %s", secret, shown)
		}
	}
}

type databaseCase struct {
	check  *Database
	want   Status
	reason string
	final  bool
}

func probeDatabases(t *testing.T, server *dbtest.Server, tests map[string]databaseCase) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			seen := test.check.Probe(ctx)
			if seen.Status != test.want || seen.Final != test.final || !strings.Contains(seen.Reason, test.reason) || (test.want == Pass && seen.Reason != "") {
				t.Errorf("got %+v", seen)
			}
			hides(t, server, seen)
		})
	}
}

func TestDatabasePostgres(t *testing.T) {
	t.Parallel()
	server := dbtest.Postgres(t)
	dsn := server.PostgresDSN()
	wrong, gone := *server, *server
	wrong.Password, gone.Database = "hunter2", "no_such_database"
	keywords := fmt.Sprintf("host=127.0.0.1 port=%s user=%s password='%s' dbname=%s", port(t, server.Address), server.User, strings.ReplaceAll(server.Password, "'", `\'`), server.Database)
	other, err := ParseTLS(server.CAPEM, "", "", false)
	if err != nil || other == nil {
		t.Fatal(err)
	}
	of := func(query string, expect ...string) *Database {
		return databaseOf(t, Postgres, dsn, "", query, expect...)
	}
	// In a group of its own: the server is stopped after it.
	t.Run("answers", func(t *testing.T) {
		probeDatabases(t, server, map[string]databaseCase{
			"connects":         {of(""), Pass, "", false},
			"keywords":         {databaseOf(t, Postgres, keywords, "", ""), Pass, "", false},
			"encrypted":        {databaseOf(t, Postgres, dsn, server.CAPEM, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "true"), Pass, "", false},
			"another CA":       {databaseOf(t, Postgres, dsn, authority(t).pem(), ""), Error, "unknown authority, whose certificate belongs into ca_pem", false},
			"number":           {of("SELECT 41 + 1", "42"), Pass, "", false},
			"text":             {of("SELECT 'on' AS a, 2", "on"), Pass, "", false},
			"boolean":          {of("SELECT NOT pg_is_in_recovery()", "true"), Pass, "", false},
			"NULL":             {of("SELECT NULL", "null"), Pass, "", false},
			"NULL instead":     {of("SELECT NULL", "1"), Fail, `answered NULL instead of "1"`, false},
			"another value":    {of("SELECT 'hunter2'", "ok"), Fail, `did not answer "ok" but a value of 7 bytes`, false},
			"no row":           {of("SELECT 1 WHERE false", "1"), Fail, `answered nothing instead of "1"`, false},
			"no row, no wish":  {of("SELECT 1 WHERE false"), Pass, "", false},
			"no column":        {of("SELECT", "1"), Fail, "answered nothing", false},
			"a later row errs": {of("SELECT 1 / (3 - n) FROM generate_series(1, 5) n"), Fail, "SQLSTATE 22012", false},
			"a huge answer":    {of("SELECT repeat('x', 1000), n FROM generate_series(1, 10000000) n"), Pass, "", false},
			"one statement":    {of("SELECT 1; SELECT 2"), Fail, "multiple commands", true},
			"no SQL":           {of("SELEKT 1"), Fail, `syntax error at or near "SELEKT" (SQLSTATE 42601)`, true},
			"no table":         {of("SELECT * FROM orders"), Fail, `relation "orders" does not exist`, false},
			"data in an error": {of("SELECT 'hunter2'::int"), Fail, "SQLSTATE 22P02", false},
			"wrong password":   {databaseOf(t, Postgres, wrong.PostgresDSN(), "", ""), Fail, "does not let this user in", true},
			"no database":      {databaseOf(t, Postgres, gone.PostgresDSN(), "", ""), Fail, "no such database (SQLSTATE 3D000)", false},
			"refused":          {databaseOf(t, Postgres, "postgres://shop_app:hunter2@127.0.0.1:1/x", "", ""), Error, "connect: connection refused", false},
		})
	})
	t.Run("slow", func(t *testing.T) { gaveUp(t, of("SELECT pg_sleep(30)")) })
	// A query that was given up does not go on, and no connection is left.
	left(t, of("SELECT pg_sleep(0.3)"), of("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()", "0"))
}

func TestDatabaseMySQL(t *testing.T) {
	t.Parallel()
	server := dbtest.MariaDB(t)
	dsn := server.MySQLDSN()
	wrong, gone := *server, *server
	wrong.Password, gone.Database = "hunter2", "no_such_database"
	address := &url.URL{Scheme: "mysql", User: url.UserPassword(server.User, server.Password), Host: server.Address, Path: "/" + server.Database, RawQuery: "parseTime=true"}
	of := func(query string, expect ...string) *Database { return databaseOf(t, MySQL, dsn, "", query, expect...) }
	t.Run("answers", func(t *testing.T) {
		probeDatabases(t, server, map[string]databaseCase{
			"connects":       {of(""), Pass, "", false},
			"URL":            {databaseOf(t, MySQL, address.String(), "", "SELECT TIMESTAMP'2026-01-02 03:04:05'", "2026-01-02T03:04:05Z"), Pass, "", false},
			"encrypted":      {databaseOf(t, MySQL, dsn, server.CAPEM, "SELECT variable_value <> '' FROM information_schema.session_status WHERE variable_name = 'ssl_cipher'", "1"), Pass, "", false},
			"another CA":     {databaseOf(t, MySQL, dsn, authority(t).pem(), ""), Error, "unknown authority, whose certificate belongs into ca_pem", false},
			"number":         {of("SELECT 41 + 1", "42"), Pass, "", false},
			"large number":   {of("SELECT 18446744073709551615", "18446744073709551615"), Pass, "", false},
			"decimal":        {of("SELECT 1.50", "1.50"), Pass, "", false},
			"text":           {of("SELECT 'on' AS a, 2", "on"), Pass, "", false},
			"NULL":           {of("SELECT NULL", "null"), Pass, "", false},
			"NULL instead":   {of("SELECT NULL", "1"), Fail, `answered NULL instead of "1"`, false},
			"another value":  {of("SELECT 'hunter2'", "ok"), Fail, `did not answer "ok" but a value of 7 bytes`, false},
			"no row":         {of("SELECT 1 FROM dual WHERE false", "1"), Fail, `answered nothing instead of "1"`, false},
			"no result":      {of("DO 1"), Pass, "", false},
			"a huge answer":  {of("SELECT repeat('x', 1000), seq FROM seq_1_to_10000000"), Pass, "", false},
			"no SQL":         {of("SELEKT 1"), Fail, "not valid SQL (error 1064)", true},
			"no table":       {of("SELECT * FROM orders"), Fail, "table that does not exist (error 1146)", false},
			"no privilege":   {of("SELECT * FROM mysql.user"), Fail, "lacks a privilege", true},
			"wrong password": {databaseOf(t, MySQL, wrong.MySQLDSN(), "", ""), Fail, "does not let this user in", true},
			"no database":    {databaseOf(t, MySQL, gone.MySQLDSN(), "", ""), Fail, "does not let this user in", true}, // an unknown one is one it has no right to
			"refused":        {databaseOf(t, MySQL, "shop_app:hunter2@tcp(127.0.0.1:1)/x", "", ""), Error, "connect: connection refused", false},
			"our own files":  {databaseOf(t, MySQL, dsn+"?allowAllFiles=true", "", "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t"), Fail, "", false},
		})
	})
	t.Run("slow", func(t *testing.T) { gaveUp(t, of("SELECT SLEEP(30)")) })
	left(t, of("SELECT SLEEP(1.5)"), of("SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID()", "0"))
}

// left fails when a server keeps a connection or a query of ours: it takes the server moments to see that we are gone, many on a loaded
// machine, but far less than the half minute of the query.
func left(t *testing.T, moment, none *Database) {
	t.Helper()
	var seen Observation
	for range 12 {
		if paused := moment.Probe(t.Context()); paused.Status != Pass {
			t.Fatalf("a moment: %+v", paused)
		}
		if seen = none.Probe(t.Context()); seen.Status == Pass {
			return
		}
	}
	t.Errorf("something is left on the server: %+v", seen)
}

// gaveUp fails when a query of half a minute is not left in time.
func gaveUp(t *testing.T, check *Database) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // which is enough to connect on a loaded machine
	defer cancel()
	started := time.Now()
	seen := check.Probe(ctx)
	if seen.Status != Error || seen.Reason != "query: no answer in time" || time.Since(started) > 20*time.Second {
		t.Errorf("after %s: %+v", time.Since(started), seen)
	}
}

func port(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestDatabaseNoServer: peers that are no database, and hosts that are none.
func TestDatabaseNoServer(t *testing.T) {
	t.Parallel()
	silent := talk(t, swallow)
	closing := talk(t, func(net.Conn) {})
	web := talk(t, func(conn net.Conn) { fmt.Fprint(conn, "HTTP/1.1 400 Bad Request\r\n\r\nhunter2") })
	for _, engine := range DatabaseEngines {
		for name, test := range map[string]struct{ address, reason string }{
			"silent":      {silent, "connect: no answer in time"},
			"closing":     {closing, "connect: the server closed the connection"},
			"another":     {web, "connect: "},
			"unknown":     {"nowhere.invalid:1", "connect: the host of the dsn does not resolve"},
			"unreachable": {"127.0.0.1:1", "connect: connection refused"},
		} {
			t.Run(string(engine)+" "+name, func(t *testing.T) {
				t.Parallel()
				dsn := "mysql://shop_app:hunter2@" + test.address + "/shop_orders"
				if engine == Postgres {
					dsn = "postgres://shop_app:hunter2@" + test.address + "/shop_orders?sslmode=disable"
				}
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				seen := databaseOf(t, engine, dsn, "", "").Probe(ctx)
				if seen.Status != Error || !strings.HasPrefix(seen.Reason, test.reason) {
					t.Errorf("got %+v", seen)
				}
				for _, secret := range []string{"hunter2", "shop_app", "shop_orders", test.address} {
					if strings.Contains(fmt.Sprint(seen), secret) {
						t.Errorf("shows %q: %+v", secret, seen)
					}
				}
			})
		}
	}
}

// TestParseDatabase: what is wrong is told without a word of the dsn.
func TestParseDatabase(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		engine DatabaseEngine
		dsn    string
		want   string
	}{
		{Postgres, "postgres://shop_app:hunter2%zz@127.0.0.1/x", "cannot be parsed"},
		{Postgres, "hunter2", "cannot be parsed"},
		{Postgres, "postgres://shop_app:hunter2@db/x?sslmode=verify-full&sslrootcert=/nowhere/hunter2.pem", "a file that does not exist"},
		{MySQL, "hunter2", "cannot be parsed"},
		{MySQL, "shop_app:hunter2@tcp(db:3306)/x?tls=hunter2", "cannot be parsed"},
		{MySQL, "postgres://shop_app:hunter2@db/x", "a URL of another kind"},
		{MySQL, "mysql://shop_app:hunter2%zz@db/x", "cannot be parsed"},
	} {
		_, err := ParseDatabase(test.engine, test.dsn, "")
		var invalid *InvalidDSNError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s %q: %v", test.engine, test.dsn, err)
		}
		var leaky *pgconn.ParseConfigError
		if errors.As(err, &leaky) {
			t.Errorf("%s %q: the error still holds the dsn", test.engine, test.dsn)
		}
	}
	if _, err := ParseDatabase("oracle", "x", ""); err == nil {
		t.Error("another engine is taken")
	}
	if _, err := ParseDatabase(Postgres, "postgres://db/x", "no PEM"); err == nil {
		t.Error("a ca_pem that is none is taken")
	}
}
