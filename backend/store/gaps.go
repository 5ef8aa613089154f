package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

// markAlive names the mark of the server's last sign of life.
const markAlive = "alive"

// Gaps gives the part for what hooks may have been lost.
func (s *Store) Gaps() conversation.GapStore { return gaps{s} }

type gaps struct{ *Store }

// NoteGap implements conversation.GapStore.
func (s gaps) NoteGap(ctx context.Context, a chatid.AccountID, since, until time.Time) error {
	return s.write(ctx, "note gap", func(t *tx) error {
		_, err := t.exec(`UPDATE accounts SET gap_since = CASE WHEN gap_since = 0 OR gap_since > ? THEN ? ELSE gap_since END,
			gap_at = CASE WHEN gap_at < ? THEN ? ELSE gap_at END
			WHERE (id = ? OR ? = '' AND state IN (?, ?))`,
			ms(since), ms(since), ms(until), ms(until), string(a), string(a), string(account.Connected), string(account.Broken))
		return err
	})
}

// Gaps implements conversation.GapStore.
func (s gaps) Gaps(ctx context.Context) ([]conversation.Gap, error) {
	rows, err := s.reader(ctx).rows(`SELECT id, gap_since, gap_at FROM accounts WHERE gap_since <> 0 AND (state = ? OR state = ? AND reason IN (?, ?)) ORDER BY gap_since`,
		string(account.Connected), string(account.Broken), account.ReasonAuthorisation, account.ReasonUnpaid)
	if err != nil {
		return nil, fmt.Errorf("list gaps: %w", translate(err))
	}
	defer rows.Close()
	return collect(rows, func(r scanner) (g conversation.Gap, err error) {
		var since, until int64
		err = r.Scan(&g.Account, &since, &until)
		g.Since, g.At = at(since), at(until)
		return g, err
	})
}

// CloseGap implements conversation.GapStore.
func (s gaps) CloseGap(ctx context.Context, g conversation.Gap) error {
	return s.write(ctx, "close gap", func(t *tx) error {
		_, err := t.exec(`UPDATE accounts SET gap_since = 0 WHERE id = ? AND gap_since = ? AND gap_at = ?`, string(g.Account), ms(g.Since), ms(g.At))
		return err
	})
}

// Unhealed implements conversation.GapStore.
func (s gaps) Unhealed(ctx context.Context, g conversation.Gap, since time.Time, after chatid.ConversationID, limit int) ([]conversation.Conversation, error) {
	rows, err := s.reader(ctx).rows(`SELECT `+conversationColumns+` FROM conversations c
		WHERE c.account_id = ? AND c.touched_at >= ? AND c.healed_at < ? AND c.chat_ref <> '' AND c.visitor_id <> '' AND c.id > ? ORDER BY c.id LIMIT ?`,
		string(g.Account), ms(since), ms(g.At), string(after), limit)
	if err != nil {
		return nil, fmt.Errorf("list conversations of a gap: %w", translate(err))
	}
	defer rows.Close()
	return collect(rows, scanConversation)
}

// Alive implements conversation.GapStore.
func (s gaps) Alive(ctx context.Context) (time.Time, error) {
	var last int64
	err := s.reader(ctx).row(`SELECT at FROM marks WHERE name = ?`, markAlive).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return at(last), translate(err)
}

// SetAlive implements conversation.GapStore.
func (s gaps) SetAlive(ctx context.Context, now time.Time) error {
	return s.write(ctx, "note sign of life", func(t *tx) error {
		_, err := t.exec(`INSERT INTO marks (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at`, markAlive, ms(now))
		return err
	})
}
