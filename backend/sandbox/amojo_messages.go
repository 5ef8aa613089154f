package sandbox

import (
	"cmp"
	"net/http"
	"slices"
)

// message is C §3.4.
func (a *amojoCall) message() {
	var in messageEnvelope
	if !a.decode(&in) {
		return
	}
	switch in.EventType {
	case "new_message":
		a.newMessage(in.Payload)
	case "edit_message":
		a.editMessage(in.Payload)
	default:
		a.bad("C §3.4.1 event_type", "event_type must be new_message or edit_message")
	}
}

type messageOut struct {
	NewMessage struct {
		ConversationID string `json:"conversation_id"`
		SenderID       string `json:"sender_id"`
		ReceiverID     string `json:"receiver_id,omitempty"`
		MsgID          string `json:"msgid"`
		RefID          string `json:"ref_id"`
	} `json:"new_message"`
}

func answerTo(m *Message) (o messageOut) {
	n := &o.NewMessage
	n.ConversationID, n.SenderID, n.ReceiverID, n.MsgID, n.RefID = m.ChatID, m.SenderID, m.ReceiverID, m.ID, m.MsgID
	return o
}

func (a *amojoCall) newMessage(p payloadIn) {
	if e := p.checkNew(); e != "" {
		a.bad("C §3.4.2 payload", e)
		return
	}
	if !a.checkSource(p.Source) {
		return
	}
	s := a.s
	s.mu.Lock()
	if first := s.idx.msgid[[2]string{a.channel.ID, p.MsgID}]; first != nil {
		out := answerTo(first)
		s.mu.Unlock()
		a.repeated(out)
		return
	}
	m, e := s.storeMessage(a, p)
	if e != "" {
		s.mu.Unlock()
		a.bad("C §3.4.3 participants", e)
		return
	}
	cut := a.aimed && take(&s.faults.AmojoCutAfter)
	out := answerTo(m)
	s.mu.Unlock()
	if p.Msec == nil {
		a.entry.Detail = "msec_timestamp is missing; taken from timestamp"
	}
	if cut {
		a.after = func() {
			a.verdict(Faulted, "connection cut", "after the message was stored")
			a.cut()
		}
	}
	a.ok(http.StatusOK, out)
}

// repeated answers a msgid that was taken before. A repeat is what a client
// must do after an unknown outcome, so it is never a breach.
func (a *amojoCall) repeated(first messageOut) {
	const rule, detail = "C §3.4.5 same msgid twice", "the message was taken before"
	if status := cmp.Or(a.vars.DuplicateMsgID, http.StatusBadRequest); status != http.StatusOK {
		a.refuse(status, Refused, rule, detail)
		return
	}
	a.verdict(Refused, rule, detail)
	a.ok(http.StatusOK, first)
}

// storeMessage stores an inbound or imported message with all that it entails.
// s.mu is held. The text is what was wrong, or "".
func (s *Server) storeMessage(a *amojoCall, p payloadIn) (*Message, string) {
	bot := p.Sender.RefID == a.channel.BotID
	operator := a.acc.userByAmojo(p.Sender.RefID)
	imported := p.Sender.RefID != "" && (bot || operator != nil)
	client := p.Sender
	if imported {
		if client = p.Receiver; client == nil {
			return nil, "a message of an operator or the bot needs a receiver"
		}
	} else if p.Receiver != nil {
		return nil, "sender.ref_id is neither a user of the account nor the channel's bot"
	}
	var chat *Chat
	if p.ConversationRefID != "" {
		if chat = s.st.Chats[p.ConversationRefID]; chat == nil || chat.Scope != a.id {
			return nil, "conversation_ref_id names no chat of this scope"
		}
	} else {
		chat = s.idx.conv[[2]string{a.id, p.ConversationID}]
	}
	person, e := s.participant(a.id, *client)
	if e != "" {
		return nil, e
	}
	if chat == nil {
		chat = s.newChat(a.acc.ID, a.id, p.ConversationID, person)
	}
	if key := [2]string{a.id, p.ConversationID}; chat.ConversationID == "" && p.ConversationID != "" && s.idx.conv[key] == nil {
		chat.ConversationID = p.ConversationID // "write first", C §8.4
		s.idx.conv[key] = chat
	}
	chat.ClientName, chat.Participant = person.Name, person.ID
	if p.Source != nil {
		chat.Source = p.Source.ExternalID
	}
	m := &Message{
		MsgID: p.MsgID, Direction: Inbound, SenderID: person.ID, SenderName: person.Name,
		Msec: *p.Timestamp * 1000, Silent: p.Silent, Content: p.Message.content(),
	}
	if p.Msec != nil {
		m.Msec = *p.Msec
	}
	if p.ReplyTo != nil {
		m.ReplyTo = p.ReplyTo
	}
	if p.Forwards != nil {
		m.Forwards = p.Forwards
	}
	if imported {
		m.Direction, m.SenderID, m.SenderName, m.ReceiverID = Outbound, p.Sender.RefID, p.Sender.Name, person.ID
	}
	s.addMessage(chat, m)
	if !imported {
		s.enterCRM(chat, m, a.channel)
	} else if operator != nil && a.vars.HooksForImports {
		s.sendMessageHook(m)
	}
	return m, ""
}

// addMessage puts a message into its chat. s.mu is held.
func (s *Server) addMessage(chat *Chat, m *Message) {
	m.ID, m.ChatID, m.Scope, m.Account = s.newID(), chat.ID, chat.Scope, chat.Account
	m.Seq = int64(len(s.st.Messages)) + 1
	s.st.Messages = append(s.st.Messages, m)
	s.idx.addMessage(m)
	s.touch()
}

// editMessage is C §3.4.6.
func (a *amojoCall) editMessage(p payloadIn) {
	if p.MsgID == "" && p.ID == "" {
		a.bad("C §3.4.6 edit", "msgid or id is required")
		return
	}
	if e := p.Message.check(true); e != "" {
		a.bad("C §3.4.4 message", e)
		return
	}
	if st := p.Message.DeliveryStatus; st != nil {
		if e := st.check(""); e != "" {
			a.bad("C §3.5 delivery_status", e)
			return
		}
	}
	s := a.s
	s.mu.Lock()
	key := [2]string{a.channel.ID, p.MsgID}
	m := s.idx.msgid[key]
	if p.ID != "" {
		m = s.idx.message[p.ID]
	}
	if m == nil || m.Scope != a.id {
		s.mu.Unlock()
		a.bad("C §3.4.6 edit", "no such message")
		return
	}
	if m.Type != p.Message.Type {
		s.mu.Unlock()
		a.bad("C §3.4.6 edit", "the type of a message cannot change")
		return
	}
	if p.ID != "" && p.MsgID != "" && s.idx.msgid[key] == nil {
		m.MsgID = p.MsgID
		s.idx.msgid[key] = m
	}
	was := m.Content
	m.Content = p.Message.content()
	m.Media, m.FileName = cmp.Or(m.Media, was.Media), cmp.Or(m.FileName, was.FileName)
	m.FileSize = cmp.Or(m.FileSize, was.FileSize)
	m.ReplyTo, m.Forwards, m.Edited = was.ReplyTo, was.Forwards, true
	if st := p.Message.DeliveryStatus; st != nil {
		st.apply(m)
	}
	out := answerTo(m)
	s.touch()
	s.mu.Unlock()
	a.ok(http.StatusOK, out)
}

// Messages lists the messages of an account in order of arrival.
func (s *Server) Messages(account int64) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Message{}
	for _, m := range s.st.Messages {
		if m.Account == account {
			out = append(out, m.clone())
		}
	}
	return out
}

// ChatMessages lists one chat's messages as the CRM's feed shows them: by time,
// then arrival.
func (s *Server) ChatMessages(chat string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Message{}
	for _, m := range s.idx.byChat[chat] {
		out = append(out, m.clone())
	}
	slices.SortStableFunc(out, func(x, y Message) int {
		return cmp.Or(cmp.Compare(x.Msec, y.Msec), cmp.Compare(x.Seq, y.Seq))
	})
	return out
}

// Message finds a message by its amojo id.
func (s *Server) Message(id string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.idx.message[id]
	if m == nil {
		return Message{}, false
	}
	return m.clone(), true
}
