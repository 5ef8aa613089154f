package widgetzip

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
)

var (
	cyrillic = regexp.MustCompile(`\p{Cyrillic}`)
	// A .ru host in an address, in an e-mail or alone.
	ruDomain = regexp.MustCompile(`(?i)[a-z0-9-]\.ru\b`)
	email    = regexp.MustCompile(`[^\s@]+@[^\s@]+\.[^\s@]+`)
	english  = regexp.MustCompile(`(?i)\b(english|inglés|inglês)`) // support in English is declared
	phone    = regexp.MustCompile(`\+?\d[\d ()-]{6,}\d`)
)

// hints are the beginnings of words that tell how to set something up, by language.
var hints = map[string]*regexp.Regexp{
	"ru": regexp.MustCompile(`(?i)(нажм|нажат|введ|ввест|укаж|указ|установ|настро|подключ|откро|сохран|зайд|войд|войт|выбер|скопир|встав)`),
	"en": regexp.MustCompile(`(?i)\b(press|click|enter|open|install|connect|set ?up|sign in|log in|save|choose|select|copy|paste|configur)`),
	"es": regexp.MustCompile(`(?i)\b(puls|presion|clic|introdu|ingres|abr|instal|conect|configur|guard|inici|eli|seleccion|copi|peg|escrib)`),
	"pt": regexp.MustCompile(`(?i)\b(press|clique|clic|insir|digit|introdu|abr|instal|conect|configur|salv|guard|inici|entr|escolh|selecion|copi|col)`),
}

// quoted is a text as it begins in a JSON file, to find its line.
func quoted(text string) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(text[:min(len(text), 100)]); err != nil || out.Len() < 4 {
		return ""
	}
	return strings.ToValidUTF8(out.String()[1:min(out.Len()-2, 25)], "")
}

// checkTexts is W §9.3.
func (c *checker) checkTexts() {
	trees := map[string]map[string]any{}
	for _, l := range c.locales() {
		name := "i18n/" + l + ".json"
		raw, ok := c.files[name]
		if !ok {
			continue // Z05 has said so
		}
		if len(raw) > maxJSONBytes {
			c.add("L01", Refused, name, 0, "the file has %d bytes and was not read", len(raw))
			continue
		}
		tree, err := readJSON(raw)
		if err != nil {
			line := 0
			if e, ok := errors.AsType[*jsonError](err); ok {
				line = e.line
			}
			c.add("L01", Refused, name, line, "not a strict JSON object: %v", err)
			continue
		}
		trees[l] = tree
		c.checkNamedKeys(name, tree)
		c.checkLanguage(l, name)
		c.checkContact(l, name, tree)
		c.checkMarkup(name, tree)
		c.checkMarketing(name, tree)
	}
	c.trees = trees
	c.checkSameKeys(trees)
}

// namedKeys are the texts that the manifest and the modal ask for.
func (c *checker) namedKeys() (keys []string) {
	w := object(c.manifest, "widget")
	for _, k := range []string{"name", "description", "short_description"} {
		keys = append(keys, text(w, k))
	}
	keys = append(keys, text(object(c.manifest, "tour"), "tour_description"), text(object(c.manifest, "advanced"), "title"), text(object(c.manifest, "dp"), "title"))
	for _, fields := range []map[string]any{object(c.manifest, "settings"), object(object(c.manifest, "dp"), "settings")} {
		for code := range fields {
			keys = append(keys, text(fields[code], "name"))
		}
	}
	forms := object(c.manifest, "amoforms_settings")
	keys = append(keys, text(forms, "title"), text(forms, "error_text"))
	handlers := object(c.manifest, "salesbot_designer")
	for code := range handlers {
		keys = append(keys, text(handlers[code], "name"))
		fields := object(handlers[code], "settings")
		for f := range fields {
			keys = append(keys, text(fields[f], "name"), text(fields[f], "default_value"))
		}
	}
	menu := object(c.manifest, "left_menu")
	for item := range menu {
		keys = append(keys, text(menu[item], "title"))
		sub := object(menu[item], "submenu")
		for s := range sub {
			keys = append(keys, text(sub[s], "title"))
		}
	}
	if c.hasLocation("ai_agent") {
		keys = append(keys, "widget.ai_agent_description")
	}
	slices.Sort(keys)
	return slices.DeleteFunc(slices.Compact(keys), func(k string) bool { return k == "" })
}

// checkNamedKeys is L03 and L04.
func (c *checker) checkNamedKeys(name string, tree map[string]any) {
	for _, key := range c.namedKeys() {
		if find(tree, key) == "" {
			c.add("L03", Refused, name, 0, "the manifest names the text %q, which is not here", key)
		}
	}
	fields := object(c.manifest, "settings")
	for code := range fields {
		if key := "settings." + code; text(fields[code], "type") != "custom" && find(tree, key) == "" {
			c.add("L04", Refused, name, 0, "the text %q is missing: the window takes the field's label from there, whatever the manifest names", key)
		}
	}
}

// find is the text at a dotted path, "" when there is none.
func find(tree map[string]any, dotted string) string {
	parts := strings.Split(dotted, ".")
	for _, p := range parts[:len(parts)-1] {
		tree = object(tree, p)
	}
	return text(tree, parts[len(parts)-1])
}

// checkLanguage is L05 where it can be seen from letters.
func (c *checker) checkLanguage(l, name string) {
	raw := c.files[name]
	if c.platform == Kommo {
		return
	}
	if l == "ru" {
		if !cyrillic.Match(raw) {
			c.add("L05", Moderation, name, 0, "there is no Russian in the Russian texts")
		}
		return
	}
	for rule, form := range map[string]*regexp.Regexp{"Cyrillic letters": cyrillic, "an address in .ru": ruDomain} {
		if at := form.FindIndex(raw); at != nil {
			c.add("L05", Moderation, name, lineAt(raw, at[0]), "%s in texts of %q; this language has texts and addresses of its own", rule, l)
		}
	}
}

// checkContact is L06 where it can be seen: a way to reach the support.
func (c *checker) checkContact(l, name string, tree map[string]any) {
	key := text(object(c.manifest, "widget"), "description")
	description := find(tree, key)
	number := strings.TrimSpace(phone.FindString(description))
	switch {
	case description == "":
	case number == "" && !email.MatchString(description):
		c.add("L06", Moderation, name, lineOf(c.files[name], quoted(description)), "the description names neither a phone nor an e-mail of the support")
	case hints[l] != nil && !hints[l].MatchString(description):
		c.add("L06", Moderation, name, lineOf(c.files[name], quoted(description)), "the description does not say how to set the widget up; say what to enter and what to press")
	case l != "ru" && !english.MatchString(description) && number != "" && !strings.HasPrefix(number, "+1"):
		c.add("L06", Moderation, name, lineOf(c.files[name], number), "the phone %s does not begin with +1; leave it out or give one for this language", number)
	}
}

// checkSameKeys is L02.
func (c *checker) checkSameKeys(trees map[string]map[string]any) {
	kinds := map[string]map[string]string{}
	all := map[string]string{}
	for l, tree := range trees {
		kinds[l] = map[string]string{}
		c.leaves("i18n/"+l+".json", tree, "", kinds[l])
	}
	for _, l := range c.locales() {
		for key, kind := range kinds[l] {
			if all[key] == "" {
				all[key] = kind
			}
		}
	}
	keys := make([]string, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for l := range trees {
		for _, key := range keys {
			switch got := kinds[l][key]; {
			case got == "":
				c.add("L02", Moderation, "i18n/"+l+".json", 0, "%s is missing here, another language has it", key)
			case got != all[key]:
				c.add("L02", Moderation, "i18n/"+l+".json", 0, "%s is %s here and %s in another language", key, got, all[key])
			}
		}
	}
}

// leaves collects the kind of every value by its dotted path.
func (c *checker) leaves(file string, v any, path string, kinds map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		if path != "" {
			kinds[path] = "a group"
		}
		for k, one := range v {
			if path != "" {
				k = path + "." + k
			}
			c.leaves(file, one, k, kinds)
		}
	case string:
		kinds[path] = "a text"
		if strings.TrimSpace(v) == "" {
			c.add("L02", Moderation, file, 0, "%s is an empty text", path)
		}
	default:
		kinds[path] = "another value"
	}
}
