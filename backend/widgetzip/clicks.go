package widgetzip

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

var (
	installControls = regexp.MustCompile(`js-widget-(install|skip-tour|uninstall)\b`)
	clickEvents     = []string{"click", "mousedown", "mouseup", "tap", "touchstart", "touchend", "submit"}
	clickCalls      = []string{"click", "trigger", "triggerHandler", "dispatchEvent", "submit", "mousedown", "mouseup"}
	// System parts that nobody may hide or change (J11).
	systemParts = regexp.MustCompile(`(?i)[.#\[][\w='"*^$~|-]*(rating|review|nav__menu|nav_menu|left[-_]?menu|trigger[-_](modal|dialog|select)|(modal|dialog)[-_]trigger)`)
	changes     = []string{
		"hide", "remove", "detach", "empty", "html", "text", "css", "toggle", "addClass", "removeClass", "toggleClass", "attr", "prop",
		"replaceWith", "fadeOut", "slideUp", "append", "prepend", "before", "after", "insertBefore", "insertAfter", "setAttribute", "removeChild", "width", "height",
	}
	switcherClasses = regexp.MustCompile(`switcher__o(n|ff)\b`)
)

// checkClick is J10: clicks that no person made.
func (s *script) checkClick(call *js.CallExpr) {
	member := memberName(call.X)
	if member == "background_install" {
		if s.c.hasSettings() {
			s.addAt("J10", Moderation, call, "background_install presses Save for the person; a widget with settings may not")
		}
		return
	}
	if !slices.Contains(clickCalls, member) || !s.isClick(member, call) {
		return
	}
	target := s.stringsIn(ownerOf(call.X))
	switch {
	case slices.ContainsFunc(target, installControls.MatchString):
		s.addAt("J10", Moderation, call, "a click on install or uninstall that no person made; let the person press it")
	case s.isOwnButton(ownerOf(call.X), target):
		s.addAt("J10", Moderation, call, "a click on the widget's own button in the marketplace that no person made; let the person press it")
	case s.c.hasSettings() && slices.ContainsFunc(target, func(t string) bool { return strings.Contains(t, "js-widget-save") }):
		s.addAt("J10", Moderation, call, "a click on Save that no person made; only a widget without settings may do that")
	}
}

// isClick tells whether a call makes a click: click() without a handler, or a
// trigger of such an event.
func (s *script) isClick(member string, call *js.CallExpr) bool {
	first := argument(call, 0)
	switch member {
	case "click", "submit", "mousedown", "mouseup":
		return first == nil
	case "trigger", "triggerHandler":
		event, ok := literal(first)
		event, _, _ = strings.Cut(event, ".")
		return ok && slices.Contains(clickEvents, event)
	}
	return s.has(first, func(n js.INode) bool {
		event, ok := literal(n)
		return ok && slices.Contains(clickEvents, event)
	}) || variable(first) != nil
}

// isOwnButton: '#' + widget_code is the widget's tile and its buttons.
func (s *script) isOwnButton(e js.IExpr, target []string) bool {
	if !slices.ContainsFunc(target, func(t string) bool { return strings.HasPrefix(t, "#") && len(t) == 1 }) {
		return false
	}
	return s.has(e, func(n js.INode) bool {
		if memberName(n) == "widget_code" {
			return true
		}
		v := variable(n)
		return v != nil && len(s.values[v]) == 1 && memberName(bare(s.values[v][0])) == "widget_code"
	})
}

func (s *script) namesSystemPart(e js.IExpr) bool {
	return slices.ContainsFunc(s.stringsIn(e), s.c.isSystemPart)
}

// isSystemPart: a selector of a system part, unless it begins with the
// widget's own root, below which names are free.
func (c *checker) isSystemPart(selector string) bool {
	selector = strings.TrimSpace(selector)
	if c.root != "" && hasRoot(strings.TrimLeft(selector, ".#"), c.root) {
		return false
	}
	for _, m := range systemParts.FindAllString(selector, 5) {
		if c.root == "" || !hasRoot(strings.TrimLeft(m, ".#["), c.root) {
			return true
		}
	}
	return false
}

// checkSystemParts is J11 for calls.
func (s *script) checkSystemParts(call *js.CallExpr) {
	if slices.Contains(changes, memberName(call.X)) && s.namesSystemPart(ownerOf(call.X)) {
		s.addAt("J11", Moderation, call, "this changes ratings, reviews, the left menu or the trigger dialog; leave them alone")
	}
}

// checkSwitchers is J18 in texts and selectors.
func (c *checker) checkSwitchers(file string, line int, text string) {
	if at := switcherClasses.FindString(text); at != "" {
		c.add("J18", Moderation, file, line, "%s is going away; read the state of the check box itself", at)
	}
}
