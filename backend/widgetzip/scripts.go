package widgetzip

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

const scriptName = "script.js"

// Limits of what is parsed; review would refuse more long before.
const (
	maxScriptBytes = 1 << 20
	maxParsedBytes = 4 << 20  // of all scripts and styles together
	maxNesting     = 4000     // nodes above a node that is still looked at
	maxLooks       = 20 << 20 // nodes that rules look at again, of all scripts together
)

// checkScripts is W §9.5 over every script; what rules need of all scripts
// together is gathered first.
func (c *checker) checkScripts() {
	for _, name := range c.names() {
		if strings.HasSuffix(strings.ToLower(name), ".js") {
			if s := c.readScript(name); s != nil {
				c.scripts = append(c.scripts, s)
			}
		}
	}
	for _, s := range c.scripts {
		s.gather()
	}
	c.looks = maxLooks
	for _, s := range c.scripts {
		s.checkModule()
		s.checkNodes()
		s.checkGlobals()
		s.checkComments()
		s.checkShape()
		if s.deep || c.looks <= 0 {
			c.add("J13", Advice, s.name, 0, "the script is too tangled to be checked whole; split it, and ship sources")
		}
	}
}

// parsable takes the size of a file out of what may be parsed in all.
func (c *checker) parsable(rule string, s Severity, name string, limit int) bool {
	n := len(c.files[name])
	if n > limit || c.parsed+n > maxParsedBytes {
		c.add(rule, s, name, 0, "the file has %d bytes and was not read; take out what is not needed, or split it", n)
		return false
	}
	c.parsed += n
	return true
}

// readScript parses one file; nil when it cannot be read, which is then a finding.
func (c *checker) readScript(name string) *script {
	if !c.parsable("J01", Refused, name, maxScriptBytes) {
		return nil
	}
	raw := c.files[name]
	// The parser writes into its input.
	in := parse.NewInputBytes(bytes.Clone(raw))
	tree, err := parseScript(in)
	if err != nil {
		c.add("J01", Refused, name, errorLine(err), "the script cannot be read: %s", firstLine(err))
		return nil
	}
	s := &script{
		c: c, name: name, raw: raw, buf: in.Bytes(), tree: tree,
		values: map[*js.Var][]js.IExpr{}, used: map[string]int{}, requesting: map[js.INode]bool{},
		caught: map[*js.Var]bool{}, settled: map[*js.Var]bool{}, asked: map[string]bool{}, handedBack: map[*js.Var]bool{}, givesAPP: map[*js.Var]bool{}, seenXHR: map[js.INode]bool{}, removed: map[string]bool{},
	}
	s.scan()
	return s
}

// parseScript reads JavaScript; a fault of the parser is an error like any other.
func parseScript(in *parse.Input) (tree *js.AST, err error) {
	defer func() {
		if r := recover(); r != nil {
			tree, err = nil, fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	return js.Parse(in, js.Options{})
}

func errorLine(err error) int {
	if e, ok := errors.AsType[*parse.Error](err); ok {
		return e.Line
	}
	return 0
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// script is one parsed file with what several rules want to know of it.
type script struct {
	c    *checker
	name string
	raw  []byte
	buf  []byte // what the parser read; nodes hold parts of it
	tree *js.AST

	comments []comment
	starts   []int            // offsets of all tokens
	places   map[*byte]int    // offset of the token that begins at that byte of buf; made when needed
	words    map[string][]int // offsets of identifiers that do not follow a dot
	nameSum  int              // letters of all identifiers
	nameNum  int
	used     map[string]int // how many places of a word were given out

	values     map[*js.Var][]js.IExpr // what is assigned to a variable
	literals   []string               // all strings of the file
	requesting map[js.INode]bool      // functions that make a request themselves
	caught     map[*js.Var]bool       // promises whose failure is handled somewhere
	settled    map[*js.Var]bool       // deferred objects that are resolved, rejected or handed on
	handedBack map[*js.Var]bool       // what functions return
	asked      map[string]bool        // names that stand behind typeof
	removals   []*js.CallExpr         // calls that take handlers off
	removed    map[string]bool        // events whose handlers on the page are taken off
	givesAPP   map[*js.Var]bool       // functions that were asked whether they return APP
	seenXHR    map[js.INode]bool      // functions whose XMLHttpRequests were looked at
	deep       bool                   // some of it is nested too deep to be looked at
}

// walker visits nodes and knows what stands above each. It goes no deeper than
// maxNesting, so that a long chain cannot take the stack.
type walker struct {
	above []js.INode
	enter func(n js.INode, above []js.INode) bool
}

// Enter is js.IVisitor's.
func (w *walker) Enter(n js.INode) js.IVisitor {
	if len(w.above) >= maxNesting || !w.enter(n, w.above) {
		return nil
	}
	w.above = append(w.above, n)
	return w
}

// Exit is js.IVisitor's.
func (w *walker) Exit(js.INode) { w.above = w.above[:len(w.above)-1] }

// look is walk within the bound of what rules may look at again: many names of one
// long function would take hours otherwise.
func (s *script) look(n js.INode, enter func(n js.INode, above []js.INode) bool) {
	if s.c.looks <= 0 {
		return
	}
	walk(n, func(n js.INode, above []js.INode) bool {
		s.c.looks--
		return s.c.looks > 0 && enter(n, above)
	})
}

// walk calls enter for every node; a false answer leaves out what is below.
func walk(n js.INode, enter func(n js.INode, above []js.INode) bool) {
	if n != nil {
		js.Walk(&walker{enter: enter}, n)
	}
}

// parent is the node that many steps above, 1 for the next one; nil when there is none.
func parent(above []js.INode, steps int) js.INode {
	if steps > len(above) {
		return nil
	}
	return above[len(above)-steps]
}

// addAt notes a finding at a node.
func (s *script) addAt(rule string, severity Severity, n js.INode, format string, args ...any) {
	if s.c.full(rule, s.name) {
		return
	}
	s.c.add(rule, severity, s.name, s.lineOf(n), format, args...)
}

// addWord notes a finding at the next use of a name.
func (s *script) addWord(rule string, severity Severity, word, format string, args ...any) {
	if s.c.full(rule, s.name) {
		return
	}
	line := 0
	if places := s.words[word]; len(places) > 0 {
		line = lineAt(s.raw, places[min(s.used[rule+word], len(places)-1)])
		s.used[rule+word]++
	} else {
		line = lineOf(s.raw, word)
	}
	s.c.add(rule, severity, s.name, line, format, args...)
}

// lineOf finds the line of a node. The parser keeps no places, but literals and
// member names are parts of its input, so they are looked for there.
func (s *script) lineOf(n js.INode) int {
	at, budget := -1, 200
	walk(n, func(n js.INode, _ []js.INode) bool {
		budget--
		if budget < 0 {
			return false
		}
		var data []byte
		switch n := n.(type) {
		case *js.LiteralExpr:
			data = n.Data
		case js.LiteralExpr:
			data = n.Data
		case *js.TemplateExpr:
			data = n.Tail
			if len(n.List) > 0 {
				data = n.List[0].Value
			}
		}
		if place := s.offset(data); place >= 0 && (at < 0 || place < at) {
			at = place
		}
		return true
	})
	if at < 0 {
		if v, ok := n.(*js.Var); ok {
			at = s.offset(v.Name())
		}
	}
	if at < 0 {
		return 0
	}
	return lineAt(s.raw, at)
}

// offset is where that very part of the input stands, -1 when it is none.
func (s *script) offset(part []byte) int {
	if len(part) == 0 {
		return -1
	}
	if s.places == nil {
		s.places = make(map[*byte]int, len(s.starts))
		for _, at := range s.starts {
			s.places[&s.buf[at]] = at
		}
	}
	if at, ok := s.places[&part[0]]; ok {
		return at
	}
	return -1
}
