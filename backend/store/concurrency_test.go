package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

const writers = 64

func TestParallelWritersKeepEachThreadDense(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const threads, each = 8, 5
		var g errgroup.Group
		var claims atomic.Int64
		for i := range writers {
			v := chatid.VisitorID(fmt.Sprint("v", i%threads))
			g.Go(func() error {
				last := int64(0)
				for range each {
					s, err := w.Conversations().SaveInbound(testContext, w.inbound(v, "x"))
					if err != nil {
						return err
					}
					if s.Claim != nil {
						claims.Add(1)
					}
					if s.Message.Seq <= last {
						return fmt.Errorf("seq %d after %d", s.Message.Seq, last)
					}
					last = s.Message.Seq
				}
				return nil
			})
		}
		must(t, g.Wait())
		equal(t, "claims", claims.Load(), threads)
		for i := range threads {
			c, err := w.Conversations().ConversationOf(testContext, w.account, chat, chatid.VisitorID(fmt.Sprint("v", i)))
			must(t, err)
			msgs := w.all(t, c.ID)
			if len(msgs) != writers/threads*each {
				t.Fatalf("thread %d has %d messages", i, len(msgs))
			}
			for n, m := range msgs {
				if m.Seq != int64(n+1) || m.Rev != m.Seq || n > 0 && m.At <= msgs[n-1].At {
					t.Fatalf("message %d = %+v", n, m)
				}
			}
		}
	})
}

func TestParallelRepeatsHaveTheEffectOfOne(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		base, hook := w.inbound("v1", "one"), w.outbound("", "Hi")
		hook.Chat = "c1"
		var g errgroup.Group
		var mu sync.Mutex
		fresh := map[string]int{}
		count := func(what string, s conversation.Saved, err error) error {
			mu.Lock()
			defer mu.Unlock()
			if !s.Duplicate && err == nil {
				fresh[what]++
			}
			return err
		}
		for range writers / 2 {
			in, out := base, hook
			in.Message.ID, in.Conversation, in.Token = chatid.MessageID(w.id()), chatid.ConversationID(w.id()), w.id()
			out.Message.ID, out.NewConversation, out.Token = chatid.MessageID(w.id()), chatid.ConversationID(w.id()), w.id()
			g.Go(func() error {
				s, err := w.Conversations().SaveInbound(testContext, in)
				return count("inbound", s, err)
			})
			g.Go(func() error {
				s, err := w.Conversations().SaveOutbound(testContext, out)
				return count("outbound", s, err)
			})
		}
		must(t, g.Wait())
		equal(t, "stored", fresh, map[string]int{"inbound": 1, "outbound": 1})
		for _, table := range []string{"conversations", "messages", "outbox"} {
			var n int
			must(t, w.reader(testContext).row("SELECT count(*) FROM "+table).Scan(&n))
			equal(t, "rows of "+table, n, 2)
		}
	})
}

func TestLanesAreClaimedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const lanes = 40
		for range lanes {
			must(t, w.Outbox().Release(testContext, *w.write(t, w.inbound(chatid.VisitorID(w.id()), "x")).Claim))
		}
		var g errgroup.Group
		var mu sync.Mutex
		var got []chatid.ConversationID
		for range 8 {
			g.Go(func() error {
				for {
					claims, err := w.Outbox().ClaimDue(testContext, w.now, lease, 3, nil)
					if err != nil || len(claims) == 0 {
						return err
					}
					mu.Lock()
					for _, c := range claims {
						got = append(got, c.Lane)
					}
					mu.Unlock()
				}
			})
		}
		must(t, g.Wait())
		slices.Sort(got)
		if n := len(slices.Compact(slices.Clone(got))); n != len(got) {
			t.Errorf("%d claims of %d lanes", len(got), n)
		}
		// Rivals may have held each other's rows while somebody looked.
		equal(t, "all lanes", len(got)+len(w.claimDue(t, lanes)), lanes)
	})
}

func TestCancelledCallerUndoesNobodyElse(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var g errgroup.Group
		var mu sync.Mutex
		acknowledged := map[chatid.MessageID]bool{}
		for i := range writers {
			in := w.inbound(chatid.VisitorID(fmt.Sprint("v", i)), "x")
			g.Go(func() error {
				ctx, cancel := context.WithCancel(testContext)
				defer cancel()
				if i%2 == 0 {
					go cancel()
				}
				_, err := w.Conversations().SaveInbound(ctx, in)
				if errors.Is(err, context.Canceled) && i%2 == 0 {
					return nil
				}
				mu.Lock()
				acknowledged[in.Message.ID] = true
				mu.Unlock()
				return err
			})
		}
		must(t, g.Wait())
		var n int
		must(t, w.reader(testContext).row(`SELECT count(*) FROM messages`).Scan(&n))
		equal(t, "stored messages", n, len(acknowledged))
	})
}

func TestFailingClosureHurtsNobodyElse(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		wrong := errors.New("wrong")
		var g errgroup.Group
		for i := range writers {
			g.Go(func() error {
				err := w.do(testContext, func(t *tx) error {
					if _, err := t.exec(`INSERT INTO teams (id, created_at) VALUES (?, 0)`, fmt.Sprint("t", i)); err != nil {
						return err
					}
					switch i % 4 {
					case 1:
						return wrong
					case 2:
						_, err := t.exec(`INSERT INTO teams (id, created_at) VALUES (?, NULL)`, "null")
						return err
					case 3:
						if !t.postgres { // net/http recovers; a batch must as well
							panic("bug")
						}
						return wrong
					}
					return nil
				})
				if (err == nil) != (i%4 == 0) {
					return fmt.Errorf("closure %d: %w", i, err)
				}
				return nil
			})
		}
		must(t, g.Wait())
		var n int
		must(t, w.reader(testContext).row(`SELECT count(*) FROM teams`).Scan(&n))
		equal(t, "teams", n, writers/4)
	})
}

// What arrives while a lane's last job is settled is never forgotten.
func TestNoJobIsForgottenBetweenOwners(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var g errgroup.Group
		work := make(chan conversation.Saved, writers)
		for range writers {
			g.Go(func() error {
				s, err := w.Conversations().SaveInbound(testContext, w.inbound("v1", "x"))
				work <- s
				return err
			})
		}
		sent := 0
		for range writers {
			s := <-work
			for more := s.Claim != nil; more; {
				j := w.jobs(t, *s.Claim)[0]
				more = w.settle(t, *s.Claim, j, outbox.Outcome{Verdict: outbox.Done})
				sent++
			}
		}
		must(t, g.Wait())
		equal(t, "jobs done", sent, writers)
	})
}
