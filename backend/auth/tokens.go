package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// How long our tokens live.
const (
	VisitorLife = 400 * 24 * time.Hour // as long as browsers keep things at most
	TicketLife  = 10 * time.Minute
	StateLife   = 30 * time.Minute
	ProofLife   = 24 * time.Hour
	ResetLife   = time.Hour
	ShownLife   = 14 * 24 * time.Hour
)

// Bounds of tokens of ours, in bytes: a ticket holds one origin, a visitor token
// perhaps all that a user token proved.
const (
	maxToken        = 2 << 10
	maxVisitorToken = MaxVisitorToken
)

// MaxVisitorToken bounds a visitor token in bytes.
const MaxVisitorToken = 7 << 10

// MaxShownToken bounds what ReadShown reads, in bytes: a greeting of 16 KB as JSON,
// in base64.
const MaxShownToken = 48 << 10

func (p purpose) maxBytes() int {
	switch p {
	case forVisitor:
		return maxVisitorToken
	case forShown:
		return MaxShownToken
	}
	return maxToken
}

// purpose says what a token is for. It has a signing key of its own, a type in
// the header and an audience.
type purpose string

const (
	forVisitor purpose = "visitor"
	forTicket  purpose = "ticket"
	forState   purpose = "state"
	forProof   purpose = "proof"
	forReset   purpose = "reset"
	forShown   purpose = "shown"
	forBot     purpose = "bot-answer"

	forConsoleTicket  purpose = "console-ticket"
	forConsoleTab     purpose = "console-tab"
	forConsoleSession purpose = "console-session"
	forConsoleForm    purpose = "console-form"
	forConsoleState   purpose = "console-state"
)

// purposes are all of them.
var purposes = []purpose{forVisitor, forTicket, forState, forProof, forReset, forShown, forBot, forConsoleTicket, forConsoleTab, forConsoleSession, forConsoleForm, forConsoleState}

// Keys signs and reads the server's own tokens: visitor tokens, tickets of
// trusted pages, what visitors were shown, answers to bots, states of OAuth, proofs of e-mail addresses, resets of
// passwords, and the console's tickets, sessions and forms. None can stand in for another. It may be used by many goroutines at once.
type Keys struct {
	signing string                        // id of the key that signs
	byID    map[string]map[purpose][]byte // all that verify
	now     func() time.Time
}

// NewKeys takes the server's keys, the newest first: it signs, all verify. now
// is the clock; nil means time.Now.
func NewKeys(now func() time.Time, keys ...Key) (*Keys, error) {
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	k := &Keys{signing: keys[0].ID, byID: map[string]map[purpose][]byte{}, now: now}
	for _, key := range keys {
		k.byID[key.ID] = map[purpose][]byte{}
		for _, p := range purposes {
			d, err := key.derive("token " + string(p))
			if err != nil {
				return nil, err
			}
			k.byID[key.ID][p] = d
		}
	}
	return k, nil
}

// envelope is what all tokens of ours share, around their own claims.
type envelope[T any] struct {
	Aud       string           `json:"aud"`
	IssuedAt  *jwt.NumericDate `json:"iat"`
	ExpiresAt *jwt.NumericDate `json:"exp"`
	Body      T                `json:"leadline"`
}

func (e *envelope[T]) GetExpirationTime() (*jwt.NumericDate, error) { return e.ExpiresAt, nil }
func (e *envelope[T]) GetIssuedAt() (*jwt.NumericDate, error)       { return e.IssuedAt, nil }
func (e *envelope[T]) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (e *envelope[T]) GetIssuer() (string, error)                   { return "", nil }
func (e *envelope[T]) GetSubject() (string, error)                  { return "", nil }
func (e *envelope[T]) GetAudience() (jwt.ClaimStrings, error)       { return jwt.ClaimStrings{e.Aud}, nil }

func (p purpose) audience() string { return "leadline/" + string(p) }

func issue[T any](k *Keys, p purpose, life time.Duration, body T) (string, error) {
	now := k.now()
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, &envelope[T]{
		Aud: p.audience(), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life)), Body: body,
	})
	t.Header["kid"], t.Header["typ"] = k.signing, "leadline-"+string(p)
	s, err := t.SignedString(k.byID[k.signing][p])
	if err != nil {
		return "", fmt.Errorf("sign %s token: %w", p, err)
	}
	if len(s) > p.maxBytes() {
		return "", fmt.Errorf("sign %s token: too long", p)
	}
	return s, nil
}

func read[T any](k *Keys, p purpose, token string) (T, error) {
	e, err := open[T](k, p, token)
	return e.Body, err
}

// open is read with what stands around the claims; empty on an error.
func open[T any](k *Keys, p purpose, token string) (envelope[T], error) {
	var e, none envelope[T]
	if err := compact(token, p.maxBytes()); err != nil {
		return none, err
	}
	_, err := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Name}),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding(), jwt.WithAudience(p.audience()),
		// Several instances sign; their clocks differ a little.
		jwt.WithLeeway(DefaultLeeway), jwt.WithTimeFunc(k.now),
	).ParseWithClaims(token, &e, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		key := k.byID[id][p]
		if key == nil || t.Header["typ"] != "leadline-"+string(p) {
			return nil, errors.New("not a token for this")
		}
		return key, nil
	})
	if err != nil {
		return none, reason(err)
	}
	return e, nil
}

// Visitor is whom a visitor token names.
type Visitor struct {
	Account chatid.AccountID `json:"account"`
	Chat    chatid.ChatID    `json:"chat"`
	Visitor chatid.VisitorID `json:"visitor"`
	// Proven is what the user token said that the session began with.
	Proven Proven `json:"proven,omitzero"`
	// Claim marks the user id that the page of this device claimed without proof;
	// empty where there was none, or a proven one. Seen marks those who were known
	// on this device before, the latest last, a blank behind each. Both are hashes.
	Claim string `json:"claim,omitempty"`
	Seen  string `json:"seen,omitempty"`
	// Through is the ticket that the latest session began with.
	Through Entrance `json:"through,omitzero"`
}

// Entrance is the ticket by which a session began: the button, the origin of its
// page, and when that was, in Unix seconds.
type Entrance struct {
	Button chatid.ButtonKey `json:"button"`
	Origin string           `json:"origin"`
	At     int64            `json:"at"`
}

// Visitor makes the token by which a browser keeps its history (design.md §10).
func (k *Keys) Visitor(v Visitor) (string, error) {
	return issue(k, forVisitor, VisitorLife, v)
}

// ReadVisitor reads a visitor token. fault.Unauthenticated token_invalid.
func (k *Keys) ReadVisitor(token string) (Visitor, error) {
	v, err := read[Visitor](k, forVisitor, token)
	if err == nil && (v.Account == "" || v.Chat == "" || v.Visitor == "") {
		err = errors.New("visitor token names nobody")
	}
	if err != nil {
		return Visitor{}, fault.Wrap(fault.Unauthenticated, "token_invalid", err)
	}
	return v, nil
}

// Shown makes the token of what a visitor was shown that is stored nowhere, as JSON:
// it is believed when it comes back. Whom it is for stands in body.
func (k *Keys) Shown(body json.RawMessage) (string, error) {
	return issue(k, forShown, ShownLife, body)
}

// ReadShown reads such a token. fault.Unauthenticated token_invalid.
func (k *Keys) ReadShown(token string) (json.RawMessage, error) {
	body, err := read[json.RawMessage](k, forShown, token)
	if err != nil {
		return nil, fault.Wrap(fault.Unauthenticated, "token_invalid", err)
	}
	return body, nil
}

// BotAnswer makes the token by which a server answers a bot's request, which body names,
// as JSON: once, which is for others to see to.
func (k *Keys) BotAnswer(body json.RawMessage, life time.Duration) (string, error) {
	return issue(k, forBot, life, body)
}

// ReadBotAnswer reads such a token. fault.Unauthenticated token_invalid.
func (k *Keys) ReadBotAnswer(token string) (json.RawMessage, error) {
	body, err := read[json.RawMessage](k, forBot, token)
	if err != nil {
		return nil, fault.Wrap(fault.Unauthenticated, "token_invalid", err)
	}
	return body, nil
}

type ticket struct {
	Button chatid.ButtonKey `json:"button"`
	Origin string           `json:"origin"`
}

// Ticket makes the proof that a page of origin may carry the button.
func (k *Keys) Ticket(b chatid.ButtonKey, origin string) (string, error) {
	return issue(k, forTicket, TicketLife, ticket{b, origin})
}

// ReadTicket gives the origin that the button's ticket was made for.
// fault.Unauthenticated ticket_invalid, also for the ticket of another button.
func (k *Keys) ReadTicket(token string, b chatid.ButtonKey) (origin string, err error) {
	t, err := read[ticket](k, forTicket, token)
	if err == nil && (t.Button == "" || t.Button != b || t.Origin == "") {
		err = errors.New("ticket of another button")
	}
	if err != nil {
		return "", fault.Wrap(fault.Unauthenticated, "ticket_invalid", err)
	}
	return t.Origin, nil
}

type state struct {
	Product string              `json:"product"`
	Account chatid.CRMAccountID `json:"account"`
}

// State makes the value that comes back from the CRM's consent page.
func (k *Keys) State(product string, a chatid.CRMAccountID) (string, error) {
	return issue(k, forState, StateLife, state{product, a})
}

// ReadState checks a state that came back for product. fault.Invalid state_invalid.
func (k *Keys) ReadState(token, product string) error {
	_, err := k.StateAccount(token, product)
	return err
}

// StateAccount is ReadState that also gives the account the state was made for.
func (k *Keys) StateAccount(token, product string) (chatid.CRMAccountID, error) {
	s, err := read[state](k, forState, token)
	if err == nil && (s.Product == "" || s.Product != product || s.Account <= 0) {
		err = errors.New("state of another product")
	}
	if err != nil {
		return 0, fault.Wrap(fault.Invalid, "state_invalid", err)
	}
	return s.Account, nil
}

type proof struct {
	User chatid.UserID `json:"user"`
	Mark string        `json:"mark"`
}

// Issue makes the token of a verification mail. mark ties it to one state of the
// user (address, password): a caller who compares it makes older links die.
func (k *Keys) Issue(id chatid.UserID, mark string) (string, error) {
	return issue(k, forProof, ProofLife, proof{id, mark})
}

// Read reads the token of a verification mail. fault.Invalid token_invalid.
func (k *Keys) Read(token string) (id chatid.UserID, mark string, err error) {
	return readProof(k, forProof, token)
}

// IssueReset makes the token of a mail by which a forgotten password is
// replaced. It lives ResetLife; mark is as in Issue.
func (k *Keys) IssueReset(id chatid.UserID, mark string) (string, error) {
	return issue(k, forReset, ResetLife, proof{id, mark})
}

// ReadReset reads a token of IssueReset. fault.Invalid token_invalid.
func (k *Keys) ReadReset(token string) (id chatid.UserID, mark string, err error) {
	return readProof(k, forReset, token)
}

func readProof(k *Keys, of purpose, token string) (chatid.UserID, string, error) {
	p, err := read[proof](k, of, token)
	if err == nil && p.User == "" {
		err = errors.New("proof names nobody")
	}
	if err != nil {
		return "", "", fault.Wrap(fault.Invalid, "token_invalid", err)
	}
	return p.User, p.Mark, nil
}
