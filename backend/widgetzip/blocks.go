package widgetzip

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// blocks are the parts of the manifest that belong to a location (W §3.1).
var blocks = map[string]string{
	"digital_pipeline": "dp", "advanced_settings": "advanced", "salesbot_designer": "salesbot_designer", "sms": "sms",
	"mobile_card": "mobile", "amoforms": "amoforms_settings", "widget_page": "left_menu",
}

var cardAreas = []string{"lcard", "ccard", "comcard", "cucard"}

// checkBlocks is M06.
func (c *checker) checkBlocks() {
	for _, area := range slices.Sorted(maps.Keys(blocks)) {
		name := blocks[area]
		block, isObject := c.manifest[name].(map[string]any)
		declared := c.hasLocation(area)
		switch {
		case declared && !isObject:
			c.manifestAt("M06", Moderation, area, "the location %s needs the block %q", area, name)
		case !declared && c.manifest[name] != nil && !(name == "left_menu" && (c.hasLocation("settings") || c.hasLocation("advanced_settings"))):
			c.manifestAt("M06", Moderation, name, "the block %q belongs to the location %s, which is not declared", name, area)
		}
		if !declared || !isObject {
			continue
		}
		if member, ok := map[string]string{"dp": "action_multiple", "advanced": "title", "sms": "endpoint", "mobile": "frame_url"}[name]; ok {
			_, isBool := block[member].(bool)
			if text(block, member) == "" && (name != "dp" || !isBool) {
				c.manifestAt("M06", Moderation, name, "the block %q needs %s", name, member)
			}
		}
	}
	if _, ok := c.files["amoforms.js"]; c.hasLocation("amoforms") && !ok {
		c.manifestAt("M06", Moderation, "amoforms", "the location amoforms needs the file amoforms.js")
	}
	if c.hasLocation("card_sdk") && !slices.ContainsFunc(cardAreas, c.hasLocation) {
		c.manifestAt("M06", Moderation, "card_sdk", "the location card_sdk needs a card: one of %s", strings.Join(cardAreas, ", "))
	}
}

// Members of the manifest that are known (W §3.1, §3.2).
var (
	manifestKeys = []string{
		"widget", "locations", "settings", "tour", "dp", "advanced", "salesbot_designer", "sms", "mobile", "amoforms_settings", "left_menu",
	}
	widgetKeys = []string{
		"name", "description", "short_description", "version", "interface_version", "init_once", "locale", "installation", "is_showcase", "support",
	}
)

// checkKeys is M13.
func (c *checker) checkKeys() {
	for _, key := range slices.Sorted(maps.Keys(c.manifest)) {
		if !slices.Contains(manifestKeys, key) {
			c.manifestAt("M13", Advice, key, "the block %q is not known; leave it out", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(object(c.manifest, "widget"))) {
		switch {
		case key == "code" || key == "secret_key":
			c.manifestAt("M13", Advice, key, "widget.%s is of old widgets; the upload gives the code, leave it out", key)
		case !slices.Contains(widgetKeys, key):
			c.manifestAt("M13", Advice, key, "widget.%s is not known; leave it out", key)
		}
	}
}

// checkOwn is M15: what this product's own widget needs.
func (c *checker) checkOwn() {
	for _, area := range []string{"lead_sources", "settings", "advanced_settings", "everywhere"} {
		if !c.hasLocation(area) {
			c.manifestAt("M15", Moderation, "locations", "this product's widget needs the location %s", area)
		}
	}
	if object(c.manifest, "widget")["init_once"] != false {
		c.manifestAt("M15", Moderation, "init_once", "init_once must be false: this product's widget starts anew on every page")
	}
}

// listCallbacks are called when rows of a list are chosen (W §5.2).
var listCallbacks = map[string]string{"llist": "leads.selected", "clist": "contacts.selected", "tlist": "todo.selected"}

var selectedForm = regexp.MustCompile(`^(contacts|leads|todo|tasks|customers)$`)

// checkUse is M07: a location that the code does nothing for. Locations with
// callbacks of their own are J01's.
func (c *checker) checkUse() {
	main := slices.IndexFunc(c.scripts, func(s *script) bool { return s.name == scriptName })
	if main < 0 {
		return
	}
	found, _, _, idle := c.scripts[main].callbacks()
	selected := false
	for name := range found {
		selected = selected || selectedForm.MatchString(name) || strings.HasSuffix(name, ".selected")
	}
	for _, area := range texts(c.manifest, "locations") {
		area = strings.TrimSuffix(strings.TrimSuffix(area, "-0"), "-1")
		used := true
		switch area {
		case "lcard", "ccard", "comcard", "cucard", "everywhere":
			used = !idle
		case "llist", "clist", "culist", "tlist":
			used = selected || !idle
		case "tline":
			used = found["calendarSync"] || !idle
		}
		if !used {
			message := "nothing is done there: render, init and bind_actions only return"
			if name := listCallbacks[area]; name != "" {
				message = "neither " + name + " nor the start of the widget does anything"
			}
			c.manifestAt("M07", Advice, area, "the location %s is declared, but %s; leave it out", area, message)
		}
	}
}
