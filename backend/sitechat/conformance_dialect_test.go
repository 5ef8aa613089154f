package sitechat

import (
	"testing"
)

func TestDIA1(t *testing.T) {
	t.Parallel()
	// One build serves a page in either dialect.
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>SAY SETTINGS STUB FN("onChatReady", say("ready"))</script>TAG`)
		s.until("log.length")
		s.value(d.words(`[typeof FN, typeof OBJ.setMeta]`), []string{"function", "function"})
		s.silent()
	})
}

func TestDIA2(t *testing.T) {
	t.Parallel()
	// The configuration's name is the function's plus Config, and the other dialect's says nothing.
	inBoth(t, func(t *testing.T, d Dialect) {
		s := visitIn(t, d, `<script>window["FN" + "Config"] = {color: "rgb(1, 2, 3)"}; window["`+(AmoCRM+Kommo-d).Command()+`Config"] = {color: "rgb(9, 9, 9)"}; SETTINGS</script>TAG`)
		s.until(ready)
		s.value(style(".amo-button", "backgroundColor"), "rgb(1, 2, 3)")
	})
}

func TestDIA3(t *testing.T) {
	t.Parallel()
	inBoth(t, func(t *testing.T, d Dialect) {
		other := AmoCRM + Kommo - d
		for name, html := range map[string]string{
			"by the script's id, whatever its end":  `<script>SETTINGS ` + other.Settings() + ` = {id: "9", hash: "HASH"}</script><script id="OBJ_script_inline" src="LOADER"></script>`,
			"by the settings, where it has none":    `<script>SETTINGS window.` + other.Command() + ` = function () {}</script><script src="LOADER"></script>`,
			"by the function":                       `<script>window.FN = function () {}; window.` + other.Command() + `Config = {}</script><script src="LOADER?id=1042&hash=HASH"></script>`,
			"by the configuration":                  `<script>window.FNConfig = {}</script><script src="LOADER?id=1042&hash=HASH"></script>`,
			"an element is nobody's settings":       `<div id="` + other.Settings() + `"></div><script>SETTINGS</script><script src="LOADER"></script>`,
			"by the id of an element that was made": `<script>SETTINGS ` + other.Settings() + ` = {id: "9", hash: "HASH"}; BOOT</script>`,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := visitIn(t, d, html)
				s.until(ready)
				s.value(d.words(`typeof window.FN?.q`), "object")
				s.value(`Array.isArray(window.`+other.Command()+`?.q)`, false)
				if n := s.askedFor("config 1042"); n != 1 {
					t.Errorf("asked for the button %d times", n)
				}
			})
		}
	})
	t.Run("nothing found: one warning, and nothing else", func(t *testing.T) {
		t.Parallel()
		s := visit(t, `<script src="LOADER"></script>`)
		waitFor(t, func() bool { return len(s.heard("warning")) == 1 })
		s.value(`[document.querySelector("#amobutton"), typeof window.crmPlugin, typeof window.amoSocialButton]`, []any{nil, "undefined", "undefined"})
	})
}
