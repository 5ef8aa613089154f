package greeting

import (
	"slices"
	"strings"
)

// Values of ActUnsorted.
const (
	SortAccept  = "accept"
	SortDecline = "decline"
)

// sorts tells an act that ends the waiting of an incoming lead: it is done before
// others, which may wait for that.
func (a Act) sorts() bool { return a.Name == ActUnsorted || a.Name == ActLinkUnsorted }

// Accepts tells whether saying it accepts an incoming lead (O §4.3).
func (s Show) Accepts() bool {
	switch strings.ToLower(strings.TrimSpace(s.AcceptUnsorted.Words())) {
	case "false", "0":
		return false
	}
	return true
}

// accept asks once in a conversation that an incoming lead is accepted, because the
// bot speaks in it.
func (r *run) accept(s Show) {
	if !s.Accepts() || r.turn.State.Accepted || len(r.turn.Acts) == MaxActs {
		return
	}
	r.turn.State.Accepted = true
	r.turn.Acts = append(r.turn.Acts, Act{Name: ActUnsorted, Value: SortAccept, Shown: true})
}

// unaccepted is a turn whose words the CRM does not see: they accept nothing.
func (t Turn) unaccepted() Turn {
	t.Acts = slices.DeleteFunc(slices.Clone(t.Acts), func(a Act) bool { return a.Shown })
	t.State.Accepted = false
	return t
}
