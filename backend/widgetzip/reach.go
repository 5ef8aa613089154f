package widgetzip

import (
	"path"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// checkReachable is Z07: every file is one that the platform reads, a module that
// script.js needs, or named in a file that is reached.
func (c *checker) checkReachable() {
	if c.manifest == nil || c.files[scriptName] == nil && c.needsScript() {
		return // nothing can be said
	}
	r := &reach{c: c, reached: map[string]bool{}, byBase: map[string][]string{}, scripts: map[string]*script{}}
	for name := range c.files {
		base := strings.ToLower(path.Base(name))
		r.byBase[base] = append(r.byBase[base], name)
	}
	for _, s := range c.scripts {
		r.scripts[s.name] = s
	}
	r.add(manifestName)
	r.add(scriptName)
	for name := range logos {
		r.add(name)
	}
	if c.hasLocation("digital_pipeline") {
		r.add("images/logo_dp.png")
	}
	if c.hasLocation("amoforms") {
		r.add("amoforms.js")
	}
	for name := range c.files {
		if strings.HasPrefix(name, "i18n/") && strings.HasSuffix(name, ".json") {
			r.add(name) // Z05 speaks of those too many
		}
	}
	for len(r.queue) > 0 {
		name := r.queue[0]
		r.queue = r.queue[1:]
		r.follow(name)
	}
	for _, name := range c.names() {
		if !r.reached[name] && !junk.MatchString(name) {
			c.add("Z07", Moderation, name, 0, "nothing in the archive names this file; leave it out")
		}
	}
}

type reach struct {
	c       *checker
	reached map[string]bool
	queue   []string
	byBase  map[string][]string // entries by the last part of their name
	scripts map[string]*script
}

func (r *reach) add(name string) {
	if _, ok := r.c.files[name]; ok && !r.reached[name] {
		r.reached[name] = true
		r.queue = append(r.queue, name)
	}
}

// follow adds what a file names.
func (r *reach) follow(name string) {
	if s := r.scripts[name]; s != nil {
		r.followScript(s)
		return
	}
	if !textFile.MatchString(name) {
		return
	}
	raw := r.c.files[name]
	for word := range strings.FieldsFuncSeq(string(raw[:min(len(raw), maxScriptBytes)]), notOfName) {
		r.named(word)
	}
}

func notOfName(c rune) bool {
	return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '.' && c != '_' && c != '-' && c != '/' && c < 0x80
}

// named adds the entries whose last part is that of the text; a text without an
// ending names nothing here.
func (r *reach) named(text string) {
	if len(text) > 250 || !strings.Contains(text, ".") {
		return
	}
	for _, name := range r.byBase[strings.ToLower(path.Base(text))] {
		r.add(name)
	}
}

// followScript: the modules of define and require, and what texts of the script
// name; templates and pictures also without their ending, as helpers add it.
func (r *reach) followScript(s *script) {
	walk(s.tree, func(n js.INode, _ []js.INode) bool {
		call, ok := n.(*js.CallExpr)
		if name := ""; ok {
			name = called(call.X)
			if name == "define" || name == "require" || name == "requirejs" {
				for _, text := range s.stringsIn(argument(call, 0)) {
					r.module(s.name, text)
				}
			}
		}
		return true
	})
	for _, text := range s.literals {
		if len(text) > 2000 {
			continue
		}
		for word := range strings.FieldsFuncSeq(text, notOfName) {
			r.named(word)
		}
		if base := strings.ToLower(path.Base(text)); base != "" && !strings.Contains(base, ".") {
			for _, ending := range []string{".twig", ".html", ".svg", ".png", ".jpg", ".gif", ".json", ".css"} {
				for _, name := range r.byBase[base+ending] {
					r.add(name)
				}
			}
		}
	}
}

// module adds the file of a dependency, relative to the script that names it.
func (r *reach) module(from, dep string) {
	dep, _, _ = strings.Cut(dep, "?")
	if at := strings.LastIndex(dep, "!"); at >= 0 {
		dep = dep[at+1:] // loader plugins: text!./a.html
	}
	for _, name := range []string{path.Join(path.Dir(from), dep), strings.TrimPrefix(dep, "/")} {
		r.add(name)
		r.add(name + ".js")
	}
}
