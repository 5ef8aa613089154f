package sandbox

import "testing"

// TestDuplicateControl is C §8.3.
func TestDuplicateControl(t *testing.T) {
	t.Parallel()
	const phone = `{"phone":"+79990001122"}`
	on := func(s *Server) { s.SetDuplicateControl(testAccount, 0, true) }
	mode := func(how string) func(*Server) {
		return func(s *Server) { on(s); s.SetVariants(func(v *Variants) { v.DuplicateAfterImport = how }) }
	}
	for _, c := range []struct {
		name    string
		prepare func(*Server)
		known   []Contact
		bodies  []string
		want    int // contacts at the end
		joined  bool
	}{
		{"off by default: a new contact for each chat", nil, []Contact{{Phone: "+79990001122"}}, []string{from("m-1", "c-1", "u-1", phone, "")}, 2, false},
		{"on: the phone of the very first message", on, []Contact{{Phone: "+79990001122"}}, []string{from("m-1", "c-1", "u-1", phone, "")}, 1, true},
		{"numbers are compared in the international form", on, []Contact{{Phone: "8 (999) 000-11-22"}}, []string{from("m-1", "c-1", "u-1", phone, "")}, 1, true},
		{
			"a phone that comes later does not count", on, []Contact{{Phone: "+79990001122"}},
			[]string{from("m-1", "c-1", "u-1", "", ""), from("m-2", "c-1", "u-1", phone, "")}, 2, false,
		},
		{"three duplicates are merged", on, []Contact{{Phone: "+79990001122"}, {Phone: "89990001122"}, {Phone: "+7 999 000 11 22"}}, []string{from("m-1", "c-1", "u-1", phone, "")}, 1, true},
		{
			"with four nothing is done", on, []Contact{{Phone: "+79990001122"}, {Phone: "+79990001122"}, {Phone: "+79990001122"}, {Phone: "+79990001122"}},
			[]string{from("m-1", "c-1", "u-1", phone, "")}, 5, false,
		},
		{"another number", on, []Contact{{Phone: "+79990001123"}}, []string{from("m-1", "c-1", "u-1", phone, "")}, 2, false},
		{"the e-mail does not count", on, []Contact{{Email: "a@example.test"}}, []string{from("m-1", "c-1", "u-1", `{"email":"A@example.test"}`, "")}, 2, false},
		{
			"the e-mail counts, by variant", func(s *Server) { on(s); s.SetVariants(func(v *Variants) { v.DuplicateEmail = true }) },
			[]Contact{{Email: "a@example.test"}}, []string{from("m-1", "c-1", "u-1", `{"email":"A@example.test"}`, "")}, 1, true,
		},
		{
			"after a greeting nobody's profile counts", on, []Contact{{Phone: "+79990001122"}},
			[]string{imported("m-1", "c-1", "u-1", phone, true), from("m-2", "c-1", "u-1", phone, "")}, 2, false,
		},
		{
			"after a greeting its receiver counts, by variant", mode("receiver"), []Contact{{Phone: "+79990001122"}},
			[]string{imported("m-1", "c-1", "u-1", phone, true), from("m-2", "c-1", "u-1", "", "")}, 1, true,
		},
		{
			"after a greeting the client's own first message counts, by variant", mode("client"), []Contact{{Phone: "+79990001122"}},
			[]string{imported("m-1", "c-1", "u-1", "", true), from("m-2", "c-1", "u-1", phone, "")}, 1, true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.connect()
			if c.prepare != nil {
				c.prepare(b.box)
			}
			var oldest int64
			for _, k := range c.known {
				k.Account, k.Name = testAccount, "Known"
				made, err := b.box.AddContact(k)
				if err != nil {
					t.Fatal(err)
				}
				if oldest == 0 {
					oldest = made.ID
				}
			}
			for _, body := range c.bodies {
				b.must(amojo("POST", testScope, body), 200)
			}
			if got := len(b.box.Contacts(testAccount)); got != c.want {
				t.Errorf("%d contacts, want %d", got, c.want)
			}
			if got := b.box.Chats(testAccount)[0].ContactID; (got == oldest) != c.joined {
				t.Errorf("the chat is with contact %d; the oldest known is %d", got, oldest)
			}
			b.noBreach()
		})
	}
}

// TestDuplicateLead: a merged chat goes to the contact's open lead of that pipeline; no incoming lead is made.
func TestDuplicateLead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.connect()
	b.box.SetDuplicateControl(testAccount, b.box.Accounts()[0].Pipelines[0].ID, true)
	const phone = `{"phone":"+79990001122"}`
	b.must(amojo("POST", testScope, from("m-1", "c-1", "u-1", phone, "")), 200)
	in := b.box.IncomingLeads(testAccount)[0]
	if err := b.box.AcceptLead(testAccount, in.UID, 0, 0); err != nil {
		t.Fatal(err)
	}
	b.must(amojo("POST", testScope, from("m-2", "c-2", "u-2", phone, "")), 200)
	if got := b.counts(); got != (counts{1, 1, 0, 2, 2}) {
		t.Errorf("the CRM has %+v", got)
	}
	if card, err := b.box.LeadCard(testAccount, in.LeadID); err != nil || len(card.Chats) != 2 {
		t.Errorf("card %+v, %v: both chats stand in it", card, err)
	}
	if b.box.SetDuplicateControl(testAccount, 1, true) {
		t.Error("switched in a pipeline that is not there")
	}
}
