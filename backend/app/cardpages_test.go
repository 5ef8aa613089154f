package app

import (
	"bytes"
	"compress/gzip"
	"errors"
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

	"leadline/backend/chatid"
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
