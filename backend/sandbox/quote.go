package sandbox

// Nested is a quoted or forwarded message as hooks and the feed carry it (C §4.3).
type Nested struct {
	ID        string        `json:"id,omitempty"`
	MsgID     string        `json:"msgid,omitempty"`
	Type      string        `json:"type"`
	Text      string        `json:"text"`
	Media     string        `json:"media"`
	Thumbnail string        `json:"thumbnail"`
	FileName  string        `json:"file_name"`
	FileSize  int64         `json:"file_size"`
	Location  *Location     `json:"location,omitempty"`
	Contact   *Card         `json:"contact,omitempty"`
	Timestamp int64         `json:"timestamp"`
	Msec      int64         `json:"msec_timestamp"`
	Sender    *nestedPerson `json:"sender,omitempty"`
	Receiver  *nestedPerson `json:"receiver,omitempty"`
}

// nestedPerson has neither phone nor e-mail.
type nestedPerson struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name"`
	ClientID string `json:"client_id,omitempty"`
}

// Reply is reply_to of a message.
type Reply struct {
	Message Nested `json:"message"`
}

// Forwarded is forwards of a message: exactly one.
type Forwarded struct {
	Messages       []Nested `json:"messages"`
	ConversationID string   `json:"conversation_ref_id,omitempty"`
}

// nested describes a stored message. s.mu is held.
func (s *Server) nested(m *Message) Nested {
	n := Nested{
		ID: m.ID, MsgID: m.MsgID, Type: m.Type, Text: m.Text, Media: m.Media, Thumbnail: m.Thumbnail, FileName: m.FileName,
		FileSize: m.FileSize, Location: m.Location, Contact: m.Contact, Timestamp: m.Msec / 1000, Msec: m.Msec,
		Sender: s.nestedPerson(m.SenderID, m.SenderName),
	}
	if m.ReceiverID != "" {
		n.Receiver = s.nestedPerson(m.ReceiverID, "")
	}
	return n
}

func (s *Server) nestedPerson(id, name string) *nestedPerson {
	if p := s.st.Participants[id]; p != nil {
		return &nestedPerson{ID: p.ID, Name: p.Name, ClientID: p.ClientID}
	}
	return &nestedPerson{ID: id, Name: name}
}

// quoted finds the message that a client quotes by id or msgid, or makes one
// of what it says itself (C §3.4.7). The text is what was wrong. s.mu is held.
func (s *Server) quoted(channel string, q quoteIn) (*Message, Nested, string) {
	if q.ID == "" && q.MsgID == "" {
		n := Nested{
			Type: q.Type, Text: q.Text, FileName: q.FileName, FileSize: q.FileSize, Location: q.Location, Contact: q.Contact,
			Timestamp: *q.Timestamp, Msec: *q.Msec, Sender: &nestedPerson{ID: q.Sender.RefID, Name: q.Sender.Name, ClientID: q.Sender.ID},
		}
		return nil, n, ""
	}
	m := s.idx.message[q.ID]
	if q.ID == "" {
		m = s.idx.msgid[[2]string{channel, q.MsgID}]
	}
	if m == nil || channelOf(m.Scope) != channel {
		return nil, Nested{}, "the quoted message does not exist"
	}
	return m, s.nested(m), ""
}

// replyOf resolves reply_to: the quoted message must belong to the same chat.
func (s *Server) replyOf(chat *Chat, q quoteIn) (*Reply, string) {
	m, n, e := s.quoted(channelOf(chat.Scope), q)
	if e == "" && m != nil && m.ChatID != chat.ID {
		e = "the quoted message belongs to another chat"
	}
	return &Reply{n}, e
}

// forwardsOf resolves forwards: any chat of the integration; a chat that is
// named must be the message's.
func (s *Server) forwardsOf(scope string, in forwardIn) (*Forwarded, string) {
	m, n, e := s.quoted(channelOf(scope), in.Messages[0])
	if e != "" {
		return nil, e
	}
	out := &Forwarded{Messages: []Nested{n}}
	from := s.st.Chats[in.ConversationRefID]
	if from == nil && in.ConversationID != "" {
		from = s.idx.conv[[2]string{scope, in.ConversationID}]
	}
	named := in.ConversationRefID != "" || in.ConversationID != ""
	switch {
	case named && (from == nil || channelOf(from.Scope) != channelOf(scope)):
		return nil, "forwards names a chat that does not exist"
	case named && m != nil && m.ChatID != from.ID:
		return nil, "the forwarded message is not of the chat that forwards names"
	case m != nil:
		out.ConversationID = m.ChatID
	case named:
		out.ConversationID = from.ID
	}
	return out, ""
}
