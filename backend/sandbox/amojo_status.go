package sandbox

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// statusIn is the body of delivery_status: the new form, or the old one with
// msgid and delivery_status (C §3.5).
type statusIn struct {
	StatusCode     *int64 `json:"status_code"`
	MsgID          string `json:"msgid"`
	DeliveryStatus *int64 `json:"delivery_status"`
	ErrorCode      *int64 `json:"error_code"`
	Error          string `json:"error"`
}

func (in statusIn) code() int64 {
	if in.StatusCode != nil {
		return *in.StatusCode
	}
	return *in.DeliveryStatus
}

// check says what is wrong, or "". id is the message of the path; "" where there is none.
func (in statusIn) check(id string) string {
	switch {
	case in.StatusCode == nil && (in.DeliveryStatus == nil || in.MsgID == ""):
		return "status_code is required (or, in the old form, msgid and delivery_status)"
	case in.StatusCode != nil && (in.DeliveryStatus != nil || in.MsgID != ""):
		return "the new and the old form do not mix"
	case in.MsgID != "" && in.MsgID != id:
		return "msgid is not the message of the path"
	}
	switch in.code() {
	case 1, 2:
		if in.ErrorCode != nil || in.Error != "" {
			return "error_code and error are only for the status -1"
		}
	case -1:
		if in.ErrorCode == nil || *in.ErrorCode < 901 || *in.ErrorCode > 905 {
			return "the status -1 needs an error_code from 901 to 905"
		}
		if in.Error == "" {
			return "the status -1 needs an error text"
		}
	default:
		return "the status must be 1, 2 or -1"
	}
	return ""
}

func (in statusIn) apply(m *Message) {
	m.Status, m.Error, m.ErrorCode = in.code(), in.Error, 0
	if in.ErrorCode != nil {
		m.ErrorCode = *in.ErrorCode
	}
	m.Statuses = append(m.Statuses, m.Status)
}

// deliveryStatus is C §3.5.
func (a *amojoCall) deliveryStatus() {
	var in statusIn
	if !a.decode(&in) {
		return
	}
	if e := in.check(a.sub); e != "" {
		a.bad("C §3.5 delivery_status", e)
		return
	}
	s := a.s
	s.mu.Lock()
	m := s.idx.message[a.sub]
	if m == nil && a.vars.StatusByMsgID {
		if id, err := url.PathUnescape(a.sub); err == nil {
			m = s.idx.msgid[[2]string{a.channel.ID, id}]
		}
	}
	if m == nil || m.Scope != a.id || !m.FromCRM {
		s.mu.Unlock()
		a.refuse(http.StatusNotFound, Broke, "C §10.7 message", "no message written in the CRM has this amojo id")
		return
	}
	// Going back is not documented; the stricter branch. The same again is fine.
	back := (m.Status == 2 && in.code() != 2) || (m.Status == -1 && in.code() != -1)
	if back && !a.vars.StatusBackwards {
		s.mu.Unlock()
		a.bad("C §3.5 only forward", "the message already has a later status")
		return
	}
	in.apply(m)
	s.touch()
	s.mu.Unlock()
	a.ok(http.StatusOK, nil)
}

// typing is C §3.6.
func (a *amojoCall) typing() {
	var in struct {
		ConversationID string `json:"conversation_id" need:"true"`
		Sender         struct {
			ID string `json:"id" need:"true"`
		} `json:"sender" need:"true"`
		DurationMS *int64 `json:"duration_ms"`
	}
	if !a.decode(&in) {
		return
	}
	d := 5 * time.Second
	if in.DurationMS != nil {
		if *in.DurationMS <= 0 || *in.DurationMS > 600_000 {
			a.bad("C §3.6 duration_ms", "duration_ms must be positive")
			return
		}
		d = time.Duration(*in.DurationMS) * time.Millisecond
	}
	s := a.s
	s.mu.Lock()
	chat := s.idx.conv[[2]string{a.id, in.ConversationID}]
	person := s.idx.client[[2]string{a.id, in.Sender.ID}]
	if chat == nil || person == nil {
		s.mu.Unlock()
		a.refuse(http.StatusNotFound, Broke, "C §3.6 typing", "no such conversation or client")
		return
	}
	chat.TypingUntil = s.now().Add(d)
	s.touch()
	s.mu.Unlock()
	a.ok(http.StatusNoContent, nil)
}

// react is C §3.7.
func (a *amojoCall) react() {
	var in struct {
		ConversationID    string `json:"conversation_id"`
		ConversationRefID string `json:"conversation_ref_id"`
		MsgID             string `json:"msgid"`
		ID                string `json:"id"`
		User              struct {
			ID    string `json:"id"`
			RefID string `json:"ref_id"`
		} `json:"user" need:"true"`
		Type  string `json:"type" need:"true"`
		Emoji string `json:"emoji"`
	}
	if !a.decode(&in) {
		return
	}
	switch {
	case in.ConversationID == "" && in.ConversationRefID == "":
		a.bad("C §3.7 conversation", "conversation_id or conversation_ref_id is required")
		return
	case in.MsgID == "" && in.ID == "":
		a.bad("C §3.7 message", "msgid or id is required")
		return
	case in.User.ID == "" && in.User.RefID == "":
		a.bad("C §3.7 user", "user.id or user.ref_id is required")
		return
	case in.Type != "unreact" && (in.Type != "react" || in.Emoji == "" && !a.vars.EmojiOptional):
		a.bad("C §3.7 type", "type must be react with an emoji, or unreact")
		return
	case in.Type == "react" && len(a.vars.ReactionsAllowed) > 0 && !slices.Contains(a.vars.ReactionsAllowed, in.Emoji):
		a.bad("C §9.31 emoji", "the channel was registered with other reactions")
		return
	}
	s := a.s
	s.mu.Lock()
	m := s.idx.message[in.ID]
	if m == nil {
		m = s.idx.msgid[[2]string{a.channel.ID, in.MsgID}]
	}
	chat := s.st.Chats[in.ConversationRefID]
	if chat == nil {
		chat = s.idx.conv[[2]string{a.id, in.ConversationID}]
	}
	if m == nil || chat == nil || chat.Scope != a.id || m.ChatID != chat.ID {
		s.mu.Unlock()
		a.refuse(http.StatusNotFound, Broke, "C §10.7 message", "no such message in this conversation")
		return
	}
	who := ""
	if p := s.idx.client[[2]string{a.id, in.User.ID}]; p != nil {
		who = p.ID
	}
	if ref := in.User.RefID; ref != "" {
		p := s.st.Participants[ref]
		if a.acc.userByAmojo(ref) == nil && ref != a.channel.BotID && (p == nil || p.Scope != a.id) {
			s.mu.Unlock()
			a.bad("C §3.7 user", "user.ref_id names nobody")
			return
		}
		who = ref
	}
	if who == "" {
		s.mu.Unlock()
		a.bad("C §3.7 user", "user.id names no participant")
		return
	}
	emoji := in.Emoji
	if emoji == "" && in.Type == "react" {
		emoji = "👍" // what the optional one means is not documented
	}
	m.react(who, emoji, in.Type == "react", a.vars.ManyReactions)
	s.touch()
	s.mu.Unlock()
	a.ok(http.StatusOK, a.kommoEmpty())
}

// react sets or removes one person's reaction. A second one replaces the first
// unless many are kept; an unreact without emoji removes all.
func (m *Message) react(who, emoji string, set, many bool) {
	m.Reactions = maps.Clone(m.Reactions)
	if m.Reactions == nil {
		m.Reactions = map[string]string{}
	}
	var all []string
	if many && emoji != "" {
		all = slices.DeleteFunc(strings.Fields(m.Reactions[who]), func(e string) bool { return e == emoji })
	}
	if set {
		all = append(all, emoji)
	}
	if m.Reactions[who] = strings.Join(all, " "); len(all) == 0 {
		delete(m.Reactions, who)
	}
}
