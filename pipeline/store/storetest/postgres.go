package storetest

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// serverVariable names a server for the tests, as a URL; its user may create
// databases. Without it, each test process starts a server of its own.
const serverVariable = "INFOLETTRE_TEST_POSTGRES"

// server is that of the process. Starting one takes two seconds, and a test
// process needs one at most.
var server = sync.OnceValues(startServer)

// running is a server; it ends when its input closes.
type running struct {
	base  *url.URL
	input io.Closer
}

// databases counts those made, so that each has its own name.
var databases atomic.Int64

// PostgresURL is a fresh, empty database, gone when the test ends. Without
// PostgreSQL the test is skipped, but fails in CI.
func PostgresURL(t testing.TB) string {
	t.Helper()
	s, err := server()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	db, err := sql.Open("pgx", s.base.String())
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("infolettre_%d_%d", os.Getpid(), databases.Add(1))
	if _, err := db.ExecContext(t.Context(), fmt.Sprintf(`CREATE DATABASE %s TEMPLATE template0`, name)); err != nil {
		t.Fatal(errors.Join(err, db.Close()))
	}
	t.Cleanup(func() {
		_, err := db.ExecContext(context.Background(), fmt.Sprintf(`DROP DATABASE %s WITH (FORCE)`, name))
		if err := errors.Join(err, db.Close()); err != nil {
			t.Error(err)
		}
	})
	return inDatabase(s.base, name)
}

func inDatabase(base *url.URL, name string) string {
	u := *base
	u.Path = "/" + name
	return u.String()
}

// startServer starts PostgreSQL on a socket in a folder of its own, and has a
// shell stop it and remove the folder when this process ends, however it ends:
// then the shell's input closes.
func startServer() (*running, error) {
	if text := os.Getenv(serverVariable); text != "" {
		base, err := url.Parse(text)
		return &running{base: base}, err
	}
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "infolettre-postgres-")
	if err != nil {
		return nil, err
	}
	c := exec.Command("/bin/sh", "-c", `
		cd "$1"
		PATH="$2:$PATH"
		trap '' INT
		initdb -D data -U postgres -A trust -E UTF8 --locale=C --no-sync >log 2>&1 &&
		pg_ctl -D data -l log -w -o "-k '$1' -c listen_addresses='' -c fsync=off -c max_connections=200" start >>log 2>&1 &&
		echo ready || tail -n 1 log
		read -r _
		pg_ctl -D data -m immediate stop >>log 2>&1
		cd /
		rm -rf "$1"`, "postgres", folder, programs)
	if err := unprivileged(c, folder); err != nil {
		return nil, err
	}
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	reader := bufio.NewReader(out)
	if line, err := reader.ReadString('\n'); line != "ready\n" {
		return nil, fmt.Errorf("start PostgreSQL: %s", errors.Join(errors.New(line), err))
	}
	base := &url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres", RawQuery: "host=" + url.QueryEscape(folder)}
	return &running{base, in}, nil
}

// findPrograms is the folder of initdb and pg_ctl: in PATH or, as Debian has
// it, one for each version.
func findPrograms() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err == nil && len(found) == 0 {
		err = errors.New("PostgreSQL is not installed, and " + serverVariable + " names no server")
	}
	if err != nil {
		return "", err
	}
	return filepath.Dir(found[len(found)-1]), nil
}
