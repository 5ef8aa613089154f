package amocrm

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"leadline/backend/chatid"
)

// Entity is a kind of card, as its path and its lists are called.
type Entity string

// The kinds of cards that have fields of the account's own.
const (
	EntityLead     Entity = "leads"
	EntityContact  Entity = "contacts"
	EntityCustomer Entity = "customers"
)

// FieldID names a field of an account in API v4.
type FieldID int64

// Types of fields that are told apart here; there are more.
const (
	FieldText         = "text"
	FieldNumeric      = "numeric"
	FieldCheckbox     = "checkbox"
	FieldSelect       = "select"
	FieldMultiselect  = "multiselect"
	FieldRadio        = "radiobutton"
	FieldMultitext    = "multitext"
	FieldDate         = "date"
	FieldDateTime     = "date_time"
	FieldBirthday     = "birthday"
	FieldURL          = "url"
	FieldTextarea     = "textarea"
	FieldStreet       = "streetaddress"
	FieldAddress      = "smart_address"
	FieldPrice        = "price"
	FieldMonetary     = "monetary"
	FieldTrackingData = "tracking_data"
)

// Field is one field that an account's cards have beside the built-in ones.
type Field struct {
	ID   FieldID
	Name string
	// Code is empty for most fields that people made.
	Code string
	Type string
	// Enums are the options of a list, and the kinds of a multitext's values.
	Enums []FieldEnum
}

// FieldEnum is one option. Code is empty for most.
type FieldEnum struct {
	ID    int64  `json:"id"`
	Value string `json:"value"`
	Code  string `json:"code"`
}

// Fields reads a page of the account's fields for one kind of card, from 1.
func (c *Client) Fields(ctx context.Context, at Address, access string, e Entity, page int) (fields []Field, more bool, err error) {
	type wire struct {
		ID    FieldID     `json:"id"`
		Name  string      `json:"name"`
		Code  string      `json:"code"` // may be null
		Type  string      `json:"type"`
		Enums []FieldEnum `json:"enums"` // may be null
	}
	r := get("list fields", "/api/v4/"+string(e)+"/custom_fields", "").page(page, MaxPage)
	items, more, err := list[wire](ctx, c, at, access, "custom_fields", r)
	fields, err = convert(items, err, func(w wire) Field { return Field(w) })
	return fields, more, err
}

// FieldValues is what a card holds, or is to hold, in one field: the field is
// named by its id or by its code.
type FieldValues struct {
	ID     FieldID      `json:"field_id,omitempty"`
	Code   string       `json:"field_code,omitempty"`
	Type   string       `json:"-"`
	Values []FieldValue `json:"values"`
}

// FieldValue is one value. Value is a string, a number or a bool, as the field's
// type has it; what is read is as JSON decodes it. EnumID or EnumCode is the option,
// the kind of a multitext's value, or the part of an address.
type FieldValue struct {
	Value    any    `json:"value,omitempty"`
	EnumID   int64  `json:"enum_id,omitempty"`
	EnumCode string `json:"enum_code,omitempty"`
}

// filled reads the fields of a card that hold something.
func filled(wire []wireField) []FieldValues {
	var out []FieldValues
	for _, w := range wire {
		f := FieldValues{ID: w.ID, Code: w.Code, Type: w.Type}
		for _, v := range w.Values {
			one := FieldValue{EnumID: v.EnumID, EnumCode: v.EnumCode}
			if json.Unmarshal(v.Value, &one.Value) == nil && one.Value != nil && one.Value != "" || one.EnumID != 0 {
				f.Values = append(f.Values, one)
			}
		}
		if len(f.Values) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// wireField is one field of a card. Values have other types in other fields.
type wireField struct {
	ID     FieldID `json:"field_id"`
	Code   string  `json:"field_code"`
	Type   string  `json:"field_type"`
	Values []struct {
		Value    json.RawMessage `json:"value"`
		EnumID   int64           `json:"enum_id"`
		EnumCode string          `json:"enum_code"`
	} `json:"values"`
}

// CardChange is what to change of a lead or a contact; zero fields stay.
type CardChange struct {
	Name        string           `json:"name,omitempty"`
	Responsible chatid.CRMUserID `json:"responsible_user_id,omitempty"`
	// Price, Status and Pipeline are of leads alone.
	Price    *int64            `json:"price,omitempty"`
	Status   StatusID          `json:"status_id,omitempty"`
	Pipeline chatid.PipelineID `json:"pipeline_id,omitempty"`
	Fields   []FieldValues     `json:"custom_fields_values,omitempty"`
	// AddTags and DropTags leave other tags as they are.
	AddTags  []Tag `json:"tags_to_add,omitempty"`
	DropTags []Tag `json:"tags_to_delete,omitempty"`
}

// Tag is a label of a card, by its name.
type Tag struct {
	Name string `json:"name"`
}

// Empty tells that there is nothing to change.
func (ch CardChange) Empty() bool {
	return ch.Name == "" && ch.Responsible == 0 && ch.Price == nil && ch.Status == 0 && ch.Pipeline == 0 && len(ch.Fields)+len(ch.AddTags)+len(ch.DropTags) == 0
}

// ChangeCard changes a lead or a contact. The CRM takes all of it or nothing; one
// wrong field is an *APIError of status 400 whose Items name its path,
// "custom_fields_values.N…".
func (c *Client) ChangeCard(ctx context.Context, at Address, access string, e Entity, id int64, ch CardChange) error {
	ch.Fields = slices.Clone(ch.Fields)
	for i := range ch.Fields {
		if ch.Fields[i].ID != 0 {
			ch.Fields[i].Code = "" // the CRM takes one of the two
		}
	}
	_, err := c.api(ctx, at, access, request{op: "change " + string(e), method: http.MethodPatch, path: below("/api/v4/"+string(e), id), body: ch})
	return err
}
