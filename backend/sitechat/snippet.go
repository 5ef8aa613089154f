package sitechat

import (
	"encoding/json"
	"strings"
)

// Dialect is one of the two sets of global names of the site API (DIA-1).
type Dialect int

// The dialects.
const (
	AmoCRM Dialect = iota
	Kommo
)

// Command is the name of the command function.
func (d Dialect) Command() string {
	if d == Kommo {
		return "crmPlugin"
	}
	return "amoSocialButton"
}

// Settings is the name of the settings object; the loader's script element is called after it.
func (d Dialect) Settings() string {
	if d == Kommo {
		return "crm_plugin"
	}
	return "amo_social_button"
}

// Embed is what a snippet is made of.
type Embed struct {
	ButtonID string
	// Hash is the button's public key, 64 lower-case hex digits.
	Hash   string
	Locale string
	// LoaderURL is the address of the loader on the chat host, ending in /js/button.js: the loader finds the rest from it.
	LoaderURL string
	// Inline shows the channels in a row instead of behind one button (O §1.2).
	Inline bool
	// Hidden starts without a launcher: the variant "online chat only" of EMB-6.3.
	Hidden bool
}

// Snippet is the code that a site pastes (EMB-1, EMB-3): one inline classic script that works in strict mode and in modules
// too. Every value is written so that it can end neither its string nor the script element.
func Snippet(d Dialect, e Embed) string {
	hidden := ""
	if e.Hidden {
		// The configuration's name is the command's plus Config (DIA-2); an object of the site's own is kept.
		hidden = "  (win[fn + \"Config\"] = win[fn + \"Config\"] || {}).hidden = true;\n"
	}
	return strings.NewReplacer(
		"{id}", quote(e.ButtonID), "{hash}", quote(e.Hash), "{locale}", quote(e.Locale), "{inline}", quote(e.Inline),
		"{hidden}", hidden, "{fn}", quote(d.Command()), "{obj}", quote(d.Settings()), "{src}", quote(e.LoaderURL),
	).Replace(snippet)
}

const snippet = `<script>
(function (win, doc, fn, obj, src) {
  win[obj] = {
    id: {id}, hash: {hash}, locale: {locale}, inline: {inline},
    setMeta: function (data) { this.params = this.params || []; this.params.push(data); }
  };
  if (!win[fn]) {
    win[fn] = function () { win[fn].q.push(arguments); };
    win[fn].q = [];
  }
{hidden}  var tag = doc.createElement("script");
  tag.async = true; tag.id = obj + "_script"; tag.src = src;
  (doc.head || doc.documentElement).appendChild(tag);
})(window, document, {fn}, {obj}, {src});
</script>
`

// quote writes a value as JSON. The encoder escapes <, >, & and the line separators that old engines take for line ends.
func quote(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		// Only strings and booleans come here.
		panic(err)
	}
	return string(raw)
}
