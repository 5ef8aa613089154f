package widgetzip

import "testing"

func styleCases(t *testing.T) []broken {
	t.Helper()
	return []broken{
		{name: "an element", rule: "C01", severity: Moderation, put: map[string]string{"style.css": `p { color: red; }
.w b { color: red; }`}},
		{name: "an element after a root", rule: "C01", severity: Moderation, put: map[string]string{"style.css": `p .w { color: red; }
.w b { color: red; }`}},
		{name: "everything", rule: "C01", severity: Moderation, put: map[string]string{"style.css": `* { margin: 0; }
.w b { color: red; }`}},
		{name: "a class of the CRM", rule: "C01", severity: Moderation, put: map[string]string{"style.css": `button.button-input { color: red; }
.w b { color: red; }
.modal .w { color: red; }`}},
		{name: "one of another root in a list", rule: "C01", severity: Moderation, put: map[string]string{"style.css": `.w a, .other a { color: red; }
.w b { color: red; }
.w i { color: red; }`}},
		{name: "an element in a media query", rule: "C01", severity: Moderation, put: map[string]string{"style.css": `@media (max-width: 1px) { p { color: red; } }
.w b { color: red; }`}},
		{name: "an animation of a common name", rule: "C01", severity: Moderation, put: map[string]string{"style.css": `.w { animation: spin 1s; }
@keyframes spin { from { opacity: 0; } to { opacity: 1; } }`}},
		{name: "a variable of a common name", rule: "C01", severity: Moderation, put: map[string]string{"style.css": `.w { --text: red; }`}},
		{name: "a property of the whole page", rule: "C01", severity: Moderation, put: map[string]string{"style.css": `:root { color: red; }
.w { color: red; }`}},
		{name: "what cannot be read", rule: "C01", severity: Moderation, put: map[string]string{"style.css": `.w { color: red; }
.w a`}},
		{fine: true, name: "everything below one root", rule: "C01", put: map[string]string{"style.css": `:root[data-color-scheme="dark"] .w { --w-text: red; }
:root { --w-line: blue; }
.w > b, .w__part:hover, .w-other[a="b,c"], #w p { color: var(--w-text); }
@media (max-width: 1px) { .w p { color: red; } }
@keyframes w-spin { from { opacity: 0; } 50% { opacity: 0; } to { opacity: 1; } }
`}},
		{name: "a picture of another server", rule: "C02", severity: Moderation, put: map[string]string{"style.css": `.w { background: url(https://cdn.example.com/x.png); }`}},
		{name: "a picture in quotes, without a scheme", rule: "C02", severity: Moderation, put: map[string]string{"style.css": `.w { background: url('//cdn.example.com/x.png'); }`}},
		{name: "a second stylesheet", rule: "C02", severity: Moderation, put: map[string]string{"style.css": `@import 'https://fonts.example.com/x.css';
.w { color: red; }`}},
		{fine: true, name: "a picture of the archive and data", rule: "C02", put: map[string]string{"style.css": `.w { background: url(images/logo.png); mask: url(data:image/png;base64,iVBORw0KGgo=); }`}},
		{name: "a colour of the CRM", rule: "C03", severity: Moderation, put: map[string]string{"style.css": `.w { --palette-text-primary: red; }`}},
		{fine: true, name: "a colour of the CRM that is used", rule: "C03", put: map[string]string{"style.css": `.w { --w-text: var(--palette-text-primary, red); }`}},
		{name: "styles in a comment", rule: "C05", severity: Moderation, put: map[string]string{"style.css": `/* .w { color: red; } */
.w { color: blue; }`}},
		{name: "a property in a comment", rule: "C05", severity: Moderation, put: map[string]string{"style.css": `.w { /* color: red; */ color: blue; }`}},
		{name: "a task", rule: "C05", severity: Moderation, put: map[string]string{"style.css": `/* TODO nicer */ .w { color: blue; }`}},
		{fine: true, name: "comments that explain", rule: "C05", put: map[string]string{"style.css": `/* Note: the colour is quiet; see the form. */
.w { color: blue; /* as the CRM's */ }`}},
		{name: "over the page", rule: "C06", severity: Moderation, put: map[string]string{"style.css": `.w { position: fixed; top: 0; }`}},
		{fine: true, name: "within the widget", rule: "C06", put: map[string]string{"style.css": `.w { position: absolute; top: 0; }
.w table { table-layout: fixed; }`}},
		{name: "no version", rule: "C04", severity: Moderation, edits: []edit{{"script.js", "widget.params.path + '/style.css?v=' + widget.get_version()", `widget.params.path + '/style.css'`}}},
		{name: "an address of another server", rule: "C04", severity: Moderation, edits: []edit{{"script.js", "widget.params.path + '/style.css?v=' + widget.get_version()", `'https://cdn.example.com/style.css?v=' + widget.get_version()`}}},
		{name: "no path", rule: "C04", severity: Moderation, edits: []edit{{"script.js", "widget.params.path + '/style.css?v=' + widget.get_version()", `'/style.css?v=1'`}}},
		{name: "styles that a script puts on the page", rule: "C01", severity: Moderation, edits: []edit{{"script.js", "'use strict';", "'use strict'; a.html = `<p>\n<style>\nbody { color: red; }\n</style>`;"}}},
		{fine: true, name: "styles of a script below the root", rule: "C01", edits: []edit{{"script.js", "'use strict';", "'use strict'; a.html = '<style>.w p { color: red; }\\n.w b { color: ' + a.colour + '; }</style>';"}}},
		{fine: true, name: "path and version through variables", rule: "C04", edits: []edit{{"script.js", "widget.params.path + '/style.css?v=' + widget.get_version()", "a.base(widget) + '/style.css?v=' + widget.get_version()"}, {"script.js", "var widget = this;", "var widget = this; var base = a.base(widget);"}, {"script.js", "a.base(widget) +", "base +"}}},
		{fine: true, name: "a template", rule: "C04", edits: []edit{{"script.js", "widget.params.path + '/style.css?v=' + widget.get_version()", "`${widget.params.path}/style.css?v=${widget.get_version()}`"}}},
	}
}
