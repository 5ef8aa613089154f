package httpapi

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"leadline/backend/i18n"
)

// How package greeting names problems, and the acts that it comes to.
var (
	problemCodes = []*regexp.Regexp{
		regexp.MustCompile(`\.(?:bad|warn|note)\(.*, "([a-z_]+)", `),
		regexp.MustCompile(`\.log\("([a-z_]+)"`),
		regexp.MustCompile(`(?:return one|vendors\[h\.Name\]), "([a-z_]+)"`),
		regexp.MustCompile(`"(no_[a-z]+)"`), // of vendors
	}
	actName = regexp.MustCompile(`\tAct\w+ += "([a-z_]+)"`)
)

// TestBotProblemsHaveWords: whatever a bot's check or a try may tell, a person can read.
func TestBotProblemsHaveWords(t *testing.T) {
	t.Parallel()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../greeting/*.go")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range problemCodes {
			for _, m := range code.FindAllStringSubmatch(string(raw), -1) {
				keys["greeting.problem."+m[1]] = true
			}
		}
		for _, m := range actName.FindAllStringSubmatch(string(raw), -1) {
			keys["console.bot.try.act_"+m[1]] = true
		}
	}
	if len(keys) < 60 {
		t.Fatalf("only %d keys were found: the patterns are out of date", len(keys))
	}
	for _, never := range []string{"subscribe", "unsubscribe"} { // named, but no turn comes to them
		delete(keys, "console.bot.try.act_"+never)
	}
	l := texts.Localizer("", "en")
	for key := range keys {
		if !l.Has(key) {
			t.Errorf("no words for %s", key)
		}
	}
}
