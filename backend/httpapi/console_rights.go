package httpapi

import (
	"context"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	// rightsLife is how long the CRM's word on a user's rights is taken.
	rightsLife = time.Minute
	// rightsTime is how long a form waits for it.
	rightsTime = 3 * time.Second
	// maxRights bounds the users that are remembered.
	maxRights = 10_000
)

// rights remembers who administers which account, as the CRM said it lately.
type rights struct {
	mu sync.Mutex
	of map[string]right
}

type right struct {
	admin bool
	until time.Time
}

func (r *rights) known(key string, now time.Time) (admin, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one, ok := r.of[key]
	return one.admin, ok && now.Before(one.until)
}

func (r *rights) note(key string, admin bool, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil || len(r.of) >= maxRights {
		r.of = map[string]right{}
	}
	r.of[key] = right{admin, now.Add(rightsLife)}
}

// stillAdmin asks the CRM whether the session's user administers the account as the
// session says: it may be 25 minutes old. Where the CRM cannot be asked, what its
// token said stands.
func (s *Server) stillAdmin(c *gin.Context, p *place) bool {
	if admin, ok := s.rights.known(p.key(), s.Now()); ok {
		return admin
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), rightsTime)
	defer cancel()
	admin, err := s.Accounts.IsAdmin(ctx, p.account, p.who.User)
	if err != nil {
		s.Logger.Warn("rights of a console's user are not known", "account_id", string(p.account.ID), "error", err)
		return true
	}
	s.rights.note(p.key(), admin, s.Now())
	return admin
}
