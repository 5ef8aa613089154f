package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

// SaveOutbound implements conversation.Store.
func (s conversations) SaveOutbound(ctx context.Context, in conversation.NewOutbound) (conversation.Saved, error) {
	var saved conversation.Saved
	quick := !s.postgres
	if s.postgres {
		found, ok, err := s.quickOutbound(ctx, in)
		if err != nil {
			return conversation.Saved{}, fmt.Errorf("save outbound message: %w", err)
		}
		if ok {
			return found, nil
		}
	}
	err := s.write(ctx, "save outbound message", func(t *tx) (err error) {
		if quick {
			var ok bool
			if saved, ok, err = t.takeOutbound(in); ok {
				return nil
			}
			if err != nil {
				quick = false // it would meet the same again
				return err
			}
		}
		saved, err = t.saveOutbound(in)
		return err
	})
	if err != nil {
		return conversation.Saved{}, err
	}
	return saved, nil
}

func (t *tx) saveOutbound(in conversation.NewOutbound) (conversation.Saved, error) {
	if in.Message.Ref != "" {
		saved, err := t.storedByRef(in.Message)
		if !errors.Is(err, sql.ErrNoRows) {
			return saved, err
		}
	}
	l, err := t.outboundLane(in)
	if err != nil {
		return conversation.Saved{}, err
	}
	m := in.Message
	m.Conversation, m.Direction, m.Status = chatid.ConversationID(l.id), conversation.Outbound, conversation.Stored
	if known, err := t.known(l, m); !errors.Is(err, sql.ErrNoRows) {
		if err == nil {
			err = t.reportKnown(l, in, known)
		}
		return conversation.Saved{Message: known, Visitor: chatid.VisitorID(l.visitor), Duplicate: true, Claim: l.claim, Job: l.first}, err
	}
	m.Seq = l.next()
	m.Rev = m.Seq
	if l.closed(m.At) {
		// CON-7: an error over there rather than a message that nobody reads.
		in.KindRefused = &conversation.StatusJob{Status: conversation.Failed, Code: conversation.CodeEnded, Text: conversation.EndedText}
		in.File, m.File, m.Pending = nil, "", false
	}
	switch {
	case in.KindRefused != nil:
		m.Status, m.ErrorCode = conversation.Failed, in.KindRefused.Text
	case l.visitor == "" && in.WroteFirst.Chat == "":
		m.Status, m.ErrorCode = conversation.Failed, conversation.CodeUnknownConversation // nothing says whom it is for
	}
	if err = t.quoted(l, &m); err != nil {
		return conversation.Saved{}, err
	}
	isNew, err := t.insertMessage(m)
	if err != nil {
		return conversation.Saved{}, err
	}
	if !isNew {
		return conversation.Saved{}, errRerun // a rival stored it between our two looks
	}
	if err = t.outboundJobs(l, in, m); err != nil {
		return conversation.Saved{}, err
	}
	if !l.over() {
		l.said(in.Now)
	}
	l.know(in.Chat, in.User)
	if l.visitor != "" && m.Status != conversation.Failed {
		if err = t.follow(l, in.Chat, in.User); err != nil {
			return conversation.Saved{}, err
		}
	}
	m.Attached = in.File
	whole := l.seq == m.Seq && !m.Tells() && m.Status == conversation.Stored
	return conversation.Saved{Message: m, Visitor: chatid.VisitorID(l.visitor), Whole: whole, Claim: l.claim, Job: l.first}, t.saveLane(l)
}

// outboundJobs stores what a new outbound message entails: its file to be fetched,
// the report of a refusal, the search for whom it is meant.
func (t *tx) outboundJobs(l *lane, in conversation.NewOutbound, m conversation.Message) error {
	if in.File != nil {
		f := *in.File
		if err := t.insertFile(f, m.ID, sql.NullInt64{Int64: in.Now.UnixMilli(), Valid: true}); err != nil {
			return err
		}
	}
	switch {
	case in.KindRefused != nil && reportable(m.Ref):
		report := *in.KindRefused
		report.Ref = m.Ref
		return t.enqueue(l, in.Holder, m.Seq, conversation.JobStatus, report)
	case l.visitor == "" && m.Status != conversation.Failed:
		job := in.WroteFirst
		job.Message, job.Ref = m.ID, m.Ref
		return t.enqueue(l, in.Holder, m.Seq, conversation.JobWroteFirst, job)
	}
	return nil
}

// known finds a message that is here under another name, and keeps the service's
// id of it: one of an imported history that comes back as a hook before its
// delivery was answered (C §9, trap 26), or one that came as a v1 hook, which has
// no id, and now stands in the history, or the other way round (design.md §2). What
// the greeting bot said stands over there with its buttons behind the text.
func (t *tx) known(l *lane, m conversation.Message) (conversation.Message, error) {
	other := `(ref = '' AND client_id <> '' OR ref LIKE 'v1:%')`
	if !reportable(m.Ref) {
		other = `ref <> '' AND ref NOT LIKE 'v1:%'`
	}
	from, until := moment(m.At)
	found, err := scanMessage(t.row(`SELECT `+messageColumns+` FROM messages
		WHERE conversation_id = ? AND at BETWEEN ? AND ? AND (at = ? OR at = ? OR at > ? AND at <= ?) AND direction = ?
		AND (text = ? OR client_id = id AND substr(CAST(? AS TEXT), 1, length(text)) = text) AND `+other+`
		ORDER BY (CASE WHEN at = ? THEN 0 ELSE 1 END), seq LIMIT 1`,
		l.id, from, max(m.At, until), m.At, from, from, until, string(conversation.Outbound), m.Text, m.Text, m.At))
	if err == nil && reportable(m.Ref) {
		found.Ref = m.Ref
		_, err = t.exec(`UPDATE messages SET ref = ? WHERE id = ?`, string(m.Ref), string(found.ID))
	}
	if err != nil {
		return found, err
	}
	list := []conversation.Message{found}
	err = t.attach(list)
	return list[0], err
}

// reportKnown tells how far a message has come that has a name of the service only
// now: what browsers reported of it before could not be passed on. Imported ones
// are never reported (C §10).
func (t *tx) reportKnown(l *lane, in conversation.NewOutbound, m conversation.Message) error {
	if !reportable(in.Message.Ref) || m.ClientID != "" || m.Status <= conversation.Stored {
		return nil
	}
	if err := t.enqueue(l, in.Holder, l.next(), conversation.JobStatus, conversation.StatusJob{Ref: m.Ref, Status: m.Status}); err != nil {
		return err
	}
	return t.saveLane(l)
}

// moment gives which other times may be meant by at: the history may tell seconds
// alone (C §3.8). They are from itself, and those after it to until.
func moment(at int64) (from, until int64) {
	from = at - at%1000
	if at == from {
		return from, from + 999
	}
	return from, from
}

// quoted takes what an operator quotes from our own copy, which says more than
// the hook does.
func (t *tx) quoted(l *lane, m *conversation.Message) error {
	q := m.Quote
	if q == nil {
		return nil
	}
	own, err := scanMessage(t.row(`SELECT `+messageColumns+` FROM messages
		WHERE id IN (?, (SELECT r.id FROM messages r WHERE r.account_id = ? AND r.ref = ? AND r.ref <> '')) AND conversation_id = ? LIMIT 1`,
		string(q.ID), l.account, string(q.Ref), l.id))
	switch {
	case err == nil:
		m.Quote = quote(own)
	case errors.Is(err, sql.ErrNoRows):
		c := *q
		c.ID = "" // names nothing here
		m.Quote = &c
	default:
		return err
	}
	return nil
}

// storedByRef finds a hook's message that came before.
func (t *tx) storedByRef(m conversation.Message) (conversation.Saved, error) {
	saved := conversation.Saved{Duplicate: true}
	row := messageFields{Message: &saved.Message}
	err := t.row(`SELECT `+messageColumns+`, (SELECT c.visitor_id FROM conversations c WHERE c.id = messages.conversation_id)
		FROM messages WHERE account_id = ? AND ref = ? AND ref <> ''`, string(m.Account), string(m.Ref)).
		Scan(append(row.fields(), &saved.Visitor)...)
	if err == nil {
		err = row.read()
	}
	return saved, err
}

// byChat is the id of the conversation that has, or had, a chat of the service. A
// visitor's thread may have learned the reference after an orphan was made, so
// orphans come last.
const byChat = `SELECT o.id FROM (
	SELECT c.id, c.visitor_id, 0 AS former FROM conversations c WHERE c.account_id = ? AND c.chat_ref = ? AND c.chat_ref <> ''
	UNION ALL
	SELECT c.id, c.visitor_id, 1 AS former FROM chat_refs r JOIN conversations c ON c.id = r.conversation_id WHERE r.account_id = ? AND r.chat_ref = ?
	) o ORDER BY (CASE WHEN o.visitor_id = '' THEN 1 ELSE 0 END), o.former, o.id LIMIT 1`

// outboundLane finds the thread of a hook, by our id, then by theirs; else it
// makes one without a visitor.
func (t *tx) outboundLane(in conversation.NewOutbound) (*lane, error) {
	account := string(in.Message.Account)
	if in.Conversation != "" {
		l, err := t.lane(` WHERE c.id = ? AND c.account_id = ?`, string(in.Conversation), account)
		if !errors.Is(err, sql.ErrNoRows) {
			return l, err
		}
	}
	if in.Chat != "" {
		if t.postgres {
			// Two first hooks of one unknown chat must not make two threads.
			if _, err := t.exec(`SELECT pg_advisory_xact_lock(hashtextextended(?, 0))`, account+" "+string(in.Chat)); err != nil {
				return nil, err
			}
		}
		l, err := t.lane(` WHERE c.id = (`+byChat+`)`, account, string(in.Chat), account, string(in.Chat))
		if !errors.Is(err, sql.ErrNoRows) {
			return l, err
		}
	}
	_, err := t.exec(`INSERT INTO conversations (id, account_id, chat_ref, user_ref, created_at, touched_at) VALUES (?, ?, ?, ?, ?, ?)`,
		string(in.NewConversation), account, string(in.Chat), string(in.User), in.Now.UnixMilli(), in.Now.UnixMilli())
	if err != nil {
		return nil, err
	}
	return t.lane(` WHERE c.id = ?`, string(in.NewConversation))
}

// reportable tells whether the chats service knows the message by ref: a v1
// hook has no id, and what we made up for it names nothing there.
func reportable(ref chatid.MessageRef) bool {
	return ref != "" && !strings.HasPrefix(string(ref), "v1:")
}
