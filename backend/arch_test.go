package backend

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "leadline/backend/"

// domain are the packages of the product's ideas: standard library only, ids
// and time come in as functions.
var domain = []string{"account", "console", "conversation", "greeting", "keyaction", "onlinechat", "team", "desk"}

// arrows is the import table of design.md §5: what each package may import of
// ours. A new arrow is a decision: change the table in the commit that needs it
// and say why there.
var arrows = map[string][]string{
	"fault": {}, "chatid": {}, "config": {}, "i18n": {}, "sitechat": {}, "widgetzip": {}, "qr": {},
	"outbox":       {"fault", "chatid"},
	"account":      {"fault", "chatid", "outbox"},
	"console":      {"fault", "chatid"},
	"conversation": {"fault", "chatid", "outbox"},
	"greeting":     {"conversation", "fault", "chatid", "outbox"},
	"onlinechat":   {"fault", "chatid", "outbox"},
	"keyaction":    {"conversation", "outbox", "fault", "chatid"},
	"team":         {"fault", "chatid"},
	// desk puts together what an account's state and a chat's hours say.
	"desk":         {"account", "onlinechat", "fault", "chatid"},
	"auth":         {"fault", "chatid"},
	"amojo":        {"fault", "chatid"},
	"amocrm":       {"fault", "chatid"},
	"realtime":     {"fault", "chatid"},
	"media":        {"fault", "chatid"},
	"bridge":       {"account", "conversation", "greeting", "keyaction", "onlinechat", "outbox", "amojo", "amocrm", "media", "fault", "chatid"},
	"store":        {"account", "console", "conversation", "greeting", "keyaction", "onlinechat", "desk", "team", "outbox", "fault", "chatid"},
	"store/pgtest": {}, // tests of store and app alone
	"media/s3test": {}, // tests of media and app alone
	"browsertest":  {}, // tests in Chromium alone
	"httpapi":      {"account", "console", "conversation", "greeting", "keyaction", "onlinechat", "desk", "team", "auth", "media", "realtime", "i18n", "sitechat", "qr", "fault", "chatid"},
	"app": {"account", "console", "conversation", "greeting", "keyaction", "onlinechat", "desk", "team", "outbox", "auth", "amojo", "amocrm", "bridge", "store", "media", "realtime",
		"httpapi", "i18n", "sitechat", "config", "fault", "chatid"},
	"cmd/leadline":    {"app", "config", "widgetzip", "fault"},
	"sandbox":         {"sandbox/crmpage"},
	"sandbox/crmpage": {},
	"cmd/sandbox":     {"sandbox", "sandbox/crmpage"},
	"cmd/demo":        {},
	// The bench runs the server as a process and fills a database for it.
	"../scripts/bench": {"app", "config", "store", "account", "onlinechat", "auth", "chatid"},
}

// owners are the outside modules that one package alone may use; the bench measures
// some of them bare.
var owners = map[string][]string{
	"github.com/gin-gonic/gin":           {"httpapi", "../scripts/bench"},
	"gorm.io/":                           {"store"},
	"github.com/pressly/goose":           {"store"},
	"github.com/mattn/go-sqlite3":        {"store", "../scripts/bench"},
	"github.com/jackc/":                  {"store", "store/pgtest", "../scripts/bench"},
	"github.com/golang-jwt/":             {"auth"},
	"github.com/nicksnyder/go-i18n":      {"i18n"},
	"github.com/gobwas/ws":               {"realtime", "../scripts/bench"},
	"github.com/caarlos0/env":            {"config"},
	"github.com/tdewolff/parse":          {"widgetzip"},
	"golang.org/x/time":                  {"httpapi", "amocrm"},
	"golang.org/x/crypto":                {"auth"},
	"golang.org/x/text":                  {"i18n"},
	"github.com/google/uuid":             {"app", "sandbox"},
	"github.com/prometheus/":             {"app"},
	"github.com/chromedp/":               {"browsertest"},
	"github.com/google/go-cmp":           {},
	"go.uber.org/goleak":                 {},
	"golang.org/x/sync":                  {"store", "realtime", "app", "auth"},
	"golang.org/x/image":                 {"media", "widgetzip"},
	"github.com/gabriel-vasile/mimetype": {"media"},
	"github.com/minio/minio-go":          {"media", "media/s3test"},
	"github.com/piglig/go-qr":            {"qr"},
}

// file is one Go file with what it imports.
type file struct {
	pkg, path string
	test      bool
	imports   []string
}

func files(t *testing.T) []file {
	t.Helper()
	var list []file
	note := func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); n == "node_modules" || n == "testdata" || n == "dist" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		one := file{pkg: filepath.ToSlash(filepath.Dir(path)), path: path, test: strings.HasSuffix(path, "_test.go")}
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			one.imports = append(one.imports, p)
		}
		list = append(list, one)
		return nil
	}
	for _, root := range []string{".", "../scripts/bench"} {
		if err := filepath.WalkDir(root, note); err != nil {
			t.Fatal(err)
		}
	}
	if len(list) < 50 {
		t.Fatalf("only %d Go files found: this test looks in the wrong place", len(list))
	}
	return list
}

func TestImportTable(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		if f.pkg == "." {
			continue
		}
		allowed, known := arrows[f.pkg]
		if !known {
			t.Errorf("%s: package %s is not in the import table", f.path, f.pkg)
			continue
		}
		for _, imp := range f.imports {
			ours, ok := strings.CutPrefix(imp, module)
			if !ok || ours == f.pkg || slices.Contains(allowed, ours) {
				continue
			}
			if f.test && (f.pkg == "app" || ours == "store/pgtest" || ours == "media/s3test" || ours == "browsertest") { // tests of whole ways see both sides
				continue
			}
			t.Errorf("%s: %s may not import %s", f.path, f.pkg, ours)
		}
	}
}

func TestOutsideModulesHaveOneOwner(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		for _, imp := range f.imports {
			first, _, _ := strings.Cut(imp, "/")
			if !strings.Contains(first, ".") {
				continue
			}
			if slices.Contains(domain, f.pkg) && !f.test {
				t.Errorf("%s: domain packages use the standard library only, not %s", f.path, imp)
				continue
			}
			if f.test {
				continue
			}
			known := false
			for prefix, who := range owners {
				if strings.HasPrefix(imp, prefix) {
					known = true
					if !slices.Contains(who, f.pkg) {
						t.Errorf("%s: %s belongs to %v", f.path, imp, who)
					}
				}
			}
			if !known {
				t.Errorf("%s: %s has no owner in the table", f.path, imp)
			}
		}
	}
}

func TestTableNamesOnlyWhatExists(t *testing.T) {
	t.Parallel()
	for pkg, list := range arrows {
		for _, p := range append([]string{pkg}, list...) {
			if _, err := os.Stat(filepath.FromSlash(p)); err != nil {
				t.Errorf("the table names %s: %v", p, err)
			}
		}
	}
}
