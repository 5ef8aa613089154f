package widgetzip

import (
	"regexp"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

var (
	styleElement = regexp.MustCompile(`(?is)<style[^>]*>(.*?)(</style|$)`)
	escapes      = strings.NewReplacer(`\n`, "  ", `\t`, "  ", `\r`, "  ", `\'`, "'", `\"`, `"`)
)

// checkInlineStyles is W §9.6 for styles that a script puts on the page as HTML:
// they reach as far as those of a file.
func (s *script) checkInlineStyles(n js.INode, text string) {
	if len(text) > maxStyleBytes || !strings.Contains(strings.ToLower(text), "<style") || s.c.full("C01", s.name) {
		return
	}
	first := s.lineOf(n)
	for _, at := range styleElement.FindAllStringSubmatchIndex(text, 20) {
		content := text[at[2]:at[3]]
		if strings.TrimSpace(content) == "" {
			continue // filled elsewhere, where it cannot be seen
		}
		one, err := readStyles(s.name, []byte(escapes.Replace(content)))
		if err != nil {
			s.c.add("C01", Moderation, s.name, first, "the styles in this text cannot be read whole: %s", firstLine(err))
		}
		one.shift(first + strings.Count(text[:at[2]], "\n") - 1)
		if s.c.root == "" {
			s.c.root = rootOf([]*sheet{one})
		}
		s.c.checkSelectors(one)
		s.c.checkDeclarations(one)
	}
}

// shift moves the lines of a sheet that begins further down in its file.
func (one *sheet) shift(lines int) {
	for i := range one.rules {
		one.rules[i].line += lines
	}
	for _, list := range [][]declaration{one.declarations, one.imports, one.keyframes, one.comments} {
		for i := range list {
			list[i].line += lines
		}
	}
}
