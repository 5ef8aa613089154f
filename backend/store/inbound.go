package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// SaveInbound implements conversation.Store.
func (s conversations) SaveInbound(ctx context.Context, in conversation.NewInbound) (conversation.Saved, error) {
	var saved conversation.Saved
	if s.postgres && !in.Several && !in.Message.Tells() && in.ReplyTo == "" && in.Press == nil && in.CallBack == nil {
		quick, ok, err := s.quickInbound(ctx, in)
		if err != nil {
			return conversation.Saved{}, fmt.Errorf("save inbound message: %w", err)
		}
		if ok {
			return quick, nil
		}
	}
	err := s.do(ctx, func(t *tx) (err error) {
		saved, err = t.saveInbound(in)
		return err
	})
	if err != nil {
		return conversation.Saved{}, fmt.Errorf("save inbound message: %w", err)
	}
	return saved, nil
}

func (t *tx) saveInbound(in conversation.NewInbound) (conversation.Saved, error) {
	v := in.Visitor
	l, err := t.visitorLane(in)
	if errors.Is(err, sql.ErrNoRows) {
		if err = t.open(in); err == nil {
			l, err = t.visitorLane(in)
		}
		if errors.Is(err, sql.ErrNoRows) {
			// The visitor's id is taken in another account, or the conversation's by
			// another visitor: no thread was opened.
			return conversation.Saved{}, fault.Wrap(fault.Denied, "token_invalid", err)
		}
	}
	if err != nil {
		return conversation.Saved{}, err
	}
	m := in.Message
	m.Conversation, m.Direction, m.Status = chatid.ConversationID(l.id), conversation.Inbound, conversation.Stored
	duplicate := func() (conversation.Saved, error) {
		stored, err := scanMessage(t.row(`SELECT `+messageColumns+` FROM messages WHERE conversation_id = ? AND client_id = ? AND client_id <> ''`,
			l.id, string(m.ClientID)))
		list := []conversation.Message{stored}
		if err == nil {
			err = t.attach(list)
		}
		return conversation.Saved{Message: list[0], Visitor: v.ID, Duplicate: true}, err
	}
	ended := l.over()
	asks := m.File != "" || in.ReplyTo != "" || in.Press != nil || in.CallBack != nil || in.Bot != nil || ended
	if asks {
		// A repeat is looked for first: its file is sent already, its call-back open.
		if saved, err := duplicate(); !errors.Is(err, sql.ErrNoRows) {
			return saved, err
		}
		if ended {
			return conversation.Saved{}, fault.New(fault.Conflict, "conversation_ended")
		}
		if err = t.greet(l, in); err != nil {
			return conversation.Saved{}, err
		}
		if err = t.complete(l, in, &m); err != nil {
			return conversation.Saved{}, err
		}
	}
	m.Seq = l.next()
	m.Rev = m.Seq
	m.At = max(in.Now.UnixMilli(), l.lastAt+1)
	isNew, err := t.insertMessage(m)
	switch {
	case err != nil:
		return conversation.Saved{}, err
	case !isNew && asks:
		return conversation.Saved{}, errRerun // a rival stored it between our two looks
	case !isNew:
		return duplicate()
	}
	if in.CallBack != nil {
		if err = t.insertCallBack(l, *in.CallBack, m.ID, in.Now); err != nil {
			return conversation.Saved{}, err
		}
	}
	if err = t.room(l, in.MaxWaiting); err != nil {
		return conversation.Saved{}, err
	}
	if err = t.fillVisitor(l, v); err != nil {
		return conversation.Saved{}, err
	}
	l.lastAt = m.At
	l.said(in.Now)
	if err = t.enqueue(l, in.Holder, m.Seq, conversation.JobMessage, l.messageJob(m, in.Source)); err != nil {
		return conversation.Saved{}, err
	}
	if err = t.reply(l, in, m); err != nil {
		return conversation.Saved{}, err
	}
	whole := l.seq == m.Seq && !m.Tells()
	return conversation.Saved{Message: m, Visitor: v.ID, Whole: whole, Claim: l.claim, Job: l.first}, t.saveLane(l)
}

// messageJob is what delivers m.
func (l *lane) messageJob(m conversation.Message, source string) conversation.MessageJob {
	j := conversation.MessageJob{
		Message: m.ID, At: m.At, Text: m.Text, Visitor: chatid.VisitorID(l.visitor),
		Name: l.name, Phone: l.phone, Email: l.email, Source: source,
	}
	if m.Kind != conversation.KindText {
		j.Kind = m.Kind
	}
	if m.Tells() {
		c := m.Content
		j.Content = &c
	}
	if f := m.Attached; f != nil {
		j.File = &conversation.JobFile{Key: f.Key, Name: f.Name, Bytes: f.Bytes, Seconds: int64(f.Duration.Round(time.Second) / time.Second)}
	}
	if l.byRef {
		j.Chat, j.User = chatid.ChatRef(l.chatRef), chatid.UserRef(l.userRef)
	}
	if l.chatRef == "" {
		j.Contact = chatid.ContactID(l.contact)
	}
	return j
}

// complete adds what the store knows of what the message names: its file, the
// quoted message, the button that was pressed. It refuses a second open call-back.
func (t *tx) complete(l *lane, in conversation.NewInbound, m *conversation.Message) error {
	if m.File != "" {
		if err := t.sendFile(l, m); err != nil {
			return err
		}
	}
	if in.ReplyTo != "" {
		q, err := t.ofLane(l, in.ReplyTo)
		// The service would refuse the message with one that it does not have.
		if errors.Is(err, sql.ErrNoRows) || err == nil && (q.Kind == conversation.KindEnded || q.Status == conversation.Failed) {
			return fault.New(fault.Invalid, "no_such_message")
		}
		if err != nil {
			return err
		}
		m.Quote = quote(q)
	}
	if b := in.CallBack; b != nil {
		open, err := t.callBackOpen(l.account, l.id, b.Since)
		if err == nil && open {
			err = fault.New(fault.Conflict, "callback_waiting")
		}
		if err != nil {
			return err
		}
	}
	if p := in.Press; p != nil && !in.Bot.Offers(*p) {
		q, err := t.ofLane(l, p.Message)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !q.Markup.Has(p.Text, p.Callback) {
			return fault.New(fault.Invalid, "no_such_button")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// quote is a message as it stands inside another.
func quote(m conversation.Message) *conversation.Quote {
	const most = 300 // runes shown of it
	text := []rune(m.Text)
	return &conversation.Quote{
		ID: m.ID, Ref: m.Ref, Direction: m.Direction, Kind: m.Kind, Text: string(text[:min(len(text), most)]), Author: m.AuthorName, At: m.At,
	}
}

// visitorLane locks the visitor's thread in the chat, the named one of several,
// reading the visitor with it.
func (t *tx) visitorLane(in conversation.NewInbound) (*lane, error) {
	var l lane
	v, which, args := in.Visitor, theOne, []any(nil)
	if in.Several {
		which, args = ` AND c.id = ?`, []any{string(in.Conversation)}
	}
	err := t.row(t.locked(`SELECT `+laneColumns+`, v.name, v.phone, v.email, v.alias, v.locale,
		v.external_id, v.proven_phone, v.contact_id`+laneTables+`
		JOIN visitors v ON v.id = c.visitor_id AND v.account_id = c.account_id
		WHERE c.visitor_id = ? AND c.visitor_id <> '' AND c.chat_id = ? AND c.account_id = ?`+which, "c"),
		append([]any{string(v.ID), string(v.Chat), string(v.Account)}, args...)...).
		Scan(append(l.fields(), &l.name, &l.phone, &l.email, &l.alias, &l.locale, &l.externalID, &l.provenPhone, &l.contact)...)
	return &l, err
}

// open stores the visitor and the thread; who comes second finds the first's.
func (t *tx) open(in conversation.NewInbound) error {
	v, p, now := in.Visitor, in.Visitor.Proven, in.Now.UnixMilli()
	if p.Contact == 0 && p.ExternalID != "" {
		// The same person in another chat of the account may have a contact already.
		err := t.row(`SELECT coalesce(max(contact_id), 0) FROM visitors WHERE account_id = ? AND external_id = ? AND external_id <> ''`,
			string(v.Account), p.ExternalID).Scan(&p.Contact)
		if err != nil {
			return err
		}
	}
	_, err := t.exec(`INSERT INTO visitors (id, account_id, chat_id, name, phone, email, alias, locale, external_id, proven_phone, contact_id, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		string(v.ID), string(v.Account), string(v.Chat), v.Name, v.Phone, v.Email, v.Alias, v.Locale, p.ExternalID, p.Phone, int64(p.Contact), now)
	if err != nil {
		return err
	}
	if in.Several {
		return t.openOneOfSeveral(in, now)
	}
	_, err = t.exec(`INSERT INTO conversations (id, account_id, chat_id, visitor_id, created_at)
		SELECT CAST(? AS TEXT), account_id, CAST(? AS TEXT), id, CAST(? AS BIGINT) FROM visitors WHERE id = ? AND account_id = ? ON CONFLICT DO NOTHING`,
		string(in.Conversation), string(v.Chat), now, string(v.ID), string(v.Account))
	return err
}

// fillVisitor stores what the page told and was not known yet, and what is proven.
func (t *tx) fillVisitor(l *lane, v conversation.Visitor) error {
	changed := false
	fill := func(known *string, told string) {
		if *known == "" && told != "" {
			*known, changed = told, true
		}
	}
	fill(&l.name, v.Name)
	fill(&l.phone, v.Phone)
	fill(&l.email, v.Email)
	fill(&l.alias, v.Alias)
	fill(&l.locale, v.Locale)
	if err := t.prove(l, v.Proven); err != nil || !changed {
		return err
	}
	// Another thread of the visitor may have filled a field in since it was read.
	_, err := t.exec(`UPDATE visitors SET name = CASE WHEN name = '' THEN ? ELSE name END, phone = CASE WHEN phone = '' THEN ? ELSE phone END,
		email = CASE WHEN email = '' THEN ? ELSE email END, alias = CASE WHEN alias = '' THEN ? ELSE alias END,
		locale = CASE WHEN locale = '' THEN ? ELSE locale END WHERE id = ?`,
		l.name, l.phone, l.email, l.alias, l.locale, l.visitor)
	return err
}

// prove stores what a user token said. The site's id of a visitor stays: another
// person on the same device is another visitor.
func (t *tx) prove(l *lane, p conversation.Proven) error {
	if p.ExternalID == "" || l.externalID != "" && l.externalID != p.ExternalID {
		return nil
	}
	phone, contact := cmp.Or(p.Phone, l.provenPhone), cmp.Or(int64(p.Contact), l.contact)
	if l.externalID == p.ExternalID && phone == l.provenPhone && contact == l.contact {
		return nil
	}
	_, err := t.exec(`UPDATE visitors SET external_id = ?, proven_phone = ?, contact_id = ? WHERE id = ? AND NOT EXISTS (
		SELECT 1 FROM visitors o WHERE o.account_id = visitors.account_id AND o.chat_id = visitors.chat_id AND o.external_id = ? AND o.external_id <> '' AND o.id <> visitors.id)`,
		p.ExternalID, phone, contact, l.visitor, p.ExternalID)
	l.contact = contact
	return err
}

// room refuses a message when as many as limit jobs of its lane wait already.
func (t *tx) room(l *lane, limit int) error {
	if limit <= 0 || !l.dueAt.Valid { // an idle lane has none
		return nil
	}
	var n int
	err := t.row(`SELECT count(*) FROM (SELECT 1 AS one FROM outbox WHERE conversation_id = ? LIMIT ?) w`, l.id, limit).Scan(&n)
	if err == nil && n >= limit {
		err = fault.New(fault.Limited, "too_many_messages")
	}
	return err
}
