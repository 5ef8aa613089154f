package app

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"leadline/backend/sandbox"
)

// TestBotMakesAndLinksCards: O §4.3, the actions add_lead_contact, add_linked_company and
// link. Each is there once, also where the CRM's answer was lost; what the CRM refuses
// holds nothing up.
func TestBotMakesAndLinksCards(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true, sandbox: func(c *sandbox.Config) {
		c.Accounts[0].UnsortedOff = true // so that the first changes below /leads are those of the acts
		c.Accounts[0].Catalogs = []sandbox.Catalog{{ID: 15, Name: "Products", Elements: []sandbox.CatalogElement{{ID: 151, Name: "Lamp"}}}}
	}})
	button, hash := w.connected()
	w.eventually("the webhook", func() bool { return len(w.box.Webhooks(accountID)) == 1 })
	city := w.field("leads", "City", "text")
	mail := w.box.Fields(accountID, sandbox.CardContacts)
	i := slices.IndexFunc(mail, func(f sandbox.CustomField) bool { return f.Code == "EMAIL" })
	both := fmt.Sprintf(`"lead":{"name":"Order of {{message_text.email}}","price":2000,"tags":"a, b","custom_fields":[{"id":%d,"values":[{"value":"<Rome>"}]},{"id":1,"values":[{"value":"no such field"}]}]},
		"contact":{"name":"Buyer","tags":"c","custom_fields":[{"id":%d,"values":[{"value":"{{message_text.email}}","enum":"PRIV"}]}]}`, city.ID, mail[i].ID)
	w.greets(twoParts(greets, strings.Join([]string{
		replies,
		action("add_lead_contact", `{"preset":"contacts.require_email_or_phone",`+both+`}`),
		action("add_linked_company", `{"name":"Firm of {{message_text.email}}"}`),
		action("link", `{"from":2,"to":11,"to_id":151,"to_catalog_id":15,"quantity":2}`),
		action("link", `{"from":2,"to":11,"to_id":999,"to_catalog_id":15}`), // no such element
		action("set_tag", `{"type":2,"value":"done"}`),
	}, ",")), nil)
	n := 0
	for _, tt := range []struct {
		name  string
		fault string // the path whose next answer is lost
	}{{name: "as it should be"}, {"contact lost", "/contacts"}, {"lead lost", "/leads"}, {"company lost", "/companies"}, {"link lost", "/leads/"}} {
		n++
		v := w.visit(button, hash)
		g := v.greeting(map[string]any{})
		address := fmt.Sprintf("buyer%d@example.org", n)
		if tt.fault != "" {
			w.box.SetFaults(func(f *sandbox.Faults) { f.APICutAfter, f.APIPath = 1, tt.fault })
		}
		w.send("POST", v.base+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(100 * n), "text": address, "greeting": g.Token}).wants(t, "writing", http.StatusOK, "")
		var lead sandbox.Lead
		w.eventually(tt.name+": the last act", func() bool {
			for _, l := range w.box.Leads(accountID) {
				if slices.Equal(l.Tags, []string{"done"}) && len(w.box.CardLinks(accountID, sandbox.CardLeads, l.ID)) > 0 && l.ID > lead.ID {
					lead = l
				}
			}
			done := 0
			for _, l := range w.box.Leads(accountID) {
				if slices.Contains(l.Tags, "done") {
					done++
				}
			}
			return done == n
		})
		w.idle()
		w.box.SetFaults(func(f *sandbox.Faults) { *f = sandbox.Faults{} })

		var orders []sandbox.Lead
		for _, l := range w.box.Leads(accountID) {
			if l.Name == "Order of "+address {
				orders = append(orders, l)
			}
		}
		var buyers []sandbox.Contact
		for _, c := range w.box.Contacts(accountID) {
			if c.Name == "Buyer" && c.Email == address {
				buyers = append(buyers, c)
			}
		}
		if len(orders) != 1 || len(buyers) != 1 {
			t.Fatalf("%s: %d leads and %d contacts were made", tt.name, len(orders), len(buyers))
		}
		o := orders[0]
		wantFields(t, tt.name, w.held(sandbox.CardLeads, o.Fields), map[string]string{"City": "‹Rome›"})
		if o.Price != 2000 || o.ContactID != buyers[0].ID || !slices.Equal(o.Tags, []string{"a", "b"}) || o.PipelineID != lead.PipelineID || !slices.Equal(buyers[0].Tags, []string{"c"}) {
			t.Errorf("%s: the new lead is %+v, its contact %+v", tt.name, o, buyers[0])
		}
		var firms []int64
		for _, c := range w.box.Companies(accountID) {
			if c.Name == "Firm of "+address {
				firms = append(firms, c.ID)
			}
		}
		linked := map[string][]int64{}
		for _, l := range w.box.CardLinks(accountID, sandbox.CardLeads, lead.ID) {
			linked[l.To] = append(linked[l.To], l.ToID)
			if l.To == "catalog_elements" && l.Quantity != 2 {
				t.Errorf("%s: linked %+v", tt.name, l)
			}
		}
		if len(firms) != 1 || !slices.Equal(linked["companies"], firms) || !slices.Equal(linked["catalog_elements"], []int64{151}) {
			t.Errorf("%s: companies %v, linked %v", tt.name, firms, linked)
		}
		if l := w.box.CardLinks(accountID, sandbox.CardContacts, lead.ContactID); len(l) != 1 || !slices.Contains(firms, l[0].ToID) {
			t.Errorf("%s: the contact is linked to %+v", tt.name, l)
		}
	}
	// Who leaves no address gets no lead of that kind; and a company that is there stays.
	before := len(w.box.Leads(accountID))
	v := w.visit(button, hash)
	g := v.greeting(map[string]any{})
	w.send("POST", v.base+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(9001), "text": "no address", "greeting": g.Token}).wants(t, "writing", http.StatusOK, "")
	w.eventually("its own lead", func() bool { return len(w.box.Leads(accountID)) == before+1 })
	last := func() sandbox.Lead { l := w.box.Leads(accountID); return l[len(l)-1] }
	w.eventually("its company", func() bool { return len(w.box.CardLinks(accountID, sandbox.CardLeads, last().ID)) == 2 })
	firms := len(w.box.Companies(accountID))
	v.write(uuidN(9002), "buyer9@example.org")
	w.eventually("the order behind it", func() bool { return len(w.box.Leads(accountID)) == before+2 })
	w.idle()
	if got := len(w.box.Companies(accountID)); got != firms {
		t.Errorf("%d companies, want the %d that were there", got, firms)
	}
	if !strings.Contains(w.logs.String(), "a greeting bot made no company: the lead has one") {
		t.Error("the log does not tell of a company that was not made")
	}
}
