package app

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"leadline/backend/sandbox"
)

// inboxMessage is what the CRM has of a message of ours.
func (w *world) inboxMessage(id string) sandbox.Message {
	w.t.Helper()
	var got sandbox.Message
	w.eventually("the message in the inbox", func() bool {
		for _, m := range w.box.Messages(accountID) {
			if m.MsgID == id {
				got = m
				return true
			}
		}
		return false
	})
	return got
}

// one is a message of the visitor's history by its id.
func (v *visitor) one(id string) message {
	v.w.t.Helper()
	for _, m := range v.all() {
		if m.ID == id {
			return m
		}
	}
	return message{}
}

// act is one of a visitor's calls that answer with a message.
func (v *visitor) act(method, path string, body any) message {
	v.w.t.Helper()
	a := v.w.send(method, v.base+path, v.auth(), body)
	if a.status != http.StatusOK {
		v.w.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	var m struct{ Message message }
	a.into(v.w.t, &m)
	return m.Message
}

// TestVisitorPressesAndQuotes: buttons, rows of lists, places, cards and quotes reach
// the CRM in its own forms (C §3.4.4, §4.3).
func TestVisitorPressesAndQuotes(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	send := func(c sandbox.Content) message {
		t.Helper()
		if _, err := w.box.OperatorSend(accountID, chat.ID, agentID, c); err != nil {
			t.Fatal(err)
		}
		w.until(c.Text, func() bool { return slices.Contains(v.outbound(), c.Text) })
		all := v.all()
		return all[len(all)-1]
	}
	asked := send(sandbox.Content{Text: "Which day?", Markup: sandbox.Markup{Mode: "inline", Buttons: [][]sandbox.Button{
		{{Text: "Monday"}, {Text: "Friday"}},
	}}})
	if asked.Markup == nil || len(asked.Markup.Buttons) != 1 || asked.Markup.Buttons[0][0].Text != "Monday" || asked.Markup.Buttons[0][1].Text != "Friday" {
		t.Fatalf("the visitor has the buttons %+v", asked.Markup)
	}
	linked := send(sandbox.Content{Text: "Or look here", Markup: sandbox.Markup{Mode: "inline", Buttons: [][]sandbox.Button{
		{{Text: "Calendar", URL: "https://shop.example.test/days"}},
	}}})
	if linked.Markup == nil || linked.Markup.Buttons[0][0].URL != "https://shop.example.test/days" {
		t.Fatalf("the visitor has the link %+v", linked.Markup)
	}
	pressed := v.say(map[string]any{"client_id": uuidN(10), "press": map[string]string{"message": asked.ID, "text": "Monday"}})
	if got := w.inboxMessage(pressed.ID); pressed.Text != "Monday" || got.Text != "Monday" || got.Type != "text" {
		t.Errorf("pressing says %q here and %q there", pressed.Text, got.Text)
	}
	post := func(body map[string]any) answer { return w.send("POST", chatURL+"/v1/messages", v.auth(), body) }
	for name, press := range map[string]map[string]string{
		"a button that is not there": {"message": asked.ID, "text": "Tuesday"},
		"one that opens a page":      {"message": linked.ID, "text": "Calendar"},
		"a row of no list":           {"message": asked.ID, "text": "Monday", "callback_data": "monday"},
		"no such message":            {"message": uuidN(99), "text": "Monday"},
	} {
		post(map[string]any{"client_id": uuidN(11), "press": press}).wants(t, name, 422, "no_such_button")
	}

	place := v.say(map[string]any{"client_id": uuidN(12), "location": map[string]float64{"lat": 55.75, "lon": 37.61}})
	if got := w.inboxMessage(place.ID); got.Type != "location" || got.Location == nil || got.Location.Lat != 55.75 || got.Location.Lon != 37.61 ||
		place.Location == nil || place.Location.Lat != 55.75 {
		t.Errorf("the place is %+v here and %+v there", place.Location, got.Location)
	}
	card := v.say(map[string]any{"client_id": uuidN(13), "card": map[string]string{"name": "Ivan", "phone": "+79990001122"}})
	if got := w.inboxMessage(card.ID); got.Type != "contact" || got.Contact == nil || got.Contact.Name != "Ivan" || card.Card == nil || card.Card.Phone != "+79990001122" {
		t.Errorf("the card is %+v here and %+v there", card.Card, got.Contact)
	}
	quoting := v.say(map[string]any{"client_id": uuidN(14), "text": "That one suits me", "reply_to": asked.ID})
	if q := quoting.ReplyTo; q == nil || q.ID != asked.ID || q.Text != "Which day?" || q.Direction != "outbound" || q.Author != "Vera Agent" {
		t.Errorf("the quote is %+v", q)
	}
	raw, err := json.Marshal(w.inboxMessage(quoting.ID).ReplyTo)
	if err != nil || !strings.Contains(string(raw), "Which day?") {
		t.Errorf("the CRM has the quote %s", raw)
	}
	for name, c := range map[string]struct {
		body map[string]any
		code string
	}{
		"a quote of nothing":     {map[string]any{"text": "x", "reply_to": uuidN(98)}, "no_such_message"},
		"a file of nobody":       {map[string]any{"file_id": uuidN(97)}, "no_such_file"},
		"two things":             {map[string]any{"location": map[string]float64{"lat": 1, "lon": 1}, "card": map[string]string{"name": "I", "phone": "1"}}, "invalid_request"},
		"a file and a place":     {map[string]any{"file_id": uuidN(97), "location": map[string]float64{"lat": 1, "lon": 1}}, "invalid_request"},
		"a place beyond Earth":   {map[string]any{"location": map[string]float64{"lat": 91, "lon": 0}}, "invalid_request"},
		"a card without a phone": {map[string]any{"card": map[string]string{"name": "Ivan"}}, "invalid_request"},
		"a group that is none":   {map[string]any{"file_id": uuidN(97), "group": "album"}, "invalid_request"},
		"a button without where": {map[string]any{"press": map[string]string{"text": "Monday"}}, "invalid_request"},
		"a place in words":       {map[string]any{"location": "here"}, "invalid_request"},
	} {
		c.body["client_id"] = uuidN(15)
		post(c.body).wants(t, name, 422, c.code)
	}
	w.noBreaches()
}

// TestVisitorEditsAndReacts: C §3.4.6 and §3.7.
func TestVisitorEditsAndReacts(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	stream := v.listen()
	wrote := v.write(uuidN(2), "Monady")
	w.inboxMessage(wrote.ID)
	edited := v.act("PATCH", "/v1/messages/"+wrote.ID, map[string]string{"text": "Monday"})
	if edited.Text != "Monday" || edited.EditedAt == 0 || edited.Rev <= wrote.Rev || edited.At != wrote.At {
		t.Errorf("edited to %+v", edited)
	}
	w.eventually("the edit over there", func() bool { m := w.inboxMessage(wrote.ID); return m.Text == "Monday" && m.Edited })
	w.until("the edit on the stream", func() bool { m, ok := stream.find("Monday"); return ok && m.EditedAt != 0 })
	if again := v.act("PATCH", "/v1/messages/"+wrote.ID, map[string]string{"text": "Monday"}); again.Rev != edited.Rev && again.Text != "Monday" {
		t.Errorf("the same edit again changed %+v", again)
	}

	said, err := w.box.OperatorSay(accountID, chat.ID, "See you on Monday.")
	if err != nil {
		t.Fatal(err)
	}
	w.until("the answer", func() bool { _, ok := stream.find("See you on Monday."); return ok })
	theirs, _ := stream.find("See you on Monday.")
	path := "/v1/messages/" + theirs.ID + "/reaction"
	for _, emoji := range []string{"👍", "❤️"} { // the second replaces the first
		got := v.act("PUT", path, map[string]string{"emoji": emoji})
		if len(got.Reactions) != 1 || got.Reactions[0].Emoji != emoji || got.Reactions[0].By != "visitor" {
			t.Errorf("reactions %+v after %s", got.Reactions, emoji)
		}
		w.eventually(emoji+" over there", func() bool {
			m, _ := w.box.Message(said.ID)
			for _, e := range m.Reactions {
				if strings.Contains(e, emoji) {
					return true
				}
			}
			return false
		})
	}
	if err := w.box.OperatorReact(accountID, w.inboxMessage(wrote.ID).ID, agentID, "🔥"); err != nil {
		t.Fatal(err)
	}
	w.until("the operator's reaction", func() bool {
		r := v.one(wrote.ID).Reactions
		return len(r) == 1 && r[0].By == "operator" && r[0].Emoji == "🔥"
	})
	if got := v.act("DELETE", path, nil); len(got.Reactions) != 0 {
		t.Errorf("reactions %+v after taking it back", got.Reactions)
	}
	w.eventually("nothing left over there", func() bool { m, _ := w.box.Message(said.ID); return len(m.Reactions) == 0 })
	w.noBreaches()
}

// TestVisitorTypes: C §3.6, at most once in three seconds.
func TestVisitorTypes(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	stranger := w.visit(w.connected())
	w.until("the chat to be known", func() bool { _, err := w.conversation(chat); return err == nil })
	typed := func() (n int) {
		for _, e := range w.box.Traffic() {
			if strings.HasSuffix(e.Path, "/typing") {
				n++
			}
		}
		return n
	}
	for _, who := range []*visitor{stranger, v, v, v, v} { // who never wrote has nobody to tell
		if a := w.send("POST", chatURL+"/v1/typing", who.auth(), map[string]string{}); a.status != http.StatusNoContent {
			t.Fatalf("typing: %d %s", a.status, a.body)
		}
	}
	w.eventually("the sign over there", func() bool { return !w.box.Chats(accountID)[0].TypingUntil.IsZero() })
	if n := typed(); n != 1 {
		t.Errorf("%d calls for one burst of typing", n)
	}
	w.noBreaches()
}

// TestVisitorEnds: one line in the transcript however often it is asked for, and the
// next word goes on.
func TestVisitorEnds(t *testing.T) {
	t.Parallel()
	w, v, _ := opened(t, setup{})
	end := func(who *visitor) {
		t.Helper()
		if a := w.send("POST", chatURL+"/v1/conversation/end", who.auth(), map[string]string{}); a.status != http.StatusNoContent {
			t.Fatalf("end: %d %s", a.status, a.body)
		}
	}
	end(w.visit(w.connected())) // of one that never began
	end(v)
	end(v)
	if all := v.all(); len(all) != 2 || all[1].Kind != "ended" {
		t.Fatalf("history %+v, want one line of the end", all)
	}
	v.write(uuidN(3), "one more thing")
	w.eventually("it goes on", func() bool { return slices.Contains(w.inbox(sandbox.Inbound), "one more thing") })
	if n := len(w.box.Chats(accountID)); n != 1 {
		t.Errorf("%d chats", n)
	}
	w.noBreaches()
}

// TestActRefusals: docs/http-api.md §3, everything that changes something.
func TestActRefusals(t *testing.T) {
	t.Parallel()
	w, v, chat := opened(t, setup{})
	own := v.all()[0]
	if _, err := w.box.OperatorSay(accountID, chat.ID, "theirs"); err != nil {
		t.Fatal(err)
	}
	w.until("the operator's words", func() bool { return len(v.outbound()) == 1 })
	theirs := v.all()[1]
	stranger := w.visit(w.connected())
	edit, react := "/v1/messages/"+own.ID, "/v1/messages/"+own.ID+"/reaction"
	for _, c := range []struct{ method, path string }{
		{"PATCH", edit}, {"PUT", react}, {"DELETE", react}, {"POST", "/v1/typing"}, {"POST", "/v1/conversation/end"},
	} {
		url, name := chatURL+c.path, c.method+" "+c.path
		w.send(c.method, url, nil, "{}").wants(t, name+" without a token", 401, "token_missing")
		w.send(c.method, url, map[string]string{"Authorization": "Bearer " + forge(v.token)}, "{}").wants(t, name+" with a forged one", 401, "token_invalid")
		w.send(c.method, url, map[string]string{"Authorization": "Bearer " + v.token, "Origin": shopURL}, "{}").wants(t, name+" from a foreign page", 403, "origin_not_trusted")
		w.send(c.method, url, v.auth(), strings.Repeat(" ", 33<<10)).wants(t, name+" with a large body", 413, "body_too_large")
		if a := w.send(c.method, url, map[string]string{"Authorization": "Bearer " + forge(v.token), "Origin": chatURL}, "{}"); a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s lets other pages read", name)
		}
		if c.method != "DELETE" {
			w.send(c.method, url, v.auth(), "no JSON").wants(t, name+" without JSON", 422, "invalid_request")
		}
	}
	for _, c := range []struct {
		name, method, path string
		who                *visitor
		body               any
		status             int
		code               string
	}{
		{"an empty edit", "PATCH", edit, v, map[string]string{"text": " "}, 422, "empty_text"},
		{"a long edit", "PATCH", edit, v, map[string]string{"text": strings.Repeat("ж", 4097)}, 422, "text_too_long"},
		{"an operator's words", "PATCH", "/v1/messages/" + theirs.ID, v, map[string]string{"text": "x"}, 422, "not_editable"},
		{"no such message", "PATCH", "/v1/messages/" + uuidN(99), v, map[string]string{"text": "x"}, 404, "no_such_message"},
		{"somebody else's message", "PATCH", edit, stranger, map[string]string{"text": "x"}, 404, "no_such_message"},
		{"a reaction to nothing", "PUT", "/v1/messages/" + uuidN(99) + "/reaction", v, map[string]string{"emoji": "👍"}, 404, "no_such_message"},
		{"a reaction to somebody else's", "PUT", react, stranger, map[string]string{"emoji": "👍"}, 404, "no_such_message"},
		{"a word as a reaction", "PUT", react, v, map[string]string{"emoji": "fine"}, 422, "invalid_request"},
		{"a long reaction", "PUT", react, v, map[string]string{"emoji": strings.Repeat("👍", 40)}, 422, "invalid_request"},
		{"no reaction", "PUT", react, v, map[string]string{"emoji": ""}, 422, "invalid_request"},
		{"taking back at somebody else's", "DELETE", react, stranger, nil, 404, "no_such_message"},
	} {
		w.send(c.method, chatURL+c.path, c.who.auth(), c.body).wants(t, c.name, c.status, c.code)
	}
	if got := v.one(own.ID); got.Text != "hello" || got.EditedAt != 0 || len(got.Reactions) != 0 {
		t.Errorf("a refused act changed %+v", got)
	}
	w.noBreaches()
}
