package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/keyaction"
)

type keyActionLogRow struct {
	ID        string `gorm:"primaryKey"`
	Account   string `gorm:"column:account_id"`
	Button    string `gorm:"column:button_id"`
	ClientID  string
	Action    string `gorm:"column:action_id"`
	Name      string
	Browser   string
	Visitor   string `gorm:"column:visitor_id"`
	At        int64
	Day       string
	Why       string
	Page      string
	Lead      int64  `gorm:"column:lead_id"`
	CRM       string `gorm:"column:crm"`
	CRMState  string `gorm:"column:crm_state"`
	Problem   string
	Hook      string
	HookState string
	HookDue   int64
	HookTries int
}

func (keyActionLogRow) TableName() string { return "key_action_log" }

const firedColumns = `id, account_id, button_id, client_id, action_id, name, browser, visitor_id, at, day, why, page, lead_id, crm, crm_state, problem,
	hook, hook_state, hook_tries, hook_due`

func scanFired(r scanner) (f keyaction.Fired, err error) {
	var when, due int64
	var why, page, crm string
	err = r.Scan(&f.ID, &f.Account, &f.Button, &f.ClientID, &f.Action, &f.Name, &f.Key, &f.Visitor, &when, &f.Day, &why, &page, &f.Lead, &crm, &f.CRMState,
		&f.Problem, &f.Hook, &f.HookState, &f.Tries, &due)
	if err != nil {
		return f, err
	}
	f.At, f.Due = at(when), at(due)
	return f, errors.Join(json.Unmarshal([]byte(why), &f.Why), json.Unmarshal([]byte(page), &f.Page), json.Unmarshal([]byte(crm), &f.CRM))
}

// fired lists lines of the log; where is a constant of this package.
func (t *tx) fired(where string, args ...any) ([]keyaction.Fired, error) {
	rows, err := t.rows(`SELECT `+firedColumns+` FROM key_action_log WHERE `+where, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	return collect(rows, scanFired)
}

// SaveFired implements keyaction.Store.
func (s keyActions) SaveFired(ctx context.Context, f keyaction.Fired, c keyaction.Constraint, remembered, perDay int) (stored keyaction.Fired, ok, repeat bool, err error) {
	why, err1 := json.Marshal(f.Why)
	page, err2 := json.Marshal(f.Page)
	crm, err3 := json.Marshal(f.CRM)
	if err = errors.Join(err1, err2, err3); err != nil {
		return f, false, false, fmt.Errorf("write key action: %w", err)
	}
	err = s.write(ctx, "save key action", func(t *tx) error {
		stored, ok, repeat = f, false, false
		// The browser's lock: what it may still do is counted next.
		if _, err := t.exec(`INSERT INTO key_action_browsers (account_id, browser, seen_at) VALUES (?, ?, ?)
			ON CONFLICT (account_id, browser) DO UPDATE SET seen_at = excluded.seen_at`, string(f.Account), f.Key, ms(f.At)); err != nil {
			return err
		}
		former, err := t.fired(`account_id = ? AND browser = ? AND client_id = ?`, string(f.Account), f.Key, f.ClientID)
		if err != nil || len(former) > 0 {
			ok, repeat = len(former) > 0, true
			if ok {
				stored = former[0]
			}
			return err
		}
		if err = t.row(`SELECT visitor_id FROM key_action_browsers WHERE account_id = ? AND browser = ?`, string(f.Account), f.Key).Scan(&stored.Visitor); err != nil {
			return err
		}
		if stored.Visitor != "" {
			err = t.row(`SELECT lead_id FROM conversations WHERE account_id = ? AND visitor_id = ? AND lead_id <> 0 ORDER BY touched_at DESC, id LIMIT 1`,
				string(f.Account), string(stored.Visitor)).Scan(&stored.Lead)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		if ok, err = t.mayFire(stored, c); err != nil || !ok {
			return err
		}
		today, err := t.capFired(&stored, remembered, perDay)
		if ok = today < 2*perDay; err != nil || !ok {
			return err
		}
		due := int64(0)
		if stored.HookState == keyaction.Waiting {
			due = ms(f.At)
		}
		row := keyActionLogRow{
			ID: f.ID, Account: string(f.Account), Button: string(f.Button), ClientID: f.ClientID, Action: f.Action, Name: f.Name, Browser: f.Key,
			Visitor: string(stored.Visitor), At: ms(f.At), Day: f.Day, Why: string(why), Page: string(page), Lead: stored.Lead, CRM: string(crm),
			CRMState: string(stored.CRMState), Hook: f.Hook, HookState: string(stored.HookState), HookDue: due,
		}
		return t.db.Create(&row).Error
	})
	return stored, ok, repeat, err
}

// sameVisitor finds lines of one browser, and of its visitor on all browsers.
const sameVisitor = `account_id = ? AND (browser = ? OR visitor_id = ? AND visitor_id <> '')`

// mayFire tells what our own record says of a day and of a lead; sessions and visits
// are the browser's to know (KEY-4).
func (t *tx) mayFire(f keyaction.Fired, c keyaction.Constraint) (bool, error) {
	who := []any{string(f.Account), f.Key, string(f.Visitor)}
	var n int
	var err error
	switch {
	case c == keyaction.OncePerDay:
		err = t.row(`SELECT count(*) FROM key_action_log WHERE `+sameVisitor+` AND action_id = ? AND day = ?`, append(who, f.Action, f.Day)...).Scan(&n)
	case c == keyaction.OncePerLead && f.Lead != 0:
		// What happened before its lead was known, and waits for it, is that lead's.
		err = t.row(`SELECT count(*) FROM key_action_log WHERE action_id = ? AND (account_id = ? AND lead_id = ? OR `+sameVisitor+` AND lead_id = 0 AND crm_state IN (?, ?))`,
			append([]any{f.Action, string(f.Account), f.Lead}, append(who, string(keyaction.Remembered), string(keyaction.Waiting))...)...).Scan(&n)
	case c == keyaction.OncePerLead:
		err = t.row(`SELECT count(*) FROM key_action_log WHERE `+sameVisitor+` AND action_id = ?`, append(who, f.Action)...).Scan(&n)
	}
	return n == 0, err
}

// capFired drops what one visitor may not make happen any more (KEY-5, SEC-10). today
// is how much happened to them on the day already.
func (t *tx) capFired(f *keyaction.Fired, remembered, perDay int) (today int, err error) {
	who := []any{string(f.Account), f.Key, string(f.Visitor)}
	var waiting int
	err = t.row(`SELECT count(*) FROM key_action_log WHERE `+sameVisitor+` AND day = ?`, append(who, f.Day)...).Scan(&today)
	if err == nil {
		err = t.row(`SELECT count(*) FROM key_action_log WHERE `+sameVisitor+` AND crm_state IN (?, ?)`,
			append(who, string(keyaction.Remembered), string(keyaction.Waiting))...).Scan(&waiting)
	}
	if today >= perDay || waiting >= remembered {
		f.CRMState = keyaction.Dropped
	}
	if today >= perDay && f.HookState == keyaction.Waiting {
		f.HookState = keyaction.Dropped
	}
	return today, err
}

// Bind implements keyaction.Store.
func (s keyActions) Bind(ctx context.Context, a chatid.AccountID, key string, v chatid.VisitorID) ([]keyaction.Fired, error) {
	var list []keyaction.Fired
	err := s.write(ctx, "bind a browser", func(t *tx) error {
		list = nil
		n, err := t.exec(`UPDATE key_action_browsers SET visitor_id = ? WHERE account_id = ? AND browser = ?`, string(v), string(a), key)
		if err != nil || n == 0 {
			return err
		}
		if list, err = t.fired(`account_id = ? AND browser = ? AND visitor_id = '' AND crm_state = ? ORDER BY id`, string(a), key, string(keyaction.Remembered)); err != nil {
			return err
		}
		for i := range list {
			list[i].Visitor = v
		}
		_, err = t.exec(`UPDATE key_action_log SET visitor_id = ? WHERE account_id = ? AND browser = ? AND visitor_id = ''`, string(v), string(a), key)
		return err
	})
	return list, err
}

// Unhanded implements keyaction.Store.
func (s keyActions) Unhanded(ctx context.Context, before time.Time, limit int) ([]keyaction.Fired, error) {
	list, err := s.reader(ctx).fired(`crm_state = 'remembered' AND visitor_id <> '' AND at < ? ORDER BY at, id LIMIT ?`, ms(before), limit)
	if err != nil {
		return nil, fmt.Errorf("list late key actions: %w", err)
	}
	return list, nil
}

// SetCRM implements keyaction.Store.
func (s keyActions) SetCRM(ctx context.Context, a chatid.AccountID, id string, lead int64, st keyaction.State, problem string) error {
	return s.write(ctx, "note the end of a key action", func(t *tx) error {
		_, err := t.exec(`UPDATE key_action_log SET crm_state = ?, lead_id = CASE WHEN ? <> 0 THEN ? ELSE lead_id END,
			problem = CASE WHEN ? <> '' THEN ? ELSE problem END WHERE id = ? AND account_id = ? AND crm_state IN (?, ?)`,
			string(st), lead, lead, problem, problem, id, string(a), string(keyaction.Remembered), string(keyaction.Waiting))
		return err
	})
}

// Log implements keyaction.Store.
func (s keyActions) Log(ctx context.Context, a chatid.AccountID, b chatid.ButtonID, before string, limit int) (list []keyaction.Fired, err error) {
	t := s.reader(ctx)
	if before == "" {
		list, err = t.fired(`button_id = ? AND account_id = ? ORDER BY id DESC LIMIT ?`, string(b), string(a), limit)
	} else {
		list, err = t.fired(`button_id = ? AND account_id = ? AND id < ? ORDER BY id DESC LIMIT ?`, string(b), string(a), before, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("list key actions that happened: %w", err)
	}
	return list, nil
}

// Prune implements keyaction.Store.
func (s keyActions) Prune(ctx context.Context, before time.Time, keep int) error {
	rows, err := s.reader(ctx).rows(`SELECT account_id FROM key_action_log GROUP BY account_id HAVING count(*) > ?`, keep)
	if err != nil {
		return fmt.Errorf("count key actions: %w", translate(err))
	}
	defer rows.Close()
	full, err := collect(rows, func(r scanner) (a string, err error) { return a, r.Scan(&a) })
	if err != nil {
		return err
	}
	return s.write(ctx, "forget key actions", func(t *tx) error {
		if _, err := t.exec(`DELETE FROM key_action_log WHERE at < ?`, ms(before)); err != nil {
			return err
		}
		for _, a := range full {
			if _, err := t.exec(`DELETE FROM key_action_log WHERE account_id = ? AND id <= (SELECT id FROM key_action_log WHERE account_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
				a, a, keep); err != nil {
				return err
			}
		}
		// One makes its key up: without a line or a visitor it may be anybody's, and any number.
		_, err := t.exec(`DELETE FROM key_action_browsers WHERE seen_at < ? OR visitor_id = '' AND NOT EXISTS
			(SELECT 1 FROM key_action_log l WHERE l.account_id = key_action_browsers.account_id AND l.browser = key_action_browsers.browser)`, ms(before))
		return err
	})
}

// ClaimHooks implements keyaction.Hooks.
func (s keyActions) ClaimHooks(ctx context.Context, now, until time.Time, n, ofOne int, skip []chatid.AccountID) (list []keyaction.Fired, err error) {
	within, lock := "instr", ""
	if s.postgres {
		within, lock = "strpos", " FOR UPDATE SKIP LOCKED"
	}
	due := `hook_due <> 0 AND hook_due <= ? AND ` + within + `(?, account_id) = 0`
	due += ` AND id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY account_id ORDER BY hook_due, id) AS place FROM key_action_log
		WHERE ` + due + `) d WHERE d.place <= ?) ORDER BY hook_due, id LIMIT ?`
	args := []any{ms(now), fmt.Sprint(skip), ms(now), fmt.Sprint(skip), ofOne, n}
	// Mostly there is none, which takes no transaction to see.
	if list, err = s.reader(ctx).fired(due, args...); err != nil || len(list) == 0 {
		return nil, err
	}
	err = s.write(ctx, "claim hooks", func(t *tx) error {
		if list, err = t.fired(due+lock, args...); err != nil {
			return err
		}
		for i := range list {
			list[i].Tries++
			if _, err := t.exec(`UPDATE key_action_log SET hook_due = ?, hook_tries = ? WHERE id = ?`, ms(until), list[i].Tries, list[i].ID); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// SetHook implements keyaction.Hooks.
func (s keyActions) SetHook(ctx context.Context, a chatid.AccountID, id string, st keyaction.State, problem string, due time.Time) error {
	return s.write(ctx, "note the end of a hook", func(t *tx) error {
		_, err := t.exec(`UPDATE key_action_log SET hook_state = ?, hook_due = ?, problem = CASE WHEN ? <> '' THEN ? ELSE problem END WHERE id = ? AND account_id = ?`,
			string(st), ms(due), problem, problem, id, string(a))
		return err
	})
}
