package team

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

func TestMasked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ email, want string }{
		{"anna@example.org", "a***@e***.org"},
		{"a@b.io", "a***@b***.io"},
		{"anna@mail.example.co.uk", "a***@m***.uk"},
		{"äöü@éxample.org", "ä***@é***.org"},
		{"anna@localhost", "a***@l***"},
		{"", "***"}, {"anna", "***"}, {"@example.org", "***"}, {"anna@", "***"},
	} {
		if got := Masked(c.email); got != c.want {
			t.Errorf("Masked(%q) = %q, want %q", c.email, got, c.want)
		}
	}
}

func TestCheckEmail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"anna@example.org", "anna@example.org"},
		{"  Anna@Example.ORG\t", "anna@example.org"},
		{"anna+leads@mail.example.org", "anna+leads@mail.example.org"},
		{"o'neil@example.org", "o'neil@example.org"},
		{strings.Repeat("a", 64) + "@example.org", strings.Repeat("a", 64) + "@example.org"},
	} {
		if got, err := checkEmail(c.in); err != nil || got != c.want {
			t.Errorf("checkEmail(%q) = %q, %v, want %q", c.in, got, err, c.want)
		}
	}
	for _, bad := range []string{
		"", "anna", "@example.org", "anna@", "anna@localhost", "anna@example.", "anna@[127.0.0.1]", "anna@.org",
		"Anna <anna@example.org>", "<anna@example.org>", "anna@example.org, boris@example.org", "an na@example.org",
		"anna@example.org\r\nBcc: all@example.org", "\"anna\"@example.org", "anna@exa mple.org", "anna@@example.org",
		strings.Repeat("a", 250) + "@example.org",
	} {
		if got, err := checkEmail(bad); fault.CodeOf(err) != "invalid_email" {
			t.Errorf("checkEmail(%q) = %q, %v, want invalid_email", bad, got, err)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"0123456789", "lead the line", "пароль-длинный", "          x", strings.Repeat("ab", MaxPasswordBytes/2)} {
		if err := checkPassword(good); err != nil {
			t.Errorf("checkPassword(%q): %v", good, err)
		}
	}
	for _, bad := range []string{"", "short", "012345678", "парольпар", strings.Repeat("a", 20), strings.Repeat("ä", 20), strings.Repeat("ab", MaxPasswordBytes/2) + "c"} {
		err := checkPassword(bad)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Code != "weak_password" || f.Args["Min"] != MinPasswordRunes {
			t.Errorf("checkPassword(%q) = %v, want weak_password with the least length", bad, err)
		}
	}
}

// TestMark: it changes with every password, so that older links die.
func TestMark(t *testing.T) {
	t.Parallel()
	first := User{PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$" + strings.Repeat("A", 43)}
	second := User{PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$" + strings.Repeat("B", 43)}
	if mark(first) == "" || mark(first) == mark(second) {
		t.Errorf("marks %q and %q, want two", mark(first), mark(second))
	}
	if len(mark(first)) > 12 {
		t.Errorf("the mark %q tells more of the hash than it needs", mark(first))
	}
	if mark(User{PasswordHash: "short"}) != "short" || mark(User{}) != "" {
		t.Error("a short hash is cut")
	}
}

// one is a store of one user; what a test does not use is not there.
type one struct {
	Store
	user    User
	err     error
	changed string
}

func (o *one) UserByEmail(_ context.Context, email string) (User, error) {
	if o.err != nil {
		return User{}, o.err
	}
	if email != o.user.Email {
		return User{}, fault.New(fault.NotFound, "user_not_found")
	}
	return o.user, nil
}

func (o *one) User(_ context.Context, id chatid.UserID) (User, error) {
	if o.err != nil {
		return User{}, o.err
	}
	if id != o.user.ID {
		return User{}, fault.New(fault.NotFound, "not_found")
	}
	return o.user, nil
}

func (o *one) ReplacePassword(_ context.Context, id chatid.UserID, old, hash string, at time.Time) error {
	if id != o.user.ID || old != o.user.PasswordHash || o.changed != "" { // changed: somebody was first
		return fault.New(fault.NotFound, "not_found")
	}
	o.user.PasswordHash, o.user.VerifiedAt = hash, at
	return nil
}

func (o *one) SetPassword(_ context.Context, email, hash string) error {
	o.changed = email + " " + hash
	return nil
}

// plain counts how often it works; a hash is "#" and the password.
type plain struct{ compared int }

func (p *plain) Hash(_ context.Context, password string) (string, error) { return "#" + password, nil }
func (p *plain) Compare(_ context.Context, hash, password string) (bool, error) {
	p.compared++
	return hash != "" && hash == "#"+password, nil
}

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// TestSignIn: an unknown address costs as much work as a known one and gives the
// same answer; that an address is unproven is told only to who knows its password.
func TestSignIn(t *testing.T) {
	t.Parallel()
	proven := User{ID: "u", Email: "anna@example.org", PasswordHash: "#lead the line", VerifiedAt: start}
	unproven := proven
	unproven.VerifiedAt = time.Time{}
	for _, c := range []struct {
		name            string
		user            User
		email, password string
		want            string
		compared        int
	}{
		{"right", proven, "anna@example.org", "lead the line", "", 1},
		{"typed loosely", proven, " Anna@Example.org ", "lead the line", "", 1},
		{"wrong password", proven, "anna@example.org", "lead the lime", "wrong_credentials", 1},
		{"no password", proven, "anna@example.org", "", "wrong_credentials", 1},
		{"unknown address", proven, "boris@example.org", "lead the line", "wrong_credentials", 1},
		{"endless password", proven, "anna@example.org", strings.Repeat("x", MaxPasswordBytes+1), "wrong_credentials", 0},
		{"unproven", unproven, "anna@example.org", "lead the line", "email_not_verified", 1},
		{"unproven, wrong password", unproven, "anna@example.org", "lead the lime", "wrong_credentials", 1},
	} {
		p := &plain{}
		u, err := NewService(&one{user: c.user}, p, nil, nil, nil, nil).SignIn(t.Context(), c.email, c.password)
		if fault.CodeOf(err) != c.want && !(c.want == "" && err == nil) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if (err == nil) != (u.ID == "u") {
			t.Errorf("%s: user %+v with error %v", c.name, u, err)
		}
		if p.compared != c.compared {
			t.Errorf("%s: %d comparisons, want %d", c.name, p.compared, c.compared)
		}
	}
	down := errors.New("the database is away")
	if _, err := NewService(&one{err: down}, &plain{}, nil, nil, nil, nil).SignIn(t.Context(), "anna@example.org", "lead the line"); !errors.Is(err, down) {
		t.Errorf("a database that is away gives %v, want no word about credentials", err)
	}
}

type proofs struct{}

func (proofs) Issue(id chatid.UserID, mark string) (string, error) {
	return fmt.Sprint(id, "|", mark), nil
}
func (proofs) Read(string) (chatid.UserID, string, error) { return "", "", errors.New("unused") }
func (proofs) IssueReset(id chatid.UserID, mark string) (string, error) {
	return fmt.Sprint("reset|", id, "|", mark), nil
}
func (proofs) ReadReset(token string) (chatid.UserID, string, error) {
	part := strings.Split(token, "|")
	if len(part) != 3 || part[0] != "reset" {
		return "", "", fault.New(fault.Invalid, "token_invalid")
	}
	return chatid.UserID(part[1]), part[2], nil
}

type mails []string

func (m *mails) SendVerification(_ context.Context, to, locale, token string) error {
	*m = append(*m, to+" "+locale+" "+token)
	return nil
}

func (m *mails) SendTransfer(_ context.Context, to, locale, path, account, by string, _ time.Time) error {
	*m = append(*m, strings.Join([]string{to, locale, "transfer", path, account, by}, " "))
	return nil
}

func (m *mails) SendInvite(_ context.Context, to, locale, token, by string) error {
	*m = append(*m, strings.Join([]string{to, locale, "invite", token, by}, " "))
	return nil
}

func (m *mails) SendReset(ctx context.Context, to, locale, token string) error {
	return m.SendVerification(ctx, to, locale, token)
}

// TestSignUpOfKnownAddress: a proven login is neither told nor changed; an
// unproven one gets a link for the password given now.
func TestSignUpOfKnownAddress(t *testing.T) {
	t.Parallel()
	proven := User{ID: "u", Email: "anna@example.org", PasswordHash: "#old password", VerifiedAt: start}
	store, sent := &one{user: proven}, &mails{}
	if err := NewService(store, &plain{}, proofs{}, sent, nil, nil).SignUp(t.Context(), "anna@example.org", "new password", "en"); err != nil {
		t.Fatal(err)
	}
	if store.changed != "" || len(*sent) != 0 {
		t.Errorf("a proven login was changed (%q) or told (%q)", store.changed, *sent)
	}
	unproven := proven
	unproven.VerifiedAt = time.Time{}
	store = &one{user: unproven}
	if err := NewService(store, &plain{}, proofs{}, sent, nil, nil).SignUp(t.Context(), "anna@example.org", "new password", "ru"); err != nil {
		t.Fatal(err)
	}
	if store.changed != "anna@example.org #new password" {
		t.Errorf("the password became %q", store.changed)
	}
	if len(*sent) != 1 || (*sent)[0] != "anna@example.org ru u|"+mark(User{PasswordHash: "#new password"}) {
		t.Errorf("mails %q, want one whose link belongs to the new password", *sent)
	}
}
