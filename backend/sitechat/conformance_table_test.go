package sitechat

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var updateTable = flag.Bool("update", false, "write docs/conformance.md anew")

// rules are the rules of the site API that must have a test, as many as there are of each kind: DIA-1..3, EMB-1..25 and so on.
var rules = []struct {
	kind, about string
	count       int
}{
	{"DIA", "the two dialects", 3},
	{"EMB", "the embed code and the loader", 25},
	{"HOOK", "nodes and messages that sites rely on", 4},
	{"CFG", "the configuration object, widget and frame mode", 13},
	{"LOC", "words, dates and times", 7},
	{"THM", "the theme", 4},
	{"API", "the command function", 3},
	{"MET", "methods", 6},
	{"EVT", "events", 12},
	{"META", "setMeta", 9},
	{"KEY", "key actions", 7},
}

// more are rules of other parts of the specification that show on a site.
var more = []string{"BOT-9", "BOT-12", "SET-4", "WIN-5"}

var (
	ruleID    = regexp.MustCompile(`\b(?:(?:DIA|EMB|HOOK|CFG|LOC|THM|API|MET|EVT|META|KEY)-\d+|BOT-9|BOT-12|SET-4|WIN-5)\b`)
	ruleName  = regexp.MustCompile(`^Test(DIA|EMB|HOOK|CFG|LOC|THM|API|META|MET|EVT|KEY|SET|WIN)(\d+)$`)
	scriptRun = regexp.MustCompile(`(?m)^test\("((?:[^"\\]|\\.)*)"`)
)

const tablePath = "../docs/conformance.md"

// The table says which tests hold which rule. It is made from the tests themselves: run with -update to write it.
func TestConformanceTable(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{}
	note := func(rule, test string) {
		if !slices.Contains(tests[rule], test) {
			tests[rule] = append(tests[rule], test)
		}
	}
	scanGo(t, note)
	scanScripts(t, note)
	for _, one := range samples {
		if one.test == "" {
			note(one.rule, "`TestSamples`")
		}
	}

	var out strings.Builder
	out.WriteString("# The site API, rule by rule\n\nWhich tests hold which rule of the specification of the site chat (online-chat, §0 to §3 and §5, and what of §4 and §6 shows on a site). Go tests stand in `backend/sitechat` and drive a real browser;\n" +
		"those named after a rule run in both dialects where the rule knows two. Paths are those of unit tests. The table is made by\n`go test ./backend/sitechat -run ConformanceTable -update`.\n")
	known := 0
	section := func(title string, ids []string) {
		fmt.Fprintf(&out, "\n## %s\n\n| rule | tests |\n|---|---|\n", title)
		for _, id := range ids {
			if len(tests[id]) == 0 {
				t.Errorf("no test names %s", id)
				continue
			}
			known++
			slices.Sort(tests[id])
			fmt.Fprintf(&out, "| %s | %s |\n", id, strings.Join(tests[id], ", "))
		}
	}
	for _, r := range rules {
		var ids []string
		for n := 1; n <= r.count; n++ {
			ids = append(ids, fmt.Sprintf("%s-%d", r.kind, n))
		}
		section(r.kind+": "+r.about, ids)
	}
	section("Greeting, names and windows that open by themselves", more)
	out.WriteString("\n## Code samples that run as pages\n\n| rule | sample | test |\n|---|---|---|\n")
	for _, one := range samples {
		test := "`" + cmp.Or(one.test, "TestSamples") + "`"
		if !slices.Contains(tests[one.rule], test) {
			t.Errorf("%s does not speak of %s", test, one.rule)
		}
		fmt.Fprintf(&out, "| %s | %s | %s |\n", one.rule, strings.ReplaceAll(one.what, "|", `\|`), test)
	}
	if known != len(tests) {
		for id := range tests {
			t.Logf("named: %s", id)
		}
		t.Errorf("tests name %d rules, of which %d are known", len(tests), known)
	}
	if *updateTable {
		if err := os.WriteFile(tablePath, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(tablePath); err != nil || string(kept) != out.String() {
		t.Errorf("%s is not what the tests say (%v): go test ./backend/sitechat -run ConformanceTable -update", tablePath, err)
	}
}

// scanGo notes the rules that the tests of the suite are named after or speak of. Other tests cite rules too; theirs is another subject.
func scanGo(t *testing.T, note func(rule, test string)) {
	t.Helper()
	files, err := filepath.Glob("conformance_*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no tests:", err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, raw, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") {
				continue
			}
			begin := f.Pos()
			if f.Doc != nil {
				begin = f.Doc.Pos()
			}
			for _, id := range ruleID.FindAllString(string(raw[set.Position(begin).Offset:set.Position(f.End()).Offset]), -1) {
				note(id, "`"+f.Name.Name+"`")
			}
			if m := ruleName.FindStringSubmatch(f.Name.Name); m != nil {
				note(m[1]+"-"+m[2], "`"+f.Name.Name+"`")
			}
		}
	}
}

// scanScripts notes the rules in the titles of the unit tests.
func scanScripts(t *testing.T, note func(rule, test string)) {
	t.Helper()
	files, err := filepath.Glob("src/*/*.test.ts")
	if err != nil || len(files) == 0 {
		t.Fatal("no unit tests:", err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, title := range scriptRun.FindAllStringSubmatch(string(raw), -1) {
			for _, id := range ruleID.FindAllString(title[1], -1) {
				note(id, "`"+name+"`")
			}
		}
	}
}
