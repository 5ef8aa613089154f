package widgetzip

import (
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// checkCalls is J02 to J05 and J07: what a script must not call.
func (s *script) checkCalls() {
	js.Walk(visitor(func(n js.INode) bool {
		switch n := n.(type) {
		case *js.CallExpr:
			s.checkCall(n)
		case *js.NewExpr:
			if globalName(n.X) == "Function" {
				s.add("J02", Moderation, "Function", "new Function makes code from text; write the code itself")
			}
		case *js.DotExpr:
			s.checkMember(n)
		case *js.Property:
			if n.Name != nil && string(n.Name.Literal.Data) == "async" {
				if l, ok := n.Value.(*js.LiteralExpr); ok && l.TokenType == js.FalseToken {
					s.add("J05", Moderation, "async", "a synchronous request stops the whole page; leave async out")
				}
			}
		case *js.LiteralExpr:
			if text, ok := literal(n); ok && strings.Contains(strings.ToLower(text), "<script") {
				s.add("J07", Moderation, text, "a script element in a text; dependencies come by define only")
			}
		}
		return true
	}), s.tree)
	s.checkTraces()
}

func (s *script) checkCall(call *js.CallExpr) {
	name := globalName(call.X)
	if name == "" && onWindow(call.X) {
		name = memberName(call.X)
	}
	member := memberName(call.X)
	first, isText := "", false
	if len(call.Args.List) > 0 {
		first, isText = literal(call.Args.List[0].Value)
	}
	switch {
	case name == "eval" || name == "Function":
		s.add("J02", Moderation, name, "%s runs text as code; write the code itself", name)
	case (name == "setTimeout" || name == "setInterval") && isText:
		s.add("J02", Moderation, name, "%s is given a text; give it a function", name)
	case name == "alert" || name == "confirm" || name == "prompt":
		s.add("J03", Moderation, name, "%s is not allowed; use the CRM's modal window or notifications", name)
	case name == "importScripts" || member == "getScript":
		s.add("J07", Moderation, name+member, "%s loads code by hand; name it in define", name+member)
	case member == "createElement" && strings.EqualFold(first, "script"):
		s.add("J07", Moderation, "createElement", "a script element is made by hand; name the code in define")
	case (member == "write" || member == "writeln") && globalName(call.X.(*js.DotExpr).X) == "document":
		s.add("J02", Moderation, "document.write", "document.write breaks the page; add elements instead")
	}
}

func onWindow(e js.INode) bool {
	d, ok := e.(*js.DotExpr)
	return ok && slices.Contains([]string{"window", "self", "globalThis"}, globalName(d.X))
}

// checkMember is J04 but for console.trace, which may stand in some places.
func (s *script) checkMember(d *js.DotExpr) {
	if globalName(d.X) != "console" && !(onWindow(d.X) && memberName(d.X) == "console") {
		return
	}
	if m := memberName(d); m != "debug" && m != "trace" {
		s.add("J04", Moderation, "console."+m, "console.%s is not allowed; use console.debug for what matters", m)
	}
}

// checkTraces is the rest of J04: console.trace only where something failed.
func (s *script) checkTraces() {
	allowed, all := 0, 0
	count := func(n js.INode, to *int) {
		if n == nil {
			return
		}
		js.Walk(visitor(func(n js.INode) bool {
			if d, ok := n.(*js.DotExpr); ok && globalName(d.X) == "console" && memberName(d) == "trace" {
				*to++
			}
			return true
		}), n)
	}
	count(s.tree, &all)
	if all == 0 {
		return
	}
	js.Walk(visitor(func(n js.INode) bool {
		switch n := n.(type) {
		case *js.TryStmt:
			if n.Catch != nil {
				count(n.Catch, &allowed)
			}
		case *js.CallExpr:
			at := -1
			switch memberName(n.X) {
			case "catch", "fail":
				at = 0
			case "then":
				at = 1
			}
			if at >= 0 && at < len(n.Args.List) {
				count(n.Args.List[at].Value, &allowed)
			}
		}
		return true
	}), s.tree)
	if allowed < all {
		s.add("J04", Moderation, "console.trace", "console.trace stands outside a catch and a rejection handler; use console.debug")
	}
}
