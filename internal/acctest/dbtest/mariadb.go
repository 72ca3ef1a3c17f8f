package dbtest

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// MariaDB starts a MariaDB with password authentication and TLS. Its user may do everything in its database.
func MariaDB(t testing.TB) *Server {
	t.Helper()
	install, server := binary(t, "mariadb-install-db"), binary(t, "mariadbd")
	owner := unprivileged(t, "mysql")
	folder := owner.folder(t)
	data, first := filepath.Join(folder, "data"), filepath.Join(folder, "first.sql")
	port := freePort(t)
	s := &Server{Address: net.JoinHostPort("127.0.0.1", port), User: "shop_app", Password: password(), Database: "shop_orders"}
	owner.write(t, first, "CREATE DATABASE shop_orders;\nCREATE USER shop_app@'%' IDENTIFIED BY '"+strings.ReplaceAll(s.Password, "'", "''")+
		"';\nGRANT ALL ON shop_orders.* TO shop_app@'%';\n")
	owner.run(t, folder, install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")
	cert, key := filepath.Join(folder, "server.crt"), filepath.Join(folder, "server.key")
	s.CAPEM = owner.certificate(t, cert, key)
	ready := func(ctx context.Context) error {
		conn, err := s.connect(ctx)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	owner.serve(t, folder, syscall.SIGTERM, ready, server, "--no-defaults", "--datadir="+data, "--port="+port, "--bind-address=127.0.0.1",
		"--socket="+filepath.Join(folder, "socket"), "--pid-file="+filepath.Join(folder, "pid"), "--skip-name-resolve", "--init-file="+first,
		"--ssl-cert="+cert, "--ssl-key="+key)
	return s
}

func (s *Server) connect(ctx context.Context) (driver.Conn, error) {
	config := mysql.NewConfig()
	config.User, config.Passwd, config.Net, config.Addr, config.DBName = s.User, s.Password, "tcp", s.Address, s.Database
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return connector.Connect(ctx)
}

// MySQLDSN is in the notation of the Go driver.
func (s *Server) MySQLDSN() string {
	return s.User + ":" + s.Password + "@tcp(" + s.Address + ")/" + s.Database
}

// binary finds one on PATH or where only root's PATH leads.
func binary(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	path := filepath.Join("/usr/sbin", name)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		t.Skipf("no %s on PATH; %s", name, Install)
	}
	return path
}
