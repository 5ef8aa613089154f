package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// saving runs a closure that stores something of a conversation.
func (s conversations) saving(ctx context.Context, what string, fn func(t *tx) (conversation.Saved, error)) (conversation.Saved, error) {
	var saved conversation.Saved
	err := s.do(ctx, func(t *tx) (err error) {
		saved, err = fn(t)
		return err
	})
	if err != nil {
		return conversation.Saved{}, fmt.Errorf("%s: %w", what, err)
	}
	return saved, nil
}

// changed locks the conversation and finds the message that a visitor changes.
func (t *tx) changed(c conversation.Change) (*lane, conversation.Message, error) {
	l, err := t.lane(` WHERE c.id = ? AND c.account_id = ?`, string(c.Conversation), string(c.Account))
	if err != nil {
		return nil, conversation.Message{}, err
	}
	m, err := t.ofLane(l, c.Message)
	if errors.Is(err, sql.ErrNoRows) {
		err = fault.New(fault.NotFound, "no_such_message")
	}
	if err != nil {
		return nil, m, err
	}
	list := []conversation.Message{m}
	err = t.attach(list)
	return l, list[0], err
}

// stored is a message after a change.
func (t *tx) stored(l *lane, m conversation.Message) (conversation.Saved, error) {
	return conversation.Saved{Message: m, Visitor: chatid.VisitorID(l.visitor), Claim: l.claim, Job: l.first}, t.saveLane(l)
}

// SaveEdit implements conversation.Store.
func (s conversations) SaveEdit(ctx context.Context, c conversation.Change, text string, notBefore time.Time) (conversation.Saved, error) {
	return s.saving(ctx, "save edit", func(t *tx) (conversation.Saved, error) {
		l, m, err := t.changed(c)
		if err != nil {
			return conversation.Saved{}, err
		}
		editable := m.Direction == conversation.Inbound && m.Status != conversation.Failed && m.At >= notBefore.UnixMilli() &&
			m.Callback == "" && !l.over() && (m.Kind == conversation.KindText || m.File != "")
		if !editable {
			return conversation.Saved{}, fault.New(fault.Invalid, "not_editable")
		}
		if m.Text == text {
			return conversation.Saved{Message: m, Duplicate: true}, nil
		}
		m.Text, m.EditedAt, m.Rev = text, c.Now, l.next()
		if _, err = t.exec(`UPDATE messages SET text = ?, edited_at = ?, rev = ? WHERE id = ?`, text, ms(c.Now), m.Rev, string(m.ID)); err != nil {
			return conversation.Saved{}, err
		}
		l.said(c.Now)
		// Its own delivery may wait in the lane still: that goes out as it was, and the
		// edit behind it.
		err = t.enqueue(l, c.Holder, m.Rev, conversation.JobEdit, conversation.EditJob{Message: m.ID, Kind: m.Kind, Text: text, At: c.Now.UnixMilli()})
		if err != nil {
			return conversation.Saved{}, err
		}
		return t.stored(l, m)
	})
}

// SaveReaction implements conversation.Store.
func (s conversations) SaveReaction(ctx context.Context, c conversation.Change, emoji string) (conversation.Saved, error) {
	return s.saving(ctx, "save reaction", func(t *tx) (conversation.Saved, error) {
		l, m, err := t.changed(c)
		if err == nil && (m.Kind == conversation.KindEnded || m.Status == conversation.Failed) {
			err = fault.New(fault.NotFound, "no_such_message")
		}
		if err != nil {
			return conversation.Saved{}, err
		}
		next, isNew := react(m.Reactions, "", emoji)
		if !isNew {
			return conversation.Saved{Message: m, Duplicate: true}, nil
		}
		if err = t.setReactions(l, &m, next); err != nil {
			return conversation.Saved{}, err
		}
		job := conversation.ReactJob{Visitor: c.Visitor, Emoji: emoji}
		if m.Direction == conversation.Inbound || m.ClientID != "" { // the visitor's, or imported: it has our msgid
			job.Message = m.ID
		} else if reportable(m.Ref) {
			job.Ref = m.Ref
		}
		if l.byRef {
			job.Chat = chatid.ChatRef(l.chatRef)
		}
		if (job.Message != "" || job.Ref != "") && !m.Untold {
			if err = t.enqueue(l, c.Holder, m.Rev, conversation.JobReact, job); err != nil {
				return conversation.Saved{}, err
			}
		}
		return t.stored(l, m)
	})
}

// SaveOperatorReaction implements conversation.Store.
func (s conversations) SaveOperatorReaction(ctx context.Context, r conversation.OperatorReaction) (conversation.Saved, error) {
	return s.saving(ctx, "save operator's reaction", func(t *tx) (conversation.Saved, error) {
		l, err := t.lane(` WHERE c.id = (SELECT m.conversation_id FROM messages m WHERE m.account_id = ? AND (m.id = ? OR m.ref = ? AND m.ref <> '')
			ORDER BY (CASE WHEN m.id = ? THEN 0 ELSE 1 END) LIMIT 1)`, string(r.Account), string(r.Message), string(r.Ref), string(r.Message))
		if err != nil {
			return conversation.Saved{}, err
		}
		m, err := scanMessage(t.row(`SELECT `+messageColumns+` FROM messages WHERE conversation_id = ? AND (id = ? OR ref = ? AND ref <> '')
			ORDER BY (CASE WHEN id = ? THEN 0 ELSE 1 END) LIMIT 1`, l.id, string(r.Message), string(r.Ref), string(r.Message)))
		if err != nil {
			return conversation.Saved{}, err
		}
		next, isNew := react(m.Reactions, r.By, r.Emoji)
		if !isNew || r.By == "" {
			return conversation.Saved{Message: m, Duplicate: true}, nil
		}
		if err = t.setReactions(l, &m, next); err != nil {
			return conversation.Saved{}, err
		}
		return t.stored(l, m)
	})
}

func (t *tx) setReactions(l *lane, m *conversation.Message, list []conversation.Reaction) error {
	m.Reactions, m.Rev = list, l.next()
	_, err := t.exec(`UPDATE messages SET reactions = ?, rev = ? WHERE id = ?`, writeReactions(list), m.Rev, string(m.ID))
	return err
}

// SaveEnd implements conversation.Store.
func (s conversations) SaveEnd(ctx context.Context, e conversation.End) (conversation.Saved, error) {
	return s.saving(ctx, "end conversation", func(t *tx) (conversation.Saved, error) {
		l, err := t.lane(` WHERE c.id = ? AND c.account_id = ?`, string(e.Conversation), string(e.Account))
		if err != nil {
			return conversation.Saved{}, err
		}
		var talk, closed chatid.TalkID
		if err = t.row(`SELECT talk_id, closed_talk FROM conversations WHERE id = ?`, l.id).Scan(&talk, &closed); err != nil {
			return conversation.Saved{}, err
		}
		again := e.Talk != 0 && closed >= e.Talk
		ends := e.Talk
		if e.ByVisitor {
			ends = talk // whose end in the CRM will be no news
		}
		if ends > closed {
			if _, err = t.exec(`UPDATE conversations SET closed_talk = ? WHERE id = ?`, int64(ends), l.id); err != nil {
				return conversation.Saved{}, err
			}
		}
		wroteSince := e.Talk != 0 && l.lastAt > e.ClosedAt.UnixMilli()
		if again || wroteSince || l.endedAt != 0 || l.seq == 0 {
			return conversation.Saved{Duplicate: true}, nil
		}
		m, err := t.endLane(l, e, talk)
		if err != nil {
			return conversation.Saved{}, err
		}
		return t.stored(l, m)
	})
}

// endLane adds the line that ends a conversation and, where it was not ended there,
// the job that closes its talk.
func (t *tx) endLane(l *lane, e conversation.End, talk chatid.TalkID) (conversation.Message, error) {
	l.endedAt, l.lastAt = e.Now.UnixMilli(), max(e.Now.UnixMilli(), l.lastAt+1)
	m := conversation.Message{
		ID: e.ID, Account: e.Account, Conversation: e.Conversation, Seq: l.next(), At: l.lastAt,
		Direction: conversation.Outbound, Kind: conversation.KindEnded, Status: conversation.Read,
	}
	m.Rev = m.Seq
	_, err := t.insertMessage(m)
	if err == nil && e.ByVisitor {
		err = t.enqueue(l, e.Holder, m.Seq, conversation.JobClose, conversation.CloseJob{Talk: talk})
	}
	return m, err
}

// SaveRead implements conversation.Store.
func (s conversations) SaveRead(ctx context.Context, a chatid.AccountID, id chatid.ConversationID, until int64) (conversation.Reported, error) {
	var rep conversation.Reported
	err := s.do(ctx, func(t *tx) error {
		rep = conversation.Reported{}
		l, err := t.lane(` WHERE c.id = ? AND c.account_id = ?`, string(id), string(a))
		if err != nil {
			return err
		}
		// Only what the chats service has can have been read there.
		rows, err := t.rows(`SELECT `+messageColumns+` FROM messages WHERE conversation_id = ? AND direction = ? AND status = ? AND at <= ? ORDER BY seq`,
			l.id, string(conversation.Inbound), int(conversation.Delivered), until)
		if err != nil {
			return err
		}
		defer rows.Close()
		list, err := collect(rows, scanMessage)
		if err != nil {
			return err
		}
		for _, m := range list {
			if _, err = t.exec(`UPDATE messages SET status = ?, rev = ? WHERE id = ?`, int(conversation.Read), l.next(), string(m.ID)); err != nil {
				return err
			}
		}
		rep.Changed, rep.Rev = len(list), l.seq
		if len(list) == 0 {
			return nil
		}
		return t.saveLane(l)
	})
	if err != nil {
		return conversation.Reported{}, fmt.Errorf("save read state: %w", err)
	}
	return rep, nil
}

// SaveImport implements conversation.Store.
func (s conversations) SaveImport(ctx context.Context, in conversation.NewImport) (conversation.Saved, error) {
	return s.saving(ctx, "save imported message", func(t *tx) (conversation.Saved, error) {
		into := conversation.NewInbound{Visitor: in.Visitor, Conversation: in.Conversation, Holder: in.Holder}
		l, err := t.visitorLane(into)
		if errors.Is(err, sql.ErrNoRows) {
			if err = t.open(into); err == nil {
				l, err = t.visitorLane(into)
			}
		}
		if err != nil {
			return conversation.Saved{}, err
		}
		m := in.Message
		m.Conversation, m.Seq = chatid.ConversationID(l.id), l.next()
		m.Rev = m.Seq
		isNew, err := t.insertMessage(m)
		if err != nil || !isNew {
			return conversation.Saved{Duplicate: true}, err
		}
		l.lastAt = max(l.lastAt, m.At)
		l.touchedAt = max(l.touchedAt, m.At)
		job := l.messageJob(m, in.Source)
		job.Author, job.Silent = in.Author, in.Silent
		if err = t.enqueue(l, in.Holder, m.Seq, conversation.JobMessage, job); err != nil {
			return conversation.Saved{}, err
		}
		return t.stored(l, m)
	})
}
