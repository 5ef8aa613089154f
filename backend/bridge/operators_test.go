package bridge

import (
	"net/http"
	"testing"

	"leadline/backend/account"
	"leadline/backend/fault"
)

// TestUnknownOperatorsAreAskedForOnce: messages of somebody whom the CRM does not
// name, or cannot just now, do not ask it each.
func TestUnknownOperatorsAreAskedForOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		failed error
	}{
		{"nobody is named", http.StatusNoContent, nil},
		{"the CRM refuses", http.StatusForbidden, nil},
		{"the CRM fails", http.StatusInternalServerError, nil},
		{"the account has no tokens", 0, fault.New(fault.NotFound, "not_found")},
	} {
		s, w, _ := newSync(t, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(c.status) })
		w.noToken = c.failed
		s.deck("a1").state = account.Connected
		message := func() {
			if _, ok := s.Operator(t.Context(), "a1", "u-1"); ok {
				t.Errorf("%s: somebody unknown is known", c.name)
			}
			work(t, s)
		}
		for range 5 {
			message()
		}
		if w.asks != 1 {
			t.Errorf("%s: five messages asked %d times", c.name, w.asks)
		}
		w.advance(usersAgain)
		message()
		if w.asks != 2 {
			t.Errorf("%s: asked %d times after a while, want 2", c.name, w.asks)
		}
	}
}
