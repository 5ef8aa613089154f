package amocrm

import (
	"context"
	"testing"
	"time"

	"leadline/backend/chatid"
)

// API v4: adding leads, contacts and companies, linking entities.
func TestNewAndLinkedCards(t *testing.T) {
	t.Parallel()
	act := func(f func(context.Context, *Client, Address) error) func(context.Context, *Client, Address) (any, error) {
		return func(ctx context.Context, c *Client, at Address) (any, error) { return nil, f(ctx, c, at) }
	}
	lamps := Company{ID: 300, Name: "Lamps Ltd", CreatedAt: time.Unix(1767225600, 0).UTC()}
	const card = `{"id":300,"name":"Lamps Ltd","created_at":1767225600,"custom_fields_values":null}`
	runCalls(t, []callCase{
		{"contact", "POST", "/api/v4/contacts", bearer,
			`[{"name":"Anna","responsible_user_id":1,"custom_fields_values":[{"field_id":88,"values":[{"value":"a@example.org","enum_id":9}]}],"_embedded":{"tags":[{"name":"vip"}]}}]`, 200,
			`{"_embedded":{"contacts":[{"id":501,"request_id":"0"}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.CreateCard(ctx, at, "AT", EntityContact, NewCard{
					Name: "Anna", Responsible: 1, Tags: []Tag{{"vip"}}, Fields: []FieldValues{{ID: 88, Values: []FieldValue{{Value: "a@example.org", EnumID: 9}}}},
				})
			}, int64(501)},
		{"lead", "POST", "/api/v4/leads", bearer, `[{"name":"Order","price":2000,"status_id":142,"pipeline_id":1300,"_embedded":{"contacts":[{"id":501,"is_main":true}]}}]`, 200,
			`{"_embedded":{"leads":[{"id":7001}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.CreateCard(ctx, at, "AT", EntityLead, NewCard{Name: "Order", Price: 2000, Status: StageWon, Pipeline: 1300, Contact: chatid.ContactID(501)})
			}, int64(7001)},
		{"company", "POST", "/api/v4/companies", bearer, `[{"name":"Lamps Ltd"}]`, 200, `{"_embedded":{"companies":[{"id":300}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.CreateCompany(ctx, at, "AT", "Lamps Ltd")
			}, CompanyID(300)},
		{"one company", "GET", "/api/v4/companies/300", bearer, "", 200, card,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Company(ctx, at, "AT", 300) }, lamps},
		{"find companies", "GET", "/api/v4/companies?limit=50&page=1&query=Lamps", bearer, "", 200, `{"_embedded":{"companies":[` + card + `]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.FindCompanies(ctx, at, "AT", "Lamps")
			}, []Company{lamps}},
		{"link a company", "POST", "/api/v4/leads/7001/link", bearer, `[{"to_entity_id":300,"to_entity_type":"companies"}]`, 200, `{"_embedded":{"links":[]}}`,
			act(func(ctx context.Context, c *Client, at Address) error {
				return c.LinkCard(ctx, at, "AT", EntityLead, 7001, CardLink{To: EntityCompany, ID: 300, Catalog: 5, Quantity: 5})
			}), nil},
		{"link an element", "POST", "/api/v4/contacts/501/link", bearer, `[{"to_entity_id":151,"to_entity_type":"catalog_elements","metadata":{"catalog_id":15,"quantity":2.5}}]`, 200, `{}`,
			act(func(ctx context.Context, c *Client, at Address) error {
				return c.LinkCard(ctx, at, "AT", EntityContact, 501, CardLink{To: EntityElement, ID: 151, Catalog: 15, Quantity: 2.5})
			}), nil},
		{"incoming leads, newest first", "GET", "/api/v4/leads/unsorted?filter[category][]=chats&limit=250&order[created_at]=desc&page=2", bearer, "", 204, "",
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return pageOf(c.UnsortedChats(ctx, at, "AT", UnsortedFilter{Newest: true, Page: 2}))
			}, paged[Unsorted]{Items: []Unsorted{}}},
	})
}
