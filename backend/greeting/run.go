package greeting

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// State is where a bot is in one conversation. The zero value is one that has not
// begun. It is kept as JSON.
type State struct {
	// Waiting is where the visitor's next reply goes; nil while the bot has not begun,
	// and once it is over.
	Waiting *Place `json:"waiting,omitempty"`
	// Within is the handler there that takes the reply, as in Problem.Path; "" for the
	// list from its beginning.
	Within string `json:"within,omitempty"`
	// Asking: it waits for the answer to a request, behind which it goes on (Resume), and
	// not for the visitor.
	Asking bool `json:"asking,omitempty"`
	// Asks are the requests since the visitor's last reply, JSON what the last answer
	// held: {{json.<key>}}.
	Asks int                        `json:"asks,omitempty"`
	JSON map[string]json.RawMessage `json:"json,omitempty"`
	// Over: it says nothing any more.
	Over bool `json:"over,omitempty"`
	// Validated is {{last_validation_result}}.
	Validated string `json:"validated,omitempty"`
	// Email and Phone are what the visitor told the bot of themselves (Preset).
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
	// Accepted: it asked for the incoming lead to be accepted.
	Accepted bool `json:"accepted,omitempty"`
	// TagsOn and TagsOff are the tags that it set and took away.
	TagsOn  []string `json:"tags_on,omitempty"`
	TagsOff []string `json:"tags_off,omitempty"`
}

// Say is one message of the bot.
type Say struct {
	Text    string   `json:"text"`
	Buttons []Button `json:"buttons,omitempty"`
}

// Turn is what one turn of a bot comes to.
type Turn struct {
	State State `json:"state"`
	Says  []Say `json:"says,omitempty"`
	// Acts are what is to be done in the CRM, in their order.
	Acts []Act `json:"acts,omitempty"`
	// Ask is the request that State.Asking waits for; nil for none.
	Ask *Ask `json:"ask,omitempty"`
	// Close: the conversation is to be ended, after what was said.
	Close bool `json:"close,omitempty"`
	// Log is what went wrong, for the operator of the server: nothing of a visitor's
	// words stands in it.
	Log []Problem `json:"-"`
}

// Run takes one turn: the greeting when s is the zero State, else what input, the
// visitor's reply, leads to. A bot that is over or waits for an answer says nothing. It always ends, and
// gives the same for the same arguments, but for Random.
func (b Bot) Run(s State, input string, f Facts) Turn {
	r := b.run(f, input)
	if r.turn.State = s.clone(); s.Asking && s.Waiting != nil && !s.Over {
		return r.turn
	}
	r.turn.State.Asking, r.turn.State.Asks = false, 0
	if s.Over || len(b.Steps) == 0 {
		r.turn.State.Waiting, r.turn.State.Within, r.turn.State.Over = nil, "", true
		return r.turn
	}
	at := Place{Question, b.Steps[0].Number}
	if s.Waiting != nil {
		at = *s.Waiting
	}
	r.turn.State.Waiting, r.turn.State.Within = nil, ""
	r.from(at, s.Within)
	r.turn.State.Over = r.turn.State.Waiting == nil
	return r.turn
}

func (b Bot) run(f Facts, input string) *run {
	return &run{
		bot: b, facts: f, input: cut(input, MaxTextRunes), left: MaxHandlers, effort: maxEffort,
		params: map[string]any{}, patterns: map[string]*regexp.Regexp{},
	}
}

// run is one turn under way.
type run struct {
	bot   Bot
	facts Facts
	input string
	// left and effort are what the turn may still do: handlers, and about as many bytes
	// to look at.
	left, effort int
	said, wanted int // bytes of messages and of actions
	path         string
	at           Place // the list of a step that runs
	// failed: the error list ran. unknown: a marker was read of which a chat knows nothing.
	// behind: within names a handler that is done.
	failed, unknown, behind bool
	params                  map[string]any            // those that were read
	patterns                map[string]*regexp.Regexp // those that were compiled; nil for bad ones
	turn                    Turn
}

// maxEffort bounds what a turn costs whatever its bot and its page's parameters are:
// it is taken while the conversation is locked.
const maxEffort = 4 << 20

// pay takes the cost of something; false: the turn has no more to give.
func (r *run) pay(n int) bool {
	if r.effort < 0 {
		return false
	}
	if r.effort -= n; r.effort < 0 {
		r.log("too_long", "")
		r.left = 0
		return false
	}
	return true
}

// flow is how a list of handlers ended.
type flow struct {
	kind flowKind
	to   Place
}

type flowKind int

const (
	ran     flowKind = iota // to its end
	taken                   // a branch: what stands behind does not run
	jumped                  // to another list
	waiting                 // for a reply, which goes to another list
	over
)

// from runs the lists from a place on: the first of them from the handler within, "" for
// its first.
func (r *run) from(at Place, within string) {
	for {
		step := r.bot.Step(at.Step)
		r.path, r.at = fmt.Sprintf("%d/%s", at.Step, at.Part), at
		if step == nil {
			r.log("no_such_step", fmt.Sprint(at.Step))
			return
		}
		f := r.begin(at, within)
		within = ""
		switch {
		case f.kind == jumped:
			at = f.to
		case f.kind == waiting:
			r.turn.State.Waiting = &f.to
			return
		case f.kind == over:
			return
		case at.Part == Question && step.Answer != nil:
			r.turn.State.Waiting = &Place{Answer, at.Step}
			return
		case at.Part != Finish && step.Finish != nil:
			at = Place{Finish, at.Step}
		default:
			return
		}
		if r.left--; r.left < 0 {
			r.log("too_long", "")
			return
		}
	}
}

// begin runs the list at a place, or goes on with it within; the error list may have
// waited there too.
func (r *run) begin(at Place, within string) flow {
	path := r.path
	if rest, ok := strings.CutPrefix(within, path+"/"); ok {
		if f, ok := r.again(r.bot.At(at), path, rest); ok {
			return f
		}
	}
	if rest, ok := strings.CutPrefix(within, errorKey+"/"); ok {
		list, _ := r.bot.errors()
		r.failed = true
		if f, ok := r.again(list, errorKey, rest); ok {
			return f.orOver()
		}
	}
	return r.list(r.bot.At(at), path)
}

// orOver ends the bot where a list ended.
func (f flow) orOver() flow {
	if f.kind == ran {
		f.kind = over
	}
	return f
}

func (r *run) list(list []Handler, path string) flow { return r.listFrom(list, path, 0) }

func (r *run) listFrom(list []Handler, path string, from int) flow {
	ended := false
	for i := from; i < len(list); i++ {
		h := list[i]
		if ended && h.Name != HandlerStop {
			break
		}
		r.path = fmt.Sprintf("%s/%d", path, i)
		if r.left--; r.left < 0 || !r.pay(len(h.Params)) {
			r.log("too_long", "")
			return flow{kind: over}
		}
		params, err := h.Decode()
		switch {
		case errors.Is(err, ErrUnknown):
			r.log(first(vendors[h.Name], "not_run"), h.Name)
			continue
		case err != nil:
			r.log("bad_params", h.Name)
			continue
		}
		switch f := r.handler(h, params); {
		case f.kind == taken:
			return flow{kind: ran}
		case f.kind == over && h.Name == HandlerStop:
			ended = true // one stop may follow another
		case f.kind != ran:
			return f
		}
	}
	if ended {
		return flow{kind: over}
	}
	return flow{kind: ran}
}

// handler runs one whose parameters could be read.
func (r *run) handler(h Handler, params any) flow {
	switch p := params.(type) {
	case Show:
		if !r.show(p) {
			return r.undelivered()
		}
	case External:
		return r.external(p)
	case Preset:
		return r.preset(p)
	case StartParams:
		r.start(p)
	case []Reply:
		return r.replies(p)
	case Place:
		if !slices.Contains(parts, p.Part) {
			r.log("bad_params", h.Name)
			break
		}
		if h.Name == HandlerGoto {
			return flow{jumped, p}
		}
		return flow{waiting, p}
	case Conditions:
		return r.branch(r.holds(p), p.Gate, p.Result, p.Otherwise)
	case Validations:
		return r.branch(r.valid(p), false, p.Result, p.Otherwise)
	case Action:
		r.act(p)
	case Stop:
		switch {
		case p.Action == StopTalk:
			r.turn.Close = true
		case p.Action == StopStart && p.Bot > 0:
			r.want(Act{Name: ActStartBot, Number: p.Bot})
		default:
			r.log("bad_params", h.Name)
		}
		return flow{kind: over}
	case Exit:
		return flow{kind: over}
	case Request:
		return r.ask(p)
	}
	return flow{}
}

// branch runs the result of what holds, or what is otherwise. Where neither has
// anything to say, what stands behind goes on.
func (r *run) branch(holds, gate bool, result, otherwise []Handler) flow {
	do, name := otherwise, "otherwise"
	switch {
	case holds && gate:
		return flow{}
	case holds:
		do, name = result, "result"
	case gate && otherwise == nil:
		return flow{kind: taken}
	case otherwise == nil:
		return flow{}
	}
	return r.inner(do, r.path+"/params/"+name)
}

// inner runs a list inside of a handler; it is taken instead of what stands behind.
func (r *run) inner(list []Handler, path string) flow {
	f := r.list(list, path)
	if f.kind == ran {
		f.kind = taken
	}
	return f
}

// replies finds the first that the visitor's reply fits.
func (r *run) replies(list []Reply) flow {
	path, said := r.path, strings.TrimSpace(r.input)
	for i, one := range list {
		fits := false
		if one.Regex != "" {
			_, fits = r.match(one.Regex, said)
		} else {
			fits = said != "" && said == cut(strings.TrimSpace(r.markers(one.Value)), MaxButtonRunes)
		}
		if fits {
			return r.inner(one.Do, fmt.Sprintf("%s/params/%d/params", path, i))
		}
	}
	return flow{}
}

// offer is a button before its markers are filled in.
type offer struct {
	Button
	link bool
}

func (s Show) offers() []offer {
	if s.Type == ShowText {
		return nil
	}
	out := make([]offer, len(s.Buttons))
	for i, b := range s.Buttons {
		out[i] = offer{b, s.Type == ShowLinks}
	}
	return out
}

// show says one message; false: nothing was said.
func (r *run) show(s Show) bool {
	if !r.tell(s.Value, s.offers()) {
		return false
	}
	r.accept(s)
	return true
}

func (r *run) tell(text string, offers []offer) bool {
	say := Say{Text: cut(strings.TrimSpace(r.markers(text)), MaxTextRunes)}
	for _, b := range offers {
		one := Button{Text: cut(strings.TrimSpace(r.markers(b.Text)), MaxButtonRunes)}
		if b.link {
			one.URL = strings.TrimSpace(r.markers(b.URL))
			if !safeLink(one.URL) {
				r.log("bad_link", "")
				continue
			}
		}
		if one.Text == "" || len(say.Buttons) == MaxButtons {
			continue
		}
		say.Buttons = append(say.Buttons, one)
	}
	if say.Text == "" {
		r.log("empty_text", "")
		return false
	}
	for _, b := range say.Buttons {
		r.said += len(b.Text) + len(b.URL)
	}
	if r.said += len(say.Text); len(r.turn.Says) == MaxSays || r.said > MaxSaidBytes {
		r.log("too_much_said", "")
		return false
	}
	r.turn.Says = append(r.turn.Says, say)
	return true
}

// log notes a problem where the run is.
func (r *run) log(code, what string) {
	const most = 20
	p := Problem{Path: r.path, Code: code, What: what}
	if len(r.turn.Log) < most && !slices.Contains(r.turn.Log, p) {
		r.turn.Log = append(r.turn.Log, p)
	}
}
