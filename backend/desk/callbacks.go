package desk

import (
	"context"
	"slices"
	"time"

	"leadline/backend/chatid"
)

const (
	// alone is how long the responsible user has for it before it is for all.
	alone = 5 * time.Minute
	// silent is how long one that was taken stays taken without a sign of life.
	silent = 10 * time.Minute
	// noted is how old a sign of life must be before a new one is written.
	noted = time.Minute
	// keptFor is how long one that is over is kept: it holds a phone number.
	keptFor = 7 * 24 * time.Hour

	// maxOpen bounds what is read of an account, maxShown what one user is told of.
	maxOpen  = 200
	maxShown = 20
)

// CallBack is a visitor who asks to be called back, as an operator sees it.
type CallBack struct {
	ID chatid.CallBackID
	// Phone is as conversation.Phone writes it; Name may be empty, and Text, which is
	// what the visitor said besides.
	Phone, Name, Text string
	At                time.Time
	// Responsible is the CRM user whose it is; 0 where nobody knows.
	Responsible chatid.CRMUserID
	// TakenBy handles it, or did until AliveAt; 0 for nobody. ReleasedBy gave it back.
	TakenBy, ReleasedBy chatid.CRMUserID
	AliveAt             time.Time
	// Lead and Contact are the CRM's cards of the visitor; 0 where not known.
	Lead    int64
	Contact chatid.ContactID
}

// Step is what an operator does about a call-back.
type Step string

const (
	// Taken: the user calls; repeated, is still calling.
	Taken Step = "taken"
	// Released: the user gives it back.
	Released Step = "released"
	// Done: the visitor was called.
	Done Step = "done"
	// Shown: the user was told of it, which changes nothing.
	Shown Step = "shown"
)

// Valid reports whether the step is one of those.
func (s Step) Valid() bool { return s == Taken || s == Released || s == Done || s == Shown }

// Act is one step about one call-back.
type Act struct {
	ID   chatid.CallBackID
	Step Step
}

// holder is who handles it now; 0 for nobody.
func (c CallBack) holder(now time.Time) chatid.CRMUserID {
	if now.Sub(c.AliveAt) >= silent {
		return 0
	}
	return c.TakenBy
}

// Mine tells whether u handles it now.
func (c CallBack) Mine(u chatid.CRMUserID, now time.Time) bool { return u != 0 && c.holder(now) == u }

// concerns tells whether u is to know of it: who handles it; else the responsible
// user where that one is online; else all who are; else whoever asks. Who gave it
// back is the last to get it again.
func (c CallBack) concerns(u chatid.CRMUserID, p Presence, now time.Time) bool {
	if h := c.holder(now); h != 0 {
		return h == u
	}
	others := len(p.Online)
	if p.has(c.ReleasedBy) {
		others--
	}
	switch {
	case others == 0:
		return true
	case u == c.ReleasedBy:
		return false
	case u == c.Responsible:
		return true
	case c.Responsible != c.ReleasedBy && p.has(c.Responsible) && now.Sub(c.At) < alone:
		return false
	}
	return p.has(u)
}

// calls does what the user wants and lists what concerns them.
func (s *Service) calls(ctx context.Context, by Asker, acts []Act, p Presence) ([]CallBack, error) {
	now := s.Now()
	open, err := s.Store.Open(ctx, by.Account.ID, now.Add(-s.Stands), maxOpen)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	changed := false
	for _, act := range acts {
		i := slices.IndexFunc(open, func(c CallBack) bool { return c.ID == act.ID })
		if i < 0 || !needed(open[i], act.Step, by.User, now) {
			continue
		}
		ok, err := s.Store.Move(ctx, Move{Account: by.Account.ID, ID: act.ID, By: by.User, Step: act.Step, Now: now, Silent: now.Add(-silent)})
		if err != nil {
			return nil, err
		}
		changed = true
		if ok && open[i].TakenBy != by.User || act.Step != Taken {
			s.Logger.Info("call-back", "account_id", string(by.Account.ID), "callback_id", string(act.ID), "step", string(act.Step), "won", ok)
		}
	}
	if changed {
		if open, err = s.Store.Open(ctx, by.Account.ID, now.Add(-s.Stands), maxOpen); err != nil {
			return nil, err
		}
	}
	var list []CallBack
	for _, c := range open {
		if c.concerns(by.User, p, now) && len(list) < maxShown {
			list = append(list, c)
		}
	}
	return list, nil
}

// needed tells whether a step changes anything, as far as was read.
func needed(c CallBack, step Step, u chatid.CRMUserID, now time.Time) bool {
	switch h := c.holder(now); step {
	case Taken:
		return h == 0 || h == u && now.Sub(c.AliveAt) >= noted
	case Released:
		return h == u
	case Done:
		return h == 0 || h == u
	default:
		return false
	}
}

// Waiting tells whether a conversation's visitor asks to be called back.
func (s *Service) Waiting(ctx context.Context, a chatid.AccountID, c chatid.ConversationID) (bool, error) {
	return s.Store.Waiting(ctx, a, c, s.Now().Add(-s.Stands))
}

// Responsible takes in whose lead it is that a conversation belongs to.
func (s *Service) Responsible(ctx context.Context, a chatid.AccountID, c chatid.ConversationID, u chatid.CRMUserID) error {
	return s.Store.SetResponsible(ctx, a, c, u)
}
