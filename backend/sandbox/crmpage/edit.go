package crmpage

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
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
