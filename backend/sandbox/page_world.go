package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"

	"leadline/backend/sandbox/crmpage"
)

type widgetState = crmpage.WidgetState

type notification struct {
	Account int64                `json:"account_id"`
	User    int64                `json:"user_id"`
	Note    crmpage.Notification `json:"note"`
}

// World gives the CRM's own pages what they need.
func (s *Server) World() crmpage.World { return world{s} }

type world struct{ s *Server }

// Account implements [crmpage.World].
func (w world) Account(host string) (crmpage.Account, bool) {
	zone, label, ok := w.s.zoneOf(hostname(host))
	if !ok {
		return crmpage.Account{}, false
	}
	a, former := w.s.accountAt(zone, label)
	if a == nil || former {
		return crmpage.Account{}, false
	}
	return crmpage.Account{
		ID: a.ID, Subdomain: a.Subdomain, Zone: zone.Name, Name: a.Name, AmojoID: a.AmojoID, Language: a.Language,
		Country: a.Country, Timezone: a.Timezone, Origin: zone.Scheme + "://" + a.Subdomain + "." + zone.Name,
		Global: zone.Product == ProductKommo,
	}, true
}

// Users implements [crmpage.World].
func (w world) Users(account int64) []crmpage.User {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	var out []crmpage.User
	if a := w.s.account(account); a != nil {
		for _, u := range a.Users {
			out = append(out, crmpage.User{ID: u.ID, Name: u.Name, Login: u.Login, AmojoID: u.AmojoID, Language: u.Language, Admin: u.Admin, Presence: u.Presence})
		}
	}
	return out
}

// Pipelines implements [crmpage.World].
func (w world) Pipelines(account int64) []crmpage.Pipeline {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	var out []crmpage.Pipeline
	if a := w.s.account(account); a != nil {
		for _, p := range a.Pipelines {
			if !p.Archived {
				out = append(out, crmpage.Pipeline{ID: p.ID, Name: p.Name})
			}
		}
	}
	return out
}

// Sources implements [crmpage.World].
func (w world) Sources(account int64, clientUUID string) []crmpage.Source {
	var out []crmpage.Source
	for _, x := range w.s.Sources(account, clientUUID) {
		out = append(out, crmpage.Source{ID: x.ID, Name: x.Name, ExternalID: x.ExternalID, PipelineID: x.PipelineID, Default: x.Default})
	}
	return out
}

// AddSource implements [crmpage.World].
func (w world) AddSource(account int64, clientUUID, widgetCode string, pipeline int64) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	acc, app := w.s.account(account), w.s.integration(clientUUID)
	if acc != nil && app != nil && app.WidgetCode == widgetCode {
		w.s.autoSource(acc, app, pipeline)
	}
}

// RemoveSource implements [crmpage.World].
func (w world) RemoveSource(account, sourceID int64) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if x := find(w.s.st.Sources, func(x *Source) bool { return x.ID == sourceID && x.Account == account }); x != nil {
		w.s.dropSource(sourceID)
	}
}

// DisposableToken implements [crmpage.World].
func (w world) DisposableToken(account, user int64, clientUUID string) (string, int) {
	s := w.s
	s.mu.Lock()
	v := s.st.Variants
	in := find(s.st.Installations, func(i *Installation) bool { return i.Account == account && i.ClientUUID == clientUUID })
	odd := v.DisposableTokenAlways || in == nil || !in.Active
	s.mu.Unlock()
	if odd {
		switch v.DisposableToken {
		case "401":
			return "", http.StatusUnauthorized
		case "empty":
			return "", http.StatusOK
		case "slow":
			s.wait(s.ctx, time.Duration(cmp.Or(v.DisposableSlowMS, 10_000))*time.Millisecond)
		}
	}
	token, err := s.DisposableToken(account, user, clientUUID)
	if err != nil {
		return "", http.StatusNotFound
	}
	return token, http.StatusOK
}

// Pressed implements [crmpage.World].
func (w world) Pressed(account, user int64, clientUUID, moment string) {
	if err := w.s.pressed(account, user, clientUUID, moment); err != nil {
		w.s.log.Warn("press in the settings window", "err", err, "account_id", account)
	}
}

// Uninstalled implements [crmpage.World].
func (w world) Uninstalled(account int64, clientUUID string) {
	if err := w.s.Uninstall(account, clientUUID); err != nil {
		w.s.log.Warn("uninstallation", "err", err, "account_id", account)
	}
}

func widgetKey(account int64, code string) string { return fmt.Sprintf("%d/%s", account, code) }

// Widget implements [crmpage.World].
func (w world) Widget(account int64, code string) crmpage.WidgetState {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	st := w.s.st.Widgets[widgetKey(account, code)]
	st.Status = cmp.Or(st.Status, "install")
	return st
}

// SaveWidget implements [crmpage.World].
func (w world) SaveWidget(account int64, code string, st crmpage.WidgetState) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.s.st.Widgets[widgetKey(account, code)] = st
	w.s.touch()
}

// Notify implements [crmpage.World].
func (w world) Notify(account, user int64, n crmpage.Notification) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if n.ID == 0 {
		n.ID = w.s.nextID()
	}
	if n.At.IsZero() {
		n.At = w.s.now()
	}
	w.s.st.Notes = append(w.s.st.Notes, &notification{account, user, n})
	w.s.touch()
}

// Notifications implements [crmpage.World].
func (w world) Notifications(account, user int64) []crmpage.Notification {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	var out []crmpage.Notification
	for _, n := range slices.Backward(w.s.st.Notes) {
		if n.Account == account && n.User == user {
			out = append(out, n.Note)
		}
	}
	return out
}

// Breach implements [crmpage.World].
func (w world) Breach(account int64, rule, detail string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.s.breach(account, rule, detail, 0)
}

// Now implements [crmpage.World].
func (w world) Now() time.Time { return w.s.Now() }

// Sources lists the sources of an integration in an account.
func (s *Server) Sources(account int64, clientUUID string) []Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Source
	for _, x := range s.st.Sources {
		if x.Account == account && x.ClientUUID == clientUUID {
			out = append(out, *x)
		}
	}
	return out
}

// MountSite makes the CRM's own pages and mounts them. Widgets are added to the
// Site that it returns. Call it before serving.
func (s *Server) MountSite(opts crmpage.Options) (*crmpage.Site, error) {
	site, err := crmpage.New(s.World(), opts)
	if err != nil {
		return nil, err
	}
	s.MountPages(site)
	return site, nil
}
