package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"leadline/backend/account"
	"leadline/backend/chatid"
)

// Kinds of incident, as the store keeps since when they are.
const (
	// KindConnection: the account is broken, for one reason.
	KindConnection = "connection"
	// KindParked: messages were not delivered and wait for a decision.
	KindParked = "parked"
)

// Incident is something that is wrong with an account, from its beginning to its
// end.
type Incident struct {
	// ID is the same as long as it lasts, and another one when it comes again.
	ID string
	// Reason is that of the account's state, or KindParked.
	Reason string
	// Since is when it began; zero where that is not known.
	Since time.Time
	// Count is how many messages are parked.
	Count int
}

// incidents lists what the user has not been told yet.
func (s *Service) incidents(ctx context.Context, by Asker, told []string) ([]Incident, error) {
	a := by.Account
	parked, err := s.Parked(ctx, a.ID)
	if err != nil || parked == 0 && a.State != account.Broken {
		return nil, err
	}
	since, err := s.Store.Since(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	var list []Incident
	if a.State == account.Broken {
		list = append(list, Incident{ID: incidentID(a.CRMID, a.Reason, since[KindConnection]), Reason: a.Reason, Since: since[KindConnection]})
	}
	if parked > 0 {
		list = append(list, Incident{ID: incidentID(a.CRMID, KindParked, since[KindParked]), Reason: KindParked, Since: since[KindParked], Count: parked})
	}
	known, err := s.Store.Told(ctx, a.ID, by.User)
	if err != nil {
		return nil, err
	}
	// Only what is going on is worth remembering: nothing else is ever told.
	var fresh []string
	for _, i := range list {
		if slices.Contains(told, i.ID) && !slices.Contains(known, i.ID) {
			fresh = append(fresh, i.ID)
		}
	}
	if len(fresh) > 0 {
		if err := s.Store.SaveTold(ctx, a.ID, by.User, fresh, s.Now()); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(list, func(i Incident) bool { return slices.Contains(known, i.ID) || slices.Contains(fresh, i.ID) }), nil
}

// incidentID names an incident in the browser, which may hold several accounts.
func incidentID(a chatid.CRMAccountID, reason string, since time.Time) string {
	return fmt.Sprintf("%d-%s-%d", a, reason, max(since.UnixMilli(), 0))
}
