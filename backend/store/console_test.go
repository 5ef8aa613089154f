package store

import (
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"leadline/backend/chatid"
	"leadline/backend/console"
	"leadline/backend/fault"
)

// A ticket is used once, by one of many at the same time, and forgotten when nobody
// can bring it any more.
func TestConsoleTickets(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.Console()
		var first atomic.Int64
		var g errgroup.Group
		for range 8 {
			g.Go(func() error {
				fresh, err := c.UseTicket(testContext, "t1", w.now.Add(time.Minute), w.now)
				if fresh {
					first.Add(1)
				}
				return err
			})
		}
		must(t, g.Wait())
		equal(t, "how many used it", first.Load(), int64(1))
		fresh, err := c.UseTicket(testContext, "t2", w.now.Add(2*time.Minute), w.now.Add(time.Minute))
		must(t, err)
		equal(t, "another is fresh", fresh, true)
		var left int64
		must(t, w.read.Model(&ticketRow{}).Count(&left).Error)
		equal(t, "tickets before the first one's end", left, int64(2))
		_, err = c.UseTicket(testContext, "t3", w.now.Add(3*time.Minute), w.now.Add(61*time.Second))
		must(t, err)
		must(t, w.read.Model(&ticketRow{}).Count(&left).Error)
		equal(t, "tickets after it", left, int64(2))
	})
}

// The log is an account's own, the newest first, in pages.
func TestConsoleLog(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		c := w.Console()
		other := w.newAccount(t, 2)
		var ids []string
		for i := range 5 {
			id := w.id()
			ids = append(ids, id)
			must(t, c.AddEntry(testContext, console.Entry{
				ID: id, Account: w.account, CRMUser: 9000001, At: w.now.Add(time.Duration(i) * time.Second), Act: console.RenameChat, Subject: "Чат <b>",
			}))
		}
		must(t, c.AddEntry(testContext, console.Entry{ID: w.id(), Account: other, CRMUser: 9000002, At: w.now, Act: console.Drop}))
		must(t, c.SetOutcome(testContext, console.Entry{Account: w.account, ID: ids[4], Outcome: console.Done}))
		for _, err := range []error{
			c.SetOutcome(testContext, console.Entry{Account: other, ID: ids[4], Outcome: "x"}),
			c.SetOutcome(testContext, console.Entry{Account: w.account, ID: w.id(), Outcome: "x"}),
			c.SetOutcome(testContext, console.Entry{Team: "t1", ID: ids[4], Outcome: "x"}),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("an outcome of no line of the account: %v", err)
			}
		}
		list, err := c.Entries(testContext, w.account, "", 2)
		must(t, err)
		equal(t, "the newest", list, []console.Entry{
			{ID: ids[4], Account: w.account, CRMUser: 9000001, At: w.now.Add(4 * time.Second), Act: console.RenameChat, Subject: "Чат <b>", Outcome: console.Done},
			{ID: ids[3], Account: w.account, CRMUser: 9000001, At: w.now.Add(3 * time.Second), Act: console.RenameChat, Subject: "Чат <b>"},
		})
		list, err = c.Entries(testContext, w.account, ids[1], 10)
		must(t, err)
		equal(t, "those before the second", len(list) == 1 && list[0].ID == ids[0], true)
		list, err = c.Entries(testContext, chatid.AccountID(w.id()), "", 10)
		must(t, err)
		equal(t, "of nobody", len(list), 0)
	})
}
