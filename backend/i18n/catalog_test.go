package i18n

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// forms are the plural categories that CLDR has for cardinals of a language.
var forms = map[string][]string{
	"en": {"one", "other"},
	"ru": {"few", "many", "one", "other"},
	"es": {"many", "one", "other"},
	"pt": {"many", "one", "other"},
}

// words reads a language's files as they are: key → form → text; a plain text has
// the form "".
func words(t *testing.T, lang string) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	raw := map[string]any{}
	names, err := of(lang)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		own := map[string]any{}
		if err := json.Unmarshal(data, &own); err != nil {
			t.Fatal(err)
		}
		for key, v := range own {
			if _, twice := raw[key]; twice {
				t.Errorf("%s %s: stands in two files", lang, key)
			}
			raw[key] = v
		}
	}
	for key, v := range raw {
		out[key] = map[string]string{}
		switch v := v.(type) {
		case string:
			out[key][""] = v
		case map[string]any:
			for form, text := range v {
				out[key][form], _ = text.(string)
			}
		}
	}
	return out
}

var placeholder = regexp.MustCompile(`\{\{[^}]*\}\}`)

func TestEveryLanguageIsComplete(t *testing.T) {
	t.Parallel()
	english := words(t, "en")
	for _, lang := range Languages[1:] {
		own := words(t, lang)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(own))); diff != "" {
			t.Errorf("keys of en (-) and %s (+):\n%s", lang, diff)
		}
	}
	for _, lang := range Languages {
		for key, texts := range words(t, lang) {
			if _, plain := texts[""]; !plain {
				if diff := cmp.Diff(forms[lang], slices.Sorted(maps.Keys(texts))); diff != "" {
					t.Errorf("%s %s: plural forms (-want +got):\n%s", lang, key, diff)
				}
			}
			want := slices.Sorted(slices.Values(placeholder.FindAllString(first(english[key]), -1)))
			for form, text := range texts {
				if got := slices.Sorted(slices.Values(placeholder.FindAllString(text, -1))); !slices.Equal(got, want) {
					t.Errorf("%s %s %s: placeholders %v, want %v", lang, key, form, got, want)
				}
				if strings.TrimSpace(text) != text || text == "" {
					t.Errorf("%s %s %s: empty or with space around: %q", lang, key, form, text)
				}
				if isSentence(key) && !strings.HasSuffix(text, ".") {
					t.Errorf("%s %s %s: not a full sentence: %q", lang, key, form, text)
				}
				if cyrillic := strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }); cyrillic != (lang == "ru") {
					t.Errorf("%s %s %s: in another alphabet: %q", lang, key, form, text)
				}
			}
		}
	}
}

func first(texts map[string]string) string {
	for _, text := range texts {
		return text
	}
	return ""
}

func isSentence(key string) bool {
	return strings.HasPrefix(key, "error.") || strings.HasPrefix(key, "delivery.") || strings.HasPrefix(key, "connection.")
}

// A status, and the codes that docs/http-api.md names with it.
var (
	withStatus = regexp.MustCompile("[45]\\d\\d(?: \\|)?((?:[ ,]*`[a-z_]+`(?: \\([^)]*\\))?)+)")
	inExample  = regexp.MustCompile(`"code": "([a-z_]+)"`)
	code       = regexp.MustCompile("`([a-z_]+)`")
)

func TestEveryDocumentedCodeHasWords(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/http-api.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	for _, m := range withStatus.FindAllStringSubmatch(string(doc), -1) {
		for _, c := range code.FindAllStringSubmatch(m[1], -1) {
			codes[c[1]] = true
		}
	}
	for _, m := range inExample.FindAllStringSubmatch(string(doc), -1) {
		codes[m[1]] = true
	}
	// That the document is still read right: one of each of its sections and shapes.
	for _, must := range []string{
		"token_missing", "token_expired", "not_admin", "account_mismatch", "viewer_only", "account_taken", "body_too_large",
		"wrong_credentials", "invalid_request", "too_many_attempts", "crm_unavailable", "channel_refused", "crm_timeout", "internal",
		"origin_not_trusted", "button_not_found", "ticket_invalid", "token_invalid", "empty_text", "text_too_long",
		"chat_unavailable", "too_many_messages", "storage_unavailable", "refused_by_crm",
	} {
		if !codes[must] {
			t.Errorf("%s was not found in http-api.md", must)
		}
	}
	english := words(t, "en")
	for c := range codes {
		if english["error."+c] == nil {
			t.Errorf("no words for error.%s", c)
		}
	}
}

// The codes that the server makes, and the keys of texts that operators read.
var (
	faultMade = regexp.MustCompile(`fault\.(?:New|Wrap)\(fault\.[A-Za-z]+, "([a-z_]+)"`)
	textMade  = regexp.MustCompile(`"((?:delivery|verify|mail|oauth|connection)\.[a-z_.]+[a-z])"`)
)

func TestEveryCodeInTheSourceHasWords(t *testing.T) {
	t.Parallel()
	english := words(t, "en")
	found := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{"node_modules", "sandbox", "dist"}, d.Name()) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		check := func(key string) {
			found++
			// A page has a title and a text and is named by what they begin with.
			page := english[key+".title"] != nil && english[key+".text"] != nil
			if english[key] == nil && !page {
				t.Errorf("%s: no words for %s", path, key)
			}
		}
		for _, m := range faultMade.FindAllSubmatch(src, -1) {
			check("error." + string(m[1]))
		}
		for _, m := range textMade.FindAllSubmatch(src, -1) {
			check(string(m[1]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no code was found: the pattern is out of date")
	}
}
