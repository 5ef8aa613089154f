package store

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// childDSN names the variable that makes the test binary a writer to be killed.
const childDSN = "LEADLINE_STORE_TEST_CHILD"

// writeUntilKilled stores messages from many goroutines and prints the id of
// each one that was acknowledged.
func writeUntilKilled(dsn string) {
	s, err := Open(testContext, Options{DSN: dsn, Sealer: seal{}})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var a chatid.AccountID
	if err := s.reader(testContext).row(`SELECT id FROM accounts`).Scan(&a); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	acknowledged := make(chan string)
	for g := range 16 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s-%d-%d", time.Now().Format("150405.000000000"), g, i)
				saved, err := s.Conversations().SaveInbound(testContext, conversation.NewInbound{
					Message:      conversation.Message{ID: chatid.MessageID(id), Account: a, ClientID: chatid.ClientID(id), Kind: "text", Text: "x"},
					Visitor:      conversation.Visitor{ID: chatid.VisitorID(fmt.Sprint("v", g)), Account: a, Chat: chat},
					Conversation: chatid.ConversationID(fmt.Sprint("c", g)), Holder: conversation.Holder{Now: time.Now(), Token: id, Lease: lease},
				})
				if err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				acknowledged <- string(saved.Message.ID)
			}
		}()
	}
	for id := range acknowledged {
		fmt.Println(id)
	}
}

func TestKilledProcessLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "leadline.db")
	if s, err := Open(testContext, Options{DSN: dsn, Sealer: seal{}}); err != nil {
		t.Fatal(err)
	} else {
		w := &world{Store: s, now: start}
		w.ids = newIDs()
		w.newAccount(t, 1)
		must(t, s.Close())
	}
	acknowledged := map[string]bool{}
	for round := range 3 {
		for _, id := range runAndKill(t, dsn, 400+300*round) {
			acknowledged[id] = true
		}
		s, err := Open(testContext, Options{DSN: dsn, Sealer: seal{}})
		must(t, err)
		missing, waiting := 0, 0
		for id := range acknowledged {
			var jobs int
			err := s.reader(testContext).row(`SELECT count(o.seq) FROM messages m
				LEFT JOIN outbox o ON o.conversation_id = m.conversation_id AND o.seq = m.seq WHERE m.id = ? GROUP BY m.id`, id).Scan(&jobs)
			switch {
			case fault.Is(translate(err), fault.NotFound):
				missing++
			case err != nil:
				t.Fatal(err)
			default:
				waiting += jobs
			}
		}
		if missing > 0 || waiting != len(acknowledged) {
			t.Errorf("round %d: of %d acknowledged %d are missing, %d have their job", round, len(acknowledged), missing, waiting)
		}
		var check string
		must(t, s.reader(testContext).row(`PRAGMA integrity_check`).Scan(&check))
		equal(t, "integrity", check, "ok")
		must(t, s.Close())
	}
}

// runAndKill kills a writer, as kill -9 does, after it acknowledged n messages
// and gives all that it acknowledged.
func runAndKill(t *testing.T, dsn string, n int) (ids []string) {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	child := exec.Command(exe)
	child.Env = append(os.Environ(), childDSN+"="+dsn)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if ids = append(ids, lines.Text()); len(ids) == n {
			must(t, child.Process.Kill())
		}
	}
	_ = child.Wait() // "signal: killed"
	if len(ids) < n {
		t.Fatalf("the writer stopped by itself: %q", ids[max(0, len(ids)-1):])
	}
	// The last line may have been cut.
	if last := ids[len(ids)-1]; len(last) < 18 {
		ids = ids[:len(ids)-1]
	}
	return ids
}
