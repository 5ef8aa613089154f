package widgetzip

import (
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// checkListener is J08: who listens to messages of other windows.
func (s *script) checkListener(call *js.CallExpr) {
	m := memberName(call.X)
	if m == "" {
		m = called(call.X)
	}
	if m != "addEventListener" && m != "on" && m != "one" && m != "bind" {
		return
	}
	event, _ := literal(argument(call, 0))
	if name, _, _ := strings.Cut(event, "."); name != "message" {
		return
	}
	if m != "addEventListener" && !s.isPage(ownerOf(call.X)) {
		return
	}
	at := 1
	if m != "addEventListener" {
		at = len(call.Args.List) - 1
	}
	s.checkMessageHandler(call, argument(call, at))
}

// checkMessageHandler: the origin is compared, and what came is never code.
func (s *script) checkMessageHandler(at js.INode, handler js.IExpr) {
	body := bodyOf(s.valueOf(handler))
	if body == nil {
		if l, ok := handler.(*js.LiteralExpr); ok && l.TokenType == js.NullToken {
			return
		}
		s.addAt("J08", Moderation, at, "it cannot be seen what is done with messages of other windows; name a function of this file that compares event.origin")
		return
	}
	compares := s.has(body, func(n js.INode) bool {
		switch n := n.(type) {
		case *js.BinaryExpr:
			switch n.Op {
			case js.EqEqToken, js.EqEqEqToken, js.NotEqToken, js.NotEqEqToken:
				return memberName(bare(n.X)) == "origin" || memberName(bare(n.Y)) == "origin"
			}
		case *js.CallExpr: // allowed.indexOf(event.origin)
			return memberName(argument(n, 0)) == "origin"
		case *js.IndexExpr: // allowed[event.origin]
			return memberName(bare(n.Y)) == "origin"
		case *js.SwitchStmt:
			return memberName(bare(n.Init)) == "origin"
		}
		return false
	})
	if !compares {
		s.addAt("J08", Moderation, at, "messages of any window are taken; compare event.origin with the whole origin that is expected")
	}
	runs := s.has(body, func(n js.INode) bool {
		switch n := n.(type) {
		case *js.CallExpr:
			name, m := called(n.X), memberName(n.X)
			return name == "eval" || name == "Function" || m == "globalEval" || m == "html" && len(n.Args.List) > 0 && s.hasMember(argument(n, 0), "data")
		case *js.NewExpr:
			return called(n.X) == "Function"
		case *js.BinaryExpr:
			return isAssignment(n.Op) && (memberName(bare(n.X)) == "innerHTML" || memberName(bare(n.X)) == "outerHTML")
		}
		return false
	})
	if runs {
		s.addAt("J08", Moderation, at, "what another window sends is run or put in as HTML; take plain values only")
	}
}

// isPage tells whether handlers on this stay when the widget goes: document,
// window and the body, with or without jQuery.
func (s *script) isPage(e js.IExpr) bool {
	e = s.valueOf(e)
	if call, ok := e.(*js.CallExpr); ok && isJQuery(call.X) {
		e = s.valueOf(argument(call, 0))
		if text, ok := literal(e); ok {
			return text == "body" || text == "html"
		}
	}
	switch globalName(e) {
	case "document", "window":
		return true
	}
	return globalName(ownerOf(e)) == "document" && (memberName(e) == "body" || memberName(e) == "documentElement")
}

// checkHandler is J16: handlers on the page carry the widget's name space or are
// taken off somewhere.
func (s *script) checkHandler(call *js.CallExpr) {
	m := memberName(call.X)
	if !slices.Contains([]string{"on", "bind", "delegate", "live", "addEventListener"}, m) || !s.isPage(ownerOf(call.X)) {
		return
	}
	event := argument(call, 0)
	if m == "delegate" {
		event = argument(call, 1)
	}
	if m != "addEventListener" {
		named := s.hasMember(event, "ns") || slices.ContainsFunc(s.stringsIn(event), func(t string) bool { return strings.Contains(t, ".") })
		if _, isObject := event.(*js.ObjectExpr); named || isObject {
			return
		}
	}
	name, _ := literal(event)
	for _, other := range s.c.scripts {
		if other.removed[everyEvent] || other.removed[name] {
			return
		}
	}
	s.addAt("J16", Advice, call, "the handler stays when the widget is gone; add self.ns to the event's name, or take it off in destroy")
}

// checkDeferred is J17 for $.Deferred: somebody resolves or rejects it.
func (s *script) checkDeferred(n *js.BindingElement) {
	v := variable(n.Binding)
	call, ok := bare(n.Default).(*js.CallExpr)
	if v == nil || !ok || memberName(call.X) != "Deferred" || !isJQuery(ownerOf(call.X)) || s.settled[v] {
		return
	}
	s.addAt("J17", Advice, call, "%s is never resolved nor rejected; the CRM would wait for it without end", string(v.Data))
}

// checkPromise is J17 for new Promise: every way through it settles it.
func (s *script) checkPromise(n *js.NewExpr) {
	if n.Args == nil || len(n.Args.List) == 0 {
		return
	}
	var params js.Params
	executor := s.valueOf(n.Args.List[0].Value)
	switch f := executor.(type) {
	case *js.FuncDecl:
		params = f.Params
	case *js.ArrowFunc:
		params = f.Params
	default:
		return
	}
	var settlers []*js.Var
	for _, p := range params.List {
		if v := variable(p.Binding); v != nil {
			settlers = append(settlers, v)
		}
	}
	if !s.settles(bodyOf(executor).List, settlers) {
		s.addWord("J17", Advice, "Promise", "the promise is not resolved nor rejected on every way; the CRM would wait for it without end")
	}
}

// settles tells whether every way through the statements names one of the
// functions that settle the promise; a later call of a name counts.
func (s *script) settles(list []js.IStmt, by []*js.Var) bool {
	return slices.ContainsFunc(list, func(one js.IStmt) bool { return s.settlesOne(one, by) })
}

func (s *script) settlesOne(one js.IStmt, by []*js.Var) bool {
	switch n := one.(type) {
	case nil:
		return false
	case *js.BlockStmt:
		return s.settles(n.List, by)
	case *js.IfStmt:
		return s.names(n.Cond, by) || s.settlesOne(n.Body, by) && n.Else != nil && s.settlesOne(n.Else, by)
	case *js.TryStmt:
		return s.settles(n.Body.List, by) && (n.Catch == nil || s.settles(n.Catch.List, by)) || n.Finally != nil && s.settles(n.Finally.List, by)
	case *js.ThrowStmt:
		return true // a throw rejects
	}
	return s.names(one, by)
}

func (s *script) names(n js.INode, by []*js.Var) bool {
	return s.has(n, func(n js.INode) bool {
		v := variable(n)
		return v != nil && slices.Contains(by, v)
	})
}
