package conversation

import (
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// Limits of a site's data about a visitor (O, META-2, META-8).
const (
	// MaxMetaBytes bounds a record as JSON.
	MaxMetaBytes = 64 << 10
	// MetaFor is how long after the first data of a visitor more are taken.
	MetaFor = 24 * time.Hour

	maxMetaNotes  = 20
	maxMetaFields = 200
)

// Meta is what a site told of its visitor by setMeta, merged by the browser (O
// §3.5). Anybody on the page can have made it up: data, never proof.
type Meta struct {
	Notes   []MetaNote `json:"note"`
	Contact MetaCard   `json:"contact"`
	Lead    MetaCard   `json:"lead"`
	// BotParams are the greeting bot's, any JSON by name.
	BotParams map[string]json.RawMessage `json:"bot_params"`
}

// MetaNote is a note for a card: ElementType 1 is the contact's, 2 the lead's.
type MetaNote struct {
	Text        string `json:"text"`
	ElementType int    `json:"element_type"`
	NoteType    string `json:"note_type"`
}

// MetaCard is what is told of a card. Sale is the lead's budget; nil where nothing
// was said.
type MetaCard struct {
	Name   string      `json:"name"`
	Sale   *int64      `json:"sale,omitempty"`
	Fields []MetaField `json:"custom_fields"`
}

// MetaField is a field of the CRM, by its number or its code.
type MetaField struct {
	ID     int64       `json:"id,omitempty"`
	Code   string      `json:"code,omitempty"`
	Values []MetaValue `json:"values"`
}

// MetaValue is one value; Enum, a number or a text, is the option of a list, Subtype
// the part of an address.
type MetaValue struct {
	Value   string          `json:"value"`
	Enum    json.RawMessage `json:"enum,omitempty"`
	Subtype string          `json:"subtype,omitempty"`
}

// VisitorMeta is the record of one visitor.
type VisitorMeta struct {
	Account chatid.AccountID
	Chat    chatid.ChatID
	Visitor chatid.VisitorID
	Meta    Meta
	// Tracking is where the browser saw them come from.
	Tracking Tracking
	// FirstAt is when the first data came, ChangedAt when these did.
	FirstAt, ChangedAt time.Time
}

// Metas keeps what sites told of visitors.
type Metas interface {
	// SaveMeta stores m instead of the visitor's record before it, but of its tracking
	// what is empty; m.FirstAt counts for the first one only. Where a conversation
	// of theirs has a lead it adds CardMeta work, unless nothing changed.
	// fault.Conflict "meta_closed" when the first data of one who wrote, and all of
	// their conversations, began before notBefore.
	SaveMeta(ctx context.Context, m VisitorMeta, notBefore time.Time) error
	// Meta reads a visitor's record; fault.NotFound.
	Meta(ctx context.Context, a chatid.AccountID, v chatid.VisitorID) (VisitorMeta, error)
}

// CardMeta is the card work that puts a visitor's record into the CRM's cards. It
// is added where the record changes and where a conversation gets a lead; it has no
// data of its own.
const CardMeta outbox.Kind = "meta"

// Meta reads what was told of a visitor; fault.NotFound.
func (s *Service) Meta(ctx context.Context, a chatid.AccountID, v chatid.VisitorID) (VisitorMeta, error) {
	return s.store.Meta(ctx, a, v)
}

// TellMeta stores what the page told of a visitor, before the first message or
// later, and where their browser saw them come from; it reaches the cards once there is a lead (META-4). Errors: fault.Invalid invalid_request for
// what no browser of ours sends; fault.Conflict meta_closed a day after the first data and
// after the beginning of their latest conversation (META-2); fault.Unavailable storage_unavailable.
func (s *Service) TellMeta(ctx context.Context, who Who, m Meta, seen Tracking) error {
	if !m.valid() {
		return fault.New(fault.Invalid, "invalid_request")
	}
	now := s.now()
	return s.store.SaveMeta(ctx, VisitorMeta{
		Account: who.Account, Chat: who.Chat, Visitor: who.Visitor, Meta: m, Tracking: seen.clean(), FirstAt: now, ChangedAt: now,
	}, now.Add(-MetaFor))
}

// valid checks the limits, and that every text can be stored.
func (m Meta) valid() bool {
	raw, err := json.Marshal(m)
	fields := len(m.Contact.Fields) + len(m.Lead.Fields)
	if err != nil || len(raw) > MaxMetaBytes || !utf8.Valid(raw) || len(m.Notes) > maxMetaNotes || fields > maxMetaFields || m.Contact.Sale != nil {
		return false
	}
	for _, n := range m.Notes {
		if n.Text == "" || n.ElementType != 1 && n.ElementType != 2 {
			return false
		}
	}
	for _, card := range []MetaCard{m.Contact, m.Lead} {
		for _, f := range card.Fields {
			if (f.ID > 0) == (f.Code != "") || f.ID < 0 || len(f.Values) == 0 {
				return false
			}
			for _, v := range f.Values {
				if len(v.Enum) > 0 && v.Enum[0] != '"' && (v.Enum[0] < '0' || v.Enum[0] > '9') {
					return false
				}
			}
		}
	}
	return true
}
