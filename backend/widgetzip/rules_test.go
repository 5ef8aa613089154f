package widgetzip

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// allCases is the one table of W §9: archives that break a rule, and archives that
// come close and do not.
func allCases(t *testing.T) []broken {
	t.Helper()
	return slices.Concat(archiveCases(t), imagesCases(t), textsCases(t), manifestCases(t), scriptModuleCases(t), scriptCases(t), styleCases(t))
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, b := range allCases(t) {
		kind := "breaks "
		if b.fine {
			kind = "keeps "
		}
		t.Run(kind+b.rule+" "+b.name, func(t *testing.T) {
			t.Parallel()
			b.run(t)
		})
	}
}

// The list in testdata is that of the specification: each rule has both cases, no
// case names another rule, and severities are those of the list.
func TestEveryRuleHasAFailingAndAPassingCase(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	breaks, keeps := map[string]bool{}, map[string]bool{}
	severities := map[string][]string{}
	for line := range strings.Lines(string(raw)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] != "#" {
			severities[fields[0]] = strings.Split(fields[1], "/")
		}
	}
	if len(severities) != 68 {
		t.Fatalf("%d rules in the list, want 68", len(severities))
	}
	for _, b := range allCases(t) {
		switch {
		case severities[b.rule] == nil:
			t.Errorf("the case %q names the rule %s, which is not in the list", b.name, b.rule)
		case b.fine:
			keeps[b.rule] = true
		default:
			breaks[b.rule] = true
			if !slices.Contains(severities[b.rule], string(b.severity)) {
				t.Errorf("%s %q: severity %s, the list has %v", b.rule, b.name, b.severity, severities[b.rule])
			}
		}
	}
	for rule := range severities {
		if !breaks[rule] || !keeps[rule] {
			t.Errorf("%s: a failing case %t, a passing case %t; want both", rule, breaks[rule], keeps[rule])
		}
	}
}

func TestCheckScriptForms(t *testing.T) {
	t.Parallel()
	open, end := "return function CustomWidget() {", "  };\n});"
	for name, edits := range map[string][][2]string{
		"a function by name":            {{open, "function W() {"}, {end, "  }\n  return W;\n});"}},
		"a variable":                    {{open, "var W = function () {"}, {end, "  };\n  return W;\n});"}},
		"callbacks through self":        {{open, open + " var self = this;"}, {"this.callbacks", "self.callbacks"}},
		"callbacks extended":            {{"this.callbacks = {", "this.callbacks = $.extend({}, {"}, {"    };\n    return this", "    });\n    return this"}},
		"a dependency with a version":   {{"./lib/a.js", "./lib/a.js?v=1.0.0"}},
		"a dependency without the .js":  {{"./lib/a.js", "./lib/a"}},
		"console.debug":                 {{open, "console.debug('x');\n  " + open}},
		"console.trace in a catch":      {{open, "try { a.b(); } catch (e) { console.trace(e); }\n  " + open}},
		"console.trace on a rejection":  {{open, "a.then(null, function (e) { console.trace(e); });\n  " + open}},
		"an own function called alert":  {{open, "function alert() {} alert();\n  " + open}},
		"setTimeout with a function":    {{open, "setTimeout(function () {}, 1);\n  " + open}},
		"a member that is called write": {{open, "a.write('x');\n  " + open}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := goodFiles(t, AmoCRM)
			for _, e := range edits {
				if !strings.Contains(files["script.js"], e[0]) {
					t.Fatalf("script.js does not hold %q", e[0])
				}
				files["script.js"] = strings.ReplaceAll(files["script.js"], e[0], e[1])
			}
			if got := Check(zipOf(t, files), FileName, Options{Platform: AmoCRM}); len(got) != 0 {
				t.Errorf("findings = %v, want none", got)
			}
		})
	}
}

func TestFindingsNameTheLine(t *testing.T) {
	t.Parallel()
	files := goodFiles(t, AmoCRM)
	files["lib/a.js"] = "define(function () {\n  console.log('x');\n  return 1;\n});\n"
	got := Check(zipOf(t, files), FileName, Options{Platform: AmoCRM})
	if len(got) != 1 || got[0].File != "lib/a.js" || got[0].Line != 2 || got[0].Rule != "J04" {
		t.Errorf("findings = %v, want J04 at lib/a.js:2", got)
	}
}
