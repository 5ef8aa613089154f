package sandbox

import (
	"encoding/json"
	"errors"
	"time"
)

// Faults are things that go wrong; the zero value is none. Counters with the
// value -1 stay until they are set to 0.
type Faults struct {
	// AmojoStatus (429, 503, ...) answers the next AmojoCount requests to the
	// chats service before anything else is looked at.
	AmojoStatus     int `json:"amojo_status"`
	AmojoCount      int `json:"amojo_count"`
	AmojoRetryAfter int `json:"amojo_retry_after"` // seconds; 0 sends no header
	// AmojoDelayMS holds each answer of the chats service back; the request is
	// carried out before.
	AmojoDelayMS int `json:"amojo_delay_ms"`
	// AmojoCutBefore cuts the next connections before the request is carried
	// out, AmojoCutAfter after a new message was stored.
	AmojoCutBefore int `json:"amojo_cut_before"`
	AmojoCutAfter  int `json:"amojo_cut_after"`
	// AmojoOnly narrows the faults above, and the random ones of the chats service,
	// to a scope, an account (either id) or a conversation (either id).
	AmojoOnly string `json:"amojo_only"`
	// ConnectRefused answers 403 to connect.
	ConnectRefused bool `json:"connect_refused"`
	// APIStatus answers the next APICount requests to OAuth and API v4.
	APIStatus int `json:"api_status"`
	APICount  int `json:"api_count"`
	// APIDelayMS holds each answer of OAuth and API v4 back.
	APIDelayMS int `json:"api_delay_ms"`
	// APICutAfter carries out the next so many changes by API v4 (all but GET) and cuts
	// the connection in place of an answer.
	APICutAfter int `json:"api_cut_after"`
	// APIPath narrows them to paths that begin so ("/talks", "/api/v4/talks",
	// "/oauth2"), APIAccount to one account.
	APIPath    string `json:"api_path"`
	APIAccount int64  `json:"api_account"`
	// UnpaidAccount answers 402 for an account in API v4 and the chats service; -1 for all.
	UnpaidAccount int64 `json:"unpaid_account"`
	// HookCopies sends each hook so many times more, HookDelayMS later,
	// HookHold keeps hooks until they are released, HookDrop loses the next.
	HookCopies  int  `json:"hook_copies"`
	HookDelayMS int  `json:"hook_delay_ms"`
	HookHold    bool `json:"hook_hold"`
	HookDrop    int  `json:"hook_drop"`
	// CRMHookDrop loses the next webhooks of the CRM itself.
	CRMHookDrop int `json:"crm_hook_drop"`
	// HookOnly narrows those of the chats service, and the random ones of hooks, as AmojoOnly does.
	HookOnly string `json:"hook_only"`

	// Shares (0 to 1) of the requests to the chats service that are answered 503 or
	// 429, cut before or after they were carried out, or answered RandomSlowMS
	// late, and of hooks that are lost, sent twice, or sent RandomHookDelayMS
	// late. The same RandomSeed gives the same sequence of throws.
	RandomSeed        uint64  `json:"random_seed"`
	Random503         float64 `json:"random_503"`
	Random429         float64 `json:"random_429"`
	RandomCutBefore   float64 `json:"random_cut_before"`
	RandomCutAfter    float64 `json:"random_cut_after"`
	RandomSlow        float64 `json:"random_slow"`
	RandomSlowMS      int     `json:"random_slow_ms"`
	RandomHookDrop    float64 `json:"random_hook_drop"`
	RandomHookCopy    float64 `json:"random_hook_copy"`
	RandomHookDelay   float64 `json:"random_hook_delay"`
	RandomHookDelayMS int     `json:"random_hook_delay_ms"`
}

// Variants are behaviours that the vendor does not document or that differ
// between accounts. The zero value of each is the default; where the
// documentation is silent that is the stricter one. A tag "choices" lists what a
// text, a number or the members of a list may be, beside the zero value.
type Variants struct {
	// DuplicateMsgID is the answer to a repeated msgid: 400 (also 0), 200 with
	// the first message's ids, or 409 (C §3.4.5).
	DuplicateMsgID int `json:"duplicate_msgid" choices:"400,200,409"`
	// LegacySignature also takes the old body-only signature for connect,
	// disconnect and messages (C §2.2).
	LegacySignature     bool `json:"legacy_signature"`
	IgnoreUnknownFields bool `json:"ignore_unknown_fields"`
	// StatusBackwards accepts 1 after 2 and anything after -1.
	StatusBackwards bool `json:"status_backwards"`
	// ReconnectKeeps leaves title and hook version as they were on a repeated connect.
	ReconnectKeeps bool `json:"reconnect_keeps"`

	// HookNoNewline leaves out the line feed after the body (C §4.1).
	HookNoNewline bool `json:"hook_no_newline"`
	// HookVersion forces "v1" or "v2" whatever the connection says.
	HookVersion string `json:"hook_version" choices:"v1,v2"`
	// HookOmit leaves optional fields out: source, name, phone, email, client_id,
	// markup; "file" makes file_name and file_size empty.
	HookOmit []string `json:"hook_omit" choices:"source,name,phone,email,client_id,markup,file"`
	// HooksForImports also sends hooks for messages imported in an operator's name.
	HooksForImports bool `json:"hooks_for_imports"`
	// HookSlowMS is the delay of the slow stream, into which a channel falls after
	// a hook that was not answered with 200 in time, and which it leaves with the
	// next good answer. 0 switches it off.
	HookSlowMS int `json:"hook_slow_ms"`

	// InstallMoment of the installation webhook: install (also ""), save, late, never.
	InstallMoment string `json:"install_moment" choices:"install,save,late,never"`
	// InstallLateMS is the delay of "late"; 0 waits until it is told.
	InstallLateMS int `json:"install_late_ms"`
	// DisposableToken is issued (also ""), 401, empty or slow. It counts only while the
	// integration is not installed, unless DisposableTokenAlways.
	DisposableToken       string `json:"disposable_token" choices:"issued,401,empty,slow"`
	DisposableTokenAlways bool   `json:"disposable_token_always"`
	DisposableSlowMS      int    `json:"disposable_slow_ms"` // of "slow"; 0 is 10 s
	// NoAdminClaim leaves is_admin out of disposable tokens (W §8.2).
	NoAdminClaim bool `json:"no_admin_claim"`
	// AudWithPort keeps an explicit port of the redirect URI in aud.
	AudWithPort bool `json:"aud_with_port"`
	// DisabledHook is signed (also ""), unsigned, never.
	DisabledHook string `json:"disabled_hook" choices:"signed,unsigned,never"`
	// KeepConnection leaves the channel connected after an uninstallation.
	KeepConnection bool `json:"keep_connection"`

	ChatVariants
	CRMVariants
}

func (v Variants) check() error {
	if err := errors.Join(v.ChatVariants.check(), v.CRMVariants.check()); err != nil {
		return err
	}
	return checkChoices(v)
}

// Faults returns the faults in force; counters tell what is left of them.
func (s *Server) Faults() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults
}

// SetFaults changes the faults in force.
func (s *Server) SetFaults(change func(*Faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seed := s.faults.RandomSeed
	change(&s.faults)
	if s.faults.RandomSeed != seed {
		s.dice = newDice(s.faults.RandomSeed)
	}
	s.touch()
}

// Variants returns the variants in force.
func (s *Server) Variants() Variants {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.Variants
}

// SetVariants changes the variants in force.
func (s *Server) SetVariants(change func(*Variants)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.st.Variants)
	s.touch()
}

// patch reads a JSON object over a copy of what is there, so absent fields stay.
func patch[T interface{ check() error }](body []byte, now T) (T, error) {
	var next T
	was, err := json.Marshal(now) // a deep copy
	if err != nil {
		return now, err
	}
	if err := json.Unmarshal(was, &next); err != nil {
		return now, err
	}
	if err := decodeKnown(body, &next); err != nil {
		return now, err
	}
	return next, next.check()
}

// take uses up one of a fault's counter.
func take(n *int) bool {
	if *n == 0 {
		return false
	}
	if *n > 0 {
		*n--
	}
	return true
}

// Advance moves the sandbox's clock; negative durations move it back.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.st.Shift += d
	s.wakeClock()
	s.touch()
}

// Now is the sandbox's clock.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}
