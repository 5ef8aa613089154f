package widgetzip

import (
	"strings"
	"testing"
)

func archiveCases(t *testing.T) []broken {
	t.Helper()
	return []broken{
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
		{fine: true, name: "the right name", rule: "Z01"},
		{fine: true, name: "a manifest at the root", rule: "Z02"},
		{fine: true, name: "no script where Kommo runs none", rule: "Z03", platform: Kommo, drop: []string{"script.js"}, edits: []edit{{manifest, `["settings", "lead_sources"]`, `["mobile_card"]`}}},
		{name: "no script on Kommo", rule: "Z03", severity: Refused, platform: Kommo, drop: []string{"script.js"}},
		{fine: true, name: "the trigger's logo is there", rule: "Z04", edits: []edit{{manifest, `"lead_sources"`, `"lead_sources", "digital_pipeline"`}}, put: map[string]string{"images/logo_dp.png": pngOf(t, 174, 109)}},
		{fine: true, name: "a file for each language", rule: "Z05"},
		{name: "an archive in the archive", rule: "Z06", severity: Moderation, put: map[string]string{"images/a.png": string(zipOf(t, map[string]string{"a": "b"}))}},
		{fine: true, name: "a name that only resembles junk", rule: "Z06", put: map[string]string{"lib/readmore.js": goodModule, "lib/typescript.js": goodModule}},
		{name: "a script that nobody loads", rule: "Z07", severity: Moderation, put: map[string]string{"lib/old.js": goodModule}},
		{name: "a script named in a comment alone", rule: "Z07", severity: Moderation, put: map[string]string{"lib/old.js": goodModule, "lib/a.js": "// As in lib/old.js.\n" + goodModule}},
		{name: "a picture that nobody shows", rule: "Z07", severity: Moderation, put: map[string]string{"images/x.png": pngOf(t, 1, 1)}},
		{name: "a template that nobody draws", rule: "Z07", severity: Moderation, put: map[string]string{"templates/x.twig": "<p>x</p>\n"}},
		{fine: true, name: "a template, its picture and a module of a module", rule: "Z07", put: map[string]string{"templates/x.twig": "<img src=\"../images/x.png\">\n", "images/x.png": pngOf(t, 1, 1), "lib/b.js": goodModule, "lib/a.js": "define(['./b'], function (b) { return b.twig('/templates/' + 'x' + '.twig'); });\n"}},
		{fine: true, name: "a picture of the stylesheet", rule: "Z07", put: map[string]string{"images/x.png": pngOf(t, 1, 1), "style.css": ".w { background: url(images/x.png); }\n"}},
		{fine: true, name: "UTF-8 with LF", rule: "Z08", put: map[string]string{"style.css": "/* Привет */\n.w { color: red; }\n"}},
		{fine: true, name: "line ends on Kommo", rule: "Z08", platform: Kommo, put: map[string]string{"style.css": ".w {}\r\n"}},
		{name: "a picture close to the limit", rule: "Z09", severity: Advice, put: map[string]string{"images/x.png": pngOf(t, 1, 1) + strings.Repeat("x", 300_000)}},
		{fine: true, name: "a picture below the limit", rule: "Z09", put: map[string]string{"images/x.png": pngOf(t, 1, 1) + strings.Repeat("x", 299_000)}},
		{name: "a step in a name", rule: "Z10", severity: Refused, put: map[string]string{"lib/./x.js": ""}},
		{name: "a drive in a name", rule: "Z10", severity: Refused, put: map[string]string{"C:x.js": ""}},
		{name: "a name that is not UTF-8", rule: "Z10", severity: Advice, put: map[string]string{"images/\xff.png": ""}},
		{fine: true, name: "names with dots, dashes and capitals", rule: "Z10", put: map[string]string{"lib/A-b_c.v2.js": goodModule}},
		{name: "the bytes of a published one", rule: "Z11", severity: Moderation, options: Options{Published: []string{sumOf(zipOf(t, goodFiles(t, AmoCRM)))}}},
		{fine: true, name: "other bytes than a published one", rule: "Z11", options: Options{Published: []string{sumOf(zipOf(t, goodFiles(t, Kommo)))}}},
		{name: "very much", rule: "Z12", severity: Advice, put: map[string]string{"lib/a.twig": strings.Repeat("x", 5<<20), "lib/b.twig": strings.Repeat("y", 5<<20)}},
		{fine: true, name: "not very much", rule: "Z12", put: map[string]string{"lib/a.twig": strings.Repeat("x", 4<<20)}},
	}
}

func imagesCases(t *testing.T) []broken {
	t.Helper()
	const min = "images/logo_min.png"
	return []broken{
		{name: "the old size", rule: "I01", severity: Moderation, put: map[string]string{min: pngOf(t, 42, 42)}},
		{name: "the old size on Kommo", rule: "I01", severity: Refused, platform: Kommo, put: map[string]string{min: pngOf(t, 42, 42)}},
		{name: "a GIF under the name of a PNG", rule: "I01", severity: Moderation, put: map[string]string{min: gifOf(t, 1)}},
		{name: "a GIF under the name of a PNG on Kommo", rule: "I01", severity: Refused, platform: Kommo, put: map[string]string{min: gifOf(t, 1)}},
		{name: "not a picture", rule: "I01", severity: Moderation, put: map[string]string{min: "hello"}},
		{name: "animated", rule: "I02", severity: Moderation, put: map[string]string{min: apngOf(t, 84, 84)}},
		{name: "a tour picture is missing", rule: "I03", severity: Moderation, drop: []string{"images/tour_1_en.png"}},
		{name: "a tour picture of another size", rule: "I03", severity: Moderation, put: map[string]string{"images/tour_1_en.png": pngOf(t, 1188, 600)}},
		{name: "a format that is not taken", rule: "I01", severity: Moderation, put: map[string]string{"images/x.webp": "RIFF"}},
		{name: "an SVG that is none", rule: "I01", severity: Moderation, put: map[string]string{"images/x.svg": "<html></html>"}},
		{fine: true, name: "a JPEG and an SVG", rule: "I01", put: map[string]string{"images/x.jpg": jpegOf(t, 20, 20), "images/x.svg": `<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>`}},
		{name: "a GIF of two pictures", rule: "I02", severity: Moderation, put: map[string]string{"images/x.gif": gifOf(t, 2)}},
		{name: "an SVG that moves", rule: "I02", severity: Moderation, put: map[string]string{"images/x.svg": `<svg><rect><animate attributeName="x"/></rect></svg>`}},
		{name: "an SVG that styles move", rule: "I02", severity: Moderation, put: map[string]string{"images/x.svg": `<svg><style>@keyframes a {}</style></svg>`}},
		{fine: true, name: "a GIF of one picture, and acTL after the data of a PNG", rule: "I02", put: map[string]string{"images/x.gif": gifOf(t, 1), min: pngOf(t, 84, 84) + "acTL"}},
		{name: "six pictures", rule: "I03", severity: Moderation, edits: []edit{{manifest, `"en": [`, `"en": ["/1.png", "/2.png", "/3.png", "/4.png", "/5.png", `}}},
		{fine: true, name: "a JPEG of the right size", rule: "I03", put: map[string]string{"images/tour_1_en.jpg": jpegOf(t, 1188, 616)}, edits: []edit{{manifest, "/images/tour_1_en.png", "/images/tour_1_en.jpg"}}},
		{name: "no free margin", rule: "I04", severity: Moderation, platform: Kommo, put: map[string]string{"images/logo_main.png": logoOf(t, 9)}},
		{name: "black on the dark theme", rule: "I04", severity: Moderation, platform: Kommo, put: map[string]string{"images/logo_main.png": pngOf(t, 400, 272)}},
		{fine: true, name: "just enough margin", rule: "I04", platform: Kommo, put: map[string]string{"images/logo_main.png": logoOf(t, 10)}},
		{fine: true, name: "black in amoCRM", rule: "I04", put: map[string]string{"images/logo_main.png": pngOf(t, 400, 272)}},
		{name: "a logo in the tour", rule: "I05", severity: Advice, edits: []edit{{manifest, "/images/tour_1_en.png", "/images/logo_main.png"}}},
		{name: "one picture for two languages", rule: "I05", severity: Advice, edits: []edit{{manifest, "/images/tour_1_en.png", "/images/tour_1_ru.png"}}},
		{fine: true, name: "a picture for each language", rule: "I05"},
	}
}
