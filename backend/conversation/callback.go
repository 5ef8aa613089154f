package conversation

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// CallBack is a visitor's wish to be called back, to be stored with the message
// that tells operators of it.
type CallBack struct {
	ID chatid.CallBackID
	// Phone is as Phone writes it, one line; Name and Text may be empty.
	Phone, Name, Text string
	// Since is the time before which an earlier one does not count as open any more.
	Since time.Time
}

// CallBackFor is how long a wish to be called back stands.
const CallBackFor = 24 * time.Hour

// MaxCallBackRunes bounds what a visitor may say besides.
const MaxCallBackRunes = 1000

// Digits of a phone number that can be called.
const minDigits, maxDigits = 5, 20

// CallBackDraft is the form that a visitor filled in.
type CallBackDraft struct {
	ClientID chatid.ClientID
	// Phone is as it was typed. Name and Text may be empty.
	Phone, Name, Text     string
	Alias, Locale, Source string
	Several               bool // as in Draft
	// Words is the message for operators, in the visitor's language.
	Words func(phone string) string
}

// CallBack accepts a visitor's wish to be called back, and the message that it is,
// as Write does. Errors are also fault.Invalid bad_phone; fault.Conflict
// callback_waiting while an earlier one is open.
func (s *Service) CallBack(ctx context.Context, who Who, d CallBackDraft) (Message, error) {
	if !callable(d.Phone) {
		return Message{}, fault.New(fault.Invalid, "bad_phone")
	}
	text := strings.TrimSpace(clean(d.Text))
	if utf8.RuneCountInString(text) > MaxCallBackRunes {
		return Message{}, fault.New(fault.Invalid, "text_too_long").With("Max", MaxCallBackRunes)
	}
	b := &CallBack{
		ID: chatid.CallBackID(s.newID()), Phone: Phone(d.Phone), Name: line(d.Name, 120), Text: text, Since: s.now().Add(-CallBackFor),
	}
	words := d.Words(b.Phone)
	if text != "" {
		words += "\n" + text
	}
	return s.accept(ctx, who, Draft{
		ClientID: d.ClientID, Text: words, Name: d.Name, Phone: d.Phone, Alias: d.Alias, Locale: d.Locale, Source: d.Source, Several: d.Several,
	}, b)
}

// callable tells whether s can be a phone number: digits enough, and nothing else
// than what people write between them.
func callable(s string) bool {
	digits := 0
	for i, r := range strings.TrimSpace(s) {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case r == '+' && i == 0, strings.ContainsRune(betweenDigits, r):
		default:
			return false
		}
	}
	return minDigits <= digits && digits <= maxDigits && utf8.RuneCountInString(s) <= 40
}
