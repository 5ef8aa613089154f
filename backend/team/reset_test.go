package team

import (
	"errors"
	"strings"
	"testing"
	"time"

	"leadline/backend/fault"
)

// TestForgotten: a mail to whoever has a login, proven or not; no word to others.
func TestForgotten(t *testing.T) {
	t.Parallel()
	anna := User{ID: "u", Email: "anna@example.org", PasswordHash: "#the old password", VerifiedAt: start}
	link := "u|" + mark(anna)
	for _, c := range []struct{ name, email, code, mail string }{
		{"known", "anna@example.org", "", "anna@example.org es reset|" + link},
		{"typed loosely", " Anna@Example.org ", "", "anna@example.org es reset|" + link},
		{"unknown", "boris@example.org", "", ""},
		{"no address", "anna", "invalid_email", ""},
		{"two addresses", "anna@example.org, boris@example.org", "invalid_email", ""},
	} {
		sent := &mails{}
		err := NewService(&one{user: anna}, &plain{}, proofs{}, sent, nil, nil).Forgotten(t.Context(), c.email, "es")
		if fault.CodeOf(err) != c.code && !(c.code == "" && err == nil) {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
		if got := strings.Join(*sent, "; "); got != c.mail {
			t.Errorf("%s: mails %q, want %q", c.name, got, c.mail)
		}
	}
	down := errors.New("the database is away")
	if err := NewService(&one{err: down}, &plain{}, proofs{}, &mails{}, nil, nil).Forgotten(t.Context(), "anna@example.org", "es"); !errors.Is(err, down) {
		t.Errorf("a database that is away gives %v", err)
	}
}

// TestReset: each refusal changes nothing; the right link works once and proves
// the address.
func TestReset(t *testing.T) {
	t.Parallel()
	const old, fresh = "#the old password", "the new password"
	link := "reset|u|" + mark(User{PasswordHash: old})
	now := start.Add(time.Hour)
	for _, c := range []struct {
		name, token, password, code string
		taken                       bool // another use of the link is faster
	}{
		{"right", link, fresh, "", false},
		{"weak password", link, "short", "weak_password", false},
		{"forged", "x", fresh, "token_invalid", false},
		{"a verification's token", "u|" + mark(User{PasswordHash: old}), fresh, "token_invalid", false},
		{"of a password before", "reset|u|" + mark(User{PasswordHash: "#another password"}), fresh, "token_invalid", false},
		{"of nobody", strings.Replace(link, "|u|", "|v|", 1), fresh, "token_invalid", false},
		{"dead link, weak password", "x", "short", "token_invalid", false},
		{"twice at once", link, fresh, "token_invalid", true},
	} {
		store := &one{user: User{ID: "u", Email: "anna@example.org", PasswordHash: old}}
		if c.taken {
			store.changed = "somebody was first"
		}
		s := NewService(store, &plain{}, proofs{}, &mails{}, nil, func() time.Time { return now })
		err := s.Reset(t.Context(), c.token, c.password)
		if fault.CodeOf(err) != c.code && !(c.code == "" && err == nil) {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
		want := User{ID: "u", Email: "anna@example.org", PasswordHash: old}
		if c.code == "" {
			want.PasswordHash, want.VerifiedAt = "#"+fresh, now
			if err := s.Reset(t.Context(), c.token, "a third password"); fault.CodeOf(err) != "token_invalid" {
				t.Errorf("%s, again: %v, want token_invalid", c.name, err)
			}
		}
		if store.user != want {
			t.Errorf("%s: the user became %+v, want %+v", c.name, store.user, want)
		}
	}
	down := errors.New("the database is away")
	if err := NewService(&one{err: down}, &plain{}, proofs{}, nil, nil, nil).Reset(t.Context(), link, fresh); !errors.Is(err, down) {
		t.Errorf("a database that is away gives %v, want no word about the link", err)
	}
}
