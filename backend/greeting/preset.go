package greeting

import (
	"regexp"
	"strings"

	"leadline/backend/conversation"
)

// Preset takes in what a reply says of the visitor themselves: an e-mail address and a
// phone number, which go to the contact's card (ActContactInfo).
type Preset struct {
	Name   string      `json:"name"`
	Params PresetTexts `json:"params"`
}

// Names of a Preset.
const (
	// PresetValidate asks for what is still missing and waits for the next reply, until
	// both are known; then the bot goes on behind it.
	PresetValidate = "contacts.validate_base_info"
	// PresetGet takes what there is and asks nothing.
	PresetGet = "contacts.get_base_info"
)

// PresetTexts are what PresetValidate says. What it has no words for it does not ask.
type PresetTexts struct {
	EmptyAll     string `json:"empty_all"`
	EmptyEmail   string `json:"empty_email"`
	EmptyPhone   string `json:"empty_phone"`
	InvalidPhone string `json:"invalid_phone"`
	Success      string `json:"success"`
	// CheckDoubles asks whether another contact has the same: not looked up here.
	CheckDoubles bool `json:"check_doubles"`
}

// UnmarshalJSON reads the texts; where PHP wrote an empty object as an array there are
// none.
func (t *PresetTexts) UnmarshalJSON(raw []byte) error {
	type plain PresetTexts
	*t = PresetTexts{}
	return unmarshalObject(raw, (*plain)(t))
}

// numberTried is what somebody writes who means a phone number.
var numberTried = regexp.MustCompile(`[0-9](?:[ ().-]{0,3}[0-9]){2}`)

// Digits of a phone number with its country, at most as ITU-T E.164 has them.
const minPhoneDigits, maxPhoneDigits = 6, 15

// ownPhone finds a phone number in a text that may hold an e-mail address too; tried
// tells that somebody meant to write one.
func ownPhone(text, email string) (number string, tried bool) {
	if email != "" {
		text = strings.ReplaceAll(text, email, " ")
	}
	number = phone(text)
	digits := 0
	for _, c := range number {
		if '0' <= c && c <= '9' {
			digits++
		}
	}
	if digits < minPhoneDigits || digits > maxPhoneDigits {
		return "", numberTried.MatchString(text)
	}
	return conversation.Phone(number), true
}

func (r *run) preset(p Preset) flow {
	if p.Name != PresetGet && p.Name != PresetValidate {
		r.log("unknown_preset", p.Name)
		return flow{}
	}
	if !r.pay(3 * len(r.input)) {
		return flow{kind: over}
	}
	s := &r.turn.State
	mail := email(r.input)
	number, tried := ownPhone(r.input, mail)
	for _, one := range []struct {
		found, code string
		kept        *string
	}{{mail, CodeEmail, &s.Email}, {number, CodePhone, &s.Phone}} {
		if one.found != "" && one.found != *one.kept {
			*one.kept = one.found
			r.want(Act{Name: ActContactInfo, Contact: true, Code: one.code, Value: one.found})
		}
	}
	if p.Name == PresetGet {
		return flow{}
	}
	noMail, noPhone := s.Email == "" && r.facts.Email == "", s.Phone == "" && r.facts.Phone == ""
	t, ask := p.Params, ""
	switch {
	case noPhone && number == "" && tried:
		ask = first(t.InvalidPhone, t.EmptyPhone)
	case noPhone && noMail:
		ask = first(t.EmptyAll, t.EmptyPhone, t.EmptyEmail)
	case noPhone:
		ask = first(t.EmptyPhone, t.EmptyAll)
	case noMail:
		ask = first(t.EmptyEmail, t.EmptyAll)
	default:
		if strings.TrimSpace(t.Success) != "" && !r.tell(t.Success, nil) {
			return r.undelivered()
		}
		return flow{}
	}
	if ask == "" {
		return flow{}
	}
	if !r.tell(ask, nil) {
		return r.undelivered()
	}
	s.Within = r.path
	return flow{waiting, r.at}
}

// first is the first text that says something.
func first(texts ...string) string {
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
			return t
		}
	}
	return ""
}

func (c *checker) preset(p Preset, at string) {
	t := p.Params
	switch {
	case p.Name != PresetGet && p.Name != PresetValidate:
		c.warn(at, "unknown_preset", p.Name)
	case p.Name == PresetValidate && first(t.EmptyAll, t.EmptyEmail, t.EmptyPhone) == "":
		c.warn(at, "preset_asks_nothing", p.Name)
	}
	if t.CheckDoubles {
		c.warn(at, "no_doubles", "check_doubles")
	}
}
