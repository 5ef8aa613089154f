package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

const fileColumns = `f.id, f.account_id, f.visitor_id, f.conversation_id, f.key, f.thumb, f.kind, f.name, f.type, f.bytes, f.width, f.height,
	f.duration_ms, f.state, f.origin, f.created_at`

func scanFile(r scanner) (f conversation.File, err error) {
	var duration, created int64
	err = r.Scan(fileFields(&f, &duration, &created)...)
	f.Duration, f.CreatedAt = time.Duration(duration)*time.Millisecond, at(created)
	return f, err
}

func fileFields(f *conversation.File, duration, created *int64) []any {
	return []any{&f.ID, &f.Account, &f.Visitor, &f.Conversation, &f.Key, &f.Thumb, &f.Kind, &f.Name, &f.Type, &f.Bytes, &f.Width, &f.Height,
		duration, &f.State, &f.Origin, created}
}

func (t *tx) insertFile(f conversation.File, message chatid.MessageID, dueAt sql.NullInt64) error {
	_, err := t.exec(`INSERT INTO files (id, account_id, visitor_id, conversation_id, message_id, key, thumb, kind, name, type, bytes, width, height,
		duration_ms, state, origin, due_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(f.ID), string(f.Account), string(f.Visitor), string(f.Conversation), string(message), f.Key, f.Thumb, f.Kind, f.Name, f.Type, f.Bytes,
		f.Width, f.Height, f.Duration.Milliseconds(), string(f.State), f.Origin, dueAt, ms(f.CreatedAt))
	return err
}

// SaveFile implements conversation.Files.
func (s conversations) SaveFile(ctx context.Context, f conversation.File, maxUnsent int) error {
	return s.write(ctx, "save file", func(t *tx) error {
		var n int
		err := t.row(`SELECT count(*) FROM files WHERE visitor_id = ? AND conversation_id = ''`, string(f.Visitor)).Scan(&n)
		if err == nil && n >= maxUnsent {
			err = fault.New(fault.Limited, "too_many_files")
		}
		if err != nil {
			return err
		}
		return t.insertFile(f, "", sql.NullInt64{})
	})
}

// KeepPicture implements conversation.Files.
func (s conversations) KeepPicture(ctx context.Context, f conversation.File) error {
	return s.write(ctx, "keep picture", func(t *tx) error { return t.insertFile(f, "", sql.NullInt64{}) })
}

// File implements conversation.Files.
func (s conversations) File(ctx context.Context, a chatid.AccountID, id chatid.FileID) (conversation.File, error) {
	f, err := scanFile(s.reader(ctx).row(`SELECT `+fileColumns+` FROM files f WHERE f.id = ? AND f.account_id = ?`, string(id), string(a)))
	return f, translate(err)
}

// FileByKey implements conversation.Files.
func (s conversations) FileByKey(ctx context.Context, key string) (conversation.File, error) {
	f, err := scanFile(s.reader(ctx).row(`SELECT `+fileColumns+` FROM files f WHERE f.key = ? AND f.key <> '' AND f.state = ?`,
		key, string(conversation.FileReady)))
	return f, translate(err)
}

// FileByID implements conversation.Files.
func (s conversations) FileByID(ctx context.Context, id chatid.FileID) (conversation.File, error) {
	f, err := scanFile(s.reader(ctx).row(`SELECT `+fileColumns+` FROM files f WHERE f.id = ? AND f.state = ?`, string(id), string(conversation.FileReady)))
	return f, translate(err)
}

// attach adds to messages what is known of their files.
func (t *tx) attach(list []conversation.Message) error {
	for i := range list {
		m := &list[i]
		if m.File == "" {
			continue
		}
		f, err := scanFile(t.row(`SELECT `+fileColumns+` FROM files f WHERE f.id = ?`, string(m.File)))
		switch {
		case err == nil:
			m.Attached = &f
		case !errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("read file of message: %w", translate(err))
		}
	}
	return nil
}

// sendFile makes a visitor's file the message's own. It can be sent once.
func (t *tx) sendFile(l *lane, m *conversation.Message) error {
	f, err := scanFile(t.row(`SELECT `+fileColumns+` FROM files f WHERE f.id = ? AND f.account_id = ? AND f.visitor_id = ? AND f.conversation_id = '' AND f.state = ?`,
		string(m.File), l.account, l.visitor, string(conversation.FileReady)))
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.Invalid, "no_such_file")
	}
	if err != nil {
		return err
	}
	f.Conversation = chatid.ConversationID(l.id)
	m.Kind, m.Attached = f.Kind, &f
	_, err = t.exec(`UPDATE files SET conversation_id = ?, message_id = ? WHERE id = ?`, l.id, string(m.ID), string(f.ID))
	return err
}

// ClaimFetches implements conversation.Files.
func (s conversations) ClaimFetches(ctx context.Context, now time.Time, lease time.Duration, n int) ([]conversation.Fetch, error) {
	if next, ok, err := s.NextFetch(ctx); err != nil || !ok || next.After(now) {
		return nil, err
	}
	var list []conversation.Fetch
	err := s.do(ctx, func(t *tx) error {
		query := `SELECT ` + fileColumns + `, f.attempts, f.token FROM files f WHERE f.due_at IS NOT NULL AND f.due_at <= ? ORDER BY f.due_at LIMIT ?`
		if t.postgres {
			query += ` FOR UPDATE SKIP LOCKED`
		}
		rows, err := t.rows(query, now.UnixMilli(), n)
		if err != nil {
			return err
		}
		defer rows.Close()
		list, err = collect(rows, func(r scanner) (conversation.Fetch, error) {
			f := conversation.Fetch{Token: s.newID()}
			var duration, created int64
			var former string
			err := r.Scan(append(fileFields(&f.File, &duration, &created), &f.Attempts, &former)...)
			if former != "" { // whoever had it ended suddenly, maybe by it
				f.Attempts++
			}
			f.File.Duration, f.File.CreatedAt = time.Duration(duration)*time.Millisecond, at(created)
			return f, err
		})
		for i := 0; i < len(list) && err == nil; i++ {
			_, err = t.exec(`UPDATE files SET due_at = ?, token = ?, attempts = ? WHERE id = ?`,
				now.Add(lease).UnixMilli(), list[i].Token, list[i].Attempts, string(list[i].File.ID))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim fetches: %w", err)
	}
	return list, nil
}

// NextFetch implements conversation.Files.
func (s conversations) NextFetch(ctx context.Context) (time.Time, bool, error) {
	var next sql.NullInt64
	if err := s.reader(ctx).row(`SELECT min(due_at) FROM files WHERE due_at IS NOT NULL`).Scan(&next); err != nil {
		return time.Time{}, false, fmt.Errorf("find next fetch: %w", translate(err))
	}
	return time.UnixMilli(next.Int64).UTC(), next.Valid, nil
}

// RenewFetch implements conversation.Files.
func (s conversations) RenewFetch(ctx context.Context, f conversation.Fetch, until time.Time) error {
	return s.write(ctx, "renew fetch", func(t *tx) error {
		_, err := t.exec(`UPDATE files SET due_at = ? WHERE id = ? AND token = ?`, ms(until), string(f.File.ID), f.Token)
		return err
	})
}

// FetchLater implements conversation.Files.
func (s conversations) FetchLater(ctx context.Context, f conversation.Fetch, at time.Time) error {
	return s.write(ctx, "postpone fetch", func(t *tx) error {
		_, err := t.exec(`UPDATE files SET due_at = ?, attempts = ?, token = '' WHERE id = ? AND token = ?`, ms(at), f.Attempts, string(f.File.ID), f.Token)
		return err
	})
}

// SaveFetched implements conversation.Files.
func (s conversations) SaveFetched(ctx context.Context, f conversation.Fetch, failed *conversation.StatusJob, h conversation.Holder) (conversation.Saved, error) {
	var saved conversation.Saved
	err := s.do(ctx, func(t *tx) (err error) {
		saved, err = t.saveFetched(f, failed, h)
		return err
	})
	if err != nil {
		return conversation.Saved{}, fmt.Errorf("save fetched file: %w", err)
	}
	return saved, nil
}

func (t *tx) saveFetched(fetch conversation.Fetch, failed *conversation.StatusJob, h conversation.Holder) (conversation.Saved, error) {
	f, nothing := fetch.File, conversation.Saved{Duplicate: true}
	var id string
	// Locked, so that nobody claims it while its conversation is waited for.
	err := t.row(t.locked(`SELECT message_id FROM files WHERE id = ? AND token = ? AND state = ?`, "files"),
		string(f.ID), fetch.Token, string(conversation.FileLoading)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nothing, nil // somebody else was faster
	}
	if err != nil {
		return nothing, err
	}
	l, err := t.lane(` WHERE c.id = (SELECT m.conversation_id FROM messages m WHERE m.id = ?)`, id)
	if err != nil {
		return nothing, err
	}
	_, err = t.exec(`UPDATE files SET conversation_id = ?, key = ?, thumb = ?, kind = ?, name = ?, type = ?, bytes = ?, width = ?, height = ?, duration_ms = ?,
		state = ?, origin = '', due_at = NULL, token = '' WHERE id = ?`,
		l.id, f.Key, f.Thumb, f.Kind, f.Name, f.Type, f.Bytes, f.Width, f.Height, f.Duration.Milliseconds(), string(f.State), string(f.ID))
	if err != nil {
		return nothing, err
	}
	m, err := t.ofLane(l, chatid.MessageID(id))
	if err != nil {
		return nothing, skipAbsent(err)
	}
	m.Pending, m.Rev, m.Kind = false, l.next(), f.Kind
	report := failed
	switch {
	case m.Status == conversation.Failed:
		report = nil // refused already, for another reason
	case failed != nil:
		m.Status, m.ErrorCode = conversation.Failed, failed.Text
	case m.Seq <= l.seenSeq && l.visitor != "":
		m.Status = conversation.Read
	case m.Seq <= l.deliveredSeq && l.visitor != "":
		m.Status = conversation.Delivered
	}
	if report == nil && m.Status > conversation.Stored {
		report = &conversation.StatusJob{Status: m.Status}
	}
	_, err = t.exec(`UPDATE messages SET pending = 0, rev = ?, kind = ?, status = ?, error_code = ? WHERE id = ?`,
		m.Rev, m.Kind, int(m.Status), m.ErrorCode, id)
	if err == nil && report != nil && reportable(m.Ref) {
		job := *report
		job.Ref = m.Ref
		err = t.enqueue(l, h, m.Rev, conversation.JobStatus, job)
	}
	if err != nil {
		return nothing, err
	}
	f.Conversation, f.Origin = chatid.ConversationID(l.id), ""
	m.Attached = &f
	return conversation.Saved{Message: m, Visitor: chatid.VisitorID(l.visitor), Claim: l.claim, Job: l.first}, t.saveLane(l)
}

// Unsent implements conversation.Files.
func (s conversations) Unsent(ctx context.Context, before time.Time, limit int) ([]conversation.File, error) {
	rows, err := s.reader(ctx).rows(`SELECT `+fileColumns+` FROM files f WHERE f.conversation_id = '' AND f.visitor_id <> '' AND f.created_at < ? LIMIT ?`,
		ms(before), limit)
	if err != nil {
		return nil, fmt.Errorf("list unsent files: %w", translate(err))
	}
	defer rows.Close()
	return collect(rows, scanFile)
}

// DropFile implements conversation.Files.
func (s conversations) DropFile(ctx context.Context, id chatid.FileID) error {
	return s.write(ctx, "drop file", func(t *tx) error {
		n, err := t.exec(`DELETE FROM files WHERE id = ? AND conversation_id = ''`, string(id))
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "not_found")
		}
		return err
	})
}
