package sitechat

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"leadline/backend/browsertest"
)

// bundled gives a page of testdata/package as a site's own build makes it, with the real framework.
func bundled(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("node_modules/.bin/esbuild", "testdata/package/"+name+".js", "--bundle", "--format=iife",
		`--define:process.env.NODE_ENV="development"`, // React then mounts everything twice
		"--define:__VUE_OPTIONS_API__=true", "--define:__VUE_PROD_DEVTOOLS__=false", "--define:__VUE_PROD_HYDRATION_MISMATCH_DETAILS__=false").Output()
	if err != nil {
		browsertest.Missing(t, "no esbuild in sitechat/node_modules (npm ci): tests of the package did not run: "+err.Error())
	}
	return string(out)
}

// appPage is a page whose only script is the site's own bundle.
func appPage(t *testing.T, name string) func(*site) {
	script := bundled(t, name)
	return func(s *site) {
		answers(s)
		routes := s.routes
		s.routes = func(chat *http.ServeMux) {
			routes(chat)
			chat.HandleFunc("GET /app.js", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", scriptType)
				fmt.Fprint(w, script)
			})
		}
	}
}

func TestTheChatFollowsAFramework(t *testing.T) {
	t.Parallel()
	for _, framework := range []string{"react", "vue"} {
		t.Run(framework, func(t *testing.T) {
			t.Parallel()
			s := visit(t, `<div id="app"></div><script>
				chatOptions = {host: "LOADER".replace("js/button.js", ""), id: 1042, hash: "HASH", locale: "en"};
				apps = () => [document.querySelectorAll("#amobutton").length, document.querySelectorAll("iframe").length, document.querySelectorAll("#crm_plugin_script").length];
				press = (id) => document.getElementById(id).click();
				const tag = document.createElement("script"); tag.src = chatOptions.host + "app.js"; document.body.append(tag);
			</script>`, appPage(t, framework))
			s.until(ready)
			s.value("apps()", []int{1, 0, 1})
			s.value(`getComputedStyle(document.querySelector(".amo-button--main")).backgroundColor`, "rgb(18, 52, 86)")
			// Another render is no other chat.
			s.run(`first = document.querySelector("#amobutton"); press("again")`)
			s.until(`document.getElementById("again").textContent === "Render 1"`)
			s.value(`first === document.querySelector("#amobutton")`, true)
			// The site's own button opens it.
			s.run(`press("own")`)
			s.until(`document.querySelector("iframe") && !document.querySelector(".amo-livechat_hidden")`)
			// Who signs in gets a chat of their own (EMB-21).
			s.run(`press("user")`)
			s.until(`document.querySelector("#amobutton") && first !== document.querySelector("#amobutton")`)
			s.value("apps()[0]", 1)
			s.value("crmPluginConfig.onlinechat.user_id", "c-77")
			// Off, and on again.
			s.run(`press("off")`)
			s.until("apps().join() === '0,0,0'")
			s.run(`press("off")`)
			s.until(ready)
			s.value("apps()", []int{1, 0, 1})
			for _, line := range s.heard("") {
				if !strings.HasPrefix(line, "info: ") { // React's greeting to developers
					t.Errorf("the page said %q", line)
				}
			}
		})
	}
}

func TestMountChat(t *testing.T) {
	t.Parallel()
	s := visit(t, `<html lang="en"><script>
		chatOptions = {host: "LOADER".replace("/js/button.js", "///"), id: "1042", hash: "HASH"}; log = [];
		const tag = document.createElement("script"); tag.src = "LOADER".replace("js/button.js", "app.js"); document.head.append(tag);
	</script>`, appPage(t, "plain"))
	s.until("window.mountChat")
	s.run(`chat = mountChat(chatOptions); off = chat.on("onChatShow", () => log.push("show")); chat.on("onChatHide", () => log.push("hide"));
		chat.setMeta({bot_params: {plan: "pro"}}); chat.show()`)
	s.until("log.length")
	s.run(`off(); chat.hide(); chat.show(); chat.hide()`)
	s.until("log.length > 2")
	s.value("log", []string{"show", "hide", "hide"})
	s.value("[crm_plugin.params, crm_plugin.locale]", []any{[]any{map[string]any{"bot_params": map[string]string{"plan": "pro"}}}, "en"})
	// Another one takes its place; the earlier one is dead.
	s.run(`log.length = 0; second = mountChat({...chatOptions, config: {hidden: true}}); chat.show(); second.on("onChatReady", () => log.push("ready"))`)
	s.until("log.length")
	s.value(`[log, document.querySelectorAll(".amo-livechat_chat:not(.amo-livechat_hidden)").length]`, []any{[]string{"ready"}, 0})
	s.run(`second.unmount(); second.unmount(); second.show()`)
	s.until(`!document.querySelector("#amobutton")`)
	s.value(`document.querySelectorAll("#crm_plugin_script").length`, 0)
	// The other dialect's names.
	s.run(`third = mountChat({...chatOptions, dialect: "amocrm"})`)
	s.until(ready)
	s.value("typeof amoSocialButton", "function")
	if said := s.heard(""); len(said) > 0 {
		t.Errorf("the page said %q", said)
	}
}
