package greeting

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is something wrong with a bot: what Check finds, or what a run met.
type Problem struct {
	// Path is where: "1/question/0/params/buttons/2" is the third button of the first
	// handler of the question of step 1; "" is the whole bot.
	Path string `json:"path"`
	// Code is stable; the sentence for people is "greeting.problem.<Code>", with What.
	Code string `json:"code"`
	// What is the name or number that it is about; "" for none.
	What string `json:"what,omitempty"`
	// Warning: the bot can run, but perhaps not as it was meant.
	Warning bool `json:"warning,omitempty"`
}

// Step is the step of a problem; ok is false for one of the whole bot.
func (p Problem) Step() (number int, ok bool) {
	first, _, _ := strings.Cut(p.Path, "/")
	return stepNumber(first)
}

// Check tells what is wrong with a bot, in its order. One without problems but
// warnings may be switched on.
func (b Bot) Check() []Problem {
	c := checker{bot: b, reached: map[Place]bool{}}
	for i, s := range b.Steps {
		if b.Listed && s.Number != i {
			c.note(fmt.Sprint(i), "bad_number", fmt.Sprint(s.Number), false)
		}
		if s.Question == nil && s.Answer == nil && s.Finish == nil {
			c.note(fmt.Sprint(s.Number), "empty_step", "", true)
		}
		for _, p := range parts {
			c.at = Place{p, s.Number}
			c.list(*s.list(p), fmt.Sprintf("%d/%s", s.Number, p))
		}
		for key := range s.Extra {
			if key != "error" && key != "require" {
				c.note(fmt.Sprint(s.Number), "unknown_key", key, true)
			}
		}
	}
	for key := range b.Extra {
		if key != errorKey {
			c.note("", "unknown_key", key, true)
		}
	}
	c.at = failure
	if list, err := b.errors(); err != nil {
		c.bad(errorKey, "bad_params", errorKey)
	} else {
		c.list(list, errorKey)
	}
	c.reachable()
	c.loops()
	slices.SortStableFunc(c.problems, func(x, y Problem) int { return c.order(x) - c.order(y) })
	return c.problems
}

// Sound tells whether problems leave the bot fit to run.
func Sound(problems []Problem) bool {
	return !slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
}

// failure is where the error list stands, which is no step's.
var failure = Place{errorKey, -1}

// dry is a run that knows nothing, to see how something is read.
func (c *checker) dry() *run { return c.bot.run(Facts{}, "") }

type checker struct {
	bot      Bot
	at       Place // the list that is looked at
	links    []link
	reached  map[Place]bool
	problems []Problem
}

// link is a way from one list to another; alone tells that the list has no other way
// on, and waits that a reply comes in between.
type link struct {
	from, to     Place
	alone, waits bool
}

func (c *checker) order(p Problem) int {
	n, ok := p.Step()
	if !ok {
		return -1
	}
	return n
}

func (c *checker) note(path, code, what string, warning bool) {
	c.problems = append(c.problems, Problem{Path: path, Code: code, What: cut(what, 80), Warning: warning})
}

func (c *checker) bad(path, code, what string)  { c.note(path, code, what, false) }
func (c *checker) warn(path, code, what string) { c.note(path, code, what, true) }

// list checks handlers, the innermost too.
func (c *checker) list(list []Handler, path string) {
	inner := strings.Count(path, "/") > 1
	for i, h := range list {
		at := fmt.Sprintf("%s/%d", path, i)
		params, err := h.Decode()
		switch {
		case errors.Is(err, ErrUnknown) && vendors[h.Name] != "":
			c.warn(at, vendors[h.Name], h.Name)
			continue
		case errors.Is(err, ErrUnknown):
			c.warn(at, "unknown_handler", h.Name)
			continue
		case err != nil:
			c.bad(at, "bad_params", h.Name)
			continue
		}
		c.handler(h, params, at, !inner)
		if ends(params) && i < len(list)-1 && (h.Name != HandlerStop || list[i+1].Name != HandlerStop) {
			c.warn(fmt.Sprintf("%s/%d", path, i+1), "never_runs", list[i+1].Name)
			return
		}
	}
}

// ends tells a handler behind which nothing runs.
func ends(params any) bool {
	switch p := params.(type) {
	case Place, Stop, Exit:
		return true
	case Conditions:
		return p.Otherwise != nil && !p.Gate
	case Validations:
		return p.Otherwise != nil
	}
	return false
}

func (c *checker) handler(h Handler, params any, at string, outer bool) {
	switch p := params.(type) {
	case Show:
		c.show(p, at+"/params")
	case []Reply:
		c.replies(p, at+"/params")
	case Place:
		c.place(p, at, link{c.at, p, outer, h.Name == HandlerWaitAnswer})
	case Conditions:
		c.conditions(p, at+"/params")
	case Validations:
		c.validations(p, at+"/params")
	case Action:
		c.action(p, at)
	case Stop:
		if p.Action != StopTalk && (p.Action != StopStart || p.Bot <= 0) {
			c.bad(at, "bad_params", h.Name)
		}
	case External:
		c.external(p, at+"/params")
	case Preset:
		c.preset(p, at)
	case StartParams:
		c.start(p, at+"/params")
	case Exit:
		c.warn(at, "exit_ends", p.Value.Words())
	case Request:
		c.request(p, at+"/params")
	}
}

func (c *checker) show(s Show, at string) {
	switch {
	case s.Type != ShowText && s.Type != ShowButtons && s.Type != ShowLinks:
		c.bad(at+"/type", "bad_show", s.Type)
		return
	case strings.TrimSpace(s.Value) == "":
		c.bad(at+"/value", "empty_text", "")
	case utf8.RuneCountInString(s.Value) > MaxTextRunes:
		c.bad(at+"/value", "text_too_long", fmt.Sprint(MaxTextRunes))
	}
	if s.Type == ShowText {
		return
	}
	if len(s.Buttons) == 0 {
		c.bad(at+"/buttons", "no_buttons", "")
	}
	c.buttons(s.offers(), at+"/buttons")
}

func (c *checker) buttons(offers []offer, at string) {
	if len(offers) > MaxButtons {
		c.bad(at, "too_many_buttons", fmt.Sprint(MaxButtons))
	}
	const short = 80 // what some channels cut a button to (O §4.3)
	for i, b := range offers {
		one := fmt.Sprintf("%s/%d", at, i)
		switch n := utf8.RuneCountInString(b.Text); {
		case strings.TrimSpace(b.Text) == "":
			c.bad(one, "empty_button", "")
		case n > MaxButtonRunes:
			c.bad(one, "button_too_long", fmt.Sprint(MaxButtonRunes))
		case n > short && b.URL != b.Text:
			c.warn(one, "button_long", fmt.Sprint(short))
		}
		if b.link && !strings.Contains(b.URL, "{{") && !safeLink(strings.TrimSpace(b.URL)) {
			c.bad(one, "bad_link", "")
		}
		if !b.link && slices.ContainsFunc(offers[:i], func(o offer) bool { return !o.link && o.Text == b.Text }) {
			c.warn(one, "button_twice", b.Text)
		}
	}
}

// safeLink lets through what a button may open (SEC-9).
func safeLink(s string) bool {
	if len(s) > 2048 || strings.ContainsAny(s, " \t\r\n<>\"") {
		return false
	}
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return u.Host != "" && u.User == nil
	case "mailto", "tel":
		return u.Opaque != ""
	}
	return false
}

func (c *checker) replies(list []Reply, at string) {
	if len(list) == 0 {
		c.warn(at, "no_replies", "")
	}
	for i, one := range list {
		path := fmt.Sprintf("%s/%d", at, i)
		switch {
		case one.Regex != "":
			if _, err := pattern(one.Regex); err != nil {
				c.bad(path+"/regex", "bad_pattern", one.Regex)
			}
		case strings.TrimSpace(one.Value) == "":
			c.bad(path, "empty_reply", "")
		}
		c.list(one.Do, path+"/params")
	}
}

// place checks that there is something to go to.
func (c *checker) place(p Place, at string, way link) {
	switch {
	case !slices.Contains(parts, p.Part):
		c.bad(at+"/params/type", "bad_part", string(p.Part))
	case way.waits && p.Part == Finish:
		c.bad(at+"/params/type", "bad_part", string(p.Part))
	case c.bot.Step(p.Step) == nil:
		c.bad(at+"/params/step", "no_such_step", fmt.Sprint(p.Step))
	case c.bot.At(p) == nil:
		c.warn(at+"/params/step", "nothing_there", fmt.Sprint(p.Step))
	default:
		c.links = append(c.links, way)
	}
}

func (c *checker) logic(l, at string) {
	if l != "" && !strings.EqualFold(l, "and") && !strings.EqualFold(l, "or") {
		c.bad(at+"/logic", "bad_logic", l)
	}
}

func (c *checker) conditions(p Conditions, at string) {
	c.logic(p.Logic, at)
	if len(p.Conditions) == 0 {
		c.bad(at, "no_conditions", "")
	}
	r := c.dry()
	for i, one := range p.Conditions {
		path := fmt.Sprintf("%s/conditions/%d", at, i)
		if len(p.Conditions) == 1 {
			path = at
		}
		if !slices.Contains(Operations, one.Operation) {
			c.warn(path, "unknown_operation", one.Operation) // not matched (BOT-7)
		}
		if one.Operation == OpInRange {
			c.span(r, one.Term2, path)
		}
	}
	if !p.Gate && p.Result == nil {
		c.warn(at, "no_result", "")
	}
	c.list(p.Result, at+"/result")
	c.list(p.Otherwise, at+"/otherwise")
}

// span checks a range whose ends hold no markers.
func (c *checker) span(r *run, t Term, path string) {
	r.turn.Log = nil
	if r.inRange("", t); len(r.turn.Log) > 0 && !strings.Contains(string(t), "{{") {
		c.bad(path, "bad_range", "")
	}
}

func (c *checker) validations(p Validations, at string) {
	c.logic(p.Logic, at)
	if len(p.Conditions) == 0 {
		c.bad(at, "no_conditions", "")
	}
	r := c.dry()
	for i, one := range p.Conditions {
		path := fmt.Sprintf("%s/conditions/%d", at, i)
		r.turn.Log = nil
		switch _, _, known := r.validate(one); {
		case !known:
			c.warn(path, "unknown_validation", one.Type+" "+one.Operation)
		case one.Type == ValidateRegex && len(r.turn.Log) > 0:
			c.bad(path, "bad_pattern", one.Value.Words())
		case one.Type == ValidateRange:
			c.span(r, one.Value, path)
		}
	}
	c.list(p.Result, at+"/result")
	c.list(p.Otherwise, at+"/otherwise")
}

// action checks what does not hang on a visitor's words.
func (c *checker) action(a Action, at string) {
	r := c.dry()
	switch _, code := r.read(a); {
	case code == "not_run", code == "no_api", code == "", code == withheld:
		if code != "" && code != withheld {
			c.warn(at, code, a.Name)
		}
	case strings.Contains(fmt.Sprintf("%s", a.Params), "{{"): // markers may make it right
	default:
		c.bad(at, "bad_action", a.Name)
	}
}

// reachable warns of steps that nothing leads to.
func (c *checker) reachable() {
	if len(c.bot.Steps) == 0 {
		return
	}
	todo := []Place{{Question, c.bot.Steps[0].Number}}
	for _, l := range c.links {
		if l.from == failure {
			todo = append(todo, l.to)
		}
	}
	steps := map[int]bool{}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if c.reached[at] {
			continue
		}
		c.reached[at], steps[at.Step] = true, true
		for _, l := range c.links {
			if l.from == at {
				todo = append(todo, l.to)
			}
		}
		if at.Part == Question {
			todo = append(todo, Place{Answer, at.Step})
		}
		if at.Part != Finish {
			todo = append(todo, Place{Finish, at.Step})
		}
	}
	for _, s := range c.bot.Steps {
		if !steps[s.Number] {
			c.warn(fmt.Sprint(s.Number), "unreachable", fmt.Sprint(s.Number))
		}
	}
}

// loops finds jumps that lead back to themselves without a reply in between: such a
// turn ends at MaxHandlers.
func (c *checker) loops() {
	next := map[Place]Place{}
	for _, l := range c.links {
		if _, has := next[l.from]; l.alone && !l.waits && !has {
			next[l.from] = l.to
		}
	}
	for _, l := range c.links {
		if l.waits && l.alone { // the list waits before or after it jumps
			delete(next, l.from)
		}
	}
	told := map[Place]bool{}
	for _, s := range c.bot.Steps {
		for _, p := range parts {
			start := Place{p, s.Number}
			at, ok := next[start]
			for range len(next) {
				if !ok || at == start || told[at] {
					break
				}
				at, ok = next[at]
			}
			if ok && at == start && !told[start] {
				for told[start] = true; ok && !told[at]; at, ok = next[at] {
					told[at] = true
				}
				c.bad(fmt.Sprintf("%d/%s", s.Number, p), "endless", fmt.Sprint(s.Number))
			}
		}
	}
}
