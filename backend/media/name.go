package media

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
)

// nameRunes is the length of the longest name, its ending included.
const nameRunes = 120

// maxExtRunes is where an ending stops being one ("a. Dear all").
const maxExtRunes = 10

// deviceNames open devices instead of files on Windows, whatever their ending.
var deviceNames = []string{
	"con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
}

// CleanName makes a name that is safe to show and to save: no path, no control
// or invisible characters (those that turn the direction of text, too), at most
// 120 runes, and an ending that agrees with the content type typ, so that
// "invoice.pdf" is never a program. An ending of another known type is replaced,
// an unknown one is followed by the right one. A name with nothing left is
// "file". Cleaning a clean name changes nothing.
func CleanName(name, typ string) string {
	name = strings.ToValidUTF8(name, "_")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(cleanRune, name)
	name = trim(strings.Join(strings.Fields(name), " "))
	stem, ext := split(name)
	if good := endings(typ); len(good) > 0 && !slices.Contains(good, strings.ToLower(ext)) {
		if !known(ext) {
			stem += ext
		}
		ext = good[0]
	} else if len(good) == 0 && known(ext) {
		ext += ".bin" // says to be what it is not
	}
	stem = trim(cut(trim(stem), nameRunes-utf8.RuneCountInString(ext)))
	if stem == "" {
		stem = "file"
	}
	if first, _, _ := strings.Cut(stem, "."); slices.Contains(deviceNames, strings.ToLower(strings.TrimSpace(first))) {
		stem = cut("_"+stem, nameRunes-utf8.RuneCountInString(ext))
	}
	return stem + ext
}

func cleanRune(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
		return ' '
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs): // control, format (bidi, zero width), private use
		return -1
	case strings.ContainsRune(`<>:"|?*`, r):
		return '_'
	}
	return r
}

// trim takes away what hides a file (leading dots) and what Windows drops.
func trim(s string) string { return strings.Trim(s, ". ") }

func cut(s string, runes int) string {
	n := 0
	for i := range s {
		if n == runes {
			return s[:i]
		}
		n++
	}
	return s
}

// split takes the ending off a name. An ending has letters and digits only.
func split(name string) (stem, ext string) {
	ext = path.Ext(name)
	if len(ext) < 2 || utf8.RuneCountInString(ext) > maxExtRunes+1 || len(ext) == len(name) {
		return name, ""
	}
	for _, r := range ext[1:] {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return name, ""
		}
	}
	return name[:len(name)-len(ext)], ext
}

// endings lists what a name of the type may end in; none for unknown content,
// where any ending but a known one may be true.
func endings(typ string) []string {
	if f, ok := formats[typ]; ok {
		return f.exts
	}
	if m := mimetype.Lookup(typ); m != nil && m.Extension() != "" && typ != unknownType {
		return []string{m.Extension()}
	}
	return nil
}

var knownEndings = func() map[string]bool {
	all := map[string]bool{}
	for _, f := range formats {
		for _, e := range f.exts {
			all[e] = true
		}
	}
	return all
}()

func known(ext string) bool { return knownEndings[strings.ToLower(ext)] }
