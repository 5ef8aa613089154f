package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/outbox"
)

// due finds lanes in turns: the first of each account, then the second of each,
// so that one account with many waiting lanes delays no other.
const due = `SELECT id FROM (
	SELECT c.id, c.due_at, row_number() OVER (PARTITION BY c.account_id ORDER BY c.due_at) AS turn
	FROM accounts a CROSS JOIN conversations c
	WHERE c.id IN (
		SELECT d.id FROM conversations d WHERE d.account_id = a.id AND d.due_at IS NOT NULL AND d.due_at <= ? ORDER BY d.due_at LIMIT ?)
		AND a.paused_until <= ? AND %s(?, a.id) = 0) w ORDER BY turn, due_at LIMIT ?`

// dueSQLite and duePostgres differ in how they look for an account's id in the
// list of those to skip: one text, so that the statement stays the same.
var (
	dueSQLite   = claimable(fmt.Sprintf(due, "instr"))
	duePostgres = claimable(fmt.Sprintf(due, "strpos")) + ` FOR UPDATE SKIP LOCKED`
)

func claimable(ids string) string {
	return `SELECT id, account_id, token FROM conversations WHERE due_at <= ? AND id IN (` + ids + `) ORDER BY due_at`
}

// ClaimDue implements outbox.Store.
func (s lanes) ClaimDue(ctx context.Context, now time.Time, lease time.Duration, n int, skip []chatid.AccountID) ([]outbox.Claim, error) {
	if n <= 0 {
		return nil, nil
	}
	// Looking costs no transaction: mostly nothing is due.
	if next, ok, err := s.NextDue(ctx); err != nil || !ok || next.After(now) {
		return nil, err
	}
	var claims []outbox.Claim
	until, ms, passed := now.Add(lease), now.UnixMilli(), fmt.Sprint(skip)
	err := s.do(ctx, func(t *tx) error {
		claims = nil
		query := dueSQLite
		if t.postgres {
			query = duePostgres
		}
		rows, err := t.rows(query, ms, ms, n, ms, passed, n)
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
			_, err = t.exec(`UPDATE conversations SET due_at = ?, token = ? WHERE id = ?`, until.UnixMilli(), claims[i].Token, string(claims[i].Lane))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim due lanes: %w", err)
	}
	return claims, nil
}

// Adopt implements outbox.Store. The tokens stay: they tell that what their holder had
// in hand may have arrived, and that a try of a file counts.
func (s lanes) Adopt(ctx context.Context) error {
	if s.postgres {
		return nil
	}
	return s.do(ctx, func(t *tx) error {
		if _, err := t.exec(`UPDATE conversations SET due_at = 0 WHERE due_at > 0 AND token <> ''`); err != nil {
			return err
		}
		_, err := t.exec(`UPDATE files SET due_at = 0 WHERE due_at > 0 AND token <> ''`)
		return err
	})
}

// NextDue implements outbox.Store.
func (s lanes) NextDue(ctx context.Context) (time.Time, bool, error) {
	var next sql.NullInt64
	err := s.reader(ctx).row(`SELECT min(CASE WHEN due > paused_until THEN due ELSE paused_until END) FROM (
		SELECT a.paused_until, (SELECT c.due_at FROM conversations c WHERE c.account_id = a.id AND c.due_at IS NOT NULL
			ORDER BY c.due_at LIMIT 1) AS due FROM accounts a) w WHERE due IS NOT NULL`).Scan(&next)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("find next due lane: %w", translate(err))
	}
	return time.UnixMilli(next.Int64).UTC(), next.Valid, nil
}

// Jobs implements outbox.Store.
func (s lanes) Jobs(ctx context.Context, c outbox.Claim, limit int) ([]outbox.Job, error) {
	rows, err := s.reader(ctx).rows(`SELECT o.conversation_id, o.account_id, o.seq, o.kind, o.payload, o.attempts, o.uncertain
		FROM outbox o JOIN conversations c ON c.id = o.conversation_id
		WHERE o.conversation_id = ? AND c.token = ? ORDER BY o.seq LIMIT ?`, string(c.Lane), c.Token, limit)
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", translate(err))
	}
	defer rows.Close()
	return collect(rows, func(r scanner) (j outbox.Job, err error) {
		err = r.Scan(&j.Lane, &j.Account, &j.Seq, &j.Kind, &j.Payload, &j.Attempts, &j.Uncertain)
		return j, err
	})
}

// Renew implements outbox.Store.
func (s lanes) Renew(ctx context.Context, c outbox.Claim, until time.Time) error {
	return s.giveBack(ctx, "renew claim", c, c.Token, until.UnixMilli())
}

// Release implements outbox.Store. Due at the beginning of time is due at once.
func (s lanes) Release(ctx context.Context, c outbox.Claim) error {
	return s.giveBack(ctx, "release lane", c, "", 0)
}

// giveBack sets token and due time of a lane that is still c's.
func (s lanes) giveBack(ctx context.Context, what string, c outbox.Claim, token string, dueAt int64) error {
	err := s.do(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE conversations SET due_at = ?, token = ? WHERE id = ? AND token = ? AND token <> ''`,
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

// Settle implements outbox.Store.
func (s lanes) Settle(ctx context.Context, c outbox.Claim, j outbox.Job, o outbox.Outcome) (more bool, err error) {
	err = s.do(ctx, func(t *tx) error {
		if o.PauseAccount && t.postgres {
			// Before the thread, as in setState: the other way round the two would
			// wait for each other.
			if _, err := t.exec(`SELECT 1 FROM accounts WHERE id = ? FOR NO KEY UPDATE`, string(c.Account)); err != nil {
				return err
			}
		}
		l, err := t.lane(` WHERE c.id = ? AND c.token = ? AND c.token <> ''`, string(c.Lane), c.Token)
		if errors.Is(err, sql.ErrNoRows) {
			return outbox.ErrLost
		}
		if err != nil {
			return err
		}
		before := l.seq
		for _, e := range o.Effects {
			if err = t.apply(l, e); err != nil {
				return err
			}
		}
		if l.seq != before || l.refsChanged {
			if err = t.saveLane(l); err != nil {
				return err
			}
		}
		if o.Verdict == outbox.Later {
			more = true
			return t.postpone(l, j, o)
		}
		if o.Verdict == outbox.Never {
			if err = t.park(l, j, o.Effects); err != nil {
				return err
			}
		}
		more, err = t.remove(l, j)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("settle job: %w", err)
	}
	return more, nil
}

// remove takes the job out; a lane without jobs becomes idle.
func (t *tx) remove(l *lane, j outbox.Job) (more bool, err error) {
	if _, err = t.exec(`DELETE FROM outbox WHERE conversation_id = ? AND seq = ?`, l.id, j.Seq); err != nil {
		return false, err
	}
	var left int
	err = t.row(`SELECT count(*) FROM (SELECT 1 AS one FROM outbox WHERE conversation_id = ? LIMIT 1) w`, l.id).Scan(&left)
	if err != nil || left > 0 {
		return true, err
	}
	_, err = t.exec(`UPDATE conversations SET due_at = NULL, token = '' WHERE id = ?`, l.id)
	return false, err
}

// postpone keeps the job and gives the lane back, due later.
func (t *tx) postpone(l *lane, j outbox.Job, o outbox.Outcome) error {
	counted := 0
	if o.Counted {
		counted = 1
	}
	_, err := t.exec(`UPDATE outbox SET attempts = attempts + ?, uncertain = ? WHERE conversation_id = ? AND seq = ?`,
		counted, o.Uncertain, l.id, j.Seq)
	if err != nil {
		return err
	}
	until := ms(o.At)
	if o.PauseAccount {
		if _, err = t.exec(`UPDATE accounts SET paused_until = ? WHERE id = ? AND paused_until < ?`, until, l.account, until); err != nil {
			return err
		}
	}
	_, err = t.exec(`UPDATE conversations SET due_at = ?, token = '' WHERE id = ?`, until, l.id)
	return err
}
