package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

const messageColumns = `id, account_id, conversation_id, client_id, ref, seq, rev, at, direction, kind, text, content, author_name, author_ref,
	reactions, edited_at, pending, status, error_code`

type scanner interface{ Scan(...any) error }

func scanMessage(r scanner) (m conversation.Message, err error) {
	row := messageFields{Message: &m}
	if err = r.Scan(row.fields()...); err != nil {
		return m, err
	}
	return m, row.read()
}

// messageFields are where the messageColumns go.
type messageFields struct {
	*conversation.Message
	content, reactions string
	editedAt           int64
	pending            int
}

func (f *messageFields) fields() []any {
	m := f.Message
	return []any{&m.ID, &m.Account, &m.Conversation, &m.ClientID, &m.Ref, &m.Seq, &m.Rev, &m.At,
		&m.Direction, &m.Kind, &m.Text, &f.content, &m.AuthorName, &m.AuthorRef, &f.reactions, &f.editedAt, &f.pending, &m.Status, &m.ErrorCode}
}

// read takes apart what stands in one column; most messages have none of it.
func (f *messageFields) read() (err error) {
	f.EditedAt, f.Pending = at(f.editedAt), f.pending != 0
	if f.content != "" {
		if err = json.Unmarshal([]byte(f.content), &f.Content); err != nil {
			return fmt.Errorf("read content of message: %w", err)
		}
	}
	f.Reactions, err = readReactions(f.reactions)
	return err
}

// written are the values of messageColumns.
func written(m conversation.Message) ([]any, error) {
	content, err := writeContent(m.Content)
	if err != nil {
		return nil, err
	}
	return []any{string(m.ID), string(m.Account), string(m.Conversation), string(m.ClientID), string(m.Ref), m.Seq, m.Rev, m.At,
		string(m.Direction), m.Kind, m.Text, content, m.AuthorName, string(m.AuthorRef), writeReactions(m.Reactions), ms(m.EditedAt),
		flag(m.Pending), int(m.Status), m.ErrorCode}, nil
}

// insertMessage stores m unless its client id or its ref is there already.
func (t *tx) insertMessage(m conversation.Message) (isNew bool, err error) {
	values, err := written(m)
	if err != nil {
		return false, err
	}
	n, err := t.exec(`INSERT INTO messages (`+messageColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, values...)
	return n == 1, err
}

func (s *Store) messages(ctx context.Context, where string, args ...any) ([]conversation.Message, error) {
	rows, err := s.reader(ctx).rows(`SELECT `+messageColumns+` FROM messages `+where, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	list, err := collect(rows, scanMessage)
	if err != nil {
		return nil, err
	}
	if err = s.reader(ctx).attach(list); err == nil {
		err = s.picture(ctx, list)
	}
	return list, err
}

// pictureKey is memory's of an operator's avatar.
type pictureKey struct{ account, operator string }

// picture adds to messages of one account the avatars of the operators who wrote
// them: one query for all that are not known, none where no operator did.
func (s *Store) picture(ctx context.Context, list []conversation.Message) error {
	pictures := map[chatid.UserRef]chatid.FileID{}
	var refs []any
	var age uint64
	for _, m := range list {
		if m.Direction != conversation.Outbound || m.AuthorRef == "" {
			continue
		}
		if _, asked := pictures[m.AuthorRef]; asked {
			continue
		}
		known, now, ok := s.memory.get(pictureKey{string(m.Account), string(m.AuthorRef)})
		if ok {
			pictures[m.AuthorRef] = known.(chatid.FileID)
			continue
		}
		if len(refs) == 0 {
			age = now
		}
		pictures[m.AuthorRef], refs = "", append(refs, string(m.AuthorRef))
	}
	if len(refs) > 0 {
		account := string(list[0].Account)
		rows, err := s.reader(ctx).rows(`SELECT user_ref, picture FROM operators WHERE picture <> '' AND account_id = ? AND user_ref IN (?`+
			strings.Repeat(`, ?`, len(refs)-1)+`)`, append([]any{account}, refs...)...)
		if err != nil {
			return fmt.Errorf("read avatars: %w", translate(err))
		}
		defer rows.Close()
		for rows.Next() {
			var ref chatid.UserRef
			var file chatid.FileID
			if err := rows.Scan(&ref, &file); err != nil {
				return fmt.Errorf("read avatars: %w", translate(err))
			}
			pictures[ref] = file
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("read avatars: %w", translate(err))
		}
		for _, ref := range refs {
			s.memory.put(age, pictureKey{account, ref.(string)}, pictures[chatid.UserRef(ref.(string))])
		}
	}
	for i := range list {
		if m := &list[i]; m.Direction == conversation.Outbound {
			m.AuthorAvatar = pictures[m.AuthorRef]
		}
	}
	return nil
}

// Picture implements conversation.Store.
func (s conversations) Picture(ctx context.Context, m *conversation.Message) error {
	list := []conversation.Message{*m}
	err := s.picture(ctx, list)
	*m = list[0]
	return err
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

// shown leaves out what no visitor sees: an operator's message that was refused as
// such, of which the operator was told. One whose file failed stays, and says so.
const shown = ` AND (direction = 'inbound' OR status <> -1 OR content LIKE '{"file":%')`

// Before implements conversation.Store.
func (s conversations) Before(ctx context.Context, id chatid.ConversationID, p conversation.Place, limit int) ([]conversation.Message, error) {
	var list []conversation.Message
	var err error
	if p == (conversation.Place{}) {
		list, err = s.messages(ctx, `WHERE conversation_id = ?`+shown+` ORDER BY at DESC, seq DESC LIMIT ?`, string(id), limit)
	} else {
		list, err = s.messages(ctx, `WHERE conversation_id = ? AND (at, seq) < (?, ?)`+shown+` ORDER BY at DESC, seq DESC LIMIT ?`,
			string(id), p.At, p.Seq, limit)
	}
	slices.Reverse(list)
	return list, err
}

const after = ` AND rev > ?` + shown + ` ORDER BY rev LIMIT ?`

// Since implements conversation.Store.
func (s conversations) Since(ctx context.Context, who conversation.Who, rev int64, limit int) ([]conversation.Message, error) {
	which, args := theOne, []any{string(who.Visitor), string(who.Chat), string(who.Account)}
	if who.Conversation != "" {
		which, args = ` AND c.id = ?`, append(args, string(who.Conversation))
	}
	return s.messages(ctx, `WHERE conversation_id = (SELECT c.id FROM conversations c WHERE c.visitor_id = ? AND c.visitor_id <> ''
		AND c.chat_id = ? AND c.account_id = ?`+which+`)`+after, append(args, rev, limit)...)
}

// Unread implements conversation.Store.
func (s conversations) Unread(ctx context.Context, id chatid.ConversationID) (int, error) {
	var n int
	err := s.reader(ctx).row(`SELECT count(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id
		WHERE m.conversation_id = ? AND m.rev > c.seen_seq AND m.seq > c.seen_seq AND m.direction = ? AND m.kind <> ? AND m.status <> ? AND m.client_id = ''`,
		string(id), string(conversation.Outbound), conversation.KindEnded, int(conversation.Failed)).Scan(&n)
	return n, translate(err)
}

// ConversationOf implements conversation.Store.
func (s conversations) ConversationOf(ctx context.Context, a chatid.AccountID, c chatid.ChatID, v chatid.VisitorID) (conversation.Conversation, error) {
	if v == "" { // threads without a visitor are nobody's
		return conversation.Conversation{}, translate(sql.ErrNoRows)
	}
	return s.find(ctx, `c.visitor_id = ? AND c.visitor_id <> '' AND c.chat_id = ? AND c.account_id = ?`+theOne, string(v), string(c), string(a))
}

// Conversation implements conversation.Store.
func (s conversations) Conversation(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (conversation.Conversation, error) {
	return s.find(ctx, `id = ? AND account_id = ?`, string(id), string(a))
}

const conversationColumns = `c.id, c.account_id, c.chat_id, c.visitor_id, c.chat_ref, c.user_ref, c.seq, c.delivered_seq, c.seen_seq, c.talk_id,
	c.ended_at, c.number, c.healed_at, (SELECT a.gap_at FROM accounts a WHERE a.id = c.account_id), c.created_at`

func scanConversation(r scanner) (c conversation.Conversation, err error) {
	var ended, healed, gap, created int64
	err = r.Scan(&c.ID, &c.Account, &c.Chat, &c.Visitor, &c.ChatRef, &c.UserRef, &c.Seq, &c.DeliveredSeq, &c.SeenSeq, &c.Talk, &ended, &c.Number, &healed, &gap, &created)
	c.EndedAt, c.HealedAt, c.CreatedAt = at(ended), at(healed), at(created)
	c.Gap = healed < gap && created < gap
	return c, err
}

func (s conversations) find(ctx context.Context, where string, args ...any) (conversation.Conversation, error) {
	c, err := scanConversation(s.reader(ctx).row(`SELECT `+conversationColumns+` FROM conversations c WHERE `+where, args...))
	return c, translate(err)
}
