package sitechat

import "testing"

type chatState struct {
	Ready  bool `json:"ready"`
	Open   bool `json:"open"`
	Unread int  `json:"unread"`
}

// What the site API has beside the vendor's, under names that the vendor does not have (EVT-10).
func TestOwnAdditions(t *testing.T) {
	t.Parallel()
	h := &host{}
	s := visit(t, script(kommoSettings+`log = []; crmPlugin = function () { crmPlugin.q.push(arguments) }; crmPlugin.q = [];
		crmPlugin("onUnreadChange", (...args) => log.push(["unread", ...args])); crmPlugin("onVisitorMessage", (...args) => log.push(["wrote", ...args]));
		crmPlugin("getState"); crmPlugin("getState", "no function"); crmPlugin("getState", (state) => { log.push({...state}); state.open = 7 });`), chatting(h))
	s.until(ready)
	s.until("log.length")
	s.value("log", []any{chatState{false, false, 0}}) // asked before there was anything
	p := s.panel()
	s.run(`log.length = 0; crmPlugin("getState", (state) => log.push(state)); log.push("later")`) // EVT-5
	s.until("log.length > 1")
	s.value("log", []any{"later", chatState{true, true, 0}})
	// What the visitor writes is told when the server has it, without its words.
	s.run(`log.length = 0`)
	p.run(`document.querySelector(".sc-composer textarea").value = "Are you open?"; document.querySelector(".sc-composer textarea").dispatchEvent(new Event("input", {bubbles: true})); document.querySelector(".sc-composer").requestSubmit()`)
	s.until("log.length")
	s.value("log", []any{[]string{"wrote"}})
	// What the visitor has not seen is counted while the chat is closed, and no longer when it is open.
	s.run(`log.length = 0; crmPlugin("runChatHide")`)
	s.until(`document.querySelector(".amo-livechat_hidden")`)
	h.says(message{"text": "Until eight."})
	s.until("log.length")
	s.run(`crmPlugin("getState", (state) => log.push(state))`)
	s.until("log.length > 1")
	s.value("log", []any{[]any{"unread", 1}, chatState{true, false, 1}})
	s.run(`log.length = 0; crmPlugin("runChatShow")`)
	s.until("log.length")
	s.value("log", []any{[]any{"unread", 0}})
	if said := s.heard(""); len(said) > 0 {
		t.Errorf("the page said %q", said)
	}
}
