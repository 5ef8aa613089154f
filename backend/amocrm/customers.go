package amocrm

import (
	"context"

	"leadline/backend/chatid"
)

// Customer is a card of a regular buyer.
type Customer struct {
	ID       int64
	Contacts []chatid.ContactID
	Fields   []FieldValues
}

// FindCustomers searches the customers as FindContacts does contacts.
func (c *Client) FindCustomers(ctx context.Context, at Address, access, query string) ([]Customer, error) {
	type wire struct {
		ID       int64       `json:"id"`
		Fields   []wireField `json:"custom_fields_values"` // may be null
		Embedded embedded    `json:"_embedded"`
	}
	r := get("find customers", "/api/v4/customers", "contacts").page(1, maxFound)
	r.query.Set("query", query)
	items, _, err := list[wire](ctx, c, at, access, "customers", r)
	return convert(items, err, func(w wire) Customer {
		return Customer{ID: w.ID, Contacts: ids[chatid.ContactID](w.Embedded, "contacts"), Fields: filled(w.Fields)}
	})
}
