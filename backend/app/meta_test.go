package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leadline/backend/chatid"
)

// tells sends what a page told of its visitor.
func (v *visitor) tells(meta string) answer {
	v.w.t.Helper()
	return v.w.send("POST", v.base+"/v1/meta", v.auth(), fmt.Sprintf(`{"meta": %s}`, meta))
}

// TestMeta: docs/http-api.md §3, O META-2, META-4, META-7, META-8.
func TestMeta(t *testing.T) {
	t.Parallel()
	clk := &clock{}
	w := newWorld(t, setup{login: true, now: clk.now})
	button, hash := w.connected()
	v := w.visit(button, hash)
	many := func(one string, n int) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }
	for name, tt := range map[string]struct {
		meta, code string
		status     int
	}{
		"a record":                 {`{"note": [{"text": "from the ad", "element_type": 2, "note_type": "common"}], "contact": {"name": "Anna", "custom_fields": [{"code": "PHONE", "values": [{"value": "+1", "enum": "WORK"}]}]}, "lead": {"name": "", "sale": 150, "custom_fields": [{"id": 7, "values": [{"value": "x", "enum": 5}]}]}, "bot_params": {"plan": {"id": [1, null]}}}`, "", 204},
		"nothing":                  {`{}`, "", 204},
		"a field without a name":   {`{"contact": {"custom_fields": [{"values": [{"value": "x"}]}]}}`, "invalid_request", 422},
		"a field with two":         {`{"contact": {"custom_fields": [{"id": 1, "code": "A", "values": [{"value": "x"}]}]}}`, "invalid_request", 422},
		"a field without a value":  {`{"lead": {"custom_fields": [{"id": 1, "values": []}]}}`, "invalid_request", 422},
		"an option of no kind":     {`{"lead": {"custom_fields": [{"id": 1, "values": [{"value": "x", "enum": {"a": 1}}]}]}}`, "invalid_request", 422},
		"a note of no card":        {`{"note": [{"text": "x", "element_type": 12}]}`, "invalid_request", 422},
		"21 notes":                 {`{"note": [` + many(`{"text": "x", "element_type": 1}`, 21) + `]}`, "invalid_request", 422},
		"201 fields":               {`{"contact": {"custom_fields": [` + many(`{"id": 1, "values": [{"value": "x"}]}`, 101) + `]}, "lead": {"custom_fields": [` + many(`{"id": 1, "values": [{"value": "x"}]}`, 100) + `]}}`, "invalid_request", 422},
		"a text where a list is":   {`{"note": "x"}`, "invalid_request", 422},
		"more than 64 KB":          {`{"bot_params": {"a": "` + strings.Repeat("x", 64<<10) + `"}}`, "invalid_request", 422},
		"more than anybody writes": {`{"bot_params": {"a": "` + strings.Repeat("x", 80<<10) + `"}}`, "body_too_large", 413},
	} {
		// Each from a browser of its own.
		w.visit(button, hash).tells(tt.meta).wants(t, name, tt.status, tt.code)
	}
	w.send("POST", v.base+"/v1/meta", nil, `{"meta": {}}`).wants(t, "without a token", 401, "token_missing")

	// Before the first message, and again within 24 hours of the first data.
	v.tells(`{"contact": {"name": "Anna"}}`).wants(t, "before the message", 204, "")
	v.write(uuidN(1), "hello")
	clk.advance(w.box, 23*time.Hour)
	v.session(v.ticket(hash), v.token)
	v.tells(`{"contact": {"name": "Anna P."}}`).wants(t, "a day later", 204, "")
	clk.advance(w.box, 2*time.Hour)
	v.tells(`{"contact": {"name": "Late"}}`).wants(t, "too late", 409, "meta_closed")

	var known struct{ Visitor string }
	w.send("POST", v.base+"/v1/session", nil, map[string]string{"button_id": button, "ticket": v.ticket(hash), "token": v.token}).into(t, &known)
	a, _ := w.account()
	kept, err := w.app.store.Conversations().Meta(t.Context(), a.ID, chatid.VisitorID(known.Visitor))
	if err != nil || kept.Meta.Contact.Name != "Anna P." {
		t.Errorf("kept: %+v, %v", kept, err)
	}
}
