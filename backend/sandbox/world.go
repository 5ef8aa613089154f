package sandbox

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// state is everything that outlives a restart; snapshot.go writes it as JSON.
type state struct {
	NextID        int64                    `json:"next_id"`
	Shift         time.Duration            `json:"clock_shift"`
	Variants      Variants                 `json:"variants"`
	TokenKey      string                   `json:"token_key"` // signs access tokens
	Accounts      []*Account               `json:"accounts"`
	Integrations  []*Integration           `json:"integrations"`
	Channels      []*Channel               `json:"channels"`
	Connections   map[string]*Connection   `json:"connections"`
	Participants  map[string]*Participant  `json:"participants"`
	Chats         map[string]*Chat         `json:"chats"`
	Messages      []*Message               `json:"messages"` // by Seq
	Files         map[string]*File         `json:"files"`    // by link
	Downloads     []*Download              `json:"downloads"`
	Contacts      map[int64]*Contact       `json:"contacts"`
	Leads         map[int64]*Lead          `json:"leads"`
	Incoming      map[string]*IncomingLead `json:"incoming_leads"`
	Talks         map[int64]*Talk          `json:"talks"`
	Tasks         []*Task                  `json:"tasks"`
	SalesbotRuns  []SalesbotRun            `json:"salesbot_runs"`
	Sources       []*Source                `json:"sources"`
	Sorted        map[int64]*sorted        `json:"sorted_leads"` // by account
	Notices       []*Notice                `json:"notices"`
	Templates     []*ChatTemplate          `json:"templates"`
	Webhooks      []*Webhook               `json:"webhooks"`
	Installations []*Installation          `json:"installations"`
	Codes         map[string]*authCode     `json:"codes"`
	Access        map[string]*token        `json:"access_tokens"`
	Refresh       map[string]*token        `json:"refresh_tokens"`
	Widgets       map[string]widgetState   `json:"widgets"` // "account/code"
	Notes         []*notification          `json:"notifications"`
	CardNotes     []*CardNote              `json:"card_notes"`
	Customers     []*Customer              `json:"customers"`
	Companies     []*Company               `json:"companies,omitempty"`
	CardLinks     []CardLink               `json:"card_links,omitempty"`
	Hooks         []*HookRecord            `json:"hooks"`
	Breaches      []*Breach                `json:"breaches"`
}

func newState() *state {
	return &state{
		NextID: 1000, TokenKey: randomHex(32),
		Connections: map[string]*Connection{}, Participants: map[string]*Participant{}, Chats: map[string]*Chat{},
		Contacts: map[int64]*Contact{}, Leads: map[int64]*Lead{}, Incoming: map[string]*IncomingLead{}, Talks: map[int64]*Talk{},
		Codes: map[string]*authCode{}, Access: map[string]*token{}, Refresh: map[string]*token{},
		Widgets: map[string]widgetState{}, Files: map[string]*File{}, Sorted: map[int64]*sorted{},
	}
}

// index finds things by the keys that requests carry.
type index struct {
	message map[string]*Message        // amojo id
	msgid   map[[2]string]*Message     // channel, integration's msgid
	byChat  map[string][]*Message      // chat id, in order of arrival
	conv    map[[2]string]*Chat        // scope, integration's conversation id
	client  map[[2]string]*Participant // scope, integration's client id
}

func newIndex(st *state) index {
	x := index{
		message: map[string]*Message{}, msgid: map[[2]string]*Message{}, byChat: map[string][]*Message{},
		conv: map[[2]string]*Chat{}, client: map[[2]string]*Participant{},
	}
	for _, c := range st.Chats {
		x.addChat(c)
	}
	for _, p := range st.Participants {
		if p.ClientID != "" {
			x.client[[2]string{p.Scope, p.ClientID}] = p
		}
	}
	for _, m := range st.Messages {
		x.addMessage(m)
	}
	return x
}

func (x *index) addChat(c *Chat) {
	if c.ConversationID != "" {
		x.conv[[2]string{c.Scope, c.ConversationID}] = c
	}
}

func (x *index) addMessage(m *Message) {
	x.message[m.ID] = m
	x.byChat[m.ChatID] = append(x.byChat[m.ChatID], m)
	if m.MsgID != "" {
		x.msgid[[2]string{channelOf(m.Scope), m.MsgID}] = m
	}
}

// channelOf is the first half of a scope.
func channelOf(scope string) string {
	channel, _, _ := strings.Cut(scope, "_")
	return channel
}

func (a *Account) clone() *Account {
	c := *a
	c.Users, c.Pipelines, c.Former, c.Fields = slices.Clone(a.Users), slices.Clone(a.Pipelines), slices.Clone(a.Former), slices.Clone(a.Fields)
	for i := range c.Pipelines {
		c.Pipelines[i].Stages = slices.Clone(c.Pipelines[i].Stages)
	}
	return &c
}

func (m *Message) clone() Message {
	c := *m
	c.Reactions, c.Statuses = maps.Clone(m.Reactions), slices.Clone(m.Statuses)
	return c
}

// nextID makes a CRM id. s.mu is held.
func (s *Server) nextID() int64 {
	s.st.NextID++
	return s.st.NextID
}

// AddZone adds a zone; a product has one, so a second one replaces it.
func (s *Server) AddZone(z Zone) {
	z.Scheme = cmp.Or(z.Scheme, "https")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zones = slices.DeleteFunc(s.zones, func(o Zone) bool { return o.Product == z.Product })
	s.zones = append(s.zones, z)
	s.touch()
}

// AddAccount adds or replaces an account. What is missing is filled in: ids, an
// administrator and another user, the main pipeline. It returns the whole.
func (s *Server) AddAccount(a Account) Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.ID == 0 {
		a.ID = s.nextID()
	}
	if a.Product == "" && len(s.zones) > 0 {
		a.Product = s.zones[0].Product
	}
	a.AmojoID = cmp.Or(a.AmojoID, s.newID())
	a.Name, a.Language = cmp.Or(a.Name, a.Subdomain), cmp.Or(a.Language, "en")
	a.Country, a.Timezone = cmp.Or(a.Country, "RU"), cmp.Or(a.Timezone, "Europe/Moscow")
	if len(a.Users) == 0 {
		a.Users = []User{{Name: "Anna Admin", Admin: true, Avatar: "#3a7bd5"}, {Name: "Oleg Operator", Avatar: "#c0563f"}}
	}
	if len(a.Pipelines) == 0 {
		a.Pipelines = []Pipeline{{Name: "Main"}}
	}
	for i := range a.Users {
		s.fillUser(&a.Users[i], a)
	}
	for i := range a.Pipelines {
		s.fillPipeline(&a.Pipelines[i])
	}
	a.Fields = slices.Clone(a.Fields)
	a.fillFields()
	s.st.Accounts = slices.DeleteFunc(s.st.Accounts, func(o *Account) bool { return o.ID == a.ID })
	s.st.Accounts = append(s.st.Accounts, a.clone())
	s.touch()
	return a
}

func (s *Server) fillUser(u *User, a Account) {
	if u.ID == 0 {
		u.ID = s.nextID()
	}
	u.AmojoID, u.Language = cmp.Or(u.AmojoID, s.newID()), cmp.Or(u.Language, a.Language)
	if u.Login == "" {
		name, _, _ := strings.Cut(strings.ToLower(u.Name), " ")
		u.Login = name + "@" + a.Subdomain + ".example"
	}
}

// AddUser adds a person to an account.
func (s *Server) AddUser(account int64, u User) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(account)
	if a == nil {
		return User{}, false
	}
	s.fillUser(&u, *a)
	a.Users = append(a.Users, u)
	s.touch()
	return u, true
}

// Rename gives an account another subdomain; the old one answers only OAuth.
func (s *Server) Rename(account int64, subdomain string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(account)
	if a == nil || subdomain == "" || subdomain == a.Subdomain {
		return false
	}
	a.Former, a.Subdomain = append(a.Former, a.Subdomain), subdomain
	s.touch()
	return true
}

// AddIntegration adds or replaces an integration.
func (s *Server) AddIntegration(i Integration) Integration {
	s.mu.Lock()
	defer s.mu.Unlock()
	i.ClientUUID, i.Secret = cmp.Or(i.ClientUUID, s.newID()), cmp.Or(i.Secret, randomHex(32))
	if i.Product == "" && len(s.zones) > 0 {
		i.Product = s.zones[0].Product
	}
	i.Name = cmp.Or(i.Name, i.WidgetCode, "Integration")
	s.st.Integrations = slices.DeleteFunc(s.st.Integrations, func(o *Integration) bool { return o.ClientUUID == i.ClientUUID })
	s.st.Integrations = append(s.st.Integrations, &i)
	s.touch()
	return i
}

// AddChannel adds or replaces a channel.
func (s *Server) AddChannel(c Channel) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.ID, c.BotID, c.Secret = cmp.Or(c.ID, s.newID()), cmp.Or(c.BotID, s.newID()), cmp.Or(c.Secret, randomHex(20))
	if c.Product == "" && len(s.zones) > 0 {
		c.Product = s.zones[0].Product
	}
	c.Name = cmp.Or(c.Name, "Channel")
	c.Code = cmp.Or(c.Code, "amo.ext.sandbox")
	c.Allowed = slices.Clone(c.Allowed)
	s.st.Channels = slices.DeleteFunc(s.st.Channels, func(o *Channel) bool { return o.ID == c.ID })
	s.st.Channels = append(s.st.Channels, &c)
	s.touch()
	return c
}

// The finders below need s.mu.

func (s *Server) account(id int64) *Account {
	return find(s.st.Accounts, func(a *Account) bool { return a.ID == id })
}

func (s *Server) accountByAmojo(product, id string) *Account {
	return find(s.st.Accounts, func(a *Account) bool { return a.AmojoID == id && a.Product == product })
}

func (s *Server) channel(id string) *Channel {
	return find(s.st.Channels, func(c *Channel) bool { return c.ID == id })
}

func (s *Server) integration(uuid string) *Integration {
	return find(s.st.Integrations, func(i *Integration) bool { return i.ClientUUID == uuid })
}

func (s *Server) zone(product string) Zone {
	for _, z := range s.zones {
		if z.Product == product {
			return z
		}
	}
	return Zone{Product: product, Scheme: "https"}
}

func (a *Account) user(id int64) *User {
	i := slices.IndexFunc(a.Users, func(u User) bool { return u.ID == id })
	if i < 0 {
		return nil
	}
	return &a.Users[i]
}

func (a *Account) userByAmojo(id string) *User {
	i := slices.IndexFunc(a.Users, func(u User) bool { return u.AmojoID == id })
	if i < 0 {
		return nil
	}
	return &a.Users[i]
}

// admin is the first administrator, or the zero user.
func (a *Account) admin() User {
	for _, u := range a.Users {
		if u.Admin {
			return u
		}
	}
	return User{}
}

func find[T any](list []*T, ok func(*T) bool) *T {
	if i := slices.IndexFunc(list, ok); i >= 0 {
		return list[i]
	}
	return nil
}

// withValue is a request's context with one more value.
func withValue(r *http.Request, key, v any) context.Context {
	return context.WithValue(r.Context(), key, v)
}
