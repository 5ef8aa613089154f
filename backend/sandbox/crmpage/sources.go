package crmpage

import (
	"net/http"
	"strconv"
)

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
