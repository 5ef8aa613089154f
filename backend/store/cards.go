package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// SaveCardWork implements conversation.CardStore.
func (s conversations) SaveCardWork(ctx context.Context, w conversation.CardWork) error {
	return s.write(ctx, "save card work", func(t *tx) error {
		id := string(w.Conversation)
		if id == "" {
			err := t.row(`SELECT id FROM conversations WHERE account_id = ? AND visitor_id = ? AND visitor_id <> ''
				ORDER BY CASE WHEN lead_id <> 0 THEN 0 ELSE 1 END, touched_at DESC LIMIT 1`, string(w.Account), string(w.Visitor)).Scan(&id)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		if id == "" {
			return t.cardJob(w, "", "")
		}
		l, err := t.lane(` WHERE c.id = ? AND c.account_id = ?`, id, string(w.Account))
		if err != nil {
			return err
		}
		if err = t.cardJob(w, l.id, l.visitor); err != nil {
			return err
		}
		return t.cardsDue(l.id)
	})
}

// cardJob adds a job; the lane's row is there, and locked, from then on.
func (t *tx) cardJob(w conversation.CardWork, lane, visitor string) error {
	raw, err := json.Marshal(w.Job)
	if err != nil {
		return fmt.Errorf("write card work: %w", err)
	}
	if len(raw) > outbox.MaxPayloadBytes {
		return fault.New(fault.TooLarge, "text_too_long")
	}
	var waiting, same int
	count := `SELECT count(*), COALESCE(SUM(CASE WHEN kind = ? THEN 1 ELSE 0 END), 0) FROM card_jobs WHERE `
	if lane == "" {
		visitor = string(w.Visitor)
		err = t.row(count+`visitor_id = ? AND conversation_id = ''`, string(w.Kind), visitor).Scan(&waiting, &same)
	} else {
		if _, err = t.exec(`INSERT INTO card_lanes (conversation_id, account_id) VALUES (?, ?)
			ON CONFLICT (conversation_id) DO UPDATE SET account_id = excluded.account_id`, lane, string(w.Account)); err != nil {
			return err
		}
		err = t.row(count+`conversation_id = ? AND conversation_id <> ''`, string(w.Kind), lane).Scan(&waiting, &same)
	}
	switch {
	case err != nil:
		return err
	case w.Most > 0 && same >= w.Most:
		return nil
	case w.Most == 0 && waiting >= conversation.MaxCardWork:
		return fault.New(fault.Limited, "too_much_waiting")
	}
	_, err = t.exec(`INSERT INTO card_jobs (account_id, visitor_id, conversation_id, kind, payload, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
		string(w.Account), visitor, lane, string(w.Kind), raw, w.Job.At)
	return err
}

// cardsDue makes a conversation's card work due if its lead is known and it is in
// nobody's hands.
func (t *tx) cardsDue(lane string) error {
	_, err := t.exec(`UPDATE card_lanes SET due_at = 0 WHERE conversation_id = ? AND token = '' AND (due_at IS NULL OR due_at > 0)
		AND EXISTS (SELECT 1 FROM conversations c WHERE c.id = card_lanes.conversation_id AND c.lead_id <> 0)
		AND EXISTS (SELECT 1 FROM card_jobs j WHERE j.conversation_id = card_lanes.conversation_id AND j.conversation_id <> '')`, lane)
	return err
}

// leadKnown gives the work that waited for a visitor's lead to the conversation
// that has one now, after what waited there.
func (t *tx) leadKnown(l *lane) error {
	if l.visitor != "" {
		var waits int
		err := t.row(`SELECT count(*) FROM (SELECT 1 AS one FROM card_jobs WHERE visitor_id = ? AND conversation_id = '' LIMIT 1) w`, l.visitor).Scan(&waits)
		if err != nil {
			return err
		}
		if waits > 0 {
			if _, err = t.exec(`INSERT INTO card_lanes (conversation_id, account_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, l.id, l.account); err != nil {
				return err
			}
			if _, err = t.exec(`UPDATE card_jobs SET conversation_id = ? WHERE visitor_id = ? AND conversation_id = '' AND account_id = ?`,
				l.id, l.visitor, l.account); err != nil {
				return err
			}
		}
	}
	if err := t.metaWork(l.account, l.id, l.visitor, l.touchedAt); err != nil {
		return err
	}
	return t.cardsDue(l.id)
}

// metaWork adds the work that puts a visitor's record into the cards, if there is a
// record; asked is when, in Unix milliseconds, unless it changed later. Of two that wait the second reads everything that the page has told.
func (t *tx) metaWork(account, lane, visitor string, asked int64) error {
	var there int64
	err := t.row(`SELECT changed_at FROM visitor_meta WHERE account_id = ? AND visitor_id = ?`, account, visitor).Scan(&there)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.cardJob(conversation.CardWork{
		Account: chatid.AccountID(account), Kind: conversation.CardMeta, Job: conversation.CardJob{At: max(there, asked)}, Most: 2,
	}, lane, visitor)
}

// Cards implements conversation.CardStore.
func (s conversations) Cards(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (out conversation.Cards, err error) {
	if out.Conversation, err = s.Conversation(ctx, a, id); err != nil {
		return out, err
	}
	r := s.reader(ctx)
	err = r.row(`SELECT c.lead_id, COALESCE(v.contact_id, 0), COALESCE(v.name, '') FROM conversations c LEFT JOIN visitors v ON v.id = c.visitor_id WHERE c.id = ?`, string(id)).
		Scan(&out.Lead, &out.Contact, &out.VisitorName)
	if err == nil {
		var rows *sql.Rows
		if rows, err = r.rows(`SELECT mark FROM card_marks WHERE conversation_id = ? ORDER BY mark`, string(id)); err == nil {
			defer rows.Close()
			out.Marks, err = collect(rows, func(r scanner) (m string, err error) { return m, r.Scan(&m) })
		}
	}
	if err != nil {
		return out, fmt.Errorf("read cards: %w", translate(err))
	}
	return out, nil
}

// WakeCards implements conversation.CardStore.
func (s conversations) WakeCards(ctx context.Context, a chatid.AccountID, lead int64) error {
	return s.write(ctx, "wake card work", func(t *tx) error {
		_, err := t.exec(`UPDATE card_lanes SET due_at = 0 WHERE account_id = ? AND token = '' AND due_at > 0
			AND conversation_id IN (SELECT id FROM conversations WHERE account_id = ? AND lead_id = ? AND lead_id <> 0)`, string(a), string(a), lead)
		return err
	})
}

// DropCardWork implements conversation.CardStore.
func (s conversations) DropCardWork(ctx context.Context, before time.Time, n int) (dropped []conversation.CardWork, err error) {
	err = s.write(ctx, "drop card work", func(t *tx) error {
		rows, err := t.rows(`DELETE FROM card_jobs WHERE id IN (SELECT id FROM card_jobs WHERE created_at < ? AND conversation_id NOT IN
			(SELECT conversation_id FROM card_lanes WHERE due_at IS NOT NULL) LIMIT ?) RETURNING account_id, visitor_id, conversation_id, kind, payload`, ms(before), n)
		if err != nil {
			return err
		}
		defer rows.Close()
		dropped, err = collect(rows, func(r scanner) (w conversation.CardWork, err error) {
			var payload []byte
			if err = r.Scan(&w.Account, &w.Visitor, &w.Conversation, &w.Kind, &payload); err == nil && len(payload) > 0 {
				err = json.Unmarshal(payload, &w.Job)
			}
			return w, err
		})
		return err
	})
	return dropped, err
}

// sortsFirst makes the lanes of work on cards: conversation.SortWork overtakes other work,
// which may wait for just that.
func sortsFirst(k laneKind) laneKind {
	// Which job the dead one had in hand is not known: another may stand before it since.
	k.doubt = `UPDATE card_jobs SET uncertain = ? WHERE ` + standsIn
	k.due = (*tx).cardsLater
	return k
}

// cardsLater is laneKind.due of work on cards: at once where what it waits for was asked
// for while it was in hand.
func (t *tx) cardsLater(c outbox.Claim, j outbox.Job, o outbox.Outcome) (int64, error) {
	if o.PauseAccount || j.Kind == conversation.SortWork {
		return ms(o.At), nil
	}
	var sorts int
	err := t.row(`SELECT count(*) FROM (SELECT 1 AS one FROM card_jobs WHERE `+standsIn+` AND kind = ? LIMIT 1) w`,
		string(c.Lane), string(conversation.SortWork)).Scan(&sorts)
	if err != nil || sorts > 0 {
		return 0, err
	}
	return ms(o.At), nil
}

// settleCards is laneKind.settle of work on cards.
func (t *tx) settleCards(c outbox.Claim, _ outbox.Job, o outbox.Outcome) error {
	var id string
	err := t.row(t.locked(`SELECT l.conversation_id FROM card_lanes l WHERE l.conversation_id = ? AND l.token = ? AND l.token <> ''`, "l"), string(c.Lane), c.Token).Scan(&id)
	if err != nil {
		return err
	}
	for _, e := range o.Effects {
		marked, ok := e.(conversation.CardsMarked)
		if !ok {
			return fmt.Errorf("store: unknown effect of card work %T", e)
		}
		for _, m := range marked.Marks {
			if _, err = t.exec(`INSERT INTO card_marks (conversation_id, mark) VALUES (?, ?) ON CONFLICT DO NOTHING`, id, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// VisitorOfCards implements conversation.Store.
func (s conversations) VisitorOfCards(ctx context.Context, a chatid.AccountID, c chatid.ChatID, cards conversation.PersonCards) (chatid.VisitorID, error) {
	var id chatid.VisitorID
	last := int64(-1)
	look := func(where string, card int64) error {
		var v chatid.VisitorID
		var at int64
		err := s.reader(ctx).row(`SELECT v.id, c.touched_at FROM visitors v JOIN conversations c ON c.visitor_id = v.id AND c.chat_id = v.chat_id
			WHERE v.account_id = ? AND v.chat_id = ? AND v.external_id = '' AND `+where+` ORDER BY c.touched_at DESC LIMIT 1`, string(a), string(c), card).Scan(&v, &at)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err == nil && at > last {
			id, last = v, at
		}
		return translate(err)
	}
	for _, one := range cards.Contacts {
		if err := look(`v.contact_id = ? AND v.contact_id <> 0`, int64(one)); err != nil {
			return "", fmt.Errorf("find visitor of a contact: %w", err)
		}
	}
	for _, one := range cards.Leads {
		if err := look(`c.lead_id = ? AND c.lead_id <> 0`, one); err != nil {
			return "", fmt.Errorf("find visitor of a lead: %w", err)
		}
	}
	if id == "" {
		return "", fault.New(fault.NotFound, "not_found")
	}
	return id, nil
}
