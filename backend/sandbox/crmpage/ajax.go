package crmpage

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// done is what the CRM's own /ajax addresses answer on success.
func done(w http.ResponseWriter) {
	answer(w, http.StatusOK, map[string]any{"response": map[string]any{"status": "ok"}})
}

// entry is one widget of the list (W §4.1).
type entry struct {
	ID               int64          `json:"id"`
	Src              string         `json:"src,omitempty"`
	Lang             string         `json:"lang,omitempty"`
	Path             string         `json:"path"`
	ImagesPath       string         `json:"images_path"`
	CDNPath          string         `json:"cdn_path,omitempty"`
	CDNImagesPath    string         `json:"cdn_images_path,omitempty"`
	InstalledVersion string         `json:"installed_version"`
	Settings         string         `json:"settings"`
	Active           string         `json:"active"`
	Status           string         `json:"status"`
	InitOnce         string         `json:"init_once"`
	ClientUUID       string         `json:"oauth_client_uuid"`
	Support          map[string]any `json:"support"`
	Name             string         `json:"name"`
	Description      string         `json:"description"`
	CategoryID       string         `json:"category_id"`
}

func yes(b bool) string {
	if b {
		return "Y"
	}
	return "N"
}

// state reads a widget's stored state with the gaps filled in.
func (s *Site) state(account int64, code string) WidgetState {
	st := s.world.Widget(account, code)
	if st.Status == "" {
		st.Status = "install"
	}
	if st.Active != "Y" {
		st.Active = "N"
	}
	return st
}

func (s *Site) entry(b *bundle, v visit, lang string) entry {
	st := s.state(v.account.ID, b.code)
	at := b.path(v.account)
	e := entry{
		ID: b.id, Src: at + "/script.js", Lang: at + "/i18n/" + b.language(lang) + ".json",
		Path: at, ImagesPath: at + "/images", InstalledVersion: b.manifest.Widget.Version,
		Settings: st.Settings, Active: st.Active, Status: st.Status,
		InitOnce: yes(b.manifest.Widget.InitOnce), ClientUUID: b.uuid,
		Support: map[string]any{
			"link": b.manifest.Widget.Support.Link, "email": b.manifest.Widget.Support.Email,
			"name": "", "privacy_policy": s.opts.PrivacyPolicy,
		},
		CategoryID: "1",
	}
	if b.files["script.js"] == nil {
		e.Src = ""
	}
	if s.opts.CDN {
		e.CDNPath, e.CDNImagesPath = v.account.Origin+e.Path, v.account.Origin+e.ImagesPath
	}
	return e
}

// place joins the three names of a page area (W §3.3, §5.8).
type place struct{ location, short string }

var places = map[string]place{
	"leads_card": {"lcard", "lcard"}, "contacts_card": {"ccard", "ccard"}, "companies_card": {"comcard", "comcard"},
	"leads": {"llist", "llist"}, "contacts": {"clist", "clist"}, "widgetsSettings": {"settings", "settings"},
	"leads-dp": {"digital_pipeline", "digital_pipeline"},
}

// widgetList answers the loader. A page area holds the widgets whose manifest
// names it, "everywhere" and init_once ones; the targeted area holds its widget
// in any state (W §4.1).
func (s *Site) widgetList(w http.ResponseWriter, r *http.Request, v visit) {
	area := r.PostFormValue("area")
	lang := s.language(r, v)
	found := map[string]entry{}
	target, targeted := strings.CutPrefix(area, "widgetsSettings:")
	own, advanced := strings.CutPrefix(area, "advanced-settings:")
	for _, b := range s.bundles(v.account) {
		var wanted bool
		switch {
		case targeted:
			wanted = b.code == target
		case advanced:
			wanted = b.has("everywhere") || b.manifest.Widget.InitOnce || b.code == own && b.has("advanced_settings")
		default:
			at := places[area].location
			wanted = b.has("everywhere") || b.manifest.Widget.InitOnce || at != "" && b.has(at)
		}
		if wanted {
			found[b.code] = s.entry(b, v, lang)
		}
	}
	short := area
	switch p, ok := places[area]; {
	case ok:
		short = p.short
	case targeted:
		short = "settings"
	case advanced:
		short = "advanced-settings"
	}
	var widgets any = found
	if len(found) == 0 {
		widgets = []int{} // an empty result is an array (W §4.1)
	}
	host, _ := url.Parse(v.account.Origin)
	answer(w, http.StatusOK, map[string]any{
		"widgets": widgets,
		"system": map[string]any{
			"area": short, "amouser_id": itoa(v.user.ID), "amouser": v.user.Login, "subdomain": v.account.Subdomain,
			"server": "." + v.account.Zone, "domain": host.Host,
			"displayed_count": 0, "displayed_count_by_area": map[string]any{},
		},
	})
}

// market is what the marketplace and Digital Pipeline pages need beside the
// widget list; the real pages receive it inside their HTML.
func (s *Site) market(w http.ResponseWriter, r *http.Request, v visit) {
	lang := s.language(r, v)
	list := []map[string]any{}
	for _, b := range s.bundles(v.account) {
		m := b.manifest
		tour := m.Tour.Images[b.language(lang)]
		if !m.Tour.IsTour {
			tour = nil
		}
		locales := map[string]string{}
		for _, l := range m.Widget.Locale {
			locales[l] = b.path(v.account) + "/i18n/" + l + ".json"
		}
		list = append(list, map[string]any{
			"code": b.code, "entry": s.entry(b, v, lang), "fields": m.Settings, "tour": tour, "is_tour": m.Tour.IsTour,
			"installation": m.Widget.Installation, "is_showcase": m.Widget.IsShowcase, "locales": locales,
			"lead_sources": b.has("lead_sources"), "advanced": b.has("advanced_settings"),
		})
	}
	answer(w, http.StatusOK, map[string]any{"widgets": list})
}

// presence tells who is online, as far as the world says; pages that are open learn of changes by it.
func (s *Site) presence(w http.ResponseWriter, _ *http.Request, v visit) {
	users := map[string]string{}
	for _, u := range v.users {
		users[itoa(u.ID)] = u.Presence
	}
	answer(w, http.StatusOK, map[string]any{"users": users})
}

func (s *Site) disposableToken(w http.ResponseWriter, r *http.Request, v visit) {
	uuid := r.PathValue("uuid")
	if !slices.ContainsFunc(s.bundles(v.account), func(b *bundle) bool { return b.uuid != "" && b.uuid == uuid }) {
		answer(w, http.StatusNotFound, map[string]any{"title": "Not Found", "status": 404})
		return
	}
	token, status := s.world.DisposableToken(v.account.ID, v.user.ID, uuid)
	switch {
	case status != http.StatusOK:
		answer(w, status, map[string]any{"title": http.StatusText(status), "status": status})
	case token == "":
		answer(w, http.StatusOK, map[string]any{})
	default:
		answer(w, http.StatusOK, map[string]any{"token": token})
	}
}

// proxy is the other end of crm_post (W §5.5). It carries no user identity and
// goes nowhere but to the backend.
func (s *Site) proxy(w http.ResponseWriter, r *http.Request, v visit) {
	target, err := url.Parse(r.PostFormValue("target"))
	if err != nil || target.Host == "" {
		http.Error(w, "no target", http.StatusBadRequest)
		return
	}
	if !slices.Contains(s.opts.BackendOrigins, target.Scheme+"://"+target.Host) {
		s.world.Breach(v.account.ID, "W §10.3 hosts", "crm_post to "+target.Host)
		http.Error(w, "foreign host", http.StatusBadGateway)
		return
	}
	if s.opts.Proxy == nil {
		http.Error(w, "the proxy has no way out", http.StatusBadGateway)
		return
	}
	form := r.PostForm
	form.Del("target")
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	if err != nil {
		http.Error(w, "bad target", http.StatusBadRequest)
		return
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.opts.Proxy.Do(req)
	if err != nil {
		http.Error(w, "the target does not answer", http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(resp.Body, maxForm))
}

// breach takes what the page's detectors saw.
func (s *Site) breach(w http.ResponseWriter, r *http.Request, v visit) {
	var seen struct{ Rule, Detail string }
	if err := json.NewDecoder(io.LimitReader(r.Body, 8<<10)).Decode(&seen); err != nil || seen.Rule == "" {
		http.Error(w, "no rule", http.StatusBadRequest)
		return
	}
	s.world.Breach(v.account.ID, clip(seen.Rule, 100), clip(seen.Detail, 1000))
	w.WriteHeader(http.StatusNoContent)
}

func clip(text string, max int) string {
	if len(text) > max {
		return strings.ToValidUTF8(text[:max], "") + "…"
	}
	return text
}
