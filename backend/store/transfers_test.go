package store

import (
	"testing"
	"time"

	"leadline/backend/account"
	"leadline/backend/team"
)

// One team at a time asks for an account, which moves only from the team that was asked.
func TestTransfers(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Accounts()
		for _, id := range []string{"a", "b", "c"} {
			w.newUser(t, id, "t-"+id, team.Owner)
		}
		id := w.newAccount(t, 7)
		must(t, s.SetConnected(testContext, id, "t-a", "a", "amojo-7", "scope-7", w.now))
		one := account.Transfer{Account: id, From: "t-a", To: "t-b", User: "b", AskedAt: w.now}
		must(t, s.AddTransfer(testContext, one))
		third := one
		third.To, third.User = "t-c", "c"
		isCode(t, "a third team", s.AddTransfer(testContext, third), "transfer_asked")
		must(t, s.ToldTransfer(testContext, id, 2))
		one.Told = 2
		got, err := s.Transfer(testContext, id)
		must(t, err)
		equal(t, "transfer", got, one)
		list, err := s.Transfers(testContext)
		must(t, err)
		equal(t, "transfers", list, []account.Transfer{one})

		isCode(t, "for another team", s.FinishTransfer(testContext, third), "not_found")
		must(t, s.FinishTransfer(testContext, one))
		a, err := s.Account(testContext, id)
		must(t, err)
		equal(t, "team and user", string(a.Team)+" "+string(a.ConnectedBy), "t-b b")
		_, err = s.Transfer(testContext, id)
		isCode(t, "finished", err, "not_found")

		// The account changed hands meanwhile: it stays where it is.
		one.AskedAt = w.now.Add(time.Hour)
		must(t, s.AddTransfer(testContext, one))
		one.To = "t-c"
		isCode(t, "finished as another one", s.FinishTransfer(testContext, one), "not_found")
		one.To = "t-b"
		must(t, s.FinishTransfer(testContext, one))
		a, err = s.Account(testContext, id)
		must(t, err)
		equal(t, "team", string(a.Team), "t-b")
		isCode(t, "dropped twice", s.DropTransfer(testContext, id), "not_found")
	})
}
