package amocrm

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"leadline/backend/chatid"
)

// LeadID names a lead in API v4.
type LeadID int64

// Contact is the card that the CRM keeps about a person (C §7.8).
type Contact struct {
	ID   chatid.ContactID
	Name string
	// Phones and Emails are as operators wrote them.
	Phones, Emails []string
	Leads          []LeadID
	Companies      []CompanyID // one at most
	CreatedAt      time.Time
	// Fields are those that hold something, phones and e-mails among them.
	Fields []FieldValues
}

type wireContact struct {
	ID       chatid.ContactID `json:"id"`
	Name     string           `json:"name"`
	Created  int64            `json:"created_at"`
	Fields   []wireField      `json:"custom_fields_values"` // may be null
	Embedded embedded         `json:"_embedded"`
}

func (w wireContact) contact() Contact {
	out := Contact{
		ID: w.ID, Name: w.Name, Leads: ids[LeadID](w.Embedded, "leads"), Companies: ids[CompanyID](w.Embedded, "companies"),
		CreatedAt: unix(w.Created), Fields: filled(w.Fields),
	}
	for _, f := range w.Fields {
		for _, v := range f.Values {
			var s string
			if json.Unmarshal(v.Value, &s) != nil || s == "" {
				continue
			}
			switch f.Code {
			case "PHONE":
				out.Phones = append(out.Phones, s)
			case "EMAIL":
				out.Emails = append(out.Emails, s)
			}
		}
	}
	return out
}

const contactsPath = "/api/v4/contacts"

// maxFound bounds what a search gives: cards can be large.
const maxFound = 50

// FindContacts searches the cards for a phone number or another text and gives
// the first maxFound. The CRM searches every field and parts of words too, so compare what
// it gives; contacts of incoming leads are not among it (C §7.5).
func (c *Client) FindContacts(ctx context.Context, at Address, access, query string) ([]Contact, error) {
	r := get("find contacts", contactsPath, "leads").page(1, maxFound)
	r.query.Set("query", query)
	items, _, err := list[wireContact](ctx, c, at, access, "contacts", r)
	return convert(items, err, wireContact.contact)
}

// Contact reads one card with its leads; ErrNotFound if it is not there.
func (c *Client) Contact(ctx context.Context, at Address, access string, id chatid.ContactID) (Contact, error) {
	const op = "read contact"
	w, err := one[wireContact](ctx, c, at, access, get(op, below(contactsPath, id), "leads"))
	if err == nil && w.ID != id {
		err = errEmpty(op, "contact of that id")
	}
	if err != nil {
		return Contact{}, err
	}
	return w.contact(), nil
}

// NewContact is a card to be made.
type NewContact struct {
	Name string
	// Phone and Email are "" for none.
	Phone, Email string
}

// CreateContact makes one card. It does not look for one that exists.
func (c *Client) CreateContact(ctx context.Context, at Address, access string, n NewContact) (chatid.ContactID, error) {
	const op = "create contact"
	type value struct {
		Value string `json:"value"`
		Enum  string `json:"enum_code"`
	}
	type field struct {
		Code   string  `json:"field_code"`
		Values []value `json:"values"`
	}
	type item struct {
		Name   string  `json:"name"`
		Fields []field `json:"custom_fields_values,omitempty"`
	}
	fields := []field{{"PHONE", []value{{n.Phone, "WORK"}}}, {"EMAIL", []value{{n.Email, "WORK"}}}}
	fields = slices.DeleteFunc(fields, func(f field) bool { return f.Values[0].Value == "" })
	r := request{op: op, method: http.MethodPost, path: contactsPath, body: []item{{n.Name, fields}}}
	made, _, err := list[wireID[chatid.ContactID]](ctx, c, at, access, "contacts", r)
	switch {
	case err != nil:
		return 0, err
	case len(made) != 1 || made[0].ID <= 0:
		return 0, errEmpty(op, "contact")
	}
	return made[0].ID, nil
}
