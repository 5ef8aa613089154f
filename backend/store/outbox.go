package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/outbox"
)

// Outbox gives the part for what goes to the chats service.
func (s *Store) Outbox() outbox.Store { return lanes{s, &messageLanes} }

// Cards gives the part for work on the CRM's cards: its lanes are of conversations,
// too, and its jobs are numbered through.
func (s *Store) Cards() outbox.Store { return lanes{s, &cardLanes} }

// lanes keeps one outbox.
type lanes struct {
	*Store
	*laneKind
}

// laneKind is an outbox: its statements, and what the end of a job changes besides.
type laneKind struct {
	dueSQLite, duePostgres                      string
	claim, next, jobs, give, adopt, idle, later string
	keep, remove, pause                         string
	// doubt makes all jobs of a lane uncertain whose holder died; empty where only the
	// first can have been in its hands.
	doubt string
	// due is when a lane is due whose job is kept for later, in Unix milliseconds; nil
	// for when the outcome says.
	due func(t *tx, c outbox.Claim, j outbox.Job, o outbox.Outcome) (int64, error)
	// settle finds the lane that is still c's, locks it and applies the outcome's
	// effects; sql.ErrNoRows when it is not c's any more.
	settle func(t *tx, c outbox.Claim, j outbox.Job, o outbox.Outcome) error
}

var (
	messageLanes = newLaneKind((*tx).settleMessages, "{lanes}", "conversations", "{lane}", "id", "{jobs}", "outbox", "{seq}", "seq", "{paused}", "paused_until", "{order}", "j.seq")
	cardLanes    = sortsFirst(newLaneKind((*tx).settleCards, "{lanes}", "card_lanes", "{lane}", "conversation_id", "{jobs}", "card_jobs", "{seq}", "id", "{paused}", "cards_paused_until",
		"{order}", "CASE WHEN j.kind = '"+string(conversation.SortWork)+"' THEN 0 ELSE 1 END, j.id"))
)

// standsIn repeats the condition of the index of jobs that stand in a lane.
const standsIn = `conversation_id = ? AND conversation_id <> ''`

func newLaneKind(settle func(*tx, outbox.Claim, outbox.Job, outbox.Outcome) error, names ...string) laneKind {
	name := strings.NewReplacer(names...).Replace
	// Lanes are found in turns: the first of each account, then the second of each, so
	// that one account with many waiting lanes delays no other.
	due := name(`SELECT {lane}, account_id, token FROM {lanes} WHERE due_at <= ? AND {lane} IN (SELECT id FROM (
		SELECT l.{lane} AS id, l.due_at, row_number() OVER (PARTITION BY l.account_id ORDER BY l.due_at) AS turn
		FROM accounts a CROSS JOIN {lanes} l
		WHERE l.{lane} IN (
			SELECT d.{lane} FROM {lanes} d WHERE d.account_id = a.id AND d.due_at IS NOT NULL AND d.due_at <= ? ORDER BY d.due_at LIMIT ?)
			AND a.{paused} <= ? AND %s(?, a.id) = 0) w ORDER BY turn, due_at LIMIT ?) ORDER BY due_at`)
	return laneKind{
		// They differ in how they look for an account's id in the list of those to skip:
		// one text, so that the statement stays the same.
		dueSQLite:   fmt.Sprintf(due, "instr"),
		duePostgres: fmt.Sprintf(due, "strpos") + ` FOR NO KEY UPDATE SKIP LOCKED`,
		claim:       name(`UPDATE {lanes} SET due_at = ?, token = ? WHERE {lane} = ?`),
		next: name(`SELECT min(CASE WHEN due > paused THEN due ELSE paused END) FROM (
			SELECT a.{paused} AS paused, (SELECT l.due_at FROM {lanes} l WHERE l.account_id = a.id AND l.due_at IS NOT NULL
				ORDER BY l.due_at LIMIT 1) AS due FROM accounts a) w WHERE due IS NOT NULL`),
		jobs: name(`SELECT j.conversation_id, j.account_id, j.{seq}, j.kind, j.payload, j.attempts, j.uncertain
			FROM {jobs} j JOIN {lanes} l ON l.{lane} = j.conversation_id
			WHERE j.conversation_id = ? AND j.conversation_id <> '' AND l.token = ? ORDER BY {order} LIMIT ?`),
		give:  name(`UPDATE {lanes} SET due_at = ?, token = ? WHERE {lane} = ? AND token = ? AND token <> ''`),
		adopt: name(`UPDATE {lanes} SET due_at = 0 WHERE due_at > 0 AND token <> ''`),
		idle: name(`UPDATE {lanes} SET due_at = NULL, token = '' WHERE {lane} = ?
			AND NOT EXISTS (SELECT 1 FROM {jobs} WHERE ` + standsIn + `)`),
		later:  name(`UPDATE {lanes} SET due_at = ?, token = '' WHERE {lane} = ?`),
		keep:   name(`UPDATE {jobs} SET attempts = attempts + ?, uncertain = ? WHERE ` + standsIn + ` AND {seq} = ?`),
		remove: name(`DELETE FROM {jobs} WHERE ` + standsIn + ` AND {seq} = ?`),
		pause:  name(`UPDATE accounts SET {paused} = ? WHERE id = ? AND {paused} < ?`),
		settle: settle,
	}
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
		query := s.dueSQLite
		if t.postgres {
			query = s.duePostgres
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
			_, err = t.exec(s.claim, until.UnixMilli(), claims[i].Token, string(claims[i].Lane))
			if err == nil && claims[i].Recovered && s.doubt != "" {
				_, err = t.exec(s.doubt, true, string(claims[i].Lane))
			}
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
		if _, err := t.exec(s.adopt); err != nil {
			return err
		}
		_, err := t.exec(`UPDATE files SET due_at = 0 WHERE due_at > 0 AND token <> ''`)
		return err
	})
}

// NextDue implements outbox.Store.
func (s lanes) NextDue(ctx context.Context) (time.Time, bool, error) {
	var next sql.NullInt64
	if err := s.reader(ctx).row(s.next).Scan(&next); err != nil {
		return time.Time{}, false, fmt.Errorf("find next due lane: %w", translate(err))
	}
	return time.UnixMilli(next.Int64).UTC(), next.Valid, nil
}

// Jobs implements outbox.Store.
func (s lanes) Jobs(ctx context.Context, c outbox.Claim, limit int) ([]outbox.Job, error) {
	rows, err := s.reader(ctx).rows(s.jobs, string(c.Lane), c.Token, limit)
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
	return s.write(ctx, what, func(t *tx) error {
		n, err := t.exec(s.give, dueAt, token, string(c.Lane), c.Token)
		if err == nil && n == 0 {
			err = outbox.ErrLost
		}
		return err
	})
}

// Settle implements outbox.Store. Card work has conversation.CardsMarked alone for an
// effect.
func (s lanes) Settle(ctx context.Context, c outbox.Claim, j outbox.Job, o outbox.Outcome) (more bool, err error) {
	err = s.write(ctx, "settle job", func(t *tx) error {
		if o.PauseAccount && t.postgres {
			// Before the lane, as in setState: the other way round the two would wait for
			// each other.
			if _, err := t.exec(`SELECT 1 FROM accounts WHERE id = ? FOR NO KEY UPDATE`, string(c.Account)); err != nil {
				return err
			}
		}
		err := s.settle(t, c, j, o)
		if errors.Is(err, sql.ErrNoRows) {
			return outbox.ErrLost
		}
		if err != nil {
			return err
		}
		more, err = s.end(t, c, j, o)
		return err
	})
	return more && err == nil, err
}

// end keeps the job for later, its lane given back, or takes it out; a lane without
// jobs becomes idle.
func (k *laneKind) end(t *tx, c outbox.Claim, j outbox.Job, o outbox.Outcome) (more bool, err error) {
	lane := string(c.Lane)
	if o.Verdict == outbox.Later {
		if _, err = t.exec(k.keep, flag(o.Counted), o.Uncertain, lane, j.Seq); err != nil {
			return false, err
		}
		if o.PauseAccount {
			if _, err = t.exec(k.pause, ms(o.At), string(c.Account), ms(o.At)); err != nil {
				return false, err
			}
		}
		due := ms(o.At)
		if k.due != nil {
			if due, err = k.due(t, c, j, o); err != nil {
				return false, err
			}
		}
		_, err = t.exec(k.later, due, lane)
		return true, err
	}
	if _, err = t.exec(k.remove, lane, j.Seq); err != nil {
		return false, err
	}
	n, err := t.exec(k.idle, lane, lane)
	return n == 0, err
}

// settleMessages is laneKind.settle of what goes to the chats service.
func (t *tx) settleMessages(c outbox.Claim, j outbox.Job, o outbox.Outcome) error {
	l, err := t.lane(` WHERE c.id = ? AND c.token = ? AND c.token <> ''`, string(c.Lane), c.Token)
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
	if o.Verdict == outbox.Never {
		return t.park(l, j, o.Effects)
	}
	return nil
}
