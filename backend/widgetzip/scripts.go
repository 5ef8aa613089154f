package widgetzip

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

const scriptName = "script.js"

// maxScriptBytes bounds what is parsed; review would refuse more long before.
const maxScriptBytes = 2 << 20

// callbacksOf are the callbacks that a location calls (W §5.2).
var callbacksOf = map[string][]string{
	"settings": {"settings"}, "lead_sources": {"onAddAsSource"}, "advanced_settings": {"advancedSettings"}, "digital_pipeline": {"dpSettings"},
	"widget_page": {"initMenuPage"}, "sms": {"onSource"}, "catalogs": {"loadCatalogElement"}, "tcalendar": {"calendarSync"},
	"salesbot_designer": {"onSalesbotDesignerSave", "salesbotDesignerSettings"}, "card_sdk": {"loadPreloadedData", "loadElements", "linkCard", "searchDataInCard"},
}

// checkScripts is W §9.5.
func (c *checker) checkScripts() {
	for _, name := range c.names() {
		if !strings.HasSuffix(name, ".js") {
			continue
		}
		raw := c.files[name]
		if len(raw) > maxScriptBytes {
			c.add("J01", Refused, name, 0, "the script has %d bytes and was not read", len(raw))
			continue
		}
		tree, err := parseScript(raw)
		if err != nil {
			c.add("J01", Refused, name, errorLine(err), "the script cannot be read: %s", firstLine(err))
			continue
		}
		s := &script{c: c, name: name, raw: raw, tree: tree}
		s.checkModule()
		s.checkCalls()
	}
}

// parseScript reads JavaScript; a fault of the parser is an error like any other.
func parseScript(raw []byte) (tree *js.AST, err error) {
	defer func() {
		if r := recover(); r != nil {
			tree, err = nil, fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	// The parser writes into its input.
	return js.Parse(parse.NewInputBytes(bytes.Clone(raw)), js.Options{})
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

// script is one parsed file. The parser keeps no places, so lines are found by
// the text that was complained about.
type script struct {
	c    *checker
	name string
	raw  []byte
	tree *js.AST
}

func (s *script) add(rule string, severity Severity, at, format string, args ...any) {
	s.c.add(rule, severity, s.name, lineOf(s.raw, at), format, args...)
}

// visitor calls enter on every node; a false answer leaves out what is below.
type visitor func(n js.INode) bool

func (v visitor) Enter(n js.INode) js.IVisitor {
	if v(n) {
		return v
	}
	return nil
}
func (visitor) Exit(js.INode) {}

// globalName is the name of an identifier that the file does not declare.
func globalName(e js.INode) string {
	if v, ok := e.(*js.Var); ok && v.Decl == js.NoDecl {
		return string(v.Name())
	}
	return ""
}

// memberName is the name after the dot, "" for anything else.
func memberName(e js.INode) string {
	d, ok := e.(*js.DotExpr)
	if !ok {
		return ""
	}
	switch y := d.Y.(type) {
	case js.LiteralExpr:
		return string(y.Data)
	case *js.LiteralExpr:
		return string(y.Data)
	case *js.Var:
		return string(y.Name())
	}
	return ""
}

// literal is the content of a string literal.
func literal(e js.INode) (string, bool) {
	var l js.LiteralExpr
	switch e := e.(type) {
	case *js.LiteralExpr:
		l = *e
	case js.LiteralExpr:
		l = e
	default:
		return "", false
	}
	if l.TokenType != js.StringToken || len(l.Data) < 2 {
		return "", false
	}
	return string(l.Data[1 : len(l.Data)-1]), true
}

// bare takes brackets off.
func bare(e js.IExpr) js.IExpr {
	for {
		g, ok := e.(*js.GroupExpr)
		if !ok {
			return e
		}
		e = g.X
	}
}

// checkModule is J01: one anonymous define, and for script.js what it gives.
func (s *script) checkModule() {
	var defines []*js.CallExpr
	js.Walk(visitor(func(n js.INode) bool {
		if call, ok := n.(*js.CallExpr); ok && globalName(call.X) == "define" {
			defines = append(defines, call)
		}
		return true
	}), s.tree)
	if len(defines) != 1 {
		s.add("J01", Refused, "define", "%d calls of define; a module of the CRM has exactly one", len(defines))
		return
	}
	args := defines[0].Args.List
	if len(args) == 0 {
		s.add("J01", Refused, "define", "define is called with nothing")
		return
	}
	if name, ok := literal(args[0].Value); ok {
		s.add("J01", Refused, "define", "the module has the name %q; leave the name out, or the CRM gets nothing", name)
		return
	}
	if list, ok := args[0].Value.(*js.ArrayExpr); ok {
		s.checkDependencies(list)
	}
	if s.name == scriptName {
		s.checkWidget(bare(args[len(args)-1].Value))
	}
}

// checkDependencies: relative ones are in the archive, none is an address (J07).
func (s *script) checkDependencies(list *js.ArrayExpr) {
	for _, one := range list.List {
		dep, ok := literal(one.Value)
		switch {
		case !ok:
			continue
		case strings.Contains(dep, "//"):
			if !(s.c.platform == Kommo && strings.HasPrefix(dep, "https://")) {
				s.add("J07", Moderation, dep, "the dependency %q is an address; put the library into the archive or use the CRM's own", dep)
			}
		case strings.HasPrefix(dep, "."):
			file, _, _ := strings.Cut(dep, "?")
			file = path.Join(path.Dir(s.name), file)
			if _, ok := s.c.files[file]; !ok {
				if _, ok := s.c.files[file+".js"]; !ok {
					s.add("J01", Refused, dep, "the dependency %q is not in the archive, so the widget does not start", dep)
				}
			}
		}
	}
}

// checkWidget: the module gives a plain function, whose callbacks exist.
func (s *script) checkWidget(factory js.IExpr) {
	body := bodyOf(factory)
	if body == nil {
		s.add("J01", Refused, "define", "the last argument of define is not a function, so it cannot be seen what the module gives")
		return
	}
	value := s.returned(body)
	if value == nil {
		s.add("J01", Refused, "define", "the module returns nothing; return the widget's constructor function")
		return
	}
	switch v := bare(value).(type) {
	case *js.FuncDecl:
		if v.Async || v.Generator {
			s.add("J01", Refused, "return", "the module's value is an async or generator function, which cannot be a constructor")
		}
	case *js.Var:
		s.checkConstructor(body, string(v.Name()))
	case *js.ArrowFunc:
		s.add("J01", Refused, "return", "the module's value is an arrow function, which cannot be a constructor; use function () {…}")
	case *js.ClassDecl:
		s.add("J01", Refused, "class", "the module's value is a class, whose prototype the CRM cannot replace; use function () {…}")
	default:
		s.add("J01", Refused, "return", "the module's value is not a plain function")
	}
	s.checkCallbacks()
}

// checkConstructor looks up what a name stands for inside the factory.
func (s *script) checkConstructor(body *js.BlockStmt, name string) {
	ok, found := false, false
	js.Walk(visitor(func(n js.INode) bool {
		switch n := n.(type) {
		case *js.FuncDecl:
			if n.Name != nil && string(n.Name.Name()) == name {
				found, ok = true, !n.Async && !n.Generator
			}
			return false // what is inside belongs to another scope
		case *js.ClassDecl:
			if n.Name != nil && string(n.Name.Name()) == name {
				found = true
			}
			return false
		case *js.BindingElement:
			if v, is := n.Binding.(*js.Var); is && string(v.Name()) == name && n.Default != nil {
				f, plain := bare(n.Default).(*js.FuncDecl)
				found, ok = true, plain && !f.Async && !f.Generator
			}
		case *js.BinaryExpr:
			if v, is := n.X.(*js.Var); is && n.Op == js.EqToken && string(v.Name()) == name {
				f, plain := bare(n.Y).(*js.FuncDecl)
				found, ok = true, plain && !f.Async && !f.Generator
			}
		}
		return true
	}), body)
	if !found || !ok {
		s.add("J01", Refused, name, "%s is not a plain function; the CRM calls it with new and replaces its prototype", name)
	}
}

func bodyOf(e js.IExpr) *js.BlockStmt {
	switch f := e.(type) {
	case *js.FuncDecl:
		return &f.Body
	case *js.ArrowFunc:
		return &f.Body
	}
	return nil
}

// returned is the value of the last return of this very function.
func (s *script) returned(body *js.BlockStmt) js.IExpr {
	var value js.IExpr
	js.Walk(visitor(func(n js.INode) bool {
		switch n := n.(type) {
		case *js.FuncDecl, *js.ArrowFunc, *js.ClassDecl, *js.MethodDecl:
			return false
		case *js.ReturnStmt:
			if n.Value != nil {
				value = n.Value
			}
			return false
		}
		return true
	}), body)
	return value
}

// checkCallbacks: the mandatory ones and those of the declared locations.
func (s *script) checkCallbacks() {
	found := map[string]bool{}
	table := false
	js.Walk(visitor(func(n js.INode) bool {
		set, ok := n.(*js.BinaryExpr)
		if !ok || set.Op != js.EqToken {
			return true
		}
		if memberName(set.X) == "callbacks" {
			table = true
			collect(set.Y, found)
		} else if owner, ok := set.X.(*js.DotExpr); ok && memberName(owner.X) == "callbacks" {
			found[memberName(set.X)] = true
		}
		return true
	}), s.tree)
	if !table {
		s.add("J01", Refused, "callbacks", "this.callbacks is never set; the CRM reads the widget's functions from there")
		return
	}
	for _, name := range []string{"render", "init", "bind_actions", "onSave"} {
		if !found[name] {
			s.add("J01", Refused, "callbacks", "the callback %s is missing; without it the widget does not start or cannot be installed", name)
		}
	}
	for area, names := range callbacksOf {
		for _, name := range names {
			if s.c.hasLocation(area) && !found[name] {
				s.add("J01", Refused, "callbacks", "the manifest declares the location %s, its callback %s is missing", area, name)
			}
		}
	}
}

// collect notes the members of every object literal of an expression, which
// may also be $.extend({…}, {…}).
func collect(e js.IExpr, found map[string]bool) {
	switch e := bare(e).(type) {
	case *js.CallExpr:
		for _, a := range e.Args.List {
			collect(a.Value, found)
		}
	case *js.ObjectExpr:
		for _, p := range e.List {
			if m, ok := p.Value.(*js.MethodDecl); ok {
				found[m.Name.String()] = true
				continue
			}
			switch bare(p.Value).(type) {
			case *js.LiteralExpr, *js.ObjectExpr, *js.ArrayExpr, nil:
				continue // not a function
			}
			if p.Name != nil {
				found[strings.Trim(string(p.Name.Literal.Data), `'"`)] = true
			} else if v, ok := p.Value.(*js.Var); ok {
				found[string(v.Name())] = true
			}
		}
	}
}
