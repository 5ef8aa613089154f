package app

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadline/backend/amocrm"
	"leadline/backend/amojo"
	"leadline/backend/chatid"
	"leadline/backend/sandbox"
)

// pictures answers for one host with a picture of 10 bytes.
type pictures struct{ http.RoundTripper }

const pictureURL = "https://files.example.test/"

func (p pictures) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.String(), pictureURL) {
		return p.RoundTripper.RoundTrip(r)
	}
	res := &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, Header: http.Header{"Content-Type": {"image/gif"}}}
	res.Body = io.NopCloser(strings.NewReader("GIF89a\x01\x00\x01\x00"))
	return res, nil
}

// vendors are both clients, with an access token of the account; perSecond is
// amocrm's rate, 0 for its own.
func (w *world) vendors(perSecond float64) (chats *amojo.Client, ch amojo.Channel, api *amocrm.Client, at amocrm.Address, access string) {
	w.t.Helper()
	integration := amocrm.Integration{
		ClientID: clientID, Secrets: []string{clientSecret}, RedirectURI: appURL + "/oauth/amocrm/callback",
		Zones: []amocrm.Zone{{Suffix: "amocrm.ru", Scheme: "https"}},
	}
	at, err := integration.Address(crmHost)
	if err != nil {
		w.t.Fatal(err)
	}
	back, err := w.box.Consent(accountID, clientID, "s", true)
	if err != nil {
		w.t.Fatal(err)
	}
	redirect, err := url.Parse(back)
	if err != nil {
		w.t.Fatal(err)
	}
	api = amocrm.New(amocrm.Config{Transport: w.transport, PerAccount: perSecond, PerIntegration: perSecond})
	tokens, err := api.ExchangeCode(w.t.Context(), integration, at, redirect.Query().Get("code"))
	if err != nil {
		w.t.Fatal(err)
	}
	ch = amojo.Channel{ID: channelID, Secret: channelSecret, BaseURL: "https://amojo.amocrm.ru"}
	return amojo.New(amojo.Config{Transport: w.transport}), ch, api, at, tokens.Access
}

// TestVendorClients lets both clients do everything they can against the
// sandbox, which is stricter than the vendor and keeps account of every breach.
func TestVendorClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{sandbox: func(c *sandbox.Config) { c.Transport = pictures{c.Transport} }})
	ctx := t.Context()
	chats, ch, api, at, access := w.vendors(1e6)
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for _, b := range w.box.Breaches() {
			t.Errorf("%s: breach %+v", what, b)
		}
		w.box.ResetBreaches()
	}

	_, err := chats.Connect(ctx, ch, amojoID, amojo.ConnectOptions{Title: "Line", NoTimeWindow: true})
	must("connect", err)

	// Sources (C §7.1).
	made, err := api.CreateSources(ctx, at, access, amocrm.Source{Name: "A", ExternalID: "line-1", OriginCode: "amo.ext.leadline"}, amocrm.Source{Name: "B", ExternalID: "line-2"})
	must("create sources", err)
	if len(made) != 2 {
		t.Fatalf("sources = %+v", made)
	}
	name, yes := "Renamed", true
	changed, err := api.UpdateSource(ctx, at, access, amocrm.SourceChange{ID: made[0].ID, Name: &name, Default: &yes})
	must("update source", err)
	if read, err := api.Source(ctx, at, access, made[0].ID); err != nil || read != changed || read.Name != name || !read.Default {
		t.Errorf("source = %+v, %v", read, err)
	}
	must("delete sources", api.DeleteSources(ctx, at, access, made[1].ID))
	if _, err := api.Source(ctx, at, access, made[1].ID); !errors.Is(err, amocrm.ErrNotFound) {
		t.Errorf("deleted source: %v", err)
	}

	// A contact is known before the first message: create chat and link (C §7.4).
	contact, err := api.CreateContact(ctx, at, access, amocrm.NewContact{Name: "Anna Petrova", Phone: "+79990001122", Email: "anna@example.org"})
	must("create contact", err)
	if found, err := api.FindContacts(ctx, at, access, "+79990001122"); err != nil || len(found) != 1 || found[0].ID != contact || len(found[0].Emails) != 1 {
		t.Errorf("found %+v, %v", found, err)
	}
	anna := amojo.Participant{ID: "client-981", Name: "Anna Petrova", Phone: "+79990001122", ProfileLink: "https://shop.example.test/u/981"}
	chat, err := chats.CreateChat(ctx, ch, scope, amojo.NewChat{Conversation: "chat-4711", SourceID: "line-1", User: anna})
	must("create chat", err)
	_, err = api.LinkChats(ctx, at, access, amocrm.ChatLink{Contact: contact, Chat: chat.Ref})
	must("link chat", err)
	for what, read := range map[string]func() ([]amocrm.ChatLink, error){
		"contact of chat":  func() ([]amocrm.ChatLink, error) { return api.LinksOfChat(ctx, at, access, chat.Ref) },
		"chats of contact": func() ([]amocrm.ChatLink, error) { return api.LinksOfContact(ctx, at, access, contact) },
	} {
		if links, err := read(); err != nil || len(links) != 1 || links[0].Contact != contact || links[0].Chat != chat.Ref {
			t.Errorf("%s = %+v, %v", what, links, err)
		}
	}

	// Every type of message (C §3.4.4), then what may stand beside it.
	const file = pictureURL + "1.gif"
	start := time.Now()
	n := 0
	message := func(o amojo.Out) amojo.Message {
		n++
		return amojo.Message{ID: chatid.MessageID("m-" + string(rune('a'+n))), Conversation: "chat-4711", SentAt: start.Add(time.Duration(n) * time.Millisecond), SourceID: "line-1", Sender: anna, Out: o}
	}
	var last amojo.Sent
	send := func(what string, m amojo.Message) {
		t.Helper()
		last, err = chats.SendMessage(ctx, ch, scope, m)
		must(what, err)
	}
	for _, o := range []amojo.Out{
		{Text: "Is it still available? 👋"},
		{Type: amojo.TypePicture, Text: "this", Media: file, FileName: "a.jpg", FileBytes: 10},
		{Type: amojo.TypeVideo, Media: file, FileName: "a.mp4", FileBytes: 10, Duration: time.Second},
		{Type: amojo.TypeFile, Media: file, FileName: "a.pdf", FileBytes: 10},
		{Type: amojo.TypeVoice, Media: file, FileName: "a.ogg", FileBytes: 10, Duration: time.Second},
		{Type: amojo.TypeAudio, Media: file},
		{Type: amojo.TypeSticker, Media: file, StickerID: "pack-1"},
		{Type: amojo.TypeLocation, Location: &amojo.Location{Lon: 37.6176, Lat: 55.7558}},
		{Type: amojo.TypeContact, Contact: &amojo.Contact{Name: "Ivan", Phone: "+79990003344"}},
		{Text: "Tomorrow", CallbackData: "row-2"},
		{Text: "See", SharedPost: &amojo.SharedPost{URL: shopURL + "/p/1", SiteName: "Shop"}},
	} {
		send("message of type "+o.Type, message(o))
	}
	reply := message(amojo.Out{Text: "that one"})
	reply.ReplyTo = &amojo.Quote{ID: "m-b"}
	send("quote by our id", reply)
	reply = message(amojo.Out{Text: "that one too"})
	reply.ReplyTo = &amojo.Quote{Ref: last.Ref}
	send("quote by their id", reply)
	forward := message(amojo.Out{Text: "look"})
	forward.Forward = &amojo.Forward{Quote: amojo.Quote{Out: amojo.Out{Type: amojo.TypeFile, FileName: "a.pdf", FileBytes: 10}, SentAt: start, Author: amojo.Author{Name: "Shop"}}}
	send("forward that is told", forward)
	outgoing := message(amojo.Out{Text: "Yes, two left."})
	outgoing.Sender, outgoing.Receiver, outgoing.Silent = amojo.Participant{ID: "operator-3", Name: "Vera", Ref: "4c8e5a70-1d42-4f9b-b6e3-90a7d2c4f816"}, &anna, true
	send("written by an operator elsewhere", outgoing)
	if last.Receiver == "" || last.Sender != outgoing.Sender.Ref {
		t.Errorf("sent = %+v, want the operator and the visitor", last)
	}
	comment := message(amojo.Out{Text: "Nice"})
	comment.Post = &amojo.Post{ID: "post-1", URL: shopURL + "/p/1"}
	send("comment", comment)
	history, err := chats.History(ctx, ch, scope, chat.Ref, 0, amojo.MaxHistoryPage)
	must("history", err)
	if len(history) != n {
		t.Errorf("history of %d messages, want %d", len(history), n)
	}
	for _, m := range history {
		if m.Content.Type == amojo.TypeLocation && (m.Content.Location == nil || m.Content.Location.Lat != 55.7558) || m.Content.Type == amojo.TypeContact && (m.Content.Contact == nil || m.Content.Contact.Name != "Ivan") {
			t.Errorf("history has %+v", m.Content)
		}
	}

	// Edits, typing, reactions, statuses (C §3.4.6, §3.5-§3.7).
	must("edit", chats.EditMessage(ctx, ch, scope, amojo.Edit{ID: "m-b", Conversation: "chat-4711", At: time.Now(), Out: amojo.Out{Text: "in red?"}}))
	must("edit that keeps its file", chats.EditMessage(ctx, ch, scope, amojo.Edit{ID: "m-c", Conversation: "chat-4711", At: time.Now(), Out: amojo.Out{Type: amojo.TypePicture, Text: "that"}}))
	written, err := w.box.OperatorSay(accountID, string(chat.Ref), "Hello")
	if err != nil {
		t.Fatal(err)
	}
	ref := chatid.MessageRef(written.ID)
	must("delivered", chats.SetDeliveryStatus(ctx, ch, scope, ref, amojo.DeliveryStatus{Status: amojo.Delivered}))
	must("our id for an operator's message", chats.EditMessage(ctx, ch, scope, amojo.Edit{ID: "o-1", Ref: ref, Conversation: "chat-4711", At: time.Now(),
		Out: amojo.Out{Text: "Hello"}, Status: &amojo.DeliveryStatus{Status: amojo.Read}}))
	must("typing", chats.SetTyping(ctx, ch, scope, "chat-4711", anna.ID, 4*time.Second))
	must("react by our ids", chats.React(ctx, ch, scope, amojo.Reaction{Conversation: "chat-4711", Message: "o-1", Visitor: anna.ID, Emoji: "👍"}))
	must("unreact by theirs", chats.Unreact(ctx, ch, scope, amojo.Reaction{ConversationRef: chat.Ref, Ref: ref, Visitor: anna.ID}))

	// Users, templates, webhooks.
	users, more, err := api.Users(ctx, at, access, 1)
	must("users", err)
	if len(users) != 2 || more || users[1].AmojoID != outgoing.Sender.Ref {
		t.Errorf("users = %+v, %v", users, more)
	}
	templates, err := api.CreateTemplates(ctx, at, access, amocrm.Template{Name: "Order", Content: "Hello {{contact.name}}", ExternalID: "tpl-order", Type: "amocrm", Buttons: []amocrm.TemplateButton{{Type: "inline", Text: "Thanks"}}})
	must("create template", err)
	_, err = api.UpdateTemplates(ctx, at, access, amocrm.TemplateChange{ID: templates[0].ID, Name: &name})
	must("update template", err)
	if got, _, err := api.Templates(ctx, at, access, "tpl-order", 1); err != nil || len(got) != 1 || got[0].Name != name || len(got[0].Buttons) != 1 {
		t.Errorf("templates = %+v, %v", got, err)
	}
	must("delete template", api.DeleteTemplate(ctx, at, access, templates[0].ID))
	must("subscribe", api.Subscribe(ctx, at, access, appURL+"/nowhere", amocrm.EventTalkAdded, amocrm.EventTalkUpdated, amocrm.EventUnsortedAdded, amocrm.EventUnsortedUpdated,
		amocrm.EventUnsortedDeleted, amocrm.EventLeadUpdated, amocrm.EventLeadDeleted, amocrm.EventContactUpdated, amocrm.EventContactDeleted, amocrm.EventTemplateReview))
	if hooks, err := api.Webhooks(ctx, at, access, appURL+"/nowhere"); err != nil || len(hooks) != 1 || len(hooks[0].Settings) != 10 {
		t.Errorf("webhooks = %v, %v", hooks, err)
	}
	must("unsubscribe", api.Unsubscribe(ctx, at, access, appURL+"/nowhere"))

	// A stranger's chats become incoming leads (C §7.5): one accepted, one declined,
	// one put to the lead of the first.
	for _, c := range []chatid.ConversationID{"chat-1", "chat-2", "chat-3"} {
		m := message(amojo.Out{Text: "Hello"})
		m.Conversation, m.Sender = c, amojo.Participant{ID: chatid.VisitorID("visitor of " + c), Name: "Stranger"}
		send("stranger", m)
	}
	leads, _, err := api.UnsortedChats(ctx, at, access, amocrm.UnsortedFilter{})
	must("incoming leads", err)
	if len(leads) != 3 || leads[0].Chat == "" || len(leads[0].Contacts) != 1 {
		t.Fatalf("incoming leads = %+v", leads)
	}
	if one, err := api.UnsortedLead(ctx, at, access, leads[0].UID); err != nil || one.Chat != leads[0].Chat {
		t.Errorf("incoming lead = %+v, %v", one, err)
	}
	must("accept", api.AcceptUnsorted(ctx, at, access, leads[0].UID, amocrm.Acceptance{User: adminID}))
	must("decline", api.DeclineUnsorted(ctx, at, access, leads[1].UID, adminID))
	card, err := api.Contact(ctx, at, access, leads[0].Contacts[0])
	must("contact", err)
	if len(card.Leads) != 1 {
		t.Fatalf("contact = %+v", card)
	}
	if lead, err := api.Lead(ctx, at, access, card.Leads[0]); err != nil || lead.Pipeline != 1300 || !lead.ClosedAt.IsZero() {
		t.Errorf("lead = %+v, %v", lead, err)
	}

	must("link incoming lead", api.LinkUnsorted(ctx, at, access, leads[2].UID, amocrm.UnsortedLink{Lead: card.Leads[0], Contact: card.ID, User: adminID}))
	if links, err := api.LinksOfChat(ctx, at, access, leads[2].Chat); err != nil || len(links) != 1 || links[0].Contact != card.ID {
		t.Errorf("contact of the linked chat = %+v, %v", links, err)
	}

	// Talks (C §7.2); closing twice is the same as once.
	for _, talk := range w.box.Talks(accountID) {
		got, err := api.Talk(ctx, at, access, chatid.TalkID(talk.ID))
		if err != nil || got.Chat == "" {
			t.Errorf("talk = %+v, %v", got, err)
		}
		must("close talk", api.CloseTalk(ctx, at, access, got.ID, true))
		must("close talk again", api.CloseTalk(ctx, at, access, got.ID, true))
	}
	must("disconnect", chats.Disconnect(ctx, ch, amojoID))
}

// The sandbox counts seven requests a second of an account as they arrive; a
// crowd of callers gives it no reason to refuse one (W §8.9). A machine that holds
// requests up on their way may make a second of them out of two: then it is seen the
// next time.
func TestVendorRatesAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	_, _, api, at, access := w.vendors(0)
	w.box.SetVariants(func(v *sandbox.Variants) { v.RateLimit = true })
	for range 3 {
		var wg sync.WaitGroup
		var refused atomic.Int64
		for n := range 25 {
			ctx := t.Context()
			if n%2 == 0 {
				ctx = amocrm.Background(ctx)
			}
			wg.Go(func() {
				if _, err := api.Account(ctx, at, access); err != nil {
					t.Log(err)
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		if refused.Load() == 0 {
			return
		}
	}
	t.Error("requests were refused each time")
}
