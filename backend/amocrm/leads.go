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
	// Price is the budget, 0 for none; Fields are those that hold something.
	Price  int64
	Fields []FieldValues
}

// Lead reads one lead with its contacts; ErrNotFound if it is not there.
func (c *Client) Lead(ctx context.Context, at Address, access string, id LeadID) (Lead, error) {
	const op = "read lead"
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
	w, err := one[wireLead](ctx, c, at, access, get(op, below("/api/v4/leads", id), "contacts"))
	if err == nil && w.ID != id {
		err = errEmpty(op, "lead of that id")
	}
	if err != nil {
		return Lead{}, err
	}
	return Lead{
		ID: w.ID, Name: w.Name, Pipeline: w.Pipeline, Status: w.Status, Responsible: w.Responsible, Deleted: w.Deleted,
		ClosedAt: unix(w.ClosedAt), Contacts: ids[chatid.ContactID](w.Embedded, "contacts"),
		Price: int64(w.Price), Fields: filled(w.Fields),
	}, nil
}
