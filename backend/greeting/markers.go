package greeting

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Facts are what a turn knows. They are data: nothing in them is read as markers.
type Facts struct {
	// Now is the time, in the zone that dates are told in.
	Now time.Time
	// Random gives a number from 0 to n-1.
	Random func(n int) int
	// Params are the page's bot_params (BOT-1).
	Params map[string]json.RawMessage
	// Values are what other markers stand for, by what is written between the braces:
	// "contact.name", "visitor_uid", "session_id", "origin", "lead.id", ….
	Values map[string]string
	// Email and Phone are the visitor's own, "" for not known.
	Email, Phone string
	// Channel is the CRM's number of the source that the chat writes to; 0 for not known.
	Channel int64
	// Tags are those of the lead, as far as they are known.
	Tags []string
}

// chatKnows are the markers of Facts.Values that a chat can tell, though not always.
var chatKnows = map[string]bool{"contact.name": true, "contact.id": true, "lead.id": true, "visitor_uid": true, "session_id": true, "origin": true}

// markers fills a text in. They are replaced once, from left to right: what comes in
// is never read again (BOT-2), an unknown one becomes nothing, and \{{ is a plain {{
// (BOT-3).
func (r *run) markers(s string) string {
	var out strings.Builder
	for {
		i := strings.Index(s, "{{")
		if i < 0 {
			break
		}
		if i > 0 && s[i-1] == '\\' {
			out.WriteString(s[:i-1])
			out.WriteString("{{")
			s = s[i+2:]
			continue
		}
		name, rest, ok := marker(s[i+2:])
		if !ok {
			break
		}
		value := r.value(name)
		if !r.pay(len(value)) {
			return ""
		}
		out.WriteString(s[:i])
		out.WriteString(value)
		s = rest
	}
	out.WriteString(s)
	return out.String()
}

// marker takes the name of a marker off s; the pattern of a regexp may hold braces.
func marker(s string) (name, rest string, ok bool) {
	from := 0
	if t := strings.TrimLeft(s, " \t"); strings.HasPrefix(t, "regexp./") {
		// To the last slash before the braces.
		start := len(s) - len(t) + len("regexp./")
		for i := start; i < len(s); i++ {
			if s[i] != '/' || s[i-1] == '\\' {
				continue
			}
			end := strings.TrimLeft(s[i+1:], "imsuU \t")
			if strings.HasPrefix(end, "}}") {
				from = len(s) - len(end)
				break
			}
		}
	}
	end := strings.Index(s[from:], "}}")
	if end < 0 {
		return "", "", false
	}
	end += from
	return strings.TrimSpace(s[:end]), s[end+2:], true
}

// value is what a marker stands for; "" where nothing is known.
func (r *run) value(name string) string {
	if path, ok := strings.CutPrefix(name, "bot_params"); ok && (path == "" || path[0] == '.') {
		return r.param(path)
	}
	if path, ok := strings.CutPrefix(name, "json."); ok {
		return dig(r.turn.State.JSON, map[string]any{}, path)
	}
	if p, ok := strings.CutPrefix(name, "regexp."); ok {
		m, ok := r.match(p, r.input)
		if !ok {
			return ""
		}
		return m[min(1, len(m)-1)]
	}
	switch name {
	case "message_text":
		return r.input
	case "message_text.email":
		return email(r.input)
	case "message_text.phone":
		return phone(r.input)
	case "last_validation_result":
		return r.turn.State.Validated
	case "current_date":
		return r.facts.Now.Format("02.01.2006")
	case "rand":
		return strconv.Itoa(1_000_000_000 + r.random(1_000_000_000))
	case "short_rand":
		return r.letters(6)
	case "short_rand_num":
		return strconv.Itoa(1111 + r.random(9999-1111+1))
	case "name":
		name = "contact.name"
	}
	v, ok := r.facts.Values[name]
	r.unknown = r.unknown || !ok && !chatKnows[name]
	return v
}

func (r *run) random(n int) int {
	if r.facts.Random == nil {
		return 0
	}
	return r.facts.Random(n)
}

func (r *run) letters(n int) string {
	const from = "abcdefghijkmnpqrstuvwxyz23456789" // none that look alike
	s := make([]byte, n)
	for i := range s {
		s[i] = from[r.random(len(from))]
	}
	return string(s)
}

// param reads a page's parameter by a path of names and places ".cart.items.0.sum"
// (BOT-2).
func (r *run) param(path string) string {
	if path == "" {
		return compact(r.facts.Params)
	}
	return dig(r.facts.Params, r.params, path[1:])
}

// dig finds what stands at a path in some JSON; known keeps what was read of it.
func dig(in map[string]json.RawMessage, known map[string]any, path string) string {
	names := strings.Split(path, ".")
	v, read := known[names[0]]
	if raw, ok := in[names[0]]; ok && !read {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if d.Decode(&v) != nil {
			v = nil
		}
		known[names[0]] = v
	}
	for _, name := range names[1:] {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in) {
				return ""
			}
			v = in[i]
		default:
			return ""
		}
	}
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number, bool:
		return fmt.Sprint(v)
	}
	return compact(v)
}

func compact(v any) string {
	raw, err := marshal(v)
	if err != nil {
		return ""
	}
	var out bytes.Buffer
	if json.Compact(&out, raw) != nil {
		return ""
	}
	return out.String()
}
