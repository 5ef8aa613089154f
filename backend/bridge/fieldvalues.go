package bridge

import (
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"leadline/backend/amocrm"
	"leadline/backend/conversation"
)

// Lengths in characters of what a site's word may put into a card (SEC-8).
const (
	maxCardName = 250
	maxCardText = 256
	maxCardNote = 4000
)

// plainText makes a site's word harmless on a card: no control characters, no
// markup, nothing that a spreadsheet takes for a formula once the card is exported.
func plainText(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '<':
			return '‹'
		case r == '>':
			return '›'
		case r == '\n':
			return r
		case r < ' ', r == 0x7f, r == utf8.RuneError:
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.TrimSpace(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) && strings.Trim(s, "+-() .0123456789") != "" {
		s = "'" + s // a number or a phone may begin with a sign
	}
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most])
	}
	return s
}

// oneLine is plainText without line breaks.
func oneLine(s string, most int) string {
	return plainText(strings.ReplaceAll(s, "\n", " "), most)
}

// addressParts are the parts of a smart address, in the order of their numbers.
var addressParts = []string{"address_line_1", "address_line_2", "city", "state", "zip", "country"}

// valuesFor writes what a site said of a field as the field's type has it; ok is
// false for what the type cannot hold, and for types that only the CRM fills.
func valuesFor(f amocrm.Field, told []conversation.MetaValue) (out []amocrm.FieldValue, ok bool) {
	for _, v := range told {
		if one, ok := valueFor(f, v); ok {
			out = append(out, one)
		}
	}
	if len(out) > 1 && f.Type != amocrm.FieldMultiselect && f.Type != amocrm.FieldMultitext && f.Type != amocrm.FieldAddress {
		out = out[:1]
	}
	return out, len(out) > 0
}

func valueFor(f amocrm.Field, told conversation.MetaValue) (amocrm.FieldValue, bool) {
	text := func(most int) (amocrm.FieldValue, bool) {
		s := oneLine(told.Value, most)
		return amocrm.FieldValue{Value: s}, s != ""
	}
	switch f.Type {
	case amocrm.FieldText, amocrm.FieldStreet, amocrm.FieldTrackingData:
		return text(maxCardText)
	case amocrm.FieldTextarea:
		s := plainText(told.Value, maxCardNote)
		return amocrm.FieldValue{Value: s}, s != ""
	case amocrm.FieldURL:
		u, err := url.Parse(strings.TrimSpace(told.Value))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return amocrm.FieldValue{}, false
		}
		s := u.String()
		return amocrm.FieldValue{Value: s}, len(s) <= 2000
	case amocrm.FieldNumeric, amocrm.FieldPrice, amocrm.FieldMonetary:
		n, err := strconv.ParseFloat(strings.ReplaceAll(strings.Join(strings.Fields(told.Value), ""), ",", "."), 64)
		if err != nil || math.IsInf(n, 0) || math.IsNaN(n) || math.Abs(n) >= 1e15 {
			return amocrm.FieldValue{}, false
		}
		return amocrm.FieldValue{Value: n}, true
	case amocrm.FieldCheckbox:
		switch strings.ToLower(strings.TrimSpace(told.Value)) {
		case "1", "true", "yes", "on", "y":
			return amocrm.FieldValue{Value: true}, true
		case "0", "false", "no", "off", "n":
			return amocrm.FieldValue{Value: false}, true
		}
		return amocrm.FieldValue{}, false
	case amocrm.FieldSelect, amocrm.FieldMultiselect, amocrm.FieldRadio:
		e, ok := enumOf(f, told)
		return amocrm.FieldValue{EnumID: e.ID}, ok
	case amocrm.FieldMultitext:
		v, ok := text(maxCardText)
		if len(f.Enums) > 0 {
			v.EnumID = f.Enums[0].ID
			if e, named := enumOf(f, conversation.MetaValue{Enum: told.Enum}); named {
				v.EnumID = e.ID
			}
		}
		return v, ok
	case amocrm.FieldDate, amocrm.FieldDateTime, amocrm.FieldBirthday:
		at, ok := dateOf(told.Value)
		return amocrm.FieldValue{Value: at.Unix()}, ok
	case amocrm.FieldAddress:
		v, ok := text(maxCardText)
		part := strings.ToLower(strings.TrimSpace(told.Subtype))
		if n, err := strconv.Atoi(part); err == nil && n >= 1 && n <= len(addressParts) {
			part = addressParts[n-1]
		}
		v.EnumCode = part
		return v, ok && slices.Contains(addressParts, part)
	}
	return amocrm.FieldValue{}, false
}

// enumOf finds the option that a value names by its number, its code or its text.
func enumOf(f amocrm.Field, told conversation.MetaValue) (amocrm.FieldEnum, bool) {
	var word string
	if len(told.Enum) > 0 && json.Unmarshal(told.Enum, &word) != nil {
		word = string(told.Enum)
	}
	for _, want := range []string{strings.TrimSpace(word), strings.TrimSpace(told.Value)} {
		i := slices.IndexFunc(f.Enums, func(e amocrm.FieldEnum) bool {
			return want != "" && (strconv.FormatInt(e.ID, 10) == want || strings.EqualFold(e.Code, want) || strings.EqualFold(e.Value, want))
		})
		if i >= 0 {
			return f.Enums[i], true
		}
	}
	return amocrm.FieldEnum{}, false
}

// dateOf reads the forms in which sites write dates; those without a zone are UTC.
func dateOf(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) >= 9 {
		if len(s) >= 13 {
			n /= 1000 // what JavaScript counts
		}
		return time.Unix(n, 0).UTC(), n < 253402300799
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "02.01.2006 15:04", "02.01.2006"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, t.Year() >= 1 && t.Year() <= 9999
		}
	}
	return time.Time{}, false
}
