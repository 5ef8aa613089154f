package widgetzip

import (
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// gather notes what rules ask about the whole file.
func (s *script) gather() {
	defer s.gatherRemovals() // when it is known what names stand for
	walk(s.tree, func(n js.INode, above []js.INode) bool {
		s.deep = s.deep || len(above) == maxNesting-1
		switch n := n.(type) {
		case *js.BindingElement:
			if v := variable(n.Binding); v != nil && n.Default != nil {
				s.values[v] = append(s.values[v], n.Default)
			}
		case *js.BinaryExpr:
			if v := variable(bare(n.X)); v != nil && isAssignment(n.Op) {
				s.values[v] = append(s.values[v], n.Y)
			}
		case *js.FuncDecl:
			// A function expression's own name is not visible outside and does no harm here.
			if v := variable(n.Name); n.Name != nil && v != nil {
				s.values[v] = append(s.values[v], n)
			}
		case *js.ClassDecl:
			if v := variable(n.Name); n.Name != nil && v != nil {
				s.values[v] = append(s.values[v], n)
			}
		case *js.UnaryExpr:
			if name := nameOf(bare(n.X)); n.Op == js.TypeofToken && name != "" {
				s.asked[name] = true
			}
		case *js.DotExpr, *js.IndexExpr:
			s.gatherMember(n, above)
		case *js.CallExpr:
			s.gatherCall(n, above)
		case *js.TemplateExpr:
			for _, part := range n.List {
				s.literals = append(s.literals, strings.Trim(string(part.Value), "`${}"))
			}
			s.literals = append(s.literals, strings.Trim(string(n.Tail), "`${}"))
		case *js.ReturnStmt:
			if v := variable(bare(n.Value)); v != nil {
				s.settled[v], s.handedBack[v] = true, true
			}
		default:
			if text, ok := literal(n); ok {
				s.literals = append(s.literals, text)
			}
		}
		return true
	})
}

func (s *script) gatherMember(n js.INode, above []js.INode) {
	name := memberName(n)
	switch name {
	case "resolve", "reject", "resolveWith", "rejectWith":
		if v := variable(ownerOf(n)); v != nil {
			s.settled[v] = true
		}
	case "catch", "fail", "then":
		call, ok := parent(above, 1).(*js.CallExpr)
		if v := variable(ownerOf(n)); v != nil && ok && (name != "then" || len(call.Args.List) > 1) {
			s.caught[v] = true
		}
	}
}

func (s *script) gatherCall(n *js.CallExpr, above []js.INode) {
	switch memberName(n.X) {
	case "off", "unbind", "undelegate", "removeEventListener":
		s.removals = append(s.removals, n)
	}
	// What is handed to somebody else is settled, or caught, there.
	for _, a := range n.Args.List {
		if v := variable(bare(a.Value)); v != nil {
			s.settled[v], s.caught[v] = true, true
		}
	}
	if requestKind(n) == "" {
		return
	}
	for _, f := range slices.Backward(above) {
		if bodyOf(f) != nil {
			s.requesting[f] = true
			return
		}
	}
}

// everyEvent stands for all events in script.removed.
const everyEvent = "*"

// gatherRemovals notes which events of the page lose their handlers somewhere.
func (s *script) gatherRemovals() {
	for _, call := range s.removals {
		event := argument(call, 0)
		if memberName(call.X) != "removeEventListener" {
			if !s.isPage(ownerOf(call.X)) {
				continue
			}
			if name, ok := literal(event); event == nil || ok && strings.HasPrefix(name, ".") || !ok {
				s.removed[everyEvent] = true // of a name space, or not to be seen
			}
		}
		if name, ok := literal(event); ok {
			for one := range strings.FieldsSeq(short([]byte(name))) {
				one, _, _ = strings.Cut(one, ".")
				s.removed[one] = true
			}
		} else {
			s.removed[everyEvent] = true
		}
	}
}

// loopCalls are the functions that call another once for each element.
var loopCalls = []string{"forEach", "map", "each", "filter", "reduce", "reduceRight", "some", "every", "flatMap", "times", "find"}

// inLoop tells whether a node with that above runs many times in a row. A
// function inside a loop counts only when it is called there and then.
func inLoop(above []js.INode) bool {
	for i, n := range slices.Backward(above) {
		switch n.(type) {
		case *js.ForStmt, *js.ForInStmt, *js.ForOfStmt, *js.WhileStmt, *js.DoWhileStmt:
			return true
		case *js.MethodDecl:
			return false
		case *js.FuncDecl, *js.ArrowFunc:
			outer := above[:i]
			if _, ok := parent(outer, 1).(*js.Arg); ok {
				call, ok := parent(outer, 3).(*js.CallExpr)
				if !ok || !slices.Contains(loopCalls, memberName(call.X)) {
					return false
				}
				return true
			}
			if _, ok := parent(outer, 1).(*js.GroupExpr); !ok {
				return false
			}
			// (function () {…})() goes on with the loop outside.
		}
	}
	return false
}
