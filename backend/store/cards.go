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

// Cards is the outbox of card work: its lanes are of conversations, too, and its
// jobs are numbered through.
func (s *Store) Cards() outbox.Store { return cardLanes{s} }

type cardLanes struct{ *Store }

const dueCards = `SELECT l.conversation_id, l.account_id, l.token FROM card_lanes l JOIN accounts a ON a.id = l.account_id
	WHERE l.due_at IS NOT NULL AND l.due_at <= ? AND a.cards_paused_until <= ? AND %s(?, l.account_id) = 0 ORDER BY l.due_at LIMIT ?`

var (
	dueCardsSQLite   = fmt.Sprintf(dueCards, "instr")
	dueCardsPostgres = fmt.Sprintf(dueCards, "strpos") + ` FOR NO KEY UPDATE OF l SKIP LOCKED`
)

// ClaimDue implements outbox.Store.
func (s cardLanes) ClaimDue(ctx context.Context, now time.Time, lease time.Duration, n int, skip []chatid.AccountID) ([]outbox.Claim, error) {
	if n <= 0 {
		return nil, nil
	}
	if next, ok, err := s.NextDue(ctx); err != nil || !ok || next.After(now) {
		return nil, err
	}
	var claims []outbox.Claim
	until, ms := now.Add(lease), now.UnixMilli()
	err := s.do(ctx, func(t *tx) error {
		claims = nil
		query := dueCardsSQLite
		if t.postgres {
			query = dueCardsPostgres
		}
		rows, err := t.rows(query, ms, ms, fmt.Sprint(skip), n)
		if err != nil {
			return err
		}
		defer rows.Close()
		claims, err = collect(rows, func(r scanner) (outbox.Claim, error) {
			c := outbox.Claim{Token: s.newID(), Until: until}
			var former string
			err := r.Scan(&c.Lane, &c.Account, &former)
			c.Recovered = former != ""
			return c, err
		})
		for i := 0; i < len(claims) && err == nil; i++ {
			_, err = t.exec(`UPDATE card_lanes SET due_at = ?, token = ? WHERE conversation_id = ?`, until.UnixMilli(), claims[i].Token, string(claims[i].Lane))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim due card lanes: %w", err)
	}
	return claims, nil
}

// NextDue implements outbox.Store.
func (s cardLanes) NextDue(ctx context.Context) (time.Time, bool, error) {
	var next sql.NullInt64
	err := s.reader(ctx).row(`SELECT min(CASE WHEN l.due_at > a.cards_paused_until THEN l.due_at ELSE a.cards_paused_until END)
		FROM card_lanes l JOIN accounts a ON a.id = l.account_id WHERE l.due_at IS NOT NULL`).Scan(&next)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("find next due card lane: %w", translate(err))
	}
	return time.UnixMilli(next.Int64).UTC(), next.Valid, nil
}

// Jobs implements outbox.Store.
func (s cardLanes) Jobs(ctx context.Context, c outbox.Claim, limit int) ([]outbox.Job, error) {
	rows, err := s.reader(ctx).rows(`SELECT j.conversation_id, j.account_id, j.id, j.kind, j.payload, j.attempts, j.uncertain
		FROM card_jobs j JOIN card_lanes l ON l.conversation_id = j.conversation_id
		WHERE j.conversation_id = ? AND j.conversation_id <> '' AND l.token = ? ORDER BY j.id LIMIT ?`, string(c.Lane), c.Token, limit)
	if err != nil {
		return nil, fmt.Errorf("read card jobs: %w", translate(err))
	}
	defer rows.Close()
	return collect(rows, func(r scanner) (j outbox.Job, err error) {
		err = r.Scan(&j.Lane, &j.Account, &j.Seq, &j.Kind, &j.Payload, &j.Attempts, &j.Uncertain)
		return j, err
	})
}

// Renew implements outbox.Store.
func (s cardLanes) Renew(ctx context.Context, c outbox.Claim, until time.Time) error {
	return s.giveBack(ctx, "renew card claim", c, c.Token, until.UnixMilli())
}

// Release implements outbox.Store.
func (s cardLanes) Release(ctx context.Context, c outbox.Claim) error {
	return s.giveBack(ctx, "release card lane", c, "", 0)
}

func (s cardLanes) giveBack(ctx context.Context, what string, c outbox.Claim, token string, dueAt int64) error {
	err := s.do(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE card_lanes SET due_at = ?, token = ? WHERE conversation_id = ? AND token = ? AND token <> ''`,
			dueAt, token, string(c.Lane), c.Token)
		if err == nil && n == 0 {
			err = outbox.ErrLost
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Adopt implements outbox.Store.
func (s cardLanes) Adopt(ctx context.Context) error {
	if s.postgres {
		return nil
	}
	return s.do(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE card_lanes SET due_at = 0 WHERE due_at > 0 AND token <> ''`)
		return err
	})
}

// Settle implements outbox.Store. Its only effect is conversation.CardsMarked.
func (s cardLanes) Settle(ctx context.Context, c outbox.Claim, j outbox.Job, o outbox.Outcome) (more bool, err error) {
	err = s.do(ctx, func(t *tx) error {
		if o.PauseAccount && t.postgres {
			// Before the lane, as where an account's state changes.
			if _, err := t.exec(`SELECT 1 FROM accounts WHERE id = ? FOR NO KEY UPDATE`, string(c.Account)); err != nil {
				return err
			}
		}
		var id string
		err := t.row(t.locked(`SELECT l.conversation_id FROM card_lanes l WHERE l.conversation_id = ? AND l.token = ? AND l.token <> ''`, "l"), string(c.Lane), c.Token).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return outbox.ErrLost
		}
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
		if o.Verdict == outbox.Later {
			more = true
			return t.postponeCards(id, j, o)
		}
		if _, err = t.exec(`DELETE FROM card_jobs WHERE id = ?`, j.Seq); err != nil {
			return err
		}
		var left int
		err = t.row(`SELECT count(*) FROM (SELECT 1 AS one FROM card_jobs WHERE conversation_id = ? AND conversation_id <> '' LIMIT 1) w`, id).Scan(&left)
		if more = left > 0; err != nil || more {
			return err
		}
		_, err = t.exec(`UPDATE card_lanes SET due_at = NULL, token = '' WHERE conversation_id = ?`, id)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("settle card job: %w", err)
	}
	return more, nil
}

// postponeCards keeps the job and gives the lane back, due later.
func (t *tx) postponeCards(id string, j outbox.Job, o outbox.Outcome) error {
	_, err := t.exec(`UPDATE card_jobs SET attempts = attempts + ?, uncertain = ? WHERE id = ?`, flag(o.Counted), o.Uncertain, j.Seq)
	if err != nil {
		return err
	}
	if o.PauseAccount {
		if _, err = t.exec(`UPDATE accounts SET cards_paused_until = ? WHERE id = (SELECT account_id FROM card_lanes WHERE conversation_id = ?) AND cards_paused_until < ?`,
			ms(o.At), id, ms(o.At)); err != nil {
			return err
		}
	}
	_, err = t.exec(`UPDATE card_lanes SET due_at = ?, token = '' WHERE conversation_id = ?`, ms(o.At), id)
	return err
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
