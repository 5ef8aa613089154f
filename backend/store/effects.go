package store

import (
	"database/sql"
	"errors"
	"fmt"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

// apply stores an effect of a settled job in its transaction.
func (t *tx) apply(l *lane, e outbox.Effect) error {
	switch e := e.(type) {
	case conversation.MessageSent:
		l.know(e.Chat, e.User)
		return t.sent(l, e)
	case conversation.MessageFailed:
		return t.failed(l, e)
	case conversation.ChatKnown:
		l.know(e.Chat, "")
		return nil
	case conversation.WroteFirst:
		return t.adopt(l, e)
	case conversation.Healed:
		_, err := t.exec(`UPDATE conversations SET healed_at = ? WHERE id = ? AND healed_at < ?`, ms(e.At), l.id, ms(e.At))
		return err
	case conversation.TalkKnown:
		return t.saveTalk(l, conversation.Talk{ID: e.Talk, Contact: e.Contact})
	}
	return fmt.Errorf("store: unknown outbox effect %T", e)
}

// sent keeps the service's id and raises the status. A failure is final, and a
// message that somebody has read stays read.
func (t *tx) sent(l *lane, e conversation.MessageSent) error {
	m, err := t.ofLane(l, e.Message)
	if err != nil {
		return skipAbsent(err)
	}
	ref, status := m.Ref, m.Status
	if ref == "" && e.Ref != "" {
		// The id names one message of the account; were it taken, settling must not
		// fail for ever because of that.
		var taken int
		if err = t.row(`SELECT count(*) FROM messages WHERE account_id = ? AND ref = ? AND ref <> ''`, l.account, string(e.Ref)).Scan(&taken); err != nil {
			return err
		}
		if taken == 0 {
			ref = e.Ref
		}
	}
	if status == conversation.Stored {
		status = conversation.Delivered
	}
	if ref == m.Ref && status == m.Status {
		return nil
	}
	_, err = t.exec(`UPDATE messages SET ref = ?, status = ?, rev = ? WHERE id = ?`, string(ref), int(status), l.next(), string(m.ID))
	return err
}

func (t *tx) failed(l *lane, e conversation.MessageFailed) error {
	m, err := t.ofLane(l, e.Message)
	if err != nil {
		return skipAbsent(err)
	}
	if m.Status == conversation.Failed {
		return nil
	}
	_, err = t.exec(`UPDATE messages SET status = ?, error_code = ?, rev = ? WHERE id = ?`,
		int(conversation.Failed), e.Code, l.next(), string(m.ID))
	return err
}

func (t *tx) ofLane(l *lane, id chatid.MessageID) (conversation.Message, error) {
	return scanMessage(t.row(`SELECT `+messageColumns+` FROM messages WHERE id = ? AND conversation_id = ?`, string(id), l.id))
}

// skipAbsent: a message that is gone has nothing to change; its job still ends.
func skipAbsent(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
