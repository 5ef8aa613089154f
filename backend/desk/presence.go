package desk

import (
	"context"
	"slices"
	"time"

	"leadline/backend/chatid"
)

// MaxOperators bounds the map of who is online.
const MaxOperators = 2000

// Presence is who of an account's users is online, as one browser reported it: the
// CRM's whole map at that moment. The latest report replaces the one before,
// whoever sent it: an older one is no second opinion, it is out of date.
type Presence struct {
	// Online are the users, by rising number.
	Online []chatid.CRMUserID
	// ReportedAt is when; zero for never. GoodUntil is how long it may be believed.
	ReportedAt, GoodUntil time.Time
}

// fresh tells whether the report may still be believed.
func (p Presence) fresh(now time.Time) bool { return now.Before(p.GoodUntil) }

// has tells whether a user is online.
func (p Presence) has(u chatid.CRMUserID) bool {
	_, found := slices.BinarySearch(p.Online, u)
	return found
}

// goodFor is how long a report is believed whose sender was told to come again
// after period: at the usual period three of them, so that one may be lost.
func (s *Service) goodFor(period time.Duration) time.Duration { return period + 2*s.Period }

// present takes in a report and gives who is online now; nobody where no report is
// fresh. It is written when somebody came or went, else when half of the time is
// over for which the last one is good.
func (s *Service) present(ctx context.Context, a chatid.AccountID, r Report, period time.Duration) (Presence, error) {
	last, err := s.Store.Presence(ctx, a)
	if err != nil {
		return Presence{}, err
	}
	now := s.Now()
	if r.Operators == nil {
		if !last.fresh(now) {
			return Presence{}, nil
		}
		return last, nil
	}
	p := Presence{ReportedAt: now, GoodUntil: now.Add(s.goodFor(period))}
	for u, online := range r.Operators {
		if online {
			p.Online = append(p.Online, u)
		}
	}
	slices.Sort(p.Online)
	same := last.fresh(now) && slices.Equal(last.Online, p.Online)
	if same && last.GoodUntil.Sub(now) > s.goodFor(period)/2 {
		return p, nil
	}
	if err := s.Store.SavePresence(ctx, a, p); err != nil {
		return Presence{}, err
	}
	if !last.fresh(now) || (len(last.Online) > 0) != (len(p.Online) > 0) {
		s.seen.forget(a)
		s.Changed(a)
	}
	return p, nil
}
