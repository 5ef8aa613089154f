package app

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"leadline/backend/sandbox/crmpage"
	"leadline/backend/widgetzip"
)

// noTour is our widget with a manifest that has no tour (W §6.2).
const noTour = "leadlinenotour"

// widgetSources are the sources of the widget with texts replaced in one file.
func widgetSources(t *testing.T, name string, oldNew ...string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	root := os.DirFS("../../widget")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(root, path)
		files[path] = &fstest.MapFile{Data: raw}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text := string(files[name].Data)
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(text, oldNew[i]) {
			t.Fatalf("%s has no %q", name, oldNew[i])
		}
	}
	files[name].Data = []byte(strings.NewReplacer(oldNew...).Replace(text))
	return files
}

// render is what stands in the settings window of one combination.
type render struct {
	Forms, Fields, Snippets int
	Status                  string // of the plate
	Buttons                 string // of the CRM
	Label, State, Login     string
	Tour                    []string // addresses of the slides
	About                   string
	Global                  bool // the profile of the global marketplace
	Scheme                  string
	Light                   float64  // of our text, 0 black to 1 white
	Wide                    []string // what does not fit into its place
	Faint                   []string // texts with too little contrast
}

// looked reads the window after letting the page's detectors look at it.
const looked = `(() => {
	__crm.checkTexts();
	__crm.checkStyles("the form is drawn");
	const modal = document.querySelector(".widget-settings__modal");
	const all = (selector) => [...modal.querySelectorAll(selector)];
	const text = (selector) => modal.querySelector(selector)?.textContent ?? "";
	const light = (colour) => {
		const [r, g, b] = colour.match(/[\d.]+/g).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = (el) => {
		for (let at = el; at; at = at.parentElement) {
			const colour = getComputedStyle(at).backgroundColor;
			if (colour !== "rgba(0, 0, 0, 0)" && colour !== "transparent") return light(colour);
		}
		return 1;
	};
	const contrast = (el) => {
		const [a, b] = [light(getComputedStyle(el).color), behind(el)].sort((x, y) => y - x);
		return (a + 0.05) / (b + 0.05);
	};
	const shown = all(".js-leadline, .js-leadline *").filter((el) => el.checkVisibility() && !el.closest("option"));
	const root = modal.querySelector(".js-leadline");
	return {
		forms: document.querySelectorAll(".js-leadline").length,
		fields: all("input[name=service_login]").length,
		snippets: all(".leadline__snippet").length,
		status: /widget-state_status_(\w+)/.exec(modal.querySelector(".widget-state").className)[1],
		buttons: ["js-widget-install", "js-widget-skip-tour", "js-widget-save", "js-widget-uninstall"].filter((c) => modal.querySelector("." + c)).join(" "),
		label: text(".js-leadline-signin label"), state: text(".js-leadline-state"),
		login: modal.querySelector("input[name=service_login]")?.value ?? "",
		tour: all(".popular-chat-swiper__mini-container img").map((img) => new URL(img.src).pathname.split("/").pop()),
		about: text(".widget_settings_block__descr"),
		global: !!modal.querySelector(".widget_settings_block__title"),
		scheme: document.documentElement.dataset.colorScheme,
		light: root ? light(getComputedStyle(root).color) : 0,
		wide: shown.filter((el) => el.getBoundingClientRect().right > modal.querySelector(".modal-body").getBoundingClientRect().right ||
			el.matches("p, label, button, a") && el.scrollWidth > el.clientWidth + 1 && getComputedStyle(el).display !== "inline").map((el) => el.outerHTML.slice(0, 120)),
		faint: shown.filter((el) => [...el.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== "") && !el.disabled && contrast(el) < 4.5).map((el) => el.outerHTML.slice(0, 120)),
	};
})()`

// TestWidgetVariations draws the window in each status, with and without a tour,
// in both products' pages, all languages and both schemes (W §10.4), in all of their
// combinations when wide, each twice on one body: the page itself breaks the test on
// whatever W §10.3 forbids.
func TestWidgetVariations(t *testing.T) {
	t.Parallel()
	for _, p := range []struct {
		platform, crm string
		kommo         bool
		languages     []string
	}{
		{widgetzip.AmoCRM, "amoCRM", false, languages},
		{widgetzip.Kommo, "Kommo", true, []string{"en", "es", "pt"}},
	} {
		t.Run(p.platform, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{login: true, kommo: p.kommo})
			site := w.withWidget(p.platform)
			if err := site.AddWidget(noTour, clientID, w.widgetZip(p.platform, widgetSources(t, "manifest.json", `"is_tour": true`, `"is_tour": false`))); err != nil {
				t.Fatal(err)
			}
			w.connected()
			front := w.behindAFront()
			crm := w.chromium(nil)
			for i, lang := range p.languages {
				words := wordsOf(t, lang, p.crm)
				schemes, codes, statuses := []string{"light", "dark"}, []string{widget, noTour}, []string{"install", "not_configured", "installed", "error", "warning", "installed_error"}
				if i > 0 && !wide() {
					schemes, codes, statuses = schemes[i%2:i%2+1], codes[:1], []string{"install", "installed"}
				}
				for _, scheme := range schemes {
					crm.market("?variant=settings-twice&lang=" + lang + "&theme=" + scheme)
					for _, code := range codes {
						for _, status := range statuses {
							name := fmt.Sprintf("%s %s %s", lang, scheme, status)
							if code == noTour {
								name += " without a tour"
							}
							t.Run(name, func(t *testing.T) {
								crm := crm.in(t)
								got := crm.drawn(front, code, status)
								crm.judge(got, code, status, lang, scheme, words)
								if got.Global != p.kommo {
									t.Errorf("profile of the global marketplace: %v", got.Global)
								}
								crm.w.noBreaches()
								crm.w.box.ResetBreaches()
							})
							crm.shot(name)
						}
					}
					crm.goes("/dashboard/")
					if n := js[int](crm, `document.querySelectorAll('.js-leadline, link[id^=leadline]').length`); n != 0 {
						t.Errorf("%s %s: %d things are left on the next page", lang, scheme, n)
					}
				}
			}
		})
	}
}

// goes changes the area inside the page, which ends all instances.
func (b *tab) goes(path string) {
	b.w.t.Helper()
	js[any](b, fmt.Sprintf(`(__crm.go(%q), null)`, path))
	b.sees(`__crm.ready === true`)
}

// drawn opens the window of the widget in a status, on fresh instances.
func (b *tab) drawn(front *front, code, status string) render {
	b.w.t.Helper()
	st := b.w.keeps(code, `{"service_login":"`+login+`"}`)
	st.Status = status
	if status == "install" || status == "not_configured" {
		st.Active = "N"
	}
	b.w.box.World().SaveWidget(accountID, code, st)
	other := map[string]string{widget: noTour, noTour: widget}[code]
	b.w.box.World().SaveWidget(accountID, other, crmpage.WidgetState{Status: "install", Active: "N"}) // one widget at a time
	b.goes("/dashboard/")
	b.goes("/amo-market/")
	asked := front.asked("GET /widget/v1/status")
	b.settings(code)
	if status != "install" {
		b.sees(`document.querySelector('.js-leadline-state')?.dataset.state === 'connected'`)
	}
	if status != "install" || code == noTour {
		b.sees(`getComputedStyle(document.querySelector('.js-leadline')).fontSize === '14px'`) // the styles are there
	}
	got := js[render](b, looked)
	if n := front.asked("GET /widget/v1/status") - asked; n > 0 && status == "install" {
		b.w.t.Errorf("%d requests before the installation (W §11, 5)", n)
	}
	return got
}

// judge compares a window with W §6.2 and the widget's texts.
func (b *tab) judge(got render, code, status, lang, scheme string, words map[string]map[string]string) {
	t := b.w.t
	t.Helper()
	want := render{
		Forms: 1, Fields: 1, Snippets: 1, Status: status, Buttons: "js-widget-save js-widget-uninstall", Label: words["form"]["password"],
		State: words["states"]["connected"], Login: login, About: words["widget"]["description"], Scheme: scheme,
	}
	switch {
	case status == "install" && code == widget:
		want = render{Status: status, Buttons: "js-widget-skip-tour", About: words["widget"]["tour_description"], Scheme: scheme}
		for i := 1; i <= 3; i++ {
			want.Tour = append(want.Tour, fmt.Sprintf("tour_%d_%s.png", i, lang))
		}
	case status == "install":
		want.Buttons, want.State, want.Snippets = "js-widget-install", "", 0
	}
	if len(got.Wide) > 0 || len(got.Faint) > 0 {
		t.Errorf("does not fit: %q; cannot be read: %q", got.Wide, got.Faint)
	}
	if want.Forms > 0 && (got.Light > 0.5) != (scheme == "dark") {
		t.Errorf("the text's lightness is %.2f in the %s scheme", got.Light, scheme)
	}
	got.Wide, got.Faint, got.Light = nil, nil, 0
	g, w := got, want
	g.Global = false
	if fmt.Sprintf("%+v", g) != fmt.Sprintf("%+v", w) {
		t.Errorf("the window has\n%+v, want\n%+v", g, w)
	}
}

// TestBreachesReachTheTest: what a bad widget does in the CRM's page is among the
// breaches on which all these tests fail.
func TestBreachesReachTheTest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{login: true})
	site := w.withWidget("amocrm")
	bad := w.widgetZip("amocrm", widgetSources(t, "script.js", "render: function () {\n        return true;", "render: function () {\n        window.mine = 1;\n        return false;"))
	if err := site.AddWidget(widget, clientID, bad); err != nil {
		t.Fatal(err)
	}
	crm := w.chromium(nil)
	crm.market("#" + widget)
	for _, rule := range []string{"W §10.3 globals", "W §10.3 falsy return"} {
		w.eventually(rule, func() bool {
			for _, b := range w.box.Breaches() {
				if b.Rule == rule && b.Account == accountID {
					return true
				}
			}
			return false
		})
	}
	crm.visit("about:blank") // no detector speaks any more
	w.box.ResetBreaches()
}
