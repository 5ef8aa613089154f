package widgetzip

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image"
	"image/gif"
	"image/png"
	"maps"
	"slices"
	"strings"
	"testing"
)

const goodScript = `define(['jquery', './lib/a.js'], function ($, a) {
  'use strict';
  return function CustomWidget() {
    this.callbacks = {
      render: function () { return true; }, init: function () { return true; }, bind_actions: function () { return true; },
      settings: function () { return true; }, onSave: function () { return true; }, onAddAsSource: function () { return true; }
    };
    return this;
  };
});
`

const goodModule = `define(function () { return { yes: true }; });
`

func pngOf(t *testing.T, width, height int) string {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func gifOf(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	if err := gif.Encode(&out, image.NewGray(image.Rect(0, 0, 84, 84)), nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// goodFiles is a small archive that breaks no rule, with texts in Russian and
// English (amoCRM) or in English alone (Kommo).
func goodFiles(t *testing.T, platform string) map[string]string {
	t.Helper()
	tour := pngOf(t, 1188, 616)
	files := map[string]string{
		"script.js": goodScript, "lib/a.js": goodModule, "style.css": ".w a { color: #123456; }\n",
		"images/logo.png": pngOf(t, 130, 100), "images/logo_main.png": pngOf(t, 400, 272), "images/logo_small.png": pngOf(t, 108, 108),
		"images/logo_medium.png": pngOf(t, 240, 84), "images/logo_min.png": pngOf(t, 84, 84),
		"i18n/en.json":         goodTexts("Chat", "Write to help@example.com"),
		"images/tour_1_en.png": tour,
	}
	locale, images := `["en"]`, `{"en": ["/images/tour_1_en.png"]}`
	if platform != Kommo {
		files["i18n/ru.json"] = goodTexts("Чат", "Пишите: +7 495 123-45-67")
		files["images/tour_1_ru.png"] = tour
		locale, images = `["ru", "en"]`, `{"ru": ["/images/tour_1_ru.png"], "en": ["/images/tour_1_en.png"]}`
	}
	files["manifest.json"] = `{
  "widget": {
    "name": "widget.name", "description": "widget.description", "short_description": "widget.short_description",
    "version": "1.0.0", "interface_version": 2, "init_once": false, "locale": ` + locale + `, "installation": true,
    "support": {"link": "https://help.example.com", "email": "help@example.com"}
  },
  "locations": ["settings", "lead_sources"],
  "tour": {"is_tour": true, "tour_images": ` + images + `, "tour_description": "widget.tour_description"},
  "settings": {"service_login": {"name": "settings.service_login", "type": "text", "required": true}}
}
`
	return files
}

func goodTexts(name, description string) string {
	raw, _ := json.Marshal(map[string]any{
		"widget":   map[string]any{"name": name, "description": description, "short_description": name, "tour_description": name},
		"settings": map[string]any{"service_login": name},
	})
	return string(raw)
}

func zipOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(files[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// edit changes one file of the good archive by a replacement, which must happen.
type edit struct{ file, old, new string }

// broken is an archive with one fault, and the rule that names it.
type broken struct {
	name     string
	rule     string
	severity Severity
	platform string // AmoCRM when empty
	zipName  string // widget.zip when empty
	edits    []edit
	put      map[string]string
	drop     []string
}

func (b broken) run(t *testing.T) {
	t.Helper()
	if b.platform == "" {
		b.platform = AmoCRM
	}
	if b.zipName == "" {
		b.zipName = FileName
	}
	files := goodFiles(t, b.platform)
	for _, e := range b.edits {
		if !strings.Contains(files[e.file], e.old) {
			t.Fatalf("%s does not hold %q", e.file, e.old)
		}
		files[e.file] = strings.ReplaceAll(files[e.file], e.old, e.new)
	}
	maps.Copy(files, b.put)
	for _, name := range b.drop {
		delete(files, name)
	}
	for _, f := range Check(zipOf(t, files), b.zipName, Options{Platform: b.platform}) {
		if f.Rule == b.rule && f.Severity == b.severity && f.Message != "" {
			return
		}
	}
	t.Errorf("no finding of %s (%s), got %v", b.rule, b.severity, Check(zipOf(t, files), b.zipName, Options{Platform: b.platform}))
}

func runAll(t *testing.T, cases []broken) {
	t.Helper()
	for _, b := range cases {
		t.Run(b.rule+" "+b.name, func(t *testing.T) {
			t.Parallel()
			b.run(t)
		})
	}
}

// The passing case of every rule at once.
func TestCheckFindsNothingInAGoodArchive(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{AmoCRM, Kommo, Dev} {
		if got := Check(zipOf(t, goodFiles(t, platform)), FileName, Options{Platform: platform}); len(got) != 0 {
			t.Errorf("%s: findings = %v, want none", platform, got)
		}
	}
}

func TestCheckArchive(t *testing.T) {
	t.Parallel()
	runAll(t, []broken{
		{name: "another file name", rule: "Z01", severity: Refused, zipName: "mywidget.zip"},
		{name: "no manifest", rule: "Z02", severity: Refused, drop: []string{"manifest.json"}},
		{name: "no script", rule: "Z03", severity: Refused, drop: []string{"script.js"}},
		{name: "a logo is missing", rule: "Z04", severity: Refused, drop: []string{"images/logo_min.png"}},
		{name: "the trigger's logo is missing", rule: "Z04", severity: Refused, edits: []edit{{"manifest.json", `"lead_sources"`, `"lead_sources", "digital_pipeline"`}}},
		{name: "a language is missing", rule: "Z05", severity: Refused, drop: []string{"i18n/en.json"}},
		{name: "a language too many", rule: "Z05", severity: Advice, put: map[string]string{"i18n/es.json": "{}"}},
		{name: "a system file", rule: "Z06", severity: Moderation, put: map[string]string{"images/.DS_Store": "x"}},
		{name: "a source map", rule: "Z06", severity: Moderation, put: map[string]string{"script.js.map": "{}"}},
		{name: "a byte order mark", rule: "Z08", severity: Moderation, put: map[string]string{"style.css": "\ufeff.w {}"}},
		{name: "not UTF-8", rule: "Z08", severity: Moderation, put: map[string]string{"style.css": "/* \xff */"}},
		{name: "a carriage return", rule: "Z08", severity: Moderation, put: map[string]string{"style.css": ".w {}\r\n"}},
		{name: "a picture too large", rule: "Z09", severity: Moderation, put: map[string]string{"images/x.png": pngOf(t, 1, 1) + strings.Repeat("x", 300*1024)}},
		{name: "leaves the archive", rule: "Z10", severity: Refused, put: map[string]string{"../x.js": ""}},
		{name: "an absolute name", rule: "Z10", severity: Refused, put: map[string]string{"/x.js": ""}},
		{name: "a backslash", rule: "Z10", severity: Refused, put: map[string]string{`lib\x.js`: ""}},
		{name: "names that differ by case", rule: "Z10", severity: Refused, put: map[string]string{"Style.css": ""}},
		{name: "a space in a name", rule: "Z10", severity: Advice, put: map[string]string{"my file.css": ""}},
	})
}

func TestCheckNamesTheExtraTopFolder(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for name, content := range goodFiles(t, AmoCRM) {
		files["widget/"+name] = content
	}
	got := Check(zipOf(t, files), FileName, Options{Platform: AmoCRM})
	for _, f := range got {
		if f.Rule == "Z02" && strings.Contains(f.Message, `"widget"`) {
			return
		}
	}
	t.Errorf("findings = %v, want Z02 that names the folder", got)
}

func TestCheckRefusesWhatIsNotAZip(t *testing.T) {
	t.Parallel()
	encrypted := zipOf(t, goodFiles(t, AmoCRM))
	for at := 0; ; { // bit 0 of the flags in every central header (APPNOTE 4.3.12)
		next := bytes.Index(encrypted[at:], []byte("PK\x01\x02"))
		if next < 0 {
			break
		}
		encrypted[at+next+8] |= 1
		at += next + 4
	}
	for name, raw := range map[string][]byte{"empty": {}, "text": []byte("hello"), "encrypted": encrypted} {
		got := Check(raw, FileName, Options{Platform: AmoCRM})
		if len(got) == 0 || got[0].Severity != Refused || !slices.ContainsFunc(got, func(f Finding) bool { return f.Rule == "Z01" }) {
			t.Errorf("%s: findings = %v, want Z01", name, got)
		}
	}
}

// Whatever the bytes are, Check answers and the answer is bounded.
func FuzzCheck(f *testing.F) {
	f.Add([]byte("PK"), []byte(`{"widget": 1}`), []byte(goodScript))
	f.Add([]byte{}, []byte(`{"widget":{"locale":["en",1]},"locations":[1],"settings":{"a":1},"tour":{"tour_images":{"en":[1]}}}`), []byte("define(class {})"))
	f.Add([]byte{}, []byte(`[[[[`), []byte("define(function(){return ()=>1}); console.trace(); try{}catch{}"))
	f.Fuzz(func(t *testing.T, raw, manifest, source []byte) {
		if got := Check(raw, FileName, Options{Platform: AmoCRM}); len(got) > maxFindings {
			t.Fatalf("%d findings", len(got))
		}
		files := map[string]string{
			"manifest.json": string(manifest), "script.js": string(source), "i18n/en.json": string(manifest), "images/logo.png": string(raw),
		}
		if got := Check(zipOf(t, files), FileName, Options{Platform: Kommo}); len(got) == 0 || len(got) > maxFindings {
			t.Fatalf("%d findings", len(got))
		}
	})
}
