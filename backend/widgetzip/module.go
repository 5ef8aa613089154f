package widgetzip

import (
	"path"
	"regexp"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// publicCDN are the places from which Kommo lets libraries come (J07).
var publicCDN = regexp.MustCompile(`^https://(cdnjs\.cloudflare\.com|cdn\.jsdelivr\.net|unpkg\.com|ajax\.googleapis\.com|code\.jquery\.com|stackpath\.bootstrapcdn\.com|maxcdn\.bootstrapcdn\.com)/`)

// callbacksOf are the callbacks that a location calls (W §5.2).
var callbacksOf = map[string][]string{
	"settings": {"settings"}, "lead_sources": {"onAddAsSource"}, "advanced_settings": {"advancedSettings"}, "digital_pipeline": {"dpSettings"},
	"widget_page": {"initMenuPage"}, "sms": {"onSource"}, "catalogs": {"loadCatalogElement"}, "tcalendar": {"calendarSync"},
	"salesbot_designer": {"onSalesbotDesignerSave", "salesbotDesignerSettings"}, "card_sdk": {"loadPreloadedData", "loadElements", "linkCard", "searchDataInCard"},
}

// checkModule is J01: one anonymous define, and for script.js what it gives.
func (s *script) checkModule() {
	var defines []*js.CallExpr
	walk(s.tree, func(n js.INode, _ []js.INode) bool {
		if call, ok := n.(*js.CallExpr); ok && called(call.X) == "define" {
			defines = append(defines, call)
		}
		return true
	})
	if len(defines) == 0 && s.name != scriptName {
		s.c.add("J01", Advice, s.name, 0, "no call of define: a module that names this file gets nothing from it; wrap it in define")
		return
	}
	if len(defines) != 1 {
		s.addWord("J01", Refused, "define", "%d calls of define; a module of the CRM has exactly one", len(defines))
		return
	}
	args := defines[0].Args.List
	if len(args) == 0 {
		s.addWord("J01", Refused, "define", "define is called with nothing")
		return
	}
	if name, ok := literal(args[0].Value); ok {
		s.addWord("J01", Refused, "define", "the module has the name %q; leave the name out, or the CRM gets nothing", name)
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
			if s.c.platform != Kommo || !publicCDN.MatchString(dep) {
				s.addAt("J07", Moderation, one.Value, "the dependency %q is an address; put the library into the archive or use the CRM's own", dep)
			}
		case strings.HasPrefix(dep, "."):
			file, _, _ := strings.Cut(dep, "?")
			file = path.Join(path.Dir(s.name), file)
			if _, ok := s.c.files[file]; !ok {
				if _, ok := s.c.files[file+".js"]; !ok {
					s.addAt("J01", Refused, one.Value, "the dependency %q is not in the archive, so the widget does not start", dep)
				}
			}
		}
	}
}

// checkWidget: the module gives a plain function, whose callbacks exist.
func (s *script) checkWidget(factory js.IExpr) {
	body := bodyOf(s.valueOf(factory))
	if body == nil {
		s.checkValue(s.valueOf(factory))
		return
	}
	value := returned(body)
	if value == nil {
		s.addWord("J01", Refused, "define", "the module returns nothing; return the widget's constructor function")
		return
	}
	s.checkValue(s.valueOf(value))
}

// checkValue: what the module gives is a plain function. What only shows when it
// runs, as in packed code, is advice.
func (s *script) checkValue(value js.IExpr) {
	opaque := false
	switch v := value.(type) {
	case *js.FuncDecl:
		if v.Async || v.Generator {
			s.addWord("J01", Refused, "return", "the module's value is an async or generator function, which cannot be a constructor")
		}
	case *js.ArrowFunc:
		s.addWord("J01", Refused, "return", "the module's value is an arrow function, which cannot be a constructor; use function () {…}")
	case *js.ClassDecl:
		s.addWord("J01", Refused, "class", "the module's value is a class, whose prototype the CRM cannot replace; use function () {…}")
	case *js.ObjectExpr, *js.ArrayExpr, *js.LiteralExpr, *js.TemplateExpr:
		s.addWord("J01", Refused, "return", "the module's value is not a plain function")
	default:
		opaque = true
		s.addWord("J01", Advice, "return", "it cannot be seen that the module gives a plain function; return one by name, in %s", scriptName)
	}
	s.checkCallbacks(opaque)
}
