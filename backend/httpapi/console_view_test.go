package httpapi

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"leadline/backend/account"
	"leadline/backend/console"
	"leadline/backend/conversation"
	"leadline/backend/i18n"
)

var keyInTemplate = regexp.MustCompile(`\.(?:T|Either [^ "]+|Either \([^)]*\)) "([^"]+)"`)

// TestConsoleHasWords: a page that names words that are not there would be none.
func TestConsoleHasWords(t *testing.T) {
	t.Parallel()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"console.act." + string(console.Join), "team.role.owner", "team.role.admin", "team.role.viewer"}
	names, err := fs.Glob(consoleHTML, "console/*.html")
	if err != nil {
		t.Fatal(err)
	}
	parts, err := fs.Glob(consoleHTML, "console/parts/*.html")
	if err != nil {
		t.Fatal(err)
	}
	names = append(names, parts...)
	for _, name := range names {
		raw, err := fs.ReadFile(consoleHTML, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range keyInTemplate.FindAllStringSubmatch(string(raw), -1) {
			keys = append(keys, m[1])
		}
	}
	if len(keys) < 40 {
		t.Fatalf("only %d keys were found in the templates: the pattern is out of date", len(keys))
	}
	for _, a := range acts {
		keys = append(keys, "console.act."+string(a), "console.done."+string(a))
	}
	for _, kind := range []string{
		conversation.KindText, conversation.KindPicture, conversation.KindVideo, conversation.KindVoice, conversation.KindAudio,
		conversation.KindFile, conversation.KindSticker, conversation.KindLocation, conversation.KindContact,
	} {
		keys = append(keys, "console.kind."+kind)
	}
	states := []string{"connected", "connecting", "not_connected", "disconnected", "broken"}
	for _, reason := range []string{account.ReasonAuthorisation, account.ReasonChannel, account.ReasonPrivate, account.ReasonServer, account.ReasonUnpaid} {
		states = append(states, "broken_"+reason)
	}
	for _, s := range states {
		keys = append(keys, "console.health."+s+".title", "console.health."+s+".text")
	}
	for _, o := range []string{"", "done", "anything else"} {
		keys = append(keys, outcomeKey(o))
	}
	for _, p := range []string{"console.code", "console.trouble", "console.start"} {
		keys = append(keys, p+".title")
	}
	keys = append(keys, formKeys()...)
	keys = append(keys, cardKeys()...)
	l := texts.Localizer("", "en")
	for _, key := range keys {
		if !l.Has(key) {
			t.Errorf("no words for %s", key)
		}
	}
}

// TestHostsIn: what people paste as a site.
func TestHostsIn(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][]string{
		"":                                  nil,
		" \r\n , ;":                         nil,
		"shop.example":                      {"shop.example"},
		"https://Shop.example/lamps?x=1":    {"shop.example"},
		"http://localhost\n*.shop.example":  {"localhost", "*.shop.example"},
		"a.example, b.example;c.example":    {"a.example", "b.example", "c.example"},
		"https://":                          {""}, // no host: refused as one that is none
		"javascript:alert(1)":               {"javascript:alert(1)"},
		"https://user@shop.example/":        {"user@shop.example"},
		strings.Repeat("a.example\r\n", 11): slices.Repeat([]string{"a.example"}, 11),
	} {
		if got := hostsIn(typed); !slices.Equal(got, want) {
			t.Errorf("%q has the hosts %q, want %q", typed, got, want)
		}
	}
}
