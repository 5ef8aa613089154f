package app

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"leadline/backend/keyaction"
)

// TestConsoleKeyActions: an action is made, changed, moved and removed by forms alone;
// what is wrong is said beside its field, and what happened is told.
func TestConsoleKeyActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, still: true})
	w.withWidget("amocrm")
	button, hash := w.connected()
	g := w.guest(adminID)
	page := g.root + "/buttons/" + button + "/actions"
	g.shows(g.get(page), 200, "There are none yet.")

	form := func(change map[string]string) url.Values {
		v := url.Values{
			"csrf": {g.csrf(page + "/new")}, "name": {"Hot visitor"}, "constraint": {"3"},
			"c0.0.kind": {"time_on_site"}, "c0.0.value": {"30"}, "c0.2.kind": {"url_visited_3"}, "c0.2.value": {"/pricing"},
			"c1.0.kind": {"scrolled_value_percent"}, "c1.0.value": {"50"}, "hook": {"MY_HOOK"},
			"greeting": {"1"}, "animation": {"2"}, "form": {"1"}, "form_title": {"Leave your number"}, "ask": {"name", "phone"},
			"hook_url": {"https://shop.example.test/hook"}, "task_text": {"Call"}, "task_type": {"2"}, "task_hours": {"3"}, "task_user": {"9000002"},
			"close": {"1"}, "close_text": {"Came back"}, "tags_add": {"hot, prices , hot"}, "tags_drop": {"cold"},
			"field1": {"77"}, "option1": {"yes"}, "field2": {"0"}, "responsible": {"9000001"},
		}
		for k, s := range change {
			v.Set(k, s)
		}
		return v
	}
	for _, tt := range []struct{ name, field, value, says string }{
		{"no name", "name", " ", "Fill this in."},
		{"a time in words", "c0.0.value", "long", "Write a whole number"},
		{"more than all of a page", "c1.0.value", "101", "Write a whole number"},
		{"a hook over http", "hook_url", "http://shop.example.test/", "begins with https://"},
		{"no title of the form", "form_title", "", "Fill this in."},
		{"a task that is due before", "task_hours", "0", "Write a whole number"},
	} {
		a := g.post(page+"/new", form(map[string]string{tt.field: tt.value}))
		g.shows(a, 422, tt.says)
		if !strings.Contains(string(a.body), `aria-invalid="true"`) || !strings.Contains(string(a.body), `value="Leave your number"`) && tt.field != "form_title" {
			t.Errorf("%s: what was typed is lost, or nothing is marked", tt.name)
		}
	}
	empty := url.Values{"csrf": {g.csrf(page + "/new")}, "name": {"Of nothing"}, "constraint": {"1"}, "task_hours": {"24"}}
	g.shows(g.post(page+"/new", empty), 422, "Choose at least one condition")

	if a := g.post(page+"/new", form(nil)); a.status != http.StatusSeeOther || a.header.Get("Location") != page+"?done=save_action" {
		t.Fatalf("saving: %d %s", a.status, a.body)
	}
	g.shows(g.get(page+"?done=save_action"), 200, "The key action is saved.")
	want, problems := keyaction.Read([]byte(`{"name":"Hot visitor","constraint":3,"conditions":[
		[{"type":"time_on_site","value":"30"},{"type":"url_visited","value":"/pricing","mask":3}],[{"type":"scrolled_value","value":"50","unit":"%"}],[{"type":"custom_hook","value":"MY_HOOK"}]],
		"reactions":[{"action":"amobutton_greeting"},{"action":"amobutton_animate","settings":{"animation":2}},{"action":"amobutton_form","settings":{"form":["name","phone"],"form_title":"Leave your number"}},
		{"action":"send_hook","settings":{"url":"https://shop.example.test/hook"}},{"action":"create_task","settings":{"text":"Call","task_type_id":2,"due_minutes":180,"responsible_id":9000002}},
		{"action":"close_tasks","settings":{"text":"Came back"}},{"action":"change_tags","settings":{"action":"link","tags":[{"name":"hot"},{"name":"prices"}]}},
		{"action":"change_tags","settings":{"action":"unlink","tags":[{"name":"cold"}]}},{"action":"change_field_value","settings":{"fields":[{"field_id":77,"option":"yes"}]}},
		{"action":"change_responsible","settings":{"responsible_id":9000001}}]}`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	stored := func() []keyaction.Action {
		t.Helper()
		b, err := w.app.chats.Buttons(t.Context(), w.authorised().ID)
		if err != nil {
			t.Fatal(err)
		}
		list, err := w.app.keyActions.Actions(t.Context(), b[0].Account, b[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	first := stored()[0]
	want.ID = first.ID
	equalJSON(t, first, want)

	// What the editor shows is what it saves again.
	shown := string(g.get(page + "/" + first.ID).body)
	for _, part := range []string{`value="/pricing"`, `<option value="url_visited_3" selected>`, `value="hot, prices"`, `value="3" inputmode`, `<option value="77" selected`} {
		if !strings.Contains(shown, part) {
			t.Errorf("the editor lacks %s", part)
		}
	}
	if a := g.post(page+"/"+first.ID, form(map[string]string{"name": "Hotter"})); a.status != http.StatusSeeOther {
		t.Fatalf("saving again: %d", a.status)
	}
	want.Name = "Hotter"
	equalJSON(t, stored()[0], want)

	g.post(page+"/new", form(map[string]string{"name": "Second"}))
	csrf := g.csrf(page)
	second := stored()[1].ID
	if a := g.post(page+"/"+second+"/move", url.Values{"csrf": {csrf}, "up": {"1"}}); a.status != http.StatusSeeOther || stored()[0].Name != "Second" {
		t.Errorf("moving: %d, the first is %q", a.status, stored()[0].Name)
	}
	if a := g.post(page+"/"+second+"/remove", url.Values{"csrf": {csrf}}); a.status != http.StatusSeeOther || len(stored()) != 1 {
		t.Errorf("removing: %d, %d are left", a.status, len(stored()))
	}
	g.shows(g.post(page+"/"+second+"/remove", url.Values{"csrf": {csrf}}), 404, "")
	g.shows(g.get(g.root+"/buttons/999999/actions"), 404, "")
	g.shows(g.get(g.root+"/activity"), 200, "Removal of a key action")

	// What happened, and why.
	v := w.visit(button, hash)
	v.reports(hash, first.ID, uuidN(1), nil).wants(t, "report", 200, "")
	g.shows(g.get(page), 200, "Seconds on the site, at least 30 and Address begins with /pricing")
	g.shows(g.get(page), 200, "remembered until the visitor writes")

	// Who is no administrator sees and does not change.
	agent := w.guest(agentID)
	if a := agent.get(agent.root + "/buttons/" + button + "/actions"); a.status != 200 || strings.Contains(string(a.body), "Add a key action") {
		t.Errorf("an agent's list: %d", a.status)
	}
	agent.shows(agent.get(agent.root+"/buttons/"+button+"/actions/new"), 403, "")
}

func equalJSON(t *testing.T, got, want any) {
	t.Helper()
	g, err1 := json.Marshal(got)
	w, err2 := json.Marshal(want)
	if err1 != nil || err2 != nil || string(g) != string(w) {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}
