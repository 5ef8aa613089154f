package store

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

const templateDB = "leadline_template"

var errNoPostgres = errors.New("initdb and postgres are not installed")

// postgresDSN makes a migrated, empty database for one test.
func postgresDSN(t testing.TB) string {
	t.Helper()
	cluster.once.Do(func() { cluster.err = startCluster() })
	if cluster.err != nil {
		if os.Getenv("LEADLINE_REQUIRE_POSTGRES") == "1" {
			t.Fatalf("PostgreSQL is required: %v", cluster.err)
		}
		t.Skipf("NOT RUN ON POSTGRESQL: %v", cluster.err)
	}
	name := fmt.Sprintf("test_%d", cluster.dbs.Add(1))
	if err := sqlDo(clusterDSN("postgres"), "CREATE DATABASE "+name+" TEMPLATE "+templateDB); err != nil {
		t.Fatalf("make database: %v", err)
	}
	t.Cleanup(func() { _ = sqlDo(clusterDSN("postgres"), "DROP DATABASE "+name+" WITH (FORCE)") })
	return clusterDSN(name)
}

func clusterDSN(db string) string {
	return "postgres://postgres@/" + db + "?sslmode=disable&host=" + cluster.dir
}

func sqlDo(dsn, query string) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	_, err = db.Exec(query)
	return errors.Join(err, db.Close())
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
	return "", errNoPostgres
}

func startCluster() error {
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
	make := exec.Command(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	make.SysProcAttr, make.Dir = attr, cluster.dir
	if out, err := make.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	cluster.cmd = exec.Command(postgres, "-D", data, "-k", cluster.dir, "-h", "", "-F", "-c", "max_connections=400", "-c", "log_min_messages=panic")
	cluster.cmd.SysProcAttr, cluster.cmd.Dir = attr, cluster.dir
	if err := cluster.cmd.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		err := sqlDo(clusterDSN("postgres"), "SELECT 1")
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("start PostgreSQL: %w", err)
		}
		time.Sleep(20 * time.Millisecond) // another process: there is nothing to wait on
	}
	if err := sqlDo(clusterDSN("postgres"), "CREATE DATABASE "+templateDB); err != nil {
		return err
	}
	return Migrate(testContext, clusterDSN(templateDB))
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
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, uid, gid)
}

func stopCluster() {
	if cluster.cmd != nil && cluster.cmd.Process != nil {
		_ = cluster.cmd.Process.Signal(syscall.SIGINT) // "fast" shutdown
		_ = cluster.cmd.Wait()
	}
	if cluster.dir != "" {
		_ = os.RemoveAll(cluster.dir)
	}
}
