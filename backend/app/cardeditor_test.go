package app

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"leadline/backend/onlinechat"
)

// TestCardEditor: what will not do is refused in words beside its field, and nothing
// that was typed is lost.
func TestCardEditor(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	w.connected()
	g := w.guest(adminID)
	page := g.addCard("Harbour lamps", "harbour-lamps")
	g.addCard("Another", "taken-already")
	rest := func() { c.shift.Add(int64(10 * time.Second)) } // what somebody writes is counted
	link := func(kind, v string) []string {
		return []string{"blocks", "2", "b1.kind", kind, "b1.service", "telegram", "b1.label", "Text", "b1.link", v}
	}
	const badLink, badMessenger = "Write the address of a website", "Paste an address of that messenger"
	for name, tt := range map[string]struct {
		pairs []string
		says  string
	}{
		"no title":                 {[]string{"title", "  "}, "Write a title of one to 80"},
		"a long title":             {[]string{"title", strings.Repeat("я", 81)}, "Write a title of one to 80"},
		"a long text":              {[]string{"text", strings.Repeat("я", 1001)}, "at most 1000 characters"},
		"another language":         {[]string{"locale", "xx"}, "Choose a language"},
		"a short address":          {[]string{"slug", "ab"}, "3 to 50 small Latin letters"},
		"a long address":           {[]string{"slug", strings.Repeat("a", 51)}, "3 to 50 small Latin letters"},
		"an address in Cyrillic":   {[]string{"slug", "лампы"}, "3 to 50 small Latin letters"},
		"two hyphens":              {[]string{"slug", "a--b"}, "3 to 50 small Latin letters"},
		"a hyphen at the end":      {[]string{"slug", "lamps-"}, "3 to 50 small Latin letters"},
		"a path":                   {[]string{"slug", "../console"}, "3 to 50 small Latin letters"},
		"a reserved address":       {[]string{"slug", "admin"}, "reserved for the server"},
		"another page's address":   {[]string{"slug", "taken-already"}, "This address is taken"},
		"a script":                 {link("link", "javascript:alert(1)"), badLink},
		"a script in disguise":     {link("link", " java\tscript:alert(1)"), badLink},
		"data":                     {link("link", "data:text/html,x"), badLink},
		"a file":                   {link("link", "file:///etc/passwd"), badLink},
		"a password in an address": {link("link", "https://bank.example@evil.example/"), badLink},
		"no host":                  {link("link", "https://"), badLink},
		"an unknown application":   {link("link", "evil:open"), badLink},
		"a relative address":       {link("link", "//evil.example"), badLink},
		"nothing":                  {link("link", ""), badLink},
		"another messenger":        {link("messenger", "https://wa.me/1234567"), badMessenger},
		"a messenger's marker":     {link("messenger", "https://t.me/x?start={{visitor_uid}}"), badMessenger},
		"a link without a text":    {[]string{"blocks", "2", "b1.kind", "link", "b1.link", "https://a.example", "b1.label", ""}, "a text of one to 60"},
		"a long heading":           {[]string{"b0.heading", strings.Repeat("я", 81)}, "at most 80"},
		"two chats":                {[]string{"blocks", "2", "b1.kind", "chat"}, "one online chat"},
		"another's chat":           {[]string{"chat", uuidN(7)}, "Choose an online chat of this account"},
		"too many buttons":         {[]string{"blocks", "21"}, "at most 20 buttons"},
		"a colour that is style":   {[]string{"page.text", "red}body{display:none"}, "colours such as"},
		"a font of its own":        {[]string{"page.font", "url(https://evil.example)"}, "colours such as"},
		"a style of its own":       {[]string{"buttons.style", "filled evil"}, "colours such as"},
		"a long title of a chat":   {[]string{"header_title", strings.Repeat("я", 71)}, "title of the chat of at most 70"},
		"a long alt":               {[]string{"alt", strings.Repeat("я", 201)}, ""},
	} {
		rest()
		a := g.saveCard(page, tt.pairs...)
		if name == "a long alt" { // there is no picture: nothing is kept of it
			if a.status != http.StatusSeeOther {
				t.Errorf("%s: %d", name, a.status)
			}
			continue
		}
		want := http.StatusUnprocessableEntity
		if name == "another page's address" {
			want = http.StatusConflict
		}
		if a.status != want || !strings.Contains(string(a.body), tt.says) {
			t.Errorf("%s: %d, want %d with %q", name, a.status, want, tt.says)
			continue
		}
		for i := 0; i < len(tt.pairs); i += 2 { // what was typed stands there again
			if strings.HasPrefix(tt.pairs[i], "b1.l") && tt.pairs[i+1] != "" && formOf(t, a).Get(tt.pairs[i]) != tt.pairs[i+1] {
				t.Errorf("%s: %s is lost: %q", name, tt.pairs[i], formOf(t, a).Get(tt.pairs[i]))
			}
		}
	}
	for name, picture := range map[string][]byte{
		"a text":    []byte("no picture at all"),
		"a page":    []byte("<!doctype html><script>alert(1)</script>"),
		"a drawing": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
		"half":      drawing(400, 400)[:900],
	} {
		if a := g.sendForm(page, g.cardForm(page), picture); a.status != http.StatusUnprocessableEntity || !strings.Contains(string(a.body), `id="picture-error"`) {
			t.Errorf("%s as a picture: %d", name, a.status)
		}
	}
	big := append(drawing(2, 2), make([]byte, 8<<20)...)
	if a := g.sendForm(page, g.cardForm(page), big); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a picture of 8 MB and more: %d", a.status)
	}
	if n := len(w.blobs()); n != 0 {
		t.Errorf("%d refused pictures are kept", n)
	}

	// The list of buttons is arranged in the form, and nothing is saved by that.
	arrange := func(a answer, act string) answer {
		t.Helper()
		form := formOf(t, a)
		form.Set("act", act)
		rest()
		b := g.sendForm(page, form, nil)
		if b.status != http.StatusOK || !strings.Contains(string(b.body), "Not saved yet") {
			t.Fatalf("%s: %d %s", act, b.status, b.body)
		}
		return b
	}
	kinds := func(a answer) string {
		form := formOf(t, a)
		var list []string
		for i := range 30 {
			if k := form.Get(fmt.Sprintf("b%d.kind", i)); k != "" {
				list = append(list, k)
			}
		}
		return strings.Join(list, " ")
	}
	at := arrange(arrange(g.get(page), "add-link"), "add-messenger")
	if got := kinds(at); got != "chat link messenger" {
		t.Errorf("after adding two: %s", got)
	}
	if at = arrange(at, "up-2"); kinds(at) != "chat messenger link" {
		t.Errorf("after up: %s", kinds(at))
	}
	if at = arrange(at, "down-0"); kinds(at) != "messenger chat link" {
		t.Errorf("after down: %s", kinds(at))
	}
	if at = arrange(arrange(at, "remove-1"), "remove-0"); kinds(at) != "link" {
		t.Errorf("after removing two: %s", kinds(at))
	}
	if at = arrange(at, "add-chat"); kinds(at) != "link chat" || formOf(t, at).Get("chat") == "" {
		t.Errorf("the chat again: %s", kinds(at))
	}
	if got := kinds(g.get(page)); got != "chat" {
		t.Errorf("saved is %s", got)
	}
	for _, act := range []string{"up-0", "down-0", "up-7", "remove-x", "add-evil", "explode", "up--1"} {
		form := g.cardForm(page)
		form.Set("act", act)
		rest()
		if a := g.sendForm(page, form, nil); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", act, a.status)
		}
	}

	// The preview shows what is typed, in a frame of the console alone, and nothing works in it.
	form := g.cardForm(page)
	form.Set("title", "Typed <i>only</i>")
	form.Set("blocks", "2")
	form.Set("b1.kind", "link")
	form.Set("b1.link", "javascript:alert(1)")
	form.Set("b1.label", "Press")
	form.Set("page.text", "red}body{display:none")
	shown := g.sendForm(page+"/preview", form, nil)
	contains(t, "the preview", shown.body, "Typed &lt;i&gt;only&lt;/i&gt;", ">Press<", "disabled")
	for _, part := range []string{"javascript:", "<script", "href=\"http", "display:none}"} {
		if _, body, _ := strings.Cut(string(shown.body), "<body>"); strings.Contains(body, part) {
			t.Errorf("the preview has %q", part)
		}
	}
	if strings.Contains(string(shown.body), "red}body") {
		t.Error("what was typed as a colour is style")
	}
	csp := shown.header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "; sandbox; frame-ancestors 'self' https://"+crmHost) || strings.Contains(csp, "script-src") {
		t.Errorf("policy of the preview: %q", csp)
	}
	if faint := g.sendForm(page, changed(g.cardForm(page), "page.text", "#999999", "act", "add-link"), nil); !strings.Contains(string(faint.body), "contrast is below 4.5") {
		t.Error("grey on white is not warned of")
	}

	// The code.
	for ending, want := range map[string]string{"svg": "image/svg+xml", "png": "image/png"} {
		a := g.get(page + "/qr." + ending)
		if a.status != http.StatusOK || a.header.Get("Content-Type") != want || a.header.Get("Content-Disposition") != `attachment; filename="harbour-lamps.`+ending+`"` {
			t.Errorf("qr.%s: %d %v", ending, a.status, a.header)
		}
	}

	// Who may not: users who are no administrators, forms of other pages, other accounts.
	agent := w.guest(agentID)
	if a := agent.get(page); a.status != http.StatusOK || strings.Contains(string(a.body), `value="save"`) || !strings.Contains(string(a.body), "<fieldset class=\"cardform__fields\" disabled>") {
		t.Errorf("the editor for who only looks: %d", a.status)
	}
	form = g.cardForm(page)
	if a := agent.sendForm(page, form, nil); a.status != http.StatusForbidden {
		t.Errorf("saving for who only looks: %d", a.status)
	}
	form.Set("csrf", "x")
	for _, path := range []string{page, page + "/preview"} {
		if a := g.sendForm(path, form, nil); a.status != http.StatusForbidden {
			t.Errorf("%s without the form's secret: %d", path, a.status)
		}
	}
	for _, path := range []string{"/cards/" + uuidN(5), "/cards/x", "/cards/" + uuidN(5) + "/qr.png", "/cards/" + uuidN(5) + "/preview"} {
		if a := g.get(g.root + path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	for i := range onlinechat.MaxCards - 2 {
		if _, err := w.app.cardPages.Add(t.Context(), w.mustAccount(), "More", fmt.Sprintf("more-%d", i), "en"); err != nil {
			t.Fatal(err)
		}
	}
	contains(t, "the list when it is full", g.get(g.root+"/cards").body, "An account can have 20 card pages")
	if a := g.post(g.root+"/cards", url.Values{"csrf": {g.csrf(page)}, "title": {"More"}, "slug": {"one-too-many"}}); a.status != http.StatusConflict {
		t.Errorf("one too many: %d", a.status)
	}
	w.noBreaches()
}

func changed(form url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}
