package dbtest

import (
	"context"
	"net"
	"net/url"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Postgres starts a PostgreSQL with password authentication and TLS. Its user is a superuser.
func Postgres(t testing.TB) *Server {
	t.Helper()
	binaries, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(binaries) == 0 {
		t.Skipf("no PostgreSQL under /usr/lib/postgresql; %s", Install)
	}
	bin := filepath.Dir(binaries[len(binaries)-1])
	owner := unprivileged(t, "postgres")
	folder := owner.folder(t)
	data, secret := filepath.Join(folder, "data"), filepath.Join(folder, "secret")
	port := freePort(t)
	server := &Server{Address: net.JoinHostPort("127.0.0.1", port), User: "shop_app", Password: password(), Database: "postgres"}
	owner.write(t, secret, server.Password)
	owner.run(t, folder, filepath.Join(bin, "initdb"), "--pgdata", data, "--username", server.User, "--pwfile", secret,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync")
	server.CAPEM = owner.certificate(t, filepath.Join(data, "server.crt"), filepath.Join(data, "server.key"))
	ready := func(ctx context.Context) error {
		conn, err := pgconn.Connect(ctx, server.PostgresDSN())
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	}
	owner.serve(t, folder, syscall.SIGINT, ready, filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "ssl=on")
	return server
}

// PostgresDSN is a URL.
func (s *Server) PostgresDSN() string {
	return (&url.URL{Scheme: "postgres", User: url.UserPassword(s.User, s.Password), Host: s.Address, Path: "/" + s.Database}).String()
}
