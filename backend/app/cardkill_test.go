package app

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"leadline/backend/config"
	"leadline/backend/greeting"
	"leadline/backend/sandbox"
)

// TestKilledServerDoesCardWorkOnce kills the server with SIGKILL while notes, tags,
// fields and an acceptance are on their way into the CRM (ADR 16): each is there in the
// end, once and in order, of what a bot does and of what a site told.
func TestKilledServerDoesCardWorkOnce(t *testing.T) {
	t.Parallel()
	const visitors, each, kills = 2, 5, 4
	m := newMortal(t, mortalSetup{})
	text, err := m.box.AddField(accountID, sandbox.CustomField{Card: sandbox.CardLeads, Name: "Said", Type: "textarea"})
	if err != nil {
		t.Fatal(err)
	}
	m.start()
	button, hash := m.connect(m.box.Accounts()[0])
	// The third reply is the one whose words accept the incoming lead.
	m.setBot(twoParts(silently(greets)+","+action("set_tag", `{"type":2,"value":"greeted"}`), strings.Join([]string{
		silently(replies),
		action("add_note", `{"element_type":2,"text":"note {{message_text}}"}`),
		action("set_tag", `{"type":2,"value":"tag {{message_text}}"}`),
		action("set_custom_fields", fmt.Sprintf(`{"type":2,"custom_fields_id":%d,"value":"{{message_text}}","option":"add"}`, text.ID)),
		`{"handler":"buttons","params":[{"regex":"/ 3$/","params":[` + replies + `,` + again + `]}]}`,
	}, ",")))
	m.eventually("the webhook", func() bool { return len(m.box.Webhooks(accountID)) == 1 })

	people := make([]*visitor, visitors)
	for i := range people {
		v := &visitor{w: m.world, base: m.chatURL, button: button}
		people[i] = v
		v.session(v.ticket(hash), "")
		v.tells(fmt.Sprintf(`{"note":[{"text":"told by %d","element_type":2,"note_type":"common"}],"lead":{"name":"Lead of %d"}}`, i, i)).wants(t, "meta", http.StatusNoContent, "")
		g := v.greeting(map[string]any{})
		m.send("POST", v.base+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(1000 * i), "text": saying(i, 0), "greeting": g.Token}).wants(t, "writing", http.StatusOK, "")
	}
	// From here on the leads are known, without a webhook that might meet a dead server.
	var leads []sandbox.Lead
	m.eventually("the first work on each lead", func() bool {
		leads = m.box.Leads(accountID)
		return len(leads) == visitors && !slices.ContainsFunc(leads, func(l sandbox.Lead) bool { return !slices.Contains(l.Tags, "greeted") })
	})
	for i, v := range people {
		for n := 1; n < each; n++ {
			if !v.insist(uuidN(1000*i+n), saying(i, n)) {
				t.Fatal("a message was not taken")
			}
		}
	}
	notes := func() (all []string) {
		for _, l := range leads {
			for _, n := range m.box.CardNotes(accountID, sandbox.CardLeads, l.ID) {
				all = append(all, n.Text)
			}
		}
		return all
	}
	const total = visitors * (each + 1)
	dice := rand.New(rand.NewPCG(3, 5))
	for k := range kills {
		// In turn: in the middle of calls, behind answers that were lost, and while the
		// CRM gives none.
		m.box.SetFaults(func(f *sandbox.Faults) {
			f.APIStatus, f.APICount, f.APIDelayMS, f.APICutAfter = 0, 0, 0, 0
			switch k % 3 {
			case 0:
				f.APIDelayMS = 50 + dice.IntN(100)
			case 1:
				f.APICutAfter = 2
			case 2:
				f.APIStatus, f.APICount, f.APIDelayMS = 503, 2, 20
			}
		})
		next := min(len(notes())+1+dice.IntN(2), total)
		m.until("the next kill", func() bool { return len(notes()) >= next })
		m.kill()
		m.start()
	}
	m.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{} })

	for i := range people {
		var want, tags, lines []string
		for n := range each {
			want, tags, lines = append(want, "note "+saying(i, n)), append(tags, "tag "+saying(i, n)), append(lines, saying(i, n))
		}
		want, tags = append(want, fmt.Sprintf("From the site: told by %d", i)), append(tags, "greeted")
		slices.Sort(want)
		slices.Sort(tags)
		at := slices.IndexFunc(m.box.Leads(accountID), func(l sandbox.Lead) bool { return slices.Contains(l.Tags, "tag "+saying(i, 0)) })
		if at < 0 {
			t.Fatalf("no lead of visitor %d", i)
		}
		id := m.box.Leads(accountID)[at].ID
		m.until(fmt.Sprintf("the work of visitor %d", i), func() bool { return strings.HasSuffix(m.said(id), lines[each-1]) })
		l := m.lead(id)
		var got []string
		for _, n := range m.box.CardNotes(accountID, sandbox.CardLeads, id) {
			got = append(got, n.Text)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("visitor %d: the notes are %q, want %q", i, got, want)
		}
		if slices.Sort(l.Tags); !slices.Equal(l.Tags, tags) {
			t.Errorf("visitor %d: the tags are %q, want %q", i, l.Tags, tags)
		}
		if said := m.said(id); said != strings.Join(lines, "\n") {
			t.Errorf("visitor %d: the field says %q, want %q", i, said, lines)
		}
		if l.Unsorted || l.Name != fmt.Sprintf("Lead of %d", i) {
			t.Errorf("visitor %d: the lead is %+v", i, l)
		}
	}
	if n := len(m.box.Leads(accountID)); n != visitors {
		t.Errorf("%d leads, want %d", n, visitors)
	}
	if n := m.lives; n != kills+1 {
		t.Errorf("the server lived %d times", n)
	}
	m.noBreaches()
}

func saying(visitor, n int) string { return fmt.Sprintf("visitor %d reply %d", visitor, n) }

// said is what a lead's field of that name holds.
func (m *mortal) said(lead int64) string {
	return m.held(sandbox.CardLeads, m.lead(lead).Fields)["Said"]
}

// setBot switches a bot on beside the running server.
func (m *mortal) setBot(bot string) {
	m.t.Helper()
	cfg, err := config.Load(m.environ)
	if err != nil {
		m.t.Fatal(err)
	}
	err = ManageChats(m.t.Context(), cfg, slog.New(slog.DiscardHandler), "", accountID, func(c *Chats) error {
		list, err := c.app.chats.Chats(m.t.Context(), c.account.ID)
		if err != nil || len(list) == 0 {
			return fmt.Errorf("chats %v: %w", list, err)
		}
		return c.app.greets(m.t.Context(), greeting.Settings{Account: c.account.ID, Chat: list[0].ID, Bot: json.RawMessage(bot), On: true})
	})
	if err != nil {
		m.t.Fatal(err)
	}
}
