package widgetzip

import (
	"strings"
	"testing"
)

const manifest = "manifest.json"

func TestCheckManifest(t *testing.T) {
	t.Parallel()
	runAll(t, []broken{
		{name: "a comment", rule: "M01", severity: Refused, edits: []edit{{manifest, "{\n  \"widget\"", "{ // ours\n  \"widget\""}}},
		{name: "a trailing comma", rule: "M01", severity: Refused, edits: []edit{{manifest, `"lead_sources"]`, `"lead_sources",]`}}},
		{name: "a key twice", rule: "M01", severity: Refused, edits: []edit{{manifest, `"installation": true`, `"installation": true, "installation": true`}}},
		{name: "something after the object", rule: "M01", severity: Refused, put: map[string]string{manifest: "{} {}"}},
		{name: "a list", rule: "M01", severity: Refused, put: map[string]string{manifest: "[]"}},
		{name: "no widget block", rule: "M02", severity: Refused, put: map[string]string{manifest: "{}"}},
		{name: "no name", rule: "M02", severity: Refused, edits: []edit{{manifest, `"name": "widget.name", `, ""}}},
		{name: "installation in quotes", rule: "M02", severity: Refused, edits: []edit{{manifest, `"installation": true`, `"installation": "true"`}}},
		{name: "interface version in quotes", rule: "M02", severity: Refused, edits: []edit{{manifest, `"interface_version": 2`, `"interface_version": "2"`}}},
		{name: "interface version 1", rule: "M02", severity: Refused, edits: []edit{{manifest, `"interface_version": 2`, `"interface_version": 1`}}},
		{name: "init_once in quotes", rule: "M02", severity: Moderation, edits: []edit{{manifest, `"init_once": false`, `"init_once": "N"`}}},
		{name: "no locations", rule: "M02", severity: Refused, edits: []edit{{manifest, `"locations": ["settings", "lead_sources"],`, ""}}},
		{name: "no language", rule: "M03", severity: Refused, edits: []edit{{manifest, `"locale": ["ru", "en"]`, `"locale": []`}}},
		{name: "a language twice", rule: "M03", severity: Refused, edits: []edit{{manifest, `"locale": ["ru", "en"]`, `"locale": ["ru", "en", "en"]`}}},
		{name: "a language of Kommo in amoCRM", rule: "M03", severity: Refused, edits: []edit{{manifest, `"locale": ["ru", "en"]`, `"locale": ["ru", "en", "tr"]`}}},
		{name: "Russian in Kommo", rule: "M03", severity: Refused, platform: Kommo, edits: []edit{{manifest, `"locale": ["en"]`, `"locale": ["en", "ru"]`}}},
		{name: "a version with letters", rule: "M04", severity: Moderation, edits: []edit{{manifest, `"1.0.0"`, `"1.0.0-beta"`}}},
		{name: "an unknown location", rule: "M05", severity: Moderation, edits: []edit{{manifest, `"lead_sources"]`, `"lead_sources", "moon"]`}}},
		{name: "a location twice", rule: "M05", severity: Moderation, edits: []edit{{manifest, `"lead_sources"]`, `"lead_sources", "lcard-0", "lcard-1"]`}}},
		{name: "a suffix where none is allowed", rule: "M05", severity: Moderation, edits: []edit{{manifest, `"lead_sources"]`, `"lead_sources-1"]`}}},
		{name: "no location", rule: "M05", severity: Moderation, edits: []edit{{manifest, `["settings", "lead_sources"]`, `[]`}}},
		{name: "no settings block", rule: "M08", severity: Refused, edits: []edit{{manifest, `"settings": {"service_login"`, `"other": {"service_login"`}}},
		{name: "a field without a name", rule: "M08", severity: Refused, edits: []edit{{manifest, `"name": "settings.service_login", `, ""}}},
		{name: "an unknown type", rule: "M08", severity: Refused, edits: []edit{{manifest, `"type": "text"`, `"type": "string"`}}},
		{name: "required in quotes", rule: "M08", severity: Refused, edits: []edit{{manifest, `"required": true`, `"required": "1"`}}},
		{name: "two custom fields", rule: "M08", severity: Refused, edits: []edit{{manifest, `"settings": {`, `"settings": {"a": {"name": "settings.a", "type": "custom", "required": false}, "b": {"name": "settings.b", "type": "custom", "required": false}, `}}},
		{name: "a custom field without the location", rule: "M08", severity: Refused, edits: []edit{{manifest, `"type": "text"`, `"type": "custom"`}, {manifest, `["settings", `, `[`}}},
		{name: "a reserved field code", rule: "M09", severity: Advice, edits: []edit{{manifest, `"service_login": {`, `"status": {`}}},
		{name: "no support", rule: "M10", severity: Moderation, edits: []edit{{manifest, `{"link": "https://help.example.com", "email": "help@example.com"}`, `{}`}}},
		{name: "a support link without https", rule: "M10", severity: Moderation, edits: []edit{{manifest, "https://help", "http://help"}}},
		{name: "a support e-mail that is none", rule: "M10", severity: Moderation, edits: []edit{{manifest, "help@example.com", "help at example"}}},
		{name: "no tour", rule: "M11", severity: Moderation, edits: []edit{{manifest, `"tour": {`, `"tours": {`}}},
		{name: "is_tour in quotes", rule: "M11", severity: Moderation, edits: []edit{{manifest, `"is_tour": true`, `"is_tour": "true"`}}},
		{name: "a language without pictures", rule: "M11", severity: Moderation, edits: []edit{{manifest, `, "en": ["/images/tour_1_en.png"]`, ""}}},
		{name: "no tour description", rule: "M11", severity: Moderation, edits: []edit{{manifest, `, "tour_description": "widget.tour_description"`, ""}}},
		{name: "a showcase that is installed", rule: "M12", severity: Moderation, edits: []edit{{manifest, `"init_once"`, `"is_showcase": true, "init_once"`}}},
		{name: "an address without https", rule: "M14", severity: Moderation, edits: []edit{{manifest, "https://help", "http://help"}}},
		{name: "no lead_sources", rule: "M15", severity: Moderation, edits: []edit{{manifest, `, "lead_sources"`, ""}}},
		{name: "init_once", rule: "M15", severity: Moderation, edits: []edit{{manifest, `"init_once": false`, `"init_once": true`}}},
	})
}

func TestCheckTexts(t *testing.T) {
	t.Parallel()
	runAll(t, []broken{
		{name: "a trailing comma", rule: "L01", severity: Refused, put: map[string]string{"i18n/en.json": `{"widget": {},}`}},
		{name: "a list", rule: "L01", severity: Refused, put: map[string]string{"i18n/en.json": `[]`}},
		{name: "a text that one language lacks", rule: "L02", severity: Moderation, edits: []edit{{"i18n/en.json", `{"settings"`, `{"more":"x","settings"`}}},
		{name: "a group in one, a text in another", rule: "L02", severity: Moderation, edits: []edit{{"i18n/en.json", `"service_login":"Chat"`, `"service_login":{"a":"b"}`}}},
		{name: "an empty text", rule: "L02", severity: Moderation, edits: []edit{{"i18n/en.json", `"short_description":"Chat"`, `"short_description":" "`}}},
		{name: "a named text is missing", rule: "L03", severity: Refused, edits: []edit{{"i18n/en.json", `"tour_description"`, `"tour_text"`}}},
		{name: "the label is elsewhere", rule: "L04", severity: Refused, edits: []edit{{manifest, `"settings.service_login"`, `"widget.name"`}, {"i18n/en.json", `"service_login"`, `"login"`}}},
		{name: "Cyrillic in English", rule: "L05", severity: Moderation, edits: []edit{{"i18n/en.json", `"Chat"`, `"Чат"`}}},
		{name: "a .ru address in English", rule: "L05", severity: Moderation, edits: []edit{{"i18n/en.json", "help@example.com", "help@example.ru"}}},
		{name: "no Russian in Russian", rule: "L05", severity: Moderation, put: map[string]string{"i18n/ru.json": goodTexts("Chat", "help@example.com")}},
		{name: "no contact", rule: "L06", severity: Moderation, edits: []edit{{"i18n/en.json", "Write to help@example.com", "Press Save"}}},
		{name: "a Russian phone in English", rule: "L06", severity: Moderation, edits: []edit{{"i18n/en.json", "help@example.com", "+7 495 123-45-67"}}},
	})
}

func TestCheckImages(t *testing.T) {
	t.Parallel()
	const min = "images/logo_min.png"
	runAll(t, []broken{
		{name: "the old size", rule: "I01", severity: Moderation, put: map[string]string{min: pngOf(t, 42, 42)}},
		{name: "the old size on Kommo", rule: "I01", severity: Refused, platform: Kommo, put: map[string]string{min: pngOf(t, 42, 42)}},
		{name: "a GIF under the name of a PNG", rule: "I01", severity: Moderation, put: map[string]string{min: gifOf(t)}},
		{name: "a GIF under the name of a PNG on Kommo", rule: "I01", severity: Refused, platform: Kommo, put: map[string]string{min: gifOf(t)}},
		{name: "not a picture", rule: "I01", severity: Moderation, put: map[string]string{min: "hello"}},
		{name: "animated", rule: "I02", severity: Moderation, put: map[string]string{min: pngOf(t, 84, 84) + "acTL"}},
		{name: "a tour picture is missing", rule: "I03", severity: Moderation, drop: []string{"images/tour_1_en.png"}},
		{name: "a tour picture of another size", rule: "I03", severity: Moderation, put: map[string]string{"images/tour_1_en.png": pngOf(t, 1188, 600)}},
	})
}

// bad makes a case that adds a statement to the good script.
func bad(rule, name, statement string) broken {
	return broken{name: name, rule: rule, severity: Moderation, edits: []edit{{"script.js", "'use strict';", "'use strict'; " + statement}}}
}

func TestCheckScriptModule(t *testing.T) {
	t.Parallel()
	j01 := func(name string, edits ...edit) broken {
		return broken{name: name, rule: "J01", severity: Refused, edits: edits}
	}
	head, open, end := "define(['jquery', './lib/a.js'], function ($, a) {", "return function CustomWidget() {", "  };\n});"
	runAll(t, []broken{
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
	})
}

func TestCheckScriptForms(t *testing.T) {
	t.Parallel()
	open, end := "return function CustomWidget() {", "  };\n});"
	for name, edits := range map[string][][2]string{
		"a function by name":            {{open, "function W() {"}, {end, "  }\n  return W;\n});"}},
		"a variable":                    {{open, "var W = function () {"}, {end, "  };\n  return W;\n});"}},
		"callbacks through self":        {{open, open + " var self = this;"}, {"this.callbacks", "self.callbacks"}},
		"callbacks extended":            {{"this.callbacks = {", "this.callbacks = $.extend({}, {"}, {"    };\n    return this", "    });\n    return this"}},
		"a dependency with a version":   {{"./lib/a.js", "./lib/a.js?v=1.0.0"}},
		"a dependency without the .js":  {{"./lib/a.js", "./lib/a"}},
		"console.debug":                 {{open, "console.debug('x');\n  " + open}},
		"console.trace in a catch":      {{open, "try { a.b(); } catch (e) { console.trace(e); }\n  " + open}},
		"console.trace on a rejection":  {{open, "a.then(null, function (e) { console.trace(e); });\n  " + open}},
		"an own function called alert":  {{open, "function alert() {} alert();\n  " + open}},
		"setTimeout with a function":    {{open, "setTimeout(function () {}, 1);\n  " + open}},
		"a member that is called write": {{open, "a.write('x');\n  " + open}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := goodFiles(t, AmoCRM)
			for _, e := range edits {
				if !strings.Contains(files["script.js"], e[0]) {
					t.Fatalf("script.js does not hold %q", e[0])
				}
				files["script.js"] = strings.ReplaceAll(files["script.js"], e[0], e[1])
			}
			if got := Check(zipOf(t, files), FileName, Options{Platform: AmoCRM}); len(got) != 0 {
				t.Errorf("findings = %v, want none", got)
			}
		})
	}
}

func TestCheckScriptCalls(t *testing.T) {
	t.Parallel()
	runAll(t, []broken{
		bad("J02", "eval", "eval('1');"),
		bad("J02", "new Function", "new Function('return 1')();"),
		bad("J02", "a text for setTimeout", "setTimeout('go()', 1);"),
		bad("J02", "a text for window.setInterval", "window.setInterval('go()', 1);"),
		bad("J02", "document.write", "document.write('x');"),
		bad("J03", "alert", "alert('x');"),
		bad("J03", "window.confirm", "window.confirm('x');"),
		bad("J04", "console.log", "console.log('x');"),
		bad("J04", "console.error in a catch", "try { $(); } catch (e) { console.error(e); }"),
		bad("J04", "console.trace outside of a catch", "console.trace('x');"),
		bad("J04", "console.error as a handler", "a.then(null, console.error);"),
		bad("J05", "a synchronous request", "$.ajax({ url: '/x', async: false });"),
		bad("J07", "a script element", "document.createElement('script');"),
		bad("J07", "getScript", "$.getScript('https://cdn.example.com/x.js');"),
		bad("J07", "a script in HTML", `$('body').append('<script src="x.js"></' + 'script>');`),
		{name: "an address as a dependency", rule: "J07", severity: Moderation, edits: []edit{{"script.js", "['jquery'", "['https://cdn.example.com/x.js'"}}},
	})
}

func TestFindingsNameTheLine(t *testing.T) {
	t.Parallel()
	files := goodFiles(t, AmoCRM)
	files["lib/a.js"] = "define(function () {\n  console.log('x');\n  return 1;\n});\n"
	got := Check(zipOf(t, files), FileName, Options{Platform: AmoCRM})
	if len(got) != 1 || got[0].File != "lib/a.js" || got[0].Line != 2 || got[0].Rule != "J04" {
		t.Errorf("findings = %v, want J04 at lib/a.js:2", got)
	}
}
