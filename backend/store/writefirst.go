package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

// adopt moves what stands in a thread without a visitor to the conversation that
// it is meant for. The thread stays, empty and without its chat, for the jobs that
// still wait in its lane.
func (t *tx) adopt(orphan *lane, e conversation.WroteFirst) error {
	if string(e.To) == orphan.id || orphan.visitor != "" {
		return nil
	}
	to, err := t.lane(` WHERE c.id = ? AND c.account_id = ? AND c.visitor_id <> ''`, string(e.To), orphan.account)
	if err != nil {
		return skipAbsent(err)
	}
	rows, err := t.rows(`SELECT `+messageColumns+` FROM messages WHERE conversation_id = ? AND status >= 0 ORDER BY seq`, orphan.id)
	if err != nil {
		return err
	}
	defer rows.Close()
	list, err := collect(rows, scanMessage)
	if err != nil {
		return err
	}
	for _, m := range list {
		seq := to.next()
		if _, err = t.exec(`UPDATE messages SET conversation_id = ?, seq = ?, rev = ? WHERE id = ?`, to.id, seq, seq, string(m.ID)); err != nil {
			return err
		}
		if m.File != "" {
			if _, err = t.exec(`UPDATE files SET conversation_id = ? WHERE id = ? AND conversation_id <> ''`, to.id, string(m.File)); err != nil {
				return err
			}
		}
	}
	if orphan.chatRef == string(e.Chat) {
		orphan.chatRef, orphan.userRef, orphan.refsChanged = "", "", true
	}
	if len(list) > 0 {
		to.said(at(orphan.touchedAt))
	}
	if err = t.follow(to, e.Chat, e.User); err != nil {
		return err
	}
	return t.saveLane(to)
}

// ByChat implements conversation.Store.
func (s conversations) ByChat(ctx context.Context, a chatid.AccountID, ref chatid.ChatRef) (conversation.Conversation, error) {
	return s.find(ctx, `c.id = (`+byChat+`)`, string(a), string(ref), string(a), string(ref))
}

// FormerChats implements conversation.Store.
func (s conversations) FormerChats(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) ([]chatid.ChatRef, error) {
	rows, err := s.reader(ctx).rows(`SELECT r.chat_ref FROM chat_refs r JOIN conversations c ON c.id = r.conversation_id
		WHERE r.conversation_id = ? AND r.account_id = ? AND r.chat_ref <> c.chat_ref ORDER BY r.chat_ref`, string(id), string(a))
	if err != nil {
		return nil, fmt.Errorf("list former chats: %w", translate(err))
	}
	defer rows.Close()
	return collect(rows, func(r scanner) (ref chatid.ChatRef, err error) {
		err = r.Scan(&ref)
		return ref, err
	})
}

// threadsOf joins the conversations k of visitors v. COALESCE keeps SQLite, which
// knows nothing of how many rows there are, from going through all conversations of
// the account instead.
const threadsOf = `JOIN conversations k ON k.visitor_id = v.id AND k.visitor_id <> '' AND COALESCE(k.account_id, '') = v.account_id`

// reach finds the conversation in which the visitors that where names are reached:
// one of the chat whose source is named, else one that goes on, else the one spoken
// in last.
const reach = `c.id = (SELECT k.id FROM visitors v ` + threadsOf + `
	LEFT JOIN online_chats h ON h.id = k.chat_id
	WHERE v.account_id = ? AND %s ORDER BY (CASE WHEN h.source_external_id = ? AND h.source_external_id <> '' THEN 0 ELSE 1 END),
		(CASE WHEN k.thread <> '' AND k.ended_at <> 0 THEN 1 ELSE 0 END), k.touched_at DESC, k.id LIMIT 1)`

var reachContact, reachPhone = fmt.Sprintf(reach, `v.contact_id = ? AND v.contact_id <> 0`), fmt.Sprintf(reach, `v.proven_phone = ? AND v.proven_phone <> ''`)

// ByContact implements conversation.Store.
func (s conversations) ByContact(ctx context.Context, a chatid.AccountID, c chatid.ContactID, source string) (conversation.Conversation, error) {
	if c == 0 {
		return conversation.Conversation{}, translate(sql.ErrNoRows)
	}
	return s.find(ctx, reachContact, string(a), int64(c), source)
}

// ByPhone implements conversation.Store.
func (s conversations) ByPhone(ctx context.Context, a chatid.AccountID, phone, source string) (conversation.Conversation, error) {
	if phone == "" {
		return conversation.Conversation{}, translate(sql.ErrNoRows)
	}
	return s.find(ctx, reachPhone, string(a), phone, source)
}

// ClaimVisitor implements conversation.Store.
func (s conversations) ClaimVisitor(ctx context.Context, a chatid.AccountID, c chatid.ChatID, v chatid.VisitorID, externalID string) (ok bool, err error) {
	err = s.do(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE visitors SET external_id = ? WHERE id = ? AND account_id = ? AND chat_id = ? AND external_id = '' AND NOT EXISTS (
			SELECT 1 FROM visitors o WHERE o.account_id = visitors.account_id AND o.chat_id = visitors.chat_id AND o.external_id = ? AND o.external_id <> '')`,
			externalID, string(v), string(a), string(c), externalID)
		ok = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claim visitor: %w", err)
	}
	return ok, nil
}

// Unanswered implements conversation.Store.
func (s conversations) Unanswered(ctx context.Context, a chatid.AccountID) (bool, error) {
	var n int
	err := s.reader(ctx).row(`SELECT count(*) FROM (SELECT 1 AS one FROM conversations c WHERE c.account_id = ? AND c.due_at IS NOT NULL
		AND c.chat_ref = '' AND c.visitor_id <> '' LIMIT 1) w`, string(a)).Scan(&n)
	return n > 0, translate(err)
}

// VisitorByExternalID implements conversation.Store.
func (s conversations) VisitorByExternalID(ctx context.Context, a chatid.AccountID, c chatid.ChatID, externalID string) (chatid.VisitorID, error) {
	var id chatid.VisitorID
	err := s.reader(ctx).row(`SELECT id FROM visitors WHERE account_id = ? AND chat_id = ? AND external_id = ? AND external_id <> ''`,
		string(a), string(c), externalID).Scan(&id)
	return id, translate(err)
}

// AddTask implements conversation.Store.
func (s conversations) AddTask(ctx context.Context, task conversation.Task) (conversation.Saved, error) {
	var saved conversation.Saved
	err := s.do(ctx, func(t *tx) error {
		saved = conversation.Saved{}
		l, err := t.lane(` WHERE c.id = ? AND c.account_id = ?`, string(task.Conversation), string(task.Account))
		if err != nil {
			return err
		}
		if saved.Duplicate, err = t.waits(l, task); err != nil || saved.Duplicate {
			return err
		}
		if err = t.enqueue(l, task.Holder, l.next(), task.Kind, task.Payload); err != nil {
			return err
		}
		saved.Message.Conversation, saved.Visitor = chatid.ConversationID(l.id), chatid.VisitorID(l.visitor)
		saved.Claim, saved.Job = l.claim, l.first
		return t.saveLane(l)
	})
	if err != nil {
		return conversation.Saved{}, fmt.Errorf("add task: %w", err)
	}
	return saved, nil
}

// waits tells whether a job of the lane does what the task is to do: one of its
// kind, which, where it reads a history, reads from as early on.
func (t *tx) waits(l *lane, task conversation.Task) (bool, error) {
	rows, err := t.rows(`SELECT payload FROM outbox WHERE conversation_id = ? AND kind = ?`, l.id, string(task.Kind))
	if err != nil {
		return false, err
	}
	defer rows.Close()
	list, err := collect(rows, func(r scanner) (raw []byte, err error) {
		err = r.Scan(&raw)
		return raw, err
	})
	if err != nil {
		return false, err
	}
	asks, heals := task.Payload.(conversation.HealJob)
	for _, raw := range list {
		var waiting conversation.HealJob
		if !heals || json.Unmarshal(raw, &waiting) == nil && waiting.Since <= asks.Since {
			return true, nil
		}
	}
	return false, nil
}
