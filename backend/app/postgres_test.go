package app

import (
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

	"leadline/backend/config"
)

// cluster is a PostgreSQL server of this test binary's own, started when the
// first test wants it.
var cluster struct {
	once sync.Once
	err  error
	dir  string
	cmd  *exec.Cmd
	dbs  atomic.Int64
}

// onPostgres keeps a world's data in PostgreSQL.
func onPostgres(t *testing.T) func(*config.Config) {
	t.Helper()
	cluster.once.Do(func() { cluster.err = startPostgres() })
	if cluster.err != nil {
		if os.Getenv("LEADLINE_REQUIRE_POSTGRES") == "1" {
			t.Fatalf("PostgreSQL is required: %v", cluster.err)
		}
		t.Skipf("NOT RUN ON POSTGRESQL: %v", cluster.err)
	}
	name := fmt.Sprintf("app_%d", cluster.dbs.Add(1))
	if err := sqlDo("postgres", "CREATE DATABASE "+name); err != nil {
		t.Fatalf("make database: %v", err)
	}
	return func(c *config.Config) { c.Database = clusterDSN(name) }
}

func clusterDSN(db string) string {
	return "postgres://postgres@/" + db + "?sslmode=disable&host=" + cluster.dir
}

func sqlDo(db, query string) error {
	c, err := sql.Open("pgx", clusterDSN(db))
	if err != nil {
		return err
	}
	_, err = c.Exec(query)
	return errors.Join(err, c.Close())
}

// postgresProgram finds one of PostgreSQL's, which some systems keep out of PATH.
func postgresProgram(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return p, nil
		}
	}
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
		return found[len(found)-1], nil
	}
	return "", errors.New("initdb and postgres are not installed")
}

func startPostgres() error {
	initdb, err := postgresProgram("initdb")
	if err != nil {
		return err
	}
	postgres, err := postgresProgram("postgres")
	if err != nil {
		return err
	}
	if cluster.dir, err = os.MkdirTemp("", "leadline-pg-"); err != nil {
		return err
	}
	attr, err := notRoot(cluster.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(cluster.dir, "data")
	initial := exec.Command(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initial.SysProcAttr, initial.Dir = attr, cluster.dir
	if out, err := initial.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	cluster.cmd = exec.Command(postgres, "-D", data, "-k", cluster.dir, "-h", "", "-F", "-c", "max_connections=200", "-c", "log_min_messages=panic")
	cluster.cmd.SysProcAttr, cluster.cmd.Dir = attr, cluster.dir
	if err := cluster.cmd.Start(); err != nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond) // another process: there is nothing to wait on
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); ; <-tick.C {
		err := sqlDo("postgres", "SELECT 1")
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("start PostgreSQL: %w", err)
		}
	}
}

// notRoot gives dir to the user that the server runs as: PostgreSQL refuses root.
func notRoot(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, uid, gid)
}

func stopPostgres() {
	if cluster.cmd != nil && cluster.cmd.Process != nil {
		_ = cluster.cmd.Process.Signal(syscall.SIGINT) // "fast" shutdown
		_ = cluster.cmd.Wait()
	}
	if cluster.dir != "" {
		_ = os.RemoveAll(cluster.dir)
	}
}

// TestMessagesBothWaysOnPostgres is the plain way on the other database.
func TestMessagesBothWaysOnPostgres(t *testing.T) {
	t.Parallel()
	messagesBothWays(t, setup{login: true, config: onPostgres(t)})
}

// TestFaultsOnPostgres is the way through all faults on the other database.
func TestFaultsOnPostgres(t *testing.T) {
	t.Parallel()
	loseAndDoubleNothing(t, setup{login: true, config: onPostgres(t)}, 400)
}
