package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"leadline/backend/amocrm"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

// Told gives what sites and browsers told of a visitor; it is the conversation
// service.
type Told interface {
	Meta(ctx context.Context, a chatid.AccountID, v chatid.VisitorID) (conversation.VisitorMeta, error)
}

// MetaCard puts what a site told of its visitor into the CRM's cards, see
// conversation.CardMeta (O §3.5): only where there is nothing yet (META-1), each
// note once (META-6). One field that the CRM refuses loses no other.
type MetaCard struct {
	Desk     *CardDesk
	Fields   *FieldBook
	Told     Told
	Products Products
	Texts    Texts
	Logger   *slog.Logger
}

// Do is the CardHandler. The record is read when its time has come, so that what
// was told meanwhile goes with it.
func (m *MetaCard) Do(ctx context.Context, t *CardTask, _ json.RawMessage) error {
	told, err := m.Told.Meta(ctx, t.Account.ID, t.Conversation.Visitor)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := m.lead(ctx, t, told.Meta.Lead, told.Tracking); err != nil {
		return err
	}
	if err := m.contact(ctx, t, told.Meta.Contact); err != nil {
		return err
	}
	for _, n := range told.Meta.Notes {
		if err := m.note(ctx, t, n); err != nil {
			return err
		}
	}
	return m.trackingNote(ctx, t, told.Tracking)
}

func (m *MetaCard) language(t *CardTask) string { return m.Products.byName[t.Account.Product].Language }

// note writes one, marked as the site's word (SEC-8).
func (m *MetaCard) note(ctx context.Context, t *CardTask, n conversation.MetaNote) error {
	e := amocrm.EntityLead
	if n.ElementType == 1 {
		e = amocrm.EntityContact
	}
	text := m.Texts(m.language(t), "note.from_site", map[string]any{"Text": plainText(n.Text, maxCardNote)})
	return m.Desk.NoteOnce(ctx, t, e, markOf("note", string(e), n.Text), text)
}

// markOf names a part of the work without holding what it says.
func markOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return parts[0] + "/" + hex.EncodeToString(sum[:12])
}

// wish is one thing that a card is to hold.
type wish struct {
	name   string // of the field, for the log
	mark   string
	change amocrm.CardChange
}

func (m *MetaCard) lead(ctx context.Context, t *CardTask, told conversation.MetaCard, seen conversation.Tracking) error {
	wishes, err := m.wishes(ctx, t, amocrm.EntityLead, told)
	if err == nil {
		var more []wish
		more, err = m.tracked(ctx, t, seen)
		wishes = append(wishes, more...)
	}
	if err != nil || len(wishes) == 0 {
		return err
	}
	l, err := m.Desk.Cards.Lead(ctx, t.Account, t.Lead)
	if err != nil {
		return err
	}
	return m.fill(ctx, t, amocrm.EntityLead, wishes, held{
		name: l.Name, made: madeName(l.Name, strconv.FormatInt(t.Lead, 10), m.sentName(t)), price: l.Price != 0, fields: l.Fields,
	})
}

func (m *MetaCard) contact(ctx context.Context, t *CardTask, told conversation.MetaCard) error {
	wishes, err := m.wishes(ctx, t, amocrm.EntityContact, told)
	if err != nil || len(wishes) == 0 || t.Contact == 0 {
		return err
	}
	c, err := m.Desk.Cards.Contact(ctx, t.Account, t.Contact)
	if err != nil {
		return err
	}
	return m.fill(ctx, t, amocrm.EntityContact, wishes, held{name: c.Name, made: c.Name == "" || c.Name == m.sentName(t), fields: c.Fields})
}

// held is what a card holds already. made: its name is one that the CRM made up, of
// the card's number or of what we called the visitor, and nobody's choice. How it does
// is not documented.
type held struct {
	name   string
	made   bool
	price  bool
	fields []amocrm.FieldValues
}

// madeName tells whether a name is none, or ends in the number or in the visitor's name
// as words of their own. A visitor is called as the page likes: a name that somebody
// gave the card, of which that is but a part, is theirs.
func madeName(name, number, visitor string) bool {
	ends := func(with string) bool {
		before, ok := strings.CutSuffix(name, with)
		last, _ := utf8.DecodeLastRuneInString(before)
		return ok && with != "" && (before == "" || !unicode.IsLetter(last) && !unicode.IsDigit(last))
	}
	return name == "" || ends(number) || ends(visitor)
}

// sentName is what the chats service was told as the visitor's name.
func (m *MetaCard) sentName(t *CardTask) string {
	if t.VisitorName != "" {
		return t.VisitorName
	}
	return m.Texts(m.language(t), "visitor.anonymous", map[string]any{"Number": shortNumber(t.Conversation.Visitor)})
}

// wishes lists what was told of a card and not done yet, by the account's fields.
// What the account has no place for is marked and forgotten.
func (m *MetaCard) wishes(ctx context.Context, t *CardTask, e amocrm.Entity, told conversation.MetaCard) ([]wish, error) {
	var out []wish
	add := func(w wish) {
		if !t.Did(w.mark) {
			out = append(out, w)
		}
	}
	if name := oneLine(told.Name, maxCardName); name != "" {
		add(wish{"name", markOf("name", string(e), name), amocrm.CardChange{Name: name}})
	}
	if told.Sale != nil && *told.Sale > 0 && e == amocrm.EntityLead {
		add(wish{"price", markOf("price", strconv.FormatInt(*told.Sale, 10)), amocrm.CardChange{Price: told.Sale}})
	}
	if len(told.Fields) == 0 {
		return out, nil
	}
	known, err := m.Fields.Of(ctx, t.Account, e, fieldsKept)
	if err != nil {
		return nil, err
	}
	for _, f := range told.Fields {
		raw, _ := json.Marshal(f)
		mark := markOf("field", string(e), string(raw))
		if t.Did(mark) {
			continue
		}
		i := slices.IndexFunc(known, func(k amocrm.Field) bool {
			return f.ID != 0 && int64(k.ID) == f.ID || f.ID == 0 && k.Code != "" && strings.EqualFold(k.Code, f.Code)
		})
		if i < 0 {
			m.skipped(t, e, fieldName(f), "the account has no such field")
			t.Mark(mark)
			continue
		}
		values, ok := valuesFor(known[i], f.Values)
		if !ok {
			m.skipped(t, e, fieldName(f), "not a value of type "+known[i].Type)
			t.Mark(mark)
			continue
		}
		add(wish{fieldName(f), mark, amocrm.CardChange{Fields: []amocrm.FieldValues{{ID: known[i].ID, Values: values}}}})
	}
	return out, nil
}

// fieldName names a field by its number, or by its code as far as that looks like one.
func fieldName(f conversation.MetaField) string {
	if f.ID != 0 {
		return strconv.FormatInt(f.ID, 10)
	}
	return oneLine(f.Code, 40)
}

// skipped logs what finds no place; never its value.
func (m *MetaCard) skipped(t *CardTask, e amocrm.Entity, field, why string) {
	m.Logger.Info("a site's word was left out", "account_id", string(t.Account.ID), "conversation_id", string(t.Conversation.ID), "card", string(e), "field", field, "reason", why)
}

// fill does the wishes that find nothing there, in one change; where the CRM
// refuses that, one by one, without those that it will not take.
func (m *MetaCard) fill(ctx context.Context, t *CardTask, e amocrm.Entity, wishes []wish, h held) error {
	todo := wishes[:0:0]
	for _, w := range wishes {
		switch {
		case w.change.Name != "" && !h.made, w.change.Price != nil && h.price,
			len(w.change.Fields) > 0 && slices.ContainsFunc(h.fields, func(f amocrm.FieldValues) bool { return f.ID == w.change.Fields[0].ID }):
			t.Mark(w.mark) // META-1
		default:
			todo = append(todo, w)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	err := m.change(ctx, t, e, todo)
	if err == nil || !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.NotFound) {
		return err
	}
	// Is it the card that cannot be changed, or a field?
	if why := m.Desk.Refused(ctx, t, err); !errors.Is(why, err) || fault.Is(err, fault.NotFound) {
		return why
	}
	if bad := refusedFields(err, todo); len(bad) > 0 {
		todo = slices.DeleteFunc(todo, func(w wish) bool {
			if !slices.Contains(bad, w.mark) {
				return false
			}
			m.skipped(t, e, w.name, "refused by the CRM")
			t.Mark(w.mark)
			return true
		})
		if len(todo) == 0 {
			return nil
		}
		if err = m.change(ctx, t, e, todo); err == nil || !fault.Is(err, fault.Invalid) {
			return err
		}
	}
	for _, w := range todo {
		switch err := m.change(ctx, t, e, []wish{w}); {
		case fault.Is(err, fault.Invalid):
			m.skipped(t, e, w.name, "refused by the CRM")
			t.Mark(w.mark)
		case err != nil:
			return err
		}
	}
	return nil
}

// change does wishes at once and marks them as done.
func (m *MetaCard) change(ctx context.Context, t *CardTask, e amocrm.Entity, wishes []wish) error {
	var ch amocrm.CardChange
	for _, w := range wishes {
		if w.change.Name != "" {
			ch.Name = w.change.Name
		}
		if w.change.Price != nil {
			ch.Price = w.change.Price
		}
		ch.Fields = append(ch.Fields, w.change.Fields...)
	}
	if err := m.Desk.Cards.ChangeCard(ctx, t.Account, e, t.card(e), ch); err != nil {
		return err
	}
	for _, w := range wishes {
		t.Mark(w.mark)
	}
	return nil
}

// refusedFields are the marks of the wishes that a refusal names by their places in
// custom_fields_values, or by the name of a built-in field.
func refusedFields(err error, wishes []wish) (marks []string) {
	api, ok := errors.AsType[*amocrm.APIError](err)
	if !ok {
		return nil
	}
	var fields []wish
	for _, w := range wishes {
		if len(w.change.Fields) > 0 {
			fields = append(fields, w)
		}
	}
	for _, i := range api.Items {
		part := strings.Split(i.Path, ".")
		switch {
		case len(part) > 1 && part[0] == "custom_fields_values":
			if n, err := strconv.Atoi(part[1]); err == nil && n >= 0 && n < len(fields) {
				marks = append(marks, fields[n].mark)
			}
		case len(part) > 0:
			for _, w := range wishes {
				if len(w.change.Fields) == 0 && w.name == part[0] {
					marks = append(marks, w.mark)
				}
			}
		}
	}
	return marks
}
