package store

import (
	"context"
	"database/sql"
	"slices"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

const messageColumns = `id, account_id, conversation_id, client_id, ref, seq, rev, at, direction, kind, text, author_name, status, error_code`

type scanner interface{ Scan(...any) error }

func scanMessage(r scanner) (m conversation.Message, err error) {
	err = r.Scan(fields(&m)...)
	return m, err
}

// fields are where the messageColumns go.
func fields(m *conversation.Message) []any {
	return []any{&m.ID, &m.Account, &m.Conversation, &m.ClientID, &m.Ref, &m.Seq, &m.Rev, &m.At,
		&m.Direction, &m.Kind, &m.Text, &m.AuthorName, &m.Status, &m.ErrorCode}
}

// insertMessage stores m unless its client id or its ref is there already.
func (t *tx) insertMessage(m conversation.Message) (isNew bool, err error) {
	n, err := t.exec(`INSERT INTO messages (`+messageColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		string(m.ID), string(m.Account), string(m.Conversation), string(m.ClientID), string(m.Ref), m.Seq, m.Rev, m.At,
		string(m.Direction), m.Kind, m.Text, m.AuthorName, int(m.Status), m.ErrorCode)
	return n == 1, err
}

func (s *Store) messages(ctx context.Context, where string, args ...any) ([]conversation.Message, error) {
	rows, err := s.reader(ctx).rows(`SELECT `+messageColumns+` FROM messages `+where, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	return collect(rows, scanMessage)
}

// collect reads all rows.
func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, translate(err)
		}
		list = append(list, v)
	}
	return list, translate(rows.Err())
}

// Before implements conversation.Store.
func (s conversations) Before(ctx context.Context, id chatid.ConversationID, p conversation.Place, limit int) ([]conversation.Message, error) {
	var list []conversation.Message
	var err error
	if p == (conversation.Place{}) {
		list, err = s.messages(ctx, `WHERE conversation_id = ? ORDER BY at DESC, seq DESC LIMIT ?`, string(id), limit)
	} else {
		list, err = s.messages(ctx, `WHERE conversation_id = ? AND (at, seq) < (?, ?) ORDER BY at DESC, seq DESC LIMIT ?`,
			string(id), p.At, p.Seq, limit)
	}
	slices.Reverse(list)
	return list, err
}

// Since implements conversation.Store.
func (s conversations) Since(ctx context.Context, id chatid.ConversationID, rev int64, limit int) ([]conversation.Message, error) {
	return s.messages(ctx, `WHERE conversation_id = ? AND rev > ? ORDER BY rev LIMIT ?`, string(id), rev, limit)
}

// Unread implements conversation.Store.
func (s conversations) Unread(ctx context.Context, id chatid.ConversationID) (int, error) {
	var n int
	err := s.reader(ctx).row(`SELECT count(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id
		WHERE m.conversation_id = ? AND m.rev > c.seen_seq AND m.seq > c.seen_seq AND m.direction = ? AND m.status <> ?`,
		string(id), string(conversation.Outbound), int(conversation.Failed)).Scan(&n)
	return n, translate(err)
}

// ConversationOf implements conversation.Store.
func (s conversations) ConversationOf(ctx context.Context, a chatid.AccountID, c chatid.ChatID, v chatid.VisitorID) (conversation.Conversation, error) {
	if v == "" { // threads without a visitor are nobody's
		return conversation.Conversation{}, translate(sql.ErrNoRows)
	}
	return s.find(ctx, `visitor_id = ? AND chat_id = ? AND account_id = ?`, string(v), string(c), string(a))
}

// Conversation implements conversation.Store.
func (s conversations) Conversation(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (conversation.Conversation, error) {
	return s.find(ctx, `id = ? AND account_id = ?`, string(id), string(a))
}

func (s conversations) find(ctx context.Context, where string, args ...any) (conversation.Conversation, error) {
	var c conversation.Conversation
	var created int64
	err := s.reader(ctx).row(`SELECT id, account_id, chat_id, visitor_id, chat_ref, user_ref, seq, delivered_seq, seen_seq, created_at
		FROM conversations WHERE `+where, args...).
		Scan(&c.ID, &c.Account, &c.Chat, &c.Visitor, &c.ChatRef, &c.UserRef, &c.Seq, &c.DeliveredSeq, &c.SeenSeq, &created)
	c.CreatedAt = at(created)
	return c, translate(err)
}
