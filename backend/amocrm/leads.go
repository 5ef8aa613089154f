package amocrm

import (
	"context"
	"time"

	"leadline/backend/chatid"
)

// StatusID names a stage of a pipeline in API v4.
type StatusID int64

// The stages that every pipeline ends with.
const (
	StageWon  StatusID = 142
	StageLost StatusID = 143
)

// Lead is a deal of the CRM.
type Lead struct {
	ID          LeadID
	Name        string
	Pipeline    chatid.PipelineID
	Status      StatusID
	Responsible chatid.CRMUserID
	Deleted     bool
	ClosedAt    time.Time // zero while it is open
	Contacts    []chatid.ContactID
	Companies   []CompanyID // one at most
	// Price is the budget, 0 for none; Fields are those that hold something.
	Price  int64
	Fields []FieldValues
}

type wireLead struct {
	ID          LeadID            `json:"id"`
	Name        string            `json:"name"`
	Pipeline    chatid.PipelineID `json:"pipeline_id"`
	Status      StatusID          `json:"status_id"`
	Responsible chatid.CRMUserID  `json:"responsible_user_id"`
	Deleted     bool              `json:"is_deleted"`
	ClosedAt    int64             `json:"closed_at"` // null while it is open
	Price       float64           `json:"price"`
	Fields      []wireField       `json:"custom_fields_values"` // may be null
	Embedded    embedded          `json:"_embedded"`
}

func (w wireLead) lead() Lead {
	return Lead{
		ID: w.ID, Name: w.Name, Pipeline: w.Pipeline, Status: w.Status, Responsible: w.Responsible, Deleted: w.Deleted,
		ClosedAt: unix(w.ClosedAt), Contacts: ids[chatid.ContactID](w.Embedded, "contacts"), Companies: ids[CompanyID](w.Embedded, "companies"),
		Price: int64(w.Price), Fields: filled(w.Fields),
	}
}

const leadsPath = "/api/v4/leads"

// Lead reads one lead with its contacts; ErrNotFound if it is not there.
func (c *Client) Lead(ctx context.Context, at Address, access string, id LeadID) (Lead, error) {
	const op = "read lead"
	w, err := one[wireLead](ctx, c, at, access, get(op, below(leadsPath, id), "contacts"))
	if err == nil && w.ID != id {
		err = errEmpty(op, "lead of that id")
	}
	if err != nil {
		return Lead{}, err
	}
	return w.lead(), nil
}

// FindLeads searches the leads as FindContacts does contacts.
func (c *Client) FindLeads(ctx context.Context, at Address, access, query string) ([]Lead, error) {
	r := get("find leads", leadsPath, "contacts").page(1, maxFound)
	r.query.Set("query", query)
	items, _, err := list[wireLead](ctx, c, at, access, "leads", r)
	return convert(items, err, wireLead.lead)
}
