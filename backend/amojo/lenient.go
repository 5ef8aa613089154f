package amojo

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// What the service sends is read leniently: a missing key, null, "", 0 and {}
// are the same (C §4.3), and a value of another type than documented counts as
// missing instead of losing the whole hook, which is never sent again.

// text takes a string or a number's digits.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	switch {
	case len(b) > 1 && b[0] == '"' && bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b):
		*t = text(b[1 : len(b)-1]) // as most are: nothing to decode
	case len(b) > 0 && b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(s)
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		*t = text(b)
	}
	return nil
}

// The bounds of what is taken from a hook or an answer, in bytes. Texts of people
// have none but the size of the whole body: a cut message is a lost one.
const (
	maxID    = 128
	maxShort = 1024
	maxLink  = 4096
)

// id gives "" for what is too long to be an id; a hook without its ids is unknown.
func id(t text) text {
	if len(t) > maxID {
		return ""
	}
	return t
}

// short cuts names and labels.
func short(t text) string {
	if len(t) > maxShort {
		return strings.ToValidUTF8(string(t[:maxShort]), "")
	}
	return string(t)
}

// link gives "" for an address that is too long: cut, it would lead elsewhere.
func link(t text) string {
	if len(t) > maxLink {
		return ""
	}
	return string(t)
}

// bounded gives "" for data that is too long to be carried back.
func bounded(t text) string {
	if len(t) > maxShort {
		return ""
	}
	return string(t)
}

// integer takes a number or a string of digits; a fraction is cut off.
type integer int64

func (i *integer) UnmarshalJSON(b []byte) error {
	*i = 0
	s := string(bytes.Trim(b, `"`))
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		*i = integer(n)
	} else if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1<<53 {
		*i = integer(f)
	}
	return nil
}

// decimal takes a number or a string of digits.
type decimal float64

func (d *decimal) UnmarshalJSON(b []byte) error {
	*d = 0
	if f, err := strconv.ParseFloat(string(bytes.Trim(b, `"`)), 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		*d = decimal(f)
	}
	return nil
}

// flag takes true, 1 and their strings.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	s := string(bytes.Trim(b, `"`))
	*f = s == "true" || s == "1"
	return nil
}

// object takes a JSON object; anything else leaves it empty.
type object[T any] struct {
	// Set tells an object with at least one key.
	Set bool
	V   T
}

func (o *object[T]) UnmarshalJSON(b []byte) error {
	*o = object[T]{}
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	o.Set = len(bytes.TrimSpace(b[1:])) > 1
	return json.Unmarshal(b, &o.V)
}

// maxList bounds lists inside one hook or answer; the longest that is documented
// has 50 entries.
const maxList = 200

// list takes a JSON array up to maxList entries; anything else leaves it empty.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(b []byte) error {
	*l = nil
	if len(b) == 0 || b[0] != '[' {
		return nil
	}
	// Stops at the bound instead of cutting afterwards: a short text can hold a
	// great many empty entries.
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for len(*l) < maxList && d.More() {
		var one T
		if err := d.Decode(&one); err != nil {
			return err
		}
		*l = append(*l, one)
	}
	return nil
}

// wireTimes are the two forms of a message's time.
type wireTimes struct {
	Timestamp     integer `json:"timestamp"`
	MsecTimestamp integer `json:"msec_timestamp"`
}

// at prefers milliseconds; nonsense is the zero time.
func (w wireTimes) at() time.Time {
	if t := unixMilli(int64(w.MsecTimestamp)); !t.IsZero() {
		return t
	}
	return unixSeconds(int64(w.Timestamp))
}

func unixSeconds(s int64) time.Time {
	if s <= 0 || s > maxMilli/1000 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

// maxMilli is the end of year 9999, the last that RFC 3339 can write.
const maxMilli = 253402300799999

func unixMilli(ms int64) time.Time {
	if ms <= 0 || ms > maxMilli {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
