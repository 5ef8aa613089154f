package widgetzip

import (
	"errors"
	"net/mail"
	"regexp"
	"slices"
	"strings"
)

// locations are the areas of the widget specification §3.3; true means that
// the suffixes -0 and -1 are allowed.
var locations = map[string]bool{
	"lcard": true, "ccard": true, "comcard": true, "cucard": true, "llist": true, "clist": true, "culist": true, "tlist": true,
	"tline": false, "tcalendar": false, "settings": false, "advanced_settings": false, "card_sdk": false, "catalogs": false,
	"digital_pipeline": false, "lead_sources": false, "whatsapp_modal": false, "salesbot_designer": false, "sms": false,
	"mobile_card": false, "amoforms": false, "widget_page": false, "website_chat_button": false, "ai_agent": false, "everywhere": false,
}

var (
	fieldTypes    = []string{"text", "pass", "users", "users_lp", "custom"}
	fieldCode     = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	reservedCodes = []string{"id", "status", "path", "version", "support", "widget_code", "widget_active", "images_path", "oauth_client_uuid", "password"}
	plainAddress  = regexp.MustCompile(`http://[^\s"'<>]+`)
)

const manifestName = "manifest.json"

// checkManifest is W §9.4. Later checks read c.manifest; it is nil when the
// file cannot be read.
func (c *checker) checkManifest(o Options) {
	raw, ok := c.files[manifestName]
	if !ok {
		return // Z02 has said so
	}
	if len(raw) > maxJSONBytes {
		c.add("M01", Refused, manifestName, 0, "the file has %d bytes and was not read", len(raw))
		return
	}
	m, err := readJSON(raw)
	if err != nil {
		line := 0
		if e, ok := errors.AsType[*jsonError](err); ok {
			line = e.line
		}
		c.add("M01", Refused, manifestName, line, "not strict JSON: %v; no comments, no trailing commas, each key once", err)
		return
	}
	c.manifest = m
	c.checkRequired()
	c.checkLocales()
	c.checkVersion(o.Previous)
	c.checkLocations()
	c.checkBlocks()
	c.checkKeys()
	if o.Own {
		c.checkOwn()
	}
	c.checkSettings()
	c.checkSupport()
	c.checkTour()
}

func (c *checker) manifestAt(rule string, s Severity, key, format string, args ...any) {
	if c.full(rule, manifestName) {
		return
	}
	c.add(rule, s, manifestName, lineOf(c.files[manifestName], `"`+key+`"`), format, args...)
}

// checkRequired is M02 (and M12): the members that review wants, with their types.
func (c *checker) checkRequired() {
	w, ok := c.manifest["widget"].(map[string]any)
	if !ok {
		c.add("M02", Refused, manifestName, 1, `the block "widget" is missing`)
		return
	}
	for _, key := range []string{"name", "description", "short_description"} {
		if text(w, key) == "" {
			c.manifestAt("M02", Refused, key, "widget.%s is missing or not a string; name the key of the text, like %q", key, "widget."+key)
		}
	}
	if _, ok := w["installation"].(bool); !ok {
		c.manifestAt("M02", Refused, "installation", "widget.installation is missing or not true/false without quotes")
	}
	if v, ok := w["interface_version"].(float64); !ok || v != 2 {
		c.manifestAt("M02", Refused, "interface_version", "widget.interface_version must be the number 2")
	}
	for _, key := range []string{"init_once", "is_showcase"} {
		if v, ok := w[key]; ok {
			if _, ok := v.(bool); !ok {
				c.manifestAt("M02", Moderation, key, "widget.%s must be true or false without quotes", key)
			}
		}
	}
	if w["is_showcase"] == true && w["installation"] != false {
		c.manifestAt("M12", Moderation, "is_showcase", "is_showcase needs installation: false")
	}
	if _, ok := c.manifest["locations"].([]any); !ok {
		c.add("M02", Refused, manifestName, 0, `the list "locations" is missing`)
	}
}

// checkLocales is M03 and Z05.
func (c *checker) checkLocales() {
	w := object(c.manifest, "widget")
	all, ok := w["locale"].([]any)
	if !ok || len(all) == 0 {
		c.manifestAt("M03", Refused, "locale", "widget.locale must be a list with at least one language")
	}
	allowed := products[c.platform].allowed
	seen := map[string]bool{}
	for _, one := range all {
		l, ok := one.(string)
		switch {
		case !ok || !slices.Contains(allowed, l):
			c.manifestAt("M03", Refused, "locale", "the language %v is not taken here; allowed: %s", one, strings.Join(allowed, ", "))
		case seen[l]:
			c.manifestAt("M03", Refused, "locale", "the language %s stands twice", l)
		default:
			if _, ok := c.files["i18n/"+l+".json"]; !ok {
				c.add("Z05", Refused, "i18n/"+l+".json", 0, "the manifest names the language %s, its file is missing", l)
			}
		}
		seen[l] = true
	}
	for _, name := range c.names() {
		if l, ok := strings.CutPrefix(name, "i18n/"); ok && !seen[strings.TrimSuffix(l, ".json")] {
			c.add("Z05", Advice, name, 0, "the manifest does not name this language; add it to widget.locale or leave the file out")
		}
	}
}

// locales are the declared languages that the platform knows, each once.
func (c *checker) locales() []string {
	l := slices.DeleteFunc(texts(object(c.manifest, "widget"), "locale"), func(one string) bool {
		return !slices.Contains(products[c.platform].allowed, one)
	})
	slices.Sort(l)
	return slices.Compact(l)
}

// checkVersion is M04.
func (c *checker) checkVersion(previous string) {
	v := text(object(c.manifest, "widget"), "version")
	switch {
	case !versionForm.MatchString(v):
		c.manifestAt("M04", Moderation, "version", "widget.version must be dotted digits like 1.0.0, higher with every upload")
	case versionForm.MatchString(previous) && compareVersions(v, previous) <= 0:
		c.manifestAt("M04", Moderation, "version", "widget.version is %s, the last upload had %s; raise it, browsers keep the old files otherwise", v, previous)
	}
}

// compareVersions is negative when a is lower than b; both are dotted digits.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		x, y := "0", "0"
		if i < len(as) {
			x = strings.TrimLeft(as[i], "0")
		}
		if i < len(bs) {
			y = strings.TrimLeft(bs[i], "0")
		}
		x, y = strings.TrimPrefix(x, "0"), strings.TrimPrefix(y, "0")
		if d := len(x) - len(y); d != 0 {
			return d
		}
		if d := strings.Compare(x, y); d != 0 {
			return d
		}
	}
	return 0
}

// checkLocations is M05.
func (c *checker) checkLocations() {
	all := list(c.manifest, "locations")
	if len(all) == 0 {
		c.manifestAt("M05", Moderation, "locations", "locations is empty: the widget would appear nowhere")
	}
	seen := map[string]string{}
	for _, one := range all {
		full, _ := one.(string)
		area, suffix := full, ""
		if strings.HasSuffix(full, "-0") || strings.HasSuffix(full, "-1") {
			area, suffix = full[:len(full)-2], full[len(full)-2:]
		}
		mayHave, known := locations[area]
		switch {
		case !known:
			c.manifestAt("M05", Moderation, full, "the location %v is not known", one)
		case suffix != "" && !mayHave:
			c.manifestAt("M05", Moderation, full, "the location %s takes no suffix", area)
		case seen[area] != "":
			c.manifestAt("M05", Moderation, full, "the location %s stands twice (%s, %s)", area, seen[area], full)
		}
		seen[area] = full
	}
}

// hasLocation tells whether an area is declared, with or without a suffix.
func (c *checker) hasLocation(area string) bool {
	for _, l := range texts(c.manifest, "locations") {
		if l == area || l == area+"-0" || l == area+"-1" {
			return true
		}
	}
	return false
}

// checkSettings is M08 and M09.
func (c *checker) checkSettings() {
	fields, ok := c.manifest["settings"].(map[string]any)
	if !ok {
		if object(c.manifest, "widget")["installation"] == true || c.manifest["settings"] != nil {
			c.manifestAt("M08", Refused, "settings", `the block "settings" is missing or not an object; a widget that is installed needs it`)
		}
		return
	}
	custom := 0
	for code, v := range fields {
		f, _ := v.(map[string]any)
		if text(f, "name") == "" {
			c.manifestAt("M08", Refused, code, "the field %s has no name; give the key settings.%s", code, code)
		}
		if !slices.Contains(fieldTypes, text(f, "type")) {
			c.manifestAt("M08", Refused, code, "the field %s has no known type; use one of %s", code, strings.Join(fieldTypes, ", "))
		}
		if _, ok := f["required"].(bool); !ok {
			c.manifestAt("M08", Refused, code, "the field %s needs required: true or false without quotes", code)
		}
		if text(f, "type") == "custom" {
			custom++
		}
		if !fieldCode.MatchString(code) || slices.Contains(reservedCodes, code) {
			c.manifestAt("M09", Advice, code, "the field code %q is reserved or unusual; use small letters, digits and _", code)
		}
	}
	if custom > 1 {
		c.manifestAt("M08", Refused, "settings", "%d fields of type custom; one is the most", custom)
	}
	if custom > 0 && !c.hasLocation("settings") {
		c.manifestAt("M08", Refused, "locations", "a field of type custom needs the location settings")
	}
}

// checkSupport is M10 and M14.
func (c *checker) checkSupport() {
	s := object(object(c.manifest, "widget"), "support")
	link, email := text(s, "link"), text(s, "email")
	switch a, err := mail.ParseAddress(email); {
	case link != "" && !strings.HasPrefix(link, "https://"):
		c.manifestAt("M10", Moderation, "link", "support.link must be an https address")
	case link == "" && email == "":
		c.manifestAt("M10", Moderation, "support", "give support.link or support.email, better both")
	case email != "" && (err != nil || a.Address != email):
		c.manifestAt("M10", Moderation, "email", "support.email is not an e-mail address")
	}
	raw := c.files[manifestName]
	for _, at := range plainAddress.FindAllIndex(raw, 20) {
		c.add("M14", Moderation, manifestName, lineAt(raw, at[0]), "%s: only https addresses", raw[at[0]:at[1]])
	}
}

// checkTour is M11; the pictures themselves are I03.
func (c *checker) checkTour() {
	tour, ok := c.manifest["tour"].(map[string]any)
	if !ok {
		c.add("M11", Moderation, manifestName, 0, `the block "tour" is missing; review wants slides for people who have not installed yet`)
		return
	}
	if tour["is_tour"] != true {
		c.manifestAt("M11", Moderation, "is_tour", "tour.is_tour must be true")
	}
	if text(tour, "tour_description") == "" {
		c.manifestAt("M11", Moderation, "tour_description", "tour.tour_description must name the key of a text")
	}
	for _, l := range c.locales() {
		if n := len(texts(object(tour, "tour_images"), l)); n < 1 || n > 5 {
			c.manifestAt("M11", Moderation, "tour_images", "tour_images.%s has %d pictures; 1 to 5 are needed for each language", l, n)
		}
	}
}
