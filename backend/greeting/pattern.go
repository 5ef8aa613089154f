package greeting

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// maxWeight bounds how many states a pattern may have.
const maxWeight = 1000

// pattern compiles a pattern as the vendor writes it, "/…/iu". The engine is Go's: it
// takes time in proportion to the text whatever the pattern, and has no look-around
// and no back-references. A bare pattern without slashes is taken too.
func pattern(s string) (*regexp.Regexp, error) {
	if len(s) > maxPattern {
		return nil, errors.New("pattern too long")
	}
	body, flags := s, ""
	if end := strings.LastIndexByte(s, '/'); strings.HasPrefix(s, "/") && end > 0 {
		body, flags = s[1:end], s[end+1:]
	}
	if body == "" {
		return nil, errors.New("empty pattern")
	}
	set := ""
	for _, f := range flags {
		switch f {
		case 'i', 'm', 's', 'U':
			set += string(f)
		case 'u': // always
		default:
			return nil, fmt.Errorf("unknown flag %q", f)
		}
	}
	if set != "" {
		set = "(?" + set + ")"
	}
	body = set + strings.ReplaceAll(body, `\/`, "/")
	tree, err := syntax.Parse(body, syntax.Perl)
	if err != nil {
		return nil, err
	}
	if weight(tree) > maxWeight {
		return nil, errors.New("pattern repeats too much")
	}
	return regexp.Compile(body)
}

// weight is about how many states a pattern has once its repeats are written out; it
// stops counting beyond maxWeight.
func weight(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)/2
	for _, sub := range re.Sub {
		if n += weight(sub); n > maxWeight {
			return n
		}
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Max, re.Min, 1)
	}
	return n
}

// patternEffort is what it costs to compile a pattern of most weight, whatever it is
// then looked for in.
const patternEffort = 8 << 10

// match looks for a pattern in a text; ok tells that it stands there. A pattern that
// cannot be read is logged and stands nowhere.
func (r *run) match(p, text string) (found []string, ok bool) {
	re, known := r.patterns[p]
	if !known {
		if !r.pay(patternEffort) {
			return nil, false
		}
		re, _ = pattern(p) // nil for none
		r.patterns[p] = re
	}
	if re == nil {
		r.log("bad_pattern", "")
		return nil, false
	}
	if !r.pay(len(text) * (1 + len(p)/4)) {
		return nil, false
	}
	found = re.FindStringSubmatch(text)
	return found, found != nil
}

var (
	emailPattern  = regexp.MustCompile(`[\pL\pN._%+-]{1,64}@[\pL\pN-]+(?:\.[\pL\pN-]+)*\.\pL{2,24}`)
	phonePattern  = regexp.MustCompile(`\+?[0-9](?:[ ().\-\x{2010}-\x{2013}]{0,3}[0-9]){4,18}`)
	numberPattern = regexp.MustCompile(`-?[0-9]{1,18}`)
)

// email and phone find the first of their kind in a text; "" for none.
func email(s string) string { return emailPattern.FindString(s) }

func phone(s string) string { return phonePattern.FindString(s) }
