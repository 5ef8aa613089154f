package widgetzip

import (
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// requestKind names the function by which a call asks a server, "" for other calls.
func requestKind(call *js.CallExpr) string {
	switch m := memberName(call.X); m {
	case "$authorizedAjax", "crm_post":
		return m
	case "ajax", "get", "post", "getJSON":
		if isJQuery(ownerOf(call.X)) {
			return "$." + m
		}
	}
	if called(call.X) == "fetch" {
		return "fetch"
	}
	return ""
}

// checkRequest is J06, J15 and the time limit of J17 for one call.
func (s *script) checkRequest(call *js.CallExpr, above []js.INode) {
	kind := requestKind(call)
	if kind == "" {
		s.checkIndirectLoop(call, above)
		return
	}
	own := kind == "$authorizedAjax" || kind == "crm_post"
	toAPI := slices.ContainsFunc(s.stringsIn(argument(call, 0)), func(t string) bool { return strings.Contains(t, "/api/") })
	if (own || toAPI) && inLoop(above) {
		s.addAt("J06", Moderation, call, "%s stands in a loop; gather what is needed and ask once", kind)
	}
	handled, empty := s.failureBranch(call, above)
	switch {
	case empty:
		s.addAt("J15", Moderation, call, "the failure branch of %s does nothing; show what happened and whom to ask", kind)
	case !handled && kind == "crm_post":
		s.addAt("J15", Moderation, call, "crm_post does not tell of failures; use $authorizedAjax with a failure branch that shows what happened and whom to ask")
	case !handled:
		s.addAt("J15", Moderation, call, "%s has no failure branch; show what happened and whom to ask", kind)
	}
	if !s.hasTimeout(call, kind) {
		s.addAt("J17", Advice, call, "%s has no time limit; a request that hangs leaves the person waiting", kind)
	}
}

// checkIndirectLoop is J06 for a function that makes the request.
func (s *script) checkIndirectLoop(call *js.CallExpr, above []js.INode) {
	v := variable(bare(call.X))
	if v == nil || len(s.values[v]) != 1 {
		return
	}
	if f := bare(s.values[v][0]); s.requesting[f] && inLoop(above) {
		s.addAt("J06", Moderation, call, "%s makes a request and is called in a loop; gather what is needed and ask once", string(v.Data))
	}
}

func isEmptyFunction(e js.IExpr) bool {
	body := bodyOf(e)
	return body != nil && len(body.List) == 0
}

// failureBranch tells whether a failure of the request is handled, and whether
// that handling is an empty function. What goes to somebody else counts as
// handled: by return, as an argument, or kept in a member.
func (s *script) failureBranch(call *js.CallExpr, above []js.INode) (handled, empty bool) {
	for i := range call.Args.List {
		if o, ok := s.valueOf(argument(call, i)).(*js.ObjectExpr); ok {
			for _, name := range []string{"error", "complete"} {
				if f, open := property(o, name); f != nil || open {
					return true, f != nil && isEmptyFunction(s.valueOf(f))
				}
			}
		} else if variable(argument(call, i)) != nil && i == 0 && requestKind(call) != "fetch" && requestKind(call) != "crm_post" {
			// Options that cannot be seen may name a failure branch.
			if len(s.values[variable(argument(call, i))]) != 1 {
				return true, false
			}
		}
	}
	if requestKind(call) == "crm_post" {
		f := argument(call, 4)
		return f != nil, f != nil && isEmptyFunction(s.valueOf(f))
	}
	for i := len(above) - 1; i >= 0; i-- {
		switch up := above[i].(type) {
		case *js.GroupExpr, *js.CondExpr:
		case *js.DotExpr:
			outer, ok := parent(above[:i], 1).(*js.CallExpr)
			if !ok || bare(outer.X) != js.IExpr(up) {
				return true, false
			}
			at := map[string]int{"fail": 0, "catch": 0, "then": 1}[memberName(up)]
			if m := memberName(up); m == "fail" || m == "catch" || m == "then" && len(outer.Args.List) > 1 {
				return true, isEmptyFunction(s.valueOf(argument(outer, at)))
			}
			i--
		case *js.BindingElement:
			v := variable(up.Binding)
			return v == nil || s.caught[v] || s.handedBack[v], false
		case *js.BinaryExpr:
			if v := variable(bare(up.X)); v != nil && up.Op == js.EqToken {
				return s.caught[v] || s.handedBack[v], false
			}
			return true, false
		case *js.UnaryExpr:
			if up.Op != js.AwaitToken {
				return true, false
			}
			return awaited(above[:i]), false
		case *js.ExprStmt:
			return false, false
		default:
			return true, false
		}
	}
	return false, false
}

// awaited tells whether a failure of what is awaited goes to a catch, or to who
// called the function.
func awaited(above []js.INode) bool {
	for i, n := range slices.Backward(above) {
		switch n := n.(type) {
		case *js.TryStmt:
			if n.Catch != nil && i+1 < len(above) && above[i+1] == js.INode(n.Body) {
				return true
			}
		case *js.FuncDecl, *js.ArrowFunc, *js.MethodDecl:
			return true
		}
	}
	return false
}

// hasTimeout tells whether the options of a request name a time limit, or
// cannot be seen.
func (s *script) hasTimeout(call *js.CallExpr, kind string) bool {
	limit, at := "timeout", 0
	switch kind {
	case "crm_post", "$.get", "$.post", "$.getJSON":
		return true // they take none
	case "fetch":
		limit, at = "signal", 1
	case "$.ajax":
		if _, ok := literal(argument(call, 0)); ok {
			at = 1
		}
	}
	options := argument(call, at)
	if options == nil {
		return false
	}
	o, ok := s.valueOf(options).(*js.ObjectExpr)
	if !ok {
		return true
	}
	value, open := property(o, limit)
	return value != nil || open
}
