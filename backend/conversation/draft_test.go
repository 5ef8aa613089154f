package conversation

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

const someID = "0198c0de-0000-7000-8000-0000000000aa"

// TestPhone: C §8.3, numbers are compared as "+", country, number.
func TestPhone(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"+79990001122": "+79990001122", "+7 (999) 000-11-22": "+79990001122", " +7.999.000.11.22 ": "+79990001122",
		"8 (999) 000-11-22": "+79990001122", "89990001122": "+79990001122", "79990001122": "+79990001122",
		"0049 30 1234567": "+49301234567", "+49 30 1234567": "+49301234567", "+55 (11) 91234\u20115678": "+5511912345678",
		"7\u00a0999\u00a0000\u00a011\u00a022": "+79990001122",
		// What cannot be brought into that form stays as it was told.
		"": "", "+": "+", "112": "112", "030 1234567": "030 1234567", "00 12": "00 12", "9990001122": "9990001122",
		"+7 999 000 11 22 ext. 5": "+7 999 000 11 22 ext. 5", "ring me": "ring me", "8+9990001122": "8+9990001122", "99990001122": "99990001122",
		"one\r\ntwo": "one  two", strings.Repeat("9", 50): strings.Repeat("9", 40),
	} {
		if got := Phone(in); got != want {
			t.Errorf("Phone(%q) = %q, want %q", in, got, want)
		}
		if again := Phone(Phone(in)); again != Phone(in) {
			t.Errorf("Phone(%q) is not a form of itself: %q", in, again)
		}
	}
}

func TestValidEmoji(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "👍", "❤️", "❤", "🔥", "👍🏽", "👨‍👩‍👧‍👦", "🇧🇷", "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "1️⃣", "#️⃣", "©️", "®", "™️", "ℹ️", "‼️", "⁉️",
		"↔️", "▶️", "➕", "〰️", "〽️", "㊗️", "㊙️", "Ⓜ️", "🅰️", "🔟", "💯",
		"\U0001FADF", // a picture that older tables do not have yet
	} {
		if !validEmoji(s) {
			t.Errorf("%q (%+q) is refused", s, s)
		}
	}
	for _, s := range []string{
		"a", "ok", "é", "ж", "漢", "あ", "한", "Ａ", "𝐀", "ﷺ", "1", "12", "#", "*", "👍a", "👍 ", " ", "\u3000", "👍\n", "\x00", "👍\x00", "\u200d", "\ufe0f", "\ufeff", "👍\u202e", "👍\u2066",
		"\ue000", "\xff", "😀\xff", strings.Repeat("👍", 17), "<b>", "'", "٣",
	} {
		if validEmoji(s) {
			t.Errorf("%q (%+q) is taken for an emoji", s, s)
		}
	}
}

// TestDrafts: what a message may hold (C §3.4.4), and one thing only.
func TestDrafts(t *testing.T) {
	t.Parallel()
	place, card := &Location{Lat: 55.7558, Lon: 37.6176}, &Card{Name: "Ivan", Phone: "+79990003344"}
	for _, c := range []struct {
		name  string
		draft Draft
		want  Message
		code  string
	}{
		{"text", Draft{Text: "hi"}, Message{Kind: "text", Text: "hi"}, ""},
		{"file", Draft{File: someID}, Message{Kind: "file", Content: Content{File: someID}}, ""},
		{"file with a caption, of an album", Draft{File: someID, Text: "look", Group: someID}, Message{Kind: "file", Text: "look", Content: Content{File: someID, Group: someID}}, ""},
		{"a caption of blanks is none", Draft{File: someID, Text: " \n "}, Message{Kind: "file", Content: Content{File: someID}}, ""},
		{"button", Draft{Press: &Press{Message: someID, Text: "Confirm"}}, Message{Kind: "text", Text: "Confirm"}, ""},
		{"the text beside a button says nothing", Draft{Text: "x", Press: &Press{Message: someID, Text: "Confirm"}}, Message{Kind: "text", Text: "Confirm"}, ""},
		{"row", Draft{Press: &Press{Message: someID, Text: "Two", Callback: "row-2"}}, Message{Kind: "text", Text: "Two", Content: Content{Callback: "row-2"}}, ""},
		{"location", Draft{Location: place, Text: "here"}, Message{Kind: "location", Text: "here", Content: Content{Location: place}}, ""},
		{"contact", Draft{Card: &Card{Name: " Ivan\n", Phone: "+79990003344"}}, Message{Kind: "contact", Content: Content{Card: card}}, ""},
		{"reply", Draft{Text: "hi", ReplyTo: someID}, Message{Kind: "text", Text: "hi"}, ""},

		{"nothing", Draft{}, Message{}, "empty_text"},
		{"a group without a file is nothing", Draft{Group: someID}, Message{}, "empty_text"},
		{"file and location", Draft{File: someID, Location: place}, Message{}, "invalid_request"},
		{"button and contact", Draft{Press: &Press{Message: someID, Text: "x"}, Card: card}, Message{}, "invalid_request"},
		{"a group that is no id", Draft{File: someID, Group: "album"}, Message{}, "invalid_request"},
		{"off the map", Draft{Location: &Location{Lat: 90.1}}, Message{}, "invalid_request"},
		{"off the map, too", Draft{Location: &Location{Lon: -180.5}}, Message{}, "invalid_request"},
		{"nowhere", Draft{Location: &Location{Lat: math.NaN()}}, Message{}, "invalid_request"},
		{"a contact without a name", Draft{Card: &Card{Name: " ", Phone: "1"}}, Message{}, "invalid_request"},
		{"a contact without a phone", Draft{Card: &Card{Name: "Ivan"}}, Message{}, "invalid_request"},
		{"a caption that is too long", Draft{File: someID, Text: strings.Repeat("x", MaxTextRunes+1)}, Message{}, "text_too_long"},
		{"a button that is too long", Draft{Press: &Press{Message: someID, Text: strings.Repeat("x", MaxTextRunes+1)}}, Message{}, "text_too_long"},
		// Ids that cannot be any: PostgreSQL refuses some of them as text.
		{"a file that is none", Draft{File: "a\x00b"}, Message{}, "no_such_file"},
		{"a quote of none", Draft{Text: "hi", ReplyTo: "a\x00b"}, Message{}, "no_such_message"},
		{"a button of none", Draft{Press: &Press{Message: "\x00", Text: "x"}}, Message{}, "no_such_button"},
		{"a button that says nothing storable", Draft{Press: &Press{Message: someID, Text: "x\x00"}}, Message{}, "no_such_button"},
		{"a row that says nothing storable", Draft{Press: &Press{Message: someID, Text: "x", Callback: "\xff"}}, Message{}, "no_such_button"},
	} {
		c.draft.ClientID = clientID
		got, err := c.draft.message()
		if c.code != "" {
			if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", c.name, err, c.code)
			}
			continue
		}
		c.want.ClientID, c.want.Direction = clientID, Inbound
		if d := cmp.Diff(c.want, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got)\n%s", c.name, err, d)
		}
	}
}

// imports notes what is stored of an import, and fails from a number on.
type imports struct {
	record
	got    []NewImport
	failAt int
}

func (i *imports) SaveImport(_ context.Context, in NewImport) (Saved, error) {
	if i.failAt > 0 && len(i.got)+1 >= i.failAt {
		return Saved{}, fault.New(fault.Unavailable, "storage_unavailable")
	}
	i.got = append(i.got, in)
	return Saved{Message: in.Message, Visitor: in.Visitor.ID}, nil
}

// TestImport: C §3.4.8, oldest first, silent all but the newest.
func TestImport(t *testing.T) {
	t.Parallel()
	id := func(n byte) chatid.ClientID { return chatid.ClientID(someID[:35] + string(n)) }
	list := []Imported{
		{ClientID: id('1'), At: 3000, Direction: Inbound, Text: "third"},
		{ClientID: id('2'), At: 1000, Direction: Inbound, Text: "first"},
		{ClientID: id('3'), At: 2000, Direction: Outbound, Text: "second", AuthorRef: "u1", AuthorName: "Oleg\n"},
		{ClientID: id('4'), At: 3000, Direction: Outbound, Text: "fourth"},
	}
	for silent, want := range map[bool][]bool{false: {true, true, true, false}, true: {true, true, true, true}} {
		r := &imports{}
		s := NewService(r, r, r, func() string { return someID }, func() time.Time { return time.UnixMilli(4000) })
		if err := s.Import(t.Context(), someone, Visitor{Name: "Ann", Phone: "+100"}, "main", list, silent); err != nil {
			t.Fatal(err)
		}
		var texts []string
		var quiet []bool
		for _, in := range r.got {
			texts, quiet = append(texts, in.Message.Text), append(quiet, in.Silent)
			if in.Visitor.ID != "v" || in.Visitor.Name != "Ann" || in.Visitor.Phone != "+100" || in.Source != "main" || in.Message.Account != "acc" {
				t.Errorf("import %+v", in)
			}
			if (in.Author != nil) != (in.Message.Direction == Outbound) {
				t.Errorf("author of %q: %+v", in.Message.Text, in.Author)
			}
		}
		if d := cmp.Diff([]string{"first", "second", "third", "fourth"}, texts); d != "" {
			t.Errorf("order (-want +got)\n%s", d)
		}
		if d := cmp.Diff(want, quiet); d != "" {
			t.Errorf("silent = %v (-want +got)\n%s", silent, d)
		}
		if a := r.got[1].Author; *a != (JobAuthor{Ref: "u1", Name: "Oleg"}) || *r.got[3].Author != (JobAuthor{}) {
			t.Errorf("authors %+v, %+v: want Oleg, and the channel's bot", a, r.got[3].Author)
		}
		if list[0].Text != "third" {
			t.Error("the caller's list was sorted")
		}
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	good := Imported{ClientID: clientID, At: 1000, Direction: Inbound, Text: "x"}
	with := func(f func(*Imported)) []Imported { m := good; f(&m); return []Imported{m} }
	for name, c := range map[string]struct {
		list []Imported
		code string
	}{
		"nothing":        {nil, "invalid_request"},
		"too much":       {make([]Imported, MaxImport+1), "invalid_request"},
		"no text":        {with(func(m *Imported) { m.Text = " " }), "empty_text"},
		"no id":          {with(func(m *Imported) { m.ClientID = "" }), "invalid_request"},
		"no time":        {with(func(m *Imported) { m.At = 0 }), "invalid_request"},
		"no direction":   {with(func(m *Imported) { m.Direction = "" }), "invalid_request"},
		"a longer text":  {with(func(m *Imported) { m.Text = strings.Repeat("x", MaxTextRunes+1) }), "text_too_long"},
		"of the future":  {with(func(m *Imported) { m.At = 4001 }), "invalid_request"},
		"a later one":    {[]Imported{good, {ClientID: clientID, At: 2000, Direction: Inbound}}, "empty_text"},
		"a bad operator": {with(func(m *Imported) { m.Direction, m.AuthorRef = Outbound, "u\x00" }), "invalid_request"},
	} {
		r := &imports{}
		s := NewService(r, r, r, func() string { return someID }, func() time.Time { return time.UnixMilli(4000) })
		err := s.Import(t.Context(), someone, Visitor{}, "", c.list, false)
		if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != c.code || len(r.got) != 0 {
			t.Errorf("%s: %v, stored %d", name, err, len(r.got))
		}
	}
	r := &imports{failAt: 2}
	s := NewService(r, r, r, func() string { return someID }, func() time.Time { return time.UnixMilli(4000) })
	if err := s.Import(t.Context(), someone, Visitor{}, "", []Imported{good, good, good}, false); !fault.Is(err, fault.Unavailable) || len(r.got) != 1 || !r.got[0].Silent {
		t.Errorf("cut in the middle: %v, stored %+v", err, r.got)
	}
}
