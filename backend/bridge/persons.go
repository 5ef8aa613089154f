package bridge

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"leadline/backend/account"
	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/onlinechat"
)

const (
	// personWait is how long a beginning session waits for the CRM; what comes later
	// counts for the next one.
	personWait = 1500 * time.Millisecond
	// personFound and personMissed are how long an answer is kept, personAnswers how
	// many are.
	personFound   = 10 * time.Minute
	personMissed  = 2 * time.Minute
	personAnswers = 20_000
	// personAsks bounds what one account's CRM is asked in a minute: whoever makes up
	// ids must not use up its rates.
	personAsks = 30
	// maxPersonCards bounds the cards of one id.
	maxPersonCards = 10
)

// PersonChats knows the field of a chat; it is onlinechat.Service.
type PersonChats interface {
	Chat(ctx context.Context, id chatid.ChatID) (onlinechat.Chat, error)
}

// PersonFile asks the CRM for cards by the site's ids of people; it is
// conversation.Persons. Answers are kept for a while.
type PersonFile struct {
	cards    *CardFile
	accounts Accounts
	chats    PersonChats
	now      func() time.Time
	log      *slog.Logger

	mu      sync.Mutex
	answers map[personKey]*personAnswer
	asks    map[chatid.AccountID]int
	minute  time.Time
}

type personKey struct {
	account chatid.AccountID
	kind    onlinechat.CardKind
	field   int64
	id      [sha256.Size]byte
}

// personAnswer is one that is known or, until done is closed, on its way.
type personAnswer struct {
	done  chan struct{}
	cards conversation.PersonCards
	until time.Time
}

// NewPersonFile wires a PersonFile.
func NewPersonFile(c *CardFile, a Accounts, chats PersonChats, now func() time.Time, log *slog.Logger) *PersonFile {
	return &PersonFile{
		cards: c, accounts: a, chats: chats, now: now, log: log,
		answers: map[personKey]*personAnswer{}, asks: map[chatid.AccountID]int{},
	}
}

// Person implements conversation.Persons.
func (p *PersonFile) Person(ctx context.Context, a chatid.AccountID, c chatid.ChatID, externalID string) conversation.PersonCards {
	chat, err := p.chats.Chat(ctx, c)
	f := chat.ExternalID
	if err != nil || f.Kind == "" || chat.Account != a {
		return conversation.PersonCards{}
	}
	answer := p.answer(ctx, personKey{a, f.Kind, f.ID, sha256.Sum256([]byte(externalID))}, externalID)
	if answer == nil {
		return conversation.PersonCards{}
	}
	wait := time.NewTimer(personWait)
	defer wait.Stop()
	select {
	case <-answer.done:
		return answer.cards
	case <-wait.C:
	case <-ctx.Done():
	}
	return conversation.PersonCards{}
}

// answer finds what is known, or begins to ask; nil where the account is asked too
// often.
func (p *PersonFile) answer(ctx context.Context, k personKey, externalID string) *personAnswer {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if have := p.answers[k]; have != nil && (have.until.IsZero() || now.Before(have.until)) {
		return have
	}
	if d := now.Sub(p.minute); d >= time.Minute || d < 0 {
		p.minute = now
		clear(p.asks)
	}
	if p.asks[k.account] >= personAsks {
		return nil
	}
	p.asks[k.account]++
	if len(p.answers) >= personAnswers {
		clear(p.answers)
	}
	fresh := &personAnswer{done: make(chan struct{})}
	p.answers[k] = fresh
	// The asking goes on when the session has stopped to wait.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), CardTimeout)
	go func() {
		defer cancel()
		cards, err := p.ask(ctx, k, externalID)
		if err != nil {
			p.log.Info("ask the CRM for a person: no answer", "account_id", string(k.account), "error", err)
		}
		keep := personFound
		if len(cards.Contacts)+len(cards.Leads) == 0 {
			keep = personMissed
		}
		p.mu.Lock()
		fresh.cards, fresh.until = cards, p.now().Add(keep)
		p.mu.Unlock()
		close(fresh.done)
	}()
	return fresh
}

// Forget drops what was not found in an account: a card of it has changed.
func (p *PersonFile) Forget(a chatid.AccountID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, have := range p.answers {
		if k.account == a && !have.until.IsZero() && len(have.cards.Contacts)+len(have.cards.Leads) == 0 {
			delete(p.answers, k)
		}
	}
}

func (p *PersonFile) ask(ctx context.Context, k personKey, externalID string) (out conversation.PersonCards, err error) {
	a, err := p.accounts.Account(ctx, k.account)
	if err != nil || !following(a) {
		return out, err
	}
	// The CRM searches all fields and parts of words: the chosen field decides.
	holds := func(fields []amocrm.FieldValues) bool {
		for _, f := range fields {
			if int64(f.ID) == k.field && len(f.Values) > 0 && valueText(f.Values[0].Value) == externalID {
				return true
			}
		}
		return false
	}
	switch k.kind {
	case onlinechat.ContactCard:
		list, err := p.cards.FindContacts(ctx, a, externalID)
		for _, c := range list {
			if holds(c.Fields) && len(out.Contacts) < maxPersonCards {
				out.Contacts = append(out.Contacts, c.ID)
			}
		}
		return out, err
	case onlinechat.LeadCard:
		list, err := p.cards.FindLeads(ctx, a, externalID)
		for _, l := range list {
			if holds(l.Fields) && len(out.Leads) < maxPersonCards {
				out.Leads = append(out.Leads, int64(l.ID))
				out.Contacts = append(out.Contacts, l.Contacts[:min(1, len(l.Contacts))]...)
			}
		}
		return out, err
	}
	list, err := p.cards.FindCustomers(ctx, a, externalID)
	for _, c := range list {
		if holds(c.Fields) && len(out.Contacts) < maxPersonCards {
			out.Contacts = append(out.Contacts, c.Contacts[:min(1, len(c.Contacts))]...)
		}
	}
	return out, err
}

// valueText writes a field's value as the site wrote it.
func valueText(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// FindContacts searches contacts, FindLeads leads and FindCustomers customers by
// the words of their fields; what is found is to be compared.
func (f *CardFile) FindContacts(ctx context.Context, a account.Account, query string) (list []amocrm.Contact, err error) {
	err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		list, err = f.crm.api.FindContacts(ctx, at, access, query)
		return err
	})
	return list, err
}

// FindLeads searches leads.
func (f *CardFile) FindLeads(ctx context.Context, a account.Account, query string) (list []amocrm.Lead, err error) {
	err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		list, err = f.crm.api.FindLeads(ctx, at, access, query)
		return err
	})
	return list, err
}

// FindCustomers searches customers.
func (f *CardFile) FindCustomers(ctx context.Context, a account.Account, query string) (list []amocrm.Customer, err error) {
	err = f.list(ctx, a, func(ctx context.Context, at amocrm.Address, access string) (err error) {
		list, err = f.crm.api.FindCustomers(ctx, at, access, query)
		return err
	})
	return list, err
}
