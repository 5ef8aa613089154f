package store

import (
	"fmt"
	"slices"
	"testing"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

// A button's look and messengers come back as they were kept, for its own account
// alone; one that was removed is nowhere.
func TestButtons(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.OnlineChats()
		fresh := func(chat chatid.ChatID) onlinechat.Button {
			return onlinechat.Button{ID: chatid.ButtonID(w.id()), Account: w.account, Hash: "h", Chat: chat, Locale: "en", Look: onlinechat.DefaultLook(), CreatedAt: w.now}
		}
		first, err := s.AddButton(testContext, fresh(""), 2)
		must(t, err)
		second, err := s.AddButton(testContext, fresh(chat), 2)
		must(t, err)
		if _, err = s.AddButton(testContext, fresh(""), 2); fault.CodeOf(err) != "too_many_buttons" {
			t.Errorf("a third button of two: %v", err)
		}
		want := second
		want.Look = onlinechat.Look{
			Name: "Shop", Position: onlinechat.TopLeft, Offset: onlinechat.Offset{X: 1, Y: 2}, OffsetMobile: onlinechat.Offset{X: 3, Y: 4},
			Vertical: true, Animation: onlinechat.Shake, Size: 40, Radius: 1, Color: "#0b6bcb", CrossBlack: true,
			Greeting: onlinechat.Greeting{Enabled: true, Message: "Здравствуйте"}, Title: "Help", Avatar: chatid.FileID(w.id()), UseAvatar: true,
			AutoOpen: onlinechat.AutoOpenWide,
		}
		want.Channels = []onlinechat.Channel{{Service: "telegram", Link: "https://t.me/shop"}, {Service: "whatsapp", Link: "https://wa.me/1"}}
		want.Chat = ""
		must(t, s.SetLook(testContext, w.account, second.Key, want.Look))
		must(t, s.SetChannels(testContext, w.account, second.Key, want.Channels))
		must(t, s.SetButtonChat(testContext, w.account, second.Key, ""))
		got, err := s.Button(testContext, second.Key)
		must(t, err)
		equal(t, "button", got, want)

		for act, err := range map[string]error{
			"look":     s.SetLook(testContext, "another", second.Key, onlinechat.DefaultLook()),
			"channels": s.SetChannels(testContext, "another", second.Key, nil),
			"chat":     s.SetButtonChat(testContext, "another", second.Key, chat),
			"removal":  s.RemoveButton(testContext, "another", second.Key, w.now),
			"number":   s.SetLook(testContext, w.account, "01", onlinechat.DefaultLook()),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s of another's button: %v", act, err)
			}
		}

		must(t, s.SetLook(testContext, w.account, second.Key, onlinechat.DefaultLook()))
		must(t, s.SetChannels(testContext, w.account, second.Key, nil))
		got, err = s.Button(testContext, second.Key)
		must(t, err)
		want.Look, want.Channels = onlinechat.DefaultLook(), nil
		equal(t, "button as new", got, want)

		// BOT-9: the greeting's switch of a chat's buttons, those of card pages too.
		must(t, s.SetButtonChat(testContext, w.account, second.Key, chat))
		card := w.addCard(t, w.account, "lamps")
		for _, on := range [][]chatid.ButtonKey{{second.Key, first.Key}, {card.Button}, {second.Key, card.Button}, nil} {
			must(t, s.SetGreets(testContext, w.account, chat, on))
			must(t, s.SetGreets(testContext, "another", chat, nil))
			for _, key := range []chatid.ButtonKey{first.Key, second.Key, card.Button} {
				b, err := s.Button(testContext, key)
				must(t, err)
				want := onlinechat.DefaultLook()
				if key == card.Button {
					want = card.Look
				}
				want.Greeting.Enabled = slices.Contains(on, key) && key != first.Key // which carries no chat
				equal(t, fmt.Sprintf("look of %s with %v on", key, on), b.Look, want)
			}
		}

		must(t, s.RemoveButton(testContext, w.account, second.Key, w.now))
		_, err = s.Button(testContext, second.Key)
		list, err2 := s.Buttons(testContext, w.account)
		must(t, err2)
		if !fault.Is(err, fault.NotFound) || fmt.Sprint(list) != fmt.Sprint([]onlinechat.Button{first}) {
			t.Errorf("after its removal: %v, %+v", err, list)
		}
		if err := s.SetTrustedSites(testContext, second.Key, nil, true); !fault.Is(err, fault.NotFound) {
			t.Errorf("sites of a removed button: %v", err)
		}
		if _, err = s.AddButton(testContext, fresh(""), 2); err != nil {
			t.Errorf("one in its place: %v", err)
		}
	})
}
