package team

import (
	"context"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Passwords hashes and compares. Compare with a nil hash costs the same as with
// a real one, so that time does not tell whether an address is known.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	// Compare reports whether password belongs to hash; hash "" never matches.
	Compare(ctx context.Context, hash, password string) (bool, error)
}

// Proofs makes and reads the tokens of mails. One kind never passes for the other.
type Proofs interface {
	// Issue makes the token of a verification mail; mark ties it to one state of
	// the user.
	Issue(id chatid.UserID, mark string) (string, error)
	Read(token string) (id chatid.UserID, mark string, err error)
	// IssueReset makes the token of a mail by which a password is replaced.
	IssueReset(id chatid.UserID, mark string) (string, error)
	ReadReset(token string) (id chatid.UserID, mark string, err error)
}

// Mailer sends mails. token goes into the link's fragment. How long it takes
// must not tell whether a mail was sent.
type Mailer interface {
	SendVerification(ctx context.Context, to, locale, token string) error
	SendReset(ctx context.Context, to, locale, token string) error
	// SendInvite sends what by, an address, invites to a team with.
	SendInvite(ctx context.Context, to, locale, token, by string) error
	// SendTransfer tells the owner of an account, whose page in the console has that
	// path, that by, an address, asks for it and gets it at a time. It waits for the end,
	// and gives an error for what was not sent.
	SendTransfer(ctx context.Context, to, locale, path, account, by string, at time.Time) error
}

// Limits of a password. The upper one keeps hashing cheap to refuse.
const (
	MinPasswordRunes = 10
	MaxPasswordBytes = 256
)

// Service signs people in and up.
type Service struct {
	store     Store
	passwords Passwords
	proofs    Proofs
	mailer    Mailer
	newID     func() string
	now       func() time.Time
}

// NewService wires a service.
func NewService(s Store, p Passwords, t Proofs, m Mailer, newID func() string, now func() time.Time) *Service {
	return &Service{store: s, passwords: p, proofs: t, mailer: m, newID: newID, now: now}
}

// SignIn checks a login. Unknown address and wrong password give the same
// answer after the same work: fault.Invalid wrong_credentials. An unproven
// address gives email_not_verified, only after the password was right.
func (s *Service) SignIn(ctx context.Context, email, password string) (User, error) {
	wrong := fault.New(fault.Invalid, "wrong_credentials")
	if len(password) > MaxPasswordBytes {
		return User{}, wrong
	}
	u, err := s.store.UserByEmail(ctx, Normal(email))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return User{}, err
	}
	ok, err := s.passwords.Compare(ctx, u.PasswordHash, password)
	if err != nil {
		return User{}, err
	}
	if !ok {
		return User{}, wrong
	}
	if !u.Verified() {
		return User{}, fault.New(fault.Invalid, "email_not_verified")
	}
	return u, nil
}

// SignUp makes a login with a team of its own and mails the link that proves
// the address. A known address is told nothing and changed nothing; only an
// unproven one gets its link again, for the password given now.
func (s *Service) SignUp(ctx context.Context, email, password, locale string) error {
	email, err := checkEmail(email)
	if err != nil {
		return err
	}
	if err := checkPassword(password); err != nil {
		return err
	}
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	u, err := s.store.UserByEmail(ctx, email)
	switch {
	case fault.Is(err, fault.NotFound):
		u = User{
			ID: chatid.UserID(s.newID()), Team: chatid.TeamID(s.newID()), Email: email,
			Role: Owner, PasswordHash: hash, Locale: locale, CreatedAt: s.now(),
		}
		if err := s.store.CreateUser(ctx, u); err != nil {
			if fault.Is(err, fault.Conflict) { // a parallel sign-up was first
				return nil
			}
			return err
		}
	case err != nil:
		return err
	case u.Verified():
		return nil
	default:
		// The link of an earlier sign-up dies with its password: whoever opens
		// a mail must not activate a password that somebody else chose before.
		if err := s.store.SetPassword(ctx, email, hash); err != nil {
			return err
		}
		u.PasswordHash = hash
	}
	token, err := s.proofs.Issue(u.ID, mark(u))
	if err != nil {
		return err
	}
	return s.mailer.SendVerification(ctx, email, locale, token)
}

// CheckSignUp tells what is wrong with an address and a password before anything
// is done with them: fault.Invalid invalid_email, weak_password.
func CheckSignUp(email, password string) error {
	if _, err := checkEmail(email); err != nil {
		return err
	}
	return checkPassword(password)
}

// CheckEmail tells whether it is an address that a login may have: fault.Invalid
// invalid_email.
func CheckEmail(email string) error {
	_, err := checkEmail(email)
	return err
}

// Verify takes the token of a verification mail. fault.Invalid token_invalid
// when it is forged, expired, or older than the user's password.
func (s *Service) Verify(ctx context.Context, token string) error {
	id, m, err := s.proofs.Read(token)
	if err != nil {
		return fault.Wrap(fault.Invalid, "token_invalid", err)
	}
	u, err := s.store.User(ctx, id)
	if err != nil {
		return fault.Wrap(fault.Invalid, "token_invalid", err)
	}
	if m != mark(u) {
		return fault.New(fault.Invalid, "token_invalid")
	}
	return s.store.Verify(ctx, id, s.now())
}

// Add makes a proven login on behalf of the host; with a team of "" it gets its
// own. fault.Conflict email_taken for a known address.
func (s *Service) Add(ctx context.Context, email, password string, t chatid.TeamID, r Role) (User, error) {
	email, err := checkEmail(email)
	if err != nil {
		return User{}, err
	}
	if err := checkPassword(password); err != nil {
		return User{}, err
	}
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return User{}, err
	}
	if t == "" {
		t = chatid.TeamID(s.newID())
	}
	now := s.now()
	u := User{ID: chatid.UserID(s.newID()), Team: t, Email: email, Role: r, PasswordHash: hash, VerifiedAt: now, CreatedAt: now}
	return u, s.store.CreateUser(ctx, u)
}

// mark changes with the password; it is no secret and tells nothing about it.
func mark(u User) string {
	if n := len(u.PasswordHash); n > 12 {
		return u.PasswordHash[n-12:]
	}
	return u.PasswordHash
}

// Normal is the form in which addresses are stored and compared.
func Normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Masked shows an address to somebody who should recognise it but not learn it:
// "a***@e***.org".
func Masked(email string) string {
	name, host, ok := strings.Cut(email, "@")
	if !ok || name == "" || host == "" {
		return "***"
	}
	end := ""
	if i := strings.LastIndexByte(host, '.'); i > 0 {
		host, end = host[:i], host[i:]
	}
	first := func(s string) string { _, n := utf8.DecodeRuneInString(s); return s[:n] }
	return first(name) + "***@" + first(host) + "***" + end
}

func checkEmail(email string) (string, error) {
	email = Normal(email)
	bad := fault.New(fault.Invalid, "invalid_email")
	if len(email) > 254 || strings.ContainsAny(email, "\r\n<>\"\\ ") {
		return "", bad
	}
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email {
		return "", bad
	}
	_, host, _ := strings.Cut(email, "@")
	if !strings.Contains(host, ".") || strings.HasSuffix(host, ".") || strings.HasPrefix(host, "[") {
		return "", bad
	}
	return email, nil
}

func checkPassword(p string) error {
	if len(p) > MaxPasswordBytes || utf8.RuneCountInString(p) < MinPasswordRunes || strings.Trim(p, string([]rune(p)[:1])) == "" {
		return fault.New(fault.Invalid, "weak_password").With("Min", MinPasswordRunes)
	}
	return nil
}
