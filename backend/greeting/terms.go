package greeting

import (
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// holds tells whether a branch is taken. A condition that cannot be read, or whose
// operation is unknown, makes the whole branch count as not matched (BOT-7).
func (r *run) holds(c Conditions) bool {
	or := strings.EqualFold(c.Logic, "or")
	taken := !or && len(c.Conditions) > 0
	for _, one := range c.Conditions {
		ok, known := r.compare(one)
		if !known {
			r.log("unknown_operation", one.Operation)
			return false
		}
		if or {
			taken = taken || ok
		} else {
			taken = taken && ok
		}
	}
	return taken
}

// compare evaluates one condition.
func (r *run) compare(c Condition) (ok, known bool) {
	if c.Term1.Words() == "lead.tags" && (c.Operation == OpEqual || c.Operation == OpNotEqual) {
		has := slices.Contains(r.tags(), strings.TrimSpace(r.markers(c.Term2.Words())))
		return has == (c.Operation == OpEqual), true
	}
	a, b := r.term(c.Term1), r.term(c.Term2)
	if !r.pay(len(a) + len(b) + 10) {
		return false, true
	}
	switch c.Operation {
	case OpEqual:
		return equal(a, b), true
	case OpNotEqual:
		return !equal(a, b), true
	case OpIn:
		return in(a, b), true
	case OpNotIn:
		return !in(a, b), true
	case OpInRange:
		_, found := r.inRange(a, c.Term2)
		return found, true
	case OpMore, OpLess, OpMoreOrEqual, OpLessOrEqual:
		x, okX := number(a)
		y, okY := number(b)
		if !okX || !okY {
			return false, true
		}
		order := x.Cmp(y)
		switch c.Operation {
		case OpMore:
			return order > 0, true
		case OpLess:
			return order < 0, true
		case OpMoreOrEqual:
			return order >= 0, true
		}
		return order <= 0, true
	case OpContains:
		return strings.Contains(a, b), true
	case OpNotContains:
		return !strings.Contains(a, b), true
	case OpEmpty:
		return a == "", true
	case OpNotEmpty:
		return a != "", true
	}
	return false, false
}

// term is the text of a term: trimmed, with its markers filled in, or one of the two
// names that need no braces.
func (r *run) term(t Term) string {
	switch w := strings.TrimSpace(t.Words()); w {
	case "lead.tags":
		return strings.Join(r.tags(), ",")
	case "chat.origin":
		return strings.TrimSpace(r.facts.Values["origin"])
	default:
		return strings.TrimSpace(r.markers(w))
	}
}

// tags are the lead's, with those that the bot set or took away itself.
func (r *run) tags() []string {
	tags := slices.DeleteFunc(slices.Clone(r.facts.Tags), func(s string) bool { return slices.Contains(r.turn.State.TagsOff, s) })
	return append(tags, r.turn.State.TagsOn...)
}

// equal compares as numbers what both are, else as texts, case-sensitively (BOT-7).
func equal(a, b string) bool {
	return value(a) == value(b)
}

// number reads a plain decimal number, exactly.
func number(s string) (*big.Rat, bool) {
	if s == "" || len(s) > 64 || strings.Trim(s, "0123456789+-.") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// in tells whether one of the values of b is among those of a; both are lists with
// commas.
func in(a, b string) bool {
	values := map[string]bool{}
	for one := range strings.SplitSeq(a, ",") {
		values[value(one)] = true
	}
	for one := range strings.SplitSeq(b, ",") {
		if one = value(one); one != "" && values[one] {
			return true
		}
	}
	return false
}

// value writes what is equal in the same way.
func value(s string) string {
	s = strings.TrimSpace(s)
	if n, ok := number(s); ok {
		return n.RatString()
	}
	return s
}

// inRange finds the first whole number in s that lies in a range, whose ends belong to it.
func (r *run) inRange(s string, t Term) (found string, ok bool) {
	var span Range
	if json.Unmarshal(t, &span) != nil {
		r.log("bad_range", "")
		return "", false
	}
	from, okFrom := r.bound(span.From)
	to, okTo := r.bound(span.To)
	if !okFrom || !okTo {
		r.log("bad_range", "")
		return "", false
	}
	for _, one := range numberPattern.FindAllString(s, MaxTextRunes) {
		n, ok := number(one)
		if ok && (from == nil || n.Cmp(from) >= 0) && (to == nil || n.Cmp(to) <= 0) {
			return one, true
		}
	}
	return "", false
}

// bound is an end of a range; nil for one that is missing.
func (r *run) bound(t *Term) (n *big.Rat, ok bool) {
	if t == nil || string(*t) == "null" {
		return nil, true
	}
	n, ok = number(r.term(*t))
	return n, ok
}

// valid tells whether a validation holds, and keeps what was recognised.
func (r *run) valid(v Validations) bool {
	or := strings.EqualFold(v.Logic, "or")
	taken, recognised := !or && len(v.Conditions) > 0, ""
	for _, one := range v.Conditions {
		found, ok, known := r.validate(one)
		if !known {
			r.log("unknown_validation", one.Type+" "+one.Operation)
			return false
		}
		if ok && recognised == "" {
			recognised = found
		}
		if or {
			taken = taken || ok
		} else {
			taken = taken && ok
		}
	}
	r.turn.State.Validated = cut(recognised, MaxButtonRunes)
	return taken
}

func (r *run) validate(v Validation) (found string, ok, known bool) {
	text := r.input
	if v.ClientValue != "" {
		text = r.markers(v.ClientValue)
	}
	if !r.pay(len(text) + 10) {
		return "", false, true
	}
	if v.Type == ValidateSimple {
		text, want := strings.TrimSpace(text), r.term(v.Value)
		switch v.Operation {
		case "equal":
			return text, equal(text, want), true
		case "not_equal":
			return text, !equal(text, want), true
		case "length":
			return text, strconv.Itoa(utf8.RuneCountInString(text)) == want, true
		}
		return "", false, false
	}
	switch v.Type {
	case ValidateEmail:
		found = email(text)
		ok = found != ""
	case ValidatePhone:
		found = phone(text)
		ok = found != ""
	case ValidateRegex:
		var m []string
		if m, ok = r.match(v.Value.Words(), text); ok {
			found = m[0]
		}
	case ValidateRange:
		found, ok = r.inRange(text, v.Value)
	default:
		return "", false, false
	}
	switch v.Operation {
	case "contains":
		return found, ok, true
	case "not_contains":
		return "", !ok, true
	}
	return "", false, false
}

// cut shortens to n runes.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
