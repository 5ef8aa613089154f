package widgetzip

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/html"
)

// shortTags are those that the platform expands (W §2.4).
var (
	shortTag  = regexp.MustCompile(`#[A-Z][A-Z_]*#`)
	shortTags = []string{"#HOST#", "#SUBDOMAIN#", "#LOGIN#", "#ACCOUNT_ID#", "#USER_ID#", "#TOP_LEVEL_DOMAIN#"}
)

// checkMarkup is L07 and L11 over every text of a language.
func (c *checker) checkMarkup(file string, tree any) {
	switch v := tree.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			c.checkMarkup(file, v[key])
		}
	case []any:
		for _, one := range v {
			c.checkMarkup(file, one)
		}
	case string:
		if c.full("L07", file) && c.full("L11", file) {
			return
		}
		found := len(c.findings)
		for _, tag := range shortTag.FindAllString(v, 20) {
			if !slices.Contains(shortTags, tag) {
				c.add("L11", Advice, file, 0, "the tag %s is not expanded, or obsolete; known are %s", tag, strings.Join(shortTags, ", "))
			}
		}
		if at := plainAddress.FindString(v); at != "" {
			c.add("L07", Moderation, file, 0, "%s: only https addresses", at)
		}
		if strings.Contains(v, "<") {
			c.checkHTML(file, v)
		}
		if found < len(c.findings) { // the line is looked up for findings alone
			line := lineOf(c.files[file], quoted(v))
			for i := range c.findings[found:] {
				c.findings[found+i].Line = line
			}
		}
	}
}

// checkHTML is L07 for a text with elements. checkMarkup puts the line in.
func (c *checker) checkHTML(file, text string) {
	l := html.NewLexer(parse.NewInputString(text))
	tag, attributes := "", map[string]string{}
	finish := func() {
		if tag == "a" {
			c.checkLink(file, attributes)
		}
		tag = ""
	}
	for {
		tt, _ := l.Next()
		switch tt {
		case html.ErrorToken:
			finish()
			return
		case html.StartTagToken:
			finish()
			tag, attributes = strings.ToLower(string(l.Text())), map[string]string{}
			if tag == "script" || tag == "iframe" || tag == "object" || tag == "embed" {
				c.add("L07", Moderation, file, 0, "<%s> in a text; texts hold words and links only", tag)
			}
		case html.AttributeToken:
			name := strings.ToLower(string(l.AttrKey()))
			attributes[name] = strings.Trim(string(l.AttrVal()), `"'`)
			if strings.HasPrefix(name, "on") && len(name) > 2 {
				c.add("L07", Moderation, file, 0, "the attribute %s runs code; leave it out", name)
			}
		case html.StartTagCloseToken, html.StartTagVoidToken:
			finish()
		}
	}
}

func (c *checker) checkLink(file string, attributes map[string]string) {
	href := strings.ToLower(strings.TrimSpace(attributes["href"]))
	if strings.HasPrefix(href, "mailto:") || strings.HasPrefix(href, "tel:") {
		return
	}
	if !strings.HasPrefix(href, "https://") || attributes["target"] != "_blank" || attributes["referrerpolicy"] != "no-referrer" {
		c.add("L07", Moderation, file, 0, `a link must be <a href="https://…" target="_blank" referrerpolicy="no-referrer">`)
	}
}
