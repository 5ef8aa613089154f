package crmpage

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// widgetEdit stores what the settings modal sends (W §5.3, §10.2). One address,
// three acts: is_widget_state_action tells the buttons install and uninstall
// from Save.
func (s *Site) widgetEdit(w http.ResponseWriter, r *http.Request, v visit) {
	b, ok := s.bundle(v.account, r.PostFormValue("code"))
	if !ok || r.PostFormValue("action") != "edit" || r.PostFormValue("id") != itoa(b.id) {
		answer(w, http.StatusBadRequest, map[string]any{"response": map[string]any{"error": "no such widget"}})
		return
	}
	if !v.user.Admin {
		// Not documented; only administrators install (W §8.6).
		answer(w, http.StatusForbidden, map[string]any{"response": map[string]any{"error": "not an administrator"}})
		return
	}
	account := v.account.ID
	old := s.state(account, b.code)
	active := r.PostFormValue("widget_active") == "Y"
	state := r.PostFormValue("is_widget_state_action") == "1"
	switch {
	case !active:
		s.world.SaveWidget(account, b.code, WidgetState{Status: "install", Active: "N"})
		s.world.Uninstalled(account, b.uuid)
	case state:
		if b.manifest.Tour.IsTour && old.Status == "install" {
			s.world.SaveWidget(account, b.code, WidgetState{Status: "not_configured", Active: "N", Settings: old.Settings})
		}
		s.world.Pressed(account, v.user.ID, b.uuid, "install")
	default:
		settings := b.collect(r.PostForm)
		s.world.SaveWidget(account, b.code, WidgetState{Status: "installed", Active: "Y", Settings: settings})
		s.world.Pressed(account, v.user.ID, b.uuid, "save")
		if old.Status != "installed" {
			s.firstSource(v.account, b, r.PostFormValue("pipeline_id"))
		}
		answer(w, http.StatusOK, map[string]any{"response": map[string]any{"status": "ok", "settings": settings}})
		return
	}
	done(w)
}

// firstSource attaches a freshly installed lead source: to the pipeline where
// the installation was begun, else to the main one unless the world has made a
// source by itself (W §7.3, UNCONFIRMED).
func (s *Site) firstSource(a Account, b *bundle, wanted string) {
	pipelines := s.world.Pipelines(a.ID)
	if !b.has("lead_sources") || len(pipelines) == 0 {
		return
	}
	if to, ok := s.pipeline(a.ID, wanted); ok {
		s.world.AddSource(a.ID, b.uuid, b.code, to)
	} else if len(s.world.Sources(a.ID, b.uuid)) == 0 {
		s.world.AddSource(a.ID, b.uuid, b.code, pipelines[0].ID)
	}
}

// collect makes the stored settings out of the form: only the manifest's
// fields, in the shapes of W §3.4. A custom value that is neither a number nor
// an object or array as JSON text is dropped, as the server does.
func (b *bundle) collect(form url.Values) string {
	stored := map[string]any{}
	for _, f := range b.manifest.Settings {
		at := "settings[" + f.Code + "]"
		switch f.Type {
		case "users", "users_lp":
			perUser := map[string]any{}
			for key, values := range form {
				rest, ok := strings.CutPrefix(key, at+"[")
				if !ok {
					continue
				}
				user, part, nested := strings.Cut(strings.TrimSuffix(rest, "]"), "][")
				if !nested {
					perUser[user] = values[0]
					continue
				}
				both, _ := perUser[user].(map[string]any)
				if both == nil {
					both = map[string]any{}
					perUser[user] = both
				}
				both[part] = values[0]
			}
			stored[f.Code] = perUser
		case "custom":
			if form.Has(at) && storable(form.Get(at)) {
				stored[f.Code] = form.Get(at)
			}
		default:
			if form.Has(at) {
				stored[f.Code] = form.Get(at)
			}
		}
	}
	text, err := json.Marshal(stored)
	if err != nil {
		return ""
	}
	return string(text)
}

func storable(text string) bool {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return false
	}
	switch value.(type) {
	case map[string]any, []any, float64:
		return true
	}
	return false
}

// sourceList answers in the shape of W §7.3; "items" is the sandbox's own and
// holds all sources of the widget for the column.
func (s *Site) sourceList(w http.ResponseWriter, r *http.Request, v visit) {
	q := r.URL.Query()
	found := map[string]any{}
	for _, b := range s.bundles(v.account) {
		if !b.has("lead_sources") {
			continue
		}
		items := []map[string]any{}
		for _, src := range s.world.Sources(v.account.ID, b.uuid) {
			if p := q.Get("pipeline_id"); p != "" && p != itoa(src.PipelineID) {
				continue
			}
			items = append(items, map[string]any{
				"source_id": src.ID, "pipeline_id": src.PipelineID, "name": src.Name,
				"external_id": src.ExternalID, "default": src.Default,
			})
		}
		if len(items) > 0 {
			one := map[string]any{"source_id": items[0]["source_id"], "pipeline_id": items[0]["pipeline_id"], "items": items}
			found[b.code] = one
		}
	}
	sources := map[string]any{}
	if t := q.Get("type"); (t == "" || t == "widget") && len(found) > 0 {
		sources["widget"] = found
	}
	answer(w, http.StatusOK, map[string]any{"sources": sources})
}

// sourceAdd attaches a widget to a pipeline; the world does nothing when the
// integration declared "multiple sources".
func (s *Site) sourceAdd(w http.ResponseWriter, r *http.Request, v visit) {
	b, ok := s.bundle(v.account, r.PostFormValue("request[params][widget_code]"))
	pipeline, known := s.pipeline(v.account.ID, r.PostFormValue("request[pipeline_id]"))
	if !ok || !b.has("lead_sources") || !known || r.PostFormValue("request[type]") != "widget" {
		answer(w, http.StatusBadRequest, map[string]any{"response": map[string]any{"error": "no such widget or pipeline"}})
		return
	}
	s.world.AddSource(v.account.ID, b.uuid, b.code, pipeline)
	done(w)
}

func (s *Site) pipeline(account int64, text string) (int64, bool) {
	for _, p := range s.world.Pipelines(account) {
		if itoa(p.ID) == text {
			return p.ID, true
		}
	}
	return 0, false
}

// source finds a source of the account's widgets and the widget it belongs to.
func (s *Site) source(account Account, text string) (Source, *bundle, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return Source{}, nil, false
	}
	for _, b := range s.bundles(account) {
		for _, src := range s.world.Sources(account.ID, b.uuid) {
			if src.ID == id {
				return src, b, true
			}
		}
	}
	return Source{}, nil, false
}

// sourceEdit moves the CRM's own source of a widget to another pipeline.
// Sources that came through the API are the integration's to change.
func (s *Site) sourceEdit(w http.ResponseWriter, r *http.Request, v visit) {
	src, b, ok := s.source(v.account, r.PostFormValue("request[id]"))
	pipeline, known := s.pipeline(v.account.ID, r.PostFormValue("request[params][pipeline_id]"))
	if !ok || !known || src.ExternalID != b.code {
		answer(w, http.StatusBadRequest, map[string]any{"response": map[string]any{"error": "no such source or pipeline"}})
		return
	}
	s.world.RemoveSource(v.account.ID, src.ID)
	s.world.AddSource(v.account.ID, b.uuid, b.code, pipeline)
	done(w)
}

// sourceDelete deletes one source by id, or all of a type.
func (s *Site) sourceDelete(w http.ResponseWriter, r *http.Request, v visit) {
	if r.PostFormValue("request[type]") == "widget" {
		for _, b := range s.bundles(v.account) {
			for _, src := range s.world.Sources(v.account.ID, b.uuid) {
				s.world.RemoveSource(v.account.ID, src.ID)
			}
		}
		done(w)
		return
	}
	src, _, ok := s.source(v.account, r.PostFormValue("request[id]"))
	if !ok {
		answer(w, http.StatusBadRequest, map[string]any{"response": map[string]any{"error": "no such source"}})
		return
	}
	s.world.RemoveSource(v.account.ID, src.ID)
	done(w)
}

// inboxAdd stores a notification (W §5.9); "shown" is false for an error that
// this user has closed before.
func (s *Site) inboxAdd(w http.ResponseWriter, r *http.Request, v visit) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	raw := map[string]any{}
	for key, values := range r.PostForm {
		if name, ok := strings.CutPrefix(key, "request["); ok {
			raw[strings.Replace(strings.TrimSuffix(name, "]"), "][", ".", -1)] = values[0]
		}
	}
	text := func(name string) string { t, _ := raw[name].(string); return clip(t, 2000) }
	n := Notification{Type: text("type"), Header: text("header"), Text: text("message"), Link: text("link"), At: s.world.Now(), Raw: raw}
	if sec, err := strconv.ParseInt(text("date"), 10, 64); err == nil {
		n.At = time.Unix(sec, 0).UTC()
	}
	if n.Type != "error" && n.Type != "call" {
		answer(w, http.StatusBadRequest, map[string]any{"response": map[string]any{"error": "unknown type"}})
		return
	}
	s.mu.RLock()
	_, n.Closed = s.closed[closedError{v.account.ID, v.user.ID, n.Header, n.Text}]
	s.mu.RUnlock()
	s.world.Notify(v.account.ID, v.user.ID, n)
	answer(w, http.StatusOK, map[string]any{"response": map[string]any{"status": "ok", "shown": !n.Closed}})
}

func (s *Site) inbox(w http.ResponseWriter, _ *http.Request, v visit) {
	list := []map[string]any{}
	for _, n := range s.world.Notifications(v.account.ID, v.user.ID) {
		list = append(list, map[string]any{
			"type": n.Type, "header": n.Header, "text": n.Text, "link": n.Link, "date": n.At.Unix(), "closed": n.Closed,
		})
	}
	answer(w, http.StatusOK, map[string]any{"items": list})
}

// inboxClose remembers that the user closed an error.
func (s *Site) inboxClose(w http.ResponseWriter, r *http.Request, v visit) {
	s.mu.Lock()
	if len(s.closed) >= maxClosed {
		clear(s.closed)
	}
	s.closed[closedError{v.account.ID, v.user.ID, clip(r.PostFormValue("header"), 2000), clip(r.PostFormValue("text"), 2000)}] = struct{}{}
	s.mu.Unlock()
	done(w)
}
