package widgetzip

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

const maxStyleBytes = 512 << 10

var (
	remoteAddress = regexp.MustCompile(`(?i)^\s*(https?:)?//`)
	// systemNames are classes and ids of the CRM's own page: a selector may not
	// begin with them.
	systemNames = regexp.MustCompile(`^(js-|card-|modal|widget_settings|widget-settings|widgets?$|widgets_block|button-input|control-|linked-form|nav|list_|list-|pipeline|note|feed|` +
		`page|content|left-menu|work-area|aside|notification|inbox|digital-pipeline|tips|text-input|checkboxes|switcher|default-overlay|custom-scroll|view-integration|amo|kommo)`)
	onlyTheme = regexp.MustCompile(`^(:root|html|body)?(\[data-color-scheme[^\]]*\])?$`)
)

// rule is one set of declarations of a stylesheet.
type rule struct {
	selectors []string
	line      int
}

// declaration is one property of a rule.
type declaration struct {
	name, value string
	tokens      []css.Token
	selectors   []string
	line        int
}

// sheet is a parsed stylesheet.
type sheet struct {
	name         string
	rules        []rule
	declarations []declaration
	imports      []declaration // @import: value is the address
	keyframes    []declaration // value is the name
	comments     []declaration // value is the text
}

// checkStyles is W §9.6. It finds the widget's root, which rules of scripts use.
func (c *checker) checkStyles() {
	var sheets []*sheet
	for _, name := range c.names() {
		if !strings.HasSuffix(strings.ToLower(name), ".css") || !c.parsable("C01", Moderation, name, maxStyleBytes) {
			continue
		}
		one, err := readStyles(name, c.files[name])
		if err != nil {
			c.add("C01", Moderation, name, errorLine(err), "the stylesheet cannot be read: %s", firstLine(err))
		}
		sheets = append(sheets, one)
	}
	c.root = rootOf(sheets)
	for _, one := range sheets {
		c.checkSelectors(one)
		c.checkDeclarations(one)
		for _, d := range one.comments {
			c.checkStyleComment(one.name, d)
		}
	}
}

// readStyles parses a stylesheet; with an error the sheet is what was read before.
func readStyles(name string, raw []byte) (one *sheet, err error) {
	one = &sheet{name: name}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	one.readComments(raw)
	p := css.NewParser(parse.NewInputBytes(bytes.Clone(raw)), false)
	lines, end, line := 0, 0, 1 // counted along, so that a long file is read once
	lineNow := func() int {
		at := min(p.Offset(), len(raw))
		if at > end {
			lines += bytes.Count(raw[end:at], []byte("\n"))
			end = at
		}
		line = lines + 1
		return line
	}
	var open [][]string // selectors of the rules around; nil for @-rules
	frames := 0         // depth of @keyframes, whose selectors are none
	faults := 0
	var list []string
	for {
		grammar, _, data := p.Next()
		at := lineNow()
		switch grammar {
		case css.ErrorGrammar:
			if !p.HasParseError() {
				if e := p.Err(); err == nil && !errors.Is(e, io.EOF) {
					err = e
				}
				return one, err
			}
			// The parser goes on after the next semicolon or brace.
			if faults++; faults > 100 {
				return one, err
			}
			if err == nil {
				err = p.Err()
			}
		case css.AtRuleGrammar, css.BeginAtRuleGrammar:
			one.readAtRule(string(data), p.Values(), at)
			if grammar == css.BeginAtRuleGrammar {
				if frames > 0 || strings.HasSuffix(string(data), "keyframes") {
					frames++
				}
				open = append(open, nil)
			}
		case css.EndAtRuleGrammar:
			frames = max(frames-1, 0)
			open = open[:max(len(open)-1, 0)]
		case css.QualifiedRuleGrammar:
			list = append(list, join(p.Values()))
		case css.BeginRulesetGrammar:
			list = append(list, splitSelectors(join(p.Values()))...)
			nested := len(open) > 0 && open[len(open)-1] != nil
			if frames == 0 && !nested {
				one.rules = append(one.rules, rule{selectors: list, line: at})
			}
			if nested {
				list = open[len(open)-1]
			}
			open, list = append(open, list), nil
		case css.EndRulesetGrammar:
			open = open[:max(len(open)-1, 0)]
		case css.DeclarationGrammar, css.CustomPropertyGrammar:
			d := declaration{name: string(data), value: join(p.Values()), tokens: slices.Clone(p.Values()), line: at}
			if len(open) > 0 {
				d.selectors = open[len(open)-1]
			}
			one.declarations = append(one.declarations, d)
		}
	}
}

func (one *sheet) readAtRule(name string, values []css.Token, line int) {
	d := declaration{name: name, value: strings.TrimSpace(join(values)), line: line}
	switch {
	case name == "@import":
		one.imports = append(one.imports, d)
	case strings.HasSuffix(name, "keyframes"):
		one.keyframes = append(one.keyframes, d)
	}
}

func (one *sheet) readComments(raw []byte) {
	in := parse.NewInputBytes(bytes.Clone(raw))
	l := css.NewLexer(in)
	lines, end := 0, 0
	for {
		tt, data := l.Next()
		if tt == css.ErrorToken {
			return
		}
		if tt == css.CommentToken {
			at := min(in.Offset()-len(data), len(raw))
			lines += bytes.Count(raw[end:at], []byte("\n"))
			end = at
			one.comments = append(one.comments, declaration{value: strings.TrimSuffix(strings.TrimPrefix(string(data), "/*"), "*/"), line: lines + 1})
		}
	}
}

func join(tokens []css.Token) string {
	var b strings.Builder
	for _, t := range tokens {
		b.Write(t.Data)
	}
	return b.String()
}

// splitSelectors cuts a list at the commas that stand outside of brackets.
func splitSelectors(list string) []string {
	var out []string
	depth, from := 0, 0
	for i, r := range list {
		switch r {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ',':
			if depth == 0 {
				out, from = append(out, list[from:i]), i+1
			}
		}
	}
	return append(out, list[from:])
}

// firstName is the first class or id of a selector's first part that is not the
// theme alone, without its mark; "" when that part has none.
func firstName(selector string) string {
	rest := strings.TrimSpace(selector)
	for range 3 {
		end := strings.IndexAny(rest, " >+~")
		part, after := rest, ""
		if end >= 0 && strings.Count(rest[:end], "[") == strings.Count(rest[:end], "]") {
			part, after = rest[:end], strings.TrimLeft(rest[end:], " >+~")
		}
		if onlyTheme.MatchString(part) && after != "" {
			rest = after
			continue
		}
		at := strings.IndexAny(part, ".#")
		if at < 0 || strings.ContainsAny(part[:at], "[(") {
			return ""
		}
		name := part[at+1:]
		if end := strings.IndexAny(name, ".#:[()*"); end >= 0 {
			name = name[:end]
		}
		return name
	}
	return ""
}

// hasRoot tells whether a name is the root or begins with it.
func hasRoot(name, root string) bool {
	after, ok := strings.CutPrefix(name, root)
	return ok && (after == "" || after[0] == '-' || after[0] == '_')
}

// rootOf is the name that most selectors begin with, the longest of equal ones;
// "" without styles.
func rootOf(sheets []*sheet) string {
	votes := map[string]int{}
	for _, one := range sheets {
		for _, r := range one.rules {
			for _, sel := range r.selectors {
				name := firstName(sel)
				if name == "" || systemNames.MatchString(name) || len(name) > 100 {
					continue
				}
				for i := 1; i <= len(name); i++ {
					if i == len(name) || i > 2 && (name[i] == '-' || name[i] == '_') {
						votes[name[:i]]++
					}
				}
			}
		}
	}
	best := ""
	for name, n := range votes {
		if b := votes[best]; n > b || n == b && (len(name) > len(best) || len(name) == len(best) && name < best) {
			best = name
		}
	}
	return best
}
