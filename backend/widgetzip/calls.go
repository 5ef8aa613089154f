package widgetzip

import (
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// checkNodes goes once through a script and lets each rule see its nodes.
func (s *script) checkNodes() {
	walk(s.tree, func(n js.INode, above []js.INode) bool {
		switch n := n.(type) {
		case *js.CallExpr:
			s.checkCall(n)
			s.checkConsoleCall(n)
			s.checkRequest(n, above)
			s.checkClick(n)
			s.checkSystemParts(n)
			s.checkListener(n)
			s.checkHandler(n)
			s.checkMutation(n)
		case *js.NewExpr:
			s.checkNew(n, above)
		case *js.DotExpr:
			s.checkMember(n, above)
		case *js.IndexExpr:
			s.checkMember(n, above)
		case *js.BinaryExpr:
			s.checkAssignment(n)
			s.checkStyleLink(n, above)
		case *js.UnaryExpr:
			s.checkUpdate(n)
		case *js.BindingElement:
			s.checkDeferred(n)
			s.checkCredential(nameOf(n.Binding), n.Default)
		case *js.Property:
			s.checkProperty(n)
		case *js.Var:
			s.checkConsoleValue(n, above)
		case *js.DebuggerStmt:
			s.addWord("J12", Moderation, "debugger", "debugger stops the page of whoever has the tools open; delete it")
		case *js.LiteralExpr:
			if text, ok := literal(n); ok {
				s.checkText(n, text, above)
			}
		case *js.TemplateExpr:
			s.checkTemplate(n, above)
		}
		return true
	})
}

// checkCall is J02, J03 and J07: what a script must not call.
func (s *script) checkCall(call *js.CallExpr) {
	name, member := called(call.X), memberName(call.X)
	first, isText := literal(argument(call, 0))
	switch {
	case name == "eval" || name == "Function" || name == "execScript":
		s.addCall("J02", call, name, "%s runs text as code; write the code itself", name)
	case (name == "setTimeout" || name == "setInterval") && (isText || isConcatenation(argument(call, 0))):
		s.addCall("J02", call, name, "%s is given a text; give it a function", name)
	case name == "alert" || name == "confirm" || name == "prompt":
		s.addCall("J03", call, name, "%s is not allowed; use the CRM's modal window or notifications", name)
	case name == "importScripts" || member == "getScript":
		s.addCall("J07", call, name+member, "%s loads code by hand; name it in define", name+member)
	case (member == "createElement" || member == "createElementNS") && strings.EqualFold(lastText(call), "script"):
		s.addAt("J07", Moderation, call, "a script element is made by hand; name the code in define")
	case (member == "write" || member == "writeln") && globalName(ownerOf(call.X)) == "document":
		s.addAt("J02", Moderation, call, "document.%s breaks the page; add elements instead", member)
	case isImport(call.X):
		s.addAt("J07", Moderation, call, "import() loads code by hand; name it in define")
	case (name == "require" || name == "requirejs") && len(call.Args.List) > 0:
		if list, ok := argument(call, 0).(*js.ArrayExpr); ok {
			s.checkDependencies(list)
		}
	case isText && first == "script" && isJQuery(call.X):
		s.addAt("J07", Moderation, call, "script elements of the page are none of the widget's business; name code in define")
	}
}

// addCall notes a finding at a call of a global function: by its name's place,
// which is exact, unless the name is a member's.
func (s *script) addCall(rule string, call *js.CallExpr, name, format string, args ...any) {
	if globalName(bare(call.X)) == "" {
		s.addAt(rule, Moderation, call, format, args...)
		return
	}
	s.addWord(rule, Moderation, name, format, args...)
}

func lastText(call *js.CallExpr) string {
	text, _ := literal(argument(call, len(call.Args.List)-1))
	return text
}

func isConcatenation(e js.IExpr) bool {
	b, ok := e.(*js.BinaryExpr)
	if !ok || b.Op != js.AddToken {
		_, ok := e.(*js.TemplateExpr)
		return ok
	}
	for _, side := range []js.IExpr{bare(b.X), bare(b.Y)} {
		if _, ok := literal(side); ok {
			return true
		}
		if isConcatenation(side) {
			return true
		}
	}
	return false
}

func isImport(e js.IExpr) bool {
	l, ok := e.(*js.LiteralExpr)
	return ok && l.TokenType == js.ImportToken
}

// checkNew is J02, J05 and J17 for what is made with new.
func (s *script) checkNew(n *js.NewExpr, above []js.INode) {
	switch called(n.X) {
	case "Function":
		s.addWord("J02", Moderation, "Function", "new Function makes code from text; write the code itself")
	case "Promise":
		s.checkPromise(n)
	case "XMLHttpRequest":
		s.checkXHR(above)
	}
}

// checkMember is J04 but for console.trace, J09, J14 and J16 for members.
func (s *script) checkMember(n js.INode, above []js.INode) {
	owner := ownerOf(n)
	if globalName(owner) == "console" || onWindow(owner) && memberName(owner) == "console" {
		switch m := memberName(n); m {
		case "debug":
		case "trace":
			if !s.afterFailure(above) {
				s.addAt("J04", Moderation, n, "console.trace stands outside a catch and a rejection handler; use console.debug")
			}
		case "":
			s.addAt("J04", Moderation, n, "a method of console is chosen at run time; use console.debug by its name")
		default:
			s.addAt("J04", Moderation, n, "console.%s is not allowed; use console.debug for what matters", m)
		}
	}
	s.checkAPP(n)
}

// checkConsoleCall is J04 for the console's methods under other names.
func (s *script) checkConsoleCall(call *js.CallExpr) {
	v := variable(bare(call.X))
	if v == nil {
		v = variable(ownerOf(call.X))
	}
	if v == nil || v.Decl == js.NoDecl || len(s.values[v]) != 1 {
		return
	}
	if value := bare(s.values[v][0]); globalName(value) == "console" || onWindow(value) && memberName(value) == "console" {
		if m := memberName(call.X); m != "debug" {
			s.addAt("J04", Moderation, call, "console.%s is not allowed, under no name; use console.debug", m)
		}
	}
}

// checkConsoleValue is J04 for a console that is kept in a member or handed on:
// what is called there cannot be seen.
func (s *script) checkConsoleValue(v *js.Var, above []js.INode) {
	if globalName(v) != "console" {
		return
	}
	switch up := parent(above, 1).(type) {
	case *js.BinaryExpr:
		if !isAssignment(up.Op) || nameOf(up.X) != "" {
			return
		}
	case *js.Property, *js.Arg:
	default:
		return
	}
	s.addWord("J04", Moderation, "console", "console is kept or handed on, so that any of its methods may be called; call console.debug where it is needed")
}

// afterFailure tells whether a node stands in a catch or in a rejection handler.
func (s *script) afterFailure(above []js.INode) bool {
	for i, n := range slices.Backward(above) {
		switch n := n.(type) {
		case *js.TryStmt:
			if n.Catch != nil && i+1 < len(above) && above[i+1] == js.INode(n.Catch) {
				return true
			}
		case *js.CallExpr:
			at, ok := map[string]int{"catch": 0, "fail": 0, "then": 1}[memberName(n.X)]
			if !ok || at >= len(n.Args.List) {
				continue
			}
			if i+2 < len(above) && above[i+2] == js.INode(&n.Args.List[at]) {
				return true
			}
		}
	}
	return false
}

// checkProperty is J05 and J12 for a member of an object literal.
func (s *script) checkProperty(p *js.Property) {
	name := propertyName(p)
	if name == "async" {
		if l, ok := p.Value.(*js.LiteralExpr); ok && l.TokenType == js.FalseToken {
			s.addAt("J05", Moderation, p, "a synchronous request stops the whole page; leave async out")
		}
	}
	s.checkCredential(name, p.Value)
}

// checkXHR is J05, J15 and J17 for requests without jQuery: the function that
// makes one is looked at as a whole.
func (s *script) checkXHR(above []js.INode) {
	var around js.INode = s.tree
	for _, n := range slices.Backward(above) {
		if bodyOf(n) != nil {
			around = n
			break
		}
	}
	if s.seenXHR[around] {
		return
	}
	s.seenXHR[around] = true
	listens := s.has(around, func(n js.INode) bool {
		call, ok := n.(*js.CallExpr)
		if !ok || memberName(call.X) != "addEventListener" {
			return false
		}
		event, _ := literal(argument(call, 0))
		return event == "error" || event == "loadend"
	})
	if !listens && !s.hasMember(around, "onerror", "onloadend", "onreadystatechange") {
		s.addWord("J15", Moderation, "XMLHttpRequest", "the request has no failure branch; set onerror and show what happened and whom to ask")
	}
	if !s.hasMember(around, "timeout") {
		s.addWord("J17", Advice, "XMLHttpRequest", "the request has no time limit; set timeout")
	}
	s.look(around, func(n js.INode, _ []js.INode) bool {
		call, ok := n.(*js.CallExpr)
		if ok && memberName(call.X) == "open" {
			if l, ok := argument(call, 2).(*js.LiteralExpr); ok && l.TokenType == js.FalseToken {
				s.addAt("J05", Moderation, call, "a synchronous request stops the whole page; leave the third argument out")
			}
		}
		return true
	})
}
