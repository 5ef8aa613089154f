package store

import (
	"context"
	"fmt"

	"leadline/backend/conversation"
)

// SaveReceipt implements conversation.Store.
func (s conversations) SaveReceipt(ctx context.Context, r conversation.Receipt) (conversation.Reported, error) {
	var rep conversation.Reported
	err := s.do(ctx, func(t *tx) (err error) {
		rep, err = t.saveReceipt(r)
		return err
	})
	if err != nil {
		return conversation.Reported{}, fmt.Errorf("save receipt: %w", err)
	}
	return rep, nil
}

func (t *tx) saveReceipt(r conversation.Receipt) (conversation.Reported, error) {
	l, err := t.lane(` WHERE c.id = ?`, string(r.Conversation))
	if err != nil {
		return conversation.Reported{}, err
	}
	seen := max(l.seenSeq, min(r.Seen, l.seq))
	delivered := max(l.deliveredSeq, seen, min(r.Delivered, l.seq))
	if seen == l.seenSeq && delivered == l.deliveredSeq {
		return conversation.Reported{Rev: l.seq}, nil
	}
	// What lies at or below the old seen cursor is read, or failed, already. A rev
	// is never below its seq, and has the index.
	rows, err := t.rows(`SELECT `+messageColumns+` FROM messages
		WHERE conversation_id = ? AND rev > ? AND seq > ? AND seq <= ? AND direction = ? AND status >= 0 AND ref <> '' AND pending = 0 ORDER BY seq`,
		l.id, l.seenSeq, l.seenSeq, delivered, string(conversation.Outbound))
	if err != nil {
		return conversation.Reported{}, err
	}
	defer rows.Close()
	msgs, err := collect(rows, scanMessage)
	if err != nil {
		return conversation.Reported{}, err
	}
	l.seenSeq, l.deliveredSeq = seen, delivered
	rep := conversation.Reported{}
	for _, m := range msgs {
		status := conversation.Delivered
		if m.Seq <= seen {
			status = conversation.Read
		}
		if m.Status >= status {
			continue
		}
		rev := l.next()
		if _, err = t.exec(`UPDATE messages SET status = ?, rev = ? WHERE id = ?`, int(status), rev, string(m.ID)); err != nil {
			return rep, err
		}
		rep.Changed++
		if !reportable(m.Ref) || m.ClientID != "" { // an imported one was not written in the CRM
			continue
		}
		if err = t.enqueue(l, r.Holder, rev, conversation.JobStatus, conversation.StatusJob{Ref: m.Ref, Status: status}); err != nil {
			return rep, err
		}
	}
	rep.Rev, rep.Claim, rep.Job = l.seq, l.claim, l.first
	return rep, t.saveLane(l)
}
