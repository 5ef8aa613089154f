package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	ruleFields = "O TRK-4 custom fields"
	ruleCards  = "O META-1 change of a card"
)

// listFields is GET /api/v4/{card}/custom_fields.
func (a *apiCall) listFields(card string) {
	var out []map[string]any
	a.s.mu.Lock()
	lower := a.s.st.Variants.TrackingLowerCase
	fields := a.acc.fieldsOf(card)
	a.s.mu.Unlock()
	for i, f := range fields {
		var code, enums any
		if f.Code != "" {
			code = f.Code
			if lower && f.Type == "tracking_data" {
				code = strings.ToLower(f.Code)
			}
		}
		if len(f.Enums) > 0 {
			list := []any{}
			for j, e := range f.Enums {
				one := map[string]any{"id": e.ID, "value": e.Value, "sort": j + 1}
				if e.Code != "" {
					one["code"] = e.Code
				}
				list = append(list, one)
			}
			enums = list
		}
		one := map[string]any{
			"id": f.ID, "name": f.Name, "type": f.Type, "code": code, "sort": i + 1, "account_id": a.acc.ID, "entity_type": card,
			"is_api_only": false, "enums": enums, "group_id": nil, "required_statuses": []any{},
			"_links": a.self(fmt.Sprintf("/api/v4/%s/custom_fields/%d", card, f.ID)),
		}
		if f.Type == "tracking_data" {
			one["tracking_callback"] = f.TrackingCallback
		}
		out = append(out, one)
	}
	a.list(ruleFields, "custom_fields", maxEntities, out)
}

// fieldsModel is custom_fields_values of a card: null for none.
func (a *apiCall) fieldsModel(card string, held []CardField) any {
	var out []any
	for _, h := range held {
		f, ok := a.acc.field(card, h.Field, "")
		if !ok {
			continue
		}
		var code any
		if f.Code != "" {
			code = f.Code
		}
		out = append(out, map[string]any{"field_id": f.ID, "field_name": f.Name, "field_code": code, "field_type": f.Type, "values": h.Values})
	}
	if out == nil {
		return nil
	}
	return out
}

type cardChangeIn struct {
	Name     *string     `json:"name"`
	Price    *int64      `json:"price"`
	UserID   int64       `json:"responsible_user_id"`
	Status   int64       `json:"status_id"`
	Pipeline int64       `json:"pipeline_id"`
	Fields   []cardField `json:"custom_fields_values"`
	AddTags  []tagIn     `json:"tags_to_add"`
	DropTags []tagIn     `json:"tags_to_delete"`
}

type tagIn struct {
	Name string `json:"name" need:"true"`
}

type cardField struct {
	ID     int64       `json:"field_id"`
	Code   string      `json:"field_code"`
	Values []cardValue `json:"values" need:"true"`
}

type cardValue struct {
	Value    any    `json:"value"`
	EnumID   int64  `json:"enum_id"`
	EnumCode string `json:"enum_code"`
}

// changeCard is PATCH /api/v4/{card}/{id}: all of it, or nothing.
func (a *apiCall) changeCard(card string) {
	var in cardChangeIn
	if !decodeOne(a, ruleCards, false, &in) {
		return
	}
	a.changeAnswer(card, in)()
}

// changeAnswer changes a card, or tells how to refuse it: the answer is given when the
// lock is free again.
func (a *apiCall) changeAnswer(card string, in cardChangeIn) (answer func()) {
	s, id := a.s, a.pathID()
	s.mu.Lock()
	defer s.mu.Unlock()
	invalid := func(code, path, detail string) func() {
		return func() { a.invalid(ruleCards, 0, code, path, detail) }
	}
	l, c, refuse := a.changeable(card, id)
	switch {
	case refuse != nil:
		return refuse
	case card == CardContacts && (in.Price != nil || in.Status != 0 || in.Pipeline != 0):
		return invalid("NotSupportedChoice", "price", "a contact has no such field")
	case in.UserID != 0 && a.acc.user(in.UserID) == nil:
		return invalid("NotSupportedChoice", "responsible_user_id", "no such user")
	case in.Name != nil && *in.Name == "":
		return invalid("InvalidValue", "name", "name must not be empty")
	}
	into, stage := int64(0), in.Status
	if in.Status != 0 {
		from := in.Pipeline
		if from == 0 {
			from = l.PipelineID
		}
		var ok bool
		if into, ok = a.acc.findStage(in.Status, from); !ok {
			return invalid("NotSupportedChoice", "status_id", "no such stage")
		}
	}
	found := make([]CustomField, len(in.Fields))
	held := make([][]CardValue, len(in.Fields))
	for i, f := range in.Fields {
		var code, path, detail string
		if found[i], held[i], code, path, detail = a.check(card, f); detail != "" {
			return func() { a.refused(code, fmt.Sprintf("custom_fields_values.%d.%s", i, path), detail) }
		}
	}
	for i, f := range found {
		s.setField(a.acc.ID, card, id, f, held[i])
	}
	if card == CardContacts {
		if c.UpdatedAt = s.now(); in.Name != nil {
			c.Name = *in.Name
		}
		if in.UserID != 0 {
			c.UserID = in.UserID
		}
		c.Tags = tagged(c.Tags, in.AddTags, in.DropTags)
		s.contactEvent(c, "update")
	} else {
		was := l.StatusID
		if l.UpdatedAt = s.now(); in.Name != nil {
			l.Name = *in.Name
		}
		put(&l.Price, in.Price)
		if in.UserID != 0 {
			l.UserID = in.UserID
		}
		if stage != 0 {
			l.PipelineID, l.StatusID = into, stage
		}
		l.Tags = tagged(l.Tags, in.AddTags, in.DropTags)
		if s.leadEvent(l, "update", was); was != l.StatusID {
			s.leadEvent(l, "status", was)
		}
	}
	s.touch()
	updated := s.now().Unix()
	return func() {
		a.json(http.StatusOK, halJSON, map[string]any{"id": id, "updated_at": updated, "_links": a.self(fmt.Sprintf("/api/v4/%s/%d", card, id))})
	}
}

// changeable finds a lead or a contact that may be changed; else refuse answers. s.mu is
// held.
func (a *apiCall) changeable(card string, id int64) (l *Lead, c *Contact, refuse func()) {
	l, c = a.s.st.Leads[id], a.s.st.Contacts[id]
	there := card == CardLeads && l != nil && l.Account == a.acc.ID || card == CardContacts && c != nil && c.Account == a.acc.ID
	unsorted := there && (card == CardLeads && l.Unsorted || card == CardContacts && c.Unsorted)
	switch variant := a.s.st.Variants.UnsortedCards; {
	case !there, unsorted && variant == "hidden":
		return nil, nil, func() { a.problem(http.StatusNotFound, Refused, ruleCards, "no such card") }
	case unsorted && variant == "refused":
		return nil, nil, func() { a.refused("NotSupportedChoice", "id", "the lead was not accepted yet") }
	}
	return l, c, nil
}

// refused answers 400 for what the account, not the form of the request, refuses.
func (a *apiCall) refused(code, path, detail string) {
	problem(a.call, http.StatusBadRequest, Refused, ruleCards, detail, map[string]any{
		"validation-errors": []any{map[string]any{"request_id": "0", "errors": []any{
			map[string]any{"code": code, "path": path, "detail": detail},
		}}},
	})
}

func tagged(have []string, add, drop []tagIn) []string {
	out := slices.DeleteFunc(slices.Clone(have), func(t string) bool { return slices.Contains(drop, tagIn{t}) })
	for _, t := range add {
		if !slices.Contains(out, t.Name) {
			out = append(out, t.Name)
		}
	}
	return out
}

// addressParts are enum codes of the type smart_address.
var addressParts = []string{"address_line_1", "address_line_2", "city", "state", "zip", "country"}

// check reads one field of a change; code, path and detail say what is wrong. No
// value empties the field. s.mu is held.
func (a *apiCall) check(card string, in cardField) (f CustomField, out []CardValue, code, path, detail string) {
	f, ok := a.acc.field(card, in.ID, in.Code)
	switch {
	case in.ID != 0 && in.Code != "":
		return f, nil, "InvalidValue", "field_id", "a field is named by its id or by its code"
	case !ok:
		return f, nil, "NotSupportedChoice", map[bool]string{true: "field_id", false: "field_code"}[in.ID != 0], "no such field"
	case len(in.Values) > 1 && !slices.Contains([]string{"multiselect", "multitext", "smart_address"}, f.Type):
		return f, nil, "TooManyElements", "values", "the field takes one value"
	}
	for i, v := range in.Values {
		held, why := f.value(v)
		if why != "" {
			return f, nil, "InvalidValue", fmt.Sprintf("values.%d.value", i), why
		}
		out = append(out, held)
	}
	return f, out, "", "", ""
}

// value reads one value by the field's type; why says what is wrong.
func (f CustomField) value(v cardValue) (held CardValue, why string) {
	text, isText := v.Value.(string)
	number, isNumber := v.Value.(json.Number)
	enum := slices.IndexFunc(f.Enums, func(e FieldEnum) bool {
		return v.EnumID != 0 && e.ID == v.EnumID || v.EnumID == 0 && v.EnumCode != "" && e.Code == v.EnumCode
	})
	switch f.Type {
	case "text", "textarea", "url", "streetaddress", "tracking_data":
		if !isText || text == "" {
			return held, "the field takes a string that is not empty"
		}
		return CardValue{Value: text}, ""
	case "numeric", "price", "monetary":
		if isNumber {
			text = number.String()
		}
		if _, err := strconv.ParseFloat(text, 64); err != nil || strings.Trim(text, "+-.0123456789") != "" {
			return held, "the field takes a number"
		}
		return CardValue{Value: text}, "" // the CRM gives numbers as text
	case "checkbox":
		if b, ok := v.Value.(bool); ok {
			return CardValue{Value: b}, ""
		}
		return held, "the field takes true or false"
	case "date", "date_time", "birthday":
		if n, err := number.Int64(); isNumber && err == nil {
			return CardValue{Value: n}, ""
		}
		if t, err := time.Parse(time.RFC3339, text); isText && err == nil {
			return CardValue{Value: t.Unix()}, ""
		}
		return held, "the field takes a Unix time or RFC 3339"
	case "select", "multiselect", "radiobutton":
		if v.EnumID == 0 && v.EnumCode == "" {
			enum = slices.IndexFunc(f.Enums, func(e FieldEnum) bool { return isText && e.Value == text })
		}
		if enum < 0 {
			return held, "no such option"
		}
		return CardValue{Value: f.Enums[enum].Value, EnumID: f.Enums[enum].ID, EnumCode: f.Enums[enum].Code}, ""
	case "multitext":
		if !isText || text == "" {
			return held, "the field takes a string that is not empty"
		}
		if v.EnumID == 0 && v.EnumCode == "" {
			enum = 0
		}
		if enum < 0 {
			return held, "no such kind of value"
		}
		return CardValue{Value: text, EnumID: f.Enums[enum].ID, EnumCode: f.Enums[enum].Code}, ""
	case "smart_address":
		part := slices.Index(addressParts, v.EnumCode)
		if v.EnumID >= 1 && v.EnumID <= int64(len(addressParts)) {
			part = int(v.EnumID) - 1
		}
		if part < 0 || !isText {
			return held, "an address takes strings, by their parts"
		}
		return CardValue{Value: text, EnumID: int64(part) + 1, EnumCode: addressParts[part]}, ""
	}
	return held, "the API cannot change a field of this type"
}

type noteIn struct {
	Type   string `json:"note_type" need:"true"`
	Params struct {
		Text string `json:"text" need:"true"`
	} `json:"params" need:"true"`
	RequestID string `json:"request_id"`
}

// addNotes is POST /api/v4/{card}/{id}/notes.
func (a *apiCall) addNotes(card string) {
	in, ok := decodeBatch[noteIn](a, ruleCards, maxEntities)
	if !ok {
		return
	}
	for i, n := range in {
		if n.Type != "common" {
			a.invalid(ruleCards, i, "NotSupportedChoice", "note_type", "not simulated")
			return
		}
	}
	a.notesAnswer(card, in)()
}

func (a *apiCall) notesAnswer(card string, in []noteIn) (answer func()) {
	s, id := a.s, a.pathID()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, _, refuse := a.changeable(card, id); refuse != nil {
		return refuse
	}
	var out []any
	for i, n := range in {
		note := &CardNote{ID: s.nextID(), Account: a.acc.ID, Card: card, Entity: id, Text: n.Params.Text, User: a.token.User, CreatedAt: s.now()}
		s.st.CardNotes = append(s.st.CardNotes, note)
		out = append(out, map[string]any{"id": note.ID, "entity_id": id, "request_id": cmp.Or(n.RequestID, strconv.Itoa(i))})
	}
	s.touch()
	return func() {
		a.json(http.StatusOK, halJSON, map[string]any{"_embedded": map[string]any{"notes": out}})
	}
}

// listNotes is GET of the same; filter[note_type] may name another type, of which
// there are none, order[id] is asc or desc.
func (a *apiCall) listNotes(card string) {
	notes := a.s.CardNotes(a.acc.ID, card, a.pathID())
	switch a.r.URL.Query().Get("order[id]") {
	case "", "asc":
	case "desc":
		slices.Reverse(notes)
	default:
		a.problem(http.StatusBadRequest, Broke, ruleCards, "order[id] is asc or desc")
		return
	}
	if t := a.query("filter[note_type]"); len(t) > 0 && !slices.Contains(t, "common") {
		notes = nil
	}
	var out []map[string]any
	for _, n := range notes {
		out = append(out, map[string]any{
			"id": n.ID, "entity_id": n.Entity, "created_by": n.User, "updated_by": n.User, "created_at": n.CreatedAt.Unix(), "updated_at": n.CreatedAt.Unix(),
			"responsible_user_id": n.User, "note_type": "common", "params": map[string]any{"text": n.Text}, "account_id": n.Account,
			"_links": a.self(fmt.Sprintf("/api/v4/%s/notes/%d", card, n.ID)),
		})
	}
	a.list(ruleCards, "notes", maxEntities, out)
}

// listCustomers is GET /api/v4/customers with query= and with=contacts.
func (a *apiCall) listCustomers() {
	query := strings.ToLower(a.r.URL.Query().Get("query"))
	a.s.mu.Lock()
	var found []Customer
	for _, c := range a.s.st.Customers {
		if c.Account == a.acc.ID && (strings.Contains(strings.ToLower(c.Name), query) || fieldsHold(c.Fields, query)) {
			found = append(found, *c)
		}
	}
	a.s.mu.Unlock()
	var out []map[string]any
	for _, c := range found {
		embedded := map[string]any{"companies": []any{}}
		if a.with("contacts") && c.ContactID != 0 {
			embedded["contacts"] = []any{a.ref("contacts", c.ContactID)}
		}
		out = append(out, map[string]any{
			"id": c.ID, "name": c.Name, "account_id": c.Account, "custom_fields_values": a.fieldsModel(CardCustomers, c.Fields),
			"_links": a.self(fmt.Sprintf("/api/v4/customers/%d", c.ID)), "_embedded": embedded,
		})
	}
	a.list(ruleCards, "customers", maxEntities, out)
}
