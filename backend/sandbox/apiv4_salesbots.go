package sandbox

import (
	"net/http"
	"slices"
)

const (
	ruleSalesbots = "O §4.3 salesbot-start"
	maxSalesbots  = 100 // that one request may start
)

// SalesbotRun is one start of an account's own bot. What the bot then does is not
// simulated.
type SalesbotRun struct {
	Account int64 `json:"account_id"`
	Bot     int64 `json:"bot_id"`
	Lead    int64 `json:"lead_id"`
}

// SalesbotRuns lists the bots that integrations started in an account, oldest first.
func (s *Server) SalesbotRuns(account int64) (out []SalesbotRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.st.SalesbotRuns {
		if r.Account == account {
			out = append(out, r)
		}
	}
	return out
}

// runSalesbots is POST /api/v2/salesbot/run; only leads have bots here. Which bots of a
// request that is refused begin is not documented: none.
func (a *apiCall) runSalesbots() {
	type runIn struct {
		Bot    int64 `json:"bot_id" need:"true"`
		Entity int64 `json:"entity_id" need:"true"`
		Type   int64 `json:"entity_type" need:"true"`
	}
	in, ok := decodeBatch[runIn](a, ruleSalesbots, maxSalesbots)
	if !ok {
		return
	}
	for i, n := range in {
		lead, there := a.openLead(n.Entity)
		switch {
		case n.Type != 2:
			a.invalid(ruleSalesbots, i, "NotSupportedChoice", "entity_type", "entity_type must be 2, a lead")
		case !there || lead.Unsorted:
			problem(a.call, http.StatusBadRequest, Refused, ruleSalesbots, "no such lead", nil)
		case !slices.Contains(a.acc.Salesbots, n.Bot):
			problem(a.call, http.StatusNotFound, Refused, ruleSalesbots, "no such bot", nil)
		default:
			continue
		}
		return
	}
	s := a.s
	s.mu.Lock()
	for _, n := range in {
		s.st.SalesbotRuns = append(s.st.SalesbotRuns, SalesbotRun{a.acc.ID, n.Bot, n.Entity})
	}
	s.touch()
	s.mu.Unlock()
	a.json(http.StatusAccepted, "application/json", map[string]any{})
}
