package greeting

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
)

// Request asks a server of the bot's owner, which answers 200 at once and resumes the
// bot later (AskAnswer). Data is any JSON; markers in its texts are filled in. In URL they
// are not: what a page says must not choose whom our server calls.
type Request struct {
	URL  string          `json:"url"`
	Data json.RawMessage `json:"data"`
}

// Ask is a request that a turn came to. It is kept as JSON.
type Ask struct {
	URL  string          `json:"url"`
	Data json.RawMessage `json:"data,omitempty"`
}

// AskAnswer resumes a bot: Data is {{json.<key>}} from then on, Do runs before the bot goes
// on behind its request. Do may hold show and goto. The zero one is that of a server
// that gave none.
type AskAnswer struct {
	Data map[string]json.RawMessage `json:"data"`
	Do   []Handler                  `json:"execute_handlers"`
}

// Bounds of requests and answers. A bot that goes round asks no more than MaxAsks times
// before the visitor says something again.
const (
	MaxAskBytes    = 4 << 10 // of an Ask's data
	MaxAnswerBytes = 4 << 10 // of an AskAnswer's data
	MaxAnswerDo    = 10
	MaxAsks        = 3
)

// Check tells whether an answer is one: its data is no larger than MaxAnswerBytes, and
// it does up to MaxAnswerDo handlers, of those that may be in it.
func (a AskAnswer) Check() error {
	if len(a.Do) > MaxAnswerDo {
		return fmt.Errorf("more than %d handlers", MaxAnswerDo)
	}
	for i, h := range a.Do {
		params, err := h.Decode()
		if err != nil {
			return fmt.Errorf("handler %d: %w", i, err)
		}
		show, shows := params.(Show)
		switch {
		case !shows && h.Name != HandlerGoto:
			return fmt.Errorf("handler %d is neither show nor goto", i)
		case shows && len(show.Buttons) > MaxButtons:
			return fmt.Errorf("handler %d has more than %d buttons", i, MaxButtons)
		}
	}
	if raw, err := marshal(a.Data); err != nil || len(raw) > MaxAnswerBytes {
		return fmt.Errorf("more than %d bytes of data", MaxAnswerBytes)
	}
	return nil
}

// Resume goes on with a bot that waits for an answer (State.Asking); one that does not
// stays as it is. input is the visitor's last message.
func (b Bot) Resume(s State, a AskAnswer, input string, f Facts) Turn {
	if !s.Asking || s.Over || s.Waiting == nil {
		return Turn{State: s}
	}
	r := b.run(f, input)
	r.turn.State = s.clone()
	at, within := *s.Waiting, s.Within
	st := &r.turn.State
	st.Waiting, st.Within, st.Asking = nil, "", false
	if st.JSON = nil; a.Check() == nil {
		st.JSON = a.Data
		r.path, r.at = "answer", at
		if do := r.list(a.Do, r.path); do.kind == jumped {
			at, within = do.to, ""
		}
	} else {
		r.log("bad_answer", "")
	}
	r.behind = within != ""
	r.from(at, within)
	st.Over = st.Waiting == nil
	return r.turn
}

func (s State) clone() State {
	s.TagsOn, s.TagsOff = slices.Clone(s.TagsOn), slices.Clone(s.TagsOff)
	return s
}

// ask stops the bot for a request.
func (r *run) ask(q Request) flow {
	s := &r.turn.State
	switch data, ok := r.askData(q.Data); {
	case !askable(q.URL):
		r.log("bad_url", "")
	case s.Asks >= MaxAsks:
		r.log("too_many_asks", fmt.Sprint(MaxAsks))
	case !ok:
		r.log("too_large", "")
	default:
		s.Asks++
		s.Asking, s.Within = true, r.path
		// The page tells of its visitor with their messages, and not with the answer.
		s.Email, s.Phone = cmp.Or(s.Email, r.facts.Email), cmp.Or(s.Phone, r.facts.Phone)
		r.turn.Ask = &Ask{q.URL, data}
		return flow{waiting, r.at}
	}
	s.JSON = nil
	return flow{}
}

// askData fills in the markers of a request's data; ok is false for more than
// MaxAskBytes.
func (r *run) askData(raw json.RawMessage) (data json.RawMessage, ok bool) {
	if len(raw) == 0 {
		return nil, true
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || !r.pay(len(raw)) {
		return nil, false
	}
	data, err := marshal(r.filled(v))
	return data, err == nil && len(data) <= MaxAskBytes
}

func (r *run) filled(v any) any {
	switch v := v.(type) {
	case string:
		return r.markers(v)
	case []any:
		for i := range v {
			v[i] = r.filled(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = r.filled(v[key])
		}
	}
	return v
}

// askable tells an address that our server may be asked to call; whether it does is
// decided when it calls.
func askable(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= 2048 && u.Scheme == "https" && u.Host != "" && u.User == nil
}

func (c *checker) request(q Request, at string) {
	if !askable(q.URL) {
		c.bad(at+"/url", "bad_url", "")
	}
	if _, ok := c.dry().askData(q.Data); !ok {
		c.bad(at+"/data", "too_large", fmt.Sprint(MaxAskBytes>>10))
	}
}
