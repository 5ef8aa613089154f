package sandbox

import "errors"

// FirstMessage is what begins a chat from the CRM (C §8.4).
type FirstMessage struct {
	// ContactID is the card to whose phone it goes; 0 finds the card by Phone or
	// makes one.
	ContactID int64 `json:"contact_id"`
	// Phone is the number chosen; "" is the card's.
	Phone string `json:"phone"`
	// Source is the external id of the source to write from, "" for none.
	Source string `json:"source"`
	UserID int64  `json:"user_id"`
	Content
}

// WriteFirst begins a chat with a phone number through a connected scope (C §8.4):
// the hook carries neither our conversation id nor our client id. source may be "".
func (s *Server) WriteFirst(scope, phone, source, text string) (Message, error) {
	return s.BeginChat(scope, FirstMessage{Phone: phone, Source: source, Content: Content{Type: "text", Text: text}})
}

// BeginChat is WriteFirst with any content, from a card, as any user.
func (s *Server) BeginChat(scope string, in FirstMessage) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn := s.st.Connections[scope]
	if conn == nil {
		return Message{}, ErrNotFound
	}
	if s.lacks("write_first") {
		return Message{}, errors.New("the channel was registered without writing first")
	}
	acc := s.account(conn.Account)
	author := acc.admin()
	if in.UserID != 0 {
		u := acc.user(in.UserID)
		if u == nil {
			return Message{}, ErrNoUser
		}
		author = *u
	}
	if in.Source != "" {
		ch := s.channel(conn.Channel)
		src := find(s.st.Sources, func(x *Source) bool {
			return x.Account == acc.ID && x.ExternalID == in.Source && ch != nil && x.ClientUUID == ch.ClientUUID
		})
		if src != nil && src.OriginCode != "" && src.OriginCode != ch.Code {
			return Message{}, errors.New("the source is not of this channel: its origin_code differs")
		}
	}
	contact := s.st.Contacts[in.ContactID]
	switch {
	case in.ContactID != 0 && (contact == nil || contact.Account != acc.ID):
		return Message{}, ErrNotFound
	case contact != nil && in.Phone == "":
		in.Phone = contact.Phone
	case contact == nil && in.Phone != "":
		contact = s.contactByPhone(acc, in.Phone)
	}
	if in.Phone == "" {
		return Message{}, ErrEmpty
	}
	name := in.Phone
	if contact != nil && contact.Name != "" {
		name = contact.Name
	}
	p := &Participant{ID: s.newID(), Scope: scope, Name: name, Phone: in.Phone}
	chat := &Chat{ID: s.newID(), Scope: scope, Account: acc.ID, Participant: p.ID, ClientName: p.Name, Source: in.Source, Linked: true, CreatedAt: s.now()}
	if contact != nil {
		chat.ContactID = contact.ID
	}
	what, err := s.prepare(chat, in.Content)
	if err != nil {
		return Message{}, err
	}
	if contact == nil {
		contact = s.addContact(Contact{Account: acc.ID, Name: name, Phone: in.Phone})
		chat.ContactID = contact.ID
	} else if l := s.openLead(contact.ID, 0); l != nil {
		chat.LeadID = l.ID
	}
	s.st.Participants[p.ID] = p
	s.st.Chats[chat.ID] = chat
	s.idx.addChat(chat)
	m := s.write(chat, author, what)
	s.sendMessageHook(m)
	return m.clone(), nil
}

// contactByPhone finds the oldest card with a number. s.mu is held.
func (s *Server) contactByPhone(acc *Account, phone string) *Contact {
	wanted := normalPhone(phone, acc.Country)
	return find(s.contactsOf(acc.ID), func(c *Contact) bool { return wanted != "" && normalPhone(c.Phone, acc.Country) == wanted })
}

// SendRawHook signs any body with the channel's secret and sends it to its hook
// URL as it is: for kinds of hooks that nobody knows yet.
func (s *Server) SendRawHook(scope string, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn := s.st.Connections[scope]
	if conn == nil {
		return ErrNotFound
	}
	version, ch := s.hookVersion(scope)
	s.sendHookBody("raw", version, &Chat{Account: conn.Account, Scope: scope}, "", ch, body)
	return nil
}
