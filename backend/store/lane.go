package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// lane is a conversation locked for a change: its counter, its lane of the
// outbox and what the hot paths need besides.
type lane struct {
	id, account, visitor     string
	chatRef, userRef         string
	seq, lastAt              int64
	deliveredSeq, seenSeq    int64
	byRef                    bool
	endedAt, touchedAt       int64
	several                  bool
	dueAt                    sql.NullInt64
	pausedUntil              int64
	name, phone, email       string
	alias, locale            string
	externalID, provenPhone  string
	contact                  int64
	claim                    *outbox.Claim
	first                    *outbox.Job // the job that goes with claim
	laneChanged, refsChanged bool
}

const laneColumns = `c.id, c.account_id, c.visitor_id, c.chat_ref, c.user_ref, c.seq, c.last_at, c.delivered_seq, c.seen_seq, c.due_at,
	c.by_ref <> 0, c.ended_at, c.touched_at, c.thread <> '', a.paused_until`

const laneTables = ` FROM conversations c JOIN accounts a ON a.id = c.account_id`

func (l *lane) fields() []any {
	return []any{&l.id, &l.account, &l.visitor, &l.chatRef, &l.userRef, &l.seq, &l.lastAt, &l.deliveredSeq, &l.seenSeq, &l.dueAt,
		&l.byRef, &l.endedAt, &l.touchedAt, &l.several, &l.pausedUntil}
}

// lane locks the conversation that where finds.
func (t *tx) lane(where string, args ...any) (*lane, error) {
	var l lane
	if err := t.row(t.locked(`SELECT `+laneColumns+laneTables+where, "c"), args...).Scan(l.fields()...); err != nil {
		return nil, err
	}
	return &l, nil
}

// next takes a number from the conversation's counter.
func (l *lane) next() int64 {
	l.seq++
	return l.seq
}

// enqueue adds a job under seq. When the lane is idle and its account not
// paused it becomes h's; otherwise its owner or a poller will come to the job.
func (t *tx) enqueue(l *lane, h conversation.Holder, seq int64, k outbox.Kind, payload any) error {
	raw, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("write job: %w", err)
	}
	if len(raw) > outbox.MaxPayloadBytes {
		return fault.New(fault.TooLarge, "text_too_long")
	}
	_, err = t.exec(`INSERT INTO outbox (conversation_id, seq, account_id, kind, payload) VALUES (?, ?, ?, ?, ?)`,
		l.id, seq, l.account, string(k), raw)
	if err != nil || l.dueAt.Valid {
		return err
	}
	l.laneChanged = true
	if h.Token == "" || l.pausedUntil > h.Now.UnixMilli() {
		l.dueAt = sql.NullInt64{Int64: h.Now.UnixMilli(), Valid: true}
		return nil
	}
	until := h.Now.Add(h.Lease)
	l.dueAt = sql.NullInt64{Int64: until.UnixMilli(), Valid: true}
	l.claim = &outbox.Claim{Lane: chatid.ConversationID(l.id), Account: chatid.AccountID(l.account), Token: h.Token, Until: until}
	l.first = &outbox.Job{Lane: l.claim.Lane, Account: l.claim.Account, Seq: seq, Kind: k, Payload: raw}
	return nil
}

// saveLane writes back what changed of the conversation.
func (t *tx) saveLane(l *lane) error {
	if l.refsChanged {
		if _, err := t.exec(`UPDATE conversations SET chat_ref = ?, user_ref = ?, by_ref = ? WHERE id = ?`,
			l.chatRef, l.userRef, flag(l.byRef), l.id); err != nil {
			return err
		}
	}
	if !l.laneChanged {
		_, err := t.exec(`UPDATE conversations SET seq = ?, last_at = ?, delivered_seq = ?, seen_seq = ?, ended_at = ?, touched_at = ? WHERE id = ?`,
			l.seq, l.lastAt, l.deliveredSeq, l.seenSeq, l.endedAt, l.touchedAt, l.id)
		return err
	}
	token := ""
	if l.claim != nil {
		token = l.claim.Token
	}
	_, err := t.exec(`UPDATE conversations SET seq = ?, last_at = ?, delivered_seq = ?, seen_seq = ?, ended_at = ?, touched_at = ?, due_at = ?, token = ? WHERE id = ?`,
		l.seq, l.lastAt, l.deliveredSeq, l.seenSeq, l.endedAt, l.touchedAt, l.dueAt.Int64, token, l.id)
	return err
}

// said notes that somebody said something: the conversation goes on.
func (l *lane) said(now time.Time) { l.endedAt, l.touchedAt = 0, max(l.touchedAt, ms(now)) }

// closed tells that the conversation was ended for good: where a visitor has several,
// nobody goes on with one that was ended (CON-4, CON-7). What was written before the
// end, in Unix milliseconds, still belongs to it.
func (l *lane) closed(writtenAt int64) bool { return l.over() && writtenAt > l.endedAt }

func (l *lane) over() bool { return l.several && l.endedAt != 0 }

// know keeps the chats service's names where none are known yet.
func (l *lane) know(c chatid.ChatRef, u chatid.UserRef) {
	if l.chatRef == "" && c != "" {
		l.chatRef, l.refsChanged = string(c), true
	}
	if l.userRef == "" && u != "" {
		l.userRef, l.refsChanged = string(u), true
	}
}

// follow lets the conversation go on in the chat that an operator chose: one that
// they began, or an earlier one. From then on that chat is named with every
// message (C §8.4), and the former one still finds the conversation.
func (t *tx) follow(l *lane, c chatid.ChatRef, u chatid.UserRef) error {
	if c == "" || string(c) == l.chatRef {
		return nil
	}
	if l.chatRef != "" {
		if _, err := t.exec(`INSERT INTO chat_refs (account_id, chat_ref, conversation_id, user_ref) VALUES (?, ?, ?, ?)
			ON CONFLICT (account_id, chat_ref) DO UPDATE SET conversation_id = excluded.conversation_id, user_ref = excluded.user_ref`,
			l.account, l.chatRef, l.id, l.userRef); err != nil {
			return err
		}
	}
	l.chatRef, l.userRef, l.byRef, l.refsChanged = string(c), string(u), true, true
	return nil
}

// flag writes a yes or no.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
