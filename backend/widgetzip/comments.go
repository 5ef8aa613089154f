package widgetzip

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

// comment is one comment of a script; line comments that follow each other
// without code between are one.
type comment struct {
	at, end int    // offsets
	text    string // without its marks
	block   bool
}

// maxCommentBytes bounds what is tried as code.
const maxCommentBytes = 32 << 10

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)

// scan reads the tokens: comments, which the parser drops, and the places of
// names, which it does not keep.
func (s *script) scan() {
	s.words = map[string][]int{}
	in := parse.NewInputBytes(bytes.Clone(s.raw))
	l := js.NewLexer(in)
	before := js.ErrorToken // the last token that is not white space
	for {
		tt, data := l.Next()
		if (tt == js.DivToken || tt == js.DivEqToken) && beforeRegExp(before) {
			tt, data = l.RegExp()
		}
		at := in.Offset() - len(data)
		if at < len(s.buf) && tt != js.WhitespaceToken {
			s.starts = append(s.starts, at)
		}
		switch {
		case tt == js.ErrorToken:
			return // the end, or what the parser takes otherwise
		case tt == js.WhitespaceToken || tt == js.LineTerminatorToken:
			continue
		case tt == js.CommentToken || tt == js.CommentLineTerminatorToken:
			s.noteComment(at, string(data))
			continue
		case js.IsIdentifierName(tt):
			if before != js.DotToken && before != js.OptChainToken {
				s.words[string(data)] = append(s.words[string(data)], at)
			}
			if js.IsIdentifier(tt) {
				s.nameSum += len(data)
				s.nameNum++
			}
		}
		before = tt
	}
}

// beforeRegExp tells whether a slash after that token begins a regular expression.
func beforeRegExp(tt js.TokenType) bool {
	switch tt {
	case js.CloseParenToken, js.CloseBracketToken, js.CloseBraceToken, js.StringToken, js.TemplateToken, js.TemplateEndToken,
		js.RegExpToken, js.ThisToken, js.SuperToken, js.NullToken, js.TrueToken, js.FalseToken, js.IncrToken, js.DecrToken, js.PrivateIdentifierToken:
		return false
	}
	return !js.IsNumeric(tt) && !js.IsIdentifier(tt)
}

func (s *script) noteComment(at int, data string) {
	one := comment{at: at, end: at + len(data)}
	if strings.HasPrefix(data, "/*") {
		one.block = true
		var lines []string
		for line := range strings.SplitSeq(strings.TrimSuffix(data[2:], "*/"), "\n") {
			lines = append(lines, strings.TrimPrefix(strings.TrimSpace(strings.TrimLeft(line, " \t")), "*"))
		}
		one.text = strings.Join(lines, "\n")
	} else {
		one.text = strings.TrimPrefix(strings.TrimPrefix(data, "<!--"), "//")
	}
	if n := len(s.comments); n > 0 && !one.block && !s.comments[n-1].block {
		if last := &s.comments[n-1]; len(bytes.TrimSpace(s.raw[last.end:at])) == 0 && len(last.text) < maxCommentBytes {
			last.text += "\n" + one.text
			last.end = one.end
			return
		}
	}
	s.comments = append(s.comments, one)
}

// checkComments is J12 where it stands in comments.
func (s *script) checkComments() {
	for _, one := range s.comments {
		if s.c.full("J12", s.name) {
			return
		}
		if at := unfinished.FindString(one.text); at != "" {
			s.c.add("J12", Moderation, s.name, lineAt(s.raw, one.at), "a comment says %s; finish the work or say what is so", at)
		}
		if isCode(one.text) {
			s.c.add("J12", Moderation, s.name, lineAt(s.raw, one.at), "code stands in a comment; delete it")
		}
	}
}

// isCode tells whether a comment is code: as a whole, or in one of its lines
// that ends like a statement.
func isCode(text string) bool {
	if len(text) > maxCommentBytes || !strings.ContainsAny(text, ";{=(") {
		return false
	}
	if parsesAsCode(text) {
		return true
	}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasSuffix(strings.TrimSpace(line), ";") && parsesAsCode(line) {
			return true
		}
	}
	return false
}

// parsesAsCode: prose does not parse, or only as a name, a label or a sum.
func parsesAsCode(text string) bool {
	tree, err := parseScript(parse.NewInputBytes([]byte("function f(){" + text + "\n}")))
	if err != nil || len(tree.List) != 1 {
		return false
	}
	f, ok := tree.List[0].(*js.FuncDecl)
	if !ok {
		return false
	}
	ends := strings.Contains(text, ";")
	for _, statement := range f.Body.List {
		switch n := statement.(type) {
		case *js.EmptyStmt, *js.LabelledStmt, *js.DirectivePrologueStmt, *js.BlockStmt:
		case *js.ExprStmt:
			switch x := bare(n.Value).(type) {
			case *js.CallExpr, *js.NewExpr:
				if ends {
					return true
				}
			case *js.BinaryExpr:
				if isAssignment(x.Op) {
					return true
				}
			}
		case *js.BranchStmt, *js.ThrowStmt, *js.ReturnStmt:
			if ends {
				return true
			}
		default:
			return true
		}
	}
	return false
}

func isAssignment(op js.TokenType) bool {
	switch op {
	case js.EqToken, js.AddEqToken, js.SubEqToken, js.MulEqToken, js.DivEqToken, js.ModEqToken, js.ExpEqToken,
		js.BitAndEqToken, js.BitOrEqToken, js.BitXorEqToken, js.LtLtEqToken, js.GtGtEqToken, js.GtGtGtEqToken,
		js.AndEqToken, js.OrEqToken, js.NullishEqToken:
		return true
	}
	return false
}

// Bounds of readable code (J13).
const (
	longestLine   = 500
	shortestNames = 2.5 // letters of an identifier on average; people write 5 to 9
	enoughNames   = 200 // fewer say nothing
	longestBlob   = 1024
)

var blob = regexp.MustCompile(`^(data:[a-z/+.-]+;base64,)?[A-Za-z0-9+/=_-]+$`)

// checkShape is J13: code that people can read.
func (s *script) checkShape() {
	for n, line := range bytes.Split(s.raw, []byte("\n")) {
		if len([]rune(string(line))) > longestLine && !s.c.full("J13", s.name) {
			s.c.add("J13", Advice, s.name, n+1, "the line has more than %d characters; ship readable code, not minified", longestLine)
		}
	}
	if s.nameNum >= enoughNames && float64(s.nameSum)/float64(s.nameNum) < shortestNames {
		s.c.add("J13", Advice, s.name, 0, "names have %.1f letters on average; ship the sources, not minified or obfuscated code", float64(s.nameSum)/float64(s.nameNum))
	}
}
