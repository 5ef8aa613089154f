package sitechat

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

const (
	sent    = `document.querySelector(".sc-message--inbound .sc-message__meta")?.textContent.includes("Sent")`
	problem = `document.querySelector(".sc-composer__error").textContent`
)

func TestEachWayOfGivingFiles(t *testing.T) {
	t.Parallel()
	lamp := picture(120, 80, warm)
	for _, how := range []string{"choice", "drop", "paste"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			h := &host{}
			s, p := writing(t, h)
			if how == "choice" { // as a person's file dialog does it
				path := filepath.Join(t.TempDir(), "lamp.png")
				if err := os.WriteFile(path, lamp.bytes, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := chromedp.Do(p.ctx, chromedp.SetUploadFiles(chromedp.CSS(".sc-composer__file"), []string{path}, chromedp.NodeReady)); err != nil {
					t.Fatal(err)
				}
			} else {
				p.give(how, lamp)
			}
			// It waits in the tray, with room for a caption, and can be taken back.
			p.until(`document.querySelector(".sc-tray__picture")?.naturalWidth === 120 && document.activeElement.matches("textarea")`)
			p.value(`[document.querySelector("textarea").placeholder, document.querySelector(".sc-tray__remove").title]`, []string{"Add a caption...", "Remove lamp.png"})
			p.axe("tray")
			s.shot("tray")
			s.keys("For the hall\r")
			p.until(sent)
			p.until(`document.querySelector(".sc-message--inbound img").naturalWidth === 120`)
			p.value(`[document.querySelector(".sc-message--inbound .sc-message__text").textContent, document.querySelectorAll(".sc-tray__item").length]`, []any{"For the hall", 0})
			body := h.sentBodies(1)[0]
			if body["file_id"] != "f1" || body["text"] != "For the hall" || body["group"] != nil || h.called("upload lamp.png") != 1 {
				t.Errorf("sent %v after the calls %v", body, h.calls)
			}
		})
	}
}

func TestSeveralFilesAreAnAlbumAndKeepTheirOrderWithTexts(t *testing.T) {
	t.Parallel()
	h := &host{gate: make(chan struct{})}
	s, p := writing(t, h)
	one, two := picture(120, 80, warm), picture(80, 120, cool)
	one.name, two.name = "one.png", "лампа №2.png"
	p.give("drop", one, two)
	p.until(`document.querySelectorAll(".sc-tray__item").length === 2`)
	s.keys("Both\r")
	p.until(`document.querySelectorAll(".sc-message--sending .sc-album img").length === 2 && document.querySelectorAll("progress").length === 2`)
	s.keys("And a text\r")
	p.until(`document.querySelectorAll(".sc-message--sending").length === 2`)
	p.axe("uploading")
	s.shot("uploading")
	p.value(`[...document.querySelectorAll(".sc-upload__cancel")].map((b) => b.title)`, []string{"Cancel sending one.png", "Cancel sending лампа №2.png"})
	h.mu.Lock()
	before := len(h.bodies)
	h.mu.Unlock()
	if before != 0 {
		t.Error("a text overtook the files before it")
	}
	close(h.gate)
	p.until(`!document.querySelector(".sc-message--sending") && !document.querySelector(".sc-upload")`)
	bodies := h.sentBodies(3)
	if bodies[0]["group"] == nil || bodies[0]["group"] != bodies[1]["group"] || bodies[0]["text"] != "Both" || bodies[1]["text"] != "" || bodies[2]["text"] != "And a text" || bodies[2]["file_id"] != nil {
		t.Errorf("sent %v", bodies)
	}
	if h.called("upload one.png") != 1 || h.called("upload лампа №2.png") != 1 {
		t.Errorf("calls: %v", h.calls)
	}
	p.value(`document.querySelectorAll(".sc-message--inbound .sc-album img").length`, 2)
}

func TestAnUploadCanBeTakenBack(t *testing.T) {
	t.Parallel()
	h := &host{gate: make(chan struct{})}
	s, p := writing(t, h)
	t.Cleanup(func() { close(h.gate) })
	p.give("drop", picture(120, 80, warm))
	p.until(`document.querySelector(".sc-tray__item")`)
	s.keys("\r")
	p.until(`document.querySelector(".sc-upload__cancel")`)
	s.keys("Never mind\r")
	p.run(`document.querySelector(".sc-upload__cancel").click()`)
	p.until(`document.querySelectorAll(".sc-message--inbound").length === 1 && ` + sent)
	if bodies := h.sentBodies(1); len(bodies) != 1 || bodies[0]["text"] != "Never mind" {
		t.Errorf("sent %v", bodies)
	}
}

func TestAnUploadThatIsRefusedSaysWhyAndLetsOthersPass(t *testing.T) {
	t.Parallel()
	h := &host{}
	refusing := true
	h.refuse = func(call string) (int, string, string) {
		if refusing && call == "upload virus.png" {
			return http.StatusUnprocessableEntity, "file_type_refused", "Files of this type are not taken."
		}
		return 0, "", ""
	}
	s, p := writing(t, h)
	bad := picture(120, 80, warm)
	bad.name = "virus.png"
	p.give("drop", bad)
	p.until(`document.querySelector(".sc-tray__item")`)
	s.keys("\r")
	p.until(`document.querySelector(".sc-message--error .sc-message__error")?.textContent === "Files of this type are not taken."`)
	s.keys("A text behind it\r")
	p.until(`document.querySelector(".sc-message--inbound:not(.sc-message--error) .sc-message__meta")?.textContent.includes("Sent")`)
	p.axe("refused")
	s.shot("refused")
	h.mu.Lock()
	refusing = false
	h.mu.Unlock()
	p.run(`document.querySelector(".sc-message__retry").click()`)
	p.until(`!document.querySelector(".sc-message--error") && document.querySelectorAll(".sc-message--inbound").length === 2`)
	waitFor(t, func() bool { return h.called("upload virus.png") == 2 })
}

func TestFilesAreCheckedBeforeTheyAreSent(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	p.give("drop", stored{name: "huge.png", contentType: "image/png", bytes: make([]byte, pictureLimit+1)})
	p.until(problem + ` === "huge.png is too large: at most 2.1 MB."`)
	s.shot("too-large")
	p.axe("too large")
	p.give("drop", stored{name: "empty.txt", contentType: "text/plain"})
	p.until(problem + ` === "empty.txt is empty."`)
	p.give("drop", stored{name: "run.exe", contentType: "application/x-msdownload", bytes: []byte("MZ")})
	p.until(problem + ` === "run.exe: files of this type are not taken."`)
	many := make([]stored, 11)
	for i := range many {
		many[i] = stored{name: "n.txt", contentType: "text/plain", bytes: []byte("x")}
	}
	p.give("drop", many...)
	p.until(problem + ` === "At most 10 files at once." && document.querySelectorAll(".sc-tray__item").length === 10`)
	for range 10 {
		p.run(`document.querySelector(".sc-tray__remove").click()`)
	}
	p.value(`document.querySelectorAll(".sc-tray__item").length`, 0)
	if len(h.calls) > 0 {
		t.Errorf("the server was asked: %v", h.calls)
	}
}

func TestFilesThatWereNotSentSurviveAReload(t *testing.T) {
	t.Parallel()
	h := &host{broken: true}
	s, p := writing(t, h)
	p.give("drop", picture(120, 80, warm))
	p.until(`document.querySelector(".sc-tray__item")`)
	s.keys("Once\r")
	p.until(`document.querySelector(".sc-message--sending img")`)
	// The bytes are in the frame's database before the page goes.
	kept := `new Promise((resolve) => { const open = indexedDB.open("leadline.1042", 1); open.onsuccess = () => { const all = open.result.transaction("bytes").objectStore("bytes").count(); all.onsuccess = () => { open.result.close(); resolve(all.result) } } })`
	waitFor(t, func() bool {
		ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`indexedDB.databases().then((l) => l.some((d) => d.name === "leadline.1042"))`, chromedp.EvalAwaitPromise))
		if err != nil || !ok {
			return false
		}
		n, err := chromedp.Run(p.ctx, chromedp.Evaluate[int](kept, chromedp.EvalAwaitPromise))
		return err == nil && n == 1
	})
	if err := chromedp.Do(s.ctx, chromedp.Navigate(s.page.URL+"/?again")); err != nil {
		t.Fatal(err)
	}
	// Not before the next panel shows it: the one before, in a process of its own, may outlive its page by a try.
	p = s.panel()
	p.until(`document.querySelector(".sc-message--sending img")`)
	h.mu.Lock()
	h.broken = false
	h.mu.Unlock()
	p.until(sent)
	if bodies := h.sentBodies(1); len(bodies) != 1 || bodies[0]["text"] != "Once" || h.called("upload lamp.png") != 1 {
		t.Errorf("sent %v after %v", bodies, h.calls)
	}
	// What is stored is not kept twice.
	waitFor(t, func() bool {
		n, err := chromedp.Run(p.ctx, chromedp.Evaluate[int](kept, chromedp.EvalAwaitPromise))
		return err == nil && n == 0
	})
}

func TestFilesThatWereChosenAreStillChosenAfterAReload(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	p.give("drop", picture(120, 80, warm), stored{name: "list.txt", contentType: "text/plain", bytes: []byte("lamps")})
	p.until(`document.querySelectorAll(".sc-tray__item").length === 2`)
	s.keys("What I mean")
	chosen := `new Promise((resolve) => { const open = indexedDB.open("leadline.1042"); open.onsuccess = () => { const all = open.result.transaction("chosen").objectStore("chosen").getAll(); all.onsuccess = () => { open.result.close(); resolve(all.result.flatMap((c) => c.files).length) } } })`
	kept := func(want int) {
		t.Helper()
		waitFor(t, func() bool {
			n, err := chromedp.Run(p.ctx, chromedp.Evaluate[int](chosen, chromedp.EvalAwaitPromise))
			return err == nil && n == want
		})
	}
	kept(2)
	if err := chromedp.Do(s.ctx, chromedp.Navigate(s.page.URL+"/?again")); err != nil {
		t.Fatal(err)
	}
	p = s.panel()
	p.until(`document.querySelectorAll(".sc-tray__item").length === 2 && document.querySelector("textarea").value === "What I mean"`)
	p.run(`document.querySelector(".sc-tray__remove").click()`)
	kept(1)
	p.run(`document.querySelector("textarea").focus()`)
	s.keys("\r")
	p.until(sent)
	if bodies := h.sentBodies(1); len(bodies) != 1 || bodies[0]["text"] != "What I mean" || h.called("upload list.txt") != 1 {
		t.Errorf("sent %v after %v", bodies, h.calls)
	}
	kept(0)
}

func TestAVoiceMessage(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	p.until(`!document.querySelector(".sc-composer__mic").hidden`)
	record := func() {
		p.run(`document.querySelector(".sc-composer__mic").focus()`)
		s.keys("\r")
		p.until(`document.querySelector(".sc-record")`)
	}
	record()
	p.axe("recording")
	p.until(`document.querySelector(".sc-record__time").textContent !== "0:00"`)
	s.shot("recording")
	p.value(`document.activeElement.title`, "Discard the recording")
	s.keys("\x1b") // throws it away, and closes nothing
	p.until(`!document.querySelector(".sc-record") && document.activeElement.matches(".sc-composer__mic")`)
	s.value(`!!document.querySelector(".amo-livechat_chat")`, true)
	if len(h.calls) > 0 {
		t.Errorf("a recording that was thrown away went out: %v", h.calls)
	}
	record()
	p.until(`document.querySelector(".sc-record__time").textContent !== "0:00"`)
	s.keys("\t\r")
	p.until(sent + ` && document.querySelector(".sc-message--inbound .sc-player")`)
	p.until(`/^0:0[1-9]$/.test(document.querySelector(".sc-player__time").textContent)`)
	waitFor(t, func() bool { return h.called("upload voice.webm voice") == 1 })
	if data := h.files["f1"].bytes; !strings.HasPrefix(string(data), "\x1aE\xdf\xa3") { // the sign of Matroska, WebM's container
		t.Errorf("uploaded %x…", data[:min(8, len(data))])
	}
	s.shot("voice")
	// Its own container says nothing of its length; after a reload the panel finds it, where the server could not.
	h.mu.Lock()
	h.files["f1"].durationMS = 0
	h.mu.Unlock()
	if err := chromedp.Do(s.ctx, chromedp.Navigate(s.page.URL+"/?again")); err != nil {
		t.Fatal(err)
	}
	p = s.panel()
	p.until(`/^0:0[1-9]$/.test(document.querySelector(".sc-player__time")?.textContent)`)
	p.value(`document.querySelector(".sc-player__slider").value`, "0")
}

func TestARecordingStopsAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	p.until(`!document.querySelector(".sc-composer__mic").hidden`)
	p.run(`document.querySelector(".sc-composer__mic").click()`)
	p.until(`document.querySelector(".sc-record")`)
	p.run(`((now) => { performance.now = () => now() + 301000 })(performance.now.bind(performance))`)
	p.until(`document.querySelector(".sc-record--full") && document.querySelector(".sc-record__words").textContent === "The recording is as long as it can be."`)
	p.axe("full")
	s.shot("recording-full")
	p.run(`document.querySelector(".sc-record .sc-composer__send").click()`)
	p.until(sent + ` && document.querySelector(".sc-message--inbound .sc-player")`)
	waitFor(t, func() bool { return h.called("upload voice.webm voice") == 1 })
}

func TestWhereTheMicrophoneIsRefusedItIsSaid(t *testing.T) {
	t.Parallel()
	h := &host{}
	s, p := writing(t, h)
	p.until(`!document.querySelector(".sc-composer__mic").hidden`)
	p.run(`navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError")); document.querySelector(".sc-composer__mic").click()`)
	p.until(problem + `.startsWith("The microphone cannot be used.")`)
	p.run(`document.querySelector("textarea").focus()`)
	s.keys("Then in writing\r")
	p.until(sent + ` && ` + problem + ` === ""`)
}

func TestWhereFilesAreSwitchedOffNothingOffersThem(t *testing.T) {
	t.Parallel()
	s := visit(t, script(kommoSettings), answers)
	p := s.panel()
	p.until(`document.querySelector("textarea")`)
	p.give("drop", picture(10, 10, warm))
	p.value(`[".sc-composer__tools", ".sc-composer__mic"].map((q) => document.querySelector(q).checkVisibility({visibilityProperty: true}))`, []bool{false, false})
	p.value(`[document.querySelectorAll(".sc-tray__item, .sc-drop").length, document.querySelector(".sc-composer__send").checkVisibility()]`, []any{0, true})
}

func TestOnAPhoneFilesTheCameraAndTheMenu(t *testing.T) {
	t.Parallel()
	for _, tone := range []string{"light", "dark"} {
		t.Run(tone, func(t *testing.T) {
			t.Parallel()
			h := &host{}
			s := visit(t, `<meta name=viewport content="width=device-width"><html lang="en"><main><h1>Shop</h1></main>`+script(kommoSettings), chatting(h), func(s *site) {
				s.phone = true
				h.t = t
				h.says(message{"text": "Could you show me the lamp?"})
			})
			p := s.panel()
			touch := emulation.SetTouchEmulationEnabledParams{Enabled: true}
			if _, err := chromedp.Call(p.ctx, emulation.SetTouchEmulationEnabled, touch); err != nil {
				t.Fatal(err)
			}
			scheme(t, tone, s, p)
			p.value(`matchMedia("(pointer: coarse)").matches`, true)
			p.until(`document.querySelector(".sc-message__more") && document.querySelector(".sc-composer__tools").checkVisibility()`)
			// The camera is offered where there is one to hold.
			p.value(`((i) => [i.accept, i.getAttribute("capture")])(document.querySelectorAll(".sc-composer__file")[1])`, []string{"image/*", "environment"})
			p.value(`document.querySelectorAll(".sc-composer__tool")[1].checkVisibility()`, true)
			p.give("choice", picture(600, 400, warm), stored{name: "a very long name of a contract.pdf", contentType: "application/pdf", bytes: []byte("%PDF-")})
			p.until(`document.querySelectorAll(".sc-tray__item").length === 2`)
			p.axe("tray")
			s.shot("phone-tray-" + tone)
			// A finger that rests on a message opens its menu.
			p.run(`document.querySelector(".sc-message__text").dispatchEvent(new PointerEvent("pointerdown", {pointerType: "touch", bubbles: true}))`)
			p.until(`document.querySelector("[role=menu]")`)
			p.axe("menu")
			s.shot("phone-menu-" + tone)
			p.value(`(({left, right}) => left >= 0 && right <= innerWidth)(document.querySelector("[role=menu]").getBoundingClientRect())`, true)
			p.run(`document.querySelector(".sc-menu__back").click()`)
			p.until(`!document.querySelector("[role=menu]")`)
		})
	}
}
