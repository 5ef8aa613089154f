package app

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"leadline/backend/greeting"
)

// twoSteps is a bot in the form of a list (O §4.3): a question, and where its button leads.
const twoSteps = `[
 {"question": [{"handler": "show", "params": {"type": "buttons", "value": "Hi, {{bot_params.user.name}}!", "buttons": ["Prices"]}}],
  "answer": [{"handler": "buttons", "params": [{"value": "Prices", "params": [{"handler": "goto", "params": {"type": "question", "step": 1}}]}]},
             {"handler": "wait_answer", "params": {"type": "answer", "step": 0}}]},
 {"question": [{"handler": "action", "params": {"name": "add_note", "params": {"text": "asked for prices"}}},
               {"handler": "unheard_of", "params": {"big": 12345678901234567890}},
               {"handler": "show", "params": {"type": "text", "value": "Here they are."}}]}
]`

// upload posts a form with a file, as a browser does without script.
func (g *guest) upload(path string, fields url.Values, file string) answer {
	g.w.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for name, values := range fields {
		if err := m.WriteField(name, values[0]); err != nil {
			g.w.t.Fatal(err)
		}
	}
	part, err := m.CreateFormFile("file", "bot.json")
	if err == nil {
		_, err = part.Write([]byte(file))
	}
	if err == nil {
		err = m.Close()
	}
	if err != nil {
		g.w.t.Fatal(err)
	}
	h := map[string]string{"Cookie": g.cookie(), "Content-Type": m.FormDataContentType(), "Origin": appURL}
	return g.w.send("POST", appURL+path, h, body.String())
}

// bot is what is stored of the chat's bot.
func (w *world) bot() greeting.Settings {
	w.t.Helper()
	a, _ := w.account()
	list, err := w.app.store.OnlineChats().Chats(w.t.Context(), a.ID)
	if err != nil || len(list) == 0 {
		w.t.Fatal(list, err)
	}
	set, err := w.app.greetings.Settings(w.t.Context(), a.ID, list[0].ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return set
}

// TestConsoleBot: the page of the greeting bot without script. BOT-9: with the switch
// off at all of the chat's buttons nobody changes the bot.
func TestConsoleBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, _ := w.connected()
	g := w.guest(adminID)
	chat := g.chatPage()
	page := chat + "/bot"
	g.shows(g.get(chat), 200, `href="`+page+`"`)
	csrf := g.csrf(page)
	save := func(bot string) answer { return g.post(page, url.Values{"csrf": {csrf}, "bot": {bot}}) }
	done := func(a answer, act string) {
		t.Helper()
		if a.status != http.StatusSeeOther || a.header.Get("Location") != page+"?done="+act {
			t.Fatalf("%s: %d %s %s", act, a.status, a.header.Get("Location"), a.body)
		}
	}

	off := g.get(page)
	g.shows(off, 200, "The greeting is off wherever this chat stands")
	if body := string(off.body); !strings.Contains(body, "readonly") || strings.Contains(body, "Save the bot") || strings.Contains(body, "/bot.json") {
		t.Errorf("a bot that is off can be changed, or saved into a file before there is one:\n%s", body)
	}
	g.shows(save(twoSteps), 409, "switch it on")
	g.shows(g.get(chat+"/bot.json"), 404, "")

	// Switched on for the first time it says hello.
	done(g.post(page+"/settings", url.Values{"csrf": {csrf}, "at": {button}, "import": {"1"}, "accept": {"1"}, "name": {"Anna"}}), "switch_bot")
	g.shows(g.get(page+"?done=switch_bot"), 200, "The settings of the bot are saved.")
	if !w.look(button).Look.Greeting.Enabled {
		t.Error("the button's own switch is off")
	}
	if set := w.bot(); !set.On || set.Untold || set.LeavesIncoming || set.Name != "Anna" || !strings.Contains(string(set.Bot), "Hello! How can we help?") {
		t.Errorf("the bot is %+v %s", set, set.Bot)
	}
	g.shows(g.post(page+"/settings", url.Values{"csrf": {csrf}, "at": {button}, "name": {strings.Repeat("a", 61)}}), 422, "At most 60 characters")

	// Incoming leads are left to people, and accepted again (O §4.3).
	for _, accepts := range []bool{false, true} {
		settings := url.Values{"csrf": {csrf}, "at": {button}, "import": {"1"}, "name": {"Anna"}}
		if accepts {
			settings.Set("accept", "1")
		}
		done(g.post(page+"/settings", settings), "switch_bot")
		if w.bot().LeavesIncoming == accepts || strings.Contains(string(g.get(page).body), `name="accept" value="1" checked`) != accepts {
			t.Errorf("accepting %v was not kept", accepts)
		}
	}

	// Stored byte by byte, in the form that it has.
	done(save(twoSteps), "save_bot")
	if got := string(w.bot().Bot); got != twoSteps {
		t.Errorf("stored is\n%s", got)
	}
	file := g.get(chat + "/bot.json")
	if file.status != 200 || string(file.body) != twoSteps || !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment;") || !strings.HasPrefix(file.header.Get("Content-Type"), "application/json") {
		t.Errorf("the file: %d %v %s", file.status, file.header, file.body)
	}
	shown := g.get(page)
	g.shows(shown, 200, "perhaps not as it was meant")
	g.shows(shown, 200, "At 1/question/1: “unheard_of” is not known.")
	g.shows(shown, 200, "12345678901234567890")
	g.shows(shown, 200, `src="/assets/boteditor.`)

	// What cannot work stays in the field, with where and what.
	for _, tt := range []struct{ name, bot, want string }{
		{"no such step", strings.Replace(twoSteps, `"step": 1`, `"step": 7`, 1), "At 0/answer/0/params/0/params/0/params/step: There is no step 7."},
		{"no text", strings.Replace(twoSteps, "Here they are.", " ", 1), "At 1/question/2/params/value: The message has no text."},
		{"not JSON", "[\n{]", "line 2, column 2"},
		{"no bot", `"hello"`, "This JSON is not a bot"},
	} {
		a := save(tt.bot)
		g.shows(a, 422, tt.want)
		g.shows(a, 422, "The bot is not saved")
		g.shows(a, 422, `aria-invalid="true"`)
		if got := string(w.bot().Bot); got != twoSteps {
			t.Errorf("%s: stored is\n%s", tt.name, got)
		}
	}
	large := `[{"question": [{"handler": "show", "params": {"type": "text", "value": "` + strings.Repeat("x", greeting.MaxBytes) + `"}}]}]`
	g.shows(save(large), 422, "larger than 64 KB")
	if a := save(strings.Repeat("x", 200<<10)); a.status != 413 {
		t.Errorf("a form of 200 KiB: %d", a.status)
	}

	// A file goes before the field; its signs count, not their escapes in a form.
	object := `{"0": {"question": [{"handler": "show", "params": {"type": "text", "value": "` + strings.Repeat("ж", 2000) + `"}}]}}`
	done(g.upload(page, url.Values{"csrf": {csrf}, "bot": {twoSteps}}, object), "save_bot")
	if got := string(w.bot().Bot); got != object {
		t.Errorf("of the file there is\n%s", got)
	}
	done(g.upload(page, url.Values{"csrf": {csrf}, "bot": {twoSteps}}, ""), "save_bot") // no file was chosen
	g.shows(g.upload(page, url.Values{"csrf": {"nonsense"}, "bot": {object}}, ""), 403, "open for too long")
	g.shows(g.upload(page, url.Values{"csrf": {csrf}}, strings.Repeat("x", 200<<10)), 413, "")

	// Who administers nothing looks and tries, and changes nothing.
	agent := w.guest(agentID)
	agent.shows(agent.get(page), 200, "readonly")
	agent.shows(agent.post(page, url.Values{"csrf": {agent.csrf(page)}, "bot": {object}}), 403, "Only an administrator")
	agent.shows(agent.post(page+"/settings", url.Values{"csrf": {agent.csrf(page)}}), 403, "Only an administrator")

	// Off keeps the bot, empty takes it away.
	done(g.post(page+"/settings", url.Values{"csrf": {csrf}, "name": {""}}), "switch_bot")
	if set := w.bot(); !set.Untold || set.Name != "" || string(set.Bot) != twoSteps || w.look(button).Look.Greeting.Enabled {
		t.Errorf("switched off it is %+v %s", set, set.Bot)
	}
	g.shows(save(object), 409, "switch it on")
	done(g.post(page+"/settings", url.Values{"csrf": {csrf}, "at": {button}}), "switch_bot")
	done(save(" \n"), "save_bot")
	if set := w.bot(); set.On || len(set.Bot) != 0 {
		t.Errorf("taken away it is %+v %s", set, set.Bot)
	}
	activity := g.get(g.root + "/activity")
	g.shows(activity, 200, "Change of the greeting bot")
	g.shows(activity, 200, "Settings of the greeting bot")
	g.shows(g.get(g.root+"/chats/"+uuidN(9)+"/bot"), 404, "")
	w.noBreaches()
}

// triedBot is the answer to a try (docs/http-api.md).
type triedBot struct {
	Problems []struct {
		Path, Text string
		Warning    bool
	}
	Says []struct {
		Text    string
		Buttons []json.RawMessage
	}
	Acts, Met []string
	State     json.RawMessage
	Waiting   *struct {
		Type string
		Step int
	}
	Closed bool
}

// TestConsoleTriesBots: an unsaved bot is run, stores nothing, and believes only what
// it is told for the try itself.
func TestConsoleTriesBots(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	g := w.guest(agentID) // who may only look may try
	page := g.chatPage() + "/bot"
	csrf := g.csrf(page)
	send := func(fields map[string]string) answer {
		form := url.Values{"csrf": {csrf}}
		for name, value := range fields {
			form.Set(name, value)
		}
		return g.post(page+"/try", form)
	}
	try := func(fields map[string]string) (out triedBot) {
		t.Helper()
		a := send(fields)
		if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
			t.Fatalf("try: %d %s", a.status, a.body)
		}
		a.into(t, &out)
		return out
	}

	first := try(map[string]string{"bot": twoSteps, "params": `{"user": {"name": "<b>Ana</b> {{lead.id}}"}}`})
	if len(first.Says) != 1 || first.Says[0].Text != "Hi, <b>Ana</b> {{lead.id}}!" || len(first.Says[0].Buttons) != 1 || first.Waiting == nil || first.Waiting.Step != 0 || first.Waiting.Type != "answer" {
		t.Errorf("the greeting is %+v", first)
	}
	if len(first.Problems) != 1 || !first.Problems[0].Warning || first.Problems[0].Path != "1/question/1" {
		t.Errorf("problems %+v", first.Problems)
	}
	// An answer that no button has, then the button.
	again := try(map[string]string{"bot": twoSteps, "state": string(first.State), "said": "What?"})
	if len(again.Says) != 0 || again.Waiting == nil {
		t.Errorf("an unknown answer leads to %+v", again)
	}
	last := try(map[string]string{"bot": twoSteps, "state": string(again.State), "said": "Prices"})
	if len(last.Says) != 1 || last.Says[0].Text != "Here they are." || last.Waiting != nil || !slices.Equal(last.Acts, []string{"In the CRM: note: asked for prices"}) || len(last.Met) != 1 {
		t.Errorf("the button leads to %+v", last)
	}
	if over := try(map[string]string{"bot": twoSteps, "state": string(last.State), "said": "more"}); len(over.Says) != 0 || over.Waiting != nil {
		t.Errorf("a bot that is over says %+v", over)
	}
	// A state of another bot leads nowhere, and is no error.
	if lost := try(map[string]string{"bot": twoSteps, "state": `{"waiting": {"type": "answer", "step": 400}}`, "said": "a"}); len(lost.Says) != 0 || len(lost.Met) != 1 {
		t.Errorf("a state of nowhere leads to %+v", lost)
	}
	// The cards count from 1, and a jump whose step was removed asks for another.
	checked := try(map[string]string{"check": "1", "bot": strings.Replace(twoSteps, `"step": 1`, `"step": 7`, 1)})
	if len(checked.Says) != 0 || len(checked.Problems) < 1 || checked.Problems[0].Text != "There is no step 8." {
		t.Errorf("checked: %+v", checked)
	}
	if removed := try(map[string]string{"check": "1", "bot": strings.Replace(twoSteps, `"step": 1`, `"step": -1`, 1)}); removed.Problems[0].Text != "Choose a step to go to." {
		t.Errorf("removed: %+v", removed.Problems)
	}
	if broken := try(map[string]string{"bot": "[\n{]"}); len(broken.Problems) != 1 || !strings.Contains(broken.Problems[0].Text, "line 2, column 2") {
		t.Errorf("broken: %+v", broken)
	}
	// It ends, whatever the bot.
	loop := `[{"question": [{"handler": "show", "params": {"type": "text", "value": "a"}}, {"handler": "goto", "params": {"type": "question", "step": 0}}]}]`
	if round := try(map[string]string{"bot": loop}); len(round.Says) == 0 || len(round.Says) > greeting.MaxSays || len(round.Met) == 0 {
		t.Errorf("a loop says %d messages, met %q", len(round.Says), round.Met)
	}

	for name, tt := range map[string]struct {
		fields map[string]string
		status int
		code   string
	}{
		"a state that is none":      {map[string]string{"bot": twoSteps, "state": "[1]"}, 422, "invalid_request"},
		"a large state":             {map[string]string{"bot": twoSteps, "state": `{"validated": "` + strings.Repeat("x", 17<<10) + `"}`}, 422, "invalid_request"},
		"parameters that are none":  {map[string]string{"bot": twoSteps, "params": `["a"]`}, 422, "invalid_request"},
		"large parameters":          {map[string]string{"bot": twoSteps, "params": `{"a": "` + strings.Repeat("x", 17<<10) + `"}`}, 422, "invalid_request"},
		"a long answer":             {map[string]string{"bot": twoSteps, "said": strings.Repeat("ж", 4097)}, 422, "invalid_request"},
		"an answer of broken signs": {map[string]string{"bot": twoSteps, "said": "\xff"}, 422, "invalid_request"},
		"no token of a form":        {map[string]string{"bot": twoSteps, "csrf": ""}, 403, "form_expired"},
		"too much":                  {map[string]string{"bot": strings.Repeat("x", 500<<10)}, 413, "body_too_large"},
	} {
		if a := send(tt.fields); a.status != tt.status || a.code() != tt.code {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.body, tt.status, tt.code)
		}
	}
	if a := g.postFrom("https://"+crmHost, page+"/try", url.Values{"csrf": {csrf}, "bot": {twoSteps}}); a.status != 403 || a.code() != "form_expired" {
		t.Errorf("from another page: %d %s", a.status, a.body)
	}
	nobody := &guest{w: w, root: g.root, cookies: map[string]*http.Cookie{}}
	if a := nobody.post(page+"/try", url.Values{"csrf": {csrf}, "bot": {twoSteps}}); a.status != 401 || a.code() != "session_over" {
		t.Errorf("without a session: %d %s", a.status, a.body)
	}
	if set := w.bot(); set.On || len(set.Bot) != 0 {
		t.Errorf("a try stored %+v", set)
	}
	if strings.Contains(w.logs.String(), "Ana") || strings.Contains(w.logs.String(), "asked for prices") {
		t.Error("what was tried stands in the log")
	}
	limited := false
	for range 100 {
		limited = limited || send(map[string]string{"check": "1", "bot": "[]"}).status == 429
	}
	if !limited {
		t.Error("tries are not limited")
	}
	w.noBreaches()
}
