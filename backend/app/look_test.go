package app

import (
	"encoding/json"
	"strings"
	"testing"

	"leadline/backend/chatid"
	"leadline/backend/onlinechat"
)

// TestLookOfAButton is O §6.2 on the site's side: a plain button's config says no more
// than it must, a rich one's what is in use, and a page that may not carry the button
// learns nothing of it.
func TestLookOfAButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	button, hash := w.connected()
	plain := w.config(button, hash, shopURL)
	plain.wants(t, "a plain button", 200, "")
	if len(plain.body) > 1024 || strings.Contains(string(plain.body), "extras") || !strings.Contains(string(plain.body), `"style":""`) {
		t.Errorf("a plain button's config: %d bytes: %s", len(plain.body), plain.body)
	}

	ctx, a := t.Context(), w.authorised().ID
	l := onlinechat.DefaultLook()
	l.Position, l.Vertical, l.Animation, l.AutoOpen = onlinechat.TopLeft, true, onlinechat.Shake, onlinechat.AutoOpenWide
	l.Greeting.Enabled, l.Header, l.Title, l.Color = true, false, " Help   desk ", "#123456"
	if err := w.app.chats.SetLook(ctx, a, chatid.ButtonKey(button), l); err != nil {
		t.Fatal(err)
	}
	if err := w.app.chats.SetChannels(ctx, a, chatid.ButtonKey(button), []onlinechat.Channel{{Service: "whatsapp", Link: "+1 555 010-02-00"}}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Button struct{ Color, Position, Style string }
		Chat   json.RawMessage
		Extras json.RawMessage
	}
	w.config(button, hash, shopURL).into(t, &got)
	if got.Button.Color != "#123456" || got.Button.Position != "left" || !strings.Contains(got.Button.Style, "inset:20px auto auto 20px") {
		t.Errorf("button %+v", got.Button)
	}
	if want := `{"title":"Help desk","mode":"one","untitled":true,"auto_open":"wide"}`; string(got.Chat) != want {
		t.Errorf("chat %s, want %s", got.Chat, want)
	}
	// BOT-9: without a text of the owner's the bubble's is the default one in the account's language.
	if want := `{"channels":[{"service":"whatsapp","link":"https://wa.me/15550100200"}],"vertical":true,"left":true,"top":true,"greeting":"Hello! Do you have a question?","animation":"shake"}`; string(got.Extras) != want {
		t.Errorf("extras %s, want %s", got.Extras, want)
	}

	w.trust(button, false, "shop.example.test")
	if a := w.config(button, hash, "https://other.example.test"); a.status != 403 || strings.Contains(string(a.body), "wa.me") {
		t.Errorf("another site: %d %s", a.status, a.body)
	}

	// A second button carries the same chat (SET-1), a third none: its messengers alone.
	own, err := w.app.chats.Button(ctx, chatid.ButtonKey(button))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		chat      chatid.ChatID
		channels  []onlinechat.Channel
		has, none string
	}{
		{own.Chat, nil, `"chat":{"title":`, `"extras"`},
		{"", []onlinechat.Channel{{Service: "telegram", Link: "@shop_bot"}}, `"extras":{"channels":[{"service":"telegram","link":"https://t.me/shop_bot"}]}`, `"ticket"`},
		{"", nil, `"chat":null`, `"extras"`},
	} {
		b, err := w.app.chats.AddButton(ctx, a, tt.chat, "Another", "en")
		if err == nil {
			err = w.app.chats.SetChannels(ctx, a, b.Key, tt.channels)
		}
		if err != nil {
			t.Fatal(err)
		}
		body := string(w.config(string(b.Key), b.Hash, shopURL).body)
		if !strings.Contains(body, tt.has) || strings.Contains(body, tt.none) {
			t.Errorf("a button of chat %q with %v: %s", tt.chat, tt.channels, body)
		}
		if err := w.app.chats.RemoveButton(ctx, a, b.Key); err != nil {
			t.Fatal(err)
		}
		w.config(string(b.Key), b.Hash, shopURL).wants(t, "a removed button", 404, "button_not_found")
	}
	w.noBreaches()
}
