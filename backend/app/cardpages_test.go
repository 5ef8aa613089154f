package app

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/onlinechat"
)

// addCard makes a card page in the console and gives the path of its editor.
func (g *guest) addCard(title, slug string) string {
	g.w.t.Helper()
	a := g.post(g.root+"/cards", url.Values{"csrf": {g.csrf(g.root + "/cards")}, "title": {title}, "slug": {slug}})
	to := a.header.Get("Location")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(to, g.root+"/cards/") {
		g.w.t.Fatalf("make a page: %d %s", a.status, a.body)
	}
	page, _, _ := strings.Cut(to, "?")
	return page
}

var control = regexp.MustCompile(`(?s)<(input|textarea|select)\b([^>]*)>(.*?(?:</textarea>|</select>))?`)

// attr reads an attribute of a tag.
func attr(tag, name string) (string, bool) {
	m := regexp.MustCompile(` ` + name + `(?:="([^"]*)")?(?:[ >/]|$)`).FindStringSubmatch(tag + " ")
	if m == nil {
		return "", false
	}
	return html.UnescapeString(m[1]), true
}

// cardForm reads what a browser would send of the editor's form as it stands.
func (g *guest) cardForm(page string) url.Values {
	g.w.t.Helper()
	return formOf(g.w.t, g.get(page))
}

func formOf(t *testing.T, a answer) url.Values {
	t.Helper()
	_, text, _ := strings.Cut(string(a.body), `<form class="js-live"`)
	text, _, ok := strings.Cut(text, "</form>")
	if !ok {
		t.Fatalf("no editor: %d %s", a.status, a.body)
	}
	form := url.Values{"act": {"save"}}
	for len(text) > 0 {
		at := control.FindStringSubmatchIndex(text)
		if at == nil {
			break
		}
		tag, attrs := text[at[2]:at[3]], text[at[4]:at[5]]
		end := at[5] + 1
		name, named := attr(attrs, "name")
		value, _ := attr(attrs, "value")
		kind, _ := attr(attrs, "type")
		_, checked := attr(attrs, "checked")
		if tag != "input" {
			closing := strings.Index(text[end:], "</"+tag+">")
			inside := text[end : end+closing]
			end += closing
			value = html.UnescapeString(inside)
			if tag == "select" {
				value = ""
				if m := regexp.MustCompile(`value="([^"]*)" selected`).FindStringSubmatch(inside); m != nil {
					value = html.UnescapeString(m[1])
				}
			}
		}
		if named && kind != "file" && (kind != "checkbox" || checked) {
			form.Set(name, value)
		}
		text = text[end:]
	}
	return form
}

// send sends the editor's form as a browser does, with a picture if there is one.
func (g *guest) sendForm(path string, form url.Values, picture []byte) answer {
	g.w.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for k, list := range form {
		for _, v := range list {
			if err := m.WriteField(k, v); err != nil {
				g.w.t.Fatal(err)
			}
		}
	}
	name := ""
	if picture != nil {
		name = "lamp.png"
	}
	part, err := m.CreateFormFile("picture", name)
	if err == nil {
		_, err = part.Write(picture)
	}
	if err = errors.Join(err, m.Close()); err != nil {
		g.w.t.Fatal(err)
	}
	return g.w.send("POST", appURL+path, map[string]string{"Cookie": g.cookie(), "Content-Type": m.FormDataContentType(), "Origin": appURL}, body.String())
}

// saveCard changes the page as it stands by the pairs, and saves it.
func (g *guest) saveCard(page string, pairs ...string) answer {
	g.w.t.Helper()
	form := g.cardForm(page)
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return g.sendForm(page, form, nil)
}

func (g *guest) mustSave(page string, pairs ...string) {
	g.w.t.Helper()
	if a := g.saveCard(page, pairs...); a.status != http.StatusSeeOther {
		g.w.t.Fatalf("save: %d %s", a.status, a.body)
	}
}

func (w *world) card(slug string, header map[string]string) answer {
	w.t.Helper()
	return w.send("GET", chatURL+"/s/"+slug, header, nil)
}

func drawing(w, h int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for x := range w {
		for y := range h {
			img.Set(x, y, color.NRGBA{R: uint8(x), G: uint8(y), B: uint8(x * y), A: 255})
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // into memory
	return b.Bytes()
}

func contains(t *testing.T, what string, body []byte, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(string(body), part) {
			t.Errorf("%s has no %q:\n%s", what, part, body)
		}
	}
}

// TestCardPage: what an administrator saves stands at an address of its own: light,
// safe whatever he wrote, with what previews and caches need.
func TestCardPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	w.connected()
	g := w.guest(adminID)
	page := g.addCard("Harbour lamps", "harbour-lamps")

	// As it was made: the account's chat, nothing else.
	fresh := w.card("harbour-lamps", nil)
	if fresh.status != http.StatusOK {
		t.Fatalf("%d %s", fresh.status, fresh.body)
	}
	contains(t, "a new page", fresh.body, `<html lang="en">`, "<title>Harbour lamps</title>", `id="chat"`, `name="viewport"`, "needs JavaScript")

	form := g.cardForm(page)
	form.Set("text", "Lamps <b>of</b> the port\r\n\"Open\" & well")
	form.Set("unlisted", "1")
	form.Set("locale", "ru")
	form.Set("chat.style", "pill")
	form.Set("chat.text", "#FFFFFF")
	form.Set("chat.background", "#115522")
	form.Set("blocks", "6")
	for k, v := range map[string]string{
		"b1.kind": "messenger", "b1.service": "telegram", "b1.link": "@harbour_lamps",
		"b2.kind": "messenger", "b2.service": "whatsapp", "b2.link": "+7 999 000-11-22", "b2.label": "</span><script>alert(1)</script>",
		"b3.kind": "link", "b3.link": "harbour.example/shop?a=1&b=2", "b3.label": "Shop", "b3.heading": "Where to buy",
		"b4.kind": "link", "b4.link": "+7 (999) 000-11-22", "b4.label": "Call us",
		"b5.kind": "link", "b5.link": "lamps@harbour.example", "b5.label": "Mail us",
	} {
		form.Set(k, v)
	}
	form.Set("alt", `A "lamp"`)
	if a := g.sendForm(page, form, drawing(1600, 800)); a.status != http.StatusSeeOther {
		t.Fatalf("save: %d %s", a.status, a.body)
	}
	a := w.card("harbour-lamps", nil)
	contains(t, "the page", a.body,
		`<html lang="ru">`, "Lamps &lt;b&gt;of&lt;/b&gt; the port\n&#34;Open&#34; &amp; well", `<meta name="robots" content="noindex">`,
		`href="https://t.me/harbour_lamps"`, `>Telegram<`, `href="https://wa.me/79990001122"`, `&lt;/span&gt;&lt;script&gt;alert(1)`,
		`href="https://harbour.example/shop?a=1&amp;b=2" rel="noopener nofollow"`, ">Where to buy<", `href="tel:&#43;79990001122"`, `href="mailto:lamps@harbour.example"`,
		`<link rel="canonical" href="`+chatURL+`/s/harbour-lamps">`, `<meta property="og:title" content="Harbour lamps">`,
		`<meta property="og:description" content="Lamps &lt;b&gt;of&lt;/b&gt; the port &#34;Open&#34; &amp; well">`, `<meta property="og:url" content="`+chatURL+`/s/harbour-lamps">`,
		`<meta property="og:image:width" content="1200">`, `<meta property="og:image:height" content="600">`, `<meta property="og:image:alt" content="A &#34;lamp&#34;">`,
		"--chat-back:#115522", "Онлайн-чат",
	)
	if strings.Contains(string(a.body), "alert(1)</script>") {
		t.Error("a script of the owner's is on the page")
	}
	csp := a.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(csp, "default-src 'none'; ") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy %q", csp)
	}
	for _, host := range regexp.MustCompile(`https?://[^ ;]+`).FindAllString(csp, -1) {
		if host != chatURL {
			t.Errorf("the policy lets in %s", host)
		}
	}
	if got := a.header.Get("X-Robots-Tag"); got != "noindex" {
		t.Errorf("X-Robots-Tag %q", got)
	}

	// Weight and caches.
	small := w.card("harbour-lamps", map[string]string{"Accept-Encoding": "gzip"})
	z, err := gzip.NewReader(bytes.NewReader(small.body))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(plain, a.body) || len(small.body) > 10<<10 {
		t.Errorf("compressed to %d of %d bytes, want at most 10 KB: %v", len(small.body), len(a.body), err)
	}
	t.Logf("the page weighs %d bytes, %d of them compressed", len(a.body), len(small.body))
	tag := a.header.Get("ETag")
	if same := w.card("harbour-lamps", map[string]string{"If-None-Match": tag}); same.status != http.StatusNotModified || len(same.body) > 0 || same.header.Get("Content-Security-Policy") != csp {
		t.Errorf("the same page again: %d, %d bytes", same.status, len(same.body))
	}
	if head := w.send("HEAD", chatURL+"/s/harbour-lamps", nil, nil); head.status != http.StatusOK || len(head.body) > 0 {
		t.Errorf("HEAD: %d", head.status)
	}
	g.mustSave(page, "title", "Lamps of the harbour", "b0.heading", "Ask us")
	if changed := w.card("harbour-lamps", map[string]string{"If-None-Match": tag}); changed.status != http.StatusOK || !strings.Contains(string(changed.body), "Lamps of the harbour") {
		t.Errorf("after a change: %d", changed.status)
	}

	// The picture: a copy without metadata, gone when another one takes its place.
	src := regexp.MustCompile(`<img[^>]* src="(` + chatURL + `/s/harbour-lamps/[a-z2-7]+)"`).FindSubmatch(a.body)
	if src == nil {
		t.Fatalf("no picture: %s", a.body)
	}
	shown := w.send("GET", string(src[1]), nil, nil)
	conf, _, err := image.DecodeConfig(bytes.NewReader(shown.body))
	if err != nil && shown.header.Get("Content-Type") != "image/jpeg" || shown.status != http.StatusOK || !strings.Contains(shown.header.Get("Cache-Control"), "immutable") {
		t.Errorf("picture %d %s %v %v", shown.status, shown.header.Get("Content-Type"), conf, err)
	}
	if a := g.sendForm(page, g.cardForm(page), drawing(40, 30)); a.status != http.StatusSeeOther {
		t.Fatalf("another picture: %d %s", a.status, a.body)
	}
	if gone := w.send("GET", string(src[1]), nil, nil); gone.status != http.StatusNotFound {
		t.Errorf("the picture before: %d", gone.status)
	}
	if n := len(w.blobs()); n != 1 {
		t.Errorf("%d pictures are kept, want the one on the page", n)
	}
	g.mustSave(page, "no_picture", "1")
	contains(t, "without a picture", w.card("harbour-lamps", nil).body, `content="summary"`)
	if n := len(w.blobs()); n != 0 {
		t.Errorf("%d pictures are kept, want none", n)
	}

	// Addresses: the old one leads to the new one, nobody's is said in the reader's language.
	g.mustSave(page, "slug", "old-port-lamps")
	if moved := w.card("harbour-lamps", nil); moved.status != http.StatusFound || moved.header.Get("Location") != "/s/old-port-lamps" {
		t.Errorf("the old address: %d to %s", moved.status, moved.header.Get("Location"))
	}
	for lang, words := range map[string]string{"ru": "Такой страницы нет", "en": "no such page", "es": "No existe esa página", "pt": "não existe"} {
		for _, slug := range []string{"nobody-has-this", "UPPER", "x", "%00", "a.b"} {
			a := w.card(slug, map[string]string{"Accept-Language": lang})
			if a.status != http.StatusNotFound || !strings.Contains(string(a.body), words) || !strings.Contains(a.header.Get("Content-Type"), "text/html") {
				t.Errorf("%s in %s: %d %s", slug, lang, a.status, a.body)
			}
		}
	}

	// What was changed is in the log of the account, and deleting asks first.
	contains(t, "the log", g.get(g.root+"/activity").body, "Change of a card page", "Making of a card page")
	contains(t, "the editor", g.get(page).body, "<details", "Yes, delete it")
	if a := g.post(page+"/delete", url.Values{"csrf": {g.csrf(page)}}); a.status != http.StatusSeeOther {
		t.Errorf("delete: %d", a.status)
	}
	if gone := w.card("old-port-lamps", nil); gone.status != http.StatusNotFound {
		t.Errorf("a page that was deleted: %d", gone.status)
	}
	if gone := g.get(page); gone.status != http.StatusNotFound {
		t.Errorf("its editor: %d", gone.status)
	}
	w.noBreaches()
}

func (w *world) mustAccount() chatid.AccountID {
	w.t.Helper()
	a, ok := w.account()
	if !ok {
		w.t.Fatal("no account")
	}
	return a.ID
}

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

// TestCardButton: a page's own button works there and nowhere else, and is none of the
// account's buttons.
func TestCardButton(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, setup{login: true, now: c.now})
	shopButton, shopHash := w.connected()
	g := w.guest(adminID)
	page := g.addCard("Harbour lamps", "harbour-lamps")
	body := w.card("harbour-lamps", nil).body
	m := regexp.MustCompile(`"hash":"([0-9a-f]{64})","id":"(\d+)"`).FindSubmatch(body)
	if m == nil {
		t.Fatalf("no button on the page: %s", body)
	}
	button, hash := string(m[2]), string(m[1])
	for origin, want := range map[string]int{"": 200, chatURL: 200, appURL: 403, shopURL: 403, "null": 403} {
		if a := w.config(button, hash, origin); a.status != want {
			t.Errorf("the page's button from %q: %d, want %d", origin, a.status, want)
		}
	}
	foreign := w.send("GET", chatURL+"/v1/buttons/"+button+"/config?hash="+hash, map[string]string{"Sec-Fetch-Site": "cross-site"}, nil)
	foreign.wants(t, "from another site without an origin", http.StatusForbidden, "origin_not_trusted")
	frame := w.send("GET", chatURL+"/v1/frame/"+button, nil, nil)
	if csp := frame.header.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "frame-ancestors "+chatURL) {
		t.Errorf("the panel may stand in %q", csp)
	}
	if a := w.config(shopButton, shopHash, shopURL); a.status != http.StatusOK {
		t.Errorf("the site's button: %d", a.status)
	}
	list, err := w.app.chats.Buttons(t.Context(), w.mustAccount())
	if err != nil || len(list) != 1 {
		t.Errorf("the account's buttons: %v, %v", list, err)
	}
	cards, err := w.app.cardPages.CardsOf(t.Context(), w.mustAccount())
	if err != nil || len(cards) != 1 || string(cards[0].Chat) == "" {
		t.Errorf("the account's pages: %v, %v", cards, err)
	}

	// BOT-10: the page has a switch of its own for the bot.
	w.greets(consultant, nil)
	for _, on := range []bool{true, false, true} {
		g.mustSave(page, "welcome", map[bool]string{true: "on", false: ""}[on])
		var opened struct{ Ticket string }
		w.config(button, hash, chatURL).into(t, &opened)
		var session struct{ Greets bool }
		w.send("POST", chatURL+"/v1/session", nil, map[string]string{"button_id": button, "ticket": opened.Ticket}).into(t, &session)
		if session.Greets != on {
			t.Errorf("the bot greets: %v, with the page's switch %v", session.Greets, on)
		}
	}

	// O §5: key actions watch the page's visitors, too; its editor leads to them, and they back to it.
	actions := g.root + "/buttons/" + button + "/actions"
	g.shows(g.get(page), 200, `href="`+actions+`"`)
	g.shows(g.get(actions), 200, `href="`+page+`">Back to the card page`)
	action := url.Values{"csrf": {g.csrf(actions + "/new")}, "name": {"Asked"}, "constraint": {"1"}, "hook": {"ASKED"}, "greeting": {"1"}, "task_hours": {"24"}}
	if a := g.post(actions+"/new", action); a.status != http.StatusSeeOther {
		t.Errorf("saving a key action of the page: %d %s", a.status, a.body)
	}
	if a := w.config(button, hash, chatURL); !strings.Contains(string(a.body), `"actions":true`) {
		t.Errorf("the page does not watch for its key action: %s", a.body)
	}
	if a := w.config(shopButton, shopHash, shopURL); strings.Contains(string(a.body), `"actions":true`) {
		t.Errorf("the site watches for the page's key action: %s", a.body)
	}
	agent := w.guest(agentID)
	agent.shows(agent.get(actions+"/new"), 403, "")
	g.shows(g.get(g.root+"/buttons/"+button), 404, "")

	// Without its chat the page stays, and so it does where the account is switched off.
	g.mustSave(page, "blocks", "0")
	without := w.card("harbour-lamps", nil)
	if without.status != http.StatusOK || strings.Contains(string(without.body), "<script") || strings.Contains(without.header.Get("Content-Security-Policy"), "script-src") {
		t.Errorf("without a chat: %d %s", without.status, without.body)
	}
	if a := w.config(button, hash, chatURL); a.status != http.StatusOK || !strings.Contains(string(a.body), `"chat":null`) {
		t.Errorf("the button without a chat: %d %s", a.status, a.body)
	}
	g.mustSave(page, "blocks", "1", "b0.kind", "chat", "chat", string(cards[0].Chat))
	if a := w.send("POST", appURL+"/widget/v1/disconnect", w.widgetHeaders(adminID), map[string]string{}); a.status != http.StatusOK {
		t.Fatalf("disconnect: %d %s", a.status, a.body)
	}
	if off := w.card("harbour-lamps", nil); off.status != http.StatusOK || strings.Contains(string(off.body), `id="chat"`) {
		t.Errorf("of an account that is off: %d", off.status)
	}

	// An address that was given up is kept for 90 days.
	g.mustSave(page, "slug", "new-lamps")
	c.shift.Add(int64(90*24*time.Hour - time.Minute))
	if a := w.card("harbour-lamps", nil); a.status != http.StatusFound {
		t.Errorf("the old address after 89 days: %d", a.status)
	}
	c.shift.Add(int64(2 * time.Minute))
	if a := w.card("harbour-lamps", nil); a.status != http.StatusNotFound {
		t.Errorf("the old address after 90 days: %d", a.status)
	}
}
