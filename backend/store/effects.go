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
// message that somebody has read stays read. Visitors see no difference, so that rev
// stays. The id names one message of the account; were it taken, settling must not fail
// for ever because of that.
func (t *tx) sent(l *lane, e conversation.MessageSent) error {
	_, err := t.exec(`UPDATE messages SET status = CASE WHEN status = 0 THEN 1 ELSE status END,
		ref = CASE WHEN ref = '' AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.account_id = ? AND o.ref = ? AND o.ref <> '') THEN ? ELSE ref END
		WHERE id = ? AND conversation_id = ?`, l.account, string(e.Ref), string(e.Ref), string(e.Message), l.id)
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
