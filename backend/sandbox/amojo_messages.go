package sandbox

import (
	"cmp"
	"encoding/json"
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

// messageOut is the answer of C §3.4.5; the older and shorter forms leave
// fields out.
type messageOut struct {
	NewMessage struct {
		ConversationID string          `json:"conversation_id,omitempty"`
		SenderID       string          `json:"sender_id,omitempty"`
		ReceiverID     json.RawMessage `json:"receiver_id,omitempty"`
		MsgID          string          `json:"msgid"`
		RefID          string          `json:"ref_id,omitempty"`
	} `json:"new_message"`
}

func (a *amojoCall) answerTo(m *Message) (o messageOut) {
	n, form := &o.NewMessage, a.vars.MessageAnswer
	if n.MsgID = m.ID; form == "msgid" {
		return o
	}
	if n.RefID = m.MsgID; form == "short" {
		return o
	}
	n.ConversationID, n.SenderID = m.ChatID, m.SenderID
	switch {
	case m.ReceiverID != "":
		n.ReceiverID = marshal(m.ReceiverID)
	case form == "null_receiver":
		n.ReceiverID = json.RawMessage("null")
	}
	return o
}

func (a *amojoCall) newMessage(p payloadIn) {
	if e := p.checkNew(a.vars.ChatVariants); e != "" {
		a.bad("C §3.4.2 payload", e)
		return
	}
	if !a.checkSource(p.Source) {
		return
	}
	s := a.s
	s.mu.Lock()
	if first := s.idx.msgid[[2]string{a.channel.ID, p.MsgID}]; first != nil {
		out := a.answerTo(first)
		s.mu.Unlock()
		a.repeated(out)
		return
	}
	m, e := s.storeMessage(a, p)
	if e != "" {
		s.mu.Unlock()
		a.bad("C §3.4 message", e)
		return
	}
	cut := a.aimed && take(&s.faults.AmojoCutAfter)
	out := a.answerTo(m)
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
	if p.Sender.RefID == "" && p.Receiver != nil { // switched on, C §9.25
		bot, p.Sender.RefID = true, a.channel.BotID
	}
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
	if p.Message.Post != nil && bot {
		return nil, "comments go from the client or from an operator, not from the bot" // C §3.4.9
	}
	var chat *Chat
	if p.ConversationRefID != "" {
		if chat = s.st.Chats[p.ConversationRefID]; chat == nil || chat.Scope != a.id {
			return nil, "conversation_ref_id names no chat of this scope"
		}
	} else {
		chat = s.idx.conv[[2]string{a.id, p.ConversationID}]
	}
	quotedIn, reply, forwards, e := chat, (*Reply)(nil), (*Forwarded)(nil), ""
	if p.ReplyTo != nil {
		if quotedIn == nil {
			quotedIn = &Chat{Scope: a.id} // the first message of a chat can quote none of it
		}
		if reply, e = s.replyOf(quotedIn, p.ReplyTo.Message); e != "" {
			return nil, e
		}
	}
	if p.Forwards != nil {
		if forwards, e = s.forwardsOf(a.id, *p.Forwards); e != "" {
			return nil, e
		}
	}
	person, e := s.participant(a.id, *client, chat)
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
		Msec: *p.Timestamp * 1000, Silent: p.Silent != nil && *p.Silent, Content: p.Message.content(),
	}
	if p.Msec != nil {
		m.Msec = *p.Msec
	}
	if reply != nil {
		m.ReplyTo = reply
	}
	if forwards != nil {
		m.Forwards = forwards
	}
	if imported {
		m.Direction, m.SenderID, m.SenderName, m.ReceiverID = Outbound, p.Sender.RefID, p.Sender.Name, person.ID
	}
	s.addMessage(chat, m)
	s.downloadsOf(m)
	if !imported {
		s.enterCRM(chat, m, a.channel, client.Profile)
		return m, ""
	}
	s.enterImport(chat, m, a.channel, client.Profile)
	if operator != nil && a.vars.HooksForImports {
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
	if (p.Timestamp == nil || p.Msec == nil) && slices.Contains(a.vars.RequireFields, "edit_times") {
		a.bad("C §3.4.2 payload", "timestamp and msec_timestamp are required")
		return
	}
	if p.Message.Post != nil {
		a.bad("C §3.4.9 comments", "comments cannot be edited")
		return
	}
	if e := p.Message.check(true, a.vars.ChatVariants); e != "" {
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
	if m.Type != p.Message.Type && !a.vars.EditChangesType {
		s.mu.Unlock()
		a.bad("C §3.4.6 edit", "the type of a message cannot change")
		return
	}
	if p.ID != "" && p.MsgID != "" && s.idx.msgid[key] == nil {
		m.MsgID = p.MsgID
		s.idx.msgid[key] = m
	}
	was := m.Content
	m.Content, m.Edited = edited(was, p.Message.content()), true
	if m.Media != was.Media {
		s.downloadsOf(m)
	}
	if st := p.Message.DeliveryStatus; st != nil {
		st.apply(m)
	}
	out := a.answerTo(m)
	s.touch()
	s.mu.Unlock()
	switch a.vars.EditAnswer {
	case "object":
		a.ok(http.StatusOK, struct{}{})
	case "empty":
		a.ok(http.StatusOK, nil)
	default:
		a.ok(http.StatusOK, out)
	}
}

// edited is the new content with what an edit leaves as it was: the file when
// none was sent, and what edits ignore (C §3.4.6).
func edited(was, now Content) Content {
	if now.Media == "" && now.Type == was.Type {
		now.Media, now.Thumbnail, now.FileName, now.FileSize = was.Media, was.Thumbnail, cmp.Or(now.FileName, was.FileName), cmp.Or(now.FileSize, was.FileSize)
		now.MediaDuration, now.StickerID, now.MediaGroupID = cmp.Or(now.MediaDuration, was.MediaDuration), cmp.Or(now.StickerID, was.StickerID), was.MediaGroupID
	}
	now.ReplyTo, now.Forwards, now.Markup, now.Template = was.ReplyTo, was.Forwards, was.Markup, was.Template
	now.Post, now.SharedPost, now.CallbackData = was.Post, cmp.Or(now.SharedPost, was.SharedPost), cmp.Or(now.CallbackData, was.CallbackData)
	return now
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
// then arrival, or by arrival alone where that variant is on.
func (s *Server) ChatMessages(chat string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Message{}
	for _, m := range s.idx.byChat[chat] {
		out = append(out, m.clone())
	}
	if s.st.Variants.FeedByArrival {
		return out
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
