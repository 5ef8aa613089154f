package sandbox

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestOperatorByControlAPI: what an operator does, over HTTP, as README.md says.
func TestOperatorByControlAPI(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chat := b.chat()
	first := b.box.Messages(testAccount)[0].ID
	api := b.url + "/control/v1/"
	upload := func(name, kind, contentType string, data []byte) string {
		t.Helper()
		req := request("POST", fmt.Sprintf("%saccounts/%d/files?name=%s&kind=%s", api, testAccount, name, kind), string(data), "Content-Type", contentType)
		return string(b.must(req, 200).body)
	}
	one, two := upload("1.png", "", "image/png", pngOf(t, 5, 5)), upload("note.wav", "voice", "audio/wav", wavOf(100))
	hooks := 0
	for _, tt := range []struct {
		name, path, body string
		want             int
		hooks            int
		field            string // of the last hook's message
		value            any
	}{
		{"a file", "chats/" + chat + "/say", two, 200, 1, "type", "voice"},
		{"an album", "chats/" + chat + "/album", `{"text":"both","files":[` + one + `,` + two + `]}`, 200, 2, "file_name", "note.wav"},
		{"an album of one", "chats/" + chat + "/album", `{"files":[` + one + `]}`, 422, 0, "", nil},
		{"a quote", "chats/" + chat + "/say", `{"text":"this","user_id":9000003,"reply_to":{"message":{"id":"` + first + `"}}}`, 200, 1, "from", operatorID},
		{"a quote of nothing", "chats/" + chat + "/say", `{"text":"this","reply_to":{"message":{"id":"x"}}}`, 422, 0, "", nil},
		{"Salesbot", "chats/" + chat + "/say", `{"text":"bot","salesbot":true}`, 200, 1, "from", testBot},
		{"a template", "chats/" + chat + "/say", `{"template":{"id":1,"content":"Hi, {{contact.name}}"}}`, 200, 1, "text", "Hi, Анна"},
		{"writing first", "connections/" + testScope + "/write-first", `{"phone":"+1555","text":"Hi"}`, 200, 1, "text", "Hi"},
		{"typing", "chats/" + chat + "/typing", `{"user_id":9000003}`, 204, 1, "", nil},
		{"a reaction", "messages/" + first + "/react", `{"emoji":"👍"}`, 204, 1, "", nil},
		{"any hook", "connections/" + testScope + "/hook", `{"new":{}}`, 204, 1, "", nil},
		{"reading", "chats/" + chat + "/read", ``, 204, 0, "", nil},
		{"closing", "chats/" + chat + "/close", ``, 204, 0, "", nil},
		{"a location", "chats/" + chat + "/say", `{"type":"location","text":"x","media":"https://a.example"}`, 422, 0, "", nil},
		{"an unknown chat", "chats/nowhere/say", `{"text":"x"}`, 404, 0, "", nil},
		{"an unknown user", "chats/" + chat + "/say", `{"text":"x","user_id":1}`, 404, 0, "", nil},
		{"an unknown field", "chats/" + chat + "/say", `{"words":"x"}`, 400, 0, "", nil},
	} {
		b.control("POST", tt.path, tt.body, tt.want)
		hooks += tt.hooks
		if tt.field != "" {
			if got := b.hookMessage(hooks)[tt.field]; got != tt.value {
				t.Errorf("%s: %s is %v, want %v", tt.name, tt.field, got, tt.value)
			}
		}
	}
	if got := len(b.waitHooks(hooks)); got != hooks {
		t.Errorf("%d hooks, want %d", got, hooks)
	}
	b.must(request("POST", fmt.Sprintf("%saccounts/%d/files?name=", api, testAccount), "x"), 422)
	b.must(request("POST", fmt.Sprintf("%saccounts/%d/files?name=a", api, testAccount), "x", "Sec-Fetch-Site", "cross-site"), 415)
	var downloads []Download
	if err := json.Unmarshal(b.must(request("GET", api+"downloads", ""), 200).body, &downloads); err != nil || len(downloads) != 0 {
		t.Errorf("downloads %v, %v", downloads, err)
	}
	b.noBreach()
}
