package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

// onPostgres runs a test of what PostgreSQL alone has.
func onPostgres(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	return newWorld(t, postgresDSN(t))
}

func (w *world) count(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	must(t, w.reader(testContext).row(query, args...).Scan(&n))
	return n
}

// Both ways must leave the same rows; only the spelling of the job's JSON differs.
func TestOneStatementStoresWhatSeveralDo(t *testing.T) {
	w := onPostgres(t)
	s := conversations{w.Store}
	type result struct {
		Saved   conversation.Saved
		Payload conversation.MessageJob
		Thread  conversation.Conversation
		DueAt   int64
		Token   string
		Stored  []conversation.Message
	}
	look := func(saved conversation.Saved) (r result) {
		t.Helper()
		r.Saved = saved
		c := saved.Message.Conversation
		var raw []byte
		row := w.reader(testContext).row(`SELECT payload FROM outbox WHERE conversation_id = ? ORDER BY seq DESC`, string(c))
		if row.Scan(&raw) == nil {
			must(t, json.Unmarshal(raw, &r.Payload))
		}
		if saved.Job != nil {
			equal(t, "job's payload", string(saved.Job.Payload), string(raw))
			r.Saved.Job.Payload = nil
		}
		must(t, w.reader(testContext).row(`SELECT coalesce(due_at, -1), token FROM conversations WHERE id = ?`, string(c)).Scan(&r.DueAt, &r.Token))
		var err error
		r.Thread, err = s.Conversation(testContext, w.account, c)
		must(t, err)
		r.Stored = w.all(t, c)
		return r
	}
	visitor := 0
	for _, state := range []string{"idle", "busy", "paused", "clock set back", "without a token"} {
		t.Run(state, func(t *testing.T) {
			var both [2]result
			first := w.ids.Load()
			for i := range both {
				w.ids.Store(first + 100) // the same ids for both ways
				w.now = start.Add(time.Hour)
				visitor++
				v := chatid.VisitorID(fmt.Sprint("v", visitor))
				in := w.inbound(v, "Hello")
				in.Visitor.Name, in.Visitor.Email = `Ann "<&> \ Ω`, "ann@example.com"
				in.Message.ID, in.Conversation = chatid.MessageID(fmt.Sprint("m", visitor)), chatid.ConversationID(fmt.Sprint("c", visitor))
				saved := w.write(t, in)
				switch state {
				case "busy":
				case "paused":
					w.settle(t, *saved.Claim, *saved.Job, pauseOutcome(w.now.Add(time.Minute)))
					w.now = w.now.Add(time.Minute)
					w.drain(t, w.claimDue(t, 1)[0])
					w.now = w.now.Add(-time.Minute)
				default:
					w.drain(t, *saved.Claim)
				}
				if state == "clock set back" {
					w.now = start
				}
				in = w.inbound(v, "Line 1\n\t\"two\" <b> & \\ \u2028 Ω 🙂")
				in.Visitor.Name = "known already"
				in.Message.ID = chatid.MessageID(fmt.Sprint("n", visitor))
				if state == "without a token" {
					in.Token = ""
				}
				var got conversation.Saved
				var err error
				if i == 0 {
					var ok bool
					if got, ok, err = s.quickInbound(testContext, in); !ok {
						t.Errorf("the short way was not gone, %v", err)
					}
				} else {
					err = w.do(testContext, func(t *tx) (err error) { got, err = t.saveInbound(in); return err })
				}
				must(t, err)
				both[i] = look(got)
				must(t, w.Accounts().SetState(testContext, w.account, "disconnected", "", w.now))
				must(t, w.Accounts().SetState(testContext, w.account, "connected", "", w.now)) // ends the pause
			}
			// The ids that must differ in one database are made alike.
			for i := range both {
				r := &both[i]
				r.Saved.Message.ID, r.Saved.Message.Conversation, r.Saved.Visitor = "", "", ""
				r.Payload.Message, r.Payload.Visitor = "", ""
				r.Thread.ID, r.Thread.Visitor = "", ""
				if r.Saved.Claim != nil {
					r.Saved.Claim.Lane, r.Saved.Job.Lane = "", ""
				}
				for n := range r.Stored {
					r.Stored[n].ID, r.Stored[n].Conversation = "", ""
				}
			}
			equal(t, "one statement and several", both[0], both[1])
		})
	}
}

func TestOneStatementLeavesTheUnusualAlone(t *testing.T) {
	w := onPostgres(t)
	s := conversations{w.Store}
	c := w.known(t, "v1")
	first := w.inbound("v1", "one")
	w.write(t, first)
	hook := w.outbound(c, "Hi")
	w.receive(t, hook)
	orphan := w.receive(t, w.outbound("unknown", "Hi")).Message.Conversation
	account := w.account
	w.account = w.newAccount(t, 2)
	foreign, foreignHook := w.inbound("v1", "x"), w.outbound(c, "x")
	w.account = account
	state := func() string {
		t.Helper()
		var text string
		must(t, w.reader(testContext).row(`SELECT (SELECT json_agg(c ORDER BY c.id)::text FROM conversations c)
			|| (SELECT json_agg(m ORDER BY m.id)::text FROM messages m) || (SELECT json_agg(o ORDER BY o.conversation_id, o.seq)::text FROM outbox o)
			|| (SELECT json_agg(v ORDER BY v.id)::text FROM visitors v)`).Scan(&text))
		return text
	}
	before := state()
	told, full, long := w.inbound("v1", "x"), w.inbound("v1", "x"), w.inbound("v1", "x")
	told.Visitor.Phone = "+100"
	full.MaxWaiting = quickRoom
	long.Message.Text = string(make([]byte, quickPayload))
	taken := w.inbound("v1", "x")
	taken.Message.ID = first.Message.ID
	for name, in := range map[string]conversation.NewInbound{
		"a visitor who never wrote": w.inbound("v2", "x"), "something to fill in": told, "a repeat": first,
		"a lane that may be full": full, "a job that may be too long": long, "an id that is taken": taken,
		"a visitor of another account": foreign,
	} {
		if got, ok, err := s.quickInbound(testContext, in); ok || err != nil || got.Claim != nil {
			t.Errorf("inbound, %s: stored by one statement: %+v, %v", name, got, err)
		}
	}
	refused, nameless := w.outbound(c, "x"), w.outbound("", "x")
	refused.KindRefused = &conversation.StatusJob{}
	takenHook := w.outbound(c, "x")
	takenHook.Message.ID = hook.Message.ID
	for name, in := range map[string]conversation.NewOutbound{
		"a thread of nobody": w.outbound(orphan, "x"), "an unknown thread": w.outbound("other", "x"), "no thread named": nameless,
		"a kind that is refused": refused, "another account's thread": foreignHook, "an id that is taken": takenHook,
	} {
		if got, ok, err := s.quickOutbound(testContext, in); ok || err != nil {
			t.Errorf("outbound, %s: stored by one statement: %+v, %v", name, got, err)
		}
	}
	if got, ok, err := s.quickOutbound(testContext, hook); !ok || !got.Duplicate || err != nil {
		t.Errorf("a repeated hook = %+v, %v, %v", got, ok, err)
	}
	equal(t, "everything stored", state(), before)
}

// On SQLite the short way of a hook stores what the other does, and leaves the unusual
// to it.
func TestShortWayOfHooksOnSQLite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "leadline.db"))
	c := w.known(t, "v1")
	hook := w.outbound(c, "Hi")
	w.receive(t, hook)
	imported := w.outbound(c, "seen")
	imported.Message.At += 60_000
	imported.Message.Ref = ""
	w.receive(t, imported)
	orphan := w.receive(t, w.outbound("unknown", "Hi")).Message.Conversation
	take := func(in conversation.NewOutbound) (saved conversation.Saved, ok bool) {
		t.Helper()
		err := w.do(testContext, func(x *tx) (err error) {
			saved, ok, err = x.takeOutbound(in)
			return err
		})
		if err != nil && !errors.Is(err, errRerun) {
			t.Fatal(err)
		}
		return saved, ok
	}
	before := w.all(t, c)
	refused, nameless := w.outbound(c, "x"), w.outbound("", "x")
	refused.KindRefused = &conversation.StatusJob{}
	taken := w.outbound(c, "x")
	taken.Message.ID, taken.Message.At = hook.Message.ID, taken.Message.At+10_000
	moment := w.outbound(c, "x")
	moment.Message.At = imported.Message.At
	foreign := w.outbound(c, "x")
	foreign.Message.Account = w.newAccount(t, 2)
	for name, in := range map[string]conversation.NewOutbound{
		"a repeat": hook, "a thread of nobody": w.outbound(orphan, "x"), "an unknown thread": w.outbound("other", "x"), "no thread named": nameless,
		"a kind that is refused": refused, "another account's thread": foreign, "an id that is taken": taken, "the moment of another": moment,
	} {
		if got, ok := take(in); ok {
			t.Errorf("%s: stored by the short way: %+v", name, got)
		}
	}
	equal(t, "messages", w.all(t, c), before)
	counter := func() int64 {
		t.Helper()
		thread, err := w.Conversations().Conversation(testContext, w.account, c)
		must(t, err)
		return thread.Seq
	}
	equal(t, "counter", counter(), before[len(before)-1].Seq)

	var both [2]conversation.Saved
	for i := range both {
		in := w.outbound(c, "Line 1\n\t\"two\" Ω 🙂")
		in.Message.At += int64(i+1) * 120_000
		if i == 0 {
			var ok bool
			if both[i], ok = take(in); !ok {
				t.Fatal("the short way was not gone")
			}
		} else {
			must(t, w.do(testContext, func(x *tx) (err error) { both[i], err = x.saveOutbound(in); return err }))
		}
		m := &both[i].Message
		equal(t, "stored", w.all(t, c)[len(w.all(t, c))-1], *m)
		equal(t, "counter", counter(), m.Seq)
		m.ID, m.Ref, m.Seq, m.Rev, m.At = "", "", m.Seq-int64(i), m.Rev-int64(i), 0
	}
	equal(t, "both ways", both[0], both[1])
}

// Repeats that pass the look for the message together meet its unique index.
func TestParallelRepeatsInAKnownThread(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1") // seq 1, its lane idle
		in, hook := w.inbound("v1", "one"), w.outbound(c, "Hi")
		var g errgroup.Group
		var fresh, claims, seqs atomic.Int64
		for range writers {
			in, hook := in, hook
			in.Message.ID, in.Token = chatid.MessageID(w.id()), w.id()
			hook.Message.ID = chatid.MessageID(w.id())
			g.Go(func() error {
				s, err := w.Conversations().SaveInbound(testContext, in)
				if err == nil && s.Duplicate != (s.Job == nil) {
					err = fmt.Errorf("saved = %+v", s)
				}
				if err == nil && !s.Duplicate {
					fresh.Add(1)
					claims.Add(1)
					seqs.Add(s.Message.Seq)
				}
				return err
			})
			g.Go(func() error {
				s, err := w.Conversations().SaveOutbound(testContext, hook)
				if err == nil && !s.Duplicate {
					fresh.Add(1)
					seqs.Add(s.Message.Seq)
				}
				return err
			})
		}
		must(t, g.Wait())
		equal(t, "stored", [3]int64{fresh.Load(), claims.Load(), seqs.Load()}, [3]int64{2, 1, 2 + 3})
		equal(t, "messages", w.count(t, `SELECT count(*) FROM messages`), 3)
		equal(t, "jobs", w.count(t, `SELECT count(*) FROM outbox`), 1)
		th, err := w.Conversations().Conversation(testContext, w.account, c)
		must(t, err)
		equal(t, "counter", th.Seq, 3)
	})
}

// All of them looked for the message before any of them could store it.
func TestRepeatsThatWaitForTheThreadTogether(t *testing.T) {
	w := onPostgres(t)
	c := w.known(t, "v1")
	in, hook := w.inbound("v1", "one"), w.outbound(c, "Hi")
	for name, save := range map[string]func() (conversation.Saved, error){
		"inbound": func() (conversation.Saved, error) {
			in := in
			in.Message.ID, in.Token = chatid.MessageID(w.id()), w.id()
			return w.Conversations().SaveInbound(testContext, in)
		},
		"outbound": func() (conversation.Saved, error) {
			hook := hook
			hook.Message.ID = chatid.MessageID(w.id())
			return w.Conversations().SaveOutbound(testContext, hook)
		},
	} {
		before, err := w.Conversations().Conversation(testContext, w.account, c)
		must(t, err)
		var g errgroup.Group
		var fresh atomic.Int64
		must(t, w.do(testContext, func(x *tx) error {
			if _, err := x.exec(`UPDATE conversations SET seq = seq WHERE id = ?`, string(c)); err != nil {
				return err
			}
			for range writers {
				g.Go(func() error {
					s, err := save()
					if !s.Duplicate {
						fresh.Add(1)
					}
					return err
				})
			}
			w.waiting(t, postgresConns/2)
			return nil
		}))
		must(t, g.Wait())
		equal(t, "stored of "+name, fresh.Load(), 1)
		after, err := w.Conversations().Conversation(testContext, w.account, c)
		must(t, err)
		equal(t, "counter after "+name, after.Seq, before.Seq+1)
	}
	equal(t, "messages", w.count(t, `SELECT count(*) FROM messages`), 3)
	equal(t, "jobs", w.count(t, `SELECT count(*) FROM outbox`), 1)
}

// A repeat after the job is done must not wake the lane.
func TestRepeatLeavesAnIdleLaneIdle(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.known(t, "v1")
		in := w.inbound("v1", "one")
		w.drain(t, *w.write(t, in).Claim)
		var g errgroup.Group
		for range writers {
			in := in
			in.Message.ID, in.Token = chatid.MessageID(w.id()), w.id()
			g.Go(func() error {
				s, err := w.Conversations().SaveInbound(testContext, in)
				if err == nil && (!s.Duplicate || s.Claim != nil) {
					err = fmt.Errorf("saved = %+v", s)
				}
				return err
			})
		}
		must(t, g.Wait())
		if at, ok, err := w.Outbox().NextDue(testContext); ok || err != nil {
			t.Errorf("a lane is due at %v, %v", at, err)
		}
	})
}

// A stream reads on from the last rev it saw: were a higher one visible before a
// lower one, the lower would be lost to it.
func TestOrderOfCommitsIsThatOfSeq(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.known(t, "v1")
		const each = 4
		g, failed := errgroup.WithContext(testContext)
		for range writers / 2 {
			g.Go(func() error {
				for range each {
					if _, err := w.Conversations().SaveInbound(testContext, w.inbound("v1", "in")); err != nil {
						return err
					}
				}
				return nil
			})
			g.Go(func() error {
				for range each {
					if _, err := w.Conversations().SaveOutbound(testContext, w.outbound(c, "out")); err != nil {
						return err
					}
				}
				return nil
			})
		}
		seen, cursor := 0, w.all(t, c)[0].Rev
		for seen < writers*each && failed.Err() == nil {
			msgs, err := w.since(c, cursor, 3)
			must(t, err)
			for _, m := range msgs {
				if m.Rev != cursor+1 {
					t.Fatalf("rev %d was visible before %d", m.Rev, cursor+1)
				}
				seen, cursor = seen+1, m.Rev
			}
		}
		must(t, g.Wait())
	})
}

// A chat's greeting bot takes the short way from its visitors only while it speaks.
func TestOneStatementLeavesABotThatSpeaksAlone(t *testing.T) {
	w := onPostgres(t)
	s := conversations{w.Store}
	short := func(in conversation.NewInbound) bool {
		t.Helper()
		_, ok, err := s.quickInbound(testContext, in)
		must(t, err)
		return ok
	}
	w.known(t, "v1")
	equal(t, "a bot that never began", short(w.botWrites("v1", "one", echo(nil))), true)
	w.write(t, w.botWrites("v2", "one", echo(w.greeted(start, "Hello"))))
	equal(t, "one that speaks", short(w.botWrites("v2", "two", echo(nil))), false)
	w.write(t, w.botWrites("v2", "bye", echo(nil)))
	w.write(t, w.inbound("v2", "still here"))
	equal(t, "one that is over", short(w.botWrites("v2", "three", echo(nil))), true)
}
