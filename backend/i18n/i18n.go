// Package i18n holds the words that the server says to people, in four languages.
//
// Keys go by place and meaning ("error.wrong_credentials", "verify.title").
// Each language is complete, which a test holds, so there is no text in a mixture
// of two. Typical use:
//
//	words, err := i18n.Load()
//	l := words.Localizer(r.Header.Get("Accept-Language"), body.Language)
//	text := l.Text("error.account_taken", map[string]any{"Owner": "a***@example.org"})
package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed *.json
var files embed.FS

// Languages are those the server speaks, as primary subtags. The first is for
// everybody whose language is not among them.
var Languages = []string{"en", "ru", "es", "pt"}

// Names are what the speakers of each language call it, the same on every page.
var Names = map[string]string{"en": "English", "ru": "Русский", "es": "Español", "pt": "Português"}

// Catalog holds all words. It is read-only and safe for many goroutines.
type Catalog struct {
	localizers map[string]Localizer
}

// of names the files of a language: "active" is what the server says anywhere, each
// part of the console has words of its own.
func of(lang string) ([]string, error) {
	names, err := fs.Glob(files, "*."+lang+".json")
	if err != nil {
		return nil, fmt.Errorf("find words of %s: %w", lang, err)
	}
	return names, nil
}

// Load reads the embedded words; an error is a mistake in the build.
func Load() (*Catalog, error) {
	bundle := goi18n.NewBundle(language.English)
	c := &Catalog{localizers: make(map[string]Localizer, len(Languages))}
	for _, lang := range Languages {
		l := Localizer{lang: lang, plural: map[string]bool{}}
		names, err := of(lang)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			data, err := fs.ReadFile(files, name)
			if err != nil {
				return nil, fmt.Errorf("read words: %w", err)
			}
			f, err := bundle.ParseMessageFileBytes(data, name)
			if err != nil {
				return nil, fmt.Errorf("read words of %s: %w", name, err)
			}
			for _, m := range f.Messages {
				l.plural[m.ID] = m.One != ""
			}
		}
		c.localizers[lang] = l
	}
	// A localizer costs more to make than to use, so all four stand ready.
	for lang, l := range c.localizers {
		l.words = goi18n.NewLocalizer(bundle, lang)
		c.localizers[lang] = l
	}
	return c, nil
}

// Localizer gives the words of the language that fits best: explicit (what
// somebody chose, a language tag) when we speak it, else the first of
// acceptLanguage (a request's header) that we speak, else English. Both may come
// from outside as they are. Languages match by primary subtag: es-AR is Spanish.
func (c *Catalog) Localizer(acceptLanguage, explicit string) Localizer {
	for _, wish := range []string{explicit, acceptLanguage} {
		if lang := c.match(wish); lang != "" {
			return c.localizers[lang]
		}
	}
	return c.localizers[Languages[0]]
}

// Match gives the language for one wish, a tag or an Accept-Language header:
// "en", "ru", "es" or "pt".
func (c *Catalog) Match(wish string) string { return c.Localizer(wish, "").Language() }

// maxWish bounds what is parsed; browsers send a tenth of it.
const maxWish = 1024

// match finds the language of the first known tag, by falling weight. The
// matcher of x/text is not used: it gives Russian to whoever asks for Ukrainian.
func (c *Catalog) match(wish string) string {
	if wish == "" || len(wish) > maxWish {
		return ""
	}
	if _, ok := c.localizers[wish]; ok {
		return wish // as settings name it: every message asks
	}
	tags, _, err := language.ParseAcceptLanguage(wish)
	if err != nil {
		return ""
	}
	for _, t := range tags {
		base, _, _ := t.Raw()
		if _, ok := c.localizers[base.String()]; ok {
			return base.String()
		}
	}
	return ""
}

// Localizer says words in one language. Made by Catalog.Localizer.
type Localizer struct {
	lang  string
	words *goi18n.Localizer
	// plural tells the known keys, and which of them depend on a number.
	plural map[string]bool
}

// Language is the primary subtag: "en", "ru", "es" or "pt".
func (l Localizer) Language() string { return l.lang }

// Has reports whether there are words for a key.
func (l Localizer) Has(key string) bool {
	_, ok := l.plural[key]
	return ok
}

// Under gives all plain words of the keys that begin with a prefix, without it: a
// page hands them to its script. Placeholders of scripts are {named}, in one brace.
func (l Localizer) Under(prefix string) map[string]string {
	words := map[string]string{}
	for key, plural := range l.plural {
		if name, ok := strings.CutPrefix(key, prefix); ok && !plural {
			words[name] = l.Text(key, nil)
		}
	}
	return words
}

// Text says the words of a key with args in its placeholders. The number that a
// plural form goes by is count, or args["Seconds"] or args["Count"] when no count
// is given; all of them are non-negative integers. An unknown key gives the key
// itself, and unknown "error." keys the words of "error.internal", so that a new
// code never reaches people as a code. The text is plain: escape it in HTML.
func (l Localizer) Text(key string, args map[string]any, count ...int) string {
	if !l.Has(key) {
		if strings.HasPrefix(key, errorPrefix) && key != errorPrefix+"internal" {
			return l.Text(errorPrefix+"internal", nil)
		}
		return key
	}
	cfg := &goi18n.LocalizeConfig{MessageID: key, TemplateData: args}
	if l.plural[key] {
		cfg.PluralCount, cfg.TemplateData = plural(args, count)
	}
	text, err := l.words.Localize(cfg)
	if err != nil {
		return key
	}
	return text
}

const errorPrefix = "error."

// plural finds the number, and names it in the args under both names that a
// sentence may use, so that none is left without a value.
func plural(args map[string]any, count []int) (int, map[string]any) {
	full := make(map[string]any, len(args)+2)
	n := 1
	for k, v := range args {
		full[k] = v
	}
	if len(count) > 0 {
		n = count[0]
	} else {
		for _, name := range []string{"Seconds", "Count"} {
			switch v := args[name].(type) {
			case int:
				n = v
			case int64:
				n = int(v)
			}
		}
	}
	full["Seconds"], full["Count"] = n, n
	return n, full
}
