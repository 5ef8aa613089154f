package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/desk"
	"leadline/backend/outbox"
)

type parkedRow struct {
	Message      string `gorm:"column:message_id;primaryKey"`
	Account      string `gorm:"column:account_id"`
	Conversation string `gorm:"column:conversation_id"`
	At           int64
	Reason       string
	JobKind      string
	Payload      []byte
	Uncertain    bool
}

func (parkedRow) TableName() string { return "parked" }

// park keeps the job of a message that it failed to deliver. Other kinds of job
// that fail a message have nothing to send again.
func (t *tx) park(l *lane, j outbox.Job, effects []outbox.Effect) error {
	if j.Kind != conversation.JobMessage {
		return nil
	}
	for _, e := range effects {
		failed, ok := e.(conversation.MessageFailed)
		if !ok {
			continue
		}
		_, err := t.exec(`INSERT INTO parked (message_id, account_id, conversation_id, at, reason, job_kind, payload, uncertain)
			SELECT id, account_id, conversation_id, at, ?, ?, ?, ? FROM messages WHERE id = ? AND conversation_id = ? ON CONFLICT DO NOTHING`,
			failed.Code, string(j.Kind), j.Payload, j.Uncertain, string(failed.Message), l.id)
		if err != nil {
			return err
		}
		// The first of a list that was empty is the beginning of an incident.
		var parked int
		if err = t.row(`SELECT count(*) FROM (SELECT 1 AS one FROM parked WHERE account_id = ? LIMIT 2) w`, l.account).Scan(&parked); err != nil {
			return err
		}
		if parked == 1 {
			if err = t.begins(l.account, desk.KindParked, failed.At); err != nil {
				return err
			}
		}
	}
	return nil
}

// Parked implements conversation.Parking.
func (s conversations) Parked(ctx context.Context, a chatid.AccountID, p conversation.ParkedPlace, limit int) ([]conversation.Parked, error) {
	if p == (conversation.ParkedPlace{}) {
		p.At = math.MaxInt64
	}
	rows, err := s.reader(ctx).rows(`SELECT p.message_id, p.conversation_id, p.at, m.kind, p.reason FROM parked p JOIN messages m ON m.id = p.message_id
		WHERE p.account_id = ? AND (p.at, p.message_id) < (?, ?) ORDER BY p.at DESC, p.message_id DESC LIMIT ?`, string(a), p.At, string(p.Message), limit)
	if err != nil {
		return nil, fmt.Errorf("list parked messages: %w", translate(err))
	}
	defer rows.Close()
	return collect(rows, func(r scanner) (p conversation.Parked, err error) {
		err = r.Scan(&p.Message, &p.Conversation, &p.At, &p.Kind, &p.Reason)
		return p, err
	})
}

// CountParked implements conversation.Parking.
func (s conversations) CountParked(ctx context.Context, a chatid.AccountID) (n int, err error) {
	err = s.reader(ctx).row(`SELECT count(*) FROM parked WHERE account_id = ?`, string(a)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count parked messages: %w", translate(err))
	}
	return n, nil
}

// ResendParked implements conversation.Parking.
func (s conversations) ResendParked(ctx context.Context, a chatid.AccountID, id chatid.MessageID, h conversation.Holder) (saved conversation.Saved, err error) {
	err = s.do(ctx, func(t *tx) error {
		saved, err = t.resend(a, id, h)
		return err
	})
	if err != nil {
		return conversation.Saved{}, fmt.Errorf("resend parked message: %w", err)
	}
	return saved, nil
}

func (t *tx) resend(a chatid.AccountID, id chatid.MessageID, h conversation.Holder) (conversation.Saved, error) {
	// The lane is locked before its message is looked at, as everywhere.
	l, err := t.lane(` WHERE c.id = (SELECT conversation_id FROM parked WHERE message_id = ? AND account_id = ?)`, string(id), string(a))
	if err != nil {
		return conversation.Saved{}, err
	}
	var kind outbox.Kind
	var payload []byte
	var uncertain bool
	if err = t.row(`SELECT job_kind, payload, uncertain FROM parked WHERE message_id = ?`, string(id)).Scan(&kind, &payload, &uncertain); err != nil {
		return conversation.Saved{}, err
	}
	if _, err = t.exec(`DELETE FROM parked WHERE message_id = ?`, string(id)); err != nil {
		return conversation.Saved{}, err
	}
	m, err := t.ofLane(l, id)
	if err != nil {
		return conversation.Saved{}, err
	}
	m.Status, m.ErrorCode, m.Rev = conversation.Stored, "", l.next()
	if _, err = t.exec(`UPDATE messages SET status = ?, error_code = '', rev = ? WHERE id = ?`, int(m.Status), m.Rev, string(id)); err != nil {
		return conversation.Saved{}, err
	}
	if err = t.enqueue(l, h, m.Rev, kind, json.RawMessage(payload)); err != nil {
		return conversation.Saved{}, err
	}
	if uncertain {
		// What may have arrived the first time may still have.
		if _, err = t.exec(`UPDATE outbox SET uncertain = ? WHERE conversation_id = ? AND seq = ?`, uncertain, l.id, m.Rev); err != nil {
			return conversation.Saved{}, err
		}
		if l.first != nil {
			l.first.Uncertain = true
		}
	}
	return conversation.Saved{Message: m, Visitor: chatid.VisitorID(l.visitor), Claim: l.claim, Job: l.first}, t.saveLane(l)
}

// DropParked implements conversation.Parking.
func (s conversations) DropParked(ctx context.Context, a chatid.AccountID, id chatid.MessageID) error {
	err := s.do(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM parked WHERE message_id = ? AND account_id = ?`, string(id), string(a))
		if err == nil && n == 0 {
			err = sql.ErrNoRows
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("drop parked message: %w", err)
	}
	return nil
}
