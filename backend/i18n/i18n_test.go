package i18n

import (
	"strings"
	"testing"
)

func load(t *testing.T) *Catalog {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// LOC-1: match on the primary subtag, fall back, never break.
func TestLanguageMatching(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, tt := range []struct{ name, accept, explicit, want string }{
		{"nothing said", "", "", "en"},
		{"a language of ours", "pt", "", "pt"},
		{"a region of it", "es-AR", "", "es"},
		{"a region with other cases", "PT-br", "", "pt"},
		{"an underscore", "", "ru_RU", "ru"},
		{"a script", "ru-Cyrl-RU", "", "ru"},
		{"a language we do not speak", "de", "", "en"},
		{"a neighbour of a language of ours is another language", "uk", "", "en"},
		{"the first that we speak", "de-DE,de;q=0.9,es;q=0.8,en;q=0.7", "", "es"},
		{"by weight, not by place", "es;q=0.2,ru;q=0.9", "", "ru"},
		{"refused by weight zero", "ru;q=0,es", "", "es"},
		{"anything", "*", "", "en"},
		{"explicit wins", "ru", "es", "es"},
		{"explicit region wins", "ru", "pt-BR", "pt"},
		{"the vendor's own example of an unknown one", "ru", "com", "ru"},
		{"malformed header", ";;q=,,%%%", "", "en"},
		{"malformed explicit", "es", "\x00\xff<script>", "es"},
		{"a header without end", strings.Repeat("ru,", 100_000), "", "en"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := c.Localizer(tt.accept, tt.explicit).Language(); got != tt.want {
				t.Errorf("Localizer(%.40q, %q) speaks %s, want %s", tt.accept, tt.explicit, got, tt.want)
			}
		})
	}
}

// The plural forms are those of CLDR; es and pt say "de" after whole millions.
func TestPlurals(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, tt := range []struct {
		lang string
		n    int
		want string
	}{
		{"en", 1, "in 1 second."}, {"en", 0, "in 0 seconds."}, {"en", 21, "in 21 seconds."},
		{"ru", 1, "через 1 секунду."}, {"ru", 2, "через 2 секунды."}, {"ru", 5, "через 5 секунд."},
		{"ru", 11, "через 11 секунд."}, {"ru", 21, "через 21 секунду."}, {"ru", 112, "через 112 секунд."},
		{"es", 1, "en 1 segundo."}, {"es", 2, "en 2 segundos."}, {"es", 1_000_000, "en 1000000 de segundos."},
		{"pt", 1, "em 1 segundo."}, {"pt", 2, "em 2 segundos."}, {"pt", 1_000_000, "em 1000000 de segundos."},
	} {
		l := c.Localizer("", tt.lang)
		const key = "error.too_many_attempts"
		for how, got := range map[string]string{
			"count":   l.Text(key, nil, tt.n),
			"Seconds": l.Text(key, map[string]any{"Seconds": tt.n}),
			"int64":   l.Text(key, map[string]any{"Seconds": int64(tt.n)}),
		} {
			if !strings.HasSuffix(got, tt.want) {
				t.Errorf("%s %d by %s: got %q, want it to end with %q", tt.lang, tt.n, how, got, tt.want)
			}
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	l := load(t).Localizer("", "en")
	if got := l.Text("error.account_taken", map[string]any{"Owner": "a***@example.org"}); !strings.Contains(got, "connected by a***@example.org.") {
		t.Errorf("the owner is not named: %q", got)
	}
	if got, want := l.Text("error.a_new_code", nil), l.Text("error.internal", nil); got != want || strings.Contains(got, "error.") {
		t.Errorf("unknown error: got %q, want %q", got, want)
	}
	if got := l.Text("no.such.key", nil); got != "no.such.key" || l.Has("no.such.key") {
		t.Errorf("unknown key: got %q", got)
	}
	// What an argument holds is shown, never run.
	if got := l.Text("error.account_taken", map[string]any{"Owner": "{{.X}}"}); !strings.Contains(got, "{{.X}}") {
		t.Errorf("an argument was read as a template: %q", got)
	}
}
