package widgetzip

import (
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// variable is the variable of an identifier, nil for other nodes.
func variable(e js.INode) *js.Var {
	v, ok := e.(*js.Var)
	if !ok || v == nil {
		return nil
	}
	for v.Link != nil {
		v = v.Link
	}
	return v
}

// globalName is the name of an identifier that the file does not declare.
func globalName(e js.INode) string {
	if v := variable(e); v != nil && v.Decl == js.NoDecl {
		return string(v.Data)
	}
	return ""
}

// nameOf is the name of an identifier, declared or not.
func nameOf(e js.INode) string {
	if v := variable(e); v != nil {
		return string(v.Data)
	}
	return ""
}

// memberName is the name after the dot, or the text in brackets, "" for
// anything else.
func memberName(e js.INode) string {
	switch e := e.(type) {
	case *js.DotExpr:
		switch y := e.Y.(type) {
		case js.LiteralExpr:
			return string(y.Data)
		case *js.LiteralExpr:
			return string(y.Data)
		case *js.Var:
			return string(y.Name())
		}
	case *js.IndexExpr:
		name, _ := literal(e.Y)
		return name
	}
	return ""
}

// ownerOf is what stands before the dot or the brackets.
func ownerOf(e js.INode) js.IExpr {
	switch e := e.(type) {
	case *js.DotExpr:
		return bare(e.X)
	case *js.IndexExpr:
		return bare(e.X)
	}
	return nil
}

// literal is the content of a string literal, or of a template without values.
func literal(e js.INode) (string, bool) {
	var l js.LiteralExpr
	switch e := e.(type) {
	case *js.LiteralExpr:
		l = *e
	case js.LiteralExpr:
		l = e
	case *js.TemplateExpr:
		if e.Tag == nil && len(e.List) == 0 && len(e.Tail) >= 2 {
			return string(e.Tail[1 : len(e.Tail)-1]), true
		}
		return "", false
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

// propertyName is the name of a member of an object literal.
func propertyName(p *js.Property) string {
	if p.Name != nil && !p.Name.IsComputed() {
		return strings.Trim(string(p.Name.Literal.Data), `'"`)
	}
	if m, ok := p.Value.(*js.MethodDecl); ok {
		return strings.Trim(m.Name.String(), `'"`)
	}
	return ""
}

// property is the value of a member of an object literal, nil when it has none
// of that name; open tells that the object may have more than can be seen.
func property(o *js.ObjectExpr, name string) (value js.IExpr, open bool) {
	if len(o.List) > 500 {
		return nil, true
	}
	for i := range o.List {
		p := &o.List[i]
		if p.Spread || p.Name != nil && p.Name.IsComputed() {
			open = true
			continue
		}
		if propertyName(p) == name || p.Name == nil && nameOf(p.Value) == name {
			value = p.Value
		}
	}
	return value, open
}

func argument(call *js.CallExpr, i int) js.IExpr {
	if i < len(call.Args.List) {
		return bare(call.Args.List[i].Value)
	}
	return nil
}

func bodyOf(e js.INode) *js.BlockStmt {
	switch f := e.(type) {
	case *js.FuncDecl:
		return &f.Body
	case *js.ArrowFunc:
		return &f.Body
	case *js.MethodDecl:
		return &f.Body
	}
	return nil
}

// returned is the value of the last return of this very function.
func returned(body *js.BlockStmt) js.IExpr {
	var value js.IExpr
	walk(body, func(n js.INode, _ []js.INode) bool {
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
	})
	return value
}

// valueOf follows a name to the one thing that is ever assigned to it; anything
// else is answered as it is.
func (s *script) valueOf(e js.IExpr) js.IExpr {
	for range 5 {
		e = bare(e)
		v := variable(e)
		if v == nil || len(s.values[v]) != 1 {
			return e
		}
		e = s.values[v][0]
	}
	return e
}

// stringsIn are the texts of an expression and of what its names stand for;
// functions inside are left out.
func (s *script) stringsIn(e js.IExpr) []string {
	var out []string
	budget := 300
	seen := map[*js.Var]bool{}
	var look func(js.INode)
	look = func(n js.INode) {
		s.look(n, func(n js.INode, _ []js.INode) bool {
			budget--
			if budget < 0 {
				return false
			}
			switch n := n.(type) {
			case *js.FuncDecl, *js.ArrowFunc, *js.MethodDecl, *js.ClassDecl:
				return false
			case *js.TemplateExpr:
				for _, part := range n.List {
					out = append(out, short(part.Value))
				}
				out = append(out, short(n.Tail))
			case *js.Var:
				if v := variable(n); !seen[v] {
					seen[v] = true
					for _, value := range s.values[v] {
						look(value)
					}
				}
			default:
				if text, ok := literal(n); ok {
					out = append(out, short([]byte(text)))
				}
			}
			return true
		})
	}
	look(e)
	return out
}

// short is the beginning of a text: rules look for names, which are short.
func short(text []byte) string { return string(text[:min(len(text), 2000)]) }

// has tells whether a node below this one fulfils the condition.
func (s *script) has(n js.INode, is func(js.INode) bool) bool {
	found := false
	s.look(n, func(n js.INode, _ []js.INode) bool {
		found = found || is(n)
		return !found
	})
	return found
}

func (s *script) hasMember(n js.INode, names ...string) bool {
	return s.has(n, func(n js.INode) bool {
		m := memberName(n)
		for _, name := range names {
			if m == name {
				return true
			}
		}
		return false
	})
}

// isJQuery tells whether a name is the library's, declared by define or not.
func isJQuery(e js.INode) bool {
	name := nameOf(e)
	return name == "$" || name == "jQuery"
}

// onWindow tells whether this is a member of the page's global object.
func onWindow(e js.INode) bool {
	switch globalName(ownerOf(e)) {
	case "window", "self", "globalThis":
		return true
	}
	return false
}

// called is the name of what a call calls when it is a global function, with or
// without "window.".
func called(e js.IExpr) string {
	e = bare(e)
	if name := globalName(e); name != "" {
		return name
	}
	if onWindow(e) {
		return memberName(e)
	}
	return ""
}
