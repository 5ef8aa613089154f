package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// SaveInbound implements conversation.Store.
func (s conversations) SaveInbound(ctx context.Context, in conversation.NewInbound) (conversation.Saved, error) {
	var saved conversation.Saved
	if s.postgres {
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
	l, err := t.visitorLane(v)
	if errors.Is(err, sql.ErrNoRows) {
		if err = t.open(in); err == nil {
			l, err = t.visitorLane(v)
		}
		if errors.Is(err, sql.ErrNoRows) {
			// The visitor's id is taken in another account: no thread was opened.
			return conversation.Saved{}, fault.Wrap(fault.Denied, "token_invalid", err)
		}
	}
	if err != nil {
		return conversation.Saved{}, err
	}
	m := in.Message
	m.Conversation, m.Direction, m.Status = chatid.ConversationID(l.id), conversation.Inbound, conversation.Stored
	m.Seq = l.next()
	m.Rev = m.Seq
	m.At = max(in.Now.UnixMilli(), l.lastAt+1)
	isNew, err := t.insertMessage(m)
	if err != nil {
		return conversation.Saved{}, err
	}
	if !isNew {
		m, err = scanMessage(t.row(`SELECT `+messageColumns+` FROM messages WHERE conversation_id = ? AND client_id = ? AND client_id <> ''`,
			l.id, string(in.Message.ClientID)))
		return conversation.Saved{Message: m, Visitor: v.ID, Duplicate: true}, err
	}
	if err = t.room(l, in.MaxWaiting); err != nil {
		return conversation.Saved{}, err
	}
	if err = t.fillVisitor(l, v); err != nil {
		return conversation.Saved{}, err
	}
	l.lastAt = m.At
	err = t.enqueue(l, holder{in.Token, in.Now, in.Lease}, m.Seq, conversation.JobMessage, conversation.MessageJob{
		Message: m.ID, At: m.At, Text: m.Text, Visitor: v.ID,
		Name: l.name, Phone: l.phone, Email: l.email, Source: in.Source,
	})
	if err != nil {
		return conversation.Saved{}, err
	}
	return conversation.Saved{Message: m, Visitor: v.ID, Claim: l.claim, Job: l.first}, t.saveLane(l)
}

// visitorLane locks the visitor's thread in the chat, reading the visitor with it.
func (t *tx) visitorLane(v conversation.Visitor) (*lane, error) {
	var l lane
	err := t.row(t.locked(`SELECT `+laneColumns+`, v.name, v.phone, v.email, v.alias, v.locale`+laneTables+`
		JOIN visitors v ON v.id = c.visitor_id AND v.account_id = c.account_id
		WHERE c.visitor_id = ? AND c.visitor_id <> '' AND c.chat_id = ? AND c.account_id = ?`, "c"),
		string(v.ID), string(v.Chat), string(v.Account)).
		Scan(append(l.fields(), &l.name, &l.phone, &l.email, &l.alias, &l.locale)...)
	return &l, err
}

// open stores the visitor and the thread; who comes second finds the first's.
func (t *tx) open(in conversation.NewInbound) error {
	v, now := in.Visitor, in.Now.UnixMilli()
	_, err := t.exec(`INSERT INTO visitors (id, account_id, chat_id, name, phone, email, alias, locale, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		string(v.ID), string(v.Account), string(v.Chat), v.Name, v.Phone, v.Email, v.Alias, v.Locale, now)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO conversations (id, account_id, chat_id, visitor_id, created_at)
		SELECT CAST(? AS TEXT), account_id, CAST(? AS TEXT), id, CAST(? AS BIGINT) FROM visitors WHERE id = ? AND account_id = ? ON CONFLICT DO NOTHING`,
		string(in.Conversation), string(v.Chat), now, string(v.ID), string(v.Account))
	return err
}

// fillVisitor stores what the page told and was not known yet.
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
	if !changed {
		return nil
	}
	// Another thread of the visitor may have filled a field in since it was read.
	_, err := t.exec(`UPDATE visitors SET name = CASE WHEN name = '' THEN ? ELSE name END, phone = CASE WHEN phone = '' THEN ? ELSE phone END,
		email = CASE WHEN email = '' THEN ? ELSE email END, alias = CASE WHEN alias = '' THEN ? ELSE alias END,
		locale = CASE WHEN locale = '' THEN ? ELSE locale END WHERE id = ?`,
		l.name, l.phone, l.email, l.alias, l.locale, l.visitor)
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
