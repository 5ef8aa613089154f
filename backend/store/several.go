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

// theOne is the conversation that is found by its visitor; the others are named.
const theOne = ` AND c.thread = ''`

// openOneOfSeveral stores a thread under the id that the browser gave it, with the
// next number of its chat; who comes second finds the first's.
func (t *tx) openOneOfSeveral(in conversation.NewInbound, now int64) error {
	v := in.Visitor
	var open int
	if err := t.row(`SELECT count(*) FROM conversations WHERE visitor_id = ? AND visitor_id <> '' AND chat_id = ? AND ended_at = 0`,
		string(v.ID), string(v.Chat)).Scan(&open); err != nil {
		return err
	}
	if open >= conversation.MaxOpen {
		return fault.New(fault.Conflict, "too_many_conversations").With("Max", conversation.MaxOpen)
	}
	n, err := t.exec(`INSERT INTO conversations (id, account_id, chat_id, visitor_id, thread, created_at)
		SELECT CAST(? AS TEXT), account_id, CAST(? AS TEXT), id, CAST(? AS TEXT), CAST(? AS BIGINT) FROM visitors WHERE id = ? AND account_id = ? ON CONFLICT DO NOTHING`,
		string(in.Conversation), string(v.Chat), string(in.Conversation), now, string(v.ID), string(v.Account))
	if err != nil || n == 0 {
		return err
	}
	var number int64
	err = t.row(`UPDATE online_chats SET numbered = numbered + 1 WHERE id = ? RETURNING numbered`, string(v.Chat)).Scan(&number)
	if err != nil {
		return skipAbsent(err)
	}
	_, err = t.exec(`UPDATE conversations SET number = ? WHERE id = ?`, number, string(in.Conversation))
	return err
}

// Open implements conversation.Store. COALESCE as in threadsOf.
func (s conversations) Open(ctx context.Context, a chatid.AccountID, c chatid.ChatID, v chatid.VisitorID) ([]conversation.Conversation, error) {
	rows, err := s.reader(ctx).rows(`SELECT `+conversationColumns+` FROM conversations c
		WHERE c.visitor_id = ? AND c.visitor_id <> '' AND c.chat_id = ? AND COALESCE(c.account_id, '') = ? AND c.ended_at = 0 AND c.seq > 0
		ORDER BY c.touched_at DESC, c.created_at DESC, c.id LIMIT ?`, string(v), string(c), string(a), conversation.MaxOpen)
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", translate(err))
	}
	defer rows.Close()
	return collect(rows, scanConversation)
}

// SetSeveral implements onlinechat.Store.
func (s onlineChats) SetSeveral(ctx context.Context, a chatid.AccountID, id chatid.ChatID, several bool) error {
	return s.write(ctx, "change conversations of a chat", func(t *tx) error {
		var was bool
		var numbered int64
		err := t.row(t.locked(`SELECT several <> 0, numbered FROM online_chats WHERE id = ? AND account_id = ?`, "online_chats"), string(id), string(a)).Scan(&was, &numbered)
		if errors.Is(err, sql.ErrNoRows) {
			return fault.New(fault.NotFound, "not_found")
		}
		if err != nil || was == several {
			return err
		}
		if _, err = t.exec(`UPDATE online_chats SET several = ? WHERE id = ?`, flag(several), string(id)); err != nil {
			return err
		}
		// Each is found by its own id first; then, with one, the newest that goes on by
		// its visitor.
		if _, err = t.exec(`UPDATE conversations SET thread = id WHERE chat_id = ? AND visitor_id <> '' AND thread = ''`, string(id)); err != nil {
			return err
		}
		if !several {
			_, err = t.exec(`UPDATE conversations SET thread = '' WHERE id IN (SELECT n.id FROM (
				SELECT id, row_number() OVER (PARTITION BY visitor_id ORDER BY CASE WHEN ended_at = 0 THEN 0 ELSE 1 END, touched_at DESC, id) AS place
				FROM conversations WHERE chat_id = ? AND visitor_id <> '') n WHERE n.place = 1)`, string(id))
			return err
		}
		n, err := t.exec(`UPDATE conversations SET number = CAST(? AS BIGINT) + n.place FROM (
				SELECT id, row_number() OVER (ORDER BY created_at, id) AS place FROM conversations
				WHERE chat_id = ? AND visitor_id <> '' AND number = 0 AND ended_at = 0) n
			WHERE conversations.id = n.id`, numbered, string(id))
		if err != nil {
			return err
		}
		_, err = t.exec(`UPDATE online_chats SET numbered = numbered + ? WHERE id = ?`, n, string(id))
		return err
	})
}
