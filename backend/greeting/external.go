package greeting

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// External says something through chosen channels of the CRM. This chat is one of
// them, and its visitor the only contact that it reaches: what is meant for others is
// not said, and OnError runs.
type External struct {
	Message struct {
		Type    string           `json:"type"` // "external"
		Text    string           `json:"text"`
		Buttons []ExternalButton `json:"buttons"`
	} `json:"message"`
	Recipient Recipient `json:"recipient"`
	// Channels are the CRM's sources that it may go through; none for any.
	Channels []struct {
		ID Term `json:"id"`
	} `json:"channels"`
	// OnError runs where it cannot be said, and then what stands behind.
	OnError []Handler `json:"-"`
}

// ExternalButton is a reply to press (Type "inline") or a link (Type "url").
type ExternalButton struct {
	Type string `json:"type"`
	Text string `json:"text"`
	URL  string `json:"url"`
}

// Recipient is whom an External is for: Type "main_contact" and "all_contacts" take in
// the visitor, "filtered_contacts" where Filter holds.
type Recipient struct {
	Type   string `json:"type"`
	Filter struct {
		Logic      string      `json:"logic"`
		Conditions []Condition `json:"conditions"`
	} `json:"filter"`
}

// Types of a Recipient.
const (
	RecipientMain     = "main_contact"
	RecipientAll      = "all_contacts"
	RecipientFiltered = "filtered_contacts"
)

// UnmarshalJSON reads External; on_error is one handler, a list of them, or null.
func (e *External) UnmarshalJSON(raw []byte) error {
	type plain External
	in := struct {
		*plain
		OnError json.RawMessage `json:"on_error"`
	}{plain: (*plain)(e)}
	*e = External{}
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	switch on := bytes.TrimSpace(in.OnError); {
	case len(on) == 0 || string(on) == "null":
		return nil
	case isArray(on):
		return json.Unmarshal(on, &e.OnError)
	default:
		e.OnError = make([]Handler, 1)
		return json.Unmarshal(on, &e.OnError[0])
	}
}

func (e External) offers() []offer {
	out := make([]offer, len(e.Message.Buttons))
	for i, b := range e.Message.Buttons {
		out[i] = offer{Button{b.Text, b.URL}, b.Type == "url"}
	}
	return out
}

// reach is whether a message reaches the visitor.
type reach int

const (
	reached reach = iota
	nobody        // it is for others, and none of them is here
	missed        // it cannot be told, or goes through channels that are not ours
)

// external says a message, or runs what is for the case that it cannot.
func (r *run) external(e External) flow {
	switch r.reaches(e) {
	case nobody:
		return flow{}
	case reached:
		if r.tell(e.Message.Text, e.offers()) {
			return flow{}
		}
	default:
		r.log("not_delivered", "")
	}
	if e.OnError == nil {
		return r.undelivered()
	}
	return r.list(e.OnError, r.path+"/params/on_error")
}

func (r *run) reaches(e External) reach {
	ours := len(e.Channels) == 0
	for _, c := range e.Channels {
		id, err := strconv.ParseInt(r.term(c.ID), 10, 64)
		ours = ours || err == nil && id > 0 && id == r.facts.Channel
	}
	if !ours {
		return missed
	}
	switch e.Recipient.Type {
	case "", RecipientMain, RecipientAll:
		return reached
	case RecipientFiltered:
		switch holds, known := r.filter(e.Recipient); {
		case !known:
			return missed
		case holds:
			return reached
		}
		return nobody
	}
	return missed
}

// filter tells whether the visitor is among those whom a filter leaves, and whether
// that can be known: fields of cards cannot.
func (r *run) filter(to Recipient) (holds, known bool) {
	r.unknown = false
	holds = r.holds(Conditions{Logic: to.Filter.Logic, Conditions: to.Filter.Conditions})
	return holds, !r.unknown
}

// undelivered runs the bot's error list, in place of all that stands behind and once a
// turn. A bot without one goes on.
func (r *run) undelivered() flow {
	list, _ := r.bot.errors()
	if len(list) == 0 || r.failed {
		return flow{}
	}
	r.failed = true
	return r.list(list, errorKey).orOver()
}

// errorKey is where an object has what runs when a message could not be delivered.
const errorKey = "error"

// errors are the handlers for a message that could not be delivered; an error where
// they are none.
func (b Bot) errors() (list []Handler, err error) {
	if raw, ok := b.Extra[errorKey]; ok {
		if err = json.Unmarshal(raw, &list); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// external checks a message of External.
func (c *checker) external(e External, at string) {
	switch {
	case strings.TrimSpace(e.Message.Text) == "":
		c.bad(at+"/message/text", "empty_text", "")
	case utf8.RuneCountInString(e.Message.Text) > MaxTextRunes:
		c.bad(at+"/message/text", "text_too_long", fmt.Sprint(MaxTextRunes))
	}
	for i, b := range e.Message.Buttons {
		if b.Type != "inline" && b.Type != "url" {
			c.bad(fmt.Sprintf("%s/message/buttons/%d", at, i), "bad_button", b.Type)
		}
	}
	c.buttons(e.offers(), at+"/message/buttons")
	var ids []string
	for _, one := range e.Channels {
		ids = append(ids, one.ID.Words())
	}
	if len(ids) > 0 {
		c.warn(at+"/channels", "channels_named", strings.Join(ids, ", "))
	}
	switch e.Recipient.Type {
	case "", RecipientMain, RecipientAll:
	case RecipientFiltered:
		if _, known := c.dry().filter(e.Recipient); !known {
			c.warn(at+"/recipient/filter", "filter_unknown", "")
		}
	default:
		c.warn(at+"/recipient/type", "unknown_recipient", e.Recipient.Type)
	}
	c.list(e.OnError, at+"/on_error")
}
