package console

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// book is a store in memory; what a test does not use is not there.
type book struct {
	Store
	entries []Entry
	full    error // of AddEntry
}

func (b *book) AddEntry(_ context.Context, e Entry) error {
	if b.full == nil {
		b.entries = append(b.entries, e)
	}
	return b.full
}

func (b *book) SetOutcome(ctx context.Context, e Entry) error {
	for i := range b.entries {
		if b.entries[i].ID == e.ID {
			b.entries[i].Outcome = e.Outcome
		}
	}
	return ctx.Err()
}

func (b *book) Entries(_ context.Context, _ chatid.AccountID, _ string, limit int) ([]Entry, error) {
	return b.entries[:min(limit, len(b.entries))], nil
}

func service(b *book) *Service {
	n := 0
	id := func() string { n++; return strings.Repeat("i", n) }
	return NewService(b, id, func() time.Time { return time.Unix(1767225600, 0) }, slog.New(slog.DiscardHandler))
}

// TestDo: the line stands before the act is done, and tells how it ended.
func TestDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"done", nil, "done"},
		{"refused", fault.New(fault.Invalid, "crm_refused"), "crm_refused"},
		{"an error that nobody expects", errors.New("secret of the database"), "internal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := &book{}
			ctx, leave := context.WithCancel(t.Context())
			err := service(b).Do(ctx, Entry{Account: "a", CRMUser: 9, Act: Drop, Subject: strings.Repeat("я", 400)}, func(context.Context) error {
				if len(b.entries) != 1 || b.entries[0].Outcome != "" || b.entries[0].Act != Drop || b.entries[0].ID == "" || b.entries[0].At.IsZero() {
					t.Errorf("while the act runs the log is %+v", b.entries)
				}
				leave() // who asked has gone: the outcome is noted all the same
				return c.err
			})
			if !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			if e := b.entries[0]; e.Outcome != c.want || len([]rune(e.Subject)) != 300 {
				t.Errorf("the line is %+v, want outcome %s", e, c.want)
			}
		})
	}
	b := &book{full: errors.New("disk full")}
	err := service(b).Do(t.Context(), Entry{}, func(context.Context) error {
		t.Error("done without a line in the log")
		return nil
	})
	if !errors.Is(err, b.full) {
		t.Errorf("error %v, want that of the log", err)
	}
}

// TestSubjects: what somebody typed goes into a line that every database takes.
func TestSubjects(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"Website chat → Lamps": "Website chat → Lamps", "a\x00b\r\nc": "a b  c", "broken \xff\xfe bytes": "broken  bytes",
		strings.Repeat("я", 301): strings.Repeat("я", 300), "": "",
	} {
		b := &book{}
		if err := service(b).Do(t.Context(), Entry{Subject: typed}, func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if got := b.entries[0].Subject; got != want {
			t.Errorf("%q is noted as %q, want %q", typed, got, want)
		}
	}
}

// TestLog: pages, and whether there is another.
func TestLog(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		have, ask, want int
		more            bool
	}{
		{0, 10, 0, false}, {10, 10, 10, false}, {11, 10, 10, true}, {5, 0, 1, true}, {500, 1000, MaxPage, true},
	} {
		list, more, err := service(&book{entries: make([]Entry, c.have)}).Log(t.Context(), "a", "", c.ask)
		if err != nil || len(list) != c.want || more != c.more {
			t.Errorf("%d of %d: %d, more %v, %v", c.ask, c.have, len(list), more, err)
		}
	}
}
