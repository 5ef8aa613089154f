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
	if s.postgres {
		quick, ok, err := s.quickOutbound(ctx, in)
		if err != nil {
			return conversation.Saved{}, fmt.Errorf("save outbound message: %w", err)
		}
		if ok {
			return quick, nil
		}
	}
	err := s.do(ctx, func(t *tx) (err error) {
		saved, err = t.saveOutbound(in)
		return err
	})
	if err != nil {
		return conversation.Saved{}, fmt.Errorf("save outbound message: %w", err)
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
	m.Seq = l.next()
	m.Rev = m.Seq
	job := in.KindRefused
	if l.visitor == "" {
		job = &in.Unreachable
	}
	if job != nil {
		m.Status, m.ErrorCode = conversation.Failed, job.Text
	}
	isNew, err := t.insertMessage(m)
	if err != nil {
		return conversation.Saved{}, err
	}
	if !isNew {
		return conversation.Saved{}, errRerun // a rival stored it between our two looks
	}
	if job != nil && reportable(m.Ref) {
		report := *job
		report.Ref = m.Ref
		if err = t.enqueue(l, holder{in.Token, in.Now, in.Lease}, m.Seq, conversation.JobStatus, report); err != nil {
			return conversation.Saved{}, err
		}
	}
	l.know(in.Chat, in.User)
	return conversation.Saved{Message: m, Visitor: chatid.VisitorID(l.visitor), Claim: l.claim, Job: l.first}, t.saveLane(l)
}

// storedByRef finds a hook's message that came before.
func (t *tx) storedByRef(m conversation.Message) (conversation.Saved, error) {
	saved := conversation.Saved{Duplicate: true}
	err := t.row(`SELECT `+messageColumns+`, (SELECT c.visitor_id FROM conversations c WHERE c.id = messages.conversation_id)
		FROM messages WHERE account_id = ? AND ref = ? AND ref <> ''`, string(m.Account), string(m.Ref)).
		Scan(append(fields(&saved.Message), &saved.Visitor)...)
	return saved, err
}

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
		// A visitor's thread may have learned the reference after an orphan was made.
		l, err := t.lane(` WHERE c.id = (SELECT o.id FROM conversations o WHERE o.account_id = ? AND o.chat_ref = ? AND o.chat_ref <> ''
			ORDER BY (CASE WHEN o.visitor_id = '' THEN 1 ELSE 0 END), o.id LIMIT 1)`, account, string(in.Chat))
		if !errors.Is(err, sql.ErrNoRows) {
			return l, err
		}
	}
	_, err := t.exec(`INSERT INTO conversations (id, account_id, chat_ref, user_ref, created_at) VALUES (?, ?, ?, ?, ?)`,
		string(in.NewConversation), account, string(in.Chat), string(in.User), in.Now.UnixMilli())
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
