package backend

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var updateRules = flag.Bool("update", false, "write docs/rules.md anew")

// rules are the rules of the specification of online chats (§4 to §7) that must have a test, as many as there are of
// each kind: BOT-1..13 and so on.
var rules = []struct {
	kind, about string
	count       int
}{
	{"BOT", "the greeting bot", 13},
	{"KEY", "key actions", 7},
	{"SET", "settings of chats and buttons", 4},
	{"CON", "one conversation or many", 10},
	{"WIN", "the chat window", 8},
	{"VIS", "who the visitor is", 5},
	{"TRK", "tracking data", 6},
	{"META", "setMeta", 9},
	{"SEC", "security", 11},
}

// untestable are rules that ask nothing of us, and why.
var untestable = map[string]string{"SET-3": "a setting of the CRM's own users; what it does to visitors is not known"}

const rulesPath = "docs/rules.md"

var (
	// A citation is one rule, or several in a row: CON-2, KEY-1..7, CON-2 to CON-7.
	citation   = regexp.MustCompile(`\b(BOT|KEY|SET|CON|WIN|VIS|TRK|META|SEC)-(\d+)(?:(?:\.\.| to (?:[A-Z]+-)?)(\d+))?\b`)
	namedAfter = regexp.MustCompile(`^Test(BOT|KEY|SET|CON|WIN|VIS|TRK|META|SEC)(\d+)`)
	scriptTest = regexp.MustCompile(`(?m)^test\("((?:[^"\\]|\\.)*)"`)
	tableRow   = regexp.MustCompile(`(?m)^\| ([A-Z]+-\d+) \| (.*) \|$`)
)

// TestEveryRuleHasATest: each rule is cited by a test, in its comment, its name or its body, and the table
// names such tests of each. A test may be missing in the table; one that is named there must hold the rule.
func TestEveryRuleHasATest(t *testing.T) {
	t.Parallel()
	tests := citing(t)
	var out strings.Builder
	out.WriteString("# Online chats, rule by rule\n\nWhich tests hold which rule of the specification of online chats, §4 to §7: Go tests with their package below `backend/`, files of\nunit tests of the site chat. [conformance.md](conformance.md) has the site API. The table is made by `go test ./backend -run EveryRule -update`.\n")
	for _, r := range rules {
		fmt.Fprintf(&out, "\n## %s: %s\n\n| rule | tests |\n|---|---|\n", r.kind, r.about)
		for n := 1; n <= r.count; n++ {
			id := fmt.Sprintf("%s-%d", r.kind, n)
			list, why := slices.Sorted(slices.Values(tests[id])), untestable[id]
			switch {
			case len(list) == 0 && why == "":
				t.Errorf("no test cites %s", id)
			case len(list) == 0:
				fmt.Fprintf(&out, "| %s | none: %s |\n", id, why)
			default:
				fmt.Fprintf(&out, "| %s | `%s` |\n", id, strings.Join(list, "`, `"))
			}
		}
	}
	if *updateRules {
		if err := os.WriteFile(rulesPath, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(rulesPath)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, row := range tableRow.FindAllStringSubmatch(string(raw), -1) {
		rows[row[1]] = row[2]
	}
	for _, r := range rules {
		for n := 1; n <= r.count; n++ {
			id := fmt.Sprintf("%s-%d", r.kind, n)
			if rows[id] == "" {
				t.Errorf("%s does not tell of %s", rulesPath, id)
			}
			if strings.HasPrefix(rows[id], "none: ") && untestable[id] != "" {
				continue
			}
			for name := range strings.SplitSeq(rows[id], ", ") {
				if name = strings.Trim(name, "`"); !slices.Contains(tests[id], name) {
					t.Errorf("%s: %s says %q, which does not cite it: go test ./backend -run EveryRule -update", id, rulesPath, name)
				}
			}
		}
	}
}

// citing lists the tests that cite each rule.
func citing(t *testing.T) map[string][]string {
	t.Helper()
	tests := map[string][]string{}
	note := func(id, test string) {
		if !slices.Contains(tests[id], test) {
			tests[id] = append(tests[id], test)
		}
	}
	cites := func(text, test string) {
		for _, c := range citation.FindAllStringSubmatch(text, -1) {
			first, _ := strconv.Atoi(c[2])
			last := first
			if c[3] != "" {
				last, _ = strconv.Atoi(c[3])
			}
			for n := first; n <= last; n++ {
				note(fmt.Sprintf("%s-%d", c[1], n), test)
			}
		}
	}
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && slices.Contains([]string{"node_modules", "dist", "built"}, e.Name()):
			return fs.SkipDir
		case path == "rules_test.go" || !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".test.ts"):
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".ts") {
			for _, title := range scriptTest.FindAllStringSubmatch(string(raw), -1) {
				cites(title[1], filepath.ToSlash(path))
			}
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, raw, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") || strings.HasSuffix(f.Name.Name, "Table") {
				continue
			}
			name := filepath.ToSlash(filepath.Dir(path)) + " " + f.Name.Name
			begin := f.Pos()
			if f.Doc != nil {
				begin = f.Doc.Pos()
			}
			cites(string(raw[set.Position(begin).Offset:set.Position(f.End()).Offset]), name)
			if m := namedAfter.FindStringSubmatch(f.Name.Name); m != nil {
				note(m[1]+"-"+m[2], name)
			}
		}
		return nil
	})
	if err != nil || len(tests) == 0 {
		t.Fatal("read the tests: ", err)
	}
	return tests
}
