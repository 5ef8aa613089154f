// Package pgtest gives tests a PostgreSQL of their own: a temporary cluster for
// the test binary, a database for each test. It is for tests alone.
package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
)

// cluster is the test binary's server, started when the first test wants it.
var cluster struct {
	once sync.Once
	err  error
	dir  string
	cmd  *exec.Cmd
	dbs  atomic.Int64
}

const template = "leadline_template"

var errMissing = errors.New("initdb and postgres are not installed")

// DSN makes a database for one test and names it. prepare is called once, with
// a database that all later ones are copies of; nil for empty ones. Where
// PostgreSQL is not installed the test is skipped, or fails if
// LEADLINE_REQUIRE_POSTGRES is 1. The test binary's TestMain calls Stop.
func DSN(t testing.TB, prepare func(dsn string) error) string {
	t.Helper()
	cluster.once.Do(func() { cluster.err = start(prepare) })
	if cluster.err != nil {
		if os.Getenv("LEADLINE_REQUIRE_POSTGRES") == "1" {
			t.Fatalf("PostgreSQL is required: %v", cluster.err)
		}
		t.Skipf("NOT RUN ON POSTGRESQL: %v", cluster.err)
	}
	name := fmt.Sprintf("test_%d", cluster.dbs.Add(1))
	if err := Exec(dsn("postgres"), "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatalf("make database: %v", err)
	}
	t.Cleanup(func() { _ = Exec(dsn("postgres"), "DROP DATABASE "+name+" WITH (FORCE)") })
	return dsn(name)
}

// Exec runs one statement on a connection of its own.
func Exec(dsn, query string) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(context.Background(), query)
	return errors.Join(err, db.Close())
}

// Stop ends the cluster, if there is one, and removes its files.
func Stop() {
	if cluster.cmd != nil && cluster.cmd.Process != nil {
		_ = cluster.cmd.Process.Signal(syscall.SIGINT) // "fast" shutdown
		_ = cluster.cmd.Wait()
	}
	if cluster.dir != "" {
		_ = os.RemoveAll(cluster.dir)
	}
}

func dsn(db string) string {
	return "postgres://postgres@/" + db + "?sslmode=disable&host=" + cluster.dir
}

// program finds one of PostgreSQL's, which some systems keep out of PATH.
func program(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return p, nil
		}
	}
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
		return found[len(found)-1], nil
	}
	return "", errMissing
}

func start(prepare func(dsn string) error) error {
	initdb, err := program("initdb")
	if err != nil {
		return err
	}
	postgres, err := program("postgres")
	if err != nil {
		return err
	}
	if cluster.dir, err = os.MkdirTemp("", "leadline-pg-"); err != nil {
		return err
	}
	attr, err := owner(cluster.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(cluster.dir, "data")
	initial := exec.Command(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync") //nolint:gosec,noctx // PostgreSQL's own program
	initial.SysProcAttr, initial.Dir = attr, cluster.dir
	if out, err := initial.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	cluster.cmd = exec.Command(postgres, "-D", data, "-k", cluster.dir, "-h", "", "-F", "-c", "max_connections=400", "-c", "log_min_messages=panic") //nolint:gosec,noctx // as above; Stop ends it
	cluster.cmd.SysProcAttr, cluster.cmd.Dir = attr, cluster.dir
	if err := cluster.cmd.Start(); err != nil {
		return err
	}
	if err := answers(30 * time.Second); err != nil {
		return err
	}
	if err := Exec(dsn("postgres"), "CREATE DATABASE "+template); err != nil || prepare == nil {
		return err
	}
	return prepare(dsn(template))
}

// answers waits for the server; another process tells nobody when it is ready.
func answers(patience time.Duration) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; <-tick.C {
		err := Exec(dsn("postgres"), "SELECT 1")
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("start PostgreSQL: %w", err)
		}
	}
}

// owner gives dir to the user that the server runs as: PostgreSQL refuses root.
func owner(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, int(uid), int(gid))
}
