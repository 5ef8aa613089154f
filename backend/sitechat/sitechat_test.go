package sitechat

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"leadline/backend/browsertest"
)

// files returns the build; without one tests are skipped with a word, and fail where CI is set.
func buildOf(t testing.TB) *Build {
	t.Helper()
	b, err := Files()
	if errors.Is(err, ErrNotBuilt) {
		browsertest.Missing(t, "no build in sitechat/dist (npm ci && npm run build): tests of the site chat did not run")
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWithoutABuildTheErrorSaysWhatToDo(t *testing.T) {
	t.Parallel()
	_, err := read(fstest.MapFS{"dist-missing.txt": {}})
	if !errors.Is(err, ErrNotBuilt) || !strings.Contains(err.Error(), "make build") {
		t.Errorf("got %v, want ErrNotBuilt with what to run", err)
	}
	if _, err := read(fstest.MapFS{"dist/manifest.json": {Data: []byte(`{"loader":"gone.js"}`)}}); err == nil || errors.Is(err, ErrNotBuilt) {
		t.Errorf("half a build: got %v, want an error of its own", err)
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	b := buildOf(t)
	if len(b.Loader().Data) == 0 {
		t.Error("the loader is empty")
	}
	for name, want := range map[string]string{
		b.PanelScript():  "text/javascript; charset=utf-8",
		b.WindowScript(): "text/javascript; charset=utf-8",
		b.PanelStyle():   "text/css; charset=utf-8",
	} {
		f, ok := b.Asset(name)
		if !ok || !f.Immutable || len(f.Data) == 0 || f.Type != want {
			t.Errorf("Asset(%q) = %d bytes, %q, %v, %v", name, len(f.Data), f.Type, f.Immutable, ok)
		}
	}
	for _, name := range []string{"", "button.js", "../manifest.json", "panel.000000000000.js"} {
		if _, ok := b.Asset(name); ok {
			t.Errorf("Asset(%q) is there", name)
		}
	}
	// A page that stood open over an upgrade asks for the window of its own build.
	if f, ok := b.Asset("window.000000000000.js"); !ok || f.Immutable || len(f.Data) == 0 {
		t.Errorf("the window of an earlier build: %d bytes, immutable %v, %v", len(f.Data), f.Immutable, ok)
	}
	// So does a panel for its words; another part of an earlier build is gone, and the panel begins anew.
	for _, lang := range []string{"en", "ru", "es", "pt"} {
		if f, ok := b.Asset("words." + lang + ".000000000000.js"); !ok || f.Immutable || len(f.Data) == 0 || b.PanelWords(lang) == "" {
			t.Errorf("the words of an earlier build in %s: %d bytes, immutable %v, %v", lang, len(f.Data), f.Immutable, ok)
		}
	}
	for _, name := range []string{"rich.000000000000.js", "words.xx.000000000000.js", "words.", "words"} {
		if _, ok := b.Asset(name); ok {
			t.Errorf("Asset(%q) is there", name)
		}
	}
	for part, name := range b.manifest.PanelParts {
		f, ok := b.Asset(name)
		want := "text/javascript; charset=utf-8"
		if strings.HasSuffix(part, ".css") {
			want = "text/css; charset=utf-8"
		}
		if f.Type != want {
			t.Errorf("%s has the type %s, want %s", name, f.Type, want)
		}
		if !ok || !f.Immutable || len(f.Data) == 0 || !strings.Contains(string(b.assets[b.PanelScript()].Data), name) {
			t.Errorf("the part %s: %d bytes, immutable %v, %v, or the panel does not name it", name, len(f.Data), f.Immutable, ok)
		}
	}
	// Both parts of the loader end alike, in the hash of both.
	_, window, _ := strings.Cut(b.WindowScript(), "window")
	_, extras, _ := strings.Cut(b.ExtrasScript(), "extras")
	if window != extras || len(window) < len(".0123456.js") || !strings.Contains(string(b.Loader().Data), window) {
		t.Errorf("the loader does not name its parts %s and %s", b.WindowScript(), b.ExtrasScript())
	}
}

func TestTheFramesPageHasNothingInline(t *testing.T) {
	t.Parallel()
	b := buildOf(t)
	page, err := b.FramePage(Frame{ButtonID: `1"><script>alert(1)</script>`, Lang: "ru-RU"})
	if err != nil {
		t.Fatal(err)
	}
	html := string(page)
	for _, want := range []string{
		`<html lang="ru">`, "<title>Чат</title>", `data-button="1&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"`,
		`src="../../assets/` + b.PanelScript() + `" defer></script>`, `href="../../assets/` + b.PanelStyle() + `"`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in\n%s", want, html)
		}
	}
	for _, bad := range []string{"<style", "style=", "onload=", "<script>"} {
		if strings.Contains(html, bad) {
			t.Errorf("%s in\n%s", bad, html)
		}
	}
	other, err := b.FramePage(Frame{ButtonID: "1", Lang: "id"})
	if err != nil || !strings.Contains(string(other), `<html lang="en">`) {
		t.Errorf("an unknown language: %v\n%s", err, other)
	}
}

func TestFramePolicy(t *testing.T) {
	t.Parallel()
	got := FramePolicy("chat.example.test", []string{"https://shop.example.test", "https://www.shop.example.test"})
	if !strings.HasSuffix(got, "; frame-ancestors https://shop.example.test https://www.shop.example.test") || strings.Contains(got, "unsafe") {
		t.Error(got)
	}
	// An application's page is no website: "*" would keep it out.
	if got := FramePolicy("chat.example.test", []string{"*", "https://app.example.test"}); strings.Contains(got, "frame-ancestors") {
		t.Error(got)
	}
	if got := FramePolicy("chat.example.test", nil); !strings.HasSuffix(got, "; frame-ancestors 'none'") {
		t.Error(got)
	}
}

func TestSnippetOfEMB3(t *testing.T) {
	t.Parallel()
	// The equivalent of our own that O §1.1 gives, with its values.
	want := `<script>
(function (win, doc, fn, obj, src) {
  win[obj] = {
    id: "1042", hash: "6f1d", locale: "ru", inline: false,
    setMeta: function (data) { this.params = this.params || []; this.params.push(data); }
  };
  if (!win[fn]) {
    win[fn] = function () { win[fn].q.push(arguments); };
    win[fn].q = [];
  }
  var tag = doc.createElement("script");
  tag.async = true; tag.id = obj + "_script"; tag.src = src;
  (doc.head || doc.documentElement).appendChild(tag);
})(window, document, "crmPlugin", "crm_plugin", "https://chat.example.test/js/button.js");
</script>
`
	e := Embed{ButtonID: "1042", Hash: "6f1d", Locale: "ru", LoaderURL: "https://chat.example.test/js/button.js"}
	if got := Snippet(Kommo, e); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Snippet(AmoCRM, e); !strings.Contains(got, `"amoSocialButton", "amo_social_button"`) {
		t.Errorf("the amoCRM dialect:\n%s", got)
	}
	e.Hidden, e.Inline = true, true
	if got := Snippet(AmoCRM, e); !strings.Contains(got, `(win[fn + "Config"] = win[fn + "Config"] || {}).hidden = true;`) || !strings.Contains(got, "inline: true") {
		t.Errorf("online chat only (EMB-6.3):\n%s", got)
	}
}

func TestNothingInASnippetEndsItsScript(t *testing.T) {
	t.Parallel()
	evil := "</script><script>alert(1)//\"'\u2028{src}"
	got := Snippet(Kommo, Embed{ButtonID: evil, Hash: evil, Locale: evil, LoaderURL: evil})
	if strings.Count(got, "</script>") != 1 || strings.Count(got, "<script>") != 1 || strings.Contains(got, "\u2028") || !strings.Contains(got, "{src}") {
		t.Errorf("got\n%s", got)
	}
}
