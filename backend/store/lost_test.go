package store

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/fault"
	"leadline/backend/store/pgtest"
)

// childLock names the variable that makes the test binary another process that
// holds a SQLite file's write lock until its input ends.
const childLock = "LEADLINE_STORE_TEST_LOCK"

func holdLock(path string) {
	db, err := sql.Open("sqlite3", "file:"+path+"?_txlock=immediate")
	if err == nil {
		var tx *sql.Tx
		if tx, err = db.Begin(); err == nil {
			fmt.Println("locked")
			_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
			err = tx.Rollback()
		}
	}
	if err != nil {
		fmt.Println(err)
	}
}

// lockFile starts such a process; release lets it end.
func lockFile(t *testing.T, dsn string) (release func()) {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	child := exec.Command(exe)
	child.Env = append(os.Environ(), childLock+"="+strings.TrimPrefix(dsn, "sqlite:"))
	in, err := child.StdinPipe()
	must(t, err)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	line, _ := bufio.NewReader(out).ReadString('\n')
	equal(t, "the other process", line, "locked\n")
	return func() {
		t.Helper()
		must(t, in.Close())
		must(t, child.Wait())
	}
}

func TestWriteLockOfAnotherProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "leadline.db"))
	c := w.known(t, "v1")
	// As long as the time-out lasts it is waited for.
	release := lockFile(t, w.dsn)
	saved := make(chan error)
	go func() {
		_, err := w.Conversations().SaveInbound(testContext, w.inbound("v1", "waits"))
		saved <- err
	}()
	release()
	must(t, <-saved)
	// After it nothing is acknowledged, reading goes on, and a repeat is new.
	must(t, w.do(testContext, func(t *tx) error {
		var got int
		return t.row("PRAGMA busy_timeout = 20").Scan(&got)
	}))
	release = lockFile(t, w.dsn)
	in := w.inbound("v1", "refused")
	_, err := w.Conversations().SaveInbound(testContext, in)
	wantKind(t, err, fault.Unavailable, storageUnavailable)
	_, err = w.Conversations().SaveOutbound(testContext, w.outbound(c, "refused"))
	wantKind(t, err, fault.Unavailable, storageUnavailable)
	equal(t, "messages meanwhile", len(w.all(t, c)), 2)
	release()
	if got := w.write(t, in); got.Duplicate || got.Message.Seq != 3 {
		t.Errorf("repeat = %+v, want it stored as the third", got)
	}
	equal(t, "jobs", w.count(t, `SELECT count(*) FROM outbox`), 2)
}

// waiting gives, once n of the database's server processes wait for a lock, one
// of them. It has a connection of its own: the store's may all be waiting.
func (w *world) waiting(t testing.TB, n int) (pid int) {
	t.Helper()
	db, err := sql.Open("pgx", w.dsn)
	must(t, err)
	defer func() { _ = db.Close() }()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); {
		var found int
		err := db.QueryRowContext(testContext, `SELECT count(*), coalesce(min(pid), 0) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&found, &pid)
		must(t, err)
		if found >= n {
			return pid
		}
	}
	t.Errorf("fewer than %d wait for a lock", n)
	return 0
}

func (w *world) terminate(t testing.TB, pid int) {
	t.Helper()
	must(t, pgtest.Exec(w.dsn, fmt.Sprintf("SELECT pg_terminate_backend(%d)", pid)))
}

func TestConnectionLostInTheMiddleOfATransaction(t *testing.T) {
	w := onPostgres(t)
	for _, in := range []string{"a statement", "the commit"} {
		err := w.do(testContext, func(x *tx) error {
			if _, err := x.exec(`INSERT INTO teams (id, created_at) VALUES ('t', 0)`); err != nil {
				return err
			}
			var pid int
			if err := x.row(`SELECT pg_backend_pid()`).Scan(&pid); err != nil {
				return err
			}
			w.terminate(t, pid)
			if in == "the commit" {
				return nil
			}
			_, err := x.exec(`INSERT INTO teams (id, created_at) VALUES ('u', 0)`)
			return err
		})
		wantKind(t, err, fault.Unavailable, storageUnavailable)
		equal(t, "teams after "+in, w.count(t, `SELECT count(*) FROM teams`), 0)
	}
	w.write(t, w.inbound("v1", "after"))
}

func TestConnectionLostInTheMiddleOfTheOneStatement(t *testing.T) {
	w := onPostgres(t)
	c := w.known(t, "v1")
	in, hook := w.inbound("v1", "one"), w.outbound(c, "Hi")
	for name, save := range map[string]func() error{
		"inbound": func() error {
			_, err := w.Conversations().SaveInbound(testContext, in)
			return err
		},
		"outbound": func() error {
			_, err := w.Conversations().SaveOutbound(testContext, hook)
			return err
		},
	} {
		err := w.do(testContext, func(x *tx) error {
			if _, err := x.exec(`UPDATE conversations SET seq = seq WHERE id = ?`, string(c)); err != nil {
				return err
			}
			failed := make(chan error, 1)
			go func() { failed <- save() }()
			w.terminate(t, w.waiting(t, 1))
			wantKind(t, <-failed, fault.Unavailable, storageUnavailable)
			return nil
		})
		must(t, err)
		equal(t, "messages after a lost "+name, len(w.all(t, c)), 1)
	}
	equal(t, "jobs", w.count(t, `SELECT count(*) FROM outbox`), 0)
	for _, got := range []bool{w.write(t, in).Duplicate, w.receive(t, hook).Duplicate} {
		if got {
			t.Error("what was not acknowledged counts as stored")
		}
	}
	equal(t, "messages", len(w.all(t, c)), 3)
}

// Pausing an account and repairing it lock the account first: the other way
// round PostgreSQL would have to end one of the two after a second.
func TestPauseAndRepairDoNotWaitForEachOther(t *testing.T) {
	w := onPostgres(t)
	saved := w.write(t, w.inbound("v1", "one"))
	must(t, w.Accounts().SetState(testContext, w.account, account.Broken, account.ReasonChannel, w.now))
	settled := make(chan error, 1)
	ctx, cancel := context.WithTimeout(testContext, 60*time.Second)
	defer cancel()
	must(t, w.do(ctx, func(x *tx) error {
		if _, err := x.exec(`SELECT 1 FROM accounts WHERE id = ? FOR NO KEY UPDATE`, string(w.account)); err != nil {
			return err
		}
		go func() {
			_, err := w.Outbox().Settle(testContext, *saved.Claim, *saved.Job, pauseOutcome(w.now.Add(time.Hour)))
			settled <- err
		}()
		w.waiting(t, 1)
		// As setState does: the account's lanes. NOWAIT tells at once whether the
		// other holds one.
		_, err := x.exec(`SELECT 1 FROM conversations WHERE account_id = ? FOR NO KEY UPDATE NOWAIT`, string(w.account))
		return err
	}))
	must(t, <-settled)
}
