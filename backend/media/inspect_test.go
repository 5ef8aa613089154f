package media

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leadline/backend/fault"
)

// sample reads a file that testdata/make.sh made.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func inspect(b []byte, in Incoming) (Info, error) {
	return Inspect(bytes.NewReader(b), int64(len(b)), in, DefaultLimits())
}

func TestInspectTellsWhatAFileIs(t *testing.T) {
	t.Parallel()
	const exact = 10 * time.Millisecond
	// Encoders fill their last frame: one of MP3 is 24 or 26 ms, and there are up to two.
	const frames = 70 * time.Millisecond
	for _, tt := range []struct {
		file     string
		kind     Kind
		typ      string
		duration time.Duration
		within   time.Duration
	}{
		{"opus.ogg", Audio, "audio/ogg", 2500 * time.Millisecond, exact},
		{"vorbis.ogg", Audio, "audio/ogg", 2500 * time.Millisecond, exact},
		{"sound.wav", Audio, "audio/wav", 2500 * time.Millisecond, exact},
		{"piped.wav", Audio, "audio/wav", 2500 * time.Millisecond, exact},
		{"cbr.mp3", Audio, "audio/mpeg", 2500 * time.Millisecond, frames},
		{"vbr.mp3", Audio, "audio/mpeg", 2500 * time.Millisecond, frames},
		{"mpeg2.mp3", Audio, "audio/mpeg", 2500 * time.Millisecond, frames},
		{"sound.m4a", Audio, "audio/mp4", 2500 * time.Millisecond, exact},
		{"recorded.mp4", Audio, "audio/mp4", 2500 * time.Millisecond, frames},
		{"sound.webm", Audio, "audio/webm", 2500 * time.Millisecond, exact},
		{"recorded.webm", Audio, "audio/webm", 2500 * time.Millisecond, frames}, // the last block's beginning
		{"chromium.webm", Audio, "audio/webm", 1500 * time.Millisecond, 100 * time.Millisecond},
		{"chromium.mp4", Audio, "audio/mp4", 1500 * time.Millisecond, 100 * time.Millisecond},
		{"sound.aac", Audio, "audio/aac", 0, 0},
		{"film.mp4", Video, "video/mp4", 2 * time.Second, exact},
		{"film.mov", Video, "video/quicktime", 2 * time.Second, exact},
		{"film.webm", Video, "video/webm", 2 * time.Second, exact},
		{"turned1.jpg", Picture, "image/jpeg", 0, 0},
		{"glass.png", Picture, "image/png", 0, 0},
		{"moving.png", Picture, "image/png", 0, 0},
		{"moving.gif", Picture, "image/gif", 0, 0},
		{"moving.webp", Picture, "image/webp", 0, 0},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			b := sample(t, tt.file)
			got, err := inspect(b, Incoming{Name: "anything.exe"})
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != tt.kind || got.Type != tt.typ || got.Size != int64(len(b)) {
				t.Errorf("got %s, %s, %d bytes; want %s, %s, %d bytes", got.Kind, got.Type, got.Size, tt.kind, tt.typ, len(b))
			}
			if off := got.Duration - tt.duration; off < -tt.within || off > tt.within {
				t.Errorf("duration = %v, want %v within %v", got.Duration, tt.duration, tt.within)
			}
		})
	}
}

func TestInspectTakesAWishOnlyWhereTheContentAgrees(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file string
		wish Kind
		want Kind
	}{
		{"recorded.webm", Voice, Voice},
		{"opus.ogg", Voice, Voice},
		{"film.webm", Voice, Video},
		{"glass.png", Voice, Picture},
		{"glass.webp", Sticker, Sticker},
		{"opus.ogg", Sticker, Audio},
		{"glass.png", File, File},
		{"film.mp4", File, File},
		{"opus.ogg", Picture, Audio},
	} {
		got, err := inspect(sample(t, tt.file), Incoming{Wish: tt.wish})
		if err != nil || got.Kind != tt.want {
			t.Errorf("%s wished to be %s: %s, %v; want %s", tt.file, tt.wish, got.Kind, err, tt.want)
		}
	}
}

func zipped(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range names {
		f, err := w.Create(n)
		if err == nil {
			_, err = f.Write([]byte("content"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestInspectRefusesWhatCouldRun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		content []byte
	}{
		{"a page", []byte("<!DOCTYPE html><html><script>alert(1)</script></html>")},
		{"a page behind blanks and a comment", []byte("\n\n  <!-- hi --><html><body onload=alert(1)>")},
		{"a drawing with a script", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)},
		{"a drawing as XML", []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`)},
		{"XML", []byte(`<?xml version="1.0"?><a xmlns:x="http://www.w3.org/1999/xhtml"><x:script/></a>`)},
		{"a shell script", []byte("#!/bin/sh\nrm -rf ~\n")},
		{"a program of Windows", append([]byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"), make([]byte, 200)...)},
		{"a program of Linux", append([]byte("\x7fELF\x02\x01\x01\x00"), make([]byte, 100)...)},
		{"a program of macOS", append([]byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01"), make([]byte, 100)...)},
		{"Java", zipped(t, "META-INF/MANIFEST.MF", "A.class")},
		{"an Android program", zipped(t, "AndroidManifest.xml", "classes.dex")},
		{"a shortcut of Windows", append([]byte("L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F"), make([]byte, 60)...)},
		{"web assembly", append([]byte("\x00asm\x01\x00\x00\x00"), make([]byte, 20)...)},
		{"nothing known", bytes.Repeat([]byte{0x01, 0x02, 0x00, 0xfe}, 50)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := inspect(tt.content, Incoming{Name: "holiday.jpg"})
			if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "file_type_refused" {
				t.Errorf("from a visitor: %v, want file_type_refused", err)
			}
			got, err := inspect(tt.content, Incoming{Name: "holiday.jpg", AnyType: true})
			if err != nil || got.Kind != File {
				t.Errorf("from an operator: %s, %v; want a file", got.Kind, err)
			}
			if strings.HasSuffix(got.Name, ".jpg") {
				t.Errorf("from an operator it is still called %s", got.Name)
			}
		})
	}
}

func TestInspectTakesDocuments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"PDF", []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"), "application/pdf"},
		{"text", []byte("Привет, вот список"), "text/plain"},
		{"JSON", []byte(`{"a": [1, 2]}`), "application/json"},
		{"a card", []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna\r\nEND:VCARD\r\n"), "text/vcard"},
		{"Word", zipped(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{"Excel", zipped(t, "[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		{"a letter", []byte("From: Anna <anna@example.org>\r\nTo: shop@example.org\r\nSubject: Hello\r\n\r\nHello\r\n"), "message/rfc822"},
		{"text in an old code page", []byte("\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0"), "text/plain"},
		{"archive", zipped(t, "a.txt", "b.txt"), "application/zip"},
	} {
		got, err := inspect(tt.content, Incoming{})
		if err != nil || got.Kind != File || got.Type != tt.want {
			t.Errorf("%s: %s %s, %v; want a file of type %s", tt.name, got.Kind, got.Type, err, tt.want)
		}
	}
}

func TestInspectSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	jpeg := sample(t, "turned1.jpg")
	for _, tt := range []struct {
		name    string
		content []byte
		kind    fault.Kind
		code    string
	}{
		{"nothing in it", nil, fault.Invalid, "file_empty"},
		{"a picture without its size", jpeg[:20], fault.Invalid, "file_broken"},
		{"a PNG of another size than none", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x00\x00\x00\x00\x00"), fault.Invalid, "file_broken"},
	} {
		_, err := inspect(tt.content, Incoming{})
		if !fault.Is(err, tt.kind) || fault.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.code)
		}
	}
	if got, err := inspect(jpeg[:20], Incoming{AnyType: true}); err != nil || got.Kind != File {
		t.Errorf("an operator's broken picture: %s, %v; want a file to save", got.Kind, err)
	}
}

// pngOf is the head of a PNG that claims a size; there are no pixels.
func pngOf(w, h uint32) []byte {
	ihdr := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
	ihdr = append(ihdr, 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(b, ihdr...), crc32.ChecksumIEEE(ihdr))
}

func TestAPictureTooBigToShowIsAFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		w, h uint32
		want Kind
	}{
		{8000, 5000, Picture}, // 40 megapixels exactly
		{8000, 5001, File},
		{60_000, 60_000, File},
	} {
		got, err := inspect(pngOf(tt.w, tt.h), Incoming{})
		if err != nil || got.Kind != tt.want {
			t.Errorf("%d x %d: %s, %v; want %s", tt.w, tt.h, got.Kind, err, tt.want)
		}
	}
}

func TestInspectHoldsEachKindToItsLimit(t *testing.T) {
	t.Parallel()
	l := Limits{PictureBytes: 1 << 20, VideoBytes: 2 << 20, AudioBytes: 3 << 20, FileBytes: 4 << 20, Types: VisitorTypes()}
	for _, tt := range []struct {
		file string
		wish Kind
		max  int64 // MB
	}{
		{"glass.png", "", 1}, {"glass.png", Sticker, 1}, {"glass.png", File, 4},
		{"film.mp4", "", 2}, {"opus.ogg", "", 3}, {"opus.ogg", Voice, 3},
	} {
		b := sample(t, tt.file)
		for _, extra := range []int{0, 1} {
			size := tt.max<<20 + int64(extra)
			_, err := Inspect(bytes.NewReader(append(bytes.Clone(b), make([]byte, size-int64(len(b)))...)), size, Incoming{Wish: tt.wish}, l)
			if extra == 0 {
				if err != nil {
					t.Errorf("%s as %q of exactly %d MB: %v", tt.file, tt.wish, tt.max, err)
				}
				continue
			}
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Kind != fault.TooLarge || f.Code != "file_too_large" || f.Args["Max"] != tt.max {
				t.Errorf("%s as %q a byte over: %v, want file_too_large with Max %d", tt.file, tt.wish, err, tt.max)
			}
		}
	}
}

func TestTypesThatAreNotListedAreRefused(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	l.Types = []string{"image/png"}
	for file, want := range map[string]string{"glass.png": "", "small.gif": "file_type_refused"} {
		b := sample(t, file)
		_, err := Inspect(bytes.NewReader(b), int64(len(b)), Incoming{}, l)
		if fault.CodeOf(err) != want {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
	if got, want := l.Accept(), "image/png,.apng,.png"; got != want {
		t.Errorf("Accept = %s, want %s", got, want)
	}
}

func TestNothingThatRunsIsOnTheListOfVisitors(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{"text/html", "image/svg+xml", "text/xml", "application/javascript", "text/javascript", "application/xhtml+xml",
		"application/x-executable", "application/vnd.microsoft.portable-executable", "application/java-archive",
		"application/vnd.android.package-archive", "application/x-shockwave-flash", unknownType} {
		if _, ok := formats[typ]; ok {
			t.Errorf("%s is on the list", typ)
		}
	}
	for typ, f := range formats {
		if f.inline() && !strings.HasPrefix(typ, "image/") && !strings.HasPrefix(typ, "audio/") && !strings.HasPrefix(typ, "video/") {
			t.Errorf("%s would be shown in place", typ)
		}
	}
}
