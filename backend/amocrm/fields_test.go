package amocrm

import (
	"context"
	"testing"
	"time"
)

// The shapes are those of API v4's pages on custom fields, leads and notes, which
// O TRK-4 and META-1 rest on.
func TestFieldsNotesAndChanges(t *testing.T) {
	t.Parallel()
	price := int64(0)
	runCalls(t, []callCase{
		{"fields of leads", "GET", "/api/v4/leads/custom_fields?limit=250&page=1", bearer, "", 200,
			`{"_page":1,"_embedded":{"custom_fields":[{"id":3,"name":"Source","type":"select","code":null,"enums":[{"id":31,"value":"Ad","sort":1}]},{"id":4,"name":"utm_source","type":"tracking_data","code":"UTM_SOURCE","enums":null}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				f, _, err := c.Fields(ctx, at, "AT", EntityLead, 1)
				return f, err
			}, []Field{{ID: 3, Name: "Source", Type: FieldSelect, Enums: []FieldEnum{{ID: 31, Value: "Ad"}}}, {ID: 4, Name: "utm_source", Code: "UTM_SOURCE", Type: FieldTrackingData}}},
		{"no fields", "GET", "/api/v4/customers/custom_fields?limit=250&page=1", bearer, "", 204, "",
			func(ctx context.Context, c *Client, at Address) (any, error) {
				f, _, err := c.Fields(ctx, at, "AT", EntityCustomer, 1)
				return f, err
			}, []Field{}},
		{"a lead with fields", "GET", "/api/v4/leads/7001?with=contacts", bearer, "", 200,
			`{"id":7001,"name":"L","price":150,"custom_fields_values":[{"field_id":5,"field_code":null,"field_type":"checkbox","values":[{"value":false}]},{"field_id":6,"field_type":"text","values":[{"value":""}]},{"field_id":7,"field_type":"select","values":[{"value":"Ad","enum_id":31,"enum_code":null}]}]}`,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Lead(ctx, at, "AT", 7001) },
			Lead{ID: 7001, Name: "L", Price: 150, Fields: []FieldValues{
				{ID: 5, Type: FieldCheckbox, Values: []FieldValue{{Value: false}}}, {ID: 7, Type: FieldSelect, Values: []FieldValue{{Value: "Ad", EnumID: 31}}}}}},
		{"change a lead", "PATCH", "/api/v4/leads/7001", bearer,
			`{"name":"From the site","price":0,"custom_fields_values":[{"field_id":3,"values":[{"enum_id":31}]},{"field_code":"UTM_SOURCE","values":[{"value":"ad"}]}],"tags_to_add":[{"name":"site"}]}`,
			200, `{"id":7001,"updated_at":1767225600}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return nil, c.ChangeCard(ctx, at, "AT", EntityLead, 7001, CardChange{Name: "From the site", Price: &price, Fields: []FieldValues{
					{ID: 3, Code: "SOURCE", Values: []FieldValue{{EnumID: 31}}}, {Code: "UTM_SOURCE", Values: []FieldValue{{Value: "ad"}}}}, AddTags: []Tag{{"site"}}})
			}, nil},
		{"write a note", "POST", "/api/v4/contacts/501/notes", bearer, `[{"note_type":"common","params":{"text":"From the site: x"}}]`, 200, `{"_embedded":{"notes":[{"id":9,"entity_id":501}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.AddNote(ctx, at, "AT", EntityContact, 501, "From the site: x")
			}, int64(9)},
		{"read notes", "GET", "/api/v4/leads/7001/notes?filter%5Bnote_type%5D=common&limit=250&order%5Bid%5D=desc&page=1", bearer, "", 200,
			`{"_embedded":{"notes":[{"id":9,"created_by":1,"created_at":1767225600,"note_type":"common","params":{"text":"x"}}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.Notes(ctx, at, "AT", EntityLead, 7001)
			}, []Note{{ID: 9, Type: NoteCommon, Text: "x", CreatedBy: 1, CreatedAt: time.Unix(1767225600, 0).UTC()}}},
	})
}
