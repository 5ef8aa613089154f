package app

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// TestSEC10: who does one thing over and over is held up in that, as soon as its budget
// is used up, and is told for how long. Others are not.
func TestSEC10(t *testing.T) {
	t.Parallel()
	// The clock stands while somebody is fast, however slow the machine is.
	began := time.Now()
	var minutes atomic.Int64
	w := newWorld(t, setup{login: true, still: true, now: func() time.Time { return began.Add(time.Duration(minutes.Load()) * time.Minute) }})
	button, hash := w.connected()
	action := w.watch(button, `{"name":"Called","constraint":1,"conditions":[[{"type":"custom_hook","value":"X"}]],"reactions":[{"action":"amobutton_greeting"}]}`)
	type act func(v *visitor, n int) answer
	post := func(path string, body map[string]any) act {
		return func(v *visitor, _ int) answer { return w.send("POST", v.base+path, v.auth(), body) }
	}
	for name, tt := range map[string]struct {
		do   act
		most int // at once
		code string
	}{
		"messages": {func(v *visitor, n int) answer {
			return w.send("POST", v.base+"/v1/messages", v.auth(), map[string]any{"client_id": uuidN(100 + n), "text": "fast"})
		}, 20, "too_many_messages"},
		"setMeta":  {post("/v1/meta", map[string]any{"contact": map[string]any{"name": "Anna"}}), 20, "too_many_attempts"},
		"greeting": {post("/v1/greeting", map[string]any{}), 60, "too_many_attempts"},
		"key actions": {func(v *visitor, n int) answer {
			return v.reports(hash, action, uuidN(200+n), nil) // of one browser, whoever speaks in it
		}, 29, "too_many_attempts"}, // one was the other's
	} {
		t.Run(name, func(t *testing.T) {
			minutes.Add(2) // and what addresses may do is whole again
			v, other := w.visit(button, hash), w.visit(button, hash)
			if a := tt.do(other, 999); a.status >= 300 {
				t.Fatalf("somebody else's, before: %d %s", a.status, a.body)
			}
			n := 0
			var last answer
			for ; n <= tt.most; n++ {
				if last = tt.do(v, n); last.status >= 300 {
					break
				}
			}
			last.wants(t, "the one too many", http.StatusTooManyRequests, tt.code)
			if n != tt.most || last.header.Get("Retry-After") == "" {
				t.Errorf("refused after %d of %d, Retry-After %q", n, tt.most, last.header.Get("Retry-After"))
			}
			if name == "key actions" { // they are the browser's, whose key both have here
				return
			}
			if a := tt.do(other, 998); a.status >= 300 {
				t.Errorf("somebody else's, after: %d %s", a.status, a.body)
			}
		})
	}
}
