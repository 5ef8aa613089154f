package httpapi

import (
	"testing"

	"leadline/backend/onlinechat"
)

// cardKeys are the words of card pages that are not spelled out in a template.
func cardKeys() (keys []string) {
	add := func(prefix string, names ...string) {
		for _, n := range names {
			keys = append(keys, prefix+n)
		}
	}
	add("card.", "missing.title", "missing.text", "chat", "no_script", "failed")
	add("cards.align.", onlinechat.CardAligns...)
	add("cards.style.", onlinechat.CardStyles...)
	add("cards.font.", onlinechat.CardFonts...)
	add("cards.kind.", blockKinds...)
	add("cards.add_", blockKinds...)
	add("cards.look.", "page", "buttons", "chat")
	add("cards.faint.", onlinechat.FaintPage, onlinechat.FaintButtons, onlinechat.FaintChat)
	add("cards.wrong.", "title", "text", "locale", "alt", "look", "blocks", "kind", "label", "heading", "messenger", "link", "chat", "window", "slug", "slug_reserved")
	add("cards.", "title.label", "about.label", "slug.label", "slug.hint", "locale.label", "unlisted", "picture.label", "picture.hint", "picture.remove", "alt.label",
		"alt.hint", "service.label", "link.messenger", "link.messenger_hint", "link.link", "link.link_hint", "label.label", "heading.label", "chat.label", "align.label",
		"style.label", "font.label", "text_colour", "background", "icon", "window.welcome", "window.header", "window.name", "window.name_hint", "window.senders", "window.avatar", "window.avatar_hint",
		"window.no_avatar", "window.use_avatar")
	add("error.", "slug_taken", "card_invalid", "too_many_cards")
	return append(keys, "console.nav.cards")
}

// Every font of the closed list has a stack and every messenger a name.
func TestCardLists(t *testing.T) {
	t.Parallel()
	for _, f := range onlinechat.CardFonts {
		if cardFonts[f] == "" {
			t.Errorf("no fonts for %s", f)
		}
	}
	if len(cardFonts) != len(onlinechat.CardFonts) {
		t.Errorf("%d stacks for %d fonts", len(cardFonts), len(onlinechat.CardFonts))
	}
	for _, m := range onlinechat.Messengers() {
		if messengerNames[m] == "" {
			t.Errorf("no name for %s", m)
		}
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	if got := summary(" One\n\ntwo  three "); got != "One two three" {
		t.Errorf("%q", got)
	}
	long := ""
	for range 60 {
		long += "лампа "
	}
	if got := []rune(summary(long)); len(got) > summaryRunes || got[len(got)-1] != '…' {
		t.Errorf("%d characters, %q", len(got), string(got))
	}
}
