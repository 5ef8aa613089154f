// Package greeting is the language of an online chat's bot (O §4.3): what it says
// when a chat is opened, how it goes on with each reply, and when it hands over.
//
// The language is pure: no clock, no storage, no network. A bot is read, checked and
// run one turn at a time; a turn ends when the bot waits for the visitor or is over.
//
//	bot, err := greeting.Parse(raw)               // err tells where and what, see Parse
//	for _, p := range bot.Check() { … }           // what is wrong with it, see Problem
//	turn := bot.Run(greeting.State{}, "", facts)  // the greeting: turn.Says, turn.Acts
//	turn = bot.Run(turn.State, "Prices", facts)   // … and what a reply leads to
//
// A Bot can be changed and written again: json.Marshal(bot) gives the form that it
// was read from, with everything that this package does not know. Handlers are kept
// as they were given; Decode reads the parameters of one, Make builds one:
//
//	bot.Steps[0].Question = append(bot.Steps[0].Question,
//		greeting.Make(greeting.HandlerShow, greeting.Show{Type: greeting.ShowText, Value: "Hello"}))
//
// Rules of a run that the vendor leaves open:
//   - The bot begins with the question of its lowest step.
//   - A question that ends without a jump waits for a reply if its step has an
//     answer. Anything else that ends goes on with the step's finish, then is over:
//     nothing falls through to the next step.
//   - Where a condition, a validation or a button holds, its result runs and what
//     stands behind it does not; that is what runs otherwise (BOT-8).
package greeting

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"leadline/backend/fault"
)

// Limits of a bot (O §4.3).
const (
	// MaxBytes bounds a bot as JSON.
	MaxBytes = 64 << 10
	// MaxButtons bounds the buttons of one message.
	MaxButtons = 25
	// MaxTextRunes bounds one message; longer ones are cut.
	MaxTextRunes = 4096
	// MaxButtonRunes bounds the text of a button; longer ones are cut.
	MaxButtonRunes = 255
	// MaxHandlers bounds what runs in one turn, so that every loop ends.
	MaxHandlers = 300
	// MaxSays and MaxSaidBytes bound the messages of one turn, MaxActs and MaxActBytes its
	// actions: a greeting goes to the visitor's browser and back whole.
	MaxSays      = 10
	MaxSaidBytes = 16 << 10
	MaxActs      = 20
	MaxActBytes  = 12 << 10

	maxSteps   = 500
	maxDepth   = 40 // of JSON
	maxPattern = 1000
)

// Bot is a bot as it was written.
type Bot struct {
	// Listed: its JSON is an array of steps; else an object with the keys "0", "1", ….
	Listed bool
	// Steps by rising Number.
	Steps []Step
	// Extra holds the other keys of an object, "error" among them.
	Extra map[string]json.RawMessage
}

// Step is one step; a nil list is absent.
type Step struct {
	// Number is the step's place in an array, or its key in an object, from 0.
	Number int
	// Question is what the bot does, Answer what it does with the reply, Finish what
	// it does at the end.
	Question, Answer, Finish []Handler
	// Extra holds the other keys.
	Extra map[string]json.RawMessage
}

// Part is one of a step's lists.
type Part string

// Parts of a step.
const (
	Question Part = "question"
	Answer   Part = "answer"
	Finish   Part = "finish"
)

var parts = []Part{Question, Answer, Finish}

// Place is a list of handlers in a bot.
type Place struct {
	Part Part `json:"type"`
	Step int  `json:"step"`
}

// Handler is one thing to do.
type Handler struct {
	// Name is one of the Handler constants, or one that this package does not run.
	Name   string
	Params json.RawMessage // nil for none
	// Extra holds the other keys.
	Extra map[string]json.RawMessage
}

// Parse reads a bot in either form. It refuses what is no bot at all; what is wrong
// inside of handlers is for Check to tell, and costs no more than that handler when
// it runs (BOT-7). Errors are fault.Invalid: bot_too_large, bot_not_json (Args Line,
// Column), bot_malformed, bot_step_malformed (Args Path, as in Problem).
func Parse(raw []byte) (Bot, error) {
	if len(raw) > MaxBytes {
		return Bot{}, fault.New(fault.Invalid, "bot_too_large").With("Max", MaxBytes>>10)
	}
	if err := wellFormed(raw); err != nil {
		return Bot{}, err
	}
	var b Bot
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err == nil && list != nil {
		b.Listed = true
		for i, one := range list {
			if err := b.add(i, one); err != nil {
				return Bot{}, err
			}
		}
		return b, b.whole()
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil || keys == nil {
		return Bot{}, malformed("", err)
	}
	for key, one := range keys {
		n, ok := stepNumber(key)
		if !ok {
			put(&b.Extra, key, one)
			continue
		}
		if err := b.add(n, one); err != nil {
			return Bot{}, err
		}
	}
	slices.SortFunc(b.Steps, func(x, y Step) int { return x.Number - y.Number })
	return b, b.whole()
}

// wellFormed checks the JSON itself, and that it is not nested too deeply.
func wellFormed(raw []byte) error {
	if !utf8.Valid(raw) {
		return notJSON(raw, errors.New("not UTF-8"))
	}
	var whole json.RawMessage
	if err := json.Unmarshal(raw, &whole); err != nil {
		return notJSON(raw, err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	for depth := 0; ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return notJSON(raw, err)
		}
		switch t {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
		if depth > maxDepth {
			return malformed("", errors.New("nested too deeply"))
		}
	}
}

// notJSON tells where the JSON breaks.
func notJSON(raw []byte, err error) error {
	at := int64(0)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = e.Offset
	}
	before := raw[:min(max(at, 0), int64(len(raw)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:])))
	return fault.Wrap(fault.Invalid, "bot_not_json", err).With("Line", line).With("Column", max(column, 1))
}

func malformed(path string, err error) error {
	if path == "" {
		return fault.Wrap(fault.Invalid, "bot_malformed", err)
	}
	return fault.Wrap(fault.Invalid, "bot_step_malformed", err).With("Path", path)
}

func (b Bot) whole() error {
	switch {
	case len(b.Steps) == 0:
		return malformed("", errors.New("no steps"))
	case len(b.Steps) > maxSteps:
		return malformed("", errors.New("too many steps"))
	}
	return nil
}

// stepNumber reads the key of a step: digits as they are written for a number.
func stepNumber(key string) (int, bool) {
	n, err := strconv.Atoi(key)
	return n, err == nil && n >= 0 && strconv.Itoa(n) == key
}

// add reads a step.
func (b *Bot) add(number int, raw json.RawMessage) error {
	path := strconv.Itoa(number)
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil || keys == nil {
		return malformed(path, err)
	}
	s := Step{Number: number}
	for key, one := range keys {
		list := s.list(Part(key))
		if list == nil {
			put(&s.Extra, key, one)
			continue
		}
		if err := json.Unmarshal(one, list); err != nil || *list == nil {
			return malformed(path+"/"+key, err)
		}
	}
	b.Steps = append(b.Steps, s)
	return nil
}

// list is where the handlers of a part are; nil for what is no part.
func (s *Step) list(p Part) *[]Handler {
	switch p {
	case Question:
		return &s.Question
	case Answer:
		return &s.Answer
	case Finish:
		return &s.Finish
	}
	return nil
}

// Step finds a step by its number; nil for none.
func (b Bot) Step(number int) *Step {
	i, ok := slices.BinarySearchFunc(b.Steps, number, func(s Step, n int) int { return s.Number - n })
	if !ok {
		return nil
	}
	return &b.Steps[i]
}

// At is the list of handlers at a place; nil for none.
func (b Bot) At(p Place) []Handler {
	s := b.Step(p.Step)
	if s == nil {
		return nil
	}
	if list := s.list(p.Part); list != nil {
		return *list
	}
	return nil
}

// MarshalJSON writes the bot in the form that it was read from. The steps of a
// listed one are written in their order, whatever their numbers.
func (b Bot) MarshalJSON() ([]byte, error) {
	if b.Listed {
		list := make([]json.RawMessage, len(b.Steps))
		for i, s := range b.Steps {
			raw, err := s.marshal()
			if err != nil {
				return nil, err
			}
			list[i] = raw
		}
		return json.Marshal(list)
	}
	out := new(object)
	for _, s := range b.Steps {
		raw, err := s.marshal()
		if err != nil {
			return nil, err
		}
		out.add(strconv.Itoa(s.Number), json.RawMessage(raw))
	}
	out.extra(b.Extra)
	return out.bytes()
}

func (s *Step) marshal() ([]byte, error) {
	out := new(object)
	for _, p := range parts {
		if list := *s.list(p); list != nil {
			out.add(string(p), list)
		}
	}
	out.extra(s.Extra)
	return out.bytes()
}

// UnmarshalJSON reads a handler; one without a name is none.
func (h *Handler) UnmarshalJSON(raw []byte) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		return err
	}
	*h = Handler{}
	if json.Unmarshal(keys["handler"], &h.Name) != nil || h.Name == "" {
		return errors.New("a handler without a name")
	}
	if raw, ok := keys["params"]; ok {
		h.Params = slices.Clone(raw)
	}
	delete(keys, "handler")
	delete(keys, "params")
	if len(keys) > 0 {
		h.Extra = keys
	}
	return nil
}

// MarshalJSON writes a handler with its name first.
func (h Handler) MarshalJSON() ([]byte, error) {
	out := new(object)
	out.add("handler", h.Name)
	if h.Params != nil {
		out.add("params", h.Params)
	}
	out.extra(h.Extra)
	return out.bytes()
}

// object writes a JSON object whose keys keep an order that people read well.
type object struct {
	buf bytes.Buffer
	err error
}

func (o *object) add(key string, value any) {
	if o.err != nil {
		return
	}
	k, err1 := marshal(key)
	v, err2 := marshal(value)
	if o.err = errors.Join(err1, err2); o.err != nil {
		return
	}
	if o.buf.Len() > 0 {
		o.buf.WriteByte(',')
	}
	o.buf.Write(k)
	o.buf.WriteByte(':')
	o.buf.Write(v)
}

func (o *object) extra(m map[string]json.RawMessage) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		o.add(key, m[key])
	}
}

func (o *object) bytes() ([]byte, error) {
	return append(append([]byte{'{'}, o.buf.Bytes()...), '}'), o.err
}

// marshal is json.Marshal that leaves <, > and & as they are: people read it.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

func put(m *map[string]json.RawMessage, key string, v json.RawMessage) {
	if *m == nil {
		*m = map[string]json.RawMessage{}
	}
	(*m)[key] = slices.Clone(v)
}
