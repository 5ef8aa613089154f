package amocrm

import (
	"context"
	"net/http"

	"leadline/backend/chatid"
)

// NewCard is a lead or a contact to be made; zero fields are left to the CRM.
type NewCard struct {
	Name        string
	Responsible chatid.CRMUserID
	Fields      []FieldValues
	Tags        []Tag
	// Those of leads alone; Contact is their main one.
	Price    int64
	Status   StatusID
	Pipeline chatid.PipelineID
	Contact  chatid.ContactID
}

// CreateCard makes a lead or a contact. A repeat makes another one; one wrong field is
// an error as in ChangeCard, and nothing is made.
//
// Source: API v4 reference, "adding leads" and "adding contacts".
func (c *Client) CreateCard(ctx context.Context, at Address, access string, e Entity, n NewCard) (id int64, err error) {
	op := "create " + string(e)
	type main struct {
		ID   chatid.ContactID `json:"id"`
		Main bool             `json:"is_main"`
	}
	type embedded struct {
		Tags     []Tag  `json:"tags,omitempty"`
		Contacts []main `json:"contacts,omitempty"`
	}
	type item struct {
		Name        string            `json:"name,omitempty"`
		Responsible chatid.CRMUserID  `json:"responsible_user_id,omitempty"`
		Price       int64             `json:"price,omitempty"`
		Status      StatusID          `json:"status_id,omitempty"`
		Pipeline    chatid.PipelineID `json:"pipeline_id,omitempty"`
		Fields      []FieldValues     `json:"custom_fields_values,omitempty"`
		Embedded    *embedded         `json:"_embedded,omitempty"`
	}
	one := item{Name: n.Name, Responsible: n.Responsible, Price: n.Price, Status: n.Status, Pipeline: n.Pipeline, Fields: n.Fields}
	if len(n.Tags) > 0 || n.Contact != 0 {
		one.Embedded = &embedded{Tags: n.Tags}
		if n.Contact != 0 {
			one.Embedded.Contacts = []main{{n.Contact, true}}
		}
	}
	r := request{op: op, method: http.MethodPost, path: "/api/v4/" + string(e), body: []item{one}}
	made, _, err := list[wireID[int64]](ctx, c, at, access, string(e), r)
	switch {
	case err != nil:
		return 0, err
	case len(made) != 1 || made[0].ID <= 0:
		return 0, errEmpty(op, "card")
	}
	return made[0].ID, nil
}
