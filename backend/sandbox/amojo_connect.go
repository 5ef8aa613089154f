package sandbox

import (
	"cmp"
	"net/http"
	"slices"
)

// connect is C §3.1.
func (a *amojoCall) connect() {
	var in struct {
		AccountID          string  `json:"account_id" need:"true"`
		HookVersion        *string `json:"hook_api_version"`
		Title              *string `json:"title"`
		TimeWindowDisabled *bool   `json:"is_time_window_disabled"`
	}
	if !a.decode(&in) {
		return
	}
	version := "v1"
	if in.HookVersion != nil {
		version = *in.HookVersion
	}
	switch {
	case !uuidShape.MatchString(in.AccountID):
		a.bad("C §3.1 account_id", "account_id must be the account's amojo id")
		return
	case version != "v1" && version != "v2":
		a.bad("C §3.1 hook_api_version", "hook_api_version must be v1 or v2")
		return
	case a.faults.ConnectRefused:
		a.refuse(http.StatusForbidden, Faulted, "connect refused", "switched on")
		return
	}
	s := a.s
	s.mu.Lock()
	acc := s.accountByAmojo(a.zone.Product, in.AccountID)
	if a.channel.Private && (acc == nil || !slices.Contains(a.channel.Allowed, acc.ID)) {
		s.mu.Unlock()
		a.refuse(cmp.Or(a.vars.PrivateStatus, http.StatusForbidden), Refused, "C §3.1 private channel", "the account is not in the channel's list")
		return
	}
	if acc == nil {
		s.mu.Unlock()
		a.bad("C §3.1 account_id", "no account has this amojo id")
		return
	}
	a.account = acc.ID
	scope := a.channel.ID + "_" + acc.AmojoID
	conn := s.st.Connections[scope]
	if conn == nil && a.vars.ReconnectForgets {
		s.forgetConversations(scope)
	}
	if conn == nil || !a.vars.ReconnectKeeps {
		conn = &Connection{Scope: scope, Channel: a.channel.ID, Account: acc.ID, HookVersion: version, At: s.now()}
		if in.Title != nil {
			conn.Title = *in.Title
		}
		conn.Title = cmp.Or(conn.Title, a.channel.Name)
		conn.TimeWindowDisabled = in.TimeWindowDisabled != nil && *in.TimeWindowDisabled
		s.st.Connections[scope] = conn
	}
	out := *conn
	s.touch()
	s.mu.Unlock()
	body := struct {
		AccountID          string `json:"account_id"`
		Scope              string `json:"scope_id"`
		Title              string `json:"title,omitempty"`
		HookVersion        string `json:"hook_api_version,omitempty"`
		TimeWindowDisabled *bool  `json:"is_time_window_disabled,omitempty"`
	}{AccountID: in.AccountID, Scope: out.Scope}
	if form := a.vars.ConnectAnswer; form != "2017" { // older answers had less
		if body.Title, body.HookVersion = out.Title, out.HookVersion; form != "2021" {
			body.TimeWindowDisabled = &out.TimeWindowDisabled
		}
	}
	a.ok(http.StatusOK, body)
}

// disconnect is C §3.2; an account that is not connected is fine.
func (a *amojoCall) disconnect() {
	var in struct {
		AccountID string `json:"account_id" need:"true"`
	}
	if !a.decode(&in) {
		return
	}
	if !uuidShape.MatchString(in.AccountID) {
		a.bad("C §3.2 account_id", "account_id must be the account's amojo id")
		return
	}
	if !a.s.DropConnection(a.channel.ID+"_"+in.AccountID) && cmp.Or(a.vars.DisconnectStatus, http.StatusOK) != http.StatusOK {
		a.refuse(a.vars.DisconnectStatus, Refused, "C §3.2 disconnect", "the account is not connected")
		return
	}
	a.ok(http.StatusOK, a.kommoEmpty())
}

// DropConnection disconnects a scope, as the client or, behind its back, the
// platform does. It tells whether it was connected.
func (s *Server) DropConnection(scope string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, was := s.st.Connections[scope]
	delete(s.st.Connections, scope)
	s.touch()
	return was
}

// Connections lists the connected scopes.
func (s *Server) Connections() []Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Connection, 0, len(s.st.Connections))
	for _, c := range s.st.Connections {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Connection) int { return cmp.Compare(a.Scope, b.Scope) })
	return out
}
