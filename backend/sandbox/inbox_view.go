package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// boxChat is a chat in the inbox's list.
type boxChat struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Avatar   string `json:"avatar,omitempty"` // where the inbox serves it
	Unread   int    `json:"unread"`
	LastText string `json:"last_text"`
	LastAt   int64  `json:"last_at"` // ms
	Typing   bool   `json:"typing"`
	LeadID   int64  `json:"lead_id"`
	Incoming bool   `json:"incoming"` // still an incoming lead
	Source   string `json:"source"`
	Phone    string `json:"phone"`
	Email    string `json:"email"`
}

func (s *Server) boxChats(r *http.Request) (any, error) {
	acc := accountOf(r)
	out := []boxChat{}
	for _, c := range s.Chats(acc.ID) {
		out = append(out, s.describe(c))
	}
	connected := false
	for _, c := range s.Connections() {
		connected = connected || c.Account == acc.ID
	}
	return map[string]any{"account": acc.Name, "connected": connected, "users": acc.Users, "chats": out}, nil
}

func (s *Server) describe(c Chat) boxChat {
	list := s.ChatMessages(c.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	out := boxChat{
		ID: c.ID, Name: c.ClientName, Unread: c.Unread, Typing: s.now().Before(c.TypingUntil), LeadID: c.LeadID,
		Incoming: c.UnsortedUID != "", Source: c.Source,
	}
	if p := s.st.Participants[c.Participant]; p != nil {
		out.Phone, out.Email = p.Phone, p.Email
		if f := s.st.Files[p.Avatar]; f != nil {
			out.Avatar = boxLink(*f)
		}
	}
	if len(list) > 0 {
		last := list[len(list)-1]
		out.LastText, out.LastAt = last.Text, last.Msec
		if out.LastText == "" {
			out.LastText = "[" + last.Type + "]"
		}
	}
	return out
}

// boxCard is what the CRM knows about the person and the deal of a chat.
type boxCard struct {
	Contact   *Contact   `json:"contact"`
	Lead      *Lead      `json:"lead"`
	Pipeline  string     `json:"pipeline"`
	Source    string     `json:"source"` // its name, or the external id
	Channel   string     `json:"channel"`
	Talks     []Talk     `json:"talks"`
	WindowEnd *time.Time `json:"window_end"` // of the time window; null without one
	WindowBar bool       `json:"window_bar"` // nothing but templates can be sent
}

func (s *Server) boxChat(r *http.Request) (any, error) {
	acc, id := accountOf(r).ID, r.PathValue("chat")
	for _, c := range s.Chats(acc) {
		if c.ID == id {
			list := s.ChatMessages(id)
			return map[string]any{"chat": s.describe(c), "card": s.card(id), "messages": list, "files": s.filesIn(list), "now": s.Now().UnixMilli()}, nil
		}
	}
	return nil, ErrNoChat
}

func (s *Server) card(chat string) boxCard {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, out := s.st.Chats[chat], boxCard{Talks: []Talk{}}
	if p := s.st.Contacts[c.ContactID]; p != nil {
		copied := *p
		out.Contact = &copied
	}
	if l := s.st.Leads[c.LeadID]; l != nil {
		copied := *l
		out.Lead = &copied
		for _, p := range s.account(c.Account).Pipelines {
			if p.ID == l.PipelineID {
				out.Pipeline = p.Name
			}
		}
	}
	out.Source = c.Source
	if ch := s.channel(channelOf(c.Scope)); ch != nil {
		out.Channel = ch.Name
		if src := s.sourceOf(c, *ch); src != nil {
			out.Source = src.Name
		}
	}
	if conn := s.st.Connections[c.Scope]; conn != nil {
		out.Channel = conn.Title
	}
	for _, t := range s.st.Talks {
		if t.ChatID == chat {
			out.Talks = append(out.Talks, *t)
		}
	}
	slices.SortFunc(out.Talks, func(a, b Talk) int { return cmp.Compare(b.ID, a.ID) })
	if end := s.windowEnd(c); !end.IsZero() {
		out.WindowEnd, out.WindowBar = &end, s.st.Variants.TimeWindowBlocks && s.windowOver(c)
	}
	return out
}

// boxPeople is what the dialogs choose from: cards with a phone, lines to
// write from, templates.
func (s *Server) boxPeople(r *http.Request) (any, error) {
	acc := accountOf(r).ID
	type line struct {
		Scope   string   `json:"scope_id"`
		Title   string   `json:"title"`
		Sources []Source `json:"sources"`
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	contacts, lines := []Contact{}, []line{}
	for _, c := range s.st.Contacts {
		if c.Account == acc && c.Phone != "" {
			contacts = append(contacts, *c)
		}
	}
	slices.SortFunc(contacts, func(a, b Contact) int { return cmp.Compare(a.ID, b.ID) })
	for _, conn := range s.st.Connections {
		ch := s.channel(conn.Channel)
		if conn.Account != acc || ch == nil {
			continue
		}
		l := line{Scope: conn.Scope, Title: conn.Title, Sources: []Source{}}
		for _, src := range s.st.Sources {
			if src.Account == acc && src.ClientUUID == ch.ClientUUID {
				l.Sources = append(l.Sources, *src)
			}
		}
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b line) int { return cmp.Compare(a.Scope, b.Scope) })
	return map[string]any{"contacts": contacts, "lines": lines, "templates": s.usableTemplates(acc)}, nil
}

// usableTemplates lists what can be sent: WhatsApp's own only when approved
// (C §7.3). s.mu is held.
func (s *Server) usableTemplates(account int64) []ChatTemplate {
	out := []ChatTemplate{}
	for _, t := range s.st.Templates {
		if t.Account == account && (t.Type != "waba" || t.reviewStatus() == "approved") {
			out = append(out, t.clone())
		}
	}
	return out
}

func (s *Server) boxWriteFirst(r *http.Request) (any, error) {
	var in struct {
		Scope string `json:"scope_id"`
		FirstMessage
	}
	if err := input(r, &in); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(s.Connections(), func(c Connection) bool { return c.Scope == in.Scope && c.Account == accountOf(r).ID }) {
		return nil, ErrNotFound
	}
	return s.BeginChat(in.Scope, in.FirstMessage)
}

// boxMedia is what the inbox shows for a link: the sandbox's copy, or why there
// is none. The page itself never asks another host.
type boxMedia struct {
	Src   string `json:"src,omitempty"`
	Type  string `json:"content_type,omitempty"`
	Bytes int64  `json:"bytes,omitempty"`
	State string `json:"state"` // fetched, waiting, failed, unknown
	Error string `json:"error,omitempty"`
}

func boxLink(f File) string { return "/inbox/files/" + f.SHA256 }

// filesIn finds the copies of every link in the messages.
func (s *Server) filesIn(list []Message) map[string]boxMedia {
	var tree any
	if err := json.Unmarshal(marshal(list), &tree); err != nil {
		panic(err) // written by marshal
	}
	links := map[string]boxMedia{}
	collectLinks(tree, links)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.st.Downloads { // the latest counts
		if _, wanted := links[d.URL]; wanted {
			links[d.URL] = boxMedia{State: d.Outcome, Error: d.Error}
		}
	}
	for link := range links {
		if f := s.st.Files[link]; f != nil {
			links[link] = boxMedia{State: "fetched", Src: boxLink(*f), Type: f.Type, Bytes: f.Bytes}
		}
	}
	return links
}

func collectLinks(tree any, into map[string]boxMedia) {
	switch v := tree.(type) {
	case map[string]any:
		for key, one := range v {
			link, isText := one.(string)
			switch key {
			case "media", "thumbnail", "preview_url", "preview_link", "preview_permalink":
				if isText && link != "" {
					into[link] = boxMedia{State: "unknown"}
				}
			default:
				collectLinks(one, into)
			}
		}
	case []any:
		for _, one := range v {
			collectLinks(one, into)
		}
	}
}

// boxFile serves a copy to the inbox. Its name is the hash of its bytes, so it
// never changes.
func (s *Server) boxFile(w http.ResponseWriter, r *http.Request) {
	acc, sum := accountOf(r).ID, r.PathValue("sum")
	s.mu.Lock()
	var found *File
	for _, f := range s.st.Files {
		if f.SHA256 == sum && f.Account == acc {
			found = f
			break
		}
	}
	s.mu.Unlock()
	if found == nil {
		http.NotFound(w, r)
		return
	}
	f := *found
	if f.Name == "" {
		f.Name = f.URL[strings.LastIndex(f.URL, "/")+1:]
	}
	w.Header().Set("Cache-Control", "private, max-age=86400")
	s.serveFile(w, r, f)
}
