package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

type profileIn struct {
	Phone string `json:"phone"`
	Email string `json:"email"`
}

// personIn is sender, receiver or user of a request (C §3.4.3).
type personIn struct {
	ID          string     `json:"id" need:"true"`
	RefID       string     `json:"ref_id"`
	Name        string     `json:"name" need:"true"`
	Avatar      string     `json:"avatar"`
	Profile     *profileIn `json:"profile"`
	ProfileLink string     `json:"profile_link"`
}

type sourceIn struct {
	ExternalID string `json:"external_id" need:"true"`
}

// sourceID40 is C §3.3: up to 40 characters, printable ASCII and space.
var sourceID40 = regexp.MustCompile(`^[ -~]{1,40}$`)

func (a *amojoCall) checkSource(src *sourceIn) bool {
	if src != nil && !sourceID40.MatchString(src.ExternalID) {
		a.bad("C §3.3 source.external_id", "at most 40 printable ASCII characters")
		return false
	}
	return true
}

// createChat is C §3.3.
func (a *amojoCall) createChat() {
	var in struct {
		ConversationID string    `json:"conversation_id" need:"true"`
		Source         *sourceIn `json:"source"`
		User           struct {
			ID          string     `json:"id"`
			RefID       string     `json:"ref_id"`
			Name        string     `json:"name"`
			Avatar      string     `json:"avatar"`
			Profile     *profileIn `json:"profile"`
			ProfileLink string     `json:"profile_link"`
		} `json:"user" need:"true"`
	}
	if !a.decode(&in) || !a.checkSource(in.Source) {
		return
	}
	switch u := in.User; {
	case (u.ID == "" || u.Name == "") && (u.RefID == "" || !a.vars.UserRefAlone):
		a.bad("C §3.3 user", "user.id and user.name are required")
		return
	case u.Avatar != "" && !webLink(u.Avatar):
		a.bad("C §3.3 user.avatar", "avatar must be an absolute http or https link")
		return
	}
	s := a.s
	s.mu.Lock()
	p, err := s.participant(a.id, personIn(in.User), nil)
	if err != "" {
		s.mu.Unlock()
		a.bad("C §3.3 user", err)
		return
	}
	chat := s.idx.conv[[2]string{a.id, in.ConversationID}]
	if chat == nil {
		chat = s.newChat(a.acc.ID, a.id, in.ConversationID, p)
	}
	if in.Source != nil {
		chat.Source = in.Source.ExternalID
	}
	out := chatAnswer(chat.ID, *p, a.vars.ChatAnswer)
	s.touch()
	s.mu.Unlock()
	a.ok(http.StatusOK, out)
}

// chatAnswer is the answer to create chat: flat, or one of the forms of C §3.3.
func chatAnswer(chat string, p Participant, form string) any {
	if form == "ids" {
		return map[string]any{"id": chat, "user": map[string]string{"id": p.ID}}
	}
	u := userOut{ID: p.ID, ClientID: p.ClientID, Name: p.Name, Avatar: p.Avatar}
	switch {
	case form != "nested":
		u.Phone, u.Email = p.Phone, p.Email
	case p.Phone != "" || p.Email != "":
		u.Profile = &profileIn{p.Phone, p.Email}
	}
	return struct {
		ID   string  `json:"id"`
		User userOut `json:"user"`
	}{chat, u}
}

type userOut struct {
	ID       string     `json:"id"`
	ClientID string     `json:"client_id,omitempty"`
	Name     string     `json:"name"`
	Avatar   string     `json:"avatar"`
	Phone    string     `json:"phone,omitempty"`
	Email    string     `json:"email,omitempty"`
	Profile  *profileIn `json:"profile,omitempty"`
}

// participant finds or makes the client that a request speaks of and takes
// over his data. Of two with one client id, the one of the chat counts. s.mu is
// held. The text is what was wrong, or "".
func (s *Server) participant(scope string, in personIn, chat *Chat) (*Participant, string) {
	key := [2]string{scope, in.ID}
	p := s.idx.client[key]
	if chat != nil && in.ID != "" {
		if own := s.st.Participants[chat.Participant]; own != nil && own.ClientID == in.ID {
			p = own
		}
	}
	if in.RefID != "" {
		ref := s.st.Participants[in.RefID]
		if ref == nil || ref.Scope != scope {
			return nil, "ref_id names no participant of this scope"
		}
		if ref.ClientID == "" && in.ID != "" { // met by "write first" (C §8.4)
			ref.ClientID = in.ID
			if p == nil {
				s.idx.client[key] = ref
			}
		}
		p = ref
	}
	if p == nil {
		p = &Participant{ID: s.newID(), Scope: scope, ClientID: in.ID}
		s.st.Participants[p.ID] = p
		s.idx.client[key] = p
	}
	if in.Avatar != "" && in.Avatar != p.Avatar {
		s.download("avatar", scope, in.Avatar, nil)
	}
	p.Name, p.Avatar, p.ProfileLink = cmp.Or(in.Name, p.Name), cmp.Or(in.Avatar, p.Avatar), cmp.Or(in.ProfileLink, p.ProfileLink)
	if in.Profile != nil {
		p.Phone, p.Email = cmp.Or(in.Profile.Phone, p.Phone), cmp.Or(in.Profile.Email, p.Email)
	}
	return p, ""
}

// newChat makes a chat without contact or lead. s.mu is held.
func (s *Server) newChat(account int64, scope, conversation string, p *Participant) *Chat {
	c := &Chat{
		ID: s.newID(), Scope: scope, Account: account, ConversationID: conversation,
		Participant: p.ID, ClientName: p.Name, CreatedAt: s.now(),
	}
	s.st.Chats[c.ID] = c
	s.idx.addChat(c)
	return c
}

// history is C §3.8.
func (a *amojoCall) history() {
	q := a.r.URL.Query()
	number := func(name string, absent, lowest, highest int) (int, bool) {
		if !q.Has(name) {
			return absent, true
		}
		n, err := strconv.Atoi(q.Get(name))
		return n, err == nil && n >= lowest && n <= highest
	}
	offset, ok1 := number("offset", 0, 0, 1<<30)
	limit, ok2 := number("limit", cmp.Or(a.vars.HistoryLimit, 50), 1, 50)
	if !ok1 || !ok2 {
		a.bad("C §3.8 query", "offset must be an integer from 0, limit one from 1 to 50")
		return
	}
	if len(a.body) > 0 {
		a.bad("C §3.8 body", "a history request has no body")
		return
	}
	s := a.s
	s.mu.Lock()
	chat := s.st.Chats[a.sub]
	var out []historyItem
	if chat != nil && chat.Scope == a.id {
		list := slices.Clone(s.idx.byChat[chat.ID])
		slices.SortStableFunc(list, func(x, y *Message) int { // newest first
			return cmp.Or(cmp.Compare(y.Msec, x.Msec), cmp.Compare(y.Seq, x.Seq))
		})
		if depth := a.vars.HistoryDepth; depth > 0 {
			list = list[:min(depth, len(list))]
		}
		if a.vars.HistoryOldestFirst {
			slices.Reverse(list)
		}
		list = list[min(offset, len(list)):]
		for _, m := range list[:min(limit, len(list))] {
			out = append(out, s.historyItem(m))
		}
	}
	s.mu.Unlock()
	if len(out) == 0 {
		a.ok(http.StatusNoContent, nil)
		return
	}
	if a.vars.HistoryNoMsec {
		for i := range out {
			out[i].Msec = 0
		}
	}
	var body any = map[string]any{"messages": out}
	if a.vars.HistoryOmitsEmpty {
		body = withoutEmpty(body)
	}
	a.ok(http.StatusOK, body)
}

// withoutEmpty is a value without its empty texts and zeros.
func withoutEmpty(v any) any {
	var tree any
	if err := json.Unmarshal(marshal(v), &tree); err != nil {
		panic(err) // written by marshal
	}
	dropEmpty(tree)
	return tree
}

func dropEmpty(tree any) {
	switch v := tree.(type) {
	case map[string]any:
		for key, one := range v {
			if one == nil || one == "" || one == 0.0 {
				delete(v, key)
			}
			dropEmpty(one)
		}
	case []any:
		for _, one := range v {
			dropEmpty(one)
		}
	}
}

type historyItem struct {
	Timestamp int64       `json:"timestamp"`
	Msec      int64       `json:"msec_timestamp,omitempty"`
	Sender    *personOut  `json:"sender"`
	Receiver  *personOut  `json:"receiver,omitempty"`
	Message   historyText `json:"message"`
}

// personOut is a participant or user in answers and hooks.
type personOut struct {
	ID       string  `json:"id"`
	ClientID string  `json:"client_id,omitempty"`
	Name     *string `json:"name,omitempty"`
	Avatar   string  `json:"avatar,omitempty"`
	Phone    *string `json:"phone,omitempty"`
	Email    *string `json:"email,omitempty"`
}

type historyText struct {
	ID           string    `json:"id"`
	ClientID     string    `json:"client_id,omitempty"`
	Type         string    `json:"type"`
	Text         string    `json:"text"`
	Media        string    `json:"media"`
	Thumbnail    string    `json:"thumbnail"`
	FileName     string    `json:"file_name"`
	FileSize     int64     `json:"file_size"`
	MediaGroupID string    `json:"media_group_id,omitempty"`
	Location     *Location `json:"location,omitempty"`
	Contact      *Card     `json:"contact,omitempty"`
}

// historyItem needs s.mu.
func (s *Server) historyItem(m *Message) historyItem {
	it := historyItem{
		Timestamp: m.Msec / 1000, Msec: m.Msec, Sender: s.person(m.SenderID, m.SenderName),
		Message: historyText{
			ID: m.ID, ClientID: m.MsgID, Type: m.Type, Text: m.Text, Media: m.Media, Thumbnail: m.Thumbnail,
			FileName: m.FileName, FileSize: m.FileSize, MediaGroupID: m.MediaGroupID, Location: m.Location, Contact: m.Contact,
		},
	}
	if m.ReceiverID != "" {
		it.Receiver = s.person(m.ReceiverID, "")
	}
	return it
}

// person describes a client with his data, a CRM user by name. s.mu is held.
func (s *Server) person(id, name string) *personOut {
	if p := s.st.Participants[id]; p != nil {
		c := *p // the answer is written after s.mu is given back
		return &personOut{ID: c.ID, ClientID: c.ClientID, Name: &c.Name, Avatar: c.Avatar, Phone: &c.Phone, Email: &c.Email}
	}
	return &personOut{ID: id, Name: &name}
}
