package app

import (
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/sandbox"
)

type parkedPage struct {
	Parked   int
	Messages []struct {
		ID           string
		Conversation string `json:"conversation_id"`
		At           int64
		Kind, Reason string
		Message      string
	}
}

// parked is what the widget of an admin reads.
func (w *world) parked(query string) (p parkedPage) {
	w.t.Helper()
	a := w.send("GET", appURL+"/widget/v1/parked"+query, w.widgetHeaders(adminID), nil)
	if a.status != http.StatusOK {
		w.t.Fatalf("parked: %d %s", a.status, a.body)
	}
	a.into(w.t, &p)
	return p
}

func (w *world) decide(id, what string) answer {
	w.t.Helper()
	return w.send("POST", appURL+"/widget/v1/parked/"+id+"/"+what, w.widgetHeaders(adminID), map[string]string{})
}

// refuse lets the chats service refuse the visitor's next message for good.
func (v *visitor) refuse(id, text string) message {
	v.w.t.Helper()
	v.w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 400, 1 })
	m := v.write(id, text)
	v.w.until(text+" to be refused", func() bool {
		list := v.history()
		i := slices.IndexFunc(list, func(x message) bool { return x.ID == m.ID })
		return i >= 0 && list[i].Status == "error" // no list at all when it is asked for too often
	})
	return m
}

// TestParkedMessages: what the CRM refused for good is listed, sent again under
// its own id, or given up (design.md §2).
func TestParkedMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	v.write(uuidN(1), "first")
	w.eventually("the first message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	if p := w.parked(""); p.Parked != 0 || p.Messages == nil || len(p.Messages) != 0 {
		t.Errorf("parked %+v, want an empty list", p)
	}
	older, newer := v.refuse(uuidN(2), "older, refused"), v.refuse(uuidN(3), "newer, refused")
	v.write(uuidN(4), "last")
	w.eventually("the last message", func() bool { return len(w.inbox(sandbox.Inbound)) == 2 })

	var c struct{ Parked int }
	w.send("GET", appURL+"/widget/v1/status", w.widgetHeaders(adminID), nil).into(t, &c)
	p := w.parked("")
	if c.Parked != 2 || p.Parked != 2 || len(p.Messages) != 2 || p.Messages[0].ID != newer.ID || p.Messages[1].ID != older.ID {
		t.Fatalf("status counts %d, list %+v", c.Parked, p)
	}
	if m := p.Messages[0]; m.Reason != "refused_by_crm" || m.Kind != "text" || m.At != newer.At || m.Conversation == "" || len(m.Message) < 20 {
		t.Errorf("parked as %+v", m)
	}
	if two := w.parked("?limit=1"); two.Parked != 2 || len(two.Messages) != 1 || two.Messages[0].ID != newer.ID {
		t.Errorf("a page of one: %+v", two)
	}
	if rest := w.parked("?before=" + strconv.FormatInt(p.Messages[0].At, 10) + "." + newer.ID); len(rest.Messages) != 1 || rest.Messages[0].ID != older.ID {
		t.Errorf("the page after: %+v", rest)
	}
	if logs := w.logs.String(); !strings.Contains(logs, `msg="message parked"`) || !strings.Contains(logs, "status 400") || strings.Contains(logs, "older, refused") {
		t.Error("the log has not the service's own reason, or has the text")
	}

	// Sent again: the visitor sees it as sent, operators get it, once.
	stream := v.listen()
	if a := w.decide(older.ID, "resend"); a.status != http.StatusOK || string(a.body) != `{"parked":1}` {
		t.Fatalf("resend: %d %s", a.status, a.body)
	}
	w.eventually("the resent message", func() bool { return len(w.inbox(sandbox.Inbound)) == 3 })
	w.until("sent on the stream", func() bool {
		m, ok := stream.find("older, refused")
		return ok && m.Status == "sent" && m.Error == nil && m.ID == older.ID && m.Rev > older.Rev && m.At == older.At && m.Seq == older.Seq
	})
	refused(t, w.decide(older.ID, "resend"), 404, "not_found")

	// Refused once more, it is parked once more.
	w.box.SetFaults(func(f *sandbox.Faults) { f.AmojoStatus, f.AmojoCount = 400, 1 })
	if a := w.decide(newer.ID, "resend"); string(a.body) != `{"parked":0}` {
		t.Errorf("resend: %d %s", a.status, a.body)
	}
	w.until("it parked again", func() bool { return w.parked("").Parked == 1 })

	// Given up: it stays failed and is listed no more.
	if a := w.decide(newer.ID, "drop"); a.status != http.StatusOK || string(a.body) != `{"parked":0}` {
		t.Errorf("drop: %d %s", a.status, a.body)
	}
	refused(t, w.decide(newer.ID, "drop"), 404, "not_found")
	refused(t, w.decide(newer.ID, "resend"), 404, "not_found")
	for _, m := range v.history() {
		if want := map[bool]string{true: "error", false: "sent"}[m.ID == newer.ID]; m.Status != want {
			t.Errorf("%q is shown as %s, want %s", m.Text, m.Status, want)
		}
	}
	if got := w.inbox(sandbox.Inbound); !slices.Equal(got, []string{"first", "older, refused", "last"}) {
		t.Errorf("operators have %q", got)
	}
}

func TestAllParkedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	var want []string
	for i, text := range []string{"one", "two", "three"} {
		v.refuse(uuidN(i), text)
		want = append(want, text)
	}
	if a := w.decide("all", "resend"); a.status != http.StatusOK || string(a.body) != `{"parked":0}` {
		t.Errorf("resend all: %d %s", a.status, a.body)
	}
	w.eventually("all, in order", func() bool { return slices.Equal(w.inbox(sandbox.Inbound), want) })
	v.refuse(uuidN(8), "eight")
	v.refuse(uuidN(9), "nine")
	if a := w.decide("all", "drop"); a.status != http.StatusOK || string(a.body) != `{"parked":0}` {
		t.Errorf("drop all: %d %s", a.status, a.body)
	}
	if a := w.decide("all", "drop"); a.status != http.StatusOK {
		t.Errorf("drop all of nothing: %d %s", a.status, a.body)
	}
}

func TestParkedRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: withSecondAccount})
	refused(t, w.decide(uuidN(1), "drop"), 404, "not_found") // an account that we do not know
	v := w.visit(w.connected())
	w.second()
	m := v.refuse(uuidN(1), "mine")
	agent := w.widgetHeaders(agentID)
	for _, what := range []struct{ method, path string }{{"GET", ""}, {"POST", "/" + m.ID + "/resend"}, {"POST", "/" + m.ID + "/drop"}, {"POST", "/all/drop"}} {
		url := appURL + "/widget/v1/parked" + what.path
		var body any
		if what.method == "POST" {
			body = map[string]string{}
		}
		refused(t, w.send(what.method, url, agent, body), 403, "not_admin")
		refused(t, w.send(what.method, url, map[string]string{"Origin": "https://" + crmHost}, body), 401, "token_missing")
		refused(t, w.send(what.method, url, map[string]string{"Origin": "https://" + crmHost, "X-Auth-Token": "x"}, body), 401, "token_invalid")
	}
	// Another account's admin cannot see or touch it.
	token, err := w.box.DisposableToken(secondID, 0, clientID)
	if err != nil {
		t.Fatal(err)
	}
	other := map[string]string{"X-Auth-Token": token, "Origin": "https://second.amocrm.ru"}
	var p parkedPage
	w.send("GET", appURL+"/widget/v1/parked", other, nil).into(t, &p)
	if p.Parked != 0 || len(p.Messages) != 0 {
		t.Errorf("another account sees %+v", p)
	}
	for _, what := range []string{"resend", "drop"} {
		if a := w.send("POST", appURL+"/widget/v1/parked/"+m.ID+"/"+what, other, map[string]string{}); a.status != 404 || a.code() != "not_found" {
			t.Errorf("%s by another account: %d %s", what, a.status, a.body)
		}
	}
	var seen struct{ Parked int }
	w.send("GET", appURL+"/widget/v1/status", agent, nil).into(t, &seen)
	if seen.Parked != 0 {
		t.Error("somebody who is no administrator reads the count")
	}
	for _, query := range []string{"?limit=0", "?limit=x", "?before=x", "?before=1", "?before=1.x", "?before=-1." + uuidN(1)} {
		refused(t, w.send("GET", appURL+"/widget/v1/parked"+query, w.widgetHeaders(adminID), nil), 422, "invalid_request")
	}
	for _, id := range []string{"x", "ALL", uuidN(77)} {
		refused(t, w.decide(id, "drop"), 404, "not_found")
	}
	refused(t, w.decide(m.ID, "burn"), 405, "method_not_allowed")
	if got := w.parked(""); got.Parked != 1 {
		t.Errorf("after all that %+v, want it still parked", got)
	}
	// One account's admins may ask so much, and no more.
	limited := false
	for range 60 {
		if a := w.decide(uuidN(77), "drop"); a.status == http.StatusTooManyRequests {
			refused(t, a, 429, "too_many_attempts")
			limited = a.header.Get("Retry-After") != ""
			break
		}
	}
	if !limited {
		t.Error("60 requests in a row were not too many")
	}
}

// TestParkingBesideTheServer: the host's tool works on the same database, and the
// running server delivers what it resends.
func TestParkingBesideTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	v := w.visit(w.connected())
	one, two := v.refuse(uuidN(1), "one"), v.refuse(uuidN(2), "two")
	log := slog.New(slog.DiscardHandler)
	if _, err := OpenParking(t.Context(), w.cfg, log, 99); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown account: %v", err)
	}
	p, err := OpenParking(t.Context(), w.cfg, log, accountID)
	if err != nil {
		t.Fatal(err)
	}
	list, err := p.List(t.Context())
	if err != nil || len(list) != 2 || list[0].Message != chatid.MessageID(two.ID) || list[1].Message != chatid.MessageID(one.ID) {
		t.Errorf("listed %+v, %v", list, err)
	}
	if err := p.Resend(t.Context(), one.ID); err != nil {
		t.Error(err)
	}
	if err := p.Drop(t.Context(), two.ID); err != nil {
		t.Error(err)
	}
	if err := p.Drop(t.Context(), two.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("dropped twice: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	w.eventually("the resent message", func() bool { return slices.Equal(w.inbox(sandbox.Inbound), []string{"one"}) })
}
