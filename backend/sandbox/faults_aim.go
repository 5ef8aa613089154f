package sandbox

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// aim is what a request to the chats service speaks of, read loosely before
// anything is checked: faults are aimed by it.
type aim struct {
	scope, amojoID     string
	account            int64
	conversation, chat string // the integration's id, the chats service's
}

// aim reads what the request speaks of; locate completes it.
func (a *amojoCall) aim() aim {
	var in struct {
		AccountID         string `json:"account_id"`
		ConversationID    string `json:"conversation_id"`
		ConversationRefID string `json:"conversation_ref_id"`
		Payload           struct {
			ConversationID    string `json:"conversation_id"`
			ConversationRefID string `json:"conversation_ref_id"`
		} `json:"payload"`
	}
	_ = json.Unmarshal(a.body, &in) // what is wrong with it is said later
	to := aim{scope: a.id, amojoID: in.AccountID, conversation: in.ConversationID + in.Payload.ConversationID}
	to.chat = in.ConversationRefID + in.Payload.ConversationRefID
	if a.form == formConnect || a.form == formDisconnect {
		to.scope = a.id + "_" + in.AccountID
	} else {
		_, to.amojoID, _ = strings.Cut(a.id, "_")
	}
	return to
}

// locate finds the account and the chat, and the chat's conversation. s.mu is held.
func (a *amojoCall) locate(to *aim) {
	s := a.s
	if acc := s.accountByAmojo(a.zone.Product, to.amojoID); acc != nil {
		to.account = acc.ID
	}
	switch a.form {
	case formHistory:
		to.chat = a.sub
	case formStatus:
		if m := s.idx.message[a.sub]; m != nil {
			to.chat = m.ChatID
		}
	}
	if to.chat == "" {
		if c := s.idx.conv[[2]string{to.scope, to.conversation}]; c != nil {
			to.chat = c.ID
		}
	}
	if c := s.st.Chats[to.chat]; c != nil && to.conversation == "" {
		to.conversation = c.ConversationID
	}
}

// at tells whether a fault that is narrowed to what is meant; "" means all.
func (to aim) at(target string) bool {
	switch target {
	case "", to.scope, to.amojoID, to.conversation, to.chat:
		return true
	}
	return target == strconv.FormatInt(to.account, 10)
}

// unpaid tells whether the account is to look unpaid. s.mu is held.
func (s *Server) unpaid(account int64) bool {
	return account != 0 && (s.faults.UnpaidAccount == account || s.faults.UnpaidAccount == -1)
}

// playFaults plays what is switched on; false when that was the answer.
func (a *amojoCall) playFaults() bool {
	s, to := a.s, a.aim()
	s.mu.Lock()
	a.locate(&to)
	a.vars = s.st.Variants
	f := &s.faults
	a.aimed = to.at(f.AmojoOnly)
	cut := a.aimed && take(&f.AmojoCutBefore)
	status := 0
	if a.aimed && !cut && f.AmojoStatus != 0 && take(&f.AmojoCount) {
		status = f.AmojoStatus
	}
	dice := ""
	if a.aimed && !cut && status == 0 {
		dice = s.throw(f.amojoDice())
	}
	a.faults = *f
	if !a.aimed {
		a.faults.AmojoDelayMS = 0
	}
	unpaid := s.unpaid(to.account)
	limited := 0
	if a.vars.AmojoRate > 0 {
		limited, _ = s.admit(a.vars.AmojoRate, "scope "+to.scope)
	}
	s.mu.Unlock()
	switch dice {
	case "503":
		status = http.StatusServiceUnavailable
	case "429":
		status = http.StatusTooManyRequests
	case "slow":
		a.faults.AmojoDelayMS += f.RandomSlowMS
	case "cut_after":
		a.after = func() { a.cutBy("connection cut", "after the request was carried out") }
	}
	switch {
	case cut || dice == "cut_before":
		a.cutBy("connection cut", "before the request was carried out")
	case status != 0:
		if a.faults.AmojoRetryAfter > 0 {
			a.w.Header().Set("Retry-After", strconv.Itoa(a.faults.AmojoRetryAfter))
		}
		a.refuse(status, Faulted, "outage", "switched on")
	case unpaid:
		a.refuse(http.StatusPaymentRequired, Faulted, "unpaid", "the account is not paid")
	case limited != 0:
		a.refuse(limited, Refused, "C §5.1 rate", "more requests in a second than the variant allows")
	default:
		return true
	}
	return false
}

func (a *amojoCall) cutBy(rule, detail string) {
	a.verdict(Faulted, rule, detail)
	a.cut()
}

// apiOutage tells the status of a fault that answers for API v4 or OAuth, 0 for
// none, whether the answer is to be lost, and how long it is to wait. s.mu is held.
func (a *apiCall) apiOutage() (status int, cut bool, delay time.Duration) {
	f, path := &a.s.faults, a.r.URL.Path
	if a.s.unpaid(a.acc.ID) && strings.HasPrefix(path, "/api/v4/") {
		return http.StatusPaymentRequired, false, 0
	}
	short := strings.TrimPrefix(path, "/api/v4")
	if f.APIAccount != 0 && f.APIAccount != a.acc.ID || !strings.HasPrefix(path, f.APIPath) && !strings.HasPrefix(short, f.APIPath) {
		return 0, false, 0
	}
	if f.APIStatus != 0 && take(&f.APICount) {
		status = f.APIStatus
	}
	cut = status == 0 && a.r.Method != http.MethodGet && strings.HasPrefix(path, "/api/v4/") && take(&f.APICutAfter)
	return status, cut, time.Duration(f.APIDelayMS) * time.Millisecond
}

// face is one outcome of a throw with its share of all throws.
type face struct {
	name  string
	share float64
}

func (f Faults) amojoDice() []face {
	return []face{
		{"503", f.Random503}, {"429", f.Random429}, {"cut_before", f.RandomCutBefore}, {"cut_after", f.RandomCutAfter}, {"slow", f.RandomSlow},
	}
}

func (f Faults) hookDice() []face {
	return []face{{"drop", f.RandomHookDrop}, {"copy", f.RandomHookCopy}, {"delay", f.RandomHookDelay}}
}

// throw picks at most one face. s.mu is held.
func (s *Server) throw(faces []face) string {
	total := 0.0
	for _, f := range faces {
		total += f.share
	}
	if total == 0 {
		return "" // the sequence of a seed goes on only while something is left to chance
	}
	at := s.dice.Float64()
	for _, f := range faces {
		if at < f.share {
			return f.name
		}
		at -= f.share
	}
	return ""
}

func newDice(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a seed must give the same faults again
}

func (f Faults) check() error {
	for _, status := range []int{f.AmojoStatus, f.APIStatus} {
		if status != 0 && (status < 400 || status > 599) {
			return errors.New("a fault's status must lie between 400 and 599")
		}
	}
	for _, faces := range [][]face{f.amojoDice(), f.hookDice()} {
		total := 0.0
		for _, x := range faces {
			if x.share < 0 {
				return errors.New("a random fault's share must lie between 0 and 1")
			}
			total += x.share
		}
		if total > 1 {
			return errors.New("the shares of random faults add up to more than 1")
		}
	}
	return nil
}

// hookFate is what the faults do to one hook.
type hookFate struct {
	drop, hold bool
	copies     int
	delay      time.Duration
}

// hookFaults decides about a hook of a chat; one that does not go out anyway
// uses nothing up. s.mu is held.
func (s *Server) hookFaults(chat *Chat, goesOut bool) (x hookFate) {
	f := &s.faults
	to := aim{scope: chat.Scope, account: chat.Account, conversation: chat.ConversationID, chat: chat.ID}
	if acc := s.account(chat.Account); acc != nil {
		to.amojoID = acc.AmojoID
	}
	if !goesOut || !to.at(f.HookOnly) {
		return x
	}
	if take(&f.HookDrop) {
		x.drop = true
		return x
	}
	x.hold, x.copies, x.delay = f.HookHold, f.HookCopies, time.Duration(f.HookDelayMS)*time.Millisecond
	switch s.throw(f.hookDice()) {
	case "drop":
		x.drop = true
	case "copy":
		x.copies++
	case "delay":
		x.delay += time.Duration(f.RandomHookDelayMS) * time.Millisecond
	}
	if x.drop {
		x.copies = 0
	}
	return x
}
