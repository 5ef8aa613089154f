package sandbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// tab is a page of the browser.
type tab struct {
	t   *testing.T
	b   *bench
	ctx context.Context
}

func (b *bench) inbox() *tab {
	b.t.Helper()
	u, err := url.Parse(b.url)
	if err != nil {
		b.t.Fatal(err)
	}
	p := &tab{b.t, b, browser(b.t)}
	p.do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate("https://democo.amocrm.ru:"+u.Port()+"/inbox/"))
	return p
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) until(condition string) { p.t.Helper(); until(p.t, p.ctx, condition) }

// press clicks the visible button or summary with a text or label inside the
// part of the page that a selector names.
func (p *tab) press(within, words string) {
	p.t.Helper()
	found := fmt.Sprintf(`[...document.querySelectorAll(%q)].flatMap((e) => [...e.querySelectorAll("button, summary, label")])
		.find((e) => e.checkVisibility() && !e.disabled && (e.textContent.trim() === %q || e.getAttribute("aria-label") === %q))`, within, words, words)
	p.until(found)
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[any](found+`.click()`)); err != nil {
		p.t.Fatal(err)
	}
}

// open chooses a chat; the list may be drawn anew at any moment.
func (p *tab) open(chat string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`(document.querySelector('[data-chat=%q]').click(), true)`, chat))
}

// write types into an empty control.
func (p *tab) write(selector, words string) {
	p.t.Helper()
	p.do(chromedp.SendKeys(chromedp.CSS(selector), words))
}

// choose picks an option of a select by its text.
func (p *tab) choose(selector, words string) {
	p.t.Helper()
	script := fmt.Sprintf(`(() => { const s = document.querySelector(%q); const o = [...s.options].find((o) => o.textContent.includes(%q));
		s.value = o.value; s.dispatchEvent(new Event("change", { bubbles: true })); return s.value === o.value })()`, selector, words)
	p.until(script)
}

// shots looks at the page in both schemes; LEADLINE_ARTIFACTS names a folder that
// keeps the pictures.
func (p *tab) shots(name string) {
	p.t.Helper()
	p.until(`document.documentElement.scrollWidth <= innerWidth`)
	dir := os.Getenv("LEADLINE_ARTIFACTS")
	if dir == "" {
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
		if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
			p.t.Fatal(err)
		}
		picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+"-"+scheme+".png"), picture, 0o600)
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// void runs a script for what it does.
func void(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](script + "; undefined")
}

// wavOf is a tone of so many milliseconds.
func wavOf(ms int) []byte {
	const rate = 8000
	n := rate * ms / 1000
	var out bytes.Buffer
	out.WriteString("RIFF")
	_ = binary.Write(&out, binary.LittleEndian, uint32(36+2*n))
	out.WriteString("WAVEfmt ")
	for _, v := range []any{uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16)} {
		_ = binary.Write(&out, binary.LittleEndian, v)
	}
	out.WriteString("data")
	_ = binary.Write(&out, binary.LittleEndian, uint32(2*n))
	for i := range n {
		_ = binary.Write(&out, binary.LittleEndian, int16(8000*math.Sin(float64(i)/4)))
	}
	return out.Bytes()
}

// TestInboxShowsEveryKind: what a client can send (C §3.4.4-3.4.9) is seen by the operator.
func TestInboxShowsEveryKind(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	picture, sound := pngOf(t, 480, 300), wavOf(1500)
	b.rc.answer = func(w http.ResponseWriter, r *http.Request) {
		switch filepath.Ext(r.URL.Path) {
		case ".png":
			_, _ = w.Write(picture)
		case ".wav":
			w.Header().Set("Content-Type", "audio/wav")
			_, _ = w.Write(sound)
		case ".mp4":
			w.Header().Set("Content-Type", "video/mp4")
			_, _ = w.Write([]byte("\x00\x00\x00\x18ftypmp42"))
		case ".pdf":
			_, _ = w.Write([]byte("%PDF-1.4"))
		case ".gone":
			w.WriteHeader(http.StatusNotFound)
		}
	}
	b.connect()
	n := 0
	client := func(message string, payload ...string) string {
		t.Helper()
		n++
		id := fmt.Sprintf("m-%d", n)
		body := strings.Replace(withMessage(id, message, payload...), "600123", fmt.Sprintf("600%03d", n), 1)
		body = strings.Replace(body, `"name":"Анна"`, `"name":"Анна","avatar":"https://files.example.org/a.png","profile":{"phone":"+79990001122","email":"anna@example.org"}`, 1)
		return b.must(amojo("POST", testScope, body), 200).field(t, "new_message", "msgid").(string)
	}
	file := func(kind, name string, size int, more string) string {
		return fmt.Sprintf(`{"type":%q,"media":"https://files.example.org/%s","file_name":%q,"file_size":%d%s}`, kind, name, name, size, more)
	}
	first := client(`{"type":"text","text":"Is it still available?"}`)
	client(file("picture", "lamp.png", len(picture), `,"text":"this one"`))
	client(file("voice", "voice.wav", len(sound), `,"media_duration":1`))
	client(file("audio", "song.wav", len(sound), ""))
	client(file("video", "room.mp4", 12, ""))
	client(file("file", "plan.pdf", 8, ""))
	client(file("sticker", "sticker.png", len(picture), `,"sticker_id":"pack1-12"`))
	client(`{"type":"location","location":{"lon":37.6176,"lat":55.7558}}`)
	client(`{"type":"contact","contact":{"name":"Ivan","phone":"+79990003344"}}`)
	client(`{"type":"text","text":"as I wrote"}`, `"reply_to":{"message":{"msgid":"m-1"}}`)
	client(`{"type":"text","text":"look"}`, `"forwards":{"messages":[{"type":"text","text":"our price list","timestamp":1767200000,"msec_timestamp":1767200000000,"sender":{"name":"Shop"}}]}`)
	client(`{"type":"text","text":"Courier","callback_data":"row-1"}`)
	client(`{"type":"text","text":"seen here","shared_post":{"url":"https://messenger.example.org/p/9","type":"post","site_name":"Lamps of the year"}}`)
	client(`{"type":"text","text":"How much?",` + samplePost + `}`)
	gone := client(file("picture", "lost.gone", 10, ""))
	b.must(amojo("POST", testScope, edit(`"msgid":"m-1","message":{"type":"text","text":"Is it still available in red?"}`)), 200)
	chat := b.box.Chats(testAccount)[0].ID
	said := b.operator(chat, "Yes, two left.")
	b.must(amojo("POST", testScope+"/react", `{"conversation_id":"c-1","id":"`+said.ID+`","user":{"id":"u-1"},"type":"react","emoji":"🔥"}`), 200)
	b.must(amojo("POST", testScope+"/"+said.ID+"/delivery_status", `{"status_code":-1,"error_code":905,"error":"The client has blocked this line"}`), 200)
	b.must(amojo("POST", testScope+"/typing", `{"conversation_id":"c-1","sender":{"id":"u-1"}}`), 204)

	p := b.inbox()
	p.until(`document.querySelector(".chats__last").textContent === "is typing…" && document.querySelector(".face img").naturalWidth > 0`)
	p.shots("desk-1-list")
	click(p.t, p.ctx, ".chats__item")
	of := func(kind, what string) string {
		return fmt.Sprintf(`document.querySelector('[data-kind=%q]')%s`, kind, what)
	}
	for _, seen := range []string{
		fmt.Sprintf(`document.querySelector('[data-message=%q]').textContent.includes("in red?") && document.querySelector('[data-message=%q]').textContent.includes("edited")`, first, first),
		of("picture", `.querySelector("img").naturalWidth === 480`), of("picture", `.textContent.includes("this one")`),
		of("voice", `.querySelector("audio").duration > 1`), of("audio", `.querySelector("audio").duration > 1`),
		of("video", `.querySelector("video").src.includes("/inbox/files/")`),
		of("file", `.querySelector("a").textContent.includes("plan.pdf") && `+of("file", `.textContent.includes("8 B")`)),
		of("sticker", `.querySelector("img").naturalWidth === 480`),
		of("location", `.querySelector("a").href.includes("mlat=55.7558&mlon=37.6176")`),
		of("contact", `.textContent.includes("+79990003344")`),
		`[...document.querySelectorAll("button.quote")].some((q) => q.textContent.includes("Is it still available"))`,
		`document.querySelector(".quote--forward").textContent.includes("Forwarded from Shop") && document.querySelector(".quote--forward").textContent.includes("our price list")`,
		`document.getElementById("feed").textContent.includes("chose row-1")`,
		`document.querySelector(".bubble__shared a").textContent === "Lamps of the year"`,
		`document.querySelector(".feed__post a").textContent === "New lamps"`,
		fmt.Sprintf(`document.querySelector('[data-message=%q]').textContent.includes("could not be fetched: the link answers 404")`, gone),
		`document.querySelector(".bubble__state--failed").textContent === "not delivered (905): The client has blocked this line"`,
		`document.querySelector(".chip").textContent.startsWith("🔥")`,
		`document.getElementById("typing").textContent === "Анна is typing…"`,
		`["+79990001122", "anna@example.org", "Lead", "in work"].every((w) => document.getElementById("card").textContent.includes(w))`,
	} {
		p.until(seen)
	}
	p.shots("desk-2-end")
	// A quote leads to what it quotes.
	click(p.t, p.ctx, "button.quote")
	p.until(fmt.Sprintf(`document.querySelector('[data-message=%q]').classList.contains("feed__item--found")`, first))
	p.shots("desk-3-begin")
	b.box.Advance(6 * time.Second)
	p.until(`document.getElementById("typing").textContent === ""`)

	p.do(chromedp.EmulateViewport(375, 667, chromedp.EmulateMobile, chromedp.EmulateTouch))
	p.until(`document.getElementById("feed").checkVisibility() && !document.getElementById("chats").checkVisibility()`)
	p.shots("phone-2-begin")
	p.do(void(`document.getElementById("feed").scrollTop = 1e6`))
	p.shots("phone-3-end")
	p.press(".talk__head", "Card")
	p.until(`document.getElementById("card").checkVisibility()`)
	p.shots("phone-4-card")
	p.press("#card", "Close the card")
	click(p.t, p.ctx, "#back")
	p.until(`document.querySelector(".chats__item") === document.activeElement`)
	p.shots("phone-1-list")
}

// hook waits for the n-th hook and returns its message.
func (b *bench) hookMessage(n int) map[string]any {
	b.t.Helper()
	b.waitHooks(n)
	var v struct {
		Message struct {
			Sender  map[string]any `json:"sender"`
			Message map[string]any `json:"message"`
		} `json:"message"`
	}
	if err := json.Unmarshal(b.rc.all()[n-1].Body, &v); err != nil {
		b.t.Fatal(err)
	}
	if v.Message.Message != nil {
		v.Message.Message["from"] = v.Message.Sender["id"]
	}
	return v.Message.Message
}

// TestInboxDoesEverything: what an operator can do (C §4.3-4.6, §8.4) is done in the page and goes out.
func TestInboxDoesEverything(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.box.SetVariants(func(v *Variants) { v.ChannelLacks = []string{"typing"} }) // so that hooks can be counted
	b.connect()
	b.must(amojo("POST", testScope, strings.Replace(text("m-1", "c-1", "Hello"), `"name":"Анна"`, `"name":"Анна","profile":{"phone":"+79990001122"}`, 1)), 200)
	b.say("m-2", "c-2", "Another line")
	b.must(amojo("POST", testScope, strings.Replace(withMessage("m-3", `{"type":"text","text":"How much?",`+samplePost+`}`), "600123", "600900", 1)), 200)
	chat := b.box.Messages(testAccount)[0]
	b.template()
	dir := t.TempDir()
	put := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	p := b.inbox()
	p.open(chat.ChatID)
	p.until(`document.activeElement.id === "text" && document.querySelectorAll(".feed__item").length === 2`)
	hooks := 0
	next := func() map[string]any {
		t.Helper()
		hooks++
		p.until(fmt.Sprintf(`document.getElementById("problem").hidden || %d < 0`, hooks)) // says why nothing went out
		return b.hookMessage(hooks)
	}
	check := func(m map[string]any, key string, want any) {
		t.Helper()
		if fmt.Sprint(m[key]) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", key, m[key], want)
		}
	}

	// Text as another user; Enter sends.
	p.choose("#user", "Oleg")
	p.write("#text", "Good day!\r")
	m := next()
	check(m, "text", "Good day!")
	check(m, "from", operatorID)

	// Quote, forward, react, answer publicly: from the menu of a message.
	row := fmt.Sprintf(`[data-message=%q]`, chat.ID)
	menu := func(row, words string) { t.Helper(); p.press(row, "Actions"); p.press(row, words) }
	menu(row, "Quote")
	p.until(`document.getElementById("about").textContent.includes("Hello")`)
	p.press(row, "Actions")
	p.until(fmt.Sprintf(`document.querySelector('%s details').open`, row))
	p.shots("desk-4-menu")
	p.press(row, "Actions")
	p.write("#text", "This one\r")
	check(next()["reply_to"].(map[string]any)["message"].(map[string]any), "msgid", "m-1")
	menu(row, "Forward")
	p.choose("dialog select", "Анна")
	p.shots("desk-5-forward")
	p.press("dialog", "Forward")
	check(next()["forwards"].(map[string]any)["messages"].([]any)[0].(map[string]any), "msgid", "m-1")
	p.open(chat.ChatID)
	p.until(fmt.Sprintf(`document.querySelector('%s')`, row))
	menu(row, "React with 👍")
	next()
	p.until(`document.querySelector(".chip--mine")`)
	if got, _ := b.box.Message(chat.ID); got.Reactions[operatorID] != "👍" {
		t.Errorf("reactions %v", got.Reactions)
	}
	p.press("#feed", "👍 by Oleg, take back")
	next()
	p.until(`!document.querySelector(".chip")`)
	menu(fmt.Sprintf(`[data-message=%q]`, b.box.Messages(testAccount)[2].ID), "Answer publicly")
	p.write("#text", "A hundred\r")
	check(next()["post"].(map[string]any), "id", "post-1")

	// Files: a picture, a voice message, an album.
	attach := func(paths ...string) {
		t.Helper()
		p.do(chromedp.SetUploadFiles(chromedp.CSS("#attach"), paths, chromedp.NodeReady))
		p.until(fmt.Sprintf(`document.querySelectorAll(".composer__file").length === %d`, len(paths)))
	}
	attach(put("чек.png", pngOf(t, 640, 400)))
	p.write("#text", "The receipt")
	p.shots("desk-6-attached")
	p.press("#composer", "Send")
	m = next()
	check(m, "type", "picture")
	check(m, "text", "The receipt")
	check(m, "file_name", "чек.png")
	p.until(`[...document.querySelectorAll(".bubble__picture")].some((i) => i.naturalWidth === 320)`) // the thumbnail
	attach(put("note.wav", wavOf(1200)))
	p.choose(".composer__kind", "voice")
	p.press("#composer", "Send")
	check(next(), "type", "voice")
	attach(put("sticker.png", pngOf(t, 64, 64)))
	p.choose(".composer__kind", "sticker")
	p.press("#composer", "Send")
	check(next(), "type", "sticker")
	attach(put("clip.mp4", []byte("\x00\x00\x00\x18ftypmp42")))
	p.press("#composer", "Send")
	check(next(), "type", "video")
	attach(put("song.wav", wavOf(300)))
	p.press("#composer", "Send")
	check(next(), "type", "audio")
	attach(put("list.pdf", []byte("%PDF-1.4")))
	p.press("#composer", "Send")
	check(next(), "type", "file")
	attach(put("1.png", pngOf(t, 30, 30)), put("2.png", pngOf(t, 30, 30)))
	p.press("#composer", "Send")
	check(next(), "media_group_id", next()["media_group_id"])

	// Buttons, links, a list, a template.
	p.press("#composer", "Buttons")
	p.write("dialog textarea", "Yes | No\nLater")
	p.shots("desk-7-buttons")
	p.press("dialog", "Use")
	p.until(`!document.querySelector("dialog")`)
	p.write("#text", "Shall we deliver?\r")
	check(next()["markup"].(map[string]any), "buttons", "[[map[text:Yes] map[text:No]] [map[text:Later]]]")
	p.press("#composer", "Buttons")
	p.write("dialog textarea", "Our shop -> https://example.org/shop")
	p.press("dialog", "Use")
	p.until(`!document.querySelector("dialog")`)
	p.write("#text", "Here\r")
	check(next()["markup"].(map[string]any), "buttons", "[[map[text:Our shop url:https://example.org/shop]]]")
	p.press("#composer", "List")
	p.write("dialog textarea[maxlength]", "How?")
	p.write("dialog .field:last-of-type textarea", "# Delivery\nCourier | tomorrow\nPickup")
	p.shots("desk-8-list")
	p.press("dialog", "Use")
	p.until(`!document.querySelector("dialog")`)
	p.write("#text", "Choose\r")
	list := next()["markup"].(map[string]any)["list_message"].(map[string]any)
	check(list["sections"].([]any)[0].(map[string]any)["rows"].([]any)[1].(map[string]any), "title", "Pickup")
	p.press("#composer", "Template")
	p.write("dialog textarea", "Good day, {{contact.name}}!")
	p.shots("desk-9-template")
	p.press("dialog", "Send")
	m = next()
	check(m, "text", "Good day, Анна!")
	check(m["template"].(map[string]any), "content", "Good day, {{contact.name}}!")
	p.until(`!document.querySelector("dialog") && document.getElementById("text").value === ""`)
	p.shots("desk-10-sent")
	p.press("#composer", "Template")
	p.choose("dialog select", "Ready")
	p.press("dialog", "Send")
	m = next()
	check(m, "text", "Анна, it is ready")
	check(m["markup"].(map[string]any), "buttons", "[[map[text:Thanks]]]")
	p.until(`!document.querySelector("dialog")`)

	// Salesbot speaks, the talk is closed, somebody is written to first.
	p.choose("#user", "Salesbot")
	p.write("#text", "I am a bot\r")
	check(next(), "from", testBot)
	for open := 2; open > 0; open-- { // the talk and the one of the post
		p.until(fmt.Sprintf(`document.querySelectorAll("#card li button").length === %d`, open))
		p.press("#card", "Close")
	}
	b.wait("the closed talks", func() bool {
		return !slices.ContainsFunc(b.box.card(chat.ChatID).Talks, func(talk Talk) bool { return talk.InWork })
	})
	p.choose("#user", "Oleg")
	p.press(".bar", "Write first")
	p.choose("dialog .field:nth-of-type(3) select", "+79990001122")
	p.write("dialog textarea", "We have news")
	p.shots("desk-11-write-first")
	p.press("dialog", "Send")
	m = next()
	check(m, "text", "We have news")
	check(m, "from", operatorID)
	p.until(`document.querySelector(".chats__item--open .chats__last").textContent === "We have news"`)
	if n := len(b.box.Chats(testAccount)); n != 3 {
		t.Errorf("%d chats, want 3", n)
	}
	b.noBreach()

	p.do(chromedp.EmulateViewport(375, 667, chromedp.EmulateMobile, chromedp.EmulateTouch))
	click(p.t, p.ctx, "#back")
	p.open(chat.ChatID)
	p.until(`document.querySelector(".keys")`)
	p.shots("phone-5-sent")
}
