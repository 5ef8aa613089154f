package app

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadline/backend/bridge"
	"leadline/backend/sandbox"
)

// sources are ours in the CRM, by name.
func (w *world) sources() map[string]sandbox.Source {
	list := map[string]sandbox.Source{}
	for _, s := range w.box.Sources(accountID, clientID) {
		list[s.Name] = s
	}
	return list
}

// TestSourcesOfOnlineChats: what the host does to chats happens to their sources
// (C §7.1); what somebody does to sources in the CRM is repaired or taken over.
func TestSourcesOfOnlineChats(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now, config: manySourcesConfig, sandbox: func(c *sandbox.Config) {
		manySources(c)
		c.Accounts[0].Pipelines = append(c.Accounts[0].Pipelines, sandbox.Pipeline{ID: 1400, Name: "Repairs"})
	}})
	w.connected()
	w.eventually("the first source", func() bool { return len(w.sources()) == 1 })
	ctx := t.Context()
	manage := func(do func(*Chats) error) error { return w.app.manageChats(ctx, "", accountID, do) }
	var second string
	err := manage(func(c *Chats) error {
		made, err := c.Add(ctx, "Repairs", 1400, "en")
		second = string(made.ID)
		return err
	})
	s := w.sources()["Repairs"]
	if err != nil || s.PipelineID != 1400 || len(s.ExternalID) > 36 || s.OriginCode != "amo.ext.leadline" || s.Default {
		t.Fatalf("%v, source %+v", err, s)
	}
	for _, do := range []func(*Chats) error{
		func(c *Chats) error { return c.Rename(ctx, second, "Workshop") },
		func(c *Chats) error { return c.Move(ctx, second, 1300) },
		func(c *Chats) error { return c.MakeDefault(ctx, second) },
	} {
		if err := manage(do); err != nil {
			t.Error(err)
		}
	}
	if got := w.sources()["Workshop"]; got.ID != s.ID || got.PipelineID != 1300 || !got.Default {
		t.Errorf("changed to %+v", got)
	}
	list := func() (names []string) {
		t.Helper()
		if err := manage(func(c *Chats) error {
			all, err := c.List(ctx)
			for _, o := range all {
				name := o.Name
				if o.Default {
					name += "*"
				}
				names = append(names, name)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
		return names
	}
	if got := list(); !slices.Equal(got, []string{"Website chat", "Workshop*"}) {
		t.Errorf("chats %q", got)
	}

	// Refusals leave everything as it was and say why.
	for name, do := range map[string]func(*Chats) error{
		"a pipeline that is not there": func(c *Chats) error { return c.Move(ctx, second, 999) },
		"a chat in none":               func(c *Chats) error { _, err := c.Add(ctx, "Nowhere", 999, "en"); return err },
		"no name":                      func(c *Chats) error { return c.Rename(ctx, second, " ") },
		"an unknown chat":              func(c *Chats) error { return c.Rename(ctx, "none", "x") },
	} {
		if err := manage(do); err == nil || strings.Contains(err.Error(), "error.") {
			t.Errorf("%s: %v, want a sentence", name, err)
		}
	}
	if got := list(); !slices.Equal(got, []string{"Website chat", "Workshop*"}) || len(w.sources()) != 2 {
		t.Errorf("after refusals: chats %q, sources %+v", got, w.sources())
	}

	// In the CRM somebody removes one source and moves the other.
	a, _ := w.account()
	token, err := w.app.Accounts.Access(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	bearer := map[string]string{"Authorization": "Bearer " + token}
	first := w.sources()["Website chat"]
	api := "https://" + crmHost + "/api/v4/sources/"
	if got := w.send("DELETE", api+strconv.FormatInt(s.ID, 10), bearer, nil); got.status != http.StatusNoContent {
		t.Fatalf("DELETE: %d %s", got.status, got.body)
	}
	if got := w.send("PATCH", api+strconv.FormatInt(first.ID, 10), bearer, map[string]any{"name": "Shop", "pipeline_id": 1400}); got.status != http.StatusOK {
		t.Fatalf("PATCH: %d %s", got.status, got.body)
	}
	c.advance(w.box, 7*time.Hour)
	w.eventually("the source anew", func() bool { _, ok := w.sources()["Workshop"]; return ok })
	if got := w.sources()["Workshop"]; got.ExternalID != s.ExternalID || got.ID == s.ID || !got.Default {
		t.Errorf("made anew as %+v, was %+v", got, s)
	}
	w.until("the new name", func() bool { return slices.Equal(list(), []string{"Shop", "Workshop*"}) })

	if err := manage(func(c *Chats) error { return c.Remove(ctx, second) }); err != nil {
		t.Error(err)
	}
	if got := list(); !slices.Equal(got, []string{"Shop"}) || len(w.sources()) != 1 {
		t.Errorf("after removing: chats %q, sources %+v", got, w.sources())
	}
	rest, err := w.app.chats.Chats(ctx, a.ID)
	if err != nil || len(rest) != 1 {
		t.Fatalf("%+v %v", rest, err)
	}
	if err := manage(func(c *Chats) error { return c.Remove(ctx, string(rest[0].ID)) }); err == nil || !strings.Contains(err.Error(), "at least one") {
		t.Errorf("removing the only chat: %v", err)
	}
	if err := w.app.manageChats(ctx, "", 5, func(*Chats) error { return nil }); err == nil {
		t.Error("an unknown account was managed")
	}
}

// TestTemplatesAreListed: C §7.3.
func TestTemplatesAreListed(t *testing.T) {
	t.Parallel()
	w, _, _ := following(t, setup{})
	a, _ := w.account()
	token, err := w.app.Accounts.Access(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	read := func() (list []bridge.Template) {
		t.Helper()
		if err := w.app.manageChats(t.Context(), "", accountID, func(c *Chats) (err error) { list, err = c.Templates(t.Context()); return err }); err != nil {
			t.Error(err)
		}
		return list
	}
	made := w.send("POST", "https://"+crmHost+"/api/v4/chats/templates", map[string]string{"Authorization": "Bearer " + token}, []any{map[string]any{
		"name": "Order ready", "content": "Hello {{contact.name}}, your order is ready", "external_id": "tpl-order",
		"buttons": []any{map[string]any{"type": "inline", "text": "Thanks"}}, "is_editable": false, "type": "amocrm",
	}})
	if made.status != http.StatusOK {
		t.Fatalf("%d %s", made.status, made.body)
	}
	for range 2 {
		got := read()
		if len(got) != 1 || got[0].Name != "Order ready" || got[0].Text != "Hello {{contact.name}}, your order is ready" || !slices.Equal(got[0].Buttons, []string{"Thanks"}) {
			t.Errorf("templates %+v", got)
		}
	}
	if n := w.asked("GET", "/chats/templates"); n != 1 {
		t.Errorf("asked %d times, want the second list from memory", n)
	}
	w.noBreaches()
}
