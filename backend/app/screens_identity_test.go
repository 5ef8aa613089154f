package app

import (
	"fmt"
	"testing"

	"leadline/backend/sandbox"
)

// TestSignedVisitorInTheBrowser: SEC-3, C §8.3. A site names its signed-in user by
// a token in onlinechat.user_token: the first message lands at the contact that
// the token names, and the same person finds the history in another browser. A
// token that is not good makes a visitor of no name, who can write.
func TestSignedVisitorInTheBrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	s := w.site()
	card, err := w.box.AddContact(sandbox.Contact{Account: accountID, Name: "Anna Card", Phone: "+79991112233"})
	if err != nil {
		t.Fatal(err)
	}
	var at string
	site := w.shopIn(&at)
	browser := w.chromium(map[string]string{"shop.example.test": at})
	signed := func(token string) string {
		return fmt.Sprintf("<script>window.amoSocialButtonConfig = {onlinechat: {user_id: 'anna-17', user_token: %q}};</script>\n", token) + snippet(s.button, s.hash, "en")
	}
	site.paste(signed(s.token("anna-17", map[string]any{"contact_id": card.ID, "name": "Anna"})))
	first := browser.person(shopURL + "/").opens()
	first.writes("It is me")
	chat := w.chatOf("It is me")
	for _, c := range w.box.Chats(accountID) {
		if c.ID == chat && c.ContactID != card.ID {
			t.Errorf("the chat is of contact %d, want %d", c.ContactID, card.ID)
		}
	}
	if n := len(w.box.IncomingLeads(accountID)); n != 0 {
		t.Errorf("%d incoming leads were made", n)
	}
	second := browser.person(shopURL + "/").opens()
	second.reads("It is me")

	site.paste(signed("not.a.token"))
	stranger := browser.person(shopURL + "/").opens()
	stranger.writes("And who am I?")
	if other := w.chatOf("And who am I?"); other == chat {
		t.Error("a token that is not good opened somebody's conversation")
	}
	w.noBreaches()
}
