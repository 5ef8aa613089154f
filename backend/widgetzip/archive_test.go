package widgetzip

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

const goodScript = `define(['jquery', './lib/a.js'], function ($, a) {
  'use strict';
  return function CustomWidget() {
    var widget = this;
    a.link = function () { $('<link>', { href: widget.params.path + '/style.css?v=' + widget.get_version() }).appendTo('head'); };
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

// pictures keeps what was drawn: hundreds of cases use the same ones.
var pictures sync.Map

func pngOf(t *testing.T, width, height int) string {
	t.Helper()
	if known, ok := pictures.Load(image.Pt(width, height)); ok {
		return known.(string)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	pictures.Store(image.Pt(width, height), out.String())
	return out.String()
}

// logoOf is the main logo: a blue plate on nothing, that far from the edges.
func logoOf(t *testing.T, margin int) string {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 400, 272))
	draw.Draw(img, img.Bounds().Inset(margin), image.NewUniform(color.NRGBA{0x2f, 0x7d, 0xe1, 0xff}), image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func jpegOf(t *testing.T, width, height int) string {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// apngOf puts the chunk of an animation after the header, which ends at byte 33.
func apngOf(t *testing.T, width, height int) string {
	t.Helper()
	still := pngOf(t, width, height)
	return still[:33] + "\x00\x00\x00\x08acTL\x00\x00\x00\x02\x00\x00\x00\x00\xf3\x8d\x93\x70" + still[33:]
}

func sumOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// gifOf is a GIF of that many pictures.
func gifOf(t *testing.T, frames int) string {
	t.Helper()
	var out bytes.Buffer
	all := &gif.GIF{}
	for range frames {
		all.Image = append(all.Image, image.NewPaletted(image.Rect(0, 0, 84, 84), color.Palette{color.Black, color.White}))
		all.Delay = append(all.Delay, 1)
	}
	if err := gif.EncodeAll(&out, all); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// goodFiles is a small archive that breaks no rule, with texts in Russian and
// English (amoCRM) or in English alone (Kommo).
func goodFiles(t *testing.T, platform string) map[string]string {
	t.Helper()
	files := map[string]string{
		"script.js": goodScript, "lib/a.js": goodModule, "style.css": ".w a { color: #123456; }\n",
		"images/logo.png": pngOf(t, 130, 100), "images/logo_main.png": logoOf(t, 20), "images/logo_small.png": pngOf(t, 108, 108),
		"images/logo_medium.png": pngOf(t, 240, 84), "images/logo_min.png": pngOf(t, 84, 84),
		"i18n/en.json":         goodTexts("Desk chat", "Press Save. Write to help@example.com"),
		"images/tour_1_en.png": pngOf(t, 1188, 616),
	}
	locale, images := `["en"]`, `{"en": ["/images/tour_1_en.png"]}`
	if platform != Kommo {
		files["i18n/ru.json"] = goodTexts("Чат витрины", "Нажмите «Сохранить». Пишите: +7 495 123-45-67")
		files["images/tour_1_ru.png"] = pngOf(t, 1188, 616) + "\n"
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

// broken is an archive with one fault, and the rule that names it; or, when fine,
// one that is close to a fault and breaks no rule of that id.
type broken struct {
	fine     bool
	name     string
	rule     string
	severity Severity
	platform string // AmoCRM when empty
	zipName  string // widget.zip when empty
	edits    []edit
	put      map[string]string
	drop     []string
	options  Options
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
	b.options.Platform = b.platform
	raw := zipOf(t, files)
	found := Check(raw, b.zipName, b.options)
	for _, f := range found {
		if b.fine && f.Rule == b.rule {
			t.Errorf("findings = %v, want none of %s", found, b.rule)
		}
		if f.Rule == b.rule && f.Severity == b.severity && f.Message != "" {
			return
		}
	}
	if !b.fine {
		t.Errorf("no finding of %s (%s), got %v", b.rule, b.severity, found)
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
