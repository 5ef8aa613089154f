package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

// The two hot paths are short for a thread that is known and when nothing unusual
// happens: on PostgreSQL one statement each, for every round trip less is time in which
// the thread's row is not locked, on SQLite one that takes the thread's next number
// under all conditions, and the inserts. A statement that finds no row changed nothing,
// and the way of several statements decides.
//
// A statement sees other tables as they were before it waited for the row, so
// that of two repeats at the same moment both find the message absent. The
// second then meets the unique index, and the error undoes all of it: counter,
// lane and job. That is why there is no ON CONFLICT here.

// quickRoom is how many jobs below its bound a lane must be for the short way:
// what stands above is counted under the lock.
const quickRoom = 64

// quickPayload leaves room in a job for what the statement adds to it, the
// visitor's name, phone and e-mail.
const quickPayload = outbox.MaxPayloadBytes - 4096

const insertInbound = `WITH l AS (
	UPDATE conversations c SET seq = c.seq + 1, last_at = GREATEST($4::bigint, c.last_at + 1), touched_at = GREATEST(c.touched_at, $4),
		due_at = COALESCE(c.due_at, CASE WHEN $6::text = '' OR a.paused_until > $4 THEN $4 ELSE $5::bigint END),
		token = CASE WHEN c.due_at IS NOT NULL THEN c.token WHEN a.paused_until > $4 THEN '' ELSE $6 END
	FROM accounts a, visitors v
	WHERE c.visitor_id = $1::text AND c.visitor_id <> '' AND c.chat_id = $2::text AND c.account_id = $3::text
		AND c.thread = '' AND c.by_ref = 0 AND c.ended_at = 0 AND (c.chat_ref <> '' OR v.contact_id = 0)
		AND a.id = c.account_id AND v.id = c.visitor_id AND v.account_id = c.account_id
		AND ($7::text = '' OR v.name <> '') AND ($8::text = '' OR v.phone <> '') AND ($9::text = '' OR v.email <> '')
		AND ($10::text = '' OR v.alias <> '') AND ($11::text = '' OR v.locale <> '')
		AND ($21::text = '' OR v.external_id = $21 AND ($22::text = '' OR v.proven_phone = $22) AND ($23::bigint = 0 OR v.contact_id = $23))
		AND NOT EXISTS (SELECT 1 FROM messages d WHERE d.conversation_id = c.id AND d.client_id = $12::text AND d.client_id <> '')
		AND ($13::bigint <= 0 OR c.due_at IS NULL
			OR (SELECT count(*) FROM (SELECT 1 FROM outbox w WHERE w.conversation_id = c.id LIMIT $13) w) < $13 - $14::bigint)
		AND (NOT $24::boolean OR c.seq > 0 AND NOT EXISTS (SELECT 1 FROM greeting_runs g WHERE g.conversation_id = c.id AND g.over = 0))
	RETURNING c.id, c.account_id, c.seq, c.last_at, c.token = $6 AND $6 <> '' AS mine, v.name, v.phone, v.email
), m AS (
	INSERT INTO messages (id, account_id, conversation_id, client_id, seq, rev, at, direction, kind, text)
	SELECT $15::text, l.account_id, l.id, $12, l.seq, l.seq, l.last_at, $16::text, $17::text, $18::text FROM l
), o AS (
	INSERT INTO outbox (conversation_id, seq, account_id, kind, payload)
	SELECT l.id, l.seq, l.account_id, $19::text, convert_to(
		($20::jsonb || jsonb_build_object('at', l.last_at, 'name', l.name, 'phone', l.phone, 'email', l.email))::text, 'UTF8') FROM l
	RETURNING payload
)
SELECT l.id, l.seq, l.last_at, l.mine, CASE WHEN l.mine THEN o.payload END FROM l, o`

// quickInbound stores a message of a visitor whose thread is known; ok is false,
// and nothing was changed, when the other way must be gone.
func (s conversations) quickInbound(ctx context.Context, in conversation.NewInbound) (saved conversation.Saved, ok bool, err error) {
	v, m := in.Visitor, in.Message
	m.Direction, m.Status = conversation.Inbound, conversation.Stored
	// What is missing here, the statement adds.
	raw, err := json.Marshal(conversation.MessageJob{Message: m.ID, Text: m.Text, Visitor: v.ID, Source: in.Source})
	if err != nil {
		return saved, false, fmt.Errorf("write job: %w", err)
	}
	if len(raw) > quickPayload {
		return saved, false, nil
	}
	until := in.Now.Add(in.Lease)
	var mine bool
	var payload []byte
	ok, err = s.quick(ctx, insertInbound, []any{
		string(v.ID), string(v.Chat), string(v.Account), in.Now.UnixMilli(), until.UnixMilli(), in.Token,
		v.Name, v.Phone, v.Email, v.Alias, v.Locale, string(m.ClientID), in.MaxWaiting, quickRoom,
		string(m.ID), string(m.Direction), m.Kind, m.Text, string(conversation.JobMessage), string(raw),
		v.Proven.ExternalID, v.Proven.Phone, int64(v.Proven.Contact), in.Bot != nil,
	}, &m.Conversation, &m.Seq, &m.At, &mine, &payload)
	if !ok {
		return saved, false, err
	}
	m.Account, m.Rev = v.Account, m.Seq
	saved = conversation.Saved{Message: m, Visitor: v.ID, Whole: true}
	if mine {
		saved.Claim, saved.Job = claimed(m, in.Token, until, payload)
	}
	return saved, true, nil
}

func claimed(m conversation.Message, token string, until time.Time, payload []byte) (*outbox.Claim, *outbox.Job) {
	return &outbox.Claim{Lane: m.Conversation, Account: m.Account, Token: token, Until: until},
		&outbox.Job{Lane: m.Conversation, Account: m.Account, Seq: m.Seq, Kind: conversation.JobMessage, Payload: payload}
}

const takeOutbound = `
	UPDATE conversations AS c SET seq = c.seq + 1,
		chat_ref = CASE WHEN c.chat_ref = '' THEN $3::text ELSE c.chat_ref END,
		user_ref = CASE WHEN c.user_ref = '' THEN $4::text ELSE c.user_ref END,
		touched_at = GREATEST(c.touched_at, $13::bigint), ended_at = 0
	WHERE c.id = $1::text AND c.account_id = $2::text AND c.visitor_id <> '' AND (c.thread = '' OR c.ended_at = 0)
		AND ($3 = '' OR c.chat_ref = '' OR c.chat_ref = $3)
		AND NOT EXISTS (SELECT 1 FROM messages d WHERE d.account_id = $2 AND d.ref = $5::text AND d.ref <> '')
		AND NOT EXISTS (SELECT 1 FROM messages e WHERE e.conversation_id = c.id AND e.at IN ($7::bigint, $14::bigint) AND e.direction = $8::text)
		AND NOT EXISTS (SELECT 1 FROM messages f WHERE f.conversation_id = c.id AND f.at > $14 AND f.at <= $15::bigint AND f.direction = $8)
	RETURNING seq, visitor_id`

const insertOutbound = `WITH l AS (` + takeOutbound + `
), m AS (
	INSERT INTO messages (id, account_id, conversation_id, ref, seq, rev, at, direction, kind, text, author_name, author_ref)
	SELECT $6::text, $2, $1, $5, l.seq, l.seq, $7, $8, $9::text, $10::text, $11::text, $12::text FROM l
)
SELECT l.seq, l.visitor_id FROM l`

// takeOutboundSQLite is the same conditions in SQLite's spelling, with the same arguments.
var takeOutboundSQLite = strings.NewReplacer("$", "?", "::text", "", "::bigint", "", "GREATEST(", "max(").Replace(takeOutbound)

// quickOutbound is what the short way stores, and the arguments of its statement; ok is
// false for what it is not for.
func quickOutbound(in conversation.NewOutbound) (m conversation.Message, args []any, ok bool) {
	m = in.Message
	if in.Conversation == "" || in.KindRefused != nil || m.Tells() {
		return m, nil, false
	}
	m.Conversation, m.Direction, m.Status = in.Conversation, conversation.Outbound, conversation.Stored
	from, until := moment(m.At)
	return m, []any{
		string(m.Conversation), string(m.Account), string(in.Chat), string(in.User), string(m.Ref),
		string(m.ID), m.At, string(m.Direction), m.Kind, m.Text, m.AuthorName, string(m.AuthorRef), in.Now.UnixMilli(), from, until,
	}, true
}

// quickOutbound stores a message for a visitor's thread that its hook names, or
// finds the one that came before; else ok is false and nothing was changed.
func (s conversations) quickOutbound(ctx context.Context, in conversation.NewOutbound) (saved conversation.Saved, ok bool, err error) {
	m, args, ok := quickOutbound(in)
	if !ok {
		return saved, false, nil
	}
	var visitor chatid.VisitorID
	ok, err = s.quick(ctx, insertOutbound, args, &m.Seq, &visitor)
	if ok {
		m.Rev = m.Seq
		return conversation.Saved{Message: m, Visitor: visitor, Whole: true}, true, nil
	}
	if err != nil || m.Ref == "" {
		return saved, false, err
	}
	saved, err = s.reader(context.WithoutCancel(ctx)).storedByRef(m)
	if errors.Is(err, sql.ErrNoRows) {
		return conversation.Saved{}, false, nil
	}
	return saved, err == nil, translate(err)
}

// takeOutbound is quickOutbound inside a transaction of SQLite; where it is not ok it
// may have changed the thread's counter, and must be undone: errRerun.
func (t *tx) takeOutbound(in conversation.NewOutbound) (saved conversation.Saved, ok bool, err error) {
	m, args, ok := quickOutbound(in)
	if !ok {
		return saved, false, nil
	}
	var visitor chatid.VisitorID
	err = t.row(takeOutboundSQLite, args...).Scan(&m.Seq, &visitor)
	if err != nil {
		return saved, false, skipAbsent(err)
	}
	m.Rev = m.Seq
	isNew, err := t.insertMessage(m)
	if err == nil && !isNew {
		err = errRerun // its id is taken
	}
	return conversation.Saved{Message: m, Visitor: visitor, Whole: true}, err == nil, err
}

// quick runs a statement that is a transaction by itself. What a repeat, a
// rival or a missing row stopped is left to the other way.
func (s *Store) quick(ctx context.Context, query string, args []any, dest ...any) (ok bool, err error) {
	if err = ctx.Err(); err != nil {
		return false, err
	}
	err = s.reader(context.WithoutCancel(ctx)).row(query, args...).Scan(dest...)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, sql.ErrNoRows), isRace(err):
		return false, nil
	}
	return false, s.ended(translate(err))
}

// isRace: PostgreSQL ended one of two transactions that stood in each other's
// way, or a rival stored first what must be there once. Begun anew it sees the
// other's work.
func isRace(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01" || e.Code == "23505")
}
