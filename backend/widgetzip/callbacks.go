package widgetzip

import (
	"maps"
	"slices"

	"github.com/tdewolff/parse/v2/js"
)

// checkCallbacks is J01: the mandatory callbacks and those of the declared
// locations. They may be set in another module; opaque tells that they may also
// be where nobody can see them, so that a missing one is advice.
func (s *script) checkCallbacks(opaque bool) {
	found, table, hidden, _ := s.callbacks()
	for _, other := range s.c.scripts {
		if other == s {
			continue
		}
		more, also, covered, _ := other.callbacks()
		maps.Copy(found, more)
		table, hidden = table || also, hidden || covered
	}
	severity := Refused
	if opaque || hidden {
		severity = Advice
	}
	if !table {
		s.addWord("J01", severity, "callbacks", "this.callbacks is never set; the CRM reads the widget's functions from there")
		return
	}
	for _, name := range []string{"render", "init", "bind_actions", "onSave"} {
		if !found[name] {
			s.addWord("J01", severity, "callbacks", "the callback %s is missing, or cannot be seen; without it the widget does not start or cannot be installed", name)
		}
	}
	for _, area := range slices.Sorted(maps.Keys(callbacksOf)) {
		for _, name := range callbacksOf[area] {
			if s.c.hasLocation(area) && !found[name] {
				s.addWord("J01", severity, "callbacks", "the manifest declares the location %s, its callback %s is missing, or cannot be seen", area, name)
			}
		}
	}
}

// callbacks are the names in the table of callbacks, with dots for groups
// ("leads.selected"); table tells whether there is one, hidden that it may hold more
// than can be seen, idle that the three functions which start the widget do
// nothing but return.
func (s *script) callbacks() (found map[string]bool, table, hidden, idle bool) {
	found, idle = map[string]bool{}, true
	note := func(name string, value js.IExpr) {
		f := s.valueOf(value)
		if !mayBeFunction(f) {
			return
		}
		found[name] = true
		if isStart(name) && !s.onlyReturns(f) {
			idle = false
		}
	}
	walk(s.tree, func(n js.INode, _ []js.INode) bool {
		switch n := n.(type) {
		case *js.BinaryExpr:
			if n.Op != js.EqToken {
				return true
			}
			if memberName(n.X) == "callbacks" {
				table = true
				hidden = !s.collect(n.Y, "", note, 0) || hidden
			} else if owner := ownerOf(n.X); owner != nil && memberName(owner) == "callbacks" {
				note(memberName(n.X), n.Y)
			}
		case *js.Property: // return { callbacks: {…} } and Object.assign(this, { callbacks: {…} })
			if propertyName(n) == "callbacks" {
				if _, ok := s.valueOf(n.Value).(*js.ObjectExpr); ok {
					table = true
					hidden = !s.collect(n.Value, "", note, 0) || hidden
				}
			}
		case *js.Field: // a class inside
			if n.Name.Private == nil && n.Name.String() == "callbacks" {
				table = true
				hidden = !s.collect(n.Init, "", note, 0) || hidden
			}
		}
		return true
	})
	return found, table, hidden, idle && !hidden
}

func mayBeFunction(e js.IExpr) bool {
	switch e.(type) {
	case *js.LiteralExpr, *js.ObjectExpr, *js.ArrayExpr, nil:
		return false
	}
	return true
}

// collect notes the members of every object literal of an expression, which may
// also be $.extend({…}, {…}), a name of one, or a function that returns one. It
// answers whether all of it can be seen.
func (s *script) collect(e js.IExpr, group string, note func(string, js.IExpr), depth int) bool {
	if e == nil || depth > 5 {
		return false
	}
	switch e := s.valueOf(e).(type) {
	case *js.CallExpr:
		body := bodyOf(s.valueOf(e.X))
		merges := memberName(e.X) == "extend" || memberName(e.X) == "assign"
		seen := merges || body != nil && s.collect(returned(body), group, note, depth+1)
		for _, a := range e.Args.List {
			seen = (s.collect(a.Value, group, note, depth+1) || !merges) && seen
		}
		return seen
	case *js.ObjectExpr:
		seen := true
		for i := range e.List {
			p := &e.List[i]
			if p.Spread {
				seen = s.collect(p.Value, group, note, depth+1) && seen
				continue
			}
			name := propertyName(p)
			if name == "" {
				name = nameOf(p.Value)
			}
			seen = seen && name != ""
			if _, ok := s.valueOf(p.Value).(*js.ObjectExpr); ok {
				s.collect(p.Value, group+name+".", note, depth+1)
				continue
			}
			note(group+name, p.Value)
		}
		return seen
	}
	return false
}

func isStart(name string) bool { return name == "render" || name == "init" || name == "bind_actions" }

// onlyReturns: a function without a statement but return.
func (s *script) onlyReturns(f js.IExpr) bool {
	body := bodyOf(f)
	if body == nil {
		return false
	}
	for _, one := range body.List {
		switch one := one.(type) {
		case *js.ReturnStmt:
			if s.has(one.Value, func(n js.INode) bool { _, ok := n.(*js.CallExpr); return ok }) {
				return false
			}
		case *js.EmptyStmt, *js.DirectivePrologueStmt:
		default:
			return false
		}
	}
	return true
}
