package widgetzip

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// entry is one entry of an odd archive, with what only a hand-made header holds.
type entry struct {
	name, content string
	mode          fs.FileMode
}

func zipOfEntries(tb testing.TB, entries []entry) []byte {
	tb.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.mode != 0 {
			h.SetMode(e.mode)
		}
		w, err := z.CreateHeader(h)
		if err == nil && e.mode&fs.ModeDir == 0 {
			_, err = w.Write([]byte(e.content))
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// oddArchives are archives that no packer of people makes, with the rule that
// must name each.
func oddArchives(tb testing.TB) map[string]struct {
	raw  []byte
	rule string
} {
	tb.Helper()
	many := make([]entry, maxEntries+1)
	for i := range many {
		many[i] = entry{name: fmt.Sprintf("f%d", i)}
	}
	bombs := make([]entry, 12)
	for i := range bombs {
		bombs[i] = entry{name: fmt.Sprintf("b%d.txt", i), content: strings.Repeat("0", maxEntryBytes)}
	}
	cut := zipOfEntries(tb, []entry{{name: "manifest.json", content: "{}"}})
	lie := zipOfEntries(tb, []entry{{name: "manifest.json", content: strings.Repeat("x", 1000)}})
	if at := bytes.Index(lie, []byte("PK\x01\x02")); at >= 0 {
		copy(lie[at+24:], []byte{1, 0, 0, 0}) // uncompressed size (APPNOTE 4.3.12)
	}
	type odd = struct {
		raw  []byte
		rule string
	}
	return map[string]odd{
		"one file too large":             {zipOfEntries(tb, []entry{{name: "a.txt", content: strings.Repeat("0", maxEntryBytes+1)}}), "Z01"},
		"all files together too large":   {zipOfEntries(tb, bombs), "Z01"},
		"too many entries":               {zipOfEntries(tb, many), "Z01"},
		"a name twice":                   {zipOfEntries(tb, []entry{{name: "a.js"}, {name: "a.js"}}), "Z10"},
		"an absolute path":               {zipOfEntries(tb, []entry{{name: "/etc/x.js"}}), "Z10"},
		"a path that leaves the archive": {zipOfEntries(tb, []entry{{name: "lib/../../x.js"}}), "Z10"},
		"a backslash":                    {zipOfEntries(tb, []entry{{name: `lib\x.js`}}), "Z10"},
		"an empty name":                  {zipOfEntries(tb, []entry{{name: ""}}), "Z10"},
		"a very long name":               {zipOfEntries(tb, []entry{{name: strings.Repeat("x", 300)}}), "Z10"},
		"a symbolic link":                {zipOfEntries(tb, []entry{{name: "script.js", content: "/etc/hosts", mode: fs.ModeSymlink | 0o777}}), "Z10"},
		"a name that is not UTF-8":       {zipOfEntries(tb, []entry{{name: "\xff\xfe.js"}}), "Z10"},
		"a nested archive":               {zipOfEntries(tb, []entry{{name: "inner.dat", content: string(cut)}}), "Z06"},
		"folders alone":                  {zipOfEntries(tb, []entry{{name: "widget/", mode: fs.ModeDir | 0o755}}), "Z02"},
		"cut in the middle":              {cut[:len(cut)/2], "Z01"},
		"a size that lies":               {lie, "Z01"},
		"something before the archive":   {append([]byte("#!/bin/sh\n"), cut...), "Z03"},
		"a byte order mark and CRLF":     {zipOfEntries(tb, []entry{{name: "manifest.json", content: "\ufeff{\r\n}"}}), "Z08"},
	}
}

func TestCheckNamesWhatIsOdd(t *testing.T) {
	t.Parallel()
	for name, odd := range oddArchives(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, f := range Check(odd.raw, FileName, Options{Platform: AmoCRM}) {
				if f.Rule == odd.rule {
					return
				}
			}
			t.Errorf("findings = %v, want %s", Check(odd.raw, FileName, Options{Platform: AmoCRM}), odd.rule)
		})
	}
}

// Files that make naive readers recurse without end or look at everything for
// everything. Long chains are as long as is read at all; a quarter of that is
// enough to see the rest.
func TestCheckEndsOnTangledFiles(t *testing.T) {
	t.Parallel()
	fill := func(head, unit, tail string, size int) string {
		return head + strings.Repeat(unit, (size-len(head)-len(tail))/len(unit)) + tail
	}
	const quarter = maxScriptBytes / 4
	for name, file := range map[string][2]string{
		"a long chain of members":       {"script.js", fill("a", ".b", ";", maxScriptBytes)},
		"a long chain of calls":         {"script.js", fill("$(a)", ".hide()", ";", maxScriptBytes)},
		"a long sum":                    {"script.js", fill("a = 'x'", "+'/api/x.css'", ";", maxScriptBytes)},
		"many brackets":                 {"script.js", fill("", "[", "", maxScriptBytes)},
		"many functions in each other":  {"script.js", fill("", "function f(){", "", maxScriptBytes)},
		"many findings":                 {"script.js", fill("", "alert(1);", "", quarter)},
		"many requests in a loop":       {"script.js", fill("for(;;){", "fetch('/api/');", "}", quarter)},
		"one handler for many":          {"script.js", fill("function h(e){"+strings.Repeat("a(1);", 20_000)+"}", "onmessage=h;addEventListener('message',h);", "", quarter)},
		"one name for many":             {"script.js", fill("var x={"+strings.Repeat("a:1,", 20_000)+"};", "$.ajax(x);$(x).hide();", "", quarter)},
		"a function for many":           {"script.js", fill("function app(){"+strings.Repeat("a(1);", 20_000)+"return window.APP}", "app().x;", "", quarter)},
		"many requests in one function": {"script.js", fill("function f(){", "new XMLHttpRequest();", "}", quarter)},
		"promises in promises":          {"script.js", fill("", "new Promise(function(r){", "", 20_000) + strings.Repeat("})", 833)},
		"many comments of code":         {"script.js", fill("", "//a.b();\n", "", quarter)},
		"one comment":                   {"script.js", fill("/*", "a=1;\n", "*/", quarter)},
		"many braces in styles":         {"style.css", fill("", "a{", "", maxStyleBytes)},
		"many selectors":                {"style.css", fill("", "a-b-c-d-e-f,", "{}", maxStyleBytes)},
		"many faults in styles":         {"style.css", fill("", "}", "", maxStyleBytes)},
		"many texts":                    {"i18n/en.json", fill("{", `"a":"<",`, `"b":"#A#"}`, maxJSONBytes)},
		"a deep manifest":               {"manifest.json", fill("", `{"a":`, "", maxJSONBytes)},
		"many languages":                {"manifest.json", fill(`{"widget":{"locale":[`, `"en",`, `"ru"]}}`, quarter)},
		"an endless GIF":                {"images/x.gif", fill("GIF89a\x01\x00\x01\x00\x00\x00\x00", "\x21\xfe\x01a\x00", "", 1<<20)},
		"a deep SVG":                    {"images/x.svg", fill("", "<g>", "", maxImageBytes)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := goodFiles(t, AmoCRM)
			files[file[0]] = file[1]
			start := time.Now()
			got := Check(zipOf(t, files), FileName, Options{Platform: AmoCRM})
			if len(got) == 0 || len(got) > maxFindings {
				t.Errorf("%d findings", len(got))
			}
			t.Log(time.Since(start).Round(time.Millisecond), len(got))
		})
	}
}

// Whatever the bytes are, Check answers and the answer is bounded.
func FuzzCheck(f *testing.F) {
	f.Add([]byte("PK"), []byte(`{"widget": 1}`), []byte(goodScript), []byte(".w{--w-a:1}/*a:b;*/@keyframes x{}"))
	f.Add([]byte{}, []byte(`{"widget":{"locale":["en",1]},"locations":[1],"settings":{"a":1},"tour":{"tour_images":{"en":[1]}}}`), []byte("define(class {})"), []byte("}a{b"))
	f.Add([]byte("GIF89a"), []byte(`[[[[`), []byte("define(function(){return ()=>1}); console.trace(); try{}catch{}"), []byte("@media{a{:root"))
	f.Add([]byte("<svg>"), []byte(`{"a":"<a href=x onclick=y>#A#"}`), []byte("new Promise(a=>a);for(;;)fetch(`${x}.css`);window.x=1;/*a=1;*/"), []byte("*a:b;--x:{"))
	for _, odd := range oddArchives(f) {
		if len(odd.raw) < 1<<16 {
			f.Add(odd.raw, []byte("{}"), []byte(""), []byte(""))
		}
	}
	f.Fuzz(func(t *testing.T, raw, manifest, source, style []byte) {
		if got := Check(raw, FileName, Options{Platform: AmoCRM, Own: true}); len(got) > maxFindings {
			t.Fatalf("%d findings", len(got))
		}
		files := map[string]string{
			"manifest.json": string(manifest), "script.js": string(source), "i18n/en.json": string(manifest), "style.css": string(style),
			"images/logo_main.png": string(raw), "images/x.gif": string(raw), "images/x.svg": string(raw),
		}
		got := Check(zipOf(t, files), FileName, Options{Platform: Kommo})
		if len(got) == 0 || len(got) > maxFindings {
			t.Fatalf("%d findings", len(got))
		}
		for _, one := range got {
			if one.Line < 0 || one.Message == "" || !utf8.ValidString(one.Message) || len(one.Message) > 500 {
				t.Fatalf("finding %+v", one)
			}
		}
	})
}
