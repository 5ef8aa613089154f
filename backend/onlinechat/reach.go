package onlinechat

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// Reach is when, and how else than by writing, visitors of a chat reach somebody.
type Reach struct {
	Hours Hours
	// NoCallBacks switches the call-back form off.
	NoCallBacks bool
	// OnlineText and AwayText are what visitors read at the top of the chat while
	// somebody, or nobody, answers; "" for the chat's own words. In AwayText "{time}"
	// and "{date}" are when the hours begin again.
	OnlineText, AwayText string
	// Ask is what visitors are asked for who write while nobody answers.
	Ask Ask
}

// Ask is a way to reach a visitor later.
type Ask string

// What may be asked for.
const (
	AskNothing Ask = ""
	AskEmail   Ask = "email"
	AskPhone   Ask = "phone"
	AskEither  Ask = "either" // one of both
)

// MaxReachText bounds OnlineText and AwayText in characters.
const MaxReachText = 120

// Reach gives a chat's; fault.NotFound.
func (s *Service) Reach(ctx context.Context, c chatid.ChatID) (Reach, error) {
	return s.store.Reach(ctx, c)
}

// SetReach replaces that of an account's chat; fault.NotFound, fault.Invalid
// "invalid_request" for hours that Check refuses, for texts that are too long and for
// an unknown Ask.
func (s *Service) SetReach(ctx context.Context, a chatid.AccountID, c chatid.ChatID, r Reach) error {
	if err := r.check(); err != nil {
		return fault.Wrap(fault.Invalid, "invalid_request", err)
	}
	return s.store.SetReach(ctx, a, c, r)
}

func (r Reach) check() error {
	for _, text := range []string{r.OnlineText, r.AwayText} {
		if utf8.RuneCountInString(text) > MaxReachText || !utf8.ValidString(text) || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return errors.New("text of availability")
		}
	}
	switch r.Ask {
	case AskNothing, AskEmail, AskPhone, AskEither:
	default:
		return errors.New("nothing that can be asked for")
	}
	if r.Hours.Set() {
		return r.Hours.Check()
	}
	return nil
}
