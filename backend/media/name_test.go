package media

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("я", 300)
	for _, tt := range []struct{ name, in, typ, want string }{
		{"a good name stays", "Прайс 2026.pdf", "application/pdf", "Прайс 2026.pdf"},
		{"the ending's case stays", "IMG_0001.JPG", "image/jpeg", "IMG_0001.JPG"},
		{"any ending of the type will do", "a.jpeg", "image/jpeg", "a.jpeg"},
		{"a path is cut off", "../../etc/passwd.txt", "text/plain", "passwd.txt"},
		{"a path of Windows too", `C:\Users\anna\photo.png`, "image/png", "photo.png"},
		{"a path that ends nowhere", "folder/", "image/png", "file.png"},
		{"control characters go", "a\x00b\r\n\tc\x7f.txt", "text/plain", "ab c.txt"},
		{"what turns the direction of text goes", "invoice\u202efdp.exe", "application/pdf", "invoicefdp.exe.pdf"},
		{"invisible characters go", "a\u200b\ufeff\u2066b.txt", "text/plain", "ab.txt"},
		{"line separators are blanks", "a\u2028b\u2029c.txt", "text/plain", "a b c.txt"},
		{"broken text is marked", "a\xffb.txt", "text/plain", "a_b.txt"},
		{"what file systems refuse", `a<b>:"c|d?*.txt`, "text/plain", "a_b___c_d__.txt"},
		{"hidden files come to light", "...htaccess", "text/plain", "htaccess.txt"},
		{"dots and blanks at the end go", "report.pdf . . ", "application/pdf", "report.pdf"},
		{"a device of Windows", "CON.txt", "text/plain", "_CON.txt"},
		{"a device with more endings", "nul.tar.gz", "application/gzip", "_nul.tar.gz"},
		{"the ending of another type is replaced", "photo.png", "image/jpeg", "photo.jpg"},
		{"a program's ending is followed by the right one", "photo.exe", "image/jpeg", "photo.exe.jpg"},
		{"a script is text", "run.bat", "text/plain", "run.bat.txt"},
		{"a version is no ending", "report.v2", "application/pdf", "report.v2.pdf"},
		{"a document whose parts are in an unusual order", "offer.docx", "application/zip", "offer.docx"},
		{"a program that looks like an archive", "game.apk", "application/zip", "game.apk.zip"},
		{"no ending", "photo", "image/webp", "photo.webp"},
		{"a sentence is no ending", "Dear all. This is the list of things", "text/plain", "Dear all. This is the list of things.txt"},
		{"only an ending", ".jpg", "image/jpeg", "jpg.jpg"},
		{"nothing at all", "", "audio/ogg", "file.ogg"},
		{"only what goes", "\u202e\u200b", "video/mp4", "file.mp4"},
		{"a type that we know by its ending alone", "page.txt", "text/html", "page.html"},
		{"unknown content keeps an ending of its own", "model.step", unknownType, "model.step"},
		{"unknown content may not look known", "holiday.jpg", unknownType, "holiday.jpg.bin"},
		{"unknown content without an ending", "data", unknownType, "data"},
		{"a long name is cut before its ending", long + ".pdf", "application/pdf", strings.Repeat("я", 116) + ".pdf"},
		{"emoji stay", "с днём 🎉.png", "image/png", "с днём 🎉.png"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := CleanName(tt.in, tt.typ); got != tt.want {
				t.Errorf("CleanName(%q, %s) = %q, want %q", tt.in, tt.typ, got, tt.want)
			}
		})
	}
}

func FuzzCleanName(f *testing.F) {
	for _, name := range []string{"a.jpg", "../a\\b.pdf", "con", "...", "a\u202eb.exe", strings.Repeat("ы.", 200), "\xff\xfe", "CON .txt", "a. b", "_.", "nul..txt"} {
		for _, typ := range []string{"image/jpeg", "text/plain", "text/html", unknownType, "", "x"} {
			f.Add(name, typ)
		}
	}
	f.Fuzz(func(t *testing.T, name, typ string) {
		got := CleanName(name, typ)
		if n := utf8.RuneCountInString(got); n == 0 || n > 120 || !utf8.ValidString(got) {
			t.Fatalf("%q: %d runes, want 1 to 120 of valid UTF-8", got, n)
		}
		if strings.ContainsAny(got, "/\\<>:\"|?*\x00") || strings.HasPrefix(got, ".") || strings.HasSuffix(got, ".") || strings.TrimSpace(got) != got {
			t.Fatalf("%q cannot be saved everywhere", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				t.Fatalf("%q holds %U", got, r)
			}
		}
		if again := CleanName(got, typ); again != got {
			t.Fatalf("%q cleaned again is %q", got, again)
		}
	})
}
