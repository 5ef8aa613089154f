package app

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"leadline/backend/sandbox"
)

// The second pipeline of these tests.
const repairs = 1400

// chatView is Chat of docs/http-api.md §1.
type chatView struct {
	Name       string
	PipelineID int64 `json:"pipeline_id"`
	Pipeline   string
	SourceID   int64  `json:"source_id"`
	ExternalID string `json:"external_id"`
	Default    bool
	ButtonID   string `json:"button_id"`
	Snippet    string
}

type chatsView struct {
	Chat  *chatView
	Chats []chatView
}

func twoPipelines(c *sandbox.Config) {
	c.Accounts[0].Pipelines = append(c.Accounts[0].Pipelines, sandbox.Pipeline{ID: repairs, Name: "Repairs"})
}

// manyPipelines is a world with "multiple sources" and two pipelines.
func manyPipelines() setup {
	return setup{login: true, config: manySourcesConfig, sandbox: func(c *sandbox.Config) { manySources(c); twoPipelines(c) }}
}

// addSource is what the widget sends for onAddAsSource.
func (w *world) addSource(user int64, body any) answer {
	w.t.Helper()
	return w.send("POST", appURL+"/widget/v1/chats", w.widgetHeaders(user), body)
}

func (w *world) added(pipeline int64, status int) chatView {
	w.t.Helper()
	a := w.addSource(adminID, map[string]any{"pipeline_id": pipeline, "language": "en"})
	var v chatsView
	a.into(w.t, &v)
	if a.status != status || v.Chat == nil || !slices.Contains(v.Chats, *v.Chat) {
		w.t.Fatalf("added to pipeline %d: %d %s, want %d", pipeline, a.status, a.body, status)
	}
	return *v.Chat
}

// clicked asks for the chat of a source in the CRM's column.
func (w *world) clicked(sourceID, externalID string) chatsView {
	w.t.Helper()
	a := w.send("GET", appURL+"/widget/v1/chats?"+url.Values{"source_id": {sourceID}, "external_id": {externalID}}.Encode(), w.widgetHeaders(adminID), nil)
	var v chatsView
	a.into(w.t, &v)
	if a.status != http.StatusOK {
		w.t.Fatalf("chats: %d %s", a.status, a.body)
	}
	readable(w.t, a, "https://"+crmHost)
	return v
}

// TestAddAsSource: with "multiple sources" each pipeline has one online chat with a
// source and a button of its own (W §7.3); its leads come into that pipeline.
func TestAddAsSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manyPipelines())
	firstButton, _ := w.connected()
	second := w.added(repairs, http.StatusCreated)
	source := w.sources()[second.Name]
	if second.Name != "Website chat: Repairs" || second.PipelineID != repairs || second.Pipeline != "Repairs" || second.ButtonID == firstButton ||
		second.Default || source.PipelineID != repairs || source.ID != second.SourceID || source.ExternalID != second.ExternalID {
		t.Errorf("made %+v, its source is %+v", second, source)
	}
	// Again, at once, in quotes, and for the pipeline where the first chat is.
	parallel(t, 4, func(int) {
		if a, err := w.trySend("POST", appURL+"/widget/v1/chats", w.widgetHeaders(adminID), map[string]string{"pipeline_id": fmt.Sprint(repairs)}); err != nil || a.status != 200 {
			t.Errorf("again: %d %s %v", a.status, a.body, err)
		}
	})
	if again := w.added(repairs, http.StatusOK); again != second {
		t.Errorf("again %+v, want %+v", again, second)
	}
	first := w.added(1300, http.StatusOK)
	if first.ButtonID != firstButton || first.Pipeline != "Main" || len(w.sources()) != 2 {
		t.Errorf("the main pipeline's chat is %+v, sources %+v", first, w.sources())
	}

	v := w.visit(snippetPair(t, second.Snippet))
	v.write(uuidN(1), "My lamp flickers")
	w.eventually("the message", func() bool { return len(w.inbox(sandbox.Inbound)) == 1 })
	if got := w.box.Chats(accountID)[0].Source; got != second.ExternalID {
		t.Errorf("the chat's source is %q, want %q", got, second.ExternalID)
	}
	if leads := w.box.IncomingLeads(accountID); len(leads) != 1 || leads[0].PipelineID != repairs {
		t.Errorf("incoming leads %+v, want one in the pipeline %d", leads, repairs)
	}
	w.noBreaches()
}

// TestAddAsSourceAtOnce: a double press makes one chat and one source.
func TestAddAsSourceAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manyPipelines())
	w.connected()
	parallel(t, 6, func(int) {
		a, err := w.trySend("POST", appURL+"/widget/v1/chats", w.widgetHeaders(adminID), map[string]any{"pipeline_id": repairs})
		if err != nil || a.status != http.StatusOK && a.status != http.StatusCreated {
			t.Errorf("%d %s %v", a.status, a.body, err)
		}
	})
	if v := w.clicked("", ""); len(v.Chats) != 2 || v.Chat != nil || len(w.box.Sources(accountID, clientID)) != 2 {
		t.Errorf("chats %+v, sources %+v, want two of each", v, w.box.Sources(accountID, clientID))
	}
}

// TestAddAsSourceWithASingleSource: the CRM keeps one source of its own, whose
// external id is the widget's code (W §7.3); the one chat goes where that goes.
func TestAddAsSourceWithASingleSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: twoPipelines})
	button, _ := w.connected()
	w.box.World().AddSource(accountID, clientID, widget, repairs)
	for range 2 {
		if c := w.added(repairs, http.StatusOK); c.ButtonID != button || c.PipelineID != repairs || c.Pipeline != "Repairs" {
			t.Errorf("the chat is %+v, want the account's first in pipeline %d", c, repairs)
		}
	}
	list := w.box.Sources(accountID, clientID)
	if len(list) != 1 || list[0].ExternalID != widget {
		t.Fatalf("sources %+v, want the CRM's own alone", list)
	}
	for _, ids := range [][2]string{{fmt.Sprint(list[0].ID), widget}, {"", widget}, {fmt.Sprint(list[0].ID), ""}} {
		if v := w.clicked(ids[0], ids[1]); v.Chat == nil || v.Chat.ButtonID != button || len(v.Chats) != 1 {
			t.Errorf("the click %q finds %+v", ids, v)
		}
	}
	// Moved in the CRM alone: the page tells where it is now.
	w.box.World().AddSource(accountID, clientID, widget, 1300)
	if v := w.clicked("", widget); v.Chat == nil || v.Chat.Pipeline != "Main" || v.Chat.PipelineID != 1300 {
		t.Errorf("after the move: %+v", v.Chat)
	}
	w.noBreaches()
}

// TestClickedSource: the ids that the CRM's page gives find the chat (W §7.1, §10.3).
func TestClickedSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manyPipelines())
	w.connected()
	second := w.added(repairs, http.StatusCreated)
	first := w.clicked("", "").Chats[0]
	check := func(sourceID, externalID, want string) {
		t.Helper()
		v := w.clicked(sourceID, externalID)
		got := ""
		if v.Chat != nil {
			got = v.Chat.ExternalID
		}
		if got != want || len(v.Chats) < 2 {
			t.Errorf("source_id %q, external_id %q: %q of %d chats, want %q", sourceID, externalID, got, len(v.Chats), want)
		}
	}
	id := fmt.Sprint(second.SourceID)
	check(id, second.ExternalID, second.ExternalID)
	check("", second.ExternalID, second.ExternalID)
	check(id, "", second.ExternalID)
	check(id, "somebody else's", second.ExternalID)
	check(fmt.Sprint(first.SourceID), second.ExternalID, second.ExternalID) // ours decides
	for _, none := range []string{"", "0", "-1", "7", "x", "1e3", " " + id, id + "0", "undefined", strings.Repeat("9", 400), "<script>"} {
		check(none, "", "")
		check("", none, "")
	}
	// A source that the CRM made before the switch was on stays behind (W §11, 25):
	// it is the default one's, and without one the first's.
	check("", widget, first.ExternalID)
	if err := w.app.manageChats(t.Context(), "", accountID, func(c *Chats) error {
		all, err := c.List(t.Context())
		if err == nil {
			err = c.MakeDefault(t.Context(), string(all[1].ID))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	check("", widget, second.ExternalID)

	// An administrator moved the source in the CRM; the pipeline is the one of now.
	token, err := w.app.Accounts.Access(t.Context(), w.installed().ID)
	if err != nil {
		t.Fatal(err)
	}
	a := w.send("PATCH", "https://"+crmHost+"/api/v4/sources/"+id, map[string]string{"Authorization": "Bearer " + token}, `{"pipeline_id":1300}`)
	if v := w.clicked(id, ""); a.status != 200 || v.Chat == nil || v.Chat.Pipeline != "Main" {
		t.Errorf("after the move (%d): %+v", a.status, v.Chat)
	}
	// A CRM that is silent hides only what it alone knows.
	w.box.SetFaults(func(f *sandbox.Faults) { f.APIStatus, f.APICount = 503, -1 })
	if v := w.clicked("", second.ExternalID); v.Chat == nil || v.Chat.Snippet != second.Snippet || v.Chat.Pipeline != "" {
		t.Errorf("with the CRM away: %+v", v.Chat)
	}
}

// TestAddAsSourceRefusals: each leaves the account as it was.
func TestAddAsSourceRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manyPipelines())
	good := map[string]any{"pipeline_id": repairs}
	list := func() answer { return w.send("GET", appURL+"/widget/v1/chats", w.widgetHeaders(adminID), nil) }
	refused(t, w.addSource(adminID, good), 409, "not_connected")
	refused(t, list(), 409, "not_connected")
	w.installed()
	refused(t, w.addSource(adminID, good), 409, "not_connected")
	w.connected()
	for _, body := range []any{
		"", "{", "[]", "{}", `{"pipeline_id":null}`, `{"pipeline_id":0}`, `{"pipeline_id":-1400}`, `{"pipeline_id":1400.5}`, `{"pipeline_id":1.4e3}`,
		`{"pipeline_id":"x"}`, `{"pipeline_id":""}`, `{"pipeline_id":" 1400"}`, `{"pipeline_id":"\"1400\""}`, `{"pipeline_id":[1400]}`, `{"pipeline_id":true}`,
		`{"pipeline_id":99999999999999999999}`, `{"pipeline_id":1400,"language":"` + strings.Repeat("x", 17) + `"}`,
	} {
		refused(t, w.addSource(adminID, body), 422, "invalid_request")
	}
	refused(t, w.addSource(adminID, `{"pipeline_id":"`+strings.Repeat("1", 9<<10)+`"}`), 413, "body_too_large")
	refused(t, w.addSource(adminID, map[string]any{"pipeline_id": 999}), 422, "no_such_pipeline")
	refused(t, w.addSource(agentID, good), 403, "not_admin")
	// A token may not tell who is an administrator (W §8.2): the CRM does.
	w.box.SetVariants(func(v *sandbox.Variants) { v.NoAdminClaim = true })
	refused(t, w.addSource(agentID, good), 403, "not_admin")
	w.box.SetVariants(func(v *sandbox.Variants) { v.NoAdminClaim = false; v.SourceLimit = 1 })
	a := w.addSource(adminID, good)
	refused(t, a, 422, "crm_refused")
	if !strings.Contains(string(a.body), "at most 1 sources") {
		t.Errorf("the CRM's reason is not told: %s", a.body)
	}
	w.box.SetVariants(func(v *sandbox.Variants) { v.SourceLimit = 0 })
	w.box.SetFaults(func(f *sandbox.Faults) { f.APIStatus, f.APICount = 503, -1 })
	refused(t, w.addSource(adminID, good), 502, "crm_unavailable")
	w.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{APIDelayMS: 60_000} })
	began := time.Now()
	refused(t, w.addSource(adminID, good), 504, "crm_timeout")
	if d := time.Since(began); d > 14*time.Second {
		t.Errorf("the answer took %v, the widget gives up after 15 s", d)
	}
	w.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{} })
	for _, call := range []struct{ method, token, code string }{{"GET", "", "token_missing"}, {"POST", "", "token_missing"}, {"GET", "x", "token_invalid"}, {"POST", "x", "token_invalid"}} {
		h := map[string]string{"Origin": "https://" + crmHost}
		if call.token != "" {
			h["X-Auth-Token"] = call.token
		}
		refused(t, w.send(call.method, appURL+"/widget/v1/chats", h, map[string]any{"pipeline_id": repairs}), 401, call.code)
	}
	if v := w.clicked("", ""); len(v.Chats) != 1 || len(w.sources()) != 1 {
		t.Errorf("refusals left %+v and the sources %+v", v, w.sources())
	}
	var last answer
	for range 60 {
		if last = list(); last.status != http.StatusOK {
			break
		}
	}
	refused(t, last, 429, "too_many_attempts")
}

// TestAddAsSourceWithoutAuthorisation: the CRM withdrew its access; the caller's own
// proof is still good.
func TestAddAsSourceWithoutAuthorisation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manyPipelines())
	w.connected()
	w.box.Revoke(accountID, clientID)
	refused(t, w.addSource(adminID, map[string]any{"pipeline_id": repairs}), 409, "crm_unauthorised")
	if v := w.clicked("", widget); len(v.Chats) != 1 || v.Chat == nil || v.Chat.Snippet == "" {
		t.Errorf("the widget reads %+v, want the one chat", v)
	}
}
