package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const crmURL = "https://widget.example.test/crm/secret?a=1"

func (b *bench) subscribe(access string, settings ...string) {
	b.t.Helper()
	list, err := json.Marshal(settings)
	if err != nil {
		b.t.Fatal(err)
	}
	b.api("POST", "/api/v4/webhooks", access, fmt.Sprintf(`{"destination":%q,"settings":%s}`, crmURL, list), 201)
}

// crmForms waits for n finished webhooks of one event and reads their bodies in
// the order in which the events happened.
func (b *bench) crmForms(n int, event string) []url.Values {
	b.t.Helper()
	var found []HookRecord
	b.wait(fmt.Sprintf("%d webhooks %s", n, event), func() bool {
		found = nil
		for _, h := range b.box.Hooks() {
			if h.Kind == "crm" && h.Event == event && h.Outcome != "waiting" {
				found = append(found, h)
			}
		}
		return len(found) >= n
	})
	slices.SortFunc(found, func(x, y HookRecord) int { return cmp.Compare(x.ID, y.ID) })
	var out []url.Values
	for _, h := range found {
		form, err := url.ParseQuery(h.Body)
		if err != nil {
			b.t.Fatal(err)
		}
		out = append(out, form)
	}
	return out
}

// has checks keys of a form.
func has(t *testing.T, form url.Values, want map[string]string) {
	t.Helper()
	for k, v := range want {
		if got := form.Get(k); !form.Has(k) || got != v {
			t.Errorf("%s = %q, want %q in %v", k, got, v, form)
		}
	}
}

// TestWebhookBodies are the keys of C §7.6, as they come over the wire.
func TestWebhookBodies(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.rc.answer = func(w http.ResponseWriter, r *http.Request) {
		if got := r.Method + " " + r.Header.Get("Content-Type") + " " + r.Header.Get("X-Signature"); got != "POST application/x-www-form-urlencoded " {
			t.Errorf("webhook as %q", got) // form-urlencoded, not signed
		}
		w.WriteHeader(http.StatusNoContent)
	}
	access := b.accessOf(testAccount, 0, testClient)
	b.subscribe(access, "add_talk", "update_talk", "add_unsorted", "update_unsorted", "delete_unsorted", "add_lead", "update_lead", "status_lead", "add_contact", "update_contact")
	b.must(amojo("POST", testScope, from("m-1", "c-1", "u-1", `{"phone":"+79990001122"}`, "")), 200)
	chat, in := b.box.Chats(testAccount)[0], b.box.IncomingLeads(testAccount)[0]
	talk := b.crmForms(1, "add_talk")[0]
	has(t, talk, map[string]string{
		"talk[add][0][talk_id]": fmt.Sprint(chat.TalkID), "talk[add][0][created_at]": "1767225600", "talk[add][0][updated_at]": "1767225600",
		"talk[add][0][rate]": "0", "talk[add][0][contact_id]": fmt.Sprint(chat.ContactID), "talk[add][0][chat_id]": chat.ID,
		"talk[add][0][entity_id]": fmt.Sprint(chat.LeadID), "talk[add][0][entity_type]": "lead", "talk[add][0][is_in_work]": "1",
		"talk[add][0][is_read]": "0", "talk[add][0][origin]": "amo.ext.sandbox", "account[id]": "31000001", "account[subdomain]": "democo",
	})
	has(t, b.crmForms(1, "add_unsorted")[0], map[string]string{
		"unsorted[add][0][uid]": in.UID, "unsorted[add][0][category]": "chats", "unsorted[add][0][pipeline_id]": fmt.Sprint(in.PipelineID),
		"unsorted[add][0][source_data][origin][chat_id]": chat.ID, "unsorted[add][0][data][leads][0][id]": fmt.Sprint(in.LeadID),
	})
	b.say("m-2", "c-1", "again")
	has(t, b.crmForms(1, "update_unsorted")[0], map[string]string{"unsorted[update][0][uid]": in.UID, "unsorted[update][0][source_data][last_message_text]": "again"})
	if err := b.box.MarkRead(testAccount, chat.ID); err != nil {
		t.Fatal(err)
	}
	has(t, b.crmForms(2, "update_talk")[1], map[string]string{"talk[update][0][is_read]": "1"})
	b.api("POST", "/api/v4/leads/unsorted/"+in.UID+"/accept", access, "", 200)
	has(t, b.crmForms(1, "delete_unsorted")[0], map[string]string{
		"unsorted[delete][0][action]": "accept", "unsorted[delete][0][uid]": in.UID, "unsorted[delete][0][category]": "chats",
		"unsorted[delete][0][accept_result][leads][0]": fmt.Sprint(in.LeadID),
	})
	has(t, b.crmForms(1, "add_lead")[0], map[string]string{"leads[add][0][id]": fmt.Sprint(in.LeadID), "leads[add][0][pipeline_id]": fmt.Sprint(in.PipelineID)})
	has(t, b.crmForms(1, "add_contact")[0], map[string]string{
		"contacts[add][0][id]": fmt.Sprint(in.ContactID), "contacts[add][0][name]": "Anna", "contacts[add][0][type]": "contact",
		"contacts[add][0][custom_fields][0][code]": "PHONE", "contacts[add][0][custom_fields][0][values][0][value]": "+79990001122",
	})
	if err := b.box.MoveLead(testAccount, in.LeadID, lostStage); err != nil {
		t.Fatal(err)
	}
	has(t, b.crmForms(1, "status_lead")[0], map[string]string{"leads[status][0][status_id]": "143", "leads[status][0][id]": fmt.Sprint(in.LeadID)})
	has(t, b.crmForms(1, "update_lead")[0], map[string]string{"leads[update][0][status_id]": "143"})
	b.api("POST", fmt.Sprintf("/api/v4/talks/%d/close", chat.TalkID), access, "", 202)
	has(t, b.crmForms(3, "update_talk")[2], map[string]string{"talk[update][0][is_in_work]": "0"})
	b.say("m-3", "c-2", "Hello")
	second := b.box.IncomingLeads(testAccount)[0]
	b.api("DELETE", "/api/v4/leads/unsorted/"+second.UID+"/decline", access, "", 200)
	has(t, b.crmForms(2, "delete_unsorted")[1], map[string]string{"unsorted[delete][0][action]": "decline", "unsorted[delete][0][decline_result][leads][0]": fmt.Sprint(second.LeadID)})
	for _, r := range b.rc.all() {
		if r.URL != "http://widget.example.test/crm/secret?a=1" {
			t.Errorf("webhook to %s", r.URL)
		}
	}
	for _, h := range b.box.Hooks() {
		if strings.Contains(h.URL, "a=1") {
			t.Errorf("the query stands in the record: %s", h.URL)
		}
	}
	b.noBreach()
}

// TestWebhookSubscriptions is POST, GET and DELETE of C §7.6.
func TestWebhookSubscriptions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	access := b.accessOf(testAccount, 0, testClient)
	b.api("GET", "/api/v4/webhooks", access, "", 204)
	b.subscribe(access, "add_talk")
	b.subscribe(access, "update_talk") // the same destination: another choice of events
	b.api("POST", "/api/v4/webhooks", access, `{"destination":"https://other.example.test/","settings":["add_lead"]}`, 201)
	a := b.api("GET", "/api/v4/webhooks?filter[destination]="+url.QueryEscape(crmURL), access, "", 200)
	list := a.field(t, "_embedded", "webhooks").([]any)
	if w := list[0].(map[string]any); len(list) != 1 || w["destination"] != crmURL || fmt.Sprint(w["settings"]) != "[update_talk]" || w["disabled"] != false || w["account_id"] != 31000001.0 {
		t.Errorf("webhooks %s", a.body)
	}
	b.api("DELETE", "/api/v4/webhooks", access, `{"destination":"https://other.example.test/"}`, 204)
	b.noBreach()
	const rule = "C §7.6 webhooks"
	b.each(access, []answered{
		{"removing an unknown one", "DELETE", "webhooks", `{"destination":"https://other.example.test/"}`, 404, ""},
		{"no destination", "POST", "webhooks", `{"settings":["add_talk"]}`, 400, rule},
		{"no address", "POST", "webhooks", `{"destination":"example","settings":["add_talk"]}`, 400, rule},
		{"no events", "POST", "webhooks", `{"destination":"https://x.example.test","settings":[]}`, 400, rule},
		{"an event that is not there", "POST", "webhooks", `{"destination":"https://x.example.test","settings":["talk_add"]}`, 400, rule},
		{"an event of Kommo", "POST", "webhooks", `{"destination":"https://x.example.test","settings":["add_message"]}`, 400, rule},
	})
	b.each(b.accessOf(testAccount, 9000003, testClient), []answered{{"not an administrator", "GET", "webhooks", "", 403, ""}})
	b.box.mu.Lock()
	for i := range maxWebhooks - 1 {
		b.box.st.Webhooks = append(b.box.st.Webhooks, &Webhook{Account: testAccount, Destination: fmt.Sprint("https://x.example.test/", i)})
	}
	b.box.mu.Unlock()
	b.each(access, []answered{{"the hundred and first", "POST", "webhooks", `{"destination":"https://x.example.test","settings":["add_talk"]}`, 400, rule}})
}

// TestWebhookRepeats is the table of repeats of C §7.6, by the sandbox's clock.
func TestWebhookRepeats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request)
		after  []time.Duration // of each repeat after the attempt before
	}{
		{"201 is good", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }, nil},
		{"302 is bad: two repeats", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) }, []time.Duration{5 * time.Minute, 15 * time.Minute}},
		{"404 is bad: two repeats", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, []time.Duration{5 * time.Minute, 15 * time.Minute}},
		{
			"499: four repeats", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(499) },
			[]time.Duration{5 * time.Minute, 15 * time.Minute, 15 * time.Minute, time.Hour},
		},
		{
			"500: four repeats", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
			[]time.Duration{5 * time.Minute, 15 * time.Minute, 15 * time.Minute, time.Hour},
		},
		{
			"no answer: four repeats", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			[]time.Duration{5 * time.Minute, 15 * time.Minute, 15 * time.Minute, time.Hour},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.connect()
			b.rc.answer = c.answer
			b.subscribe(b.accessOf(testAccount, 0, testClient), "add_talk")
			b.say("m-1", "c-1", "Hello")
			b.crmForms(1, "add_talk")
			for i, pause := range c.after {
				b.box.Advance(pause - time.Second)
				if got := len(b.rc.all()); got != i+1 {
					t.Fatalf("%d requests a second before repeat %d", got, i+1)
				}
				b.box.Advance(time.Second)
				b.crmForms(i+2, "add_talk")
				if got := b.rc.all(); len(got) != i+2 || string(got[i+1].Body) != string(got[0].Body) {
					t.Fatalf("%d requests after repeat %d", len(got), i+1)
				}
			}
			for _, h := range b.box.Hooks() {
				if h.Outcome == "waiting" {
					t.Errorf("attempt %d still waits", h.Attempt)
				}
			}
			if got := len(b.box.Hooks()); got != len(c.after)+1 {
				t.Errorf("%d attempts, want %d", got, len(c.after)+1)
			}
		})
	}
}

// TestWebhookLate: an answer after 2 s is none.
func TestWebhookLate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.rc.answer = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	b.subscribe(b.accessOf(testAccount, 0, testClient), "add_talk")
	b.say("m-1", "c-1", "Hello")
	b.crmForms(1, "add_talk")
	if h := b.box.Hooks()[0]; h.Outcome != "failed" || h.DurationMS < 1900 || h.DurationMS > 4000 {
		t.Errorf("record %+v", h)
	}
}

// TestWebhookSwitchedOff: more than 100 bad answers in two hours end it (C §7.6); one that is
// lost by a fault is no answer, and older ones do not count.
func TestWebhookSwitchedOff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	access := b.accessOf(testAccount, 0, testClient)
	b.subscribe(access, "add_talk", "update_talk")
	b.box.SetFaults(func(f *Faults) { f.CRMHookDrop = 1 })
	b.say("m-0", "c-1", "Hello")
	b.crmForms(1, "add_talk")
	if got := b.rc.all(); len(got) != 0 {
		t.Fatalf("%d requests, want none", len(got))
	}
	b.rc.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }
	b.box.mu.Lock()
	for range maxBadAnswers - 1 {
		b.box.st.Webhooks[0].Bad = append(b.box.st.Webhooks[0].Bad, b.box.now().Add(-badWindow+time.Minute))
	}
	b.box.mu.Unlock()
	b.say("m-100", "c-1", "Hello")
	b.crmForms(1, "update_talk")
	if w := b.box.Webhooks(testAccount)[0]; w.Disabled || len(w.Bad) != maxBadAnswers {
		t.Fatalf("after %d bad answers: disabled %v", len(w.Bad), w.Disabled)
	}
	b.box.mu.Lock()
	b.box.st.Webhooks[0].Bad[0] = b.box.now().Add(-badWindow)
	b.box.mu.Unlock()
	b.say("m-101", "c-1", "Hello")
	b.crmForms(2, "update_talk")
	if b.box.Webhooks(testAccount)[0].Disabled {
		t.Fatal("an answer of two hours ago counted")
	}
	b.say("m-102", "c-1", "Hello")
	b.wait("the end of the webhook", func() bool { return b.box.Webhooks(testAccount)[0].Disabled })
	before := len(b.rc.all())
	b.say("m-103", "c-1", "Hello")
	b.box.Advance(2 * time.Hour)
	b.wait("the skipped repeats", func() bool {
		return !slices.ContainsFunc(b.box.Hooks(), func(h HookRecord) bool { return h.Outcome == "waiting" })
	})
	if got := len(b.rc.all()); got != before {
		t.Errorf("%d requests after it was switched off", got-before)
	}
	b.subscribe(access, "add_talk") // switches it on again
	if b.box.Webhooks(testAccount)[0].Disabled {
		t.Error("still off after another subscription")
	}
}

// TestMessageWebhooks are Kommo's message[add] of C §7.6.
func TestMessageWebhooks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const kommo = int64(31000009)
	b.box.mu.Lock()
	b.box.st.Webhooks = append(b.box.st.Webhooks, &Webhook{ID: 1, Account: testAccount, Destination: crmURL, Settings: []string{"add_message", "add_outgoing_message"}})
	b.box.mu.Unlock()
	b.connect()
	b.say("m-1", "c-1", "Hello")
	chat := b.box.Chats(testAccount)[0]
	m := b.operator(chat.ID, "Hi")
	has(t, b.crmForms(1, "add_message")[0], map[string]string{
		"message[add][0][chat_id]": chat.ID, "message[add][0][talk_id]": fmt.Sprint(chat.TalkID), "message[add][0][contact_id]": fmt.Sprint(chat.ContactID),
		"message[add][0][text]": "Hello", "message[add][0][message_type]": "text", "message[add][0][type]": "incoming", "message[add][0][created_at]": "1767225600",
		"message[add][0][element_type]": "2", "message[add][0][entity_type]": "lead", "message[add][0][entity_id]": fmt.Sprint(chat.LeadID),
		"message[add][0][author][type]": "external", "message[add][0][author][name]": "Анна", "message[add][0][origin]": "amo.ext.sandbox",
	})
	has(t, b.crmForms(1, "add_outgoing_message")[0], map[string]string{"message[add][0][id]": m.ID, "message[add][0][type]": "outgoing", "message[add][0][author][type]": "user"})
	access := b.accessOf(kommo, 0, b.box.AddIntegration(Integration{Product: ProductKommo}).ClientUUID)
	b.must(request("POST", "https://shopco.kommo.com/api/v4/webhooks", `{"destination":"https://x.example.test","settings":["add_message"]}`, "Authorization", "Bearer "+access), 201)
}
