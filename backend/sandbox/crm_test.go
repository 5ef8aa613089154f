package sandbox

import (
	"fmt"
	"testing"
)

// accessOf makes an access token without the exchange; user 0 is an administrator.
func (b *bench) accessOf(account, user int64, client string) string {
	b.t.Helper()
	b.box.mu.Lock()
	defer b.box.mu.Unlock()
	acc := b.box.account(account)
	if acc == nil {
		b.t.Fatalf("no account %d", account)
	}
	if user == 0 {
		user = acc.admin().ID
	}
	return b.box.issue(acc, client, user, "").AccessToken
}

// from is a message of a client with a profile; extra is put into the payload.
func from(msgid, conversation, client, profile, extra string) string {
	if profile != "" {
		profile = `,"profile":` + profile
	}
	return fmt.Sprintf(`{"event_type":"new_message","payload":{"timestamp":1767225600,"msec_timestamp":1767225600123,"msgid":%q,"conversation_id":%q,`+
		`"sender":{"id":%q,"name":"Anna"%s},"message":{"type":"text","text":"Hello"}%s}}`, msgid, conversation, client, profile, extra)
}

// imported is a message of the bot to a client.
func imported(msgid, conversation, client, profile string, silent bool) string {
	if profile != "" {
		profile = `,"profile":` + profile
	}
	return fmt.Sprintf(`{"event_type":"new_message","payload":{"timestamp":1767225600,"msec_timestamp":1767225600100,"msgid":%q,"conversation_id":%q,"silent":%v,`+
		`"sender":{"id":"bot","name":"Bot","ref_id":%q},"receiver":{"id":%q,"name":"Anna"%s},"message":{"type":"text","text":"Welcome"}}}`,
		msgid, conversation, silent, testBot, client, profile)
}

// counts is what one chat left in the CRM.
type counts struct{ Contacts, Leads, Incoming, Talks, Notices int }

func (b *bench) counts() counts {
	return counts{
		len(b.box.Contacts(testAccount)), len(b.box.Leads(testAccount)), len(b.box.IncomingLeads(testAccount)),
		len(b.box.Talks(testAccount)), len(b.box.Notices(testAccount)),
	}
}

// TestFirstMessages is C §8.2, §3.4.2 and §8.4: what each first message leaves in the CRM.
func TestFirstMessages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		prepare func(*Server)
		bodies  []string
		want    counts
	}{
		{"a message: contact, incoming lead, talk, notification", nil, []string{text("m-1", "c-1", "Hello")}, counts{1, 1, 1, 1, 1}},
		{
			"unsorted switched off: a lead in the first stage", func(s *Server) { s.ChangeAccount(testAccount, func(a *Account) { a.UnsortedOff = true }) },
			[]string{text("m-1", "c-1", "Hello")}, counts{1, 1, 0, 1, 1},
		},
		{
			"unsorted switched off makes no lead, by variant", func(s *Server) {
				s.ChangeAccount(testAccount, func(a *Account) { a.UnsortedOff = true })
				s.SetVariants(func(v *Variants) { v.UnsortedOffNoLead = true })
			}, []string{text("m-1", "c-1", "Hello")}, counts{1, 0, 0, 1, 1},
		},
		{"silent: a contact and nothing else", nil, []string{from("m-1", "c-1", "u-1", "", `,"silent":true`)}, counts{1, 0, 0, 0, 0}},
		{
			"an import of history: silent but the newest, one lead and one notification", nil,
			[]string{
				from("m-1", "c-1", "u-1", "", `,"silent":true`), imported("m-2", "c-1", "u-1", "", true), from("m-3", "c-1", "u-1", "", ""),
			}, counts{1, 1, 1, 1, 1},
		},
		{"the bot alone makes nothing", nil, []string{imported("m-1", "c-1", "u-1", "", false)}, counts{}},
		{
			"the bot alone makes a lead, by variant", func(s *Server) { s.SetVariants(func(v *Variants) { v.ImportMakesLead = true }) },
			[]string{imported("m-1", "c-1", "u-1", "", false)}, counts{1, 1, 1, 0, 0},
		},
		{
			"a silent import makes none in any variant", func(s *Server) { s.SetVariants(func(v *Variants) { v.ImportMakesLead = true }) },
			[]string{imported("m-1", "c-1", "u-1", "", true)}, counts{},
		},
		{
			"the same conversation again: nothing more", nil, []string{text("m-1", "c-1", "Hello"), text("m-2", "c-1", "again")}, counts{1, 1, 1, 1, 2},
		},
		{"another conversation of the same person: all again", nil, []string{text("m-1", "c-1", "Hello"), text("m-2", "c-2", "Hello")}, counts{2, 2, 2, 2, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.connect()
			if c.prepare != nil {
				c.prepare(b.box)
			}
			for _, body := range c.bodies {
				b.must(amojo("POST", testScope, body), 200)
			}
			if got := b.counts(); got != c.want {
				t.Errorf("the CRM has %+v, want %+v", got, c.want)
			}
			b.noBreach()
		})
	}
}

// TestLeadStages: where leads stand on the board, and who sees a contact.
func TestLeadStages(t *testing.T) {
	t.Parallel()
	at := func(b *bench) (kind string, cards int) {
		for _, col := range b.box.Board(testAccount) {
			if len(col.Cards) > 0 {
				kind, cards = col.Stage.Kind+"/"+col.Stage.Name, cards+len(col.Cards)
			}
		}
		return kind, cards
	}
	b := newBench(t)
	b.connect()
	b.say("m-1", "c-1", "Hello")
	if kind, n := at(b); kind != "incoming/Incoming leads" || n != 1 {
		t.Errorf("the lead stands in %q, %d cards", kind, n)
	}
	in := b.box.IncomingLeads(testAccount)[0]
	if err := b.box.AcceptLead(testAccount, in.UID, 0, 0); err != nil {
		t.Fatal(err)
	}
	if kind, n := at(b); kind != "/Initial contact" || n != 1 {
		t.Errorf("the accepted lead stands in %q, %d cards", kind, n)
	}
	if err := b.box.MoveLead(testAccount, in.LeadID, wonStage); err != nil {
		t.Fatal(err)
	}
	if kind, _ := at(b); kind != "won/Won" {
		t.Errorf("the won lead stands in %q", kind)
	}
	if err := b.box.MoveLead(testAccount, in.LeadID, 1); err == nil {
		t.Error("moved to a stage that is not there")
	}
}

// TestTalkLife is C §8.1, §8.2.4: a talk ends and begins; both outcomes of the open questions.
func TestTalkLife(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		variants     CRMVariants
		closeLead    bool
		talks, leads int
	}{
		{"a closed talk: the client's next message begins another", CRMVariants{}, false, 2, 1},
		{"a closed talk opens again, by variant", CRMVariants{TalkReopens: true}, false, 1, 1},
		{"a closed lead: another incoming lead", CRMVariants{}, true, 2, 2},
		{"a closed lead keeps the chat, by variant", CRMVariants{ClosedLeadStays: true}, true, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.box.SetVariants(func(v *Variants) { v.CRMVariants = c.variants })
			b.connect()
			b.say("m-1", "c-1", "Hello")
			chat := b.box.Chats(testAccount)[0]
			if got := b.box.ImBox(testAccount); len(got) != 1 || got[0].Unread != 1 || got[0].LastText != "Hello" {
				t.Errorf("imBox %+v", got)
			}
			if c.closeLead {
				in := b.box.IncomingLeads(testAccount)[0]
				if err := b.box.AcceptLead(testAccount, in.UID, 0, 0); err != nil {
					t.Fatal(err)
				}
				if err := b.box.MoveLead(testAccount, in.LeadID, lostStage); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.box.CloseTalk(testAccount, chat.ID); err != nil {
				t.Fatal(err)
			}
			if got := b.box.ImBox(testAccount); len(got) != 0 {
				t.Errorf("imBox %+v, want empty", got)
			}
			card, err := b.box.LeadCard(testAccount, chat.LeadID)
			if err != nil || len(card.Chats) != 1 || card.Chats[0].InWork || card.Chats[0].Messages != 1 {
				t.Errorf("card %+v, %v: the chat must stay in it", card, err)
			}
			b.say("m-2", "c-1", "again")
			if talks, leads := len(b.box.Talks(testAccount)), len(b.box.Leads(testAccount)); talks != c.talks || leads != c.leads {
				t.Errorf("%d talks and %d leads, want %d and %d", talks, leads, c.talks, c.leads)
			}
			if got := b.box.ImBox(testAccount); len(got) != 1 {
				t.Errorf("imBox %+v", got)
			}
		})
	}
}

// TestNotices: a client's message is told once, silent ones never, and reading it shows.
func TestNotices(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.say("m-1", "c-1", "Hello")
	b.must(amojo("POST", testScope, from("m-2", "c-1", "u-1", "", `,"silent":true`)), 200)
	got := b.box.Notices(testAccount)
	if len(got) != 1 || got[0].Text != "Hello" || got[0].Title != "Анна" || got[0].Read {
		t.Fatalf("notices %+v", got)
	}
	if err := b.box.MarkRead(testAccount, got[0].ChatID); err != nil {
		t.Fatal(err)
	}
	if got := b.box.Notices(testAccount); !got[0].Read {
		t.Error("the notice is still new after the chat was read")
	}
	if got := b.box.Talks(testAccount); !got[0].Read {
		t.Error("the talk is unread after the chat was read")
	}
}

// TestSourceFallsBack is C §7.1: an unknown or deleted source is the default one.
func TestSourceFallsBack(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.Accounts[0].Pipelines = []Pipeline{{ID: 1300, Name: "Main"}, {ID: 1301, Name: "Second"}, {ID: 1302, Name: "Old", Archived: true}}
	b := startBench(t, cfg, "")
	b.installed()
	b.connect()
	access := b.accessOf(testAccount, 0, testClient)
	a := b.api("POST", "/api/v4/sources", access, `[{"name":"Second","external_id":"s-2","pipeline_id":1301,"origin_code":null},{"name":"Old","external_id":"s-3","pipeline_id":1302}]`, 200)
	id := a.field(t, "_embedded", "sources").([]any)[0].(map[string]any)["id"].(float64)
	source := func(s string) string { return fmt.Sprintf(`,"source":{"external_id":%q}`, s) }
	b.must(amojo("POST", testScope, from("m-1", "c-1", "u-1", "", source("s-2"))), 200)
	b.must(amojo("POST", testScope, from("m-2", "c-2", "u-1", "", source("s-3"))), 200)
	b.must(amojo("POST", testScope, from("m-3", "c-3", "u-1", "", source("unknown"))), 200)
	b.api("DELETE", fmt.Sprintf("/api/v4/sources/%.0f", id), access, "", 204)
	b.must(amojo("POST", testScope, from("m-4", "c-4", "u-1", "", source("s-2"))), 200)
	var got []int64
	for _, in := range b.box.IncomingLeads(testAccount) {
		got = append(got, in.PipelineID)
	}
	if fmt.Sprint(got) != "[1301 1302 1300 1300]" {
		t.Errorf("incoming leads in pipelines %v", got)
	}
	b.noBreach()
}

// TestReconnect is C §8.6: conversations go on after a disconnection, or, by variant, begin anew.
func TestReconnect(t *testing.T) {
	t.Parallel()
	for _, forgets := range []bool{false, true} {
		b := newBench(t)
		b.box.SetVariants(func(v *Variants) { v.ReconnectForgets = forgets })
		b.connect()
		b.say("m-1", "c-1", "Hello")
		b.connect() // connected all the time: nothing is forgotten
		b.say("m-2", "c-1", "still here")
		b.box.DropConnection(testScope)
		b.connect()
		b.say("m-3", "c-1", "again")
		chats := b.box.Chats(testAccount)
		if want := map[bool]int{false: 1, true: 2}[forgets]; len(chats) != want {
			t.Errorf("reconnect_forgets %v: %d chats, want %d", forgets, len(chats), want)
		}
		if n := len(b.box.ChatMessages(chats[len(chats)-1].ID)); n != map[bool]int{false: 3, true: 2}[forgets] {
			t.Errorf("reconnect_forgets %v: %d messages in the first chat", forgets, n)
		}
	}
}

// TestUnsortedMeta is metadata.to and .service of C §7.5, whose values are not documented.
func TestUnsortedMeta(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]string{"": "line_widget amo.ext.sandbox", "ids": "line_widget amo.ext.sandbox", "names": "Line Channel", "empty": " "} {
		b := newBench(t)
		b.installed()
		b.connect()
		b.box.SetVariants(func(v *Variants) { v.UnsortedMeta = how })
		b.say("m-1", "c-1", "Hello")
		if in := b.box.IncomingLeads(testAccount)[0]; in.To+" "+in.Service != want {
			t.Errorf("%q: %q %q, want %q", how, in.To, in.Service, want)
		}
	}
}

// TestSharedChannels is the separateness of the products' channels, an open question of C §12.
func TestSharedChannels(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	connect := func(want int) {
		t.Helper()
		req := amojo("POST", testChannel+"/connect", `{"account_id":"88888888-61f3-4f0a-8b27-93c5e0a4d6b2","hook_api_version":"v2"}`)
		req.URL.Host, req.Host = "amojo.kommo.com", "amojo.kommo.com"
		b.must(req, want)
	}
	connect(404)
	b.box.SetVariants(func(v *Variants) { v.SharedChannels = true })
	connect(200)
}

// TestWriteFirstCard is C §8.4: a message to a known number begins in that contact's card.
func TestWriteFirstCard(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.must(amojo("POST", testScope, from("m-1", "c-1", "u-1", `{"phone":"+79990001122"}`, "")), 200)
	in := b.box.IncomingLeads(testAccount)[0]
	if err := b.box.AcceptLead(testAccount, in.UID, 0, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := b.box.WriteFirst(testScope, "8 999 000 11 22", "", "We have it again"); err != nil {
		t.Fatal(err)
	}
	if got := b.counts(); got.Contacts != 1 || got.Leads != 1 {
		t.Errorf("the CRM has %+v", got)
	}
	if card, err := b.box.LeadCard(testAccount, in.LeadID); err != nil || len(card.Chats) != 2 {
		t.Errorf("card %+v %v", card, err)
	}
}
