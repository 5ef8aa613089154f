package bridge

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"leadline/backend/conversation"
)

// TestWhoIsToCallBack: the lead is read for a visitor who asks to be called back,
// and for no other, and again where the CRM did not answer.
func TestWhoIsToCallBack(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	s, w, c := newSync(t, func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.Contains(r.URL.Path, "/leads/"):
			answerTalk(rw, r)
		case status.Load() != http.StatusOK:
			rw.WriteHeader(int(status.Load()))
		default:
			fmt.Fprint(rw, `{"id":7001,"responsible_user_id":9000101,"_embedded":{}}`)
		}
	})
	leads := func() (n int) {
		for _, r := range c.requests("a1") {
			if strings.Contains(r, "/api/v4/leads/7001") {
				n++
			}
		}
		return n
	}
	note(t, s, "a1")
	work(t, s)
	if leads() != 0 {
		t.Errorf("nobody asks for a call, and the lead was read: %q", c.requests("a1"))
	}
	w.calls = true
	status.Store(http.StatusServiceUnavailable)
	s.CallBackAsked(conversation.Conversation{Account: "a1", ID: "c-1"}) // a talk that is not known is not asked for
	work(t, s)
	if leads() != 0 {
		t.Error("a lead was read without a talk")
	}
	s.CallBackAsked(conversation.Conversation{Account: "a1", ID: "c-1", Talk: 117, ChatRef: chatRef})
	work(t, s)
	if leads() != 1 || len(w.responsible) != 0 {
		t.Errorf("the lead was asked for %d times, responsible %q", leads(), w.responsible)
	}
	status.Store(http.StatusOK)
	w.advance(time.Minute)
	work(t, s)
	if want := []string{"c-1: 9000101"}; leads() != 2 || !slices.Equal(w.responsible, want) {
		t.Errorf("the lead was asked for %d times, responsible %q, want %q", leads(), w.responsible, want)
	}
	// A lead that is gone is nobody's.
	status.Store(http.StatusNoContent)
	note(t, s, "a1")
	work(t, s)
	if leads() != 3 || len(w.responsible) != 1 {
		t.Errorf("the lead was asked for %d times, responsible %q", leads(), w.responsible)
	}
}
