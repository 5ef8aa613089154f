package widgetzip

import (
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// checkSelectors is C01 (and J11, J18) for selectors and names.
func (c *checker) checkSelectors(one *sheet) {
	for _, r := range one.rules {
		for _, sel := range r.selectors {
			sel = strings.TrimSpace(sel)
			name := firstName(sel)
			switch {
			case onlyTheme.MatchString(sel) && sel != "" && sel != "html" && sel != "body":
				// Holds the widget's own variables; checkDeclarations sees to that.
			case name == "":
				c.add("C01", Moderation, one.name, r.line, "the selector %q begins with no class or id of the widget; begin it with the widget's root", sel)
			case systemNames.MatchString(name):
				c.add("C01", Moderation, one.name, r.line, "the selector %q begins with a class of the CRM; begin it with the widget's root", sel)
			case !hasRoot(name, c.root):
				c.add("C01", Moderation, one.name, r.line, "the selector %q does not begin with the widget's root %q, as the others do", sel, c.root)
			}
			if c.isSystemPart(sel) {
				c.add("J11", Moderation, one.name, r.line, "%q changes ratings, reviews, the left menu or the trigger dialog; leave them alone", sel)
			}
			c.checkSwitchers(one.name, r.line, sel)
		}
	}
	for _, k := range one.keyframes {
		if c.root == "" || !hasRoot(strings.Trim(k.value, `"'`), c.root) {
			c.add("C01", Moderation, one.name, k.line, "the animation %q is visible to the whole page; begin its name with the widget's root", k.value)
		}
	}
	for _, i := range one.imports {
		c.add("C02", Moderation, one.name, i.line, "@import loads a second stylesheet, without a version; put everything into one file")
	}
}

// checkDeclarations is C01 to C03 and C06 for properties.
func (c *checker) checkDeclarations(one *sheet) {
	for _, d := range one.declarations {
		own, custom := strings.CutPrefix(d.name, "--")
		switch {
		case strings.HasPrefix(d.name, "--palette-"):
			c.add("C03", Moderation, one.name, d.line, "%s belongs to the CRM and changes its colours; define a variable of the widget's own", d.name)
		case custom && (c.root == "" || !hasRoot(own, c.root)):
			c.add("C01", Moderation, one.name, d.line, "the variable %s may meet another one; begin its name with the widget's root, --%s-…", d.name, c.root)
		case !custom && allTheme(d.selectors):
			c.add("C01", Moderation, one.name, d.line, "%s is set for the whole page; set it under the widget's root", d.name)
		case d.name == "position" && strings.HasPrefix(strings.ToLower(strings.TrimSpace(d.value)), "fixed"):
			c.add("C06", Moderation, one.name, d.line, "position: fixed lies over the CRM's controls; place it within the widget, or use the CRM's modal window")
		}
		for _, t := range d.tokens {
			if address, ok := urlOf(t); ok && remoteAddress.MatchString(address) {
				c.add("C02", Moderation, one.name, d.line, "%s comes from another server; put it into the archive", address)
			}
		}
		if custom && strings.Contains(d.value, "url(") && strings.Contains(d.value, "//") {
			c.add("C02", Moderation, one.name, d.line, "%s holds an address of another server; put the file into the archive", d.name)
		}
	}
}

func allTheme(selectors []string) bool {
	for _, s := range selectors {
		if !onlyTheme.MatchString(strings.TrimSpace(s)) {
			return false
		}
	}
	return len(selectors) > 0
}

// urlOf is the address of a url() or of a text.
func urlOf(t css.Token) (string, bool) {
	switch t.TokenType {
	case css.URLToken:
		text := strings.TrimSuffix(string(t.Data), ")")
		if at := strings.IndexByte(text, '('); at >= 0 {
			return strings.Trim(strings.TrimSpace(text[at+1:]), `"'`), true
		}
	case css.StringToken:
		return strings.Trim(string(t.Data), `"'`), true
	}
	return "", false
}

// checkStyleComment is C05: comments explain, they hold no styles.
func (c *checker) checkStyleComment(file string, d declaration) {
	if at := unfinished.FindString(d.value); at != "" {
		c.add("C05", Moderation, file, d.line, "a comment says %s; finish the work or say what is so", at)
	}
	if len(d.value) > maxCommentBytes || !strings.ContainsAny(d.value, ";{") {
		return
	}
	if strings.Contains(d.value, "{") {
		if one, err := readStyles(file, []byte(d.value)); err == nil && len(one.declarations) > 0 {
			c.add("C05", Moderation, file, d.line, "styles stand in a comment; delete them")
			return
		}
	}
	p := css.NewParser(parse.NewInputBytes([]byte(d.value)), true)
	for {
		grammar, _, data := p.Next()
		if grammar == css.ErrorGrammar {
			return
		}
		// "Note: see there; …" is prose: a property's value is short and its name small.
		if grammar == css.DeclarationGrammar && len(p.Values()) <= 12 && strings.Contains(d.value, string(data)+":") && !proseValue(p.Values()) {
			c.add("C05", Moderation, file, d.line, "styles stand in a comment; delete them")
			return
		}
	}
}

// proseValue: three and more plain words in a row are a sentence.
func proseValue(tokens []css.Token) bool {
	words := 0
	for _, t := range tokens {
		if t.TokenType == css.IdentToken {
			words++
		}
	}
	return words >= 3
}
