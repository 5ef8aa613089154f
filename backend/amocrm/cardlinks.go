package amocrm

import (
	"context"
	"net/http"
)

// Kinds of cards that others are linked to and that have no fields here.
const (
	EntityCompany Entity = "companies"
	EntityElement Entity = "catalog_elements"
)

// CardLink joins a card to another.
type CardLink struct {
	To Entity
	ID int64
	// Catalog is the list that an element stands in; Quantity how many of it, 0 leaves
	// it to the CRM. Both are of elements alone.
	Catalog  int64
	Quantity float64
}

// LinkCard joins a lead or a contact to another card. A repeat changes nothing but a
// quantity.
//
// Source: API v4 reference, "linking entities".
func (c *Client) LinkCard(ctx context.Context, at Address, access string, e Entity, id int64, l CardLink) error {
	type metadata struct {
		Catalog  int64   `json:"catalog_id"`
		Quantity float64 `json:"quantity,omitempty"`
	}
	type item struct {
		ID       int64     `json:"to_entity_id"`
		To       Entity    `json:"to_entity_type"`
		Metadata *metadata `json:"metadata,omitempty"`
	}
	one := item{ID: l.ID, To: l.To}
	if l.To == EntityElement {
		one.Metadata = &metadata{l.Catalog, l.Quantity}
	}
	r := request{op: "link " + string(e), method: http.MethodPost, path: below("/api/v4/"+string(e), id) + "/link", body: []item{one}}
	_, err := c.api(ctx, at, access, r)
	return err
}
