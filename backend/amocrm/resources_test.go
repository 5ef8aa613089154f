package amocrm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"leadline/backend/chatid"
)

const (
	bearer    = "Authorization: Bearer AT"
	chat      = "5f0c2d1e-7b64-4a39-8c0d-2e9b1f6a7c55"
	emptyPHP  = `{"_page":1,"_links":[],"_embedded":[]}` // an empty object of PHP is a list
	nextPage  = `"_links":{"self":{"href":"https://shop.amocrm.ru/x?page=1"},"next":{"href":"https://shop.amocrm.ru/x?page=2"}}`
	lastPage  = `"_links":{"self":{"href":"https://shop.amocrm.ru/x?page=2"}}`
	hookAddr  = "https://app.example.test/crm/hooks/0123456789abcdef"
	oneSource = `{"id":9001,"name":"Line 2","pipeline_id":1300,"external_id":"line-2","default":false,"origin_code":null,"services":[]}`
)

// paged is what a list gives: the items and whether more follow.
type paged[T any] struct {
	Items []T
	More  bool
}

func pageOf[T any](items []T, more bool, err error) (any, error) {
	return paged[T]{items, more}, err
}

// C §7.1: the forms that a single source and a batch have.
func TestSources(t *testing.T) {
	t.Parallel()
	line2 := Source{ID: 9001, Name: "Line 2", ExternalID: "line-2", Pipeline: 1300}
	longest := strings.Repeat("x", 35) + "~"
	runCalls(t, []callCase{
		{"one", "GET", "/api/v4/sources/9001", bearer, "", 200, oneSource,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Source(ctx, at, "AT", 9001) }, line2},
		{"rename one", "PATCH", "/api/v4/sources/9001", bearer, `{"name":"Line 2"}`, 200, oneSource,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.UpdateSource(ctx, at, "AT", SourceChange{ID: 9001, Name: ptr("Line 2")})
			}, line2},
		{"another pipeline, made the default", "PATCH", "/api/v4/sources", bearer, `[{"id":9001,"pipeline_id":1300,"default":true}]`, 200, `{"_embedded":{"sources":[` + oneSource + `]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.UpdateSources(ctx, at, "AT", SourceChange{ID: 9001, Pipeline: ptr(chatid.PipelineID(1300)), Default: ptr(true)})
			}, []Source{line2}},
		{"external id of 36 characters", "POST", "/api/v4/sources", bearer, `[{"name":"L","external_id":"` + longest + `","request_id":"0"}]`, 200,
			`{"_embedded":{"sources":[{"id":1,"name":"L","external_id":"` + longest + `"}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.CreateSources(ctx, at, "AT", Source{Name: "L", ExternalID: longest})
			}, []Source{{ID: 1, Name: "L", ExternalID: longest}}},
		{"delete several", "DELETE", "/api/v4/sources", bearer, `[{"id":1},{"id":2}]`, 204, "",
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return nil, c.DeleteSources(ctx, at, "AT", 1, 2)
			}, nil},
		{"none, as PHP writes it", "GET", "/api/v4/sources", bearer, "", 200, emptyPHP,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Sources(ctx, at, "AT") }, []Source{}},
	})
}

// C §7.2.
// API v4 reference, "pipelines list": all in one answer.
func TestPipelines(t *testing.T) {
	t.Parallel()
	runCalls(t, []callCase{
		{"all", "GET", "/api/v4/leads/pipelines", bearer, "", 200, `{"_total_items":2,"_links":{"self":{"href":"https://shop.amocrm.ru/api/v4/leads/pipelines"}},"_embedded":{"pipelines":[
			{"id":1300,"name":"Main","sort":1,"is_main":true,"is_unsorted_on":true,"is_archive":false,"account_id":31000001,"_embedded":{"statuses":[{"id":142,"name":"Won"}]}},
			{"id":1302,"name":"Old","sort":2,"is_main":false,"is_unsorted_on":true,"is_archive":true,"account_id":31000001,"_embedded":{"statuses":[]}}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Pipelines(ctx, at, "AT") },
			[]Pipeline{{ID: 1300, Name: "Main", Main: true}, {ID: 1302, Name: "Old", Archived: true}}},
	})
}

func TestTalks(t *testing.T) {
	t.Parallel()
	const answer = `{"talk_id":117,"created_at":1767225600,"updated_at":1767225800,"rate":0,"contact_id":501,"chat_id":"` + chat + `","entity_id":7001,"entity_type":"lead","is_in_work":true,"is_read":false,"origin":"amo.ext.some_code","missed_at":null,"account_id":31000001,"_links":{"self":{"href":"https://shop.amocrm.ru/api/v4/talks/117"}},"_embedded":{"contacts":[{"id":501}],"leads":[{"id":7001}],"customers":[]}}`
	talk := Talk{ID: 117, Chat: chat, Contact: 501, EntityType: "lead", EntityID: 7001, InWork: true, Origin: "amo.ext.some_code",
		CreatedAt: time.Unix(1767225600, 0).UTC(), UpdatedAt: time.Unix(1767225800, 0).UTC()}
	closing := func(force bool) func(context.Context, *Client, Address) (any, error) {
		return func(ctx context.Context, c *Client, at Address) (any, error) {
			return nil, c.CloseTalk(ctx, at, "AT", 117, force)
		}
	}
	all := func(f TalkFilter) func(context.Context, *Client, Address) (any, error) {
		return func(ctx context.Context, c *Client, at Address) (any, error) {
			return pageOf(c.Talks(ctx, at, "AT", f))
		}
	}
	runCalls(t, []callCase{
		{"one", "GET", "/api/v4/talks/117", bearer, "", 200, answer, func(ctx context.Context, c *Client, at Address) (any, error) { return c.Talk(ctx, at, "AT", 117) }, talk},
		{"one of nothing", "GET", "/api/v4/talks/118", bearer, "", 200, `{"talk_id":118,"entity_id":null,"entity_type":null,"is_in_work":false,"is_read":true,"missed_at":1767225800}`,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Talk(ctx, at, "AT", 118) },
			Talk{ID: 118, Read: true, MissedAt: time.Unix(1767225800, 0).UTC()}},
		{"close", "POST", "/api/v4/talks/117/close", bearer, `{}`, 202, "", closing(false), nil},
		{"close by force", "POST", "/api/v4/talks/117/close", bearer, `{"force_close":true}`, 202, "", closing(true), nil},
		{"close what is closed", "POST", "/api/v4/talks/117/close", bearer, `{}`, 422, `{"title":"Unprocessable Entity","status":422}`, closing(false), nil},
		{"list of Kommo", "GET", "/api/v4/talks?filter[contact_id][]=501&filter[contact_id][]=502&filter[only_in_work]=1&limit=250&page=2", bearer, "", 200,
			`{` + nextPage + `,"_embedded":{"talks":[{"talk_id":1,"status":"nps_in_progress"},{"talk_id":2,"status":"closed"},{"talk_id":3,"status":"with_error","is_in_work":false}]}}`,
			all(TalkFilter{Contacts: []chatid.ContactID{501, 502}, OnlyInWork: true, Page: 2}),
			paged[Talk]{[]Talk{{ID: 1, Status: "nps_in_progress", InWork: true}, {ID: 2, Status: "closed"}, {ID: 3, Status: "with_error"}}, true}},
		{"empty list", "GET", "/api/v4/talks?limit=250&page=1", bearer, "", 204, "", all(TalkFilter{}), paged[Talk]{Items: []Talk{}}},
	})
}

// C §6: amojo_id may be null.
func TestUsers(t *testing.T) {
	t.Parallel()
	runCalls(t, []callCase{
		{"first page", "GET", "/api/v4/users?limit=250&page=1&with=amojo_id", bearer, "", 200,
			`{` + nextPage + `,"_embedded":{"users":[{"id":1,"name":"Oleg","amojo_id":"3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815","avatar":"https://i.example.org/1.jpg","rights":{"is_admin":true,"is_active":true}},{"id":2,"name":"Eva","amojo_id":null,"avatar":null,"rights":{"is_active":false}}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return pageOf(c.Users(ctx, at, "AT", 0))
			},
			paged[User]{[]User{{ID: 1, Name: "Oleg", AmojoID: "3c8e5a70-1d42-4f9b-b6e3-90a7d2c4f815", Avatar: "https://i.example.org/1.jpg", IsAdmin: true, IsActive: true}, {ID: 2, Name: "Eva"}}, true}},
		{"last page", "GET", "/api/v4/users?limit=250&page=2&with=amojo_id", bearer, "", 200, `{` + lastPage + `,"_embedded":{"users":[{"id":3}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return pageOf(c.Users(ctx, at, "AT", 2))
			}, paged[User]{Items: []User{{ID: 3, IsActive: true}}}},
		// Whether there is an avatar, and in what form, is not documented.
		{"forms of an avatar", "GET", "/api/v4/users?limit=250&page=1&with=amojo_id", bearer, "", 200,
			`{` + lastPage + `,"_embedded":{"users":[{"id":1,"avatar":"/frontend/a.png?v=2"},{"id":2,"avatar":"//i.example.org/a.png"},{"id":3,"avatar":{"url":"x"}},{"id":4,"avatar":false},{"id":5,"avatar":"javascript:alert(1)"},{"id":6,"avatar":""},{"id":7,"avatar":"https://i.example.org/` + strings.Repeat("a", 2100) + `"}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return pageOf(c.Users(ctx, at, "AT", 1))
			}, paged[User]{Items: []User{
				{ID: 1, Avatar: "http://democo.amocrm.localhost:9000/frontend/a.png?v=2", IsActive: true}, {ID: 2, Avatar: "http://i.example.org/a.png", IsActive: true},
				{ID: 3, IsActive: true}, {ID: 4, IsActive: true}, {ID: 5, IsActive: true}, {ID: 6, IsActive: true}, {ID: 7, IsActive: true},
			}}},
	})
}

// C §7.3.
func TestTemplates(t *testing.T) {
	t.Parallel()
	const answer = `{"_page":1,` + lastPage + `,"_embedded":{"chat_templates":[{"id":901,"account_id":31000001,"name":"Order ready","content":"Hello {{contact.name}}, your order is ready","created_at":1767225600,"updated_at":1767225601,"buttons":[{"type":"inline","text":"Thanks"}],"attachment":null,"is_editable":false,"external_id":"tpl-order","type":"amocrm","review_status":null}]}}`
	ready := Template{ID: 901, Name: "Order ready", Content: "Hello {{contact.name}}, your order is ready", ExternalID: "tpl-order", Type: "amocrm",
		Buttons: []TemplateButton{{Type: "inline", Text: "Thanks"}}, CreatedAt: time.Unix(1767225600, 0).UTC(), UpdatedAt: time.Unix(1767225601, 0).UTC()}
	runCalls(t, []callCase{
		{"list", "GET", "/api/v4/chats/templates?filter[external_id]=tpl-order&limit=50&page=1", bearer, "", 200, answer,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return pageOf(c.Templates(ctx, at, "AT", "tpl-order", 1))
			}, paged[Template]{Items: []Template{ready}}},
		{"none", "GET", "/api/v4/chats/templates?limit=50&page=1", bearer, "", 204, "",
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return pageOf(c.Templates(ctx, at, "AT", "", 1))
			}, paged[Template]{Items: []Template{}}},
		{"one with a file", "GET", "/api/v4/chats/templates/5", bearer, "", 200, `{"id":5,"external_id":null,"buttons":null,"attachment":{"id":"u","name":"a.jpg","type":"picture","is_external":false}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Template(ctx, at, "AT", 5) },
			Template{ID: 5, Attachment: &TemplateAttachment{"u", "a.jpg", "picture"}}},
		{"create", "POST", "/api/v4/chats/templates", bearer,
			`[{"name":"Order ready","content":"Hello {{contact.name}}, your order is ready","external_id":"tpl-order","type":"amocrm","is_editable":false,"buttons":[{"type":"inline","text":"Thanks"}]}]`, 200, answer,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.CreateTemplates(ctx, at, "AT", Template{Name: ready.Name, Content: ready.Content, ExternalID: "tpl-order", Type: "amocrm", Buttons: ready.Buttons})
			}, []Template{ready}},
		{"change", "PATCH", "/api/v4/chats/templates", bearer, `[{"id":901,"name":"Order ready","is_editable":false,"buttons":[{"type":"url","text":"Shop","url":"https://shop.example.org"}]}]`, 200, answer,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.UpdateTemplates(ctx, at, "AT", TemplateChange{ID: 901, Name: ptr("Order ready"), Editable: ptr(false), Buttons: &[]TemplateButton{{"url", "Shop", "https://shop.example.org"}}})
			}, []Template{ready}},
		{"delete", "DELETE", "/api/v4/chats/templates/901", bearer, "", 204, "",
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return nil, c.DeleteTemplate(ctx, at, "AT", 901)
			}, nil},
	})
}

// C §7.4 and §7.8. What is answered when nothing is found is UNCONFIRMED.
func TestContactsAndTheirChats(t *testing.T) {
	t.Parallel()
	const card = `{"id":501,"name":"Anna Petrova","custom_fields_values":[{"field_id":1,"field_code":"PHONE","values":[{"value":"+7 999 000-11-22","enum_code":"WORK"},{"value":79990003344}]},{"field_code":"EMAIL","values":[{"value":"anna@example.org"}]},{"field_code":null,"values":[{"value":{"a":1}}]}],"_embedded":{"leads":[{"id":7001}]}}`
	anna := Contact{ID: 501, Name: "Anna Petrova", Phones: []string{"+7 999 000-11-22"}, Emails: []string{"anna@example.org"}, Leads: []LeadID{7001}, Fields: []FieldValues{
		{ID: 1, Code: "PHONE", Values: []FieldValue{{Value: "+7 999 000-11-22", EnumCode: "WORK"}, {Value: 79990003344.0}}},
		{Code: "EMAIL", Values: []FieldValue{{Value: "anna@example.org"}}}, {Values: []FieldValue{{Value: map[string]any{"a": 1.0}}}},
	}}
	link := []ChatLink{{Contact: 501, Chat: chat}}
	ofChat := func(ctx context.Context, c *Client, at Address) (any, error) {
		return c.LinksOfChat(ctx, at, "AT", chat)
	}
	runCalls(t, []callCase{
		{"find by phone", "GET", "/api/v4/contacts?limit=50&page=1&query=%2B79990001122&with=leads", bearer, "", 200, `{"_embedded":{"contacts":[` + card + `]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.FindContacts(ctx, at, "AT", "+79990001122")
			}, []Contact{anna}},
		{"find nobody", "GET", "/api/v4/contacts?limit=50&page=1&query=x&with=leads", bearer, "", 204, "",
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.FindContacts(ctx, at, "AT", "x")
			}, []Contact{}},
		{"one", "GET", "/api/v4/contacts/501?with=leads", bearer, "", 200, card,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Contact(ctx, at, "AT", 501) }, anna},
		{"one with nothing", "GET", "/api/v4/contacts/501?with=leads", bearer, "", 200, `{"id":501,"name":"","custom_fields_values":null,"_embedded":[]}`,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Contact(ctx, at, "AT", 501) }, Contact{ID: 501}},
		{"create", "POST", "/api/v4/contacts", bearer,
			`[{"name":"Anna Petrova","custom_fields_values":[{"field_code":"PHONE","values":[{"value":"+79990001122","enum_code":"WORK"}]},{"field_code":"EMAIL","values":[{"value":"anna@example.org","enum_code":"WORK"}]}]}]`,
			200, `{"_embedded":{"contacts":[{"id":501,"request_id":"0"}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.CreateContact(ctx, at, "AT", NewContact{"Anna Petrova", "+79990001122", "anna@example.org"})
			}, chatid.ContactID(501)},
		{"create by name alone", "POST", "/api/v4/contacts", bearer, `[{"name":"Anna"}]`, 200, `{"_embedded":{"contacts":[{"id":501}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.CreateContact(ctx, at, "AT", NewContact{Name: "Anna"})
			}, chatid.ContactID(501)},
		{"link", "POST", "/api/v4/contacts/chats", bearer, `[{"contact_id":501,"chat_id":"` + chat + `","request_id":"0"}]`, 200,
			`{"_total_items":1,"_embedded":{"chats":[{"chat_id":"` + chat + `","contact_id":501,"id":26219,"request_id":"0"}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.LinkChats(ctx, at, "AT", link...)
			}, link},
		{"contact of a chat", "GET", "/api/v4/contacts/chats?chat_id=" + chat, bearer, "", 200, `{"_embedded":{"chats":[{"chat_id":"` + chat + `","contact_id":501,"id":26219}]}}`, ofChat, link},
		{"nobody's chat, 204", "GET", "/api/v4/contacts/chats?chat_id=" + chat, bearer, "", 204, "", ofChat, []ChatLink{}},
		{"nobody's chat, empty list", "GET", "/api/v4/contacts/chats?chat_id=" + chat, bearer, "", 200, `{"_total_items":0,"_embedded":{"chats":[]}}`, ofChat, []ChatLink{}},
		{"chats of a contact", "GET", "/api/v4/contacts/chats?contact_id=501", bearer, "", 200, `{"_embedded":{"chats":[{"chat_id":"` + chat + `","contact_id":501}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.LinksOfContact(ctx, at, "AT", 501)
			}, link},
	})
}

// C §7.5.
func TestUnsortedAndLeads(t *testing.T) {
	t.Parallel()
	const answer = `{"uid":"a1f4c09e","source_uid":null,"source_name":"Support line","category":"chats","pipeline_id":1300,"created_at":1767225601,"metadata":{"from":"Anna Petrova","to":"line-2","received_at":1767225600,"service":"amo.ext.some_code","client":{"name":"Anna Petrova","avatar":null},"origin":{"chat_id":"` + chat + `","ref":null,"visitor_uid":null},"last_message_text":"Is it still available?","source_name":"Support line"},"account_id":31000001,"_embedded":{"contacts":[{"id":501}],"leads":[{"id":7001}],"companies":[]}}`
	lead := Unsorted{UID: "a1f4c09e", Category: "chats", SourceName: "Support line", Pipeline: 1300, CreatedAt: time.Unix(1767225601, 0).UTC(),
		Chat: chat, ClientName: "Anna Petrova", Contacts: []chatid.ContactID{501}, Leads: []LeadID{7001}}
	act := func(f func(context.Context, *Client, Address) error) func(context.Context, *Client, Address) (any, error) {
		return func(ctx context.Context, c *Client, at Address) (any, error) { return nil, f(ctx, c, at) }
	}
	runCalls(t, []callCase{
		{"list", "GET", "/api/v4/leads/unsorted?filter[category][]=chats&filter[pipeline_id]=1300&filter[uid]=a1f4c09e&limit=250&order[created_at]=asc&page=1", bearer, "", 200,
			`{` + lastPage + `,"_embedded":{"unsorted":[` + answer + `]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return pageOf(c.UnsortedChats(ctx, at, "AT", UnsortedFilter{UID: "a1f4c09e", Pipeline: 1300}))
			}, paged[Unsorted]{Items: []Unsorted{lead}}},
		{"one", "GET", "/api/v4/leads/unsorted/a1f4c09e", bearer, "", 200, answer,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.UnsortedLead(ctx, at, "AT", "a1f4c09e")
			}, lead},
		{"accept", "POST", "/api/v4/leads/unsorted/a1f4c09e/accept", bearer, `{"user_id":1,"status_id":2}`, 200, `{}`, act(func(ctx context.Context, c *Client, at Address) error {
			return c.AcceptUnsorted(ctx, at, "AT", "a1f4c09e", Acceptance{User: 1, Status: 2})
		}), nil},
		{"decline", "DELETE", "/api/v4/leads/unsorted/a1f4c09e/decline", bearer, `{"user_id":1}`, 200, `{}`, act(func(ctx context.Context, c *Client, at Address) error {
			return c.DeclineUnsorted(ctx, at, "AT", "a1f4c09e", 1)
		}), nil},
		{"link", "POST", "/api/v4/leads/unsorted/a1f4c09e/link", bearer, `{"link":{"entity_id":7001,"entity_type":"leads","metadata":{"contact_id":501}},"user_id":1}`, 200, `{}`,
			act(func(ctx context.Context, c *Client, at Address) error {
				return c.LinkUnsorted(ctx, at, "AT", "a1f4c09e", UnsortedLink{Lead: 7001, Contact: 501, User: 1})
			}), nil},
		{"link to a lead alone", "POST", "/api/v4/leads/unsorted/a1f4c09e/link", bearer, `{"link":{"entity_id":7001,"entity_type":"leads"}}`, 200, "",
			act(func(ctx context.Context, c *Client, at Address) error {
				return c.LinkUnsorted(ctx, at, "AT", "a1f4c09e", UnsortedLink{Lead: 7001})
			}), nil},
		{"lead", "GET", "/api/v4/leads/7001?with=contacts", bearer, "", 200, `{"id":7001,"name":"Deal","price":0,"responsible_user_id":1,"status_id":142,"pipeline_id":1300,"closed_at":1767225900,"is_deleted":false,"_embedded":{"contacts":[{"id":501,"is_main":true}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Lead(ctx, at, "AT", 7001) },
			Lead{ID: 7001, Name: "Deal", Pipeline: 1300, Status: StageWon, Responsible: 1, ClosedAt: time.Unix(1767225900, 0).UTC(), Contacts: []chatid.ContactID{501}}},
		{"open lead", "GET", "/api/v4/leads/7001?with=contacts", bearer, "", 200, `{"id":7001,"name":null,"closed_at":null,"_embedded":[]}`,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Lead(ctx, at, "AT", 7001) }, Lead{ID: 7001}},
	})
}

// C §7.6.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	runCalls(t, []callCase{
		{"subscribe", "POST", "/api/v4/webhooks", bearer, `{"destination":"` + hookAddr + `","settings":["add_talk","update_talk"]}`, 201, `{"id":1,"destination":"` + hookAddr + `"}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return nil, c.Subscribe(ctx, at, "AT", hookAddr, EventTalkAdded, EventTalkUpdated)
			}, nil},
		{"list all", "GET", "/api/v4/webhooks", bearer, "", 200, `{"_embedded":{"webhooks":[{"id":1,"destination":"` + hookAddr + `","settings":["add_talk"],"disabled":true},{"id":2,"destination":"https://other.example.test"}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) { return c.Webhooks(ctx, at, "AT", "") },
			[]Webhook{{1, hookAddr, []string{"add_talk"}, true}, {ID: 2, Destination: "https://other.example.test"}}},
		{"ours, from a CRM that gives all", "GET", "/api/v4/webhooks?filter[destination]=" + hookAddr, bearer, "", 200, `{"_embedded":{"webhooks":[{"id":1,"destination":"` + hookAddr + `"},{"id":2,"destination":"https://other.example.test"}]}}`,
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return c.Webhooks(ctx, at, "AT", hookAddr)
			},
			[]Webhook{{ID: 1, Destination: hookAddr}}},
		{"unsubscribe", "DELETE", "/api/v4/webhooks", bearer, `{"destination":"` + hookAddr + `"}`, 204, "",
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return nil, c.Unsubscribe(ctx, at, "AT", hookAddr)
			}, nil},
		{"unsubscribe what is gone", "DELETE", "/api/v4/webhooks", bearer, `{"destination":"` + hookAddr + `"}`, 404, "",
			func(ctx context.Context, c *Client, at Address) (any, error) {
				return nil, c.Unsubscribe(ctx, at, "AT", hookAddr)
			}, nil},
	})
}

// The address of a webhook is a capability: the CRM's words may quote it, ours not.
func TestWebhookAddressStaysSecret(t *testing.T) {
	t.Parallel()
	const secret = "01234567"
	for name, body := range map[string]string{
		"in the detail":   `{"title":"Bad Request","detail":"destination ` + hookAddr + ` is taken"}`,
		"cut":             `{"title":"Bad Request","detail":"` + strings.Repeat("x", maxDetail-len("Bad Request: ")-len(hookAddr)+3) + hookAddr + `"}`,
		"its end alone":   `{"title":"Bad Request","detail":"0123456789abcdef is taken"}`,
		"in an item":      `{"validation-errors":[{"request_id":"0","errors":[{"code":"X","path":"` + hookAddr + `","detail":"` + hookAddr + `"}]}]}`,
		"in no JSON":      "not a good address: " + hookAddr,
		"escaped by JSON": `[{"destination":"` + strings.ReplaceAll(hookAddr, "/", `\/`) + `"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, at := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusBadRequest)
				io.WriteString(w, body)
			})
			_, listing := c.Webhooks(t.Context(), at, "AT", hookAddr)
			for _, err := range []error{c.Subscribe(t.Context(), at, "AT", hookAddr, EventTalkAdded), c.Unsubscribe(t.Context(), at, "AT", hookAddr), listing} {
				if e, ok := errors.AsType[*APIError](err); !ok || e.Status != 400 {
					t.Fatalf("error = %v", err)
				}
				if strings.Contains(err.Error(), secret) {
					t.Errorf("error shows the address: %v", err)
				}
			}
		})
	}
	hook := Webhook{Destination: hookAddr, Settings: []string{"add_talk"}}
	for _, s := range []string{fmt.Sprintf("%v", hook), fmt.Sprintf("%+v", hook), fmt.Sprintf("%#v", hook)} {
		if strings.Contains(s, secret) {
			t.Errorf("printed webhook shows its address: %s", s)
		}
	}
}

// 404 and, for a single thing, 204 are the same: it is not there.
func TestNotFound(t *testing.T) {
	t.Parallel()
	for _, status := range []int{404, 204} {
		c, at := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		ctx := t.Context()
		for name, err := range map[string]error{
			"source":        second(c.Source(ctx, at, "AT", 1)),
			"update source": second(c.UpdateSource(ctx, at, "AT", SourceChange{ID: 1})),
			"user":          second(c.User(ctx, at, "AT", 1)),
			"talk":          second(c.Talk(ctx, at, "AT", 1)),
			"template":      second(c.Template(ctx, at, "AT", 1)),
			"contact":       second(c.Contact(ctx, at, "AT", 1)),
			"incoming lead": second(c.UnsortedLead(ctx, at, "AT", "a")),
			"lead":          second(c.Lead(ctx, at, "AT", 1)),
		} {
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("%s answered %d: error = %v, want ErrNotFound", name, status, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

// What the CRM would refuse, or what would change another thing, never goes out;
// a success that lacks its things is no success.
func TestRequestsThatAreRefusedHere(t *testing.T) {
	t.Parallel()
	c, at := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s went out", r.Method, r.URL.Path) })
	ctx := t.Context()
	for _, id := range []string{"", strings.Repeat("x", 37), "кот", "a\nb", "a\x7f"} {
		if _, err := c.CreateSources(ctx, at, "AT", Source{Name: "L", ExternalID: id}); err == nil {
			t.Errorf("external id %q went out", id)
		}
	}
	for _, uid := range []string{"", "..", "a/accept", "a?x=1", "a#b", strings.Repeat("a", 129)} {
		if err := c.AcceptUnsorted(ctx, at, "AT", uid, Acceptance{}); err == nil {
			t.Errorf("uid %q went out", uid)
		}
		if _, err := c.UnsortedLead(ctx, at, "AT", uid); err == nil {
			t.Errorf("uid %q was read", uid)
		}
	}
	for name, err := range map[string]error{
		"no source":           second(c.CreateSources(ctx, at, "AT")),
		"51 sources":          second(c.CreateSources(ctx, at, "AT", make([]Source, 51)...)),
		"51 changes":          second(c.UpdateSources(ctx, at, "AT", make([]SourceChange, 51)...)),
		"51 deletions":        c.DeleteSources(ctx, at, "AT", make([]chatid.SourceID, 51)...),
		"251 links":           second(c.LinkChats(ctx, at, "AT", make([]ChatLink, 251)...)),
		"no template":         second(c.CreateTemplates(ctx, at, "AT")),
		"no template changes": second(c.UpdateTemplates(ctx, at, "AT")),
	} {
		if err == nil {
			t.Errorf("%s went out", name)
		}
	}
	for _, answer := range []string{`{}`, emptyPHP, `null`, `{"id":2,"talk_id":2,"_embedded":{"contacts":[{"id":0}],"chats":[]}}`, `{"_embedded":{"contacts":{},"chats":7}}`} {
		c, at := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) })
		for name, err := range map[string]error{
			"source":           second(c.Source(ctx, at, "AT", 1)),
			"update source":    second(c.UpdateSource(ctx, at, "AT", SourceChange{ID: 1})),
			"template":         second(c.Template(ctx, at, "AT", 1)),
			"incoming lead":    second(c.UnsortedLead(ctx, at, "AT", "a")),
			"talk":             second(c.Talk(ctx, at, "AT", 1)),
			"contact":          second(c.Contact(ctx, at, "AT", 1)),
			"lead":             second(c.Lead(ctx, at, "AT", 1)),
			"create contact":   second(c.CreateContact(ctx, at, "AT", NewContact{Name: "x"})),
			"link":             second(c.LinkChats(ctx, at, "AT", ChatLink{1, chat})),
			"create templates": second(c.CreateTemplates(ctx, at, "AT", Template{Name: "x", Content: "y"})),
		} {
			if err == nil {
				t.Errorf("%s took %s", name, answer)
			}
		}
	}
}
