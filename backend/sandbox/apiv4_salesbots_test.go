package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestSalesbots: an account's own bots are started on leads that somebody accepted.
func TestSalesbots(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	access := b.accessOf(testAccount, 0, testClient)
	b.say("m-1", "c-1", "Hello")
	chat := b.box.Chats(testAccount)[0]
	b.box.mu.Lock()
	b.box.account(testAccount).Salesbots = []int64{565}
	b.box.mu.Unlock()
	const path = "/api/v2/salesbot/run"
	run := func(change ...string) string {
		return strings.NewReplacer(change...).Replace(fmt.Sprintf(`[{"bot_id":565,"entity_id":%d,"entity_type":2}]`, chat.LeadID))
	}
	b.api("POST", path, access, run(), 400) // nobody accepted the lead
	if err := b.box.AcceptLead(testAccount, chat.UnsortedUID, 0, 0); err != nil {
		t.Fatal(err)
	}
	b.api("POST", path, access, run(), 202)
	for name, body := range map[string]string{
		"no list": strings.Trim(run(), "[]"), "a contact": run(`"entity_type":2`, `"entity_type":1`), "a type in words": run(`"entity_type":2`, `"entity_type":"leads"`),
		"no such lead": run(fmt.Sprint(chat.LeadID), "1"), "no number": run(`"bot_id":565,`, ``),
	} {
		if b.api("POST", path, access, body, 400); len(b.box.SalesbotRuns(testAccount)) != 1 {
			t.Errorf("%s: a bot was started", name)
		}
	}
	b.api("POST", path, access, run("565", "566"), 404)
	if got, want := b.box.SalesbotRuns(testAccount), []SalesbotRun{{testAccount, 565, chat.LeadID}}; !slices.Equal(got, want) {
		t.Errorf("runs %+v, want %+v", got, want)
	}
}
