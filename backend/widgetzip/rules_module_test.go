package widgetzip

import (
	"testing"
)

func scriptModuleCases(t *testing.T) []broken {
	t.Helper()
	j01 := func(name string, edits ...edit) broken {
		return broken{name: name, rule: "J01", severity: Refused, edits: edits}
	}
	head, open, end := "define(['jquery', './lib/a.js'], function ($, a) {", "return function CustomWidget() {", "  };\n});"
	return []broken{
		j01("does not parse", edit{"script.js", "return this;", "return this"}, edit{"script.js", end, "  ;\n});"}),
		j01("a library that does not parse", edit{"lib/a.js", "return", "retürn ("}),
		j01("no define", edit{"script.js", head, "(function ($, a) {"}),
		j01("two defines", edit{"script.js", end, end + "\ndefine(function () { return 1; });"}),
		j01("a named define", edit{"script.js", "define([", "define('widget', ["}),
		j01("returns nothing", edit{"script.js", open, "var W = function () {"}),
		j01("returns an object", edit{"script.js", open, "return { a: 1 }; function W() {"}, edit{"script.js", end, "  }\n});"}),
		j01("an arrow function", edit{"script.js", open, "return () => {"}),
		j01("an async function", edit{"script.js", open, "return async function () {"}),
		j01("a class", edit{"script.js", open, "return class { constructor() {"}, edit{"script.js", end, "  }};\n});"}),
		j01("a class by name", edit{"script.js", open, "class W { constructor() {"}, edit{"script.js", end, "  }}\n return W;\n});"}),
		j01("an arrow function by name", edit{"script.js", open, "var W = () => {"}, edit{"script.js", end, "  };\n return W;\n});"}),
		j01("no callbacks", edit{"script.js", "this.callbacks", "this.functions"}),
		j01("no render", edit{"script.js", "render:", "draw:"}),
		j01("no init", edit{"script.js", "init:", "start:"}),
		j01("no bind_actions", edit{"script.js", "bind_actions:", "bind:"}),
		j01("no onSave", edit{"script.js", "onSave:", "save:"}),
		j01("onSave is not a function", edit{"script.js", "onSave: function () { return true; }", "onSave: true"}),
		j01("no settings with the location settings", edit{"script.js", "settings:", "form:"}),
		j01("no onAddAsSource with the location lead_sources", edit{"script.js", "onAddAsSource:", "added:"}),
		j01("a dependency that is not there", edit{"script.js", "./lib/a.js", "./lib/b.js"}),
		{name: "a value that only shows when it runs", rule: "J01", severity: Advice, edits: []edit{{"script.js", open, "return a.make(function () {"}, {"script.js", end, "  });\n});"}}},
		{name: "callbacks that only show when it runs", rule: "J01", severity: Advice, edits: []edit{{"script.js", "settings: function", "form: function"}, {"script.js", "this.callbacks = {", "this.callbacks = { ...a.callbacks, "}}},
		{name: "a library without define", rule: "J01", severity: Advice, put: map[string]string{"lib/a.js": "(function () {}());\n"}},
		{fine: true, name: "callbacks in another module", rule: "J01", edits: []edit{{"script.js", "this.callbacks = {", "a.unused = {"}}, put: map[string]string{"lib/a.js": "define(function () { return function (w) { w.callbacks = { " +
			"render: a, init: a, bind_actions: a, settings: a, onSave: a, onAddAsSource: a }; function a() { return true; } }; });\n"}},
		{fine: true, name: "the factory and the table by name", rule: "J01", edits: []edit{{"script.js", "this.callbacks = {", "var table = {"}, {"script.js", "return this;", "this.callbacks = table; return this;"}}},
	}
}
